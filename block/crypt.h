/*
 * Ciphers of disks, by libgcrypt: sectors of 512 bytes, each with an
 * initialisation vector of its own; passwords as keys.
 *
 * (libgcrypt rather than nettle or OpenSSL: it has every cipher and hash
 * that LUKS images use, Serpent and Twofish too, XTS and PBKDF2 in one
 * interface, with the processor's AES instructions.)
 */
#ifndef BLOCK_CRYPT_H
#define BLOCK_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

#define CRYPT_SECTOR 512
#define CRYPT_MAX_KEY 64    /* bytes */
#define CRYPT_MAX_DIGEST 64 /* bytes */

enum crypt_cipher {
    CRYPT_AES_128,
    CRYPT_AES_192,
    CRYPT_AES_256,
    CRYPT_CAST5_128,
    CRYPT_SERPENT_128,
    CRYPT_SERPENT_192,
    CRYPT_SERPENT_256,
    CRYPT_TWOFISH_128,
    CRYPT_TWOFISH_256,
};
enum crypt_mode { CRYPT_ECB, CRYPT_CBC, CRYPT_XTS };
enum crypt_ivgen { CRYPT_PLAIN, CRYPT_PLAIN64, CRYPT_ESSIV };
enum crypt_hash {
    CRYPT_SHA1,
    CRYPT_SHA224,
    CRYPT_SHA256,
    CRYPT_SHA384,
    CRYPT_SHA512,
    CRYPT_RIPEMD160,
};
/* Names as in QEMU's options, in the order of the enumerations. */
extern const char *const crypt_cipher_names[];
extern const char *const crypt_mode_names[];
extern const char *const crypt_ivgen_names[];
extern const char *const crypt_hash_names[];

struct crypt_spec {
    enum crypt_cipher cipher;
    enum crypt_mode mode;
    enum crypt_ivgen ivgen;
    enum crypt_hash ivgen_hash; /* of CRYPT_ESSIV */
};

struct crypt;

/* Bytes of a key; XTS has two in one. */
size_t crypt_key_bytes(const struct crypt_spec *spec);
struct crypt *crypt_new(const struct crypt_spec *spec, const uint8_t *key,
                        struct error **err);
void crypt_free(struct crypt *crypt); /* NULL is fine */
/* Whole sectors in place, numbered from `sector` on: 0 or an errno.  [any] */
int crypt_run(struct crypt *crypt, bool encrypt, uint64_t sector, void *data,
              size_t length);

size_t crypt_hash_bytes(enum crypt_hash hash);
void crypt_digest(enum crypt_hash hash, const void *data, size_t length,
                  uint8_t *digest);
/* PBKDF2; false when the library cannot. */
bool crypt_derive(enum crypt_hash hash, const void *password, size_t length,
                  const uint8_t *salt, size_t salt_length,
                  uint64_t iterations, uint8_t *key, size_t key_length);
void crypt_random(uint8_t *bytes, size_t length);

/* AES-256-CBC with padding, in place; false when the padding is wrong. */
bool crypt_unwrap(const uint8_t key[32], const uint8_t iv[16], uint8_t *data,
                  size_t *length);

/* This build has a library for it; else the functions above fail. */
bool crypt_available(struct error **err);

#endif
