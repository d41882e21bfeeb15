#include "pc-bios/guest/exception.h"

#include <stddef.h>

#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/print.h"
#include "pc-bios/guest/psci.h"
#include "pc-bios/guest/sysreg.h"

static exception_function *current_handler = exception_default;
static struct exception_frame caught;
static volatile bool expecting, have;

/* From vectors.S. */
void exception_entry(struct exception_frame *frame, unsigned vector);
void exception_entry(struct exception_frame *frame, unsigned vector)
{
    current_handler(frame, vector);
}

void exception_set_handler(exception_function *handler)
{
    current_handler = handler;
}

static void give_up(const struct exception_frame *frame, unsigned vector)
{
    print("\nUnexpected exception on CPU %u, vector %u\n", cpu_number(),
          vector);
    print("ELR %016lx SPSR %08lx ESR %08lx FAR %016lx\n", frame->elr,
          frame->spsr, frame->esr, frame->far);
    for (unsigned i = 0; i < 31; i++) {
        print("x%-2u %016lx%c", i, frame->x[i], i % 4 == 3 ? '\n' : ' ');
    }
    print("\n");
    psci_power_off();
}

void exception_default(struct exception_frame *frame, unsigned vector)
{
    unsigned class = exception_class(frame);

    if (vector % 4 == 1) {
        gic_interrupt();
    } else if (vector == 4 && expecting && cpu_number() == 0) {
        caught = *frame;
        expecting = false;
        have = true;
        if (class == EC_FETCH || class == EC_PC_ALIGNMENT) {
            frame->elr = frame->x[30];
        } else if (class != EC_SVC64) {
            frame->elr += 4;
        }
    } else {
        give_up(frame, vector);
    }
}

void exception_expect(void)
{
    have = false;
    expecting = true;
}

const struct exception_frame *exception_caught(void)
{
    expecting = false;
    return have ? &caught : NULL;
}

bool exception_try_read32(uint64_t address, uint32_t *value)
{
    uint64_t v = 0;

    exception_expect();
    __asm__ volatile("ldr %w0, [%1]" : "+r"(v) : "r"(address) : "memory");
    *value = (uint32_t)v;
    return !exception_caught();
}

bool exception_try_write32(uint64_t address, uint32_t value)
{
    exception_expect();
    __asm__ volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
    return !exception_caught();
}
