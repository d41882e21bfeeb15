/* LUKS: the header, and the master key in its slots. */
#include "block/luks.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block/sparse.h"
#include "util/bits.h"

#define STRIPES 4000
#define MAX_STRIPES 10000
#define SLOT_ALIGN 8 /* sectors */
#define MIN_ITERATIONS 1000
#define SLOT_ON 0x00ac71f3u
#define SLOT_OFF 0x0000deadu

/* "LUKS phdr layout" and "Key slot layout" of the specification. */
enum {
    H_VERSION = 6,
    H_CIPHER = 8,
    H_MODE = 40,
    H_HASH = 72,
    H_PAYLOAD = 104,
    H_KEY_BYTES = 108,
    H_DIGEST = 112,
    H_DIGEST_SALT = 132,
    H_DIGEST_ITERATIONS = 164,
    H_UUID = 168,
    H_SLOTS = 208,
    S_ACTIVE = 0,
    S_ITERATIONS = 4,
    S_SALT = 8,
    S_OFFSET = 40,
    S_STRIPES = 44,
    S_LENGTH = 48,
};

const struct luks_options luks_defaults = {
    .spec = {CRYPT_AES_256, CRYPT_XTS, CRYPT_PLAIN64, CRYPT_SHA256},
    .hash = CRYPT_SHA256,
    .iter_time = 2000,
};

static const char magic[6] = {'L', 'U', 'K', 'S', '\xba', '\xbe'};

/* The header ------------------------------------------------------------ */

/* "aes" and 32 bytes are aes-256. */
static bool find_cipher(const char *name, size_t key_bytes,
                        struct crypt_spec *spec)
{
    size_t length = strlen(name);

    for (unsigned i = 0; crypt_cipher_names[i]; i++) {
        spec->cipher = (enum crypt_cipher)i;
        if (strncmp(crypt_cipher_names[i], name, length) == 0 &&
            crypt_cipher_names[i][length] == '-' &&
            crypt_key_bytes(spec) == key_bytes) {
            return true;
        }
    }
    return false;
}

static bool find_name(const char *const *names, const char *name,
                      unsigned *index)
{
    for (*index = 0; names[*index]; ++*index) {
        if (strcmp(names[*index], name) == 0) {
            return true;
        }
    }
    return false;
}

/* "xts-plain64", "cbc-essiv:sha256", "ecb-plain64", of which only "ecb"
 * matters. */
static bool find_mode(const char *text, struct crypt_spec *spec)
{
    char mode[33];
    unsigned n;

    snprintf(mode, sizeof(mode), "%s", text);
    char *vector = strchr(mode, '-');
    char *hash = strchr(mode, ':');
    if (vector) {
        *vector++ = 0;
    }
    if (hash) {
        *hash++ = 0;
    }
    if (!find_name(crypt_mode_names, mode, &n)) {
        return false;
    }
    spec->mode = (enum crypt_mode)n;
    spec->ivgen = CRYPT_PLAIN64;
    spec->ivgen_hash = CRYPT_SHA256;
    if (spec->mode == CRYPT_ECB && !vector) {
        return true;
    }
    if (!vector || !find_name(crypt_ivgen_names, vector, &n)) {
        return false;
    }
    spec->ivgen = (enum crypt_ivgen)n;
    if ((spec->ivgen == CRYPT_ESSIV) != (hash != NULL) ||
        (hash && !find_name(crypt_hash_names, hash, &n))) {
        return false;
    }
    spec->ivgen_hash = hash ? (enum crypt_hash)n : CRYPT_SHA256;
    return true;
}

static void pack(const struct luks *l, uint8_t *to)
{
    const char *cipher = crypt_cipher_names[l->spec.cipher];

    memset(to, 0, LUKS_HEADER);
    memcpy(to, magic, sizeof(magic));
    sparse_store(to + H_VERSION, 2, true, 1);
    memcpy(to + H_CIPHER, cipher, (size_t)(strchr(cipher, '-') - cipher));
    bool essiv = l->spec.ivgen == CRYPT_ESSIV;
    char mode[64]; /* no combination is longer than 31 */
    snprintf(mode, sizeof(mode), "%s-%s%s%s", crypt_mode_names[l->spec.mode],
             crypt_ivgen_names[l->spec.ivgen], essiv ? ":" : "",
             essiv ? crypt_hash_names[l->spec.ivgen_hash] : "");
    memcpy(to + H_MODE, mode, strlen(mode));
    snprintf((char *)to + H_HASH, 32, "%s", crypt_hash_names[l->hash]);
    sparse_store(to + H_PAYLOAD, 4, true, l->payload);
    sparse_store(to + H_KEY_BYTES, 4, true, l->key_bytes);
    memcpy(to + H_DIGEST, l->digest, LUKS_DIGEST);
    memcpy(to + H_DIGEST_SALT, l->digest_salt, LUKS_SALT);
    sparse_store(to + H_DIGEST_ITERATIONS, 4, true, l->digest_iterations);
    memcpy(to + H_UUID, l->uuid, sizeof(l->uuid));
    for (unsigned i = 0; i < LUKS_SLOTS; i++) {
        const struct luks_slot *s = &l->slots[i];
        uint8_t *at = to + H_SLOTS + i * S_LENGTH;
        sparse_store(at + S_ACTIVE, 4, true, s->active ? SLOT_ON : SLOT_OFF);
        sparse_store(at + S_ITERATIONS, 4, true, s->iterations);
        memcpy(at + S_SALT, s->salt, LUKS_SALT);
        sparse_store(at + S_OFFSET, 4, true, s->offset);
        sparse_store(at + S_STRIPES, 4, true, s->stripes);
    }
}

static bool check_slots(const struct luks *l, struct error **err)
{
    for (unsigned i = 0; i < LUKS_SLOTS; i++) {
        const struct luks_slot *s = &l->slots[i];
        if (!s->stripes || s->stripes > MAX_STRIPES || s->offset < 2 ||
            s->offset > 1u << 24 || (s->active && !s->iterations)) {
            error_set(err, "%s: key slot %u of its LUKS header makes no "
                      "sense", l->file->path, i);
            return false;
        }
    }
    return true;
}

static bool unpack(struct luks *l, const uint8_t *from, struct error **err)
{
    char cipher[33] = "", mode[33] = "", hash[33] = "";
    const char *path = l->file->path;
    unsigned n;

    memcpy(cipher, from + H_CIPHER, 32);
    memcpy(mode, from + H_MODE, 32);
    memcpy(hash, from + H_HASH, 32);
    l->payload = (uint32_t)sparse_load(from + H_PAYLOAD, 4, true);
    l->key_bytes = (uint32_t)sparse_load(from + H_KEY_BYTES, 4, true);
    memcpy(l->digest, from + H_DIGEST, LUKS_DIGEST);
    memcpy(l->digest_salt, from + H_DIGEST_SALT, LUKS_SALT);
    l->digest_iterations =
        (uint32_t)sparse_load(from + H_DIGEST_ITERATIONS, 4, true);
    memcpy(l->uuid, from + H_UUID, sizeof(l->uuid));
    l->uuid[sizeof(l->uuid) - 1] = 0;
    for (unsigned i = 0; i < LUKS_SLOTS; i++) {
        const uint8_t *at = from + H_SLOTS + i * S_LENGTH;
        l->slots[i] = (struct luks_slot){
            .active = sparse_load(at + S_ACTIVE, 4, true) == SLOT_ON,
            .iterations = (uint32_t)sparse_load(at + S_ITERATIONS, 4, true),
            .offset = (uint32_t)sparse_load(at + S_OFFSET, 4, true),
            .stripes = (uint32_t)sparse_load(at + S_STRIPES, 4, true),
        };
        memcpy(l->slots[i].salt, at + S_SALT, LUKS_SALT);
    }
    if (memcmp(from, magic, sizeof(magic)) != 0) {
        error_set(err, "%s: not a LUKS header", path);
    } else if (sparse_load(from + H_VERSION, 2, true) != 1) {
        error_set(err, "%s: version %u of LUKS is not supported; there is 1",
                  path, (unsigned)sparse_load(from + H_VERSION, 2, true));
    } else if (!find_mode(mode, &l->spec) ||
               !find_cipher(cipher, l->key_bytes, &l->spec)) {
        error_set(err, "%s: encrypted with %.32s-%.32s and a key of %u "
                  "bytes, which is not supported", path, cipher, mode,
                  l->key_bytes);
    } else if (!find_name(crypt_hash_names, hash, &n)) {
        error_set(err, "%s: its LUKS header uses the hash %.32s, which is "
                  "not supported", path, hash);
    } else if (!l->digest_iterations) {
        error_set(err, "%s: its LUKS header makes no sense", path);
    } else {
        l->hash = (enum crypt_hash)n;
        return check_slots(l, err);
    }
    return false;
}

bool luks_read(struct luks *l, struct block_file *file, uint64_t base,
               struct error **err)
{
    uint8_t header[LUKS_HEADER];

    memset(l, 0, sizeof(*l));
    l->file = file;
    l->base = base;
    return sparse_read_at(file, base, header, sizeof(header), "LUKS header",
                          err) &&
           unpack(l, header, err);
}

static bool write_header(const struct luks *l, struct error **err)
{
    uint8_t header[LUKS_HEADER];

    pack(l, header);
    int error = sparse_write_at(l->file, l->base, header, sizeof(header));
    error = error ? error : block_file_flush(l->file);
    if (error) {
        error_set_errno(err, error, "%s: cannot write", l->file->path);
    }
    return !error;
}

unsigned luks_active(const struct luks *l)
{
    unsigned n = 0;

    for (unsigned i = 0; i < LUKS_SLOTS; i++) {
        n += l->slots[i].active;
    }
    return n;
}

/* Stripes --------------------------------------------------------------- */

/* "AF splitter": every bit of the block depends on every other. */
static void diffuse(enum crypt_hash hash, uint8_t *block, size_t length)
{
    size_t size = crypt_hash_bytes(hash);
    uint8_t in[4 + CRYPT_MAX_DIGEST], out[CRYPT_MAX_DIGEST];

    for (size_t i = 0; i * size < length; i++) {
        size_t rest = length - i * size, n = rest < size ? rest : size;
        sparse_store(in, 4, true, i);
        memcpy(in + 4, block + i * size, n);
        crypt_digest(hash, in, 4 + n, out);
        memcpy(block + i * size, out, n);
    }
}

/* Of the stripes but the last, what the master key is XORed with. */
static void fold(const struct luks *l, const uint8_t *stripes, uint32_t count,
                 uint8_t *block)
{
    memset(block, 0, l->key_bytes);
    for (uint32_t i = 0; i + 1 < count; i++) {
        for (uint32_t j = 0; j < l->key_bytes; j++) {
            block[j] ^= stripes[(size_t)i * l->key_bytes + j];
        }
        diffuse(l->hash, block, l->key_bytes);
    }
}

static void xor_into(uint8_t *to, const uint8_t *a, const uint8_t *b,
                     size_t length)
{
    for (size_t i = 0; i < length; i++) {
        to[i] = a[i] ^ b[i];
    }
}

/* Passwords ------------------------------------------------------------- */

static size_t material_bytes(const struct luks *l, uint32_t stripes)
{
    return align_up((uint64_t)l->key_bytes * stripes, CRYPT_SECTOR);
}

/* The cipher of a slot's key material. */
static struct crypt *open_slot(const struct luks *l, unsigned n,
                               const struct luks_password *password,
                               struct error **err)
{
    const struct luks_slot *s = &l->slots[n];
    uint8_t key[CRYPT_MAX_KEY];
    struct crypt *c = NULL;

    if (!crypt_derive(l->hash, password->bytes, password->length, s->salt,
                      LUKS_SALT, s->iterations, key, l->key_bytes)) {
        error_set(err, "%s: a key cannot be made of the password; it may be "
                  "empty", l->file->path);
    } else {
        c = crypt_new(&l->spec, key, err);
    }
    explicit_bzero(key, sizeof(key));
    return c;
}

static bool is_master(const struct luks *l, const uint8_t *master)
{
    uint8_t digest[LUKS_DIGEST];

    return crypt_derive(l->hash, master, l->key_bytes, l->digest_salt,
                        LUKS_SALT, l->digest_iterations, digest,
                        sizeof(digest)) &&
           memcmp(digest, l->digest, sizeof(digest)) == 0;
}

/* *found says whether the slot is this password's. */
static bool try_slot(const struct luks *l, unsigned n,
                     const struct luks_password *password, uint8_t *master,
                     bool *found, struct error **err)
{
    const struct luks_slot *s = &l->slots[n];
    size_t length = material_bytes(l, s->stripes);
    uint8_t *material = malloc(length), block[CRYPT_MAX_KEY];
    struct crypt *c = open_slot(l, n, password, err);
    bool good = material && c &&
                sparse_read_at(l->file,
                               l->base + (uint64_t)s->offset * CRYPT_SECTOR,
                               material, length, "key slot", err);

    if (good && crypt_run(c, false, 0, material, length)) {
        error_set(err, "%s: a key slot cannot be decrypted", l->file->path);
        good = false;
    }
    if (good) {
        fold(l, material, s->stripes, block);
        xor_into(master, block,
                 material + (size_t)(s->stripes - 1) * l->key_bytes,
                 l->key_bytes);
        *found = is_master(l, master);
        explicit_bzero(material, length);
    }
    crypt_free(c);
    free(material);
    return good;
}

bool luks_unlock(const struct luks *l, const struct luks_password *password,
                 uint8_t *master, unsigned *slot, struct error **err)
{
    if (!crypt_available(err)) {
        return false;
    }
    for (*slot = 0; *slot < LUKS_SLOTS; ++*slot) {
        bool found = false;
        if (l->slots[*slot].active &&
            !try_slot(l, *slot, password, master, &found, err)) {
            return false;
        }
        if (found) {
            return true;
        }
    }
    error_set(err, "%s: Invalid password, cannot unlock any keyslot",
              l->file->path);
    return false;
}

struct crypt *luks_open_data(const struct luks *l,
                             const struct luks_password *password,
                             struct error **err)
{
    uint8_t master[CRYPT_MAX_KEY];
    unsigned slot;
    struct crypt *c = luks_unlock(l, password, master, &slot, err)
                          ? crypt_new(&l->spec, master, err) : NULL;

    explicit_bzero(master, sizeof(master));
    return c;
}

/* Making keys ----------------------------------------------------------- */

static uint64_t cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* So many that one guess takes `ms`. */
static uint32_t iterations_for(const struct luks *l, uint64_t ms)
{
    static const uint8_t salt[LUKS_SALT];
    uint8_t key[CRYPT_MAX_KEY];
    uint64_t n = 4096, took = 0;

    while (took < 20 && n < 1u << 30) {
        uint64_t start = cpu_ms();
        n *= 2;
        if (!crypt_derive(l->hash, "password", 8, salt, sizeof(salt), n, key,
                          l->key_bytes)) {
            return MIN_ITERATIONS;
        }
        took = cpu_ms() - start;
    }
    n = n * ms / (took ? took : 1);
    return n < MIN_ITERATIONS ? MIN_ITERATIONS
           : n > UINT32_MAX   ? UINT32_MAX
                              : (uint32_t)n;
}

static bool write_material(struct luks *l, unsigned n, const uint8_t *master,
                           const struct luks_password *password,
                           struct error **err)
{
    struct luks_slot *s = &l->slots[n];
    size_t length = material_bytes(l, s->stripes);
    size_t last = (size_t)(s->stripes - 1) * l->key_bytes;
    uint8_t *material = calloc(1, length), block[CRYPT_MAX_KEY];
    struct crypt *c = open_slot(l, n, password, err);
    int error = material && c ? 0 : ENOMEM;

    if (!error) {
        crypt_random(material, last);
        fold(l, material, s->stripes, block);
        xor_into(material + last, block, master, l->key_bytes);
        error = crypt_run(c, true, 0, material, length);
    }
    error = error ? error
                  : sparse_write_at(l->file,
                                    l->base + (uint64_t)s->offset *
                                                  CRYPT_SECTOR,
                                    material, length);
    error = error ? error : block_file_flush(l->file);
    if (error && c) {
        error_set_errno(err, error, "%s: cannot write a key slot",
                        l->file->path);
    }
    crypt_free(c);
    free(material);
    return !error;
}

bool luks_set_slot(struct luks *l, unsigned n, const uint8_t *master,
                   const struct luks_password *password, uint64_t iter_time,
                   struct error **err)
{
    struct luks_slot *s = &l->slots[n];

    s->iterations = iterations_for(l, iter_time);
    crypt_random(s->salt, sizeof(s->salt));
    if (!write_material(l, n, master, password, err)) {
        return false;
    }
    s->active = true;
    return write_header(l, err);
}

bool luks_erase_slot(struct luks *l, unsigned n, struct error **err)
{
    struct luks_slot *s = &l->slots[n];
    size_t length = material_bytes(l, s->stripes);
    uint8_t *noise = malloc(length);

    s->active = false;
    s->iterations = 0;
    memset(s->salt, 0, sizeof(s->salt));
    bool good = noise && write_header(l, err);
    if (good) {
        crypt_random(noise, length);
        int error = sparse_write_at(l->file,
                                    l->base + (uint64_t)s->offset *
                                                  CRYPT_SECTOR,
                                    noise, length);
        if (error) {
            error_set_errno(err, error, "%s: cannot write", l->file->path);
        }
        good = !error;
    }
    free(noise);
    return good;
}

/* A whole header -------------------------------------------------------- */

static uint32_t slot_sectors(size_t key_bytes)
{
    return (uint32_t)align_up((key_bytes * STRIPES + CRYPT_SECTOR - 1) /
                                  CRYPT_SECTOR, SLOT_ALIGN);
}

uint64_t luks_room(const struct luks_options *o)
{
    return (SLOT_ALIGN + (uint64_t)LUKS_SLOTS *
                             slot_sectors(crypt_key_bytes(&o->spec))) *
           CRYPT_SECTOR;
}

bool luks_create(struct block_file *file, uint64_t base,
                 const struct luks_options *o,
                 const struct luks_password *password, struct error **err)
{
    struct luks l = {
        .file = file,
        .base = base,
        .spec = o->spec,
        .hash = o->hash,
        .key_bytes = (uint32_t)crypt_key_bytes(&o->spec),
        .payload = (uint32_t)(luks_room(o) / CRYPT_SECTOR),
    };
    uint8_t master[CRYPT_MAX_KEY], uuid[16];

    if (!crypt_available(err)) {
        return false;
    }
    sparse_uuid(uuid);
    for (unsigned i = 0, at = 0; i < sizeof(uuid); i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        at += (unsigned)snprintf(l.uuid + at, sizeof(l.uuid) - at, "%s%02x",
                                 dash ? "-" : "", uuid[i]);
    }
    for (unsigned i = 0; i < LUKS_SLOTS; i++) {
        l.slots[i].offset = SLOT_ALIGN + i * slot_sectors(l.key_bytes);
        l.slots[i].stripes = STRIPES;
    }
    crypt_random(master, l.key_bytes);
    crypt_random(l.digest_salt, sizeof(l.digest_salt));
    l.digest_iterations = iterations_for(&l, o->iter_time / 8);
    bool good = crypt_derive(l.hash, master, l.key_bytes, l.digest_salt,
                             LUKS_SALT, l.digest_iterations, l.digest,
                             LUKS_DIGEST);
    if (!good) {
        error_set(err, "%s: cannot make a key", file->path);
    }
    good = good && luks_set_slot(&l, 0, master, password, o->iter_time, err);
    explicit_bzero(master, sizeof(master));
    return good;
}
