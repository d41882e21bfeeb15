/* create for the formats whose options are few: one row each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/formats.h"
#include "block/img/img.h"
#include "util/keyval.h"

/* -o's that more than one format has are one field of struct block_new. */
struct row {
    const char *name, *help;
    const char *const *subformats; /* or NULL */
    bool (*parse)(struct keyval *kv, struct block_new *how,
                  struct error **err);
    bool (*create)(const struct block_new *how, struct error **err);
    bool backs; /* a new one can have a backing file, of this format */
};

static bool parse_vdi(struct keyval *kv, struct block_new *how,
                      struct error **err)
{
    return keyval_bool(kv, "static", &how->is_static, err);
}

static bool parse_vpc(struct keyval *kv, struct block_new *how,
                      struct error **err)
{
    return keyval_bool(kv, "force_size", &how->force_size, err);
}

static bool parse_vmdk(struct keyval *kv, struct block_new *how,
                       struct error **err)
{
    how->adapter_type = keyval_get(kv, "adapter_type");
    how->hwversion = keyval_get(kv, "hwversion");
    how->toolsversion = keyval_get(kv, "toolsversion");
    return keyval_bool(kv, "compat6", &how->compat6, err) &&
           keyval_bool(kv, "zeroed_grain", &how->zeroed_grain, err);
}

static bool parse_vhdx(struct keyval *kv, struct block_new *how,
                       struct error **err)
{
    bool zero = true;
    bool good = keyval_size(kv, "block_size", 1, &how->block_size, err) &&
                keyval_size(kv, "log_size", 1, &how->log_size, err) &&
                keyval_bool(kv, "block_state_zero", &zero, err);

    how->block_state_not_present = !zero;
    return good;
}

static const struct row rows[] = {
    {"vdi",
     "  size=<size>            - Virtual disk size\n"
     "  static=<bool>          - Give every block its place now\n",
     NULL, parse_vdi, vdi_create, false},
    {"vpc",
     "  force_size=<bool>      - The exact size, not that of the geometry\n"
     "  size=<size>            - Virtual disk size\n"
     "  subformat=<str>        - dynamic (default) or fixed\n",
     vpc_subformats, parse_vpc, vpc_create, false},
    {"vmdk",
     "  adapter_type=<str>     - ide (default), lsilogic, buslogic, "
     "legacyESX\n"
     "  backing_file=<str>     - File name of the parent image\n"
     "  backing_fmt=<str>      - Its format: vmdk\n"
     "  compat6=<bool>         - Virtual hardware version 6, not 4\n"
     "  hwversion=<str>        - Virtual hardware version\n"
     "  size=<size>            - Virtual disk size\n"
     "  subformat=<str>        - monolithicSparse (default), "
     "monolithicFlat,\n"
     "                           twoGbMaxExtentSparse, twoGbMaxExtentFlat, "
     "streamOptimized\n"
     "  toolsversion=<str>     - Version of the guest's tools\n"
     "  zeroed_grain=<bool>    - Let an entry say that a grain is zero\n",
     vmdk_subformats, parse_vmdk, vmdk_create, true},
    {"vhdx",
     "  block_size=<size>      - 1M to 256M; 0: as the disk's size suggests\n"
     "  block_state_zero=<bool>\n"
     "                         - Say of new blocks that they are zero\n"
     "  log_size=<size>        - Log size, 1M to 64M\n"
     "  size=<size>            - Virtual disk size, up to 64T\n"
     "  subformat=<str>        - dynamic (default) or fixed\n",
     vhdx_subformats, parse_vhdx, vhdx_create, false},
};

static const struct row *find_row(const char *format)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(rows[i].name, format) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

bool img_is_table_format(const char *format)
{
    return find_row(format);
}

int img_no_format(const char *format)
{
    char names[128] = "";
    size_t used = 0;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        used += (size_t)snprintf(names + used, sizeof(names) - used, ", %s",
                                 rows[i].name);
    }
    return img_fail("%s: no such format to create; there are raw, qcow2, "
                    "luks%s", format, names);
}

bool img_table_help(const char *format)
{
    const struct row *row = find_row(format);

    if (row) {
        printf("Supported %s options:\n%s", format, row->help);
    }
    return row;
}

static bool parse(const struct row *row, struct keyval *kv,
                  struct block_new *new, bool *has_size, struct error **err)
{
    bool given = keyval_get(kv, "size");

    if (!keyval_size(kv, "size", 1, &new->size, err) ||
        (row->subformats && !keyval_enum(kv, "subformat", row->subformats,
                                         &new->subformat, err)) ||
        !row->parse(kv, new, err) || !keyval_check(kv, err)) {
        return false;
    }
    *has_size = *has_size || given;
    return true;
}

/* -b and -F, or -o's that say the same; the parent's size and CID. */
static bool find_parent(const struct row *row, struct img_create *how,
                        struct keyval *kv, struct block_new *new,
                        uint64_t *size, struct error **err)
{
    const char *format = how->backing_format;
    struct vmdk_info info = {0};

    new->backing = how->backing;
    if (row->backs && !new->backing) {
        new->backing = keyval_get(kv, "backing_file");
        format = keyval_get(kv, "backing_fmt");
    }
    if (!new->backing) {
        return true;
    }
    if (!row->backs) {
        error_set(err, "%s: a new %s image has no backing file; use -f qcow2 "
                  "or vmdk", how->file, row->name);
        return false;
    }
    if (!format || strcmp(format, row->name) != 0) {
        error_set(err, "%s: backing file %s: a vmdk image's is a vmdk image; "
                  "say so with -F vmdk", how->file, new->backing);
        return false;
    }
    char *path = block_backing_path(how->file, new->backing, err);
    struct img_open open = {.file = path, .format = format};
    struct block_image *parent = path ? img_open(&open) : NULL;
    if (parent) {
        vmdk_describe(parent, &info);
        new->parent_cid = info.cid;
        *size = parent->size;
        block_image_close(parent);
    } else if (path) {
        error_set(err, "%s: its backing file cannot be opened", how->file);
    }
    free(path);
    return parent;
}

int img_create_table(struct img_create *how)
{
    const struct row *row = find_row(how->format);
    struct block_new new = {.path = how->file};
    struct error *err = NULL;
    struct keyval *kv = keyval_parse(how->options ? how->options : "", NULL,
                                     &err);
    bool has_size = how->has_size;
    uint64_t parent_size = 0;
    int status = 1;

    if (!kv || !find_parent(row, how, kv, &new, &parent_size, &err) ||
        !parse(row, kv, &new, &has_size, &err)) {
        img_fail_error(err);
    } else if (!has_size && !new.backing) {
        img_fail("%s: an image needs a size", how->file);
    } else {
        new.size = align_up(how->has_size ? how->size
                            : has_size ? new.size : parent_size,
                            BLOCK_SECTOR);
        if (!how->quiet) {
            printf("Formatting '%s', fmt=%s size=%llu%s%s\n", how->file,
                   how->format, (unsigned long long)new.size,
                   row->subformats ? " subformat=" : "",
                   row->subformats ? row->subformats[new.subformat] : "");
        }
        status = row->create(&new, &err) ? 0 : img_fail_error(err);
    }
    keyval_free(kv);
    return status;
}
