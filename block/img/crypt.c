/* Encryption in the options of new images; create -f luks. */
#include "block/img/crypt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "block/img/img.h"
#include "block/secret.h"

static bool read_enum(struct keyval *kv, const char *prefix, const char *name,
                      const char *const *names, unsigned *value,
                      struct error **err)
{
    char key[64];

    snprintf(key, sizeof(key), "%s%s", prefix, name);
    return keyval_enum(kv, key, names, value, err);
}

static bool read_spec(struct keyval *kv, const char *prefix,
                      struct luks_options *o, struct error **err)
{
    unsigned cipher = o->spec.cipher, mode = o->spec.mode;
    unsigned ivgen = o->spec.ivgen, ivgen_hash = o->spec.ivgen_hash;
    unsigned hash = o->hash;
    char key[64];

    snprintf(key, sizeof(key), "%siter-time", prefix);
    if (!read_enum(kv, prefix, "cipher-alg", crypt_cipher_names, &cipher,
                   err) ||
        !read_enum(kv, prefix, "cipher-mode", crypt_mode_names, &mode, err) ||
        !read_enum(kv, prefix, "ivgen-alg", crypt_ivgen_names, &ivgen, err) ||
        !read_enum(kv, prefix, "ivgen-hash-alg", crypt_hash_names,
                   &ivgen_hash, err) ||
        !read_enum(kv, prefix, "hash-alg", crypt_hash_names, &hash, err) ||
        !keyval_uint(kv, key, 3600000, &o->iter_time, err)) {
        return false;
    }
    if (!o->iter_time) {
        error_set(err, "iter-time=0: there must be 1 ms at least");
        return false;
    }
    o->spec = (struct crypt_spec){
        (enum crypt_cipher)cipher, (enum crypt_mode)mode,
        (enum crypt_ivgen)ivgen, (enum crypt_hash)ivgen_hash,
    };
    o->hash = (enum crypt_hash)hash;
    return true;
}

static const char *get(struct keyval *kv, const char *prefix,
                       const char *name)
{
    char key[64];

    snprintf(key, sizeof(key), "%s%s", prefix, name);
    return keyval_get(kv, key);
}

bool img_read_crypt(struct keyval *kv, const char *prefix,
                    struct img_crypt *crypt, struct error **err)
{
    const char *format = *prefix ? get(kv, prefix, "format") : "luks";
    bool legacy = false;

    *crypt = (struct img_crypt){.luks = luks_defaults};
    if (*prefix && !keyval_bool(kv, "encryption", &legacy, err)) {
        return false;
    }
    crypt->key_secret = get(kv, prefix, "key-secret");
    if (!read_spec(kv, prefix, &crypt->luks, err)) {
        return false;
    }
    if (legacy || (format && strcmp(format, "aes") == 0)) {
        error_set(err, "encrypt.format=aes: such images are only read, the "
                  "method is broken; use luks");
        return false;
    }
    if (format && strcmp(format, "luks") != 0) {
        error_set(err, "encrypt.format=%s: there is luks", format);
        return false;
    }
    crypt->on = format;
    if (!format) {
        if (crypt->key_secret) {
            error_set(err, "encrypt.key-secret is of no use without "
                      "encrypt.format=luks");
        }
        return !crypt->key_secret;
    }
    if (!crypt->key_secret) {
        error_set(err, "Parameter '%skey-secret' is required", prefix);
        return false;
    }
    crypt->password.bytes = secrets_find(img_secrets(), crypt->key_secret,
                                         &crypt->password.length, err);
    return crypt->password.bytes;
}

char *img_find_key_secret(const char *text)
{
    char *id = img_find_option(text, "encrypt.key-secret");

    return id ? id : img_find_option(text, "key-secret");
}

void img_print_crypt(const char *prefix, const struct img_crypt *crypt)
{
    if (crypt->on) {
        printf(" %s%s%skey-secret=%s", *prefix ? prefix : "",
               *prefix ? "format=luks " : "", prefix, crypt->key_secret);
    }
}

static int create(struct img_create *how, const struct img_crypt *crypt,
                  uint64_t size, unsigned preallocation)
{
    struct block_file_config config = {.path = how->file, .lock = true};
    uint64_t start = luks_room(&crypt->luks);
    struct error *err = NULL;

    if (!how->quiet) {
        printf("Formatting '%s', fmt=luks size=%llu", how->file,
               (unsigned long long)size);
        img_print_crypt("", crypt);
        putchar('\n');
    }
    struct block_file *file = block_file_create(how->file, &err)
                                  ? block_file_open(&config, &err) : NULL;
    if (!file ||
        !luks_create(file, 0, &crypt->luks, &crypt->password, &err)) {
        block_file_close(file);
        return img_fail_error(err);
    }
    int error = size > INT64_MAX - start
                    ? EFBIG : block_file_resize(file, start + size);
    if (!error && preallocation >= IMG_PREALLOC_FALLOC) {
        error = posix_fallocate(file->fd, (off_t)start, (off_t)size);
    }
    block_file_close(file);
    return error ? img_fail_errno(error, "%s: cannot write", how->file) : 0;
}

int img_create_luks(struct img_create *how)
{
    struct img_crypt crypt;
    struct error *err = NULL;
    uint64_t size = how->size;
    unsigned preallocation = 0;
    struct keyval *kv = keyval_parse(how->options ? how->options : "", NULL,
                                     &err);
    int status;

    if (!kv || !keyval_size(kv, "size", 1, &size, &err) ||
        !keyval_enum(kv, "preallocation", img_preallocation_names,
                     &preallocation, &err) ||
        !img_read_crypt(kv, "", &crypt, &err) || !keyval_check(kv, &err)) {
        status = img_fail_error(err);
    } else if (how->backing) {
        status = img_fail("%s: a luks image has no backing file; use qcow2 "
                          "with encrypt.format=luks", how->file);
    } else if (!how->has_size && !keyval_get(kv, "size")) {
        status = img_fail("%s: an image needs a size", how->file);
    } else {
        size = align_up(how->has_size ? how->size : size, BLOCK_SECTOR);
        status = create(how, &crypt, size, preallocation);
    }
    keyval_free(kv);
    return status;
}
