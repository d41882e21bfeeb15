/*
 * Cryptographic operations for which the IR has no op; see translate_simd.h.
 * FIPS 180-4 (SHA-1, SHA-2), GB/T 32905 (SM3) and 32907 (SM4).
 *
 * a, b and c are the instruction's d, n and m (for SM3SS1 n, m and a).
 * Called from generated code: integer registers only.
 */
#include "cpu/arm/helper_simd.h"

static uint32_t rol32(uint32_t v, unsigned n)
{
    return ror32(v, 32 - n);
}

static uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) | (~x & z);
}

static uint32_t parity(uint32_t x, uint32_t y, uint32_t z)
{
    return x ^ y ^ z;
}

static uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) | (x & z) | (y & z);
}

/* -- SHA-1 --------------------------------------------------------------- */

/* Four rounds: working variables a..d in *a, e in b, W + K in *c. */
static void sha1_rounds(union vec *result, const union vec *a,
                        const union vec *b, const union vec *c,
                        uint32_t (*f)(uint32_t, uint32_t, uint32_t))
{
    union vec v = *a;
    uint32_t e = b->s[0];

    for (unsigned n = 0; n < 4; n++) {
        uint32_t t = e + rol32(v.s[0], 5) + f(v.s[1], v.s[2], v.s[3]) +
                     c->s[n];

        e = v.s[3];
        v.s[3] = v.s[2];
        v.s[2] = rol32(v.s[1], 30);
        v.s[1] = v.s[0];
        v.s[0] = t;
    }
    *result = v;
}

VCALL(sha1c)
{
    sha1_rounds(result, a, b, c, choose);
}

VCALL(sha1p)
{
    sha1_rounds(result, a, b, c, parity);
}

VCALL(sha1m)
{
    sha1_rounds(result, a, b, c, majority);
}

VCALL(sha1h)
{
    (void)a;
    *result = (union vec){.s = {rol32(b->s[0], 30)}};
}

VCALL(sha1su0)
{
    result->d[0] = a->d[1] ^ a->d[0] ^ c->d[0];
    result->d[1] = b->d[0] ^ a->d[1] ^ c->d[1];
}

VCALL(sha1su1)
{
    for (unsigned n = 0; n < 4; n++) {
        uint32_t next = n < 3 ? b->s[n + 1] : 0;

        result->s[n] = rol32(a->s[n] ^ next, 1);
    }
    result->s[3] ^= rol32(result->s[0], 1);
}

/* -- SHA-256 ------------------------------------------------------------- */

/* Four rounds on a..d in *x and e..h in *y. */
static void sha256_rounds(union vec *x, union vec *y, const union vec *w)
{
    for (unsigned n = 0; n < 4; n++) {
        uint32_t e = y->s[0], a = x->s[0];
        uint32_t sum1 = ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25);
        uint32_t sum0 = ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22);
        uint32_t t1 = y->s[3] + sum1 + choose(e, y->s[1], y->s[2]) + w->s[n];
        uint32_t t2 = sum0 + majority(a, x->s[1], x->s[2]);

        *y = (union vec){.s = {x->s[3] + t1, e, y->s[1], y->s[2]}};
        *x = (union vec){.s = {t1 + t2, a, x->s[1], x->s[2]}};
    }
}

VCALL(sha256h)
{
    union vec x = *a, y = *b;

    sha256_rounds(&x, &y, c);
    *result = x;
}

VCALL(sha256h2)
{
    union vec x = *b, y = *a;

    sha256_rounds(&x, &y, c);
    *result = y;
}

VCALL(sha256su0)
{
    for (unsigned n = 0; n < 4; n++) {
        uint32_t w = n < 3 ? a->s[n + 1] : b->s[0];

        result->s[n] = a->s[n] + (ror32(w, 7) ^ ror32(w, 18) ^ w >> 3);
    }
}

VCALL(sha256su1)
{
    for (unsigned n = 0; n < 4; n++) {
        uint32_t w = n < 2 ? c->s[n + 2] : result->s[n - 2];
        uint32_t earlier = n < 3 ? b->s[n + 1] : c->s[0];

        result->s[n] = a->s[n] + earlier +
                       (ror32(w, 17) ^ ror32(w, 19) ^ w >> 10);
    }
}

/* -- SHA-512 ------------------------------------------------------------- */

static uint64_t choose64(uint64_t x, uint64_t y, uint64_t z)
{
    return (x & y) | (~x & z);
}

static uint64_t majority64(uint64_t x, uint64_t y, uint64_t z)
{
    return (x & y) | (x & z) | (y & z);
}

static uint64_t sum512_1(uint64_t v)
{
    return ror64(v, 14) ^ ror64(v, 18) ^ ror64(v, 41);
}

static uint64_t sum512_0(uint64_t v)
{
    return ror64(v, 28) ^ ror64(v, 34) ^ ror64(v, 39);
}

VCALL(sha512h)
{
    uint64_t t = sum512_1(c->d[1]) + choose64(c->d[1], b->d[0], b->d[1]) +
                 a->d[1];
    uint64_t e = t + c->d[0];

    result->d[1] = t;
    result->d[0] = sum512_1(e) + choose64(e, c->d[1], b->d[0]) + a->d[0];
}

VCALL(sha512h2)
{
    uint64_t t = sum512_0(c->d[0]) + majority64(b->d[0], c->d[1], c->d[0]) +
                 a->d[1];

    result->d[1] = t;
    result->d[0] = sum512_0(t) + majority64(t, c->d[0], c->d[1]) + a->d[0];
}

VCALL(sha512su0)
{
    uint64_t w1 = a->d[1], w2 = b->d[0];

    result->d[0] = a->d[0] + (ror64(w1, 1) ^ ror64(w1, 8) ^ w1 >> 7);
    result->d[1] = a->d[1] + (ror64(w2, 1) ^ ror64(w2, 8) ^ w2 >> 7);
}

VCALL(sha512su1)
{
    for (unsigned n = 0; n < 2; n++) {
        uint64_t w = b->d[n];

        result->d[n] = a->d[n] + c->d[n] +
                       (ror64(w, 19) ^ ror64(w, 61) ^ w >> 6);
    }
}

/* -- SM3 ----------------------------------------------------------------- */

VCALL(sm3partw1)
{
    for (unsigned n = 0; n < 4; n++) {
        uint32_t w = n < 3 ? c->s[n + 1] : result->s[0];
        uint32_t v = a->s[n] ^ b->s[n] ^ rol32(w, 15);

        result->s[n] = v ^ rol32(v, 15) ^ rol32(v, 23);
    }
}

VCALL(sm3partw2)
{
    uint32_t first = 0;

    for (unsigned n = 0; n < 4; n++) {
        uint32_t v = b->s[n] ^ rol32(c->s[n], 7);

        first = n == 0 ? v : first;
        result->s[n] = a->s[n] ^ v;
    }
    first = rol32(first, 15);
    result->s[3] ^= first ^ rol32(first, 15) ^ rol32(first, 23);
}

VCALL(sm3ss1)
{
    *result = (union vec){0};
    result->s[3] = rol32(rol32(a->s[3], 12) + b->s[3] + c->s[3], 7);
}

/* Half a round, on A..D: `mix` is the Boolean function's value. */
static void sm3_tt1(union vec *result, const union vec *a,
                    const union vec *b, uint32_t w, uint32_t mix)
{
    uint32_t ss2 = b->s[3] ^ rol32(a->s[3], 12);

    *result = (union vec){.s = {a->s[1], rol32(a->s[2], 9), a->s[3],
                                mix + a->s[0] + ss2 + w}};
}

VCALL(sm3tt1a)
{
    sm3_tt1(result, a, b, c->s[imm >> 4 & 3],
            parity(a->s[3], a->s[2], a->s[1]));
}

VCALL(sm3tt1b)
{
    sm3_tt1(result, a, b, c->s[imm >> 4 & 3],
            majority(a->s[3], a->s[2], a->s[1]));
}

/* Likewise on E..H. */
static void sm3_tt2(union vec *result, const union vec *a,
                    const union vec *b, uint32_t w, uint32_t mix)
{
    uint32_t t = mix + a->s[0] + b->s[3] + w;

    *result = (union vec){.s = {a->s[1], rol32(a->s[2], 19), a->s[3],
                                t ^ rol32(t, 9) ^ rol32(t, 17)}};
}

VCALL(sm3tt2a)
{
    sm3_tt2(result, a, b, c->s[imm >> 4 & 3],
            parity(a->s[3], a->s[2], a->s[1]));
}

VCALL(sm3tt2b)
{
    sm3_tt2(result, a, b, c->s[imm >> 4 & 3],
            choose(a->s[3], a->s[2], a->s[1]));
}

/* -- SM4 ----------------------------------------------------------------- */

static const uint8_t sm4_box[256] = {
    0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2,
    0x28, 0xfb, 0x2c, 0x05, 0x2b, 0x67, 0x9a, 0x76, 0x2a, 0xbe, 0x04, 0xc3,
    0xaa, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99, 0x9c, 0x42, 0x50, 0xf4,
    0x91, 0xef, 0x98, 0x7a, 0x33, 0x54, 0x0b, 0x43, 0xed, 0xcf, 0xac, 0x62,
    0xe4, 0xb3, 0x1c, 0xa9, 0xc9, 0x08, 0xe8, 0x95, 0x80, 0xdf, 0x94, 0xfa,
    0x75, 0x8f, 0x3f, 0xa6, 0x47, 0x07, 0xa7, 0xfc, 0xf3, 0x73, 0x17, 0xba,
    0x83, 0x59, 0x3c, 0x19, 0xe6, 0x85, 0x4f, 0xa8, 0x68, 0x6b, 0x81, 0xb2,
    0x71, 0x64, 0xda, 0x8b, 0xf8, 0xeb, 0x0f, 0x4b, 0x70, 0x56, 0x9d, 0x35,
    0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, 0xd1, 0xa2, 0x25, 0x22, 0x7c, 0x3b,
    0x01, 0x21, 0x78, 0x87, 0xd4, 0x00, 0x46, 0x57, 0x9f, 0xd3, 0x27, 0x52,
    0x4c, 0x36, 0x02, 0xe7, 0xa0, 0xc4, 0xc8, 0x9e, 0xea, 0xbf, 0x8a, 0xd2,
    0x40, 0xc7, 0x38, 0xb5, 0xa3, 0xf7, 0xf2, 0xce, 0xf9, 0x61, 0x15, 0xa1,
    0xe0, 0xae, 0x5d, 0xa4, 0x9b, 0x34, 0x1a, 0x55, 0xad, 0x93, 0x32, 0x30,
    0xf5, 0x8c, 0xb1, 0xe3, 0x1d, 0xf6, 0xe2, 0x2e, 0x82, 0x66, 0xca, 0x60,
    0xc0, 0x29, 0x23, 0xab, 0x0d, 0x53, 0x4e, 0x6f, 0xd5, 0xdb, 0x37, 0x45,
    0xde, 0xfd, 0x8e, 0x2f, 0x03, 0xff, 0x6a, 0x72, 0x6d, 0x6c, 0x5b, 0x51,
    0x8d, 0x1b, 0xaf, 0x92, 0xbb, 0xdd, 0xbc, 0x7f, 0x11, 0xd9, 0x5c, 0x41,
    0x1f, 0x10, 0x5a, 0xd8, 0x0a, 0xc1, 0x31, 0x88, 0xa5, 0xcd, 0x7b, 0xbd,
    0x2d, 0x74, 0xd0, 0x12, 0xb8, 0xe5, 0xb4, 0xb0, 0x89, 0x69, 0x97, 0x4a,
    0x0c, 0x96, 0x77, 0x7e, 0x65, 0xb9, 0xf1, 0x09, 0xc5, 0x6e, 0xc6, 0x84,
    0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20, 0x79, 0xee, 0x5f, 0x3e,
    0xd7, 0xcb, 0x39, 0x48,
};

static uint32_t sm4_substitute(uint32_t v)
{
    return sm4_box[v & 0xff] | (uint32_t)sm4_box[v >> 8 & 0xff] << 8 |
           (uint32_t)sm4_box[v >> 16 & 0xff] << 16 |
           (uint32_t)sm4_box[v >> 24] << 24;
}

/* Four rounds on *state with the keys *key. */
static void sm4_rounds(union vec *result, const union vec *state,
                       const union vec *key, bool schedule)
{
    union vec v = *state;

    for (unsigned n = 0; n < 4; n++) {
        uint32_t t = sm4_substitute(v.s[1] ^ v.s[2] ^ v.s[3] ^ key->s[n]);

        t ^= schedule ? rol32(t, 13) ^ rol32(t, 23)
                      : rol32(t, 2) ^ rol32(t, 10) ^ rol32(t, 18) ^
                            rol32(t, 24);
        v = (union vec){.s = {v.s[1], v.s[2], v.s[3], v.s[0] ^ t}};
    }
    *result = v;
}

VCALL(sm4e)
{
    sm4_rounds(result, a, b, false);
}

VCALL(sm4ekey)
{
    (void)a;
    sm4_rounds(result, b, c, true);
}

#define CRYPTO_HELPER(function) HELPER(function, 3)
A64_CRYPTO_HELPERS(CRYPTO_HELPER)
