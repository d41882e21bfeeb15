/* Device registers; physical addresses are mapped one to one. */
#ifndef PC_BIOS_GUEST_IO_H
#define PC_BIOS_GUEST_IO_H

#include <stdint.h>

static inline uint32_t io_read32(uint64_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void io_write32(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

static inline uint64_t io_read64(uint64_t address)
{
    return *(volatile uint64_t *)address;
}

static inline void io_write64(uint64_t address, uint64_t value)
{
    *(volatile uint64_t *)address = value;
}

static inline void io_write8(uint64_t address, uint8_t value)
{
    *(volatile uint8_t *)address = value;
}

#endif
