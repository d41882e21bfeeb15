/*
 * The parent of a differencing VHDX image: a locator (MS-VHDX 2.6.2.6) is a
 * list of keys and values, both UTF-16.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "block/vhdx.h"

#define LOCATOR_SIZE 20 /* bytes before its entries */
#define ENTRY_SIZE 12

enum {
    AT_COUNT = 18,   /* 16 bits */
    AT_KEY = 0,      /* from the locator's start */
    AT_VALUE = 4,
    AT_KEY_SIZE = 8,    /* 16 bits */
    AT_VALUE_SIZE = 10, /* 16 bits */
};

/* In the order in which names are tried; then what they must lead to. */
static const char *const keys[] = {
    "relative_path", "absolute_win32_path", "volume_path", "parent_linkage",
    "parent_linkage2",
};
#define NAMES 3

static void read_values(const uint8_t *l, size_t length,
                        char values[][SPARSE_NAME])
{
    uint64_t count = length < LOCATOR_SIZE ? 0 : vhdx_load(l, AT_COUNT, 2);

    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *e = l + LOCATOR_SIZE + i * ENTRY_SIZE;
        char key[SPARSE_NAME];
        if (LOCATOR_SIZE + (i + 1) * ENTRY_SIZE > length) {
            return;
        }
        uint64_t key_at = vhdx_load(e, AT_KEY, 4);
        uint64_t at = vhdx_load(e, AT_VALUE, 4);
        uint64_t key_size = vhdx_load(e, AT_KEY_SIZE, 2);
        uint64_t size = vhdx_load(e, AT_VALUE_SIZE, 2);
        if (key_at + key_size > length || at + size > length) {
            return;
        }
        sparse_utf16(l + key_at, key_size, false, key);
        for (unsigned k = 0; k < ARRAY_SIZE(keys); k++) {
            if (strcmp(key, keys[k]) == 0) {
                sparse_utf16(l + at, size, false, values[k]);
            }
        }
    }
}

/* "{rrrrrrrr-rrrr-rrrr-nnnn-nnnnnnnnnnnn}": r's bytes are reversed. */
static void guid_text(const uint8_t *g, char text[40])
{
    snprintf(text, 40, "{%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
             "%02x%02x%02x%02x%02x%02x}", g[3], g[2], g[1], g[0], g[5], g[4],
             g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14],
             g[15]);
}

bool vhdx_open_parent(struct sparse *s, const struct block_opening *how,
                      const uint8_t *locator, size_t length,
                      char chosen[SPARSE_NAME], struct error **err)
{
    char values[ARRAY_SIZE(keys)][SPARSE_NAME] = {{0}};
    char guid[40];

    read_values(locator, length, values);
    if (!sparse_open_parent(s, how, values, NAMES, "vhdx", chosen, err)) {
        return false;
    }
    if (!s->backing) {
        return true;
    }
    guid_text(vhdx_data_guid(s->backing), guid);
    if (strcasecmp(guid, values[NAMES]) == 0 ||
        strcasecmp(guid, values[NAMES + 1]) == 0) {
        return true;
    }
    error_set(err, "%s: its parent %s has been changed since (its data are "
              "%s and should be %s)", s->file->path, s->backing->file->path,
              guid, values[NAMES]);
    return false;
}
