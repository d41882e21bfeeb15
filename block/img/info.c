/* info: what an image is, in QEMU's words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block/formats.h"
#include "block/img/img.h"
#include "block/img/info_specific.h"

/* False: nobody knows, as of a server elsewhere. */
static bool disk_usage(struct block_image *image, uint64_t *bytes)
{
    struct vmdk_info info;
    uint64_t more;

    if (!block_file_usage(image->file, bytes)) {
        return false;
    }
    if (vmdk_describe(image, &info)) {
        for (unsigned i = 0; i < info.extent_count; i++) {
            const struct block_file *file = vmdk_extent(image, i)->file;
            if (file && file != image->file &&
                block_file_usage(file, &more)) {
                *bytes += more;
            }
        }
    }
    return true;
}

static const char *on_off(bool b)
{
    return b ? "true" : "false";
}

/* Snapshots ------------------------------------------------------------- */

void img_print_snapshots(const struct qcow2 *q)
{
    printf("Snapshot list:\n%-10s%-17s%8s%20s%13s%11s\n", "ID", "TAG",
           "VM SIZE", "DATE", "VM CLOCK", "ICOUNT");
    for (unsigned i = 0; i < q->snapshot_count; i++) {
        const struct qcow2_snapshot *s = &q->snapshots[i];
        time_t t = s->date_sec;
        struct tm tm;
        char date[64], clock[64], size[32], icount[32] = "";
        uint64_t secs = s->clock_nsec / 1000000000;
        localtime_r(&t, &tm);
        strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
        snprintf(clock, sizeof(clock), "%02d:%02d:%02d.%03d",
                 (int)(secs / 3600), (int)(secs / 60 % 60), (int)(secs % 60),
                 (int)(s->clock_nsec / 1000000 % 1000));
        if (s->icount != UINT64_MAX) {
            snprintf(icount, sizeof(icount), "%llu",
                     (unsigned long long)s->icount);
        }
        printf("%-9s %-16s %8s%20s%13s%11s\n", s->id, s->name,
               img_human(s->vm_state_size, size, sizeof(size)), date, clock,
               icount);
    }
}

static void json_snapshots(const struct qcow2 *q, const char *pad)
{
    printf("%s    \"snapshots\": [\n", pad);
    for (unsigned i = 0; i < q->snapshot_count; i++) {
        const struct qcow2_snapshot *s = &q->snapshots[i];
        printf("%s        {\n", pad);
        if (s->icount != UINT64_MAX) {
            printf("%s            \"icount\": %llu,\n", pad,
                   (unsigned long long)s->icount);
        }
        printf("%s            \"vm-clock-nsec\": %llu,\n%s            "
               "\"name\": ", pad,
               (unsigned long long)(s->clock_nsec % 1000000000), pad);
        img_json_string(s->name);
        printf(",\n%s            \"date-sec\": %u,\n%s            "
               "\"date-nsec\": %u,\n%s            \"vm-clock-sec\": %llu,\n"
               "%s            \"id\": ", pad, s->date_sec, pad, s->date_nsec,
               pad, (unsigned long long)(s->clock_nsec / 1000000000), pad);
        img_json_string(s->id);
        printf(",\n%s            \"vm-state-size\": %llu\n%s        }%s\n",
               pad, (unsigned long long)s->vm_state_size, pad,
               i + 1 < q->snapshot_count ? "," : "");
    }
    printf("%s    ],\n", pad);
}

/* One image ------------------------------------------------------------- */

static void json_vmdk(struct block_image *image, const struct vmdk_info *info,
                      const char *pad)
{
    printf("%s    \"format-specific\": {\n%s        \"type\": \"vmdk\",\n"
           "%s        \"data\": {\n%s            \"cid\": %u,\n"
           "%s            \"parent-cid\": %u,\n"
           "%s            \"create-type\": ", pad, pad, pad, pad, info->cid,
           pad, info->parent_cid, pad);
    img_json_string(info->create_type);
    printf(",\n%s            \"extents\": [\n", pad);
    for (unsigned i = 0; i < info->extent_count; i++) {
        const struct vmdk_extent_info *e = vmdk_extent(image, i);
        printf("%s                {\n", pad);
        if (e->compressed) {
            printf("%s                    \"compressed\": true,\n", pad);
        }
        printf("%s                    \"virtual-size\": %llu,\n"
               "%s                    \"filename\": ", pad,
               (unsigned long long)e->size, pad);
        img_json_string(e->path ? e->path : "");
        if (e->cluster_size) {
            printf(",\n%s                    \"cluster-size\": %llu", pad,
                   (unsigned long long)e->cluster_size);
        }
        printf(",\n%s                    \"format\": \"%s\"\n"
               "%s                }%s\n", pad, e->type, pad,
               i + 1 < info->extent_count ? "," : "");
    }
    printf("%s            ]\n%s        }\n%s    },\n", pad, pad, pad);
}

static void human_vmdk(struct block_image *image,
                       const struct vmdk_info *info)
{
    printf("Format specific information:\n    cid: %u\n    parent cid: %u\n"
           "    create type: %s\n    extents:\n", info->cid,
           info->parent_cid, info->create_type);
    for (unsigned i = 0; i < info->extent_count; i++) {
        const struct vmdk_extent_info *e = vmdk_extent(image, i);
        printf("        [%u]:\n", i);
        if (e->compressed) {
            puts("            compressed: true");
        }
        printf("            virtual size: %llu\n            filename: %s\n",
               (unsigned long long)e->size, e->path ? e->path : "");
        if (e->cluster_size) {
            printf("            cluster size: %llu\n",
                   (unsigned long long)e->cluster_size);
        }
        printf("            format: %s\n", e->type);
    }
}

static void json_string_field(const char *pad, const char *name,
                              const char *value)
{
    printf("%s    \"%s\": ", pad, name);
    img_json_string(value);
    puts(",");
}

/* What an image is backed by, by its own word; name NULL: nothing. */
struct backed {
    const char *name, *format;
    struct block_image *image; /* NULL: not opened */
};

static struct backed backed_by(struct block_image *image)
{
    struct qcow2 *q = img_qcow2(image);

    return q ? (struct backed){q->backing_name, q->backing_format, q->backing}
             : (struct backed){image->backing_name, image->backing_format,
                               image->backing};
}

/* In the order in which QEMU has them. */
static void json_one(struct block_image *image, const char *pad)
{
    struct qcow2 *q = img_qcow2(image);
    const char *path = img_file(image)->path;
    struct backed below = backed_by(image);
    struct vmdk_info info;
    uint64_t used;

    printf("%s{\n", pad);
    if (below.name && below.format) {
        json_string_field(pad, "backing-filename-format", below.format);
    }
    if (q && q->snapshot_count) {
        json_snapshots(q, pad);
    }
    printf("%s    \"virtual-size\": %llu,\n", pad,
           (unsigned long long)image->size);
    json_string_field(pad, "filename", path);
    if (image->cluster_size) {
        printf("%s    \"cluster-size\": %llu,\n", pad,
               (unsigned long long)image->cluster_size);
    }
    if (image->plain && image->plain->remote) {
        printf("%s    \"format\": \"%s\"\n%s}", pad, image->ops->format,
               pad); /* it has nothing more to tell */
        return;
    }
    json_string_field(pad, "format", image->ops->format);
    if (disk_usage(image, &used)) {
        printf("%s    \"actual-size\": %llu,\n", pad,
               (unsigned long long)used);
    }
    img_print_specific(image, true, pad);
    if (vmdk_describe(image, &info)) {
        json_vmdk(image, &info, pad);
    }
    if (below.name) {
        char *full = block_backing_path(path, below.name, NULL);
        json_string_field(pad, "full-backing-filename",
                          full ? full : below.name);
        json_string_field(pad, "backing-filename", below.name);
        free(full);
    }
    if (img_is_encrypted(image)) {
        printf("%s    \"encrypted\": true,\n", pad);
    }
    printf("%s    \"dirty-flag\": %s\n%s}", pad,
           on_off(q && q->header.incompatible & QCOW2_DIRTY), pad);
}

static void human_backed(struct block_image *image)
{
    struct backed below = backed_by(image);

    if (below.name) {
        char *full = block_backing_path(img_file(image)->path, below.name,
                                        NULL);
        printf("backing file: %s", below.name);
        if (!full) {
            printf(" (cannot determine actual path)");
        } else if (strcmp(full, below.name) != 0) {
            printf(" (actual path: %s)", full);
        }
        putchar('\n');
        free(full);
        if (below.format) {
            printf("backing file format: %s\n", below.format);
        }
    }
}

static void human_one(struct block_image *image)
{
    struct qcow2 *q = img_qcow2(image);
    struct vmdk_info info;
    char size[32], usage[32];
    uint64_t used;

    printf("image: %s\nfile format: %s\nvirtual size: %s (%llu bytes)\n"
           "disk size: %s\n", img_file(image)->path, image->ops->format,
           img_human(image->size, size, sizeof(size)),
           (unsigned long long)image->size,
           disk_usage(image, &used) ? img_human(used, usage, sizeof(usage))
                                    : "unavailable");
    if (img_is_encrypted(image)) {
        puts("encrypted: yes");
    }
    if (image->cluster_size) {
        printf("cluster_size: %llu\n",
               (unsigned long long)image->cluster_size);
    }
    if (q && q->header.incompatible & QCOW2_DIRTY) {
        puts("cleanly shut down: no");
    }
    human_backed(image);
    if (q && q->snapshot_count) {
        img_print_snapshots(q);
    }
    img_print_specific(image, false, "");
    if (vmdk_describe(image, &info)) {
        human_vmdk(image, &info);
    }
}

int img_info(struct img_args *args)
{
    bool chain = args->option[IMG_BACKING_CHAIN], bad;
    bool json = img_json(args, &bad);
    struct img_open how = {
        .file = args->word[0],
        .format = args->option['f'],
        .opts = args->option[IMG_IMAGE_OPTS],
        .share = args->option['U'],
        .no_backing = !chain,
        .checking = true,
    };
    struct block_image *image = img_open(&how);

    if (!image) {
        return 1;
    }
    if (json && chain) {
        puts("[");
    }
    for (struct block_image *i = image; i;) {
        struct block_image *below = chain ? backed_by(i).image : NULL;
        if (json) {
            json_one(i, chain ? "    " : "");
            puts(below ? "," : "");
        } else {
            human_one(i);
            fputs(below ? "\n" : "", stdout);
        }
        i = below;
    }
    if (json && chain) {
        puts("]");
    }
    block_image_close(image);
    return 0;
}
