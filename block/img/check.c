/* check: consistency, and repair. */
#include <stdio.h>
#include <string.h>

#include "block/img/img.h"

static void say(void *opaque, const char *sentence)
{
    (void)opaque;
    fprintf(stderr, "%s\n", sentence);
}

static void json_count(const char *name, uint64_t value, bool always)
{
    if (value || always) {
        printf("    \"%s\": %llu,\n", name, (unsigned long long)value);
    }
}

static void print_json(const struct qcow2_check *c,
                       const struct block_image *image,
                       uint64_t corruptions_fixed, uint64_t leaks_fixed)
{
    puts("{"); /* in QEMU's order */
    json_count("image-end-offset", c->image_end, false);
    json_count("compressed-clusters", c->compressed, false);
    json_count("total-clusters", c->total, false);
    json_count("corruptions", c->corruptions, false);
    json_count("corruptions-fixed", corruptions_fixed, false);
    json_count("check-errors", c->errors, true);
    json_count("leaks", c->leaks, false);
    json_count("leaks-fixed", leaks_fixed, false);
    json_count("allocated-clusters", c->allocated, false);
    printf("    \"filename\": ");
    img_json_string(image->file->path);
    printf(",\n    \"format\": \"%s\"", image->ops->format);
    if (c->fragmented) {
        printf(",\n    \"fragmented-clusters\": %llu",
               (unsigned long long)c->fragmented);
    }
    puts("\n}");
}

static void print_human(const struct qcow2_check *c)
{
    if (!(c->errors | c->corruptions | c->leaks)) {
        puts("No errors were found on the image.");
    } else {
        if (c->corruptions) {
            printf("\n%llu errors were found on the image.\n"
                   "Data may be corrupted, or further writes to the image "
                   "may corrupt it.\n", (unsigned long long)c->corruptions);
        }
        if (c->leaks) {
            printf("\n%llu leaked clusters were found on the image.\n"
                   "This means waste of disk space, but no harm to data.\n",
                   (unsigned long long)c->leaks);
        }
        if (c->errors) {
            printf("\n%llu internal errors have occurred during the check.\n",
                   (unsigned long long)c->errors);
        }
    }
    if (c->total && c->allocated) {
        printf("%llu/%llu = %0.2f%% allocated, %0.2f%% fragmented, %0.2f%% "
               "compressed clusters\n", (unsigned long long)c->allocated,
               (unsigned long long)c->total,
               (double)c->allocated * 100 / (double)c->total,
               (double)c->fragmented * 100 / (double)c->allocated,
               (double)c->compressed * 100 / (double)c->allocated);
    }
    if (c->image_end) {
        printf("Image end offset: %llu\n",
               (unsigned long long)c->image_end);
    }
}

static int run(struct img_args *args, struct qcow2 *q)
{
    const char *repair = args->option['r'];
    bool bad, json = img_json(args, &bad), quiet = args->option['q'];
    struct qcow2_check first = {.say = json || quiet ? NULL : say};
    struct qcow2_check result = {0};
    struct error *err = NULL;
    bool all = repair && strcmp(repair, "all") == 0;

    if (!qcow2_check(q, &first, &err)) {
        return img_fail_error(err);
    }
    result = first;
    bool dirty = q->header.incompatible & (QCOW2_DIRTY | QCOW2_CORRUPT);
    if (repair && ((all && (first.corruptions || dirty)) ||
                   (first.leaks && !first.corruptions))) {
        if (!qcow2_repair(q, &err)) {
            return img_fail_error(err);
        }
        memset(&result, 0, sizeof(result));
        if (!qcow2_check(q, &result, &err)) {
            return img_fail_error(err);
        }
    }
    uint64_t fixed = first.corruptions - result.corruptions;
    uint64_t freed = first.leaks > result.leaks ? first.leaks - result.leaks
                                                : 0;
    if (json) {
        print_json(&result, &q->image, fixed, freed);
    } else if (!quiet) {
        if (fixed || freed) {
            printf("The following inconsistencies were found and repaired:\n"
                   "\n    %llu leaked clusters\n    %llu corruptions\n\n"
                   "Double checking the fixed image now...\n",
                   (unsigned long long)freed, (unsigned long long)fixed);
        }
        print_human(&result);
    }
    return result.corruptions || result.errors ? 2 : result.leaks ? 3 : 0;
}

/* The other formats have no counts of references, and no repair. */
static int check_table(struct img_args *args, struct block_image *image)
{
    struct block_check check = {0};
    struct qcow2_check result = {0};
    bool bad, json = img_json(args, &bad);
    int error = image->ops->check(image, &check);

    if (error) {
        return img_fail_errno(error, "%s: cannot check", image->file->path);
    }
    if (args->option['r'] && check.corruptions) {
        return img_fail("%s: a %s image cannot be repaired; copy what can be "
                        "read with 'armature-img convert'",
                        image->file->path, image->ops->format);
    }
    result.corruptions = check.corruptions;
    if (json) {
        print_json(&result, image, 0, 0);
    } else if (!args->option['q']) {
        print_human(&result);
    }
    return result.corruptions ? 2 : 0;
}

int img_check(struct img_args *args)
{
    const char *repair = args->option['r'];
    struct img_open how = {
        .file = args->word[0],
        .format = args->option['f'],
        .cache = args->option['T'],
        .opts = args->option[IMG_IMAGE_OPTS],
        .writable = repair,
        .share = args->option['U'],
        .no_backing = true,
        .checking = true,
    };

    if (repair && strcmp(repair, "leaks") != 0 &&
        strcmp(repair, "all") != 0) {
        return img_fail("-r %s: there are leaks and all", repair);
    }
    struct block_image *image = img_open(&how);
    if (!image) {
        return 1;
    }
    if (!img_qcow2(image) && !image->ops->check) {
        img_fail("This image format does not support checks");
        block_image_close(image);
        return 63;
    }
    int status = img_qcow2(image) ? run(args, img_qcow2(image))
                                  : check_table(args, image);
    int closed = img_close(image);
    return status ? status : closed;
}
