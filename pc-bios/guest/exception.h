/* Exceptions taken to EL1. */
#ifndef PC_BIOS_GUEST_EXCEPTION_H
#define PC_BIOS_GUEST_EXCEPTION_H

#include <stdbool.h>
#include <stdint.h>

/* ORDER exception_frame: vectors.S stores it. */
struct exception_frame {
    uint64_t x[31];
    uint64_t elr;
    uint64_t spsr;
    uint64_t esr;
    uint64_t far;
    uint64_t sp_el0;
};

/* Exception classes, ESR_EL1.EC. */
enum {
    EC_UNKNOWN = 0x00,
    EC_SVC64 = 0x15,
    EC_FETCH_LOWER = 0x20,
    EC_FETCH = 0x21,
    EC_PC_ALIGNMENT = 0x22,
    EC_DATA_LOWER = 0x24,
    EC_DATA = 0x25,
    EC_BRK = 0x3c,
};

static inline unsigned exception_class(const struct exception_frame *frame)
{
    return (unsigned)(frame->esr >> 26) & 0x3f;
}

/* Called for every exception with its place in the vector table, 0 to 15. */
typedef void exception_function(struct exception_frame *frame,
                                unsigned vector);
void exception_set_handler(exception_function *handler);

/* The handler there is at first: interrupts go to the GIC, what
   exception_expect() announced is recorded, anything else ends the program. */
void exception_default(struct exception_frame *frame, unsigned vector);

/* On the boot CPU: let the next synchronous exception skip its instruction
   (return to the caller when the fetch itself failed) and keep its frame. */
void exception_expect(void);

/* The frame that came since, or NULL; expecting ends. */
const struct exception_frame *exception_caught(void);

/* Accesses that may fail: false when an exception came instead. */
bool exception_try_read32(uint64_t address, uint32_t *value);
bool exception_try_write32(uint64_t address, uint32_t value);

#endif
