/* Amending: the version, the width of refcounts, features. */
#include "block/qcow2_amend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct qcow2_amend qcow2_amend_now(const struct qcow2 *q)
{
    return (struct qcow2_amend){
        .version = (unsigned)q->header.version,
        .refcount_bits = 1u << q->header.refcount_order,
        .lazy_refcounts = q->header.compatible & QCOW2_LAZY_REFCOUNTS,
        .data_file_raw = qcow2_is_raw(q),
    };
}

static bool write_header(struct qcow2 *q, struct error **err)
{
    return qcow2_header_rewrite(q, err);
}

/* Version 2 has no mark for zeroes. */
static int expand_zeroes(struct qcow2 *q)
{
    uint64_t clusters = (q->image.size + q->cluster_size - 1) >>
                        q->cluster_bits;
    uint8_t *zeroes = calloc(1, q->cluster_size);
    int error = zeroes ? 0 : ENOMEM;

    for (uint64_t c = 0; c < clusters && !error; c++) {
        uint64_t at = c << q->cluster_bits;
        uint64_t n = q->image.size - at;
        struct qcow2_run run;
        pthread_mutex_lock(&q->meta);
        error = qcow2_lookup(q, at, q->image.size - at, &run);
        if (!error && run.kind != QCOW2_IS_ZERO) {
            c += (run.length - 1) >> q->cluster_bits;
        } else if (!error && !q->backing_name) {
            error = qcow2_set_entry(q, c, (struct qcow2_entry){0, 0});
        }
        pthread_mutex_unlock(&q->meta);
        n = n < q->cluster_size ? n : q->cluster_size;
        if (!error && run.kind == QCOW2_IS_ZERO && q->backing_name) {
            struct iovec iov = {zeroes, n};
            error = qcow2_write(&q->image, &iov, 1, at, n, false);
        }
    }
    free(zeroes);
    return error ? error : qcow2_flush(q);
}

/* Whether an L1 table leads to a cluster of zeroes. */
static bool has_zeroes(struct qcow2 *q, const struct qcow2_snapshot *s)
{
    uint64_t *l1 = qcow2_read_l1(q, s->l1_offset, s->l1_size);
    struct qcow2_table l2 = {.data = malloc(q->cluster_size)};
    bool found = !l1 || !l2.data;

    for (uint32_t i = 0; i < s->l1_size && !found; i++) {
        uint64_t offset = l1[i] & QCOW2_OFFSET;
        if (!offset) {
            continue;
        }
        found = qcow2_read_at(q, offset, l2.data, q->cluster_size);
        for (uint64_t j = 0; j < BIT(q->l2_bits) && !found; j++) {
            struct qcow2_run run;
            found = qcow2_decode(q, qcow2_get(q, &l2, j), 0, &run) ||
                    run.kind == QCOW2_IS_ZERO;
        }
    }
    free(l1);
    free(l2.data);
    return found;
}

static bool can_downgrade(struct qcow2 *q, const struct qcow2_amend *to,
                          struct error **err)
{
    const struct qcow2_header *h = &q->header;
    uint64_t bad = h->incompatible & ~(uint64_t)(QCOW2_DIRTY | QCOW2_CORRUPT);
    const char *why = NULL;

    if (to->refcount_bits != 16) {
        why = "its refcounts do not have 16 bits; 'refcount_bits=16' beside "
              "compat makes it so";
    } else if (bad) {
        why = bad & QCOW2_DATA_FILE     ? "it has a data file"
              : bad & QCOW2_COMPRESSION ? "it is compressed with zstd"
                                        : "it has extended L2 entries";
    } else if (q->bitmaps) {
        why = "it has bitmaps; remove them first";
    } else if (h->crypt_method == QCOW2_LUKS) {
        why = "it is encrypted with LUKS";
    }
    for (unsigned i = 0; i < q->snapshot_count && !why; i++) {
        if (q->snapshots[i].disk_size != h->size) {
            why = "a snapshot has a disk of another size";
        } else if (has_zeroes(q, &q->snapshots[i])) {
            why = "a snapshot has clusters of zeroes; delete it first";
        }
    }
    if (why) {
        error_set(err, "%s: cannot be made compat=0.10: %s", q->file->path,
                  why);
    }
    return !why;
}

static bool downgrade(struct qcow2 *q, struct error **err)
{
    int error = expand_zeroes(q);

    if (error) {
        error_set_errno(err, error, "%s: cannot write zeroes", q->file->path);
        return false;
    }
    for (unsigned i = 0; i < q->extension_count; i++) {
        if (q->extensions[i].type == QCOW2_EXT_FEATURE_NAMES) {
            qcow2_extension_set(q, QCOW2_EXT_FEATURE_NAMES, NULL, 0);
            break;
        }
    }
    q->header.version = 2;
    q->header.incompatible = q->header.compatible = q->header.autoclear = 0;
    q->header.header_length = QCOW2_V2_LENGTH;
    return write_header(q, err);
}

static bool set_refcounts(struct qcow2 *q, unsigned bits, struct error **err)
{
    struct qcow2_plan plan = {
        .size = q->header.size,
        .l1 = q->l1,
        .l1_size = q->header.l1_size,
        .snapshots = q->snapshots,
        .snapshot_count = q->snapshot_count,
        .fresh_snapshot = -1,
        .refcount_bits = bits,
    };
    return qcow2_rewrite(q, &plan, err);
}

static bool check(struct qcow2 *q, const struct qcow2_amend *to,
                  struct error **err)
{
    const char *path = q->file->path;
    unsigned bits = to->refcount_bits;

    if (!is_power_of_2(bits) || bits > 64) {
        error_set(err, "refcount_bits=%u: Refcount width must be a power of "
                  "two and may not exceed 64 bits", bits);
    } else if (to->version < 3 && bits != 16) {
        error_set(err, "Refcount widths other than 16 bits require "
                  "compatibility level 1.1 or above (use compat=1.1 or "
                  "greater)");
    } else if (to->version < 3 && to->lazy_refcounts) {
        error_set(err, "Lazy refcounts only supported with compatibility "
                  "level 1.1 and above (use compat=1.1 or greater)");
    } else if (to->data_file && !qcow2_is_external(q)) {
        error_set(err, "%s: data-file can only be set for images that use an "
                  "external data file", path);
    } else if (to->data_file_raw && !qcow2_is_raw(q)) {
        error_set(err, "%s: data-file-raw cannot be set on existing images",
                  path);
    } else {
        return to->version >= q->header.version ||
               can_downgrade(q, to, err);
    }
    return false;
}

bool qcow2_amend(struct qcow2 *q, const struct qcow2_amend *to,
                 struct error **err)
{
    struct qcow2_header *h = &q->header;

    if (!check(q, to, err)) {
        return false;
    }
    if (to->version > h->version) {
        h->version = 3;
        h->header_length = QCOW2_HEADER_LENGTH;
        if (!write_header(q, err)) {
            return false;
        }
    }
    if (to->refcount_bits != 1u << h->refcount_order &&
        !set_refcounts(q, to->refcount_bits, err)) {
        return false;
    }
    if (to->data_file) {
        free(q->data_name);
        q->data_name = strdup(to->data_file);
        qcow2_extension_set(q, QCOW2_EXT_DATA_FILE, to->data_file,
                            (uint32_t)strlen(to->data_file));
    }
    h->autoclear &= ~(uint64_t)(to->data_file_raw ? 0 : QCOW2_DATA_RAW);
    if (to->version < h->version) {
        return downgrade(q, err);
    }
    h->compatible &= ~(uint64_t)QCOW2_LAZY_REFCOUNTS;
    h->compatible |= to->lazy_refcounts ? QCOW2_LAZY_REFCOUNTS : 0;
    return write_header(q, err);
}
