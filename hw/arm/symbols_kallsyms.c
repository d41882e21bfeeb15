/*
 * The symbol table that a Linux kernel carries for its own use, as
 * scripts/kallsyms lays it out in read-only data.  Nothing points to it, so
 * it is found by its shape, and believed only when all parts agree:
 *
 *   offsets      one 32-bit offset from the kernel's start each (in kernels
 *                since 6.4 behind the rest), ascending
 *   base         64 bits
 *   number       of symbols, 32 bits, padded to 64
 *   names        each a length (two bytes from 128 on) and as many tokens;
 *                the first character is the symbol's type
 *   markers      where each 256th name starts, 32 bits
 *   (seqs)       since 6.2: 3 bytes for each symbol
 *   tokens       256 strings
 *   token index  where each of them starts, 16 bits
 */
#include <string.h>

#include "hw/arm/symbols.h"
#include "util/bits.h"

#define TOKENS 256
#define MAX_NAMES (1u << 20)
#define SEGMENT_ALIGN (64 << 10) /* of the kernel's */
#define NAMES_REACH (32u << 20) /* names are at most so far above tokens */

struct kallsyms {
    const uint8_t *file;
    uint64_t size;
    uint64_t tokens, index; /* offsets in the file */
    uint64_t number, names, names_end;
    uint64_t offsets;
    uint32_t count;
};

static uint32_t word(const struct kallsyms *k, uint64_t at)
{
    uint32_t v;

    memcpy(&v, k->file + at, sizeof(v));
    return v;
}

static unsigned token_start(const struct kallsyms *k, unsigned token)
{
    uint16_t v;

    memcpy(&v, k->file + k->index + 2 * token, sizeof(v));
    return v;
}

/* The digits are tokens of their own, since no longer ones begin with them
 * often enough; '0' is token 48. */
static bool find_tokens(struct kallsyms *k, uint64_t *from)
{
    static const char digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008";
    const uint8_t *at = memmem(k->file + *from, k->size - *from, digits,
                               sizeof(digits));
    uint64_t start, end;

    if (!at) {
        return false;
    }
    start = (uint64_t)(at - k->file);
    *from = start + 1;
    k->tokens = start;
    for (unsigned n = 0; n < '0' && k->tokens > 0; n++) {
        k->tokens--;
        while (k->tokens > 0 && k->file[k->tokens - 1]) {
            k->tokens--;
        }
    }
    end = start;
    for (unsigned n = '0'; n < TOKENS && end < k->size; end++) {
        n += !k->file[end];
    }
    k->index = align_up(end, 8);
    return true;
}

static bool index_agrees(const struct kallsyms *k)
{
    uint64_t at = k->tokens;

    if (k->index + 2 * TOKENS > k->size) {
        return false;
    }
    for (unsigned n = 0; n < TOKENS; n++) {
        if (token_start(k, n) != at - k->tokens) {
            return false;
        }
        at += strnlen((const char *)k->file + at, k->size - at) + 1;
    }
    return true;
}

/* The name at *at: its tokens' offset and number; *at moves on. */
static bool next_name(const struct kallsyms *k, uint64_t *at,
                      uint64_t *tokens, unsigned *length)
{
    if (*at + 2 > k->tokens) {
        return false;
    }
    *length = k->file[(*at)++];
    if (*length & 0x80) {
        *length = (*length & 0x7f) | (unsigned)k->file[(*at)++] << 7;
    }
    *tokens = *at;
    *at += *length;
    return *length && *at <= k->tokens;
}

/* Names whose number is at `at`, with markers that agree. */
static bool names_at(struct kallsyms *k, uint64_t at)
{
    uint64_t p = at + 8, tokens, second = 0;
    unsigned length;

    k->count = word(k, at);
    if (k->count < 512 || k->count > MAX_NAMES || word(k, at + 4)) {
        return false;
    }
    for (uint32_t n = 0; n < k->count; n++) {
        second = n == 256 ? p : second;
        if (!next_name(k, &p, &tokens, &length)) {
            return false;
        }
    }
    k->number = at;
    k->names = at + 8;
    k->names_end = p;
    p = align_up(p, 8);
    return p + 8 <= k->tokens && word(k, p) == 0 &&
           word(k, p + 4) == second - k->names;
}

static bool find_names(struct kallsyms *k)
{
    uint64_t last = align_down(k->tokens, 8);
    uint64_t first = last > NAMES_REACH ? last - NAMES_REACH : 0;

    for (uint64_t at = last; at > first;) {
        at -= 8;
        if (names_at(k, at)) {
            return true;
        }
    }
    return false;
}

static bool is_ascending(const struct kallsyms *k, uint64_t at)
{
    if (at > k->size || k->count * UINT64_C(4) > k->size - at) {
        return false;
    }
    for (uint32_t n = 1; n < k->count; n++) {
        if (word(k, at + 4 * n) < word(k, at + 4 * n - 4)) {
            return false;
        }
    }
    return word(k, at) != word(k, at + 4 * (k->count - 1));
}

static bool find_offsets(struct kallsyms *k)
{
    uint64_t bytes = align_up(4 * (uint64_t)k->count, 8);

    k->offsets = k->number - 8 - bytes;
    if (k->number >= 8 + bytes && is_ascending(k, k->offsets)) {
        return true;
    }
    k->offsets = align_up(k->index + 2 * TOKENS, 8);
    return is_ascending(k, k->offsets);
}

/* The tokens' characters, at most `room`; returns how many. */
static size_t expand(const struct kallsyms *k, uint64_t tokens,
                     unsigned length, char *name, size_t room)
{
    size_t used = 0;

    for (unsigned n = 0; n < length; n++) {
        const char *token = (const char *)k->file + k->tokens +
                            token_start(k, k->file[tokens + n]);
        while (*token && used < room) {
            name[used++] = *token++;
        }
    }
    return used;
}

void symbols_add_kallsyms(struct symbols *symbols, const uint8_t *file,
                          uint64_t size, uint64_t load_pa)
{
    struct kallsyms k = {.file = file, .size = size};
    uint64_t from = 0, at, tokens;
    int64_t base = 0;
    char name[512];
    unsigned length;

    do {
        if (!find_tokens(&k, &from)) {
            return;
        }
    } while (!index_agrees(&k) || !find_names(&k) || !find_offsets(&k));

    /* The file begins at _text; per-CPU symbols are below it.  Where that is
     * not listed, _stext is, which has the next segment to itself. */
    at = k.names;
    for (uint32_t n = 0; n < k.count && next_name(&k, &at, &tokens, &length);
         n++) {
        size_t used = expand(&k, tokens, length, name, sizeof(name));
        if (used == 6 && !memcmp(name + 1, "_text", 5)) {
            base = word(&k, k.offsets + 4 * n);
            break;
        }
        if (used == 7 && !memcmp(name + 1, "_stext", 6)) {
            base = (int64_t)word(&k, k.offsets + 4 * n) - SEGMENT_ALIGN;
        }
    }
    at = k.names;
    for (uint32_t n = 0; n < k.count && next_name(&k, &at, &tokens, &length);
         n++) {
        size_t used = expand(&k, tokens, length, name, sizeof(name));
        uint32_t offset = word(&k, k.offsets + 4 * n);
        if (used > 1 && offset >= base && strchr("tTwW", name[0])) {
            symbols_add(symbols, load_pa + (uint64_t)(offset - base), name + 1,
                        used - 1);
        }
    }
}
