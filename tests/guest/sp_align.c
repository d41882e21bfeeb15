/*
 * Alignment of the stack pointer (Arm ARM D1.8.2): SCTLR_EL1.SA and SA0,
 * what checks it and what does not, every way in which SP becomes misaligned.
 * QEMU does not check.
 *
 * armature: -M virt -cpu cortex-a72
 * armature: -M virt -cpu max
 * armature: -M virt -cpu cortex-a53 -accel interp
 * armature: -M virt -cpu cortex-a53 -accel jit,one-insn-per-tb=on
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define USER 0x5500000000ull
#define SCTLR_SA (1ull << 3)
#define SCTLR_SA0 (1ull << 4)
#define MISALIGNED ESR(0x26, 0)

static struct space space;
static uint64_t data[64] __attribute__((aligned(64)));
static uint32_t user[2048] __attribute__((aligned(8192)));

static uint64_t caught;

/* Of EL1 with SP_EL0: note ESR and go on behind the instruction. */
static void on_exception(struct exception_frame *frame, unsigned vector)
{
    if (vector != 0) {
        exception_default(frame, vector);
        return;
    }
    caught = frame->esr;
    frame->elr += 4;
}

static void set_sctlr(uint64_t clear, uint64_t set)
{
    sysreg_write(sctlr_el1, (sysreg_read(sctlr_el1) & ~clear) | set);
    barrier_isb();
}

/* Instructions with SP_EL0 at EL1: x0 is SP at first, aligned or not. */
#define TRY(text, sp, esr) \
    ({ \
        caught = NO_FAULT; \
        exception_set_handler(on_exception); \
        __asm__ volatile("mov x0, %0\n" \
                         "mov x3, sp\n" \
                         "adr x4, 9f\n" \
                         "msr spsel, #0\n" \
                         "mov sp, x0\n" \
                         text "\n" \
                         "9: msr spsel, #1\n" \
                         ::"r"((uint64_t)(sp)) \
                         : "x0", "x1", "x2", "x3", "x4", "x5", "memory"); \
        exception_set_handler(exception_default); \
        test_equal(text, *(volatile uint64_t *)&caught, esr); \
    })

static void test_accesses(uint64_t sp, uint64_t esr)
{
    TRY("ldr x1, [sp]", sp, esr);
    TRY("str x1, [sp, #8]", sp, esr);
    TRY("ldrb w1, [sp, #1]", sp, esr);
    TRY("ldr x1, [sp], #16", sp, esr);
    TRY("stp x1, x2, [sp, #-16]!", sp, esr);
    TRY("mov x5, #0; ldr x1, [sp, x5, lsl #3]", sp, esr);
    TRY("ldr q0, [sp, #16]", sp, esr);
    TRY("ld1 {v0.8b}, [sp]", sp, esr);
    TRY("ldxr x1, [sp]", sp, esr);
    TRY("stlr x1, [sp]", sp, esr);
}

static void test_others(uint64_t sp)
{
    TRY("mov x1, sp", sp, NO_FAULT);
    TRY("add sp, sp, #3", sp, NO_FAULT);
    TRY("mov x1, sp; ldr x1, [x1]", sp, NO_FAULT);
    TRY("prfm pldl1keep, [sp]", sp, NO_FAULT);
    TRY("prfm pldl1keep, [sp, #8]", sp, NO_FAULT);
    TRY("prfum pldl1keep, [sp, #3]", sp, NO_FAULT);
    TRY("ldr x1, 9f", sp, NO_FAULT);
    TRY(".inst 0xd8ffffe0", sp, NO_FAULT); /* prfm, of a literal */
    TRY(".inst 0xb8c003e1 | 1 << 30", sp, ESR(0, 0)); /* unallocated */
}

/* How it becomes what it is, within a unit and between two. */
static void test_changes(void)
{
    TRY("sub sp, sp, #8; ldr x1, [sp]", data, MISALIGNED);
    TRY("sub sp, sp, #16; ldr x1, [sp, #16]", data + 8, NO_FAULT);
    TRY("add sp, sp, #8; add sp, sp, #8; ldr x1, [sp]", data, NO_FAULT);
    TRY("add sp, sp, #1; sub sp, sp, #1; ldr x1, [sp]", data, NO_FAULT);
    TRY("mov x1, #24; add sp, sp, x1; ldr x1, [sp]", data, MISALIGNED);
    TRY("mov x1, #32; add sp, sp, x1; ldr x1, [sp]", data, NO_FAULT);
    TRY("and sp, x0, #~15; ldr x1, [sp]", data + 1, NO_FAULT);
    TRY("and sp, x0, #~7; ldr x1, [sp]", data + 1, MISALIGNED);
    TRY("ldr x1, [sp], #8; b 1f; 1: ldr x1, [sp]", data, MISALIGNED);
    TRY("str x1, [sp, #-8]!; str x1, [sp, #-8]!", data + 8, MISALIGNED);
    TRY("str x1, [sp, #-8]!; sub sp, sp, #8; ldr x1, [sp]", data + 8,
        NO_FAULT);
    TRY("mov x5, #100; 1: ldr x1, [sp]; subs x5, x5, #1; b.ne 1b; "
        "add sp, sp, #4; ldr x1, [sp]",
        data, MISALIGNED);
}

static const struct exception_frame *at_el0(uint32_t first, uint32_t second,
                                            uint64_t sp)
{
    user[0] = 0x9100001f; /* mov sp, x0 */
    user[1] = first;
    user[2] = second;
    user[3] = 0xd4000001; /* svc #0 */
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
                     ::"r"(user) : "memory");
    return el0_run(USER, sp, 0);
}

static void test_el0(uint64_t esr)
{
    const uint32_t load = 0xf94003e1, nop = 0xd503201f;
    const struct exception_frame *f;

    test_equal("load by an aligned one", esr_of(at_el0(load, nop,
               USER + 4096)), ESR(0x15, 0));
    f = at_el0(nop, load, USER + 4096 + 8);
    test_equal("load by a misaligned one", esr_of(f), esr);
    if (esr == MISALIGNED) {
        test_equal("its ELR", f->elr, USER + 8);
    }
    test_equal("its SP", f->sp_el0, USER + 4096 + 8);
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    *tables_entry(&space, USER, 3) = (uint64_t)user | D_PAGE | D_NORMAL |
                                     D_SHARED | D_AF | D_EL0 | D_PXN;
    *tables_entry(&space, USER + 4096, 3) =
        ((uint64_t)user + 4096) | D_PAGE | D_NORMAL | D_SHARED | D_AF |
        D_EL0 | D_PXN;
    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
    test_part("SA, aligned");
    set_sctlr(0, SCTLR_SA | SCTLR_SA0);
    test_accesses((uint64_t)data, NO_FAULT);
    test_part("SA, misaligned");
    test_accesses((uint64_t)data + 1, MISALIGNED);
    test_accesses((uint64_t)data + 8, MISALIGNED);
    test_others((uint64_t)data + 8);
    test_changes();
    test_part("EL0, SA0");
    test_el0(MISALIGNED);
    set_sctlr(SCTLR_SA0, 0);
    test_part("EL0, not SA0");
    test_el0(ESR(0x15, 0));
    test_part("not SA");
    set_sctlr(SCTLR_SA, 0);
    TRY("ldr x1, [sp]", data + 1, NO_FAULT);
    TRY("sub sp, sp, #8; ldr x1, [sp]", data + 1, NO_FAULT);
    TRY("stp x1, x2, [sp, #-16]!", data + 9, NO_FAULT);
}
