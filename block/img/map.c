/* map and measure: where things are, and how much there would be. */
#include <stdio.h>
#include <string.h>

#include "block/img/img.h"
#include "util/keyval.h"

struct entry {
    uint64_t start, length, host;
    unsigned depth;
    bool present, zero, data, placed;
    const char *file;
};

static struct entry entry_of(const struct img_extent *e, uint64_t start)
{
    const struct block_extent *at = &e->at;

    return (struct entry){
        .start = start,
        .length = at->length,
        .host = at->host,
        .depth = e->depth,
        .present = at->kind != BLOCK_EXTENT_ABSENT,
        .zero = at->kind != BLOCK_EXTENT_DATA || at->hole,
        .data = at->kind == BLOCK_EXTENT_DATA,
        .placed = at->host || at->placed,
        .file = at->file->path,
    };
}

static bool joins(const struct entry *a, const struct entry *b)
{
    return a->length && a->present == b->present && a->zero == b->zero &&
           a->data == b->data && a->placed == b->placed &&
           a->depth == b->depth &&
           (!a->placed || (a->file == b->file &&
                           a->host + a->length == b->host));
}

static bool print_entry(const struct entry *e, bool json, bool *first)
{
    if (json) {
        printf("%s{ \"start\": %llu, \"length\": %llu, \"depth\": %u, "
               "\"present\": %s, \"zero\": %s, \"data\": %s",
               *first ? "[" : ",\n", (unsigned long long)e->start,
               (unsigned long long)e->length, e->depth,
               e->present ? "true" : "false", e->zero ? "true" : "false",
               e->data ? "true" : "false");
        if (e->placed) {
            printf(", \"offset\": %llu", (unsigned long long)e->host);
        }
        putchar('}');
        *first = false;
    } else if (e->data && !e->placed) {
        img_fail("File contains external, encrypted or compressed clusters.");
        return false;
    } else if (e->data) {
        printf("%#-16llx%#-16llx%#-16llx%s\n", (unsigned long long)e->start,
               (unsigned long long)e->length, (unsigned long long)e->host,
               e->file);
    }
    return true;
}

static int map(struct block_image *image, uint64_t start, uint64_t end,
               bool json)
{
    struct entry now = {0};
    bool first = true;

    if (!json) {
        printf("%-16s%-16s%-16s%s\n", "Offset", "Length", "Mapped to",
               "File");
    }
    while (start < end) {
        struct img_extent e;
        int error = img_status(image, start, end - start, &e);
        if (error) {
            return img_fail_errno(error, "error while reading at byte %llu",
                                  (unsigned long long)start);
        }
        struct entry next = entry_of(&e, start);
        start += next.length;
        if (joins(&now, &next)) {
            now.length += next.length;
            continue;
        }
        if (now.length && !print_entry(&now, json, &first)) {
            return 1;
        }
        now = next;
    }
    if (now.length && !print_entry(&now, json, &first)) {
        return 1;
    }
    if (json) {
        puts(first ? "[]" : "]");
    }
    return 0;
}

int img_map(struct img_args *args)
{
    uint64_t start = 0, length = UINT64_MAX;
    const char *from = args->option[IMG_START_OFFSET];
    const char *most = args->option[IMG_MAX_LENGTH];
    bool bad, json = img_json(args, &bad);

    from = from ? from : args->option['s'];
    most = most ? most : args->option['l'];
    if ((from && !img_size(from, "--start-offset", &start)) ||
        (most && !img_size(most, "--max-length", &length))) {
        return 1;
    }
    struct block_image *image = img_open_args(args, false);
    if (!image) {
        return 1;
    }
    start = align_down(start, BLOCK_SECTOR);
    uint64_t end = image->size;
    if (start < end && length < end - start) {
        end = start + align_up(length, BLOCK_SECTOR);
    }
    int status = map(image, start, end, json);
    block_image_close(image);
    return status;
}

/* measure --------------------------------------------------------------- */

/* Bytes of clusters that have data. */
static bool count_data(struct block_image *image, uint64_t cluster,
                       uint64_t *data)
{
    uint64_t counted = 0; /* up to here */

    for (uint64_t at = 0; at < image->size;) {
        struct img_extent e;
        int error = img_status(image, at, image->size - at, &e);
        if (error) {
            img_fail_errno(error, "error while reading at byte %llu",
                           (unsigned long long)at);
            return false;
        }
        uint64_t end = at + e.at.length;
        if (e.at.kind == BLOCK_EXTENT_DATA) {
            uint64_t first = align_down(at, cluster);
            uint64_t last = align_up(end, cluster);
            first = first > counted ? first : counted;
            *data += last > first ? last - first : 0;
            counted = last;
        }
        at = end;
    }
    return true;
}

int img_measure(struct img_args *args)
{
    const char *format = args->option['O'] ? args->option['O'] : "raw";
    const char *given = args->option[IMG_SIZE];
    struct qcow2_options o = qcow2_defaults;
    bool bad, json = img_json(args, &bad);
    bool qcow2 = strcmp(format, "qcow2") == 0;
    uint64_t data = 0;

    if (!given == !args->words) {
        return img_fail("measure: either --size N or one file name");
    }
    if (args->option['l']) {
        return img_fail("measure: -l is not supported");
    }
    if (!qcow2 && strcmp(format, "raw") != 0) {
        return img_fail("-O %s: no such format to create; there are raw and "
                        "qcow2", format);
    }
    if ((given && !img_size(given, "--size", &o.size)) ||
        (qcow2 && !img_qcow2_options(args->option['o'], &o))) {
        return 1;
    }
    if (!given) {
        struct block_image *image = img_open_args(args, false);
        if (!image) {
            return 1;
        }
        o.size = image->size;
        bool good = count_data(image, o.cluster_size, &data);
        block_image_close(image);
        if (!good) {
            return 1;
        }
    }
    /* Refcounts are there for all that may come. */
    unsigned long long full = qcow2 ? qcow2_measure(&o) : o.size;
    unsigned long long required =
        qcow2 ? full - align_up(o.size, o.cluster_size) + data : o.size;
    printf(json ? "{\n    \"required\": %llu,\n    \"fully-allocated\": "
                  "%llu\n}\n"
                : "required size: %llu\nfully allocated size: %llu\n",
           required, full);
    return 0;
}
