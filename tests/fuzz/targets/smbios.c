/* SMBIOS tables of any strings and counts: they add up. */
#include "hw/misc/smbios.h"

#include <stdlib.h>

#include "tests/fuzz/targets/input.h"

#define MAX_STRINGS 12

/* Structures follow each other and end with type 127: SMBIOS 3.0, 6.1.2. */
static void walk(const struct bytes *tables)
{
    const uint8_t *at = tables->data, *end = at + tables->size;
    int type;

    do {
        if (end - at < 6 || at[1] < 4 || at[1] > end - at) {
            abort();
        }
        type = at[0];
        at += at[1];
        while (end - at >= 2 && (at[0] || at[1])) {
            at++;
        }
        at += 2;
    } while (type != 127);
    if (at != end) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    char *text = malloc(size + 1), *rest = text;
    const char *strings[MAX_STRINGS] = {NULL};
    unsigned count = 0;
    struct smbios_user user = {0};
    struct smbios_config config = {
        .user = &user,
        .maker = "maker",
        .product = "product",
        .version = "version",
        .sockets = in_u8(&in) + 1u,
        .cores = in_u16(&in) + 1u,
        .threads = in_u16(&in) + 1u,
        .ram_base = 0x40000000,
        .ram_size = in_u64(&in) & 0xfffffff000,
    };

    size_t length = in_left(&in);
    memcpy(text, in.at, length);
    text[length] = '\0';
    while (rest && count < MAX_STRINGS) {
        strings[count++] = strsep(&rest, "\n");
    }
    user.system.manufacturer = strings[0];
    user.board.given = count > 1;
    user.board.product = strings[1];
    user.bios.given = count > 2;
    user.bios.vendor = strings[2];
    user.processor.socket = strings[3];
    user.memory.place = strings[4];
    user.chassis.sku = strings[5];
    user.oem_strings = strings + 6;
    user.oem_string_count = count > 6 ? count - 6 : 0;
    struct bytes tables = {0}, anchor = {0};
    smbios_build(&tables, &anchor, &config);
    walk(&tables);
    bytes_free(&tables);
    bytes_free(&anchor);
    free(text);
    return 0;
}
