#include "hw/core/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void bytes_free(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

uint8_t *bytes_insert(struct bytes *b, size_t at, size_t size)
{
    assert(at <= b->size);
    if (b->size + size > b->capacity) {
        b->capacity = 2 * (b->size + size);
        b->data = realloc(b->data, b->capacity);
        assert(b->data);
    }
    uint8_t *place = b->data + at;
    memmove(place + size, place, b->size - at);
    memset(place, 0, size);
    b->size += size;
    return place;
}

void bytes_put(struct bytes *b, const void *data, size_t size)
{
    if (size) {
        memcpy(bytes_insert(b, b->size, size), data, size);
    }
}

void bytes_zero(struct bytes *b, size_t size)
{
    bytes_insert(b, b->size, size);
}

static void store(uint8_t *to, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        to[i] = (uint8_t)(value >> 8 * i);
    }
}

void bytes_u8(struct bytes *b, uint8_t value)
{
    store(bytes_insert(b, b->size, 1), value, 1);
}

void bytes_u16(struct bytes *b, uint16_t value)
{
    store(bytes_insert(b, b->size, 2), value, 2);
}

void bytes_u32(struct bytes *b, uint32_t value)
{
    store(bytes_insert(b, b->size, 4), value, 4);
}

void bytes_u64(struct bytes *b, uint64_t value)
{
    store(bytes_insert(b, b->size, 8), value, 8);
}

void bytes_text(struct bytes *b, const char *text)
{
    bytes_put(b, text, strlen(text));
}

void bytes_set_u8(struct bytes *b, size_t at, uint8_t value)
{
    assert(at < b->size);
    store(b->data + at, value, 1);
}

void bytes_set_u16(struct bytes *b, size_t at, uint16_t value)
{
    assert(at + 2 <= b->size);
    store(b->data + at, value, 2);
}

void bytes_set_u32(struct bytes *b, size_t at, uint32_t value)
{
    assert(at + 4 <= b->size);
    store(b->data + at, value, 4);
}
