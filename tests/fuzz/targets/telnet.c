/* The telnet protocol, in pieces of any size. */
#include <stdlib.h>

#include "tests/fuzz/targets/input.h"
#include "ui/chardev_telnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    struct telnet state = {0};
    unsigned breaks = 0;

    while (in_more(&in)) {
        size_t length = in_u8(&in), room = in_u8(&in), written;
        const uint8_t *bytes = in_bytes(&in, &length);
        uint8_t *copy = malloc(length ? length : 1);
        uint8_t *out = malloc(room ? room : 1);

        memcpy(copy, bytes, length);
        size_t left = telnet_input(&state, copy, length, &breaks);
        if (left > length) {
            abort();
        }
        size_t taken = telnet_output(copy, left, out, room, &written);
        if (taken > left || written > room) {
            abort();
        }
        free(copy);
        free(out);
    }
    return 0;
}
