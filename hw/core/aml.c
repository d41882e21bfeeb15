#include "hw/core/aml.h"

#include <assert.h>
#include <string.h>

#include "util/bits.h"

/* Opcodes (table 20.2). */
enum {
    OP_ZERO = 0x00,
    OP_ONE = 0x01,
    OP_NAME = 0x08,
    OP_BYTE = 0x0a,
    OP_WORD = 0x0b,
    OP_DWORD = 0x0c,
    OP_STRING = 0x0d,
    OP_QWORD = 0x0e,
    OP_SCOPE = 0x10,
    OP_BUFFER = 0x11,
    OP_PACKAGE = 0x12,
    OP_METHOD = 0x14,
    OP_DUAL_NAME = 0x2e,
    OP_EXTENDED = 0x5b,
    OP_REGION = 0x80, /* extended */
    OP_FIELD = 0x81,  /* extended */
    OP_DEVICE = 0x82, /* extended */
    OP_IF = 0xa0,
};

#define SEGMENT 4 /* characters of a name, padded with '_' */

/* Names --------------------------------------------------------------- */

static void put_segment(struct bytes *b, const char *name, size_t length)
{
    assert(length >= 1 && length <= SEGMENT);
    bytes_put(b, name, length);
    bytes_put(b, "____", SEGMENT - length);
}

void aml_path(struct bytes *b, const char *path)
{
    if (*path == '\\') {
        bytes_u8(b, (uint8_t)*path++);
    }
    size_t first = strcspn(path, ".");
    if (path[first]) {
        bytes_u8(b, OP_DUAL_NAME);
        put_segment(b, path, first);
        path += first + 1;
        first = strlen(path);
    }
    put_segment(b, path, first);
}

void aml_name(struct bytes *b, const char *name)
{
    bytes_u8(b, OP_NAME);
    aml_path(b, name);
}

/* Lengths -------------------------------------------------------------- */

/*
 * PkgLength (20.2.4): counts itself; one byte up to 63, else the low four
 * bits and up to three more bytes.  Returns how many bytes.
 */
static unsigned encode_length(size_t body, uint8_t out[4])
{
    unsigned count = 1;

    if (body + 1 < 1 << 6) {
        out[0] = (uint8_t)(body + 1);
        return 1;
    }
    do {
        count++;
    } while ((body + count) >> (4 + 8 * (count - 1)));
    assert(count <= 4);
    size_t length = body + count;
    out[0] = (uint8_t)((count - 1) << 6 | (length & 0xf));
    for (unsigned i = 1; i < count; i++) {
        out[i] = (uint8_t)(length >> (4 + 8 * (i - 1)));
    }
    return count;
}

static struct aml_mark mark_here(struct bytes *b)
{
    return (struct aml_mark){b->size, false};
}

void aml_end(struct bytes *b, struct aml_mark mark)
{
    uint8_t length[4];

    if (mark.buffer) {
        struct bytes size = {0};
        aml_integer(&size, b->size - mark.at);
        memcpy(bytes_insert(b, mark.at, size.size), size.data, size.size);
        bytes_free(&size);
    }
    unsigned count = encode_length(b->size - mark.at, length);
    memcpy(bytes_insert(b, mark.at, count), length, count);
}

struct aml_mark aml_begin_scope(struct bytes *b, const char *path)
{
    bytes_u8(b, OP_SCOPE);
    struct aml_mark mark = mark_here(b);
    aml_path(b, path);
    return mark;
}

struct aml_mark aml_begin_device(struct bytes *b, const char *name)
{
    bytes_u8(b, OP_EXTENDED);
    bytes_u8(b, OP_DEVICE);
    struct aml_mark mark = mark_here(b);
    aml_path(b, name);
    return mark;
}

struct aml_mark aml_begin_method(struct bytes *b, const char *name,
                                 unsigned arguments)
{
    bytes_u8(b, OP_METHOD);
    struct aml_mark mark = mark_here(b);
    aml_path(b, name);
    bytes_u8(b, (uint8_t)arguments);
    return mark;
}

struct aml_mark aml_begin_package(struct bytes *b, unsigned elements)
{
    assert(elements <= UINT8_MAX);
    bytes_u8(b, OP_PACKAGE);
    struct aml_mark mark = mark_here(b);
    bytes_u8(b, (uint8_t)elements);
    return mark;
}

struct aml_mark aml_begin_buffer(struct bytes *b)
{
    bytes_u8(b, OP_BUFFER);
    return (struct aml_mark){b->size, true};
}

struct aml_mark aml_begin_if(struct bytes *b)
{
    bytes_u8(b, OP_IF);
    return mark_here(b);
}

struct aml_mark aml_begin_else(struct bytes *b)
{
    aml_op(b, AML_ELSE);
    return mark_here(b);
}

/* Objects -------------------------------------------------------------- */

void aml_op(struct bytes *b, enum aml_op op)
{
    bytes_u8(b, (uint8_t)op);
}

void aml_integer(struct bytes *b, uint64_t value)
{
    if (value <= 1) {
        bytes_u8(b, value ? OP_ONE : OP_ZERO);
    } else if (value <= UINT8_MAX) {
        bytes_u8(b, OP_BYTE);
        bytes_u8(b, (uint8_t)value);
    } else if (value <= UINT16_MAX) {
        bytes_u8(b, OP_WORD);
        bytes_u16(b, (uint16_t)value);
    } else if (value <= UINT32_MAX) {
        bytes_u8(b, OP_DWORD);
        bytes_u32(b, (uint32_t)value);
    } else {
        bytes_u8(b, OP_QWORD);
        bytes_u64(b, value);
    }
}

static void aml_string(struct bytes *b, const char *text)
{
    bytes_u8(b, OP_STRING);
    bytes_put(b, text, strlen(text) + 1);
}

void aml_unicode(struct bytes *b, const char *text)
{
    struct aml_mark buffer = aml_begin_buffer(b);

    do {
        bytes_u16(b, (uint8_t)*text);
    } while (*text++);
    aml_end(b, buffer);
}

static unsigned hex_digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

static uint8_t hex_byte(const char *text)
{
    return (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
}

/* The first three groups are little-endian numbers (19.6.142). */
void aml_uuid(struct bytes *b, const char *uuid)
{
    static const uint8_t order[16] = {6,  4,  2,  0,  11, 9,  16, 14,
                                      19, 21, 24, 26, 28, 30, 32, 34};
    struct aml_mark buffer = aml_begin_buffer(b);

    assert(strlen(uuid) == 36);
    for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
        bytes_u8(b, hex_byte(uuid + order[i]));
    }
    aml_end(b, buffer);
}

void aml_name_integer(struct bytes *b, const char *name, uint64_t value)
{
    aml_name(b, name);
    aml_integer(b, value);
}

void aml_name_string(struct bytes *b, const char *name, const char *text)
{
    aml_name(b, name);
    aml_string(b, text);
}

/* 20.2.5.2: a region of system memory, and the field it consists of. */
void aml_register(struct bytes *b, const char *region, uint32_t base,
                  const char *name)
{
    enum { SYSTEM_MEMORY = 0, DWORD_ACCESS = 3, WRITE_AS_ZEROS = 2 << 5 };

    bytes_u8(b, OP_EXTENDED);
    bytes_u8(b, OP_REGION);
    aml_path(b, region);
    bytes_u8(b, SYSTEM_MEMORY);
    aml_integer(b, base);
    aml_integer(b, 4);
    bytes_u8(b, OP_EXTENDED);
    bytes_u8(b, OP_FIELD);
    struct aml_mark field = mark_here(b);
    aml_path(b, region);
    bytes_u8(b, DWORD_ACCESS | WRITE_AS_ZEROS);
    aml_path(b, name);
    bytes_u8(b, 32);
    aml_end(b, field);
}

/* Resources ------------------------------------------------------------ */

/* Descriptor tags (tables 6-161 and 6-170). */
enum {
    TAG_END = 0x79,
    TAG_MEMORY32_FIXED = 0x86,
    TAG_DWORD_SPACE = 0x87,
    TAG_WORD_SPACE = 0x88,
    TAG_INTERRUPT = 0x89,
    TAG_QWORD_SPACE = 0x8a,
};

struct aml_mark aml_begin_resources(struct bytes *b)
{
    return aml_begin_buffer(b);
}

void aml_end_resources(struct bytes *b, struct aml_mark mark)
{
    bytes_u8(b, TAG_END);
    bytes_u8(b, 0); /* checksum: 0 is taken as right */
    aml_end(b, mark);
}

static void put_tag(struct bytes *b, uint8_t tag, uint16_t length)
{
    bytes_u8(b, tag);
    bytes_u16(b, length);
}

void aml_memory32_fixed(struct bytes *b, uint32_t base, uint32_t size)
{
    put_tag(b, TAG_MEMORY32_FIXED, 9);
    bytes_u8(b, 1); /* writable */
    bytes_u32(b, base);
    bytes_u32(b, size);
}

void aml_interrupt(struct bytes *b, uint32_t intid, enum aml_trigger trigger)
{
    put_tag(b, TAG_INTERRUPT, 6);
    bytes_u8(b, (uint8_t)(1 | trigger << 1)); /* consumer */
    bytes_u8(b, 1); /* of them */
    bytes_u32(b, intid);
}

/* Address space descriptors (6.4.3.5): what precedes the numbers. */
static void put_space(struct bytes *b, enum aml_window_type type)
{
    static const uint8_t specific[] = {
        [AML_WINDOW_MEMORY] = 1, /* writable, not cacheable */
        [AML_WINDOW_IO] = 3,     /* entire range */
        [AML_WINDOW_BUS] = 0,
    };

    bytes_u8(b, (uint8_t)type);
    bytes_u8(b, 1 << 2 | 1 << 3); /* produced; both ends fixed */
    bytes_u8(b, specific[type]);
}

void aml_window16(struct bytes *b, enum aml_window_type type, uint16_t base,
                  uint32_t size)
{
    put_tag(b, TAG_WORD_SPACE, 13);
    put_space(b, type);
    bytes_u16(b, 0); /* granularity */
    bytes_u16(b, base);
    bytes_u16(b, (uint16_t)(base + size - 1));
    bytes_u16(b, 0); /* translation */
    bytes_u16(b, (uint16_t)size);
}

void aml_window32(struct bytes *b, enum aml_window_type type, uint32_t base,
                  uint32_t size, uint32_t translation)
{
    put_tag(b, TAG_DWORD_SPACE, 23);
    put_space(b, type);
    bytes_u32(b, 0);
    bytes_u32(b, base);
    bytes_u32(b, base + size - 1);
    bytes_u32(b, translation);
    bytes_u32(b, size);
}

void aml_window64(struct bytes *b, enum aml_window_type type, uint64_t base,
                  uint64_t size)
{
    put_tag(b, TAG_QWORD_SPACE, 43);
    put_space(b, type);
    bytes_u64(b, 0);
    bytes_u64(b, base);
    bytes_u64(b, base + size - 1);
    bytes_u64(b, 0);
    bytes_u64(b, size);
}
