#include "softmmu/dma.h"

#include <string.h>

#include "util/bits.h"

/* The RAM at `pa` and how much of `size` lies in it; NULL when none. */
static struct ram *span_at(struct dma *dma, uint64_t pa, uint64_t size,
                           uint64_t *offset, uint64_t *length)
{
    struct ram *ram = bus_ram(dma->bus, pa, 1, offset);

    if (ram) {
        uint64_t rest = ram->size - *offset;
        *length = size < rest ? size : rest;
    }
    return ram;
}

/*
 * Ring indices and flags that driver and device share are read and written
 * whole and in order: aligned 2, 4 and 8 bytes are one access, an acquire
 * or a release.
 */
static bool is_word(const void *guest, uint64_t size)
{
    return size <= 8 && is_power_of_2(size) && (uintptr_t)guest % size == 0;
}

static void copy_in(void *to, const uint8_t *guest, uint64_t size)
{
    if (!is_word(guest, size)) {
        memcpy(to, guest, size);
    } else if (size == 8) {
        uint64_t v = __atomic_load_n((const uint64_t *)guest,
                                     __ATOMIC_ACQUIRE);
        memcpy(to, &v, 8);
    } else if (size == 4) {
        uint32_t v = __atomic_load_n((const uint32_t *)guest,
                                     __ATOMIC_ACQUIRE);
        memcpy(to, &v, 4);
    } else if (size == 2) {
        uint16_t v = __atomic_load_n((const uint16_t *)guest,
                                     __ATOMIC_ACQUIRE);
        memcpy(to, &v, 2);
    } else {
        *(uint8_t *)to = __atomic_load_n(guest, __ATOMIC_ACQUIRE);
    }
}

static void copy_out(uint8_t *guest, const void *from, uint64_t size)
{
    uint64_t v = 0;

    if (!is_word(guest, size)) {
        memcpy(guest, from, size);
        return;
    }
    memcpy(&v, from, size);
    if (size == 8) {
        __atomic_store_n((uint64_t *)guest, v, __ATOMIC_RELEASE);
    } else if (size == 4) {
        __atomic_store_n((uint32_t *)guest, (uint32_t)v, __ATOMIC_RELEASE);
    } else if (size == 2) {
        __atomic_store_n((uint16_t *)guest, (uint16_t)v, __ATOMIC_RELEASE);
    } else {
        __atomic_store_n(guest, (uint8_t)v, __ATOMIC_RELEASE);
    }
}

bool dma_read(struct dma *dma, uint64_t pa, void *buffer, uint64_t size)
{
    uint8_t *to = buffer;

    while (size) {
        uint64_t offset, length;
        struct ram *ram = span_at(dma, pa, size, &offset, &length);
        if (!ram) {
            return false;
        }
        copy_in(to, ram->host + offset, length);
        to += length;
        pa += length;
        size -= length;
    }
    return true;
}

/* Drop what was translated from the pages of [offset, offset+length). */
static void drop_code(struct dma *dma, struct ram *ram, uint64_t offset,
                      uint64_t length)
{
    uint64_t last = (offset + length - 1) >> RAM_PAGE_BITS;

    for (uint64_t page = offset >> RAM_PAGE_BITS; page <= last; page++) {
        if (__atomic_load_n(&ram->flags[page], __ATOMIC_RELAXED) &
            RAM_PAGE_CODE) {
            if (dma->code_written) {
                dma->code_written(dma->opaque, ram->base + offset, length);
            }
            return;
        }
    }
}

static void set_dirty(struct ram *ram, uint64_t offset, uint64_t length)
{
    uint64_t last = (offset + length - 1) >> RAM_PAGE_BITS;

    for (uint64_t page = offset >> RAM_PAGE_BITS; page <= last; page++) {
        uint8_t *flags = &ram->flags[page];
        if (!(__atomic_load_n(flags, __ATOMIC_RELAXED) & RAM_PAGE_DIRTY)) {
            __atomic_fetch_or(flags, RAM_PAGE_DIRTY, __ATOMIC_RELAXED);
        }
    }
}

/*
 * Write the part of [pa, pa+size) that lies in one RAM range: `data`, or
 * `value` repeated when data is NULL.  Returns its length, 0 for no RAM.
 */
static uint64_t write_span(struct dma *dma, uint64_t pa, const void *data,
                           uint8_t value, uint64_t size)
{
    uint64_t offset, length;
    struct ram *ram = span_at(dma, pa, size, &offset, &length);

    if (!ram || ram->readonly) {
        return 0;
    }
    set_dirty(ram, offset, length);
    drop_code(dma, ram, offset, length);
    if (data) {
        copy_out(ram->host + offset, data, length);
    } else {
        memset(ram->host + offset, value, length);
    }
    /* A vCPU may have translated the old bytes in between. */
    drop_code(dma, ram, offset, length);
    return length;
}

bool dma_write(struct dma *dma, uint64_t pa, const void *buffer,
               uint64_t size)
{
    const uint8_t *from = buffer;

    while (size) {
        uint64_t length = write_span(dma, pa, from, 0, size);
        if (!length) {
            return false;
        }
        from += length;
        pa += length;
        size -= length;
    }
    return true;
}

bool dma_fill(struct dma *dma, uint64_t pa, uint8_t value, uint64_t size)
{
    while (size) {
        uint64_t length = write_span(dma, pa, NULL, value, size);
        if (!length) {
            return false;
        }
        pa += length;
        size -= length;
    }
    return true;
}

void dma_written(struct dma *dma, uint64_t pa, uint64_t size)
{
    uint64_t offset;
    struct ram *ram = bus_ram(dma->bus, pa, size, &offset);

    if (ram && size) {
        set_dirty(ram, offset, size);
        drop_code(dma, ram, offset, size);
    }
}
