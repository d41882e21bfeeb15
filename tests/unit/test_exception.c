/* cpu/arm: exception entry and return, on a processor that never runs. */
#include <check.h>

#include "cpu/arm/exception.h"
#include "cpu/arm/guest.h"
#include "cpu/arm/self_debug.h"
#include "cpu/arm/system.h"
#include "cpu/ir/interp.h"
#include "util/bits.h"

Suite *exception_suite(void);

#define VECTORS UINT64_C(0x10000)
#define PC UINT64_C(0x4000)
#define DAIF (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)
#define SPAN BIT(23)
#define DSSBS BIT(44)
#define TBI0 BIT(37)
#define TBI1 BIT(38)

static struct bus *bus;
static struct cpu_system *cpus;
static struct arm_cpu *cpu;

static void setup(void)
{
    struct error *err = NULL;
    struct cpu_config config = {.model = "max", .count = 1, .interp = true,
                                .gic_version = 2};

    bus = bus_new();
    cpus = cpu_system_new(&config, bus, &err);
    ck_assert_msg(cpus != NULL, "%s", err ? err->message : "");
    cpu = cpus->cpu[0];
    cpu->vbar_el[1] = VECTORS;
    cpu->vcpu.pc = PC;
    cpu->oslsr = 0;
    cpu->daif = 0;
}

static void teardown(void)
{
    cpu_system_free(cpus);
    bus_free(bus);
}

static void to_el0(void)
{
    arm_set_el(cpu, 0, 0);
}

static void deliver(uint32_t syndrome)
{
    cpu->vcpu.exit = VCPU_EXIT_EXCEPTION;
    cpu->vcpu.syndrome = syndrome;
    arm_deliver(cpu);
}

static uint32_t context_flags(struct arm_cpu *c)
{
    arm_guest_ops.context(&c->vcpu);
    return vcpu_context(&c->vcpu);
}

/* -- entry --------------------------------------------------------------- */

START_TEST(test_svc)
{
    to_el0();
    cpu->vcpu.flags = ir_flags_pack(9);
    deliver(ARM_SYNDROME(EC_SVC, 7));
    ck_assert_uint_eq(cpu->el, 1);
    ck_assert_uint_eq(cpu->spsel, 1);
    ck_assert_uint_eq(cpu->vcpu.pc, VECTORS + 0x400);
    ck_assert_uint_eq(cpu->elr_el[1], PC + 4);
    ck_assert_uint_eq(cpu->esr_el[1], 0x56000007);
    ck_assert_uint_eq(cpu->spsr_el[1], 0x90000000);
    ck_assert_uint_eq(cpu->daif, DAIF);
}
END_TEST

START_TEST(test_vectors)
{
    deliver(ARM_SYNDROME(EC_UNKNOWN, 0)); /* same level, SP_EL1 */
    ck_assert_uint_eq(cpu->vcpu.pc, VECTORS + 0x200);
    ck_assert_uint_eq(cpu->elr_el[1], PC);
    arm_set_el(cpu, 1, 0); /* same level, SP_EL0 */
    deliver(ARM_SYNDROME(EC_UNKNOWN, 0));
    ck_assert_uint_eq(cpu->vcpu.pc, VECTORS);
    arm_take_exception(cpu, ARM_VECTOR_IRQ, 1, 0, PC);
    ck_assert_uint_eq(cpu->vcpu.pc, VECTORS + 0x280);
    to_el0();
    arm_take_exception(cpu, ARM_VECTOR_FIQ, 1, 0, PC);
    ck_assert_uint_eq(cpu->vcpu.pc, VECTORS + 0x500);
    to_el0();
    arm_take_exception(cpu, ARM_VECTOR_SERROR, 1, 0xbe000000, PC);
    ck_assert_uint_eq(cpu->vcpu.pc, VECTORS + 0x580);
    ck_assert_uint_eq(cpu->esr_el[1], 0xbe000000);
}
END_TEST

START_TEST(test_stack_pointers)
{
    cpu->vcpu.r[31] = 0x1111; /* SP_EL1 */
    arm_set_el(cpu, 1, 0);
    cpu->vcpu.r[31] = 0x2222; /* SP_EL0 */
    to_el0();
    ck_assert_uint_eq(cpu->vcpu.r[31], 0x2222);
    deliver(ARM_SYNDROME(EC_SVC, 0));
    ck_assert_uint_eq(cpu->vcpu.r[31], 0x1111);
    ck_assert_uint_eq(cpu->sp_el[0], 0x2222);
}
END_TEST

START_TEST(test_pstate_on_entry)
{
    to_el0();
    cpu->mmu_el[1].sctlr &= ~(uint64_t)SPAN;
    cpu->pstate_misc = PSTATE_UAO | PSTATE_SSBS | PSTATE_DIT;
    cpu->btype = 2;
    deliver(ARM_SYNDROME(EC_SVC, 0));
    ck_assert_uint_eq(cpu->spsr_el[1],
                      PSTATE_UAO | PSTATE_SSBS | PSTATE_DIT | 2 << 10 |
                          ((cpu->spsr_el[1] >> 28) << 28));
    ck_assert_uint_eq(cpu->pstate_misc, PSTATE_PAN | PSTATE_DIT);
    ck_assert_uint_eq(cpu->btype, 0);
    cpu->mmu_el[1].sctlr |= SPAN | DSSBS;
    cpu->pstate_misc = 0;
    deliver(ARM_SYNDROME(EC_UNKNOWN, 0));
    ck_assert_uint_eq(cpu->pstate_misc, PSTATE_SSBS);
}
END_TEST

/* -- aborts -------------------------------------------------------------- */

START_TEST(test_data_abort)
{
    struct mem_fault fault = {.va = 0x123456, .status = MMU_TRANSLATION | 3,
                              .access = TLB_WRITE, .stage = 1};

    cpu->vcpu.fault = fault;
    cpu->vcpu.exit = VCPU_EXIT_FAULT;
    arm_deliver(cpu);
    ck_assert_uint_eq(cpu->esr_el[1], 0x96000047); /* same level, WnR */
    ck_assert_uint_eq(cpu->far_el[1], 0x123456);
    ck_assert_uint_eq(cpu->elr_el[1], PC);
    to_el0();
    fault.access = TLB_READ;
    fault.s1ptw = true;
    cpu->vcpu.fault = fault;
    cpu->vcpu.exit = VCPU_EXIT_FAULT;
    arm_deliver(cpu);
    ck_assert_uint_eq(cpu->esr_el[1], 0x92000087);
}
END_TEST

START_TEST(test_maintenance_abort)
{
    struct mem_fault fault = {.va = 64, .status = MMU_PERMISSION | 2,
                              .access = TLB_READ, .stage = 1};

    arm_raise_data_abort(cpu, &fault, true);
    ck_assert_uint_eq(cpu->vcpu.exit, VCPU_EXIT_EXCEPTION);
    arm_deliver(cpu);
    ck_assert_uint_eq(cpu->esr_el[1], 0x9600014e); /* CM, WnR */
    ck_assert_uint_eq(cpu->far_el[1], 64);
}
END_TEST

START_TEST(test_fetch_fault)
{
    cpu->vcpu.fault = (struct mem_fault){.va = PC,
                                         .status = MMU_TRANSLATION | 2,
                                         .access = TLB_EXEC, .stage = 1};
    to_el0();
    arm_take_fetch_fault(cpu);
    ck_assert_uint_eq(cpu->esr_el[1], 0x82000006);
    ck_assert_uint_eq(cpu->far_el[1], PC);
    ck_assert_uint_eq(cpu->elr_el[1], PC);
}
END_TEST

START_TEST(test_undefined_keeps_far)
{
    cpu->far_el[1] = 99;
    cpu->vcpu.fault_address = 1;
    deliver(ARM_SYNDROME(EC_BRK, 0x1234));
    ck_assert_uint_eq(cpu->far_el[1], 99);
    ck_assert_uint_eq(cpu->esr_el[1], 0xf2001234);
    ck_assert_uint_eq(cpu->elr_el[1], PC);
}
END_TEST

/* -- the PC -------------------------------------------------------------- */

START_TEST(test_pc_alignment)
{
    cpu->vcpu.pc = PC + 2;
    ck_assert(arm_check_pc(cpu));
    ck_assert_uint_eq(cpu->esr_el[1], 0x8a000000);
    ck_assert_uint_eq(cpu->far_el[1], PC + 2);
    ck_assert_uint_eq(cpu->elr_el[1], PC + 2);
    cpu->vcpu.pc = PC;
    ck_assert(!arm_check_pc(cpu));
}
END_TEST

START_TEST(test_tagged_pc)
{
    cpu->vcpu.pc = UINT64_C(0x5500000000004000);
    ck_assert(!arm_check_pc(cpu)); /* the walker faults it */
    cpu->mmu_el[1].tcr = TBI0;
    ck_assert(arm_check_pc(cpu));
    ck_assert_uint_eq(cpu->vcpu.pc, PC);
    cpu->mmu_el[1].tcr = TBI1;
    cpu->vcpu.pc = UINT64_C(0x12ffffffffff0000);
    ck_assert(arm_check_pc(cpu));
    ck_assert_uint_eq(cpu->vcpu.pc, UINT64_C(0xffffffffffff0000));
}
END_TEST

/* -- return -------------------------------------------------------------- */

START_TEST(test_return)
{
    cpu->vcpu.excl_addr = 0x80;
    cpu->spsr_el[1] = 0x60000000 | PSTATE_I; /* EL0, Z and C */
    cpu->sp_el[0] = 0x7000;
    arm_exception_return(cpu, 0x8000);
    ck_assert_uint_eq(cpu->el, 0);
    ck_assert_uint_eq(cpu->vcpu.pc, 0x8000);
    ck_assert_uint_eq(cpu->vcpu.r[31], 0x7000);
    ck_assert_uint_eq(cpu->daif, PSTATE_I);
    ck_assert_uint_eq(ir_flags_unpack(cpu->vcpu.flags), 6);
    ck_assert_uint_eq(cpu->vcpu.excl_addr, VCPU_EXCL_NONE);
    ck_assert(!arm_check_pc(cpu));
}
END_TEST

/* To AArch32, to EL2, to EL0 with SP_EL1, M[1] set. */
START_TEST(test_illegal_return)
{
    static const uint32_t modes[] = {0x10, 0x9, 0x1, 0x6};

    cpu->spsr_el[1] = modes[_i] | 0x80000000;
    arm_exception_return(cpu, 0x8000);
    ck_assert_uint_eq(cpu->el, 1);
    ck_assert_uint_eq(cpu->spsel, 1);
    ck_assert_uint_eq(ir_flags_unpack(cpu->vcpu.flags), 8);
    ck_assert(cpu->pstate_misc & PSTATE_IL);
    arm_guest_ops.context(&cpu->vcpu);
    ck_assert(arm_check_pc(cpu));
    ck_assert_uint_eq(cpu->esr_el[1], 0x3a000000);
    ck_assert_uint_eq(cpu->elr_el[1], 0x8000);
    ck_assert(cpu->spsr_el[1] & PSTATE_IL);
    ck_assert(!(cpu->pstate_misc & PSTATE_IL));
}
END_TEST

/* -- interrupts ---------------------------------------------------------- */

START_TEST(test_interrupts)
{
    ck_assert(!arm_take_interrupt(cpu));
    cpu_set_line(cpus, 0, CPU_LINE_IRQ, true);
    cpu->daif = PSTATE_I;
    ck_assert(arm_interrupt_pending(cpu));
    ck_assert(!arm_take_interrupt(cpu));
    cpu_set_line(cpus, 0, CPU_LINE_FIQ, true);
    ck_assert(arm_take_interrupt(cpu)); /* the FIQ, which is not masked */
    ck_assert_uint_eq(cpu->vcpu.pc, VECTORS + 0x300);
    ck_assert_uint_eq(cpu->elr_el[1], PC);
    cpu_set_line(cpus, 0, CPU_LINE_FIQ, false);
    cpu->daif = 0;
    ck_assert(arm_take_interrupt(cpu));
    ck_assert_uint_eq(cpu->vcpu.pc, VECTORS + 0x280);
    cpu_set_line(cpus, 0, CPU_LINE_IRQ, false);
    ck_assert(!arm_interrupt_pending(cpu));
}
END_TEST

/* -- software step ------------------------------------------------------- */

START_TEST(test_step)
{
    cpu->mdscr_el1 = 1;
    cpu->daif = DAIF;
    ck_assert(!arm_step_enabled(cpu)); /* at EL1 */
    cpu->spsr_el[1] = PSTATE_SS;
    arm_exception_return(cpu, 0x8000);
    arm_guest_ops.context(&cpu->vcpu);
    ck_assert(cpu->step_active);
    ck_assert(!arm_check_pc(cpu)); /* the instruction runs */
    cpu->vcpu.pc = 0x8004;
    ck_assert(arm_check_pc(cpu));
    ck_assert_uint_eq(cpu->esr_el[1], 0xcb000022); /* from a lower level */
    ck_assert_uint_eq(cpu->elr_el[1], 0x8004);
    ck_assert(!(cpu->spsr_el[1] & PSTATE_SS));
}
END_TEST

/* A fault leaves the step to be done, a call has done it. */
START_TEST(test_step_and_exceptions)
{
    cpu->mdscr_el1 = 1;
    cpu->spsr_el[1] = PSTATE_SS;
    arm_exception_return(cpu, PC);
    arm_guest_ops.context(&cpu->vcpu);
    ck_assert(!arm_check_pc(cpu));
    deliver(ARM_SYNDROME(EC_UNKNOWN, 0));
    ck_assert(cpu->spsr_el[1] & PSTATE_SS);
    arm_exception_return(cpu, PC);
    arm_guest_ops.context(&cpu->vcpu);
    ck_assert(!arm_check_pc(cpu));
    deliver(ARM_SYNDROME(EC_SVC, 0));
    ck_assert(!(cpu->spsr_el[1] & PSTATE_SS));
    ck_assert_uint_eq(cpu->elr_el[1], PC + 4);
}
END_TEST

/* -- the context --------------------------------------------------------- */

START_TEST(test_context)
{
    uint32_t flags = context_flags(cpu);

    ck_assert_uint_eq(flags & 3, 1);
    ck_assert(flags & CTX_SPSEL);
    ck_assert(flags & CTX_ALIGN); /* the MMU is off */
    ck_assert_uint_eq(arm_ctx_fp_trap(flags), 1);
    ck_assert(cpu->vcpu.tlb->key.mmu_off);
    cpu->cpacr_el1 = 1 << 20;
    flags = context_flags(cpu);
    ck_assert_uint_eq(arm_ctx_fp_trap(flags), 0);
    cpu->mmu_el[1].sctlr |= 1;
    cpu->mmu_el[1].ttbr0 = UINT64_C(0x1234) << 48;
    to_el0();
    flags = context_flags(cpu);
    ck_assert_uint_eq(flags & 3, 0);
    ck_assert(!(flags & CTX_ALIGN));
    ck_assert_uint_eq(arm_ctx_fp_trap(flags), 1);
    ck_assert_uint_eq(cpu->vcpu.tlb->key.asid, 0x34); /* TCR.AS is 0 */
    ck_assert_uint_eq(cpu->vcpu.tlb->key.el, 0);
    cpu->mmu_el[1].tcr = BIT(36);
    arm_select_tlb(cpu);
    ck_assert_uint_eq(cpu->vcpu.tlb->key.asid, 0x1234);
    ck_assert_uint_eq(cpu->vcpu.jump_key, vcpu_key(flags));
}
END_TEST

Suite *exception_suite(void)
{
    Suite *s = suite_create("exception");
    TCase *c = tcase_create("all");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, test_svc);
    tcase_add_test(c, test_vectors);
    tcase_add_test(c, test_stack_pointers);
    tcase_add_test(c, test_pstate_on_entry);
    tcase_add_test(c, test_data_abort);
    tcase_add_test(c, test_maintenance_abort);
    tcase_add_test(c, test_fetch_fault);
    tcase_add_test(c, test_undefined_keeps_far);
    tcase_add_test(c, test_pc_alignment);
    tcase_add_test(c, test_tagged_pc);
    tcase_add_test(c, test_return);
    tcase_add_loop_test(c, test_illegal_return, 0, 4);
    tcase_add_test(c, test_interrupts);
    tcase_add_test(c, test_step);
    tcase_add_test(c, test_step_and_exceptions);
    tcase_add_test(c, test_context);
    suite_add_tcase(s, c);
    return s;
}
