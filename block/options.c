/* Options of opening an image. */
#include "block/options.h"

#include <string.h>

#include "block/nbd/address.h"

enum { PROTOCOL_NBD = 2 };
static const char *const protocols[] = {"file", "host_device", "nbd", NULL};

bool block_options_is_protocol(const char *driver)
{
    for (unsigned i = 0; protocols[i]; i++) {
        if (strcmp(protocols[i], driver) == 0) {
            return true;
        }
    }
    return false;
}

bool block_options_nbd(struct keyval *kv, const char **name,
                       struct error **err)
{
    const char *driver = keyval_get(kv, "driver");
    bool itself = driver && block_options_is_protocol(driver);
    unsigned protocol = 0;

    *name = NULL;
    if (!keyval_enum(kv, itself ? "driver" : "file.driver", protocols,
                     &protocol, err)) {
        return false;
    }
    if (protocol != PROTOCOL_NBD || (itself && keyval_get(kv, "file"))) {
        return true;
    }
    char *uri = nbd_address_from_options(kv, itself ? "" : "file.", err);
    *name = uri ? keyval_keep(kv, uri) : NULL;
    return uri != NULL;
}

/* They trade memory for speed, or check more: nothing here depends on
 * them. */
static void accept_tuning(struct keyval *kv)
{
    static const char *const keys[] = {
        "lazy-refcounts", "overlap-check", "overlap-check.template",
        "cache-size", "l2-cache-size", "l2-cache-entry-size",
        "refcount-cache-size", "cache-clean-interval",
        "pass-discard-request", "pass-discard-snapshot",
        "pass-discard-other",
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        keyval_get(kv, keys[i]);
    }
}

bool block_options_format(struct keyval *kv, struct block_config *config,
                          struct error **err)
{
    static const char *const formats[] = {"aes", "luks", NULL};
    static const char *const files[] = {"file", "host_device", NULL};
    static const char *const keys[] = {"key-secret", "encrypt.key-secret"};
    static const char *const below[] = {"backing.key-secret",
                                        "backing.encrypt.key-secret"};
    unsigned format, driver;

    if (!keyval_enum(kv, "encrypt.format", formats, &format, err) ||
        !keyval_enum(kv, "backing.encrypt.format", formats, &format, err) ||
        !keyval_enum(kv, "data-file.driver", files, &driver, err)) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        const char *key = keyval_get(kv, keys[i]);
        config->key_secret = key ? key : config->key_secret;
        key = keyval_get(kv, below[i]);
        config->backing_key_secret = key ? key : config->backing_key_secret;
    }
    if (keyval_get(kv, "data-file.filename")) {
        config->data_file = keyval_get(kv, "data-file.filename");
    }
    accept_tuning(kv);
    return true;
}

static bool read_cache(struct keyval *kv, struct block_config *config,
                       struct error **err)
{
    bool direct = config->cache == BLOCK_CACHE_NONE ||
                  config->cache == BLOCK_CACHE_DIRECTSYNC;
    bool no_flush = config->cache == BLOCK_CACHE_UNSAFE;

    if (!keyval_bool(kv, "cache.direct", &direct, err) ||
        !keyval_bool(kv, "cache.no-flush", &no_flush, err)) {
        return false;
    }
    if (keyval_get(kv, "cache.direct") || keyval_get(kv, "cache.no-flush")) {
        config->cache = no_flush ? BLOCK_CACHE_UNSAFE
                        : direct ? BLOCK_CACHE_NONE
                                 : BLOCK_CACHE_WRITEBACK;
    }
    return true;
}

bool block_options_image(struct keyval *kv, struct block_config *config,
                         struct error **err)
{
    static const char *const discards[] = {"ignore", "off", "unmap", "on",
                                           NULL};
    static const char *const locking[] = {"auto", "on", "off", NULL};
    unsigned any = 0, lock = 0, discard = 2, zeroes = 0;
    bool unused;

    const char *driver = keyval_get(kv, "driver");
    const char *file = keyval_get(kv, "filename"), *below;

    if (!block_options_nbd(kv, &below, err)) {
        return false;
    }
    below = below ? below : keyval_get(kv, "file.filename");
    config->file = file ? file : below;
    config->format =
        driver && block_options_is_protocol(driver) ? "raw" : driver;
    if (!config->file || (file && below)) {
        error_set(err, "needs file.filename=FILE%s",
                  file && below ? ", and no filename= beside it" : "");
        return false;
    }
    keyval_get(kv, "node-name");
    keyval_get(kv, "file.node-name");
    if (!keyval_enum(kv, "aio", block_aio_names, &any, err) ||
        !keyval_enum(kv, "file.aio", block_aio_names, &any, err) ||
        !keyval_enum(kv, "locking", locking, &lock, err) ||
        !keyval_enum(kv, "file.locking", locking, &lock, err) ||
        !keyval_enum(kv, "discard", discards, &discard, err) ||
        !keyval_enum(kv, "detect-zeroes", block_detect_zeroes_names, &zeroes,
                     err) ||
        !keyval_bool(kv, "force-share", &config->share_rw, err) ||
        !keyval_bool(kv, "auto-read-only", &unused, err) ||
        !keyval_bool(kv, "read-only", &unused, err)) {
        return false;
    }
    config->no_lock |= lock == 2;
    return read_cache(kv, config, err) &&
           block_options_format(kv, config, err) && keyval_check(kv, err);
}
