/*
 * Writing ACPI machine language (ACPI 6.0, chapter 20) front to back.
 *
 * Everything with a length is opened by an aml_begin_*(), which returns a
 * mark, and closed by aml_end() with that mark, innermost first.  A name,
 * an argument or an element of a package is whatever object is written next.
 */
#ifndef HW_CORE_AML_H
#define HW_CORE_AML_H

#include <stdbool.h>

#include "hw/core/bytes.h"

/* Opcodes of what is written without a function of its own. */
enum aml_op {
    AML_LOCAL0 = 0x60,
    AML_ARG0 = 0x68,
    AML_STORE = 0x70,  /* source, target */
    AML_AND = 0x7b,    /* a, b, target */
    AML_OR = 0x7d,     /* a, b, target */
    AML_NOTIFY = 0x86, /* object, value */
    AML_CREATE_DWORD_FIELD = 0x8a, /* buffer, byte index, new name */
    AML_LNOT = 0x92,
    AML_LEQUAL = 0x93, /* a, b */
    AML_ELSE = 0xa1,
    AML_RETURN = 0xa4, /* value */
};

#define AML_SERIALIZED (1u << 3)

struct aml_mark {
    size_t at;   /* where the length goes */
    bool buffer; /* which has a size of its own behind it */
};

struct aml_mark aml_begin_scope(struct bytes *b, const char *path);
struct aml_mark aml_begin_device(struct bytes *b, const char *name);
/* `arguments` may have AML_SERIALIZED added. */
struct aml_mark aml_begin_method(struct bytes *b, const char *name,
                                 unsigned arguments);
struct aml_mark aml_begin_package(struct bytes *b, unsigned elements);
struct aml_mark aml_begin_buffer(struct bytes *b);
struct aml_mark aml_begin_if(struct bytes *b); /* then the condition */
struct aml_mark aml_begin_else(struct bytes *b);
/* Resources follow; ends with aml_end_resources. */
struct aml_mark aml_begin_resources(struct bytes *b);

void aml_end(struct bytes *b, struct aml_mark mark);
void aml_end_resources(struct bytes *b, struct aml_mark mark);

void aml_op(struct bytes *b, enum aml_op op);
/* Name (NAME, ...): the object follows. */
void aml_name(struct bytes *b, const char *name);
/* A reference: up to two segments, "\\" in front for the root. */
void aml_path(struct bytes *b, const char *path);
void aml_integer(struct bytes *b, uint64_t value);
void aml_unicode(struct bytes *b, const char *text);
void aml_uuid(struct bytes *b, const char *uuid);  /* as ToUUID() does */

/* Shorthands: Name (NAME, value). */
void aml_name_integer(struct bytes *b, const char *name, uint64_t value);
void aml_name_string(struct bytes *b, const char *name, const char *text);

/* A register of 32 bits at `base`: the region it is alone in, its name. */
void aml_register(struct bytes *b, const char *region, uint32_t base,
                  const char *name);

/* Resource descriptors (ACPI 6.0, 6.4). */
void aml_memory32_fixed(struct bytes *b, uint32_t base, uint32_t size);
/* Active high, exclusive. */
enum aml_trigger { AML_LEVEL = 0, AML_EDGE = 1 };
void aml_interrupt(struct bytes *b, uint32_t intid, enum aml_trigger trigger);

/* Windows that a bridge passes on; `translation` is added going up. */
enum aml_window_type { AML_WINDOW_MEMORY, AML_WINDOW_IO, AML_WINDOW_BUS };
void aml_window16(struct bytes *b, enum aml_window_type type, uint16_t base,
                  uint32_t size);
void aml_window32(struct bytes *b, enum aml_window_type type, uint32_t base,
                  uint32_t size, uint32_t translation);
void aml_window64(struct bytes *b, enum aml_window_type type, uint64_t base,
                  uint64_t size);

#endif
