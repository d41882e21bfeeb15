/*
 * QARMA-64; see qarma.h.  A word is sixteen cells of four bits, cell 0 the
 * most significant; cells 0..3 are the first row of a square.
 */
#include "cpu/arm/qarma.h"

#include <stdlib.h>

#include "util/bits.h"

#define MAX_ROUNDS 5 /* as there are constants */

struct qarma {
    unsigned rounds;
    uint8_t inverse[256];      /* the inverse S-box, two cells */
    uint64_t forward[8][256];  /* S-box, shuffle, mix; by byte */
    uint64_t middle[8][256];   /* S-box, shuffle, mix, inverse shuffle */
    uint64_t backward[8][256]; /* inverse S-box, mix, inverse shuffle */
};

static const uint8_t sboxes[][16] = {
    [QARMA3] = {10, 13, 14, 6, 15, 7, 3, 5, 9, 8, 0, 12, 11, 1, 2, 4},
    [QARMA5] = {11, 6, 8, 15, 12, 0, 9, 14, 3, 7, 4, 5, 13, 2, 1, 10},
};

static const uint64_t alpha = UINT64_C(0xc0ac29b7c97c50dd);
static const uint64_t constants[MAX_ROUNDS] = {
    0, UINT64_C(0x13198a2e03707344), UINT64_C(0xa4093822299f31d0),
    UINT64_C(0x082efa98ec4e6c89), UINT64_C(0x452821e638d01377),
};

/* -- cells --------------------------------------------------------------- */

/* Cell n of a shuffled word comes from cell shuffle[n]. */
static const uint8_t state_shuffle[16] = {
    0, 11, 6, 13, 10, 1, 12, 7, 5, 14, 3, 8, 15, 4, 9, 2,
};

static inline uint64_t cell(uint64_t word, unsigned n)
{
    return word >> (60 - 4 * n) & 15;
}

static uint64_t shuffle(uint64_t word, const uint8_t from[16])
{
    uint64_t out = 0;

    for (unsigned n = 0; n < 16; n++) {
        out = out << 4 | cell(word, from[n]);
    }
    return out;
}

static uint64_t unshuffle(uint64_t word, const uint8_t from[16])
{
    uint64_t out = 0;

    for (unsigned n = 0; n < 16; n++) {
        out |= cell(word, n) << (60 - 4 * from[n]);
    }
    return out;
}

static uint64_t rows_up(uint64_t word, unsigned rows)
{
    return word << 16 * rows | word >> (64 - 16 * rows);
}

#define EACH_CELL(bits) (UINT64_C(0x1111111111111111) * (bits))

/* Each cell rotated left. */
static uint64_t rotate(uint64_t word, unsigned by)
{
    uint64_t low = EACH_CELL((1u << by) - 1); /* what comes round */

    return (word << by & ~low) | (word >> (4 - by) & low);
}

/* The matrix circ(0, rho, rho^2, rho), its own inverse. */
static uint64_t mix(uint64_t word)
{
    return rotate(rows_up(word, 1) ^ rows_up(word, 3), 1) ^
           rotate(rows_up(word, 2), 2);
}

/* -- tweaks -------------------------------------------------------------- */

/* Cells 0, 1, 3, 4, 8, 11 and 13 go through a feedback shift register. */
#define SHIFTED UINT64_C(0xff0ff000f00f0f00)

/* By the permutation of cells 6 5 14 15 0 1 2 3 7 12 13 4 8 9 10 11. */
static inline uint64_t next_tweak(uint64_t t)
{
    t = (t & UINT64_C(0xffff000000000000)) >> 16 | /* 0..3 to 4..7 */
        (t & UINT64_C(0x00000000ffff0000)) >> 16 | /* 8..11 to 12..15 */
        cell(t, 6) << 60 | cell(t, 5) << 56 |
        (t & 0xff) << 48 | cell(t, 7) << 28 |
        (t & 0xff00) << 12 | cell(t, 4) << 16;
    uint64_t shifted = (t >> 1 & EACH_CELL(7)) |
                       ((t ^ t >> 1) & EACH_CELL(1)) << 3;

    return (t & ~SHIFTED) | (shifted & SHIFTED);
}

/* -- rounds -------------------------------------------------------------- */

static inline uint64_t look_up(const uint64_t table[8][256], uint64_t word)
{
    uint64_t out = 0;

    for (unsigned n = 0; n < 8; n++) {
        out ^= table[n][word >> 8 * n & 0xff];
    }
    return out;
}

static inline uint64_t substitute(const uint8_t box[256], uint64_t word)
{
    uint64_t out = 0;

    for (unsigned n = 0; n < 64; n += 8) {
        out |= (uint64_t)box[word >> n & 0xff] << n;
    }
    return out;
}

/* Shuffle and mixing alone. */
static inline uint64_t diffuse(const struct qarma *q, uint64_t word)
{
    return look_up(q->forward, substitute(q->inverse, word));
}

IR_KEEPS_REGISTERS uint64_t qarma_encrypt(const struct qarma *q, uint64_t w0,
                                          uint64_t k0, uint64_t text,
                                          uint64_t tweak)
{
    uint64_t w1 = (w0 >> 1 | w0 << 63) ^ w0 >> 63;
    uint64_t keys[MAX_ROUNDS];

    keys[0] = k0 ^ tweak;
    text ^= w0 ^ keys[0];
    for (unsigned n = 1; n < q->rounds; n++) {
        tweak = next_tweak(tweak);
        keys[n] = k0 ^ tweak ^ constants[n];
        text = look_up(q->forward, text) ^ diffuse(q, keys[n]);
    }
    tweak = next_tweak(tweak);
    text = look_up(q->forward, text) ^ diffuse(q, w1 ^ tweak);
    /* The reflector, and back. */
    text = look_up(q->middle, text) ^ unshuffle(k0, state_shuffle);
    text = look_up(q->backward, text) ^ w0 ^ tweak;
    for (unsigned n = q->rounds - 1; n > 0; n--) {
        text = look_up(q->backward, text) ^ keys[n] ^ alpha;
    }
    return substitute(q->inverse, text) ^ keys[0] ^ alpha ^ w1;
}

/* -- tables -------------------------------------------------------------- */

struct qarma *qarma_new(enum qarma_kind kind, unsigned rounds)
{
    const uint8_t *box = sboxes[kind];
    struct qarma *q = malloc(sizeof(*q));
    uint8_t inverse[16];

    if (!q) {
        return NULL;
    }
    q->rounds = rounds;
    for (unsigned n = 0; n < 16; n++) {
        inverse[box[n]] = (uint8_t)n;
    }
    for (unsigned v = 0; v < 256; v++) {
        q->inverse[v] = (uint8_t)(inverse[v >> 4] << 4 | inverse[v & 15]);
        for (unsigned n = 0; n < 8; n++) {
            uint64_t there = (uint64_t)(box[v >> 4] << 4 | box[v & 15])
                             << 8 * n;
            uint64_t back = (uint64_t)q->inverse[v] << 8 * n;

            q->forward[n][v] = mix(shuffle(there, state_shuffle));
            q->middle[n][v] = unshuffle(q->forward[n][v], state_shuffle);
            q->backward[n][v] = unshuffle(mix(back), state_shuffle);
        }
    }
    return q;
}

void qarma_free(struct qarma *q)
{
    free(q);
}
