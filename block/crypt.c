/* Ciphers of disks. */
#include "block/crypt.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "util/bits.h"

const char *const crypt_cipher_names[] = {
    "aes-128", "aes-192", "aes-256", "cast5-128", "serpent-128",
    "serpent-192", "serpent-256", "twofish-128", "twofish-256", NULL,
};
const char *const crypt_mode_names[] = {"ecb", "cbc", "xts", NULL};
const char *const crypt_ivgen_names[] = {"plain", "plain64", "essiv", NULL};
const char *const crypt_hash_names[] = {
    "sha1", "sha224", "sha256", "sha384", "sha512", "ripemd160", NULL,
};

void crypt_random(uint8_t *bytes, size_t length)
{
    while (length) {
        ssize_t n = getrandom(bytes, length, 0);
        assert(n > 0 || errno == EINTR);
        bytes += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
}

static size_t one_key_bytes(enum crypt_cipher cipher)
{
    static const uint8_t bytes[] = {16, 24, 32, 16, 16, 24, 32, 16, 32};

    return bytes[cipher];
}

size_t crypt_key_bytes(const struct crypt_spec *spec)
{
    return one_key_bytes(spec->cipher) * (spec->mode == CRYPT_XTS ? 2 : 1);
}

size_t crypt_hash_bytes(enum crypt_hash hash)
{
    static const uint8_t bytes[] = {20, 28, 32, 48, 64, 20};

    return bytes[hash];
}

#ifdef CONFIG_GCRYPT

#include <gcrypt.h>

#define MAX_BLOCK 16 /* bytes of a cipher's block */

/* The library's handles are for one thread at a time, so that each call
 * takes one from the list, or makes one. */
struct handle {
    struct handle *next;
    gcry_cipher_hd_t data, essiv; /* essiv: NULL but for that */
};

struct crypt {
    struct crypt_spec spec;
    uint8_t key[CRYPT_MAX_KEY];
    pthread_mutex_t lock;
    struct handle *idle;
};

static int cipher_number(enum crypt_cipher cipher)
{
    static const int numbers[] = {
        GCRY_CIPHER_AES128, GCRY_CIPHER_AES192, GCRY_CIPHER_AES256,
        GCRY_CIPHER_CAST5, GCRY_CIPHER_SERPENT128, GCRY_CIPHER_SERPENT192,
        GCRY_CIPHER_SERPENT256, GCRY_CIPHER_TWOFISH128,
        GCRY_CIPHER_TWOFISH,
    };
    return numbers[cipher];
}

static int hash_number(enum crypt_hash hash)
{
    static const int numbers[] = {
        GCRY_MD_SHA1, GCRY_MD_SHA224, GCRY_MD_SHA256, GCRY_MD_SHA384,
        GCRY_MD_SHA512, GCRY_MD_RMD160,
    };
    return numbers[hash];
}

static void start_library(void)
{
    if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
        gcry_check_version(NULL);
        gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
        gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
}

bool crypt_available(struct error **err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)err;
    pthread_once(&once, start_library);
    return true;
}

static void free_handle(struct handle *h)
{
    gcry_cipher_close(h->data);
    gcry_cipher_close(h->essiv);
    free(h);
}

/* The vector of ESSIV is the sector's number, encrypted with the hash of the
 * key. */
static bool open_essiv(const struct crypt *c, struct handle *h)
{
    uint8_t digest[CRYPT_MAX_DIGEST];
    size_t length = crypt_hash_bytes(c->spec.ivgen_hash);
    /* The largest key of this kind of cipher that a hash fills. */
    int cipher = length == 16   ? GCRY_CIPHER_AES128
                 : length == 24 ? GCRY_CIPHER_AES192
                 : length == 32 ? GCRY_CIPHER_AES256
                                : 0;

    if (c->spec.cipher > CRYPT_AES_256 || !cipher) {
        return false;
    }
    crypt_digest(c->spec.ivgen_hash, c->key, crypt_key_bytes(&c->spec),
                 digest);
    return !gcry_cipher_open(&h->essiv, cipher, GCRY_CIPHER_MODE_ECB, 0) &&
           !gcry_cipher_setkey(h->essiv, digest, length);
}

static struct handle *new_handle(const struct crypt *c)
{
    static const int modes[] = {GCRY_CIPHER_MODE_ECB, GCRY_CIPHER_MODE_CBC,
                                GCRY_CIPHER_MODE_XTS};
    struct handle *h = calloc(1, sizeof(*h));

    assert(h);
    if (gcry_cipher_open(&h->data, cipher_number(c->spec.cipher),
                         modes[c->spec.mode], 0) ||
        gcry_cipher_setkey(h->data, c->key, crypt_key_bytes(&c->spec)) ||
        (c->spec.ivgen == CRYPT_ESSIV && !open_essiv(c, h))) {
        free_handle(h);
        return NULL;
    }
    return h;
}

struct crypt *crypt_new(const struct crypt_spec *spec, const uint8_t *key,
                        struct error **err)
{
    struct crypt *c = calloc(1, sizeof(*c));

    assert(c);
    crypt_available(NULL);
    c->spec = *spec;
    memcpy(c->key, key, crypt_key_bytes(spec));
    pthread_mutex_init(&c->lock, NULL);
    c->idle = new_handle(c);
    if (!c->idle) {
        error_set(err, "the cipher %s in mode %s with vectors %s is not "
                  "supported", crypt_cipher_names[spec->cipher],
                  crypt_mode_names[spec->mode],
                  crypt_ivgen_names[spec->ivgen]);
        crypt_free(c);
        return NULL;
    }
    return c;
}

void crypt_free(struct crypt *c)
{
    if (!c) {
        return;
    }
    while (c->idle) {
        struct handle *h = c->idle;
        c->idle = h->next;
        free_handle(h);
    }
    pthread_mutex_destroy(&c->lock);
    explicit_bzero(c->key, sizeof(c->key));
    free(c);
}

static struct handle *take_handle(struct crypt *c)
{
    pthread_mutex_lock(&c->lock);
    struct handle *h = c->idle;
    if (h) {
        c->idle = h->next;
    }
    pthread_mutex_unlock(&c->lock);
    return h ? h : new_handle(c);
}

static void give_handle(struct crypt *c, struct handle *h)
{
    pthread_mutex_lock(&c->lock);
    h->next = c->idle;
    c->idle = h;
    pthread_mutex_unlock(&c->lock);
}

/* Little-endian; "plain" has 32 bits. */
static gcry_error_t set_vector(const struct crypt *c, struct handle *h,
                               uint64_t sector)
{
    uint8_t iv[MAX_BLOCK] = {0};
    size_t block = c->spec.cipher == CRYPT_CAST5_128 ? 8 : 16;
    unsigned bytes = c->spec.ivgen == CRYPT_PLAIN ? 4 : 8;
    gcry_error_t error = 0;

    if (c->spec.mode == CRYPT_ECB) {
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++) {
        iv[i] = (uint8_t)(sector >> 8 * i);
    }
    if (h->essiv) {
        error = gcry_cipher_encrypt(h->essiv, iv, sizeof(iv), NULL, 0);
    }
    return error ? error : gcry_cipher_setiv(h->data, iv, block);
}

int crypt_run(struct crypt *c, bool encrypt, uint64_t sector, void *data,
              size_t length)
{
    struct handle *h = take_handle(c);
    uint8_t *at = data;
    gcry_error_t error = 0;

    if (!h) {
        return ENOMEM;
    }
    for (size_t done = 0; done < length && !error; done += CRYPT_SECTOR) {
        error = set_vector(c, h, sector++);
        if (!error) {
            error = encrypt ? gcry_cipher_encrypt(h->data, at + done,
                                                  CRYPT_SECTOR, NULL, 0)
                            : gcry_cipher_decrypt(h->data, at + done,
                                                  CRYPT_SECTOR, NULL, 0);
        }
    }
    give_handle(c, h);
    return error ? EIO : 0;
}

void crypt_digest(enum crypt_hash hash, const void *data, size_t length,
                  uint8_t *digest)
{
    crypt_available(NULL);
    gcry_md_hash_buffer(hash_number(hash), digest, data, length);
}

bool crypt_derive(enum crypt_hash hash, const void *password, size_t length,
                  const uint8_t *salt, size_t salt_length,
                  uint64_t iterations, uint8_t *key, size_t key_length)
{
    crypt_available(NULL);
    return !gcry_kdf_derive(password, length, GCRY_KDF_PBKDF2,
                            hash_number(hash), salt, salt_length,
                            (unsigned long)iterations, key_length, key);
}

bool crypt_unwrap(const uint8_t key[32], const uint8_t iv[16], uint8_t *data,
                  size_t *length)
{
    gcry_cipher_hd_t h = NULL;
    bool good = crypt_available(NULL) &&
                !gcry_cipher_open(&h, GCRY_CIPHER_AES256,
                                  GCRY_CIPHER_MODE_CBC, 0) &&
                !gcry_cipher_setkey(h, key, 32) &&
                !gcry_cipher_setiv(h, iv, 16) &&
                !gcry_cipher_decrypt(h, data, *length, NULL, 0);
    size_t pad = good ? data[*length - 1] : 0;

    gcry_cipher_close(h);
    if (!pad || pad > 16) {
        return false;
    }
    *length -= pad;
    return true;
}

#else

bool crypt_available(struct error **err)
{
    error_set(err, "this build is without encryption; install "
              "libgcrypt20-dev, then configure and build again");
    return false;
}

struct crypt *crypt_new(const struct crypt_spec *spec, const uint8_t *key,
                        struct error **err)
{
    (void)spec;
    (void)key;
    crypt_available(err);
    return NULL;
}

void crypt_free(struct crypt *c)
{
    (void)c;
}

int crypt_run(struct crypt *c, bool encrypt, uint64_t sector, void *data,
              size_t length)
{
    (void)c;
    (void)encrypt;
    (void)sector;
    (void)data;
    (void)length;
    return ENOTSUP;
}

void crypt_digest(enum crypt_hash hash, const void *data, size_t length,
                  uint8_t *digest)
{
    (void)data;
    (void)length;
    memset(digest, 0, crypt_hash_bytes(hash));
}

bool crypt_derive(enum crypt_hash hash, const void *password, size_t length,
                  const uint8_t *salt, size_t salt_length,
                  uint64_t iterations, uint8_t *key, size_t key_length)
{
    (void)hash;
    (void)password;
    (void)length;
    (void)salt;
    (void)salt_length;
    (void)iterations;
    (void)key;
    (void)key_length;
    return false;
}

bool crypt_unwrap(const uint8_t key[32], const uint8_t iv[16], uint8_t *data,
                  size_t *length)
{
    (void)key;
    (void)iv;
    (void)data;
    (void)length;
    return false;
}

#endif
