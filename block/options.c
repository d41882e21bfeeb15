/* Options of opening an image. */
#include "block/options.h"

#include <stdlib.h>
#include <string.h>

#include "block/nbd/address.h"

enum { PROTOCOL_NBD = 2 };
static const char *const protocols[] = {"file", "host_device", "nbd", NULL};

const char *const block_options_discards[] = {"ignore", "off", "unmap", "on",
                                              NULL};

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

/* Of encrypted images, of data files, of caches, of a part of a file. */
static bool read_format(struct keyval *kv, struct block_config *config,
                        struct error **err)
{
    static const char *const formats[] = {"aes", "luks", NULL};
    static const char *const files[] = {"file", "host_device", NULL};
    static const char *const keys[] = {"key-secret", "encrypt.key-secret"};
    unsigned format, driver;

    if (!keyval_enum(kv, "encrypt.format", formats, &format, err) ||
        !keyval_enum(kv, "data-file.driver", files, &driver, err)) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        const char *key = keyval_get(kv, keys[i]);
        config->key_secret = key ? key : config->key_secret;
    }
    if (keyval_get(kv, "data-file.filename")) {
        config->data_file = keyval_get(kv, "data-file.filename");
    }
    accept_tuning(kv);
    return !config->format || strcmp(config->format, "raw") != 0 ||
           (keyval_size(kv, "offset", 1, &config->raw_offset, err) &&
            keyval_size(kv, "size", 1, &config->raw_size, err));
}

static bool read_cache(struct keyval *kv, struct block_config *config,
                       bool writeback, struct error **err)
{
    bool direct = config->cache == BLOCK_CACHE_NONE ||
                  config->cache == BLOCK_CACHE_DIRECTSYNC;
    bool no_flush = config->cache == BLOCK_CACHE_UNSAFE;

    if (!keyval_bool(kv, "cache.direct", &direct, err) ||
        !keyval_bool(kv, "cache.no-flush", &no_flush, err)) {
        return false;
    }
    config->cache = no_flush    ? BLOCK_CACHE_UNSAFE
                    : writeback ? direct ? BLOCK_CACHE_NONE
                                         : BLOCK_CACHE_WRITEBACK
                    : direct    ? BLOCK_CACHE_DIRECTSYNC
                                : BLOCK_CACHE_WRITETHROUGH;
    return true;
}

static bool read_image(struct keyval *kv, struct block_config *config,
                       struct error **err);

/* "backing.KEY" is what would be said of the image below by itself; it is
 * used as this one. */
static bool read_below(struct keyval *kv, struct block_config *config,
                       struct error **err)
{
    struct keyval *keys = keyval_below(kv, "backing");
    struct block_config *below = keys ? malloc(sizeof(*below)) : NULL;

    if (!below) {
        return true;
    }
    keyval_keep(kv, below);
    *below = *config;
    below->data_file = below->internal_snapshot = NULL;
    below->raw_offset = below->raw_size = 0;
    below->backing = NULL;
    if (!read_image(keys, below, err)) {
        error_prepend(err, "backing");
        return false;
    }
    config->backing = below;
    return true;
}

/* Another image below than the one that the image names, or none; a node has
 * been looked up before. */
static bool read_backing(struct keyval *kv, struct block_config *config,
                         struct error **err)
{
    const char *node = keyval_get(kv, "backing");

    config->no_backing = keyval_null(kv, "backing") || (node && !*node);
    if (node && *node && !config->backing) {
        error_set(err, "backing=%s: there is no node of this name here; "
                  "backing.file.filename= names a file", node);
        return false;
    }
    return config->no_backing || config->backing ||
           read_below(kv, config, err);
}

bool block_options_use(struct keyval *kv, struct block_config *config,
                       bool writeback, struct error **err)
{
    static const char *const locking[] = {"auto", "on", "off", NULL};
    unsigned aio = config->aio, zeroes = config->detect_zeroes;
    unsigned lock = config->no_lock ? 2 : 0;
    unsigned discard = config->ignore_discard ? 0 : 2;
    bool auto_read_only;
    const char *lock_key =
        keyval_get(kv, "file.locking") ? "file.locking" : "locking";

    if (!keyval_bool(kv, "read-only", &config->read_only, err) ||
        !keyval_bool(kv, "auto-read-only", &auto_read_only, err) ||
        !keyval_enum(kv, "aio", block_aio_names, &aio, err) ||
        !keyval_enum(kv, "discard", block_options_discards, &discard, err) ||
        !keyval_enum(kv, lock_key, locking, &lock, err) ||
        !keyval_enum(kv, "detect-zeroes", block_detect_zeroes_names, &zeroes,
                     err) ||
        !read_format(kv, config, err) ||
        !read_cache(kv, config, writeback, err)) {
        return false;
    }
    config->aio = (enum block_aio)aio;
    config->detect_zeroes = (enum block_detect_zeroes)zeroes;
    config->no_lock = lock == 2;
    config->ignore_discard = discard < 2;
    return read_backing(kv, config, err);
}

/* Where the bytes are, the format, how it is used.  config->file is NULL when
 * nothing is said of it. */
static bool read_image(struct keyval *kv, struct block_config *config,
                       struct error **err)
{
    bool writeback = config->cache != BLOCK_CACHE_WRITETHROUGH &&
                     config->cache != BLOCK_CACHE_DIRECTSYNC;
    const char *driver = keyval_get(kv, "driver");
    const char *file = keyval_get(kv, "filename"), *below;
    unsigned aio;

    if (!block_options_nbd(kv, &below, err)) {
        return false;
    }
    below = below ? below : keyval_get(kv, "file.filename");
    config->file = file ? file : below;
    config->format =
        driver && block_options_is_protocol(driver) ? "raw" : driver;
    if (file && below) {
        error_set(err, "needs file.filename=FILE, and no filename= beside "
                  "it");
        return false;
    }
    keyval_get(kv, "node-name");
    keyval_get(kv, "file.node-name");
    if (!keyval_enum(kv, "file.aio", block_aio_names, &aio, err) ||
        !keyval_bool(kv, "force-share", &config->share_rw, err) ||
        !block_options_use(kv, config, writeback, err)) {
        return false;
    }
    return keyval_check(kv, err);
}

bool block_options_image(struct keyval *kv, struct block_config *config,
                         struct error **err)
{
    bool read_only = config->read_only;

    if (!read_image(kv, config, err)) {
        return false;
    }
    if (!config->file) {
        error_set(err, "needs file.filename=FILE");
        return false;
    }
    if (config->read_only && !read_only && !config->snapshot) {
        error_set(err, "read-only=on: the image is to be written to");
        return false;
    }
    config->read_only = read_only;
    return true;
}
