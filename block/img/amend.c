/* amend: change what an image says of itself, or its passwords. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/formats.h"
#include "block/img/crypt.h"
#include "block/img/img.h"
#include "block/luks.h"
#include "block/qcow2_amend.h"
#include "block/secret.h"
#include "util/keyval.h"

struct amend {
    struct img_args *args;
    struct block_image *image;
    struct keyval *kv;
    const char *prefix; /* of the keys about passwords */
};

static const char *get(struct amend *a, const char *name)
{
    char key[64];

    snprintf(key, sizeof(key), "%s%s", a->prefix, name);
    return keyval_get(a->kv, key);
}

/* NULL for no such option; *good for a secret that is not there. */
static const struct luks_password *find(const char *id,
                                        struct luks_password *password,
                                        bool *good, struct error **err)
{
    if (!id || !*good) {
        return NULL;
    }
    password->bytes = secrets_find(img_secrets(), id, &password->length, err);
    *good = password->bytes;
    return password;
}

static bool amend_keys(struct amend *a, struct error **err)
{
    static const char *const states[] = {"active", "inactive", NULL};
    struct luks_password key, old, new;
    struct luks_amend how = {
        .slot = -1, .iter_time = luks_defaults.iter_time,
        .force = a->args->option[IMG_FORCE],
    };
    struct qcow2 *q = img_qcow2(a->image);
    const char *slot = get(a, "keyslot"), *state = get(a, "state");
    const char *time = get(a, "iter-time");
    const char *old_id = get(a, "old-secret"), *new_id = get(a, "new-secret");
    struct luks luks;
    uint64_t number = 0;
    bool good = true;

    if (!slot && !state && !time && !old_id && !new_id) {
        return true;
    }
    if (!state || (strcmp(state, states[0]) != 0 &&
                   strcmp(state, states[1]) != 0)) {
        error_set(err, "'%sstate' must be active or inactive", a->prefix);
        return false;
    }
    if ((slot && (!parse_uint(slot, &number) || number > 255)) ||
        (time && (!parse_uint(time, &how.iter_time) || !how.iter_time ||
                  how.iter_time > 3600000))) {
        error_set(err, "%s%s is not a number that can be",
                  a->prefix, slot ? "keyslot" : "iter-time");
        return false;
    }
    if (q && q->header.crypt_method != QCOW2_LUKS) {
        error_set(err, "Can't amend encryption options - encryption not "
                  "present");
        return false;
    }
    how.slot = slot ? (int)number : -1;
    how.activate = strcmp(state, "active") == 0;
    char *id = a->args->option[IMG_IMAGE_OPTS]
                   ? img_find_key_secret(a->args->word[0]) : NULL;
    how.key = find(id, &key, &good, err);
    free(id);
    how.old_password = find(old_id, &old, &good, err);
    how.new_password = find(new_id, &new, &good, err);
    if (good && how.activate && !how.key) {
        error_set(err, "a new password needs one that opens the image: "
                  "--image-opts with %skey-secret=",
                  q ? "encrypt." : "");
        return false;
    }
    return good &&
           luks_read(&luks, a->image->file, q ? q->luks_offset : 0, err) &&
           luks_amend(&luks, &how, err);
}

/* What a text or nothing says, as an image has a name or none. */
static bool is_other(const char *said, const char *has)
{
    return said && strcmp(said, has ? has : "") != 0;
}

/* Another backing file is another disk: rebase knows what that takes. */
static bool keeps_backing(struct amend *a, const struct qcow2 *q,
                          struct error **err)
{
    const char *file = keyval_get(a->kv, "backing_file");
    const char *format = keyval_get(a->kv, "backing_fmt");

    if (is_other(file, q->backing_name) ||
        is_other(format, q->backing_format)) {
        error_set(err, "Cannot amend the backing file; 'armature-img rebase' "
                  "gives the image another");
        return false;
    }
    return true;
}

static bool amend_qcow2(struct amend *a, struct qcow2 *q, struct error **err)
{
    struct qcow2_amend to = qcow2_amend_now(q);
    unsigned compat = to.version < 3 ? 0 : 2;
    uint64_t size = q->header.size, bits = to.refcount_bits;
    bool sized = keyval_get(a->kv, "size");

    if (!keyval_enum(a->kv, "compat", img_compat_names, &compat, err) ||
        !keyval_bool(a->kv, "lazy_refcounts", &to.lazy_refcounts, err) ||
        !keyval_bool(a->kv, "data_file_raw", &to.data_file_raw, err) ||
        !keyval_uint(a->kv, "refcount_bits", 64, &bits, err) ||
        !keyval_size(a->kv, "size", 1, &size, err)) {
        return false;
    }
    to.version = compat < 2 ? 2 : 3;
    to.refcount_bits = (unsigned)bits;
    to.data_file = keyval_get(a->kv, "data_file");
    keyval_allow_prefix(a->kv, "encrypt");
    return keeps_backing(a, q, err) && keyval_check(a->kv, err) &&
           amend_keys(a, err) && qcow2_amend(q, &to, err) &&
           (!sized || qcow2_resize(&q->image, align_up(size, BLOCK_SECTOR),
                                   err));
}

static bool run(struct amend *a, struct error **err)
{
    struct qcow2 *q = img_qcow2(a->image);

    if (q) {
        a->prefix = "encrypt.";
        return amend_qcow2(a, q, err);
    }
    if (luks_describe(a->image)) {
        a->prefix = "";
        return amend_keys(a, err) && keyval_check(a->kv, err);
    }
    error_set(err, "Format driver '%s' does not support option amendment",
              a->image->ops->format);
    return false;
}

int img_amend(struct img_args *args)
{
    struct img_progress progress = {
        .on = args->option['p'] && !args->option['q'],
    };
    struct amend a = {.args = args};
    struct error *err = NULL;

    if (!args->option['o']) {
        return img_fail("Must specify options (-o)");
    }
    a.kv = keyval_parse(args->option['o'], NULL, &err);
    a.image = a.kv ? img_open_args(args, true) : NULL;
    int status = a.image ? 0 : err ? img_fail_error(err) : 1;
    if (a.image && !run(&a, &err)) {
        status = img_fail_error(err);
    }
    int closed = img_close(a.image);
    if (!status) {
        img_progress_end(&progress);
    }
    keyval_free(a.kv);
    return status ? status : closed;
}
