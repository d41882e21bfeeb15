/*
 * The parents of Microsoft's differencing images, which name them as Windows
 * does.
 *
 * A name with a drive in it says nothing here; then its last part is looked
 * for beside the image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/sparse.h"

/* One character; returns the bytes. */
static unsigned utf8(uint32_t c, char *to)
{
    unsigned n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    if (n == 1) {
        to[0] = (char)c;
        return n;
    }
    for (unsigned i = n; --i > 0; c >>= 6) {
        to[i] = (char)(0x80 | (c & 0x3f));
    }
    to[0] = (char)(0xf00 >> n | c);
    return n;
}

void sparse_utf16(const uint8_t *from, size_t bytes, bool big,
                  char to[SPARSE_NAME])
{
    size_t used = 0;

    for (size_t i = 0; i + 2 <= bytes && used + 5 < SPARSE_NAME; i += 2) {
        uint32_t c = (uint32_t)sparse_load(from + i, 2, big);
        if (!c) {
            break;
        }
        if (c >> 10 == 0xd800 >> 10 && i + 4 <= bytes) {
            uint32_t low = (uint32_t)sparse_load(from + i + 2, 2, big);
            c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
            i += 2;
        }
        used += utf8(c, to + used);
    }
    to[used] = '\0';
}

/* As names are here: slashes, and no "./" before. */
static void turn(char *name)
{
    for (char *c = name; *c; c++) {
        *c = *c == '\\' ? '/' : *c;
    }
    while (name[0] == '.' && name[1] == '/') {
        memmove(name, name + 2, strlen(name + 2) + 1);
    }
}

static bool exists(const struct sparse *s, const char *name)
{
    char *path = name[0] ? block_backing_path(s->file->path, name, NULL)
                         : NULL;
    bool there = path && access(path, F_OK) == 0;

    free(path);
    return there;
}

bool sparse_open_parent(struct sparse *s, const struct block_opening *how,
                        char names[][SPARSE_NAME], unsigned count,
                        const char *format, char chosen[SPARSE_NAME],
                        struct error **err)
{
    const char *found = NULL, *any = NULL;

    for (unsigned i = 0; i < count; i++) {
        turn(names[i]);
        any = !any && names[i][0] ? names[i] : any;
    }
    for (unsigned i = 0; i < 2 * count && !found; i++) {
        const char *name = names[i % count], *slash = strrchr(name, '/');
        name = i >= count && slash ? slash + 1 : name;
        found = exists(s, name) ? name : NULL;
    }
    snprintf(chosen, SPARSE_NAME, "%s", found ? found : any ? any : "");
    s->image.backing_name = chosen;
    s->image.backing_format = format;
    if (!block_image_wants_backing(how, chosen)) {
        return true;
    }
    bool given = how->config->backing && how->config->backing->file;
    if (!any && !given) {
        error_set(err, "%s: only has what differs from another image, and "
                  "does not name that", s->file->path);
        return false;
    }
    if (!found && !given) {
        error_set(err, "%s: its parent '%s' does not exist; it must be there "
                  "or beside the image", s->file->path, any);
        return false;
    }
    s->backing = block_image_open_backing(how, s->file, found, format, err);
    return s->backing;
}
