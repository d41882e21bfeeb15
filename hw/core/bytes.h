/* A growing string of bytes, for tables built at start-up.  Little-endian;
 * running out of memory ends the program. */
#ifndef HW_CORE_BYTES_H
#define HW_CORE_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

void bytes_free(struct bytes *b);

/* Make room for `size` bytes at `at`, zeroed; returns them. */
uint8_t *bytes_insert(struct bytes *b, size_t at, size_t size);

void bytes_put(struct bytes *b, const void *data, size_t size);
void bytes_zero(struct bytes *b, size_t size);
void bytes_u8(struct bytes *b, uint8_t value);
void bytes_u16(struct bytes *b, uint16_t value);
void bytes_u32(struct bytes *b, uint32_t value);
void bytes_u64(struct bytes *b, uint64_t value);
/* Without the NUL. */
void bytes_text(struct bytes *b, const char *text);

/* Overwrite what was put at `at`. */
void bytes_set_u8(struct bytes *b, size_t at, uint8_t value);
void bytes_set_u16(struct bytes *b, size_t at, uint16_t value);
void bytes_set_u32(struct bytes *b, size_t at, uint32_t value);

#endif
