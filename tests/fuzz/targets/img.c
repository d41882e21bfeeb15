/* The image tool on somebody else's image: info, check and repair, map,
 * measure, snapshots, resizing, bitmaps, amend.  The first byte says what. */
#include "block/img/img.h"

#include <stdlib.h>

#include "tests/fuzz/shared/file.h"
#include "tests/fuzz/targets/input.h"

static const struct command {
    int (*run)(struct img_args *args);
    int option;
    const char *value;
    const char *second; /* word, or NULL */
    int more;           /* another option, or 0 */
    const char *of_more;
} commands[] = {
    {img_info, 0, NULL, NULL, 0, NULL},
    {img_info, IMG_OUTPUT, "json", NULL, 0, NULL},
    {img_check, 0, NULL, NULL, 0, NULL},
    {img_check, IMG_OUTPUT, "json", NULL, 0, NULL},
    {img_check, 'r', "leaks", NULL, 0, NULL},
    {img_check, 'r', "all", NULL, 0, NULL},
    {img_map, 0, NULL, NULL, 0, NULL},
    {img_map, IMG_OUTPUT, "json", NULL, 0, NULL},
    {img_measure, 'O', "qcow2", NULL, 0, NULL},
    {img_snapshot, 'l', "", NULL, 0, NULL},
    {img_snapshot, 'c', "new", NULL, 0, NULL},
    {img_snapshot, 'a', "1", NULL, 0, NULL},
    {img_snapshot, 'd', "1", NULL, 0, NULL},
    {img_resize, 0, NULL, "+64K", 0, NULL},
    {img_resize, IMG_SHRINK, "", "-64K", 0, NULL},
    {img_info, IMG_BACKING_CHAIN, "", NULL, 0, NULL},
    {img_rebase, 'u', "", NULL, 'b', ""},
    {img_rebase, 'u', "", NULL, 'b', "another"},
    {img_measure, 'O', "raw", NULL, 'l', "1"},
    {img_map, IMG_OUTPUT, "json", NULL, 'l', "1"},
    {img_amend, 'o', "compat=0.10", NULL, 0, NULL},
    {img_amend, 'o', "refcount_bits=64,compat=1.1", NULL, 0, NULL},
    {img_bitmap, IMG_ADD, "", "new", 0, NULL},
    {img_bitmap, IMG_REMOVE, "", "b", 0, NULL},
    {img_bitmap, IMG_CLEAR, "", "b", 0, NULL},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool inside;
    struct input in = {data, data + size};
    const struct command *c = &commands[in_u8(&in) % ARRAY_SIZE(commands)];
    char *words[] = {(char *)file_with(0, in.at, in_left(&in)),
                     (char *)c->second, NULL};
    struct img_args args = {.word = words, .words = c->second ? 2 : 1};

    if (!inside) {
        file_enter_sandbox();
        inside = true;
    }
    if (c->option) {
        args.option[c->option] = c->value;
    }
    if (c->option >= IMG_ADD && c->option <= IMG_MERGE) {
        args.order[0] = c->option;
    }
    if (c->more) {
        args.option[c->more] = c->of_more;
    }
    c->run(&args);
    return 0;
}
