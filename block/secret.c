/* Secrets by id. */
#include "block/secret.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/crypt.h"

#define MAX_BYTES (1u << 20)
#define AES_BLOCK 16
#define MASTER_KEY 32 /* bytes */

struct secret {
    struct secret *next;
    char *id;
    uint8_t *data;
    size_t length;
};

struct secrets {
    struct secret *first;
};

struct secrets *secrets_new(void)
{
    struct secrets *secrets = calloc(1, sizeof(*secrets));

    assert(secrets);
    return secrets;
}

static void free_secret(struct secret *s)
{
    if (s->data) {
        explicit_bzero(s->data, s->length);
    }
    free(s->data);
    free(s->id);
    free(s);
}

void secrets_free(struct secrets *secrets)
{
    while (secrets && secrets->first) {
        struct secret *s = secrets->first;
        secrets->first = s->next;
        free_secret(s);
    }
    free(secrets);
}

const uint8_t *secrets_find(const struct secrets *secrets, const char *id,
                            size_t *length, struct error **err)
{
    for (struct secret *s = secrets ? secrets->first : NULL; s; s = s->next) {
        if (strcmp(s->id, id) == 0) {
            *length = s->length;
            return s->data;
        }
    }
    error_set(err, "No secret with id '%s'; '-object secret,id=%s,...' gives "
              "one", id, id);
    return NULL;
}

/* Reading --------------------------------------------------------------- */

static int base64_digit(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/* In place; line ends count for nothing.  False when it is something else. */
static bool decode_base64(uint8_t *data, size_t *length)
{
    size_t out = 0, digits = 0, pads = 0;
    uint32_t bits = 0;

    for (size_t i = 0; i < *length; i++) {
        char c = (char)data[i];
        int digit = base64_digit(c);
        if (c == '\n' || c == '\r') {
            continue;
        }
        pads += c == '=';
        if (c == '=' ? pads > 2 : digit < 0 || pads) {
            return false;
        }
        bits = bits << 6 | (c == '=' ? 0 : (uint32_t)digit);
        if (++digits % 4 == 0) {
            data[out++] = (uint8_t)(bits >> 16);
            data[out++] = (uint8_t)(bits >> 8);
            data[out++] = (uint8_t)bits;
        }
    }
    *length = out - pads;
    return digits % 4 == 0 && pads <= out;
}

static bool read_file(const char *path, struct secret *s, struct error **err)
{
    FILE *f = fopen(path, "re");

    if (!f) {
        error_set_errno(err, errno, "secret: cannot read '%s'", path);
        return false;
    }
    s->data = calloc(1, MAX_BYTES + 1);
    assert(s->data);
    s->length = fread(s->data, 1, MAX_BYTES + 1, f);
    bool good = !ferror(f) && s->length <= MAX_BYTES;
    fclose(f);
    if (!good) {
        error_set(err, "secret: '%s' cannot be read, or is larger than %u "
                  "bytes", path, MAX_BYTES);
    }
    return good;
}

/* Data that another secret encrypts. */
static bool decrypt(const struct secrets *secrets, struct secret *s,
                    const char *key_id, const char *iv_text,
                    struct error **err)
{
    uint8_t iv[64] = {0};
    size_t iv_length = iv_text ? strlen(iv_text) : 0, key_length;
    const uint8_t *key = secrets_find(secrets, key_id, &key_length, err);

    if (!key) {
        return false;
    }
    if (key_length != MASTER_KEY) {
        error_set(err, "secret: the key '%s' has %zu bytes; AES-256 needs %d",
                  key_id, key_length, MASTER_KEY);
        return false;
    }
    if (iv_length < sizeof(iv)) {
        memcpy(iv, iv_text ? iv_text : "", iv_length);
    }
    if (!iv_length || iv_length >= sizeof(iv) ||
        !decode_base64(iv, &iv_length) || iv_length != AES_BLOCK) {
        error_set(err, "secret: keyid= needs iv=, 16 bytes in base64");
        return false;
    }
    if (!s->length || s->length % AES_BLOCK ||
        !crypt_unwrap(key, iv, s->data, &s->length)) {
        error_set(err, "secret: the data are not what the key '%s' "
                  "encrypts, or this build has no ciphers (libgcrypt)",
                  key_id);
        return false;
    }
    s->data[s->length] = 0;
    return true;
}

static bool read_data(const struct secrets *secrets, struct keyval *kv,
                      struct secret *s, struct error **err)
{
    static const char *const formats[] = {"raw", "base64", NULL};
    const char *data = keyval_get(kv, "data");
    const char *file = keyval_get(kv, "file");
    const char *key = keyval_get(kv, "keyid");
    const char *iv = keyval_get(kv, "iv");
    unsigned format = 0;
    bool loaded;

    if (!keyval_enum(kv, "format", formats, &format, err) ||
        !keyval_bool(kv, "loaded", &loaded, err)) {
        return false;
    }
    if (!data == !file) {
        error_set(err, "secret: needs either data=TEXT or file=PATH");
        return false;
    }
    if (data) {
        s->length = strlen(data);
        s->data = (uint8_t *)strdup(data);
        assert(s->data);
    } else if (!read_file(file, s, err)) {
        return false;
    }
    if (format && !decode_base64(s->data, &s->length)) {
        error_set(err, "secret: the %s is not base64",
                  data ? "data" : "file's contents");
        return false;
    }
    return !key || decrypt(secrets, s, key, iv, err);
}

bool secrets_add(struct secrets *secrets, struct keyval *kv,
                 struct error **err)
{
    const char *id = keyval_get(kv, "id");
    struct secret *s = calloc(1, sizeof(*s));

    assert(s);
    if (!id || !*id) {
        error_set(err, "Parameter 'id' is missing");
        free(s);
        return false;
    }
    s->id = strdup(id);
    for (struct secret *old = secrets->first; old; old = old->next) {
        if (strcmp(old->id, id) == 0) {
            error_set(err, "the id '%s' is used twice", id);
            free_secret(s);
            return false;
        }
    }
    if (!read_data(secrets, kv, s, err)) {
        free_secret(s);
        return false;
    }
    s->next = secrets->first;
    secrets->first = s;
    return true;
}
