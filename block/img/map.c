/* map: where things are. */
#include <stdio.h>
#include <string.h>

#include "block/img/img.h"

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

/* What of it is in [start, end), bytes. */
static struct entry cut(struct entry e, uint64_t start, uint64_t end)
{
    uint64_t skip = start - e.start;

    e.start = start;
    e.host += e.placed ? skip : 0;
    e.length -= skip;
    e.length = e.length < end - start ? e.length : end - start;
    return e;
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
    } else if (e->data && !e->zero) {
        printf("%#-16llx%#-16llx%#-16llx%s\n", (unsigned long long)e->start,
               (unsigned long long)e->length, (unsigned long long)e->host,
               e->file);
    }
    return true;
}

static int map(struct block_image *image, uint64_t start, uint64_t end,
               bool json)
{
    struct entry now = {.start = start};
    bool first = true;

    if (!json) {
        printf("%-16s%-16s%-16s%s\n", "Offset", "Length", "Mapped to",
               "File");
    }
    while (start < end) {
        uint64_t sector = align_down(start, BLOCK_SECTOR);
        struct img_extent e;
        int error = img_status(image, sector, image->size - sector, &e);
        if (error) {
            return img_fail_errno(error, "error while reading at byte %llu",
                                  (unsigned long long)start);
        }
        struct entry next = cut(entry_of(&e, sector), start, end);
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
    /* Of nothing QEMU, too, has an entry. */
    if ((now.length || json) && !print_entry(&now, json, &first)) {
        return 1;
    }
    if (json) {
        puts("]");
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
    uint64_t end = image->size;
    if (start < end && length < end - start) {
        end = start + length;
    }
    int status = map(image, start, end, json);
    block_image_close(image);
    return status;
}
