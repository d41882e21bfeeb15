/*
 * Counting references: what refcounts ought to be.
 *
 * Used to check an image and to write new refcounts.  References that make
 * no sense are reported and not followed.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "block/qcow2.h"

void qcow2_check_say(struct qcow2_check *check, const char *format, ...)
{
    char sentence[256];
    va_list args;

    if (check && check->say) {
        va_start(args, format);
        vsnprintf(sentence, sizeof(sentence), format, args);
        va_end(args);
        check->say(check->opaque, sentence);
    }
}

bool qcow2_counts_init(struct qcow2 *q, struct qcow2_counts *counts,
                       struct error **err)
{
    uint64_t size = block_file_size(q->file);

    counts->clusters = (size + q->cluster_size - 1) >> q->cluster_bits;
    counts->count = counts->clusters < SIZE_MAX / 8
                        ? calloc(counts->clusters + 1, sizeof(uint32_t))
                        : NULL;
    if (!counts->count) {
        error_set(err, "%s: no memory to count its %llu clusters",
                  q->file->path, (unsigned long long)counts->clusters);
        return false;
    }
    return true;
}

void qcow2_count(struct qcow2 *q, struct qcow2_counts *counts,
                 struct qcow2_check *check, uint64_t offset, uint64_t length,
                 const char *what)
{
    uint64_t first = offset >> q->cluster_bits;
    uint64_t last = (offset + length - 1) >> q->cluster_bits;

    if (!length) {
        return;
    }
    if (offset + length < offset || last >= counts->clusters) {
        qcow2_check_say(check, "%s at %#llx is behind the end of the file",
                        what, (unsigned long long)offset);
        if (check) {
            check->corruptions++;
        }
        return;
    }
    for (uint64_t c = first; c <= last; c++) {
        counts->count[c] += counts->count[c] != UINT32_MAX;
    }
    if (check && ((last + 1) << q->cluster_bits) > check->image_end) {
        check->image_end = (last + 1) << q->cluster_bits;
    }
}

uint64_t *qcow2_read_l1(struct qcow2 *q, uint64_t offset, uint64_t entries)
{
    uint64_t *l1 = calloc(entries + 1, 8);

    if (l1 && qcow2_read_at(q, offset, l1, entries * 8)) {
        free(l1);
        return NULL;
    }
    for (uint64_t i = 0; l1 && i < entries; i++) {
        l1[i] = be64toh(l1[i]);
    }
    return l1;
}

static void wrong(struct qcow2_check *check, const char *what, uint64_t entry)
{
    qcow2_check_say(check, "%s %#llx makes no sense", what,
                    (unsigned long long)entry);
    if (check) {
        check->corruptions++;
    }
}

/* For "fragmented": in the order of the disk, or not. */
static void note_host(struct qcow2 *q, struct qcow2_check *check,
                      uint64_t host)
{
    check->allocated++;
    if (check->last_host && host != check->last_host + q->cluster_size) {
        check->fragmented++;
    }
    check->last_host = host;
}

static void count_entry(struct qcow2 *q, struct qcow2_counts *counts,
                        struct qcow2_check *check, struct qcow2_entry entry,
                        bool active)
{
    struct qcow2_run run;
    uint64_t offset, length;

    if (qcow2_decode(q, entry, 0, &run)) {
        wrong(check, "the L2 entry", entry.word);
        return;
    }
    if (run.kind == QCOW2_IS_COMPRESSED) {
        qcow2_compressed_place(q, entry.word, &offset, &length);
        /* The last sector may be cut off by the end of the file. */
        uint64_t end = counts->clusters << q->cluster_bits;
        if (offset < end && length > end - offset && length < end) {
            length = end - offset;
        }
        qcow2_count(q, counts, check, offset, length, "a compressed cluster");
        if (check && active) {
            check->compressed++;
            check->allocated++;
            check->fragmented++;
        }
    } else if (run.placed) {
        if (!qcow2_is_external(q)) {
            qcow2_count(q, counts, check, run.host, q->cluster_size,
                        "a cluster");
        }
        if (check && active) {
            note_host(q, check, run.host);
        }
    }
}

int qcow2_count_l1(struct qcow2 *q, struct qcow2_counts *counts,
                   struct qcow2_check *check, const uint64_t *l1,
                   uint64_t entries, bool active)
{
    uint8_t *data = malloc(q->cluster_size);
    struct qcow2_table l2 = {.data = data};
    int error = data ? 0 : ENOMEM;

    for (uint64_t i = 0; i < entries && !error; i++) {
        uint64_t offset = l1[i] & QCOW2_OFFSET;
        if (!offset) {
            continue;
        }
        if (offset % q->cluster_size) {
            wrong(check, "the L1 entry", l1[i]);
            continue;
        }
        qcow2_count(q, counts, check, offset, q->cluster_size, "an L2 table");
        if (check) {
            check->last_host = 0;
        }
        error = qcow2_read_at(q, offset, data, q->cluster_size);
        for (uint64_t j = 0; j < BIT(q->l2_bits) && !error; j++) {
            struct qcow2_entry entry = qcow2_get(q, &l2, j);
            if (entry.word || entry.bits) {
                count_entry(q, counts, check, entry, active);
            }
        }
    }
    free(data);
    return error;
}
