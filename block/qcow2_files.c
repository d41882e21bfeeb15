/* QCOW2: the backing file, the data file, the cipher, the bitmaps. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "block/luks.h"
#include "block/qcow2.h"
#include "block/qcow2_bitmap.h"
#include "block/secret.h"

static bool open_backing(struct qcow2 *q, const struct block_opening *how,
                         struct error **err)
{
    if (!block_image_wants_backing(how, q->backing_name)) {
        return true;
    }
    q->backing = block_image_open_backing(how, q->file, q->backing_name,
                                          q->backing_format, err);
    return q->backing != NULL;
}

/* True when something was wrong, which err is told with the file's name. */
static bool say_of(const struct qcow2 *q, const char *what,
                   struct error *wrong, struct error **err)
{
    if (wrong) {
        error_set(err, "%s: %s%s", q->file->path, what, wrong->message);
        error_free(wrong);
    }
    return wrong;
}

/* As QEMU has it, relative to where the program was started; when there is
 * no such file, to the image. */
static char *data_path(const struct qcow2 *q, const char *name,
                       struct error **err)
{
    return access(name, F_OK) == 0
               ? strdup(name) : block_backing_path(q->file->path, name, err);
}

static bool open_data(struct qcow2 *q, const struct block_opening *how,
                      struct error **err)
{
    const struct block_config *config = how->config;
    char *path = NULL;

    if (!qcow2_is_external(q)) {
        if (config->data_file) {
            error_set(err, "%s: 'data-file' can only be set for images with "
                      "an external data file", q->file->path);
        }
        return !config->data_file;
    }
    if (!q->data_name && !config->data_file) {
        error_set(err, "%s: 'data-file' is required for this image: it does "
                  "not name the file that has its data", q->file->path);
        return false;
    }
    path = config->data_file ? strdup(config->data_file)
                             : data_path(q, q->data_name, err);
    struct block_file_config file = {
        .path = path,
        .read_only = q->read_only,
        .direct = config->cache == BLOCK_CACHE_NONE ||
                  config->cache == BLOCK_CACHE_DIRECTSYNC,
        .lock = !config->no_lock,
        .share_rw = config->share_rw,
    };
    struct error *wrong = NULL;
    struct block_file *data = path ? block_file_open(&file, &wrong) : NULL;
    if (data) {
        q->data = data;
    }
    say_of(q, "data file: ", wrong, err);
    free(path);
    return data;
}

bool qcow2_password(const struct block_config *config,
                    struct luks_password *password, struct error **err)
{
    if (!config->key_secret) {
        error_set(err, "Parameter 'encrypt.key-secret' is required: the id "
                  "of the -object secret that has the password");
        return false;
    }
    password->bytes = secrets_find(config->secrets, config->key_secret,
                                   &password->length, err);
    return password->bytes;
}

/* "AES" has the first 16 bytes of the password for a key. */
static struct crypt *open_aes(const struct luks_password *password,
                              struct error **err)
{
    struct crypt_spec spec = {CRYPT_AES_128, CRYPT_CBC, CRYPT_PLAIN64,
                              CRYPT_SHA256};
    uint8_t key[16] = {0};

    memcpy(key, password->bytes,
           password->length < sizeof(key) ? password->length : sizeof(key));
    return crypt_new(&spec, key, err);
}

/* Without a password an encrypted image can be looked at, not read. */
static bool open_crypt(struct qcow2 *q, const struct block_opening *how,
                       struct error **err)
{
    struct luks_password password;
    struct error *wrong = NULL;
    struct luks luks;

    if (!q->header.crypt_method) {
        return true;
    }
    if (!how->config->key_secret && how->checking) {
        return true;
    }
    if (!crypt_available(&wrong) ||
        !qcow2_password(how->config, &password, &wrong)) {
        return !say_of(q, "encrypted: ", wrong, err);
    }
    if (q->header.crypt_method == QCOW2_AES) {
        q->crypt = open_aes(&password, err);
    } else if (luks_read(&luks, q->file, q->luks_offset, err)) {
        q->crypt = luks_open_data(&luks, &password, err);
    }
    return q->crypt;
}

bool qcow2_open_files(struct qcow2 *q, const struct block_opening *how,
                      struct error **err)
{
    return open_data(q, how, err) && open_crypt(q, how, err) &&
           open_backing(q, how, err);
}

void qcow2_close_files(struct qcow2 *q)
{
    block_image_close(q->backing);
    if (q->data != q->file) {
        block_file_close(q->data);
    }
    crypt_free(q->crypt);
}

bool qcow2_open_bitmaps(struct qcow2 *q, const struct block_opening *how,
                        struct error **err)
{
    const struct qcow2_extension *found = NULL;
    struct error *wrong = NULL;

    for (unsigned i = 0; i < q->extension_count && !found; i++) {
        if (q->extensions[i].type == QCOW2_EXT_BITMAPS) {
            found = &q->extensions[i];
        }
    }
    if (!found) {
        return true;
    }
    if (q->header.version >= 3 && q->header.autoclear & QCOW2_BITMAPS) {
        if (qcow2_bitmaps_read(q, found->data, found->length, &wrong)) {
            return true;
        }
        if (!how->checking) {
            return !say_of(q, "", wrong, err);
        }
        error_free(wrong);
    } else if (!how->checking) {
        error_report("warning: %s: its bitmaps were left behind by a program "
                     "that does not know them, and are dropped; "
                     "'armature-img check -r leaks' frees their space",
                     q->file->path);
    }
    if (!q->read_only) {
        q->header.autoclear &= ~(uint64_t)QCOW2_BITMAPS;
        qcow2_extension_set(q, QCOW2_EXT_BITMAPS, NULL, 0);
        return qcow2_header_rewrite(q, err);
    }
    return true;
}

int qcow2_count_extras(struct qcow2 *q, struct qcow2_counts *counts,
                       struct qcow2_check *check)
{
    if (q->luks_offset) {
        qcow2_count(q, counts, check, q->luks_offset, q->luks_length,
                    "the LUKS header");
    }
    qcow2_bitmaps_count(q, counts, check);
    return 0;
}
