/*
 * Exceptions: where they go, what ESR, FAR, ELR and SPSR hold, what EL0 may
 * not do.  The MMU is on, as alignment faults of normal memory need it.
 *
 * run: -M virt -cpu cortex-a53
 * run: -M virt,gic-version=3 -cpu cortex-a72
 * run: -M virt -cpu max
 * run: -M virt -cpu neoverse-n1
 * run: -M virt -cpu cortex-a35
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define SCTLR_A (1ull << 1)
#define SCTLR_UMA (1ull << 9)
#define SCTLR_DZE (1ull << 14)
#define SCTLR_UCT (1ull << 15)
#define SCTLR_NTWI (1ull << 16)
#define SCTLR_NTWE (1ull << 18)
#define SCTLR_UCI (1ull << 26)
#define CPACR_FPEN (3ull << 20)
#define USER 0x5500000000ull

enum {
    CLASS_UNKNOWN = 0x00,
    CLASS_WFX = 0x01,
    CLASS_FP = 0x07,
    CLASS_ILLEGAL = 0x0e,
    CLASS_SYSTEM = 0x18,
};
enum { ALIGNMENT = 0x21, WRITE = 0x40 };

static struct space space;
static uint64_t data[8] __attribute__((aligned(64)));
static uint32_t user[1024] __attribute__((aligned(4096)));
static uint64_t user_data[512] __attribute__((aligned(4096)));

static void set(uint64_t clear, uint64_t bits)
{
    sysreg_write(sctlr_el1, (sysreg_read(sctlr_el1) & ~clear) | bits);
    barrier_isb();
}

/* One instruction with x0 = data, what it gives and that ELR is right. */
#define TRY(what, text, esr, skip) \
    ({ \
        uint64_t at_; \
        const struct exception_frame *f_; \
        exception_expect(); \
        __asm__ volatile("mov x0, %1\n" \
                         "adr %0, 9f\n" \
                         "9: " text \
                         : "=&r"(at_) \
                         : "r"(data) \
                         : "x0", "x1", "x2", "memory"); \
        f_ = exception_caught(); \
        test_equal(what, esr_of(f_), esr); \
        if (f_) { \
            test_equal("  its ELR", f_->elr - at_, skip); \
        } \
    })

static void test_calls(void)
{
    test_part("calls");
    TRY("svc #0", "svc #0", ESR(EC_SVC64, 0), 4);
    TRY("svc #0xffff", "svc #0xffff", ESR(EC_SVC64, 0xffff), 4);
    TRY("brk #0", "brk #0", ESR(EC_BRK, 0), 0);
    TRY("brk #0x1234", "brk #0x1234", ESR(EC_BRK, 0x1234), 0);
    TRY("udf", ".inst 0", ESR(CLASS_UNKNOWN, 0), 0);
    TRY("unallocated", ".inst 0x60000000", ESR(CLASS_UNKNOWN, 0), 0);
    TRY("eret of EL2 state", "mrs x1, hcr_el2", ESR(CLASS_UNKNOWN, 0), 0);
    TRY("no such register", "mrs x1, s3_0_c13_c5_7", ESR(CLASS_UNKNOWN, 0),
        0);
    TRY("write of a read-only register", "msr s3_0_c0_c0_0, x1",
        ESR(CLASS_UNKNOWN, 0), 0);
}

/* Condition flags and masks arrive in SPSR. */
static void test_spsr(void)
{
    static const uint64_t flags[] = {0x0, 0x8, 0x4, 0x2, 0x1, 0xf, 0x6};
    struct test_many many = {.what = "flags in SPSR and back"};

    test_part("spsr");
    for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
        uint64_t after;

        exception_expect();
        __asm__ volatile("msr nzcv, %1\n svc #1\n mrs %0, nzcv"
                         : "=r"(after)
                         : "r"(flags[i] << 28)
                         : "cc", "memory");
        test_many(&many, i, exception_caught()->spsr,
                  flags[i] << 28 | 0x3c5);
        test_many(&many, i, after, flags[i] << 28);
    }
    test_many_end(&many);
    exception_expect();
    __asm__ volatile("msr daifclr, #12\n svc #2\n msr daifset, #12" ::
                         : "memory");
    test_equal("D and A unmasked", exception_caught()->spsr & 0x3ff, 0xc5);
}

static uint64_t vector_seen, spsr_seen, daif_seen, current_seen, spsel_seen;
static uint64_t elr_seen, nested_spsr, nested_class;

static void note_vector(struct exception_frame *frame, unsigned vector)
{
    vector_seen = vector;
    spsr_seen = frame->spsr;
    daif_seen = sysreg_read(daif);
    current_seen = sysreg_read(currentel);
    spsel_seen = sysreg_read(spsel);
    if (exception_class(frame) != EC_SVC64) {
        frame->elr += 4;
    }
}

static void test_vectors(void)
{
    uint64_t before, after;

    test_part("vectors");
    exception_set_handler(note_vector);
    __asm__ volatile("svc #0" ::: "memory");
    test_equal("EL1 with SP_EL1", vector_seen, 4);
    __asm__ volatile("mov x1, sp\n"
                     "msr daifclr, #8\n"
                     "msr spsel, #0\n"
                     "mov x2, sp\n"
                     "mov sp, x1\n"
                     "svc #0\n"
                     "mov sp, x2\n"
                     "mrs %0, spsel\n"
                     "msr spsel, #1\n"
                     "msr daifset, #8\n"
                     "mov %1, sp\n"
                     "sub %1, %1, x1"
                     : "=&r"(before), "=&r"(after)::"x1", "x2", "memory");
    test_equal("EL1 with SP_EL0", vector_seen, 0);
    test_equal("its SPSR", spsr_seen & 0x3ff, 0x1c4);
    test_equal("masks in the handler", daif_seen, 0x3c0);
    test_equal("level in the handler", current_seen, 4);
    test_equal("stack in the handler", spsel_seen, 1);
    test_equal("stack after", before, 0);
    test_equal("SP_EL1 unchanged", after, 0);
    exception_set_handler(exception_default);
}

static void outer(struct exception_frame *frame, unsigned vector)
{
    uint64_t elr = sysreg_read(elr_el1), spsr = sysreg_read(spsr_el1);

    if (exception_class(frame) == EC_BRK) {
        nested_spsr = frame->spsr;
        nested_class = vector;
        frame->elr += 4;
        return;
    }
    __asm__ volatile("brk #7" ::: "memory");
    elr_seen = sysreg_read(elr_el1) - elr;
    sysreg_write(elr_el1, elr);
    sysreg_write(spsr_el1, spsr);
}

static void test_nested(void)
{
    uint64_t value = 1;

    test_part("nested");
    exception_set_handler(outer);
    __asm__ volatile("mov x5, #77\n svc #9\n mov %0, x5"
                     : "=r"(value)::"x5", "memory");
    exception_set_handler(exception_default);
    test_equal("registers survive", value, 77);
    test_equal("inner vector", nested_class, 4);
    test_equal("inner SPSR", nested_spsr & 0x3ff, 0x3c5);
    test_true("inner ELR replaced the outer", elr_seen != 0);
}

static void test_alignment(void)
{
    test_part("alignment");
    TRY("unaligned load is fine", "ldur x1, [x0, #1]", NO_FAULT, 0);
    set(0, SCTLR_A);
    TRY("load, SCTLR.A", "ldur x1, [x0, #1]", ESR(EC_DATA, ALIGNMENT), 0);
    TRY("store, SCTLR.A", "sturh w1, [x0, #3]",
        ESR(EC_DATA, ALIGNMENT | WRITE), 0);
    TRY("pair, SCTLR.A", "add x0, x0, #4\n ldp x1, x2, [x0]",
        ESR(EC_DATA, ALIGNMENT), 4);
    TRY("aligned load, SCTLR.A", "ldr x1, [x0, #8]", NO_FAULT, 0);
    TRY("bytes, SCTLR.A", "ldrb w1, [x0, #3]", NO_FAULT, 0);
    set(SCTLR_A, 0);
    TRY("exclusive", "add x0, x0, #12\n ldxr x1, [x0]",
        ESR(EC_DATA, ALIGNMENT), 4);
}

static void test_far(void)
{
    const struct exception_frame *frame;

    set(0, SCTLR_A);
    exception_expect();
    __asm__ volatile("ldr x1, [%0, #8]" ::"r"((uint64_t)data + 3)
                     : "x1", "memory");
    frame = exception_caught();
    test_equal("FAR of it", frame ? frame->far - (uint64_t)data : 0, 11);
    set(SCTLR_A, 0);
}

static void test_pc(void)
{
    const struct exception_frame *frame;
    uint64_t odd = (uint64_t)user + 2;

    test_part("pc");
    frame = fault_of_call(odd);
    test_equal("PC alignment", esr_of(frame), ESR(EC_PC_ALIGNMENT, 0));
    test_equal("its FAR", frame ? frame->far - (uint64_t)user : 0, 2);
    test_equal("its ELR", frame ? frame->elr - (uint64_t)user : 0, 2);
}

/* ERET with an illegal SPSR sets PSTATE.IL: the next instruction faults. */
static void test_illegal_return(void)
{
    const struct exception_frame *frame;

    test_part("illegal return");
    exception_expect();
    __asm__ volatile("adr x1, 1f\n"
                     "msr elr_el1, x1\n"
                     "mov x1, #0x3c9\n" /* EL2h */
                     "msr spsr_el1, x1\n"
                     "eret\n"
                     "1: nop" ::
                         : "x1", "memory");
    frame = exception_caught();
    test_equal("class", esr_of(frame), ESR(CLASS_ILLEGAL, 0));
    test_equal("IL in SPSR", frame ? frame->spsr >> 20 & 1 : 0, 1);
}

/* Handler for the illegal state: returning with IL clear goes on. */
static void clear_il(struct exception_frame *frame, unsigned vector)
{
    exception_default(frame, vector);
    if (exception_class(frame) == CLASS_ILLEGAL) {
        frame->spsr &= ~(1ull << 20);
    }
}

static void test_fp(void)
{
    test_part("fp trap");
    sysreg_write(cpacr_el1, 0);
    barrier_isb();
    TRY("fmov", "fmov d0, #1.0", ESR(CLASS_FP, 0x1e00000), 0);
    TRY("ldr q", "ldr q0, [x0]", ESR(CLASS_FP, 0x1e00000), 0);
    TRY("mrs fpcr", "mrs x1, fpcr", ESR(CLASS_FP, 0x1e00000), 0);
    TRY("vector add", "add v0.4s, v1.4s, v2.4s", ESR(CLASS_FP, 0x1e00000),
        0);
    sysreg_write(cpacr_el1, CPACR_FPEN);
    barrier_isb();
    TRY("allowed", "fmov d0, #1.0", NO_FAULT, 0);
}

/* Instructions for EL0 in a page of their own. */
static const struct exception_frame *at_el0(uint32_t first, uint32_t second)
{
    user[0] = first;
    user[1] = second;
    user[2] = 0xd4000001; /* svc #0 */
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
                     ::"r"(user)
                     : "memory");
    return el0_run(USER, USER + 4096, 0);
}

/* ISS of a trapped MRS (1) or MSR (0) of x1. */
static uint64_t system_iss(unsigned op0, unsigned op1, unsigned crn,
                           unsigned crm, unsigned op2, unsigned rt,
                           unsigned read)
{
    return op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | rt << 5 |
           crm << 1 | read;
}

static const uint32_t nop = 0xd503201f;

static void el0_gives(const char *what, uint32_t instruction, uint64_t esr)
{
    test_equal(what, esr_of(at_el0(instruction, nop)), esr);
}

static void test_el0(void)
{
    const struct exception_frame *frame;

    test_part("el0");
    frame = at_el0(nop, 0xd4024681); /* svc #0x1234 */
    test_equal("svc", esr_of(frame), ESR(EC_SVC64, 0x1234));
    test_equal("its ELR", frame->elr, USER + 8);
    test_equal("its SPSR", frame->spsr, 0x3c0);
    el0_gives("brk", 0xd4200020, ESR(EC_BRK, 1));
    el0_gives("udf", 0, ESR(CLASS_UNKNOWN, 0));
    el0_gives("hvc", 0xd4000002, ESR(CLASS_UNKNOWN, 0));
    el0_gives("eret", 0xd69f03e0, ESR(CLASS_UNKNOWN, 0));
    el0_gives("mrs sctlr_el1", 0xd5381001, ESR(CLASS_UNKNOWN, 0));
    el0_gives("msr vbar_el1", 0xd518c001, ESR(CLASS_UNKNOWN, 0));
    el0_gives("tlbi vmalle1", 0xd508871f, ESR(CLASS_UNKNOWN, 0));
    el0_gives("msr spsel", 0xd50041bf, ESR(CLASS_UNKNOWN, 0));
    el0_gives("mrs tpidr_el0", 0xd53bd041, ESR(EC_SVC64, 0));
    el0_gives("load of kernel memory", 0xf9400021,
              ESR(EC_DATA_LOWER, 0x0e));
    el0_gives("load of its own", 0xf9400001, ESR(EC_SVC64, 0));

    set(SCTLR_UMA | SCTLR_UCT | SCTLR_DZE | SCTLR_UCI | SCTLR_NTWI |
        SCTLR_NTWE, 0);
    /* QEMU 7.2 has op1 and op2 of this ISS the other way round. */
    test_equal("msr daifset, trapped", esr_of(at_el0(0xd50342df, nop)) >> 26,
               CLASS_SYSTEM);
    el0_gives("mrs daif, trapped", 0xd53b4221,
              ESR(CLASS_SYSTEM, system_iss(3, 3, 4, 2, 1, 1, 1)));
    el0_gives("mrs ctr_el0, trapped", 0xd53b0021,
              ESR(CLASS_SYSTEM, system_iss(3, 3, 0, 0, 1, 1, 1)));
    el0_gives("dc zva, trapped", 0xd50b7420,
              ESR(CLASS_SYSTEM, system_iss(1, 3, 7, 4, 1, 0, 0)));
    el0_gives("dc cvau, trapped", 0xd50b7b20,
              ESR(CLASS_SYSTEM, system_iss(1, 3, 7, 11, 1, 0, 0)));
    el0_gives("ic ivau, trapped", 0xd50b7520,
              ESR(CLASS_SYSTEM, system_iss(1, 3, 7, 5, 1, 0, 0)));
    el0_gives("wfi, trapped", 0xd503207f, ESR(CLASS_WFX, 0x1e00000));

    set(0, SCTLR_UMA | SCTLR_UCT | SCTLR_DZE | SCTLR_UCI | SCTLR_NTWI |
        SCTLR_NTWE);
    el0_gives("msr daifset", 0xd50342df, ESR(EC_SVC64, 0));
    el0_gives("mrs ctr_el0", 0xd53b0021, ESR(EC_SVC64, 0));
    el0_gives("dc zva", 0xd50b7420, ESR(EC_SVC64, 0));
    /* sub x0, x0, #0x7e5 */
    test_fault("dc zva, read-only", at_el0(0xd11f9400, 0xd50b7420),
               ESR(EC_DATA_LOWER, 0x4f), USER + 0x81b);
    el0_gives("dc cvau", 0xd50b7b20, ESR(EC_SVC64, 0));
    el0_gives("ic ivau", 0xd50b7520, ESR(EC_SVC64, 0));
}

static void test_el0_timers(void)
{
    sysreg_write(cntkctl_el1, 0);
    barrier_isb();
    el0_gives("mrs cntvct_el0, trapped", 0xd53be041,
              ESR(CLASS_SYSTEM, system_iss(3, 3, 14, 0, 2, 1, 1)));
    el0_gives("mrs cntpct_el0, trapped", 0xd53be021,
              ESR(CLASS_SYSTEM, system_iss(3, 3, 14, 0, 1, 1, 1)));
    el0_gives("mrs cntfrq_el0, trapped", 0xd53be001,
              ESR(CLASS_SYSTEM, system_iss(3, 3, 14, 0, 0, 1, 1)));
    el0_gives("mrs cntv_ctl_el0, trapped", 0xd53be321,
              ESR(CLASS_SYSTEM, system_iss(3, 3, 14, 3, 1, 1, 1)));
    sysreg_write(cntkctl_el1, 2); /* EL0VCTEN */
    barrier_isb();
    el0_gives("mrs cntvct_el0", 0xd53be041, ESR(EC_SVC64, 0));
    el0_gives("mrs cntfrq_el0", 0xd53be001, ESR(EC_SVC64, 0));
    el0_gives("msr cntfrq_el0", 0xd51be001, ESR(CLASS_UNKNOWN, 0));
}

static void test_el0_faults(void)
{
    const struct exception_frame *frame;

    frame = at_el0(0xd61f0000 | 1 << 5, nop); /* br x1: to 0 */
    test_equal("jump to address 0", esr_of(frame), ESR(EC_FETCH_LOWER, 0x0e));
    test_equal("its FAR", frame->far, 0);
    sysreg_write(cpacr_el1, 1ull << 20); /* EL1 only */
    barrier_isb();
    el0_gives("fmov at EL0, trapped", 0x1e6e1000, ESR(CLASS_FP, 0x1e00000));
    TRY("fmov at EL1", "fmov d0, #1.0", NO_FAULT, 0);
    sysreg_write(cpacr_el1, CPACR_FPEN);
    barrier_isb();
    el0_gives("fmov at EL0", 0x1e6e1000, ESR(EC_SVC64, 0));
    frame = at_el0(0xd13ff801, 0xd61f0020); /* sub x1, x0, 0xffe; br x1 */
    test_equal("PC alignment", esr_of(frame), ESR(EC_PC_ALIGNMENT, 0));
    test_equal("its FAR", frame->far, USER + 2);
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    *tables_entry(&space, USER, 3) = (uint64_t)user | D_PAGE | D_AF |
                                     D_SHARED | D_EL0 | D_READ_ONLY | D_PXN;
    *tables_entry(&space, USER + 4096, 3) =
        (uint64_t)user_data | D_PAGE | D_AF | D_SHARED | D_EL0 | D_UXN;
    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
    test_calls();
    test_spsr();
    test_vectors();
    test_nested();
    test_alignment();
    test_far();
    test_pc();
    exception_set_handler(clear_il);
    test_illegal_return();
    exception_set_handler(exception_default);
    test_fp();
    test_el0();
    test_el0_timers();
    test_el0_faults();
}
