/*
 * The host side's processor: two pages of data, one range of code, and the
 * engine on them with the processor's own front end (insn_fuzz).
 *
 * A case runs at EL0 with translation on, over a flat map, until anything
 * would raise an exception; that ends it with the signal Linux would send.
 */
#ifndef TESTS_FUZZ_INSN_HOST_H
#define TESTS_FUZZ_INSN_HOST_H

#include <signal.h>
#include <stdlib.h>

#include "cpu/arm/guest.h"
#include "cpu/arm/models.h"
#include "cpu/arm/system.h"
#include "cpu/exec.h"
#include "cpu/ir/interp.h"
#include "cpu/jit/x64/x64.h"
#include "softmmu/page_ids.h"
#include "tests/fuzz/insn_case.h"
#include "util/bits.h"

struct insn_host {
    struct arm_cpu cpu;
    struct cpu_system system;
    struct ram *data, *code;
    struct tlb *tlb;
    struct engine *engine;
};

static bool flat_walk(void *cpu, const struct tlb_key *key, uint64_t va,
                      enum tlb_access access, struct tlb_page *page,
                      struct mem_fault *fault)
{
    (void)cpu, (void)key;
    if (va - INSN_DATA >= INSN_DATA_SIZE && va - INSN_CODE >= INSN_CODE_SIZE) {
        *fault = (struct mem_fault){.va = va, .access = (uint8_t)access};
        return false;
    }
    *page = (struct tlb_page){
        .pa = va & ~UINT64_C(4095), .block_size = 4096,
        .perm_el0 = TLB_PERM_R | TLB_PERM_W | TLB_PERM_X,
    };
    return true;
}

static uint64_t flat_strip(void *cpu, const struct tlb_key *key, uint64_t va)
{
    const struct arm_cpu *arm = cpu;
    bool tagged = arm->feature[A64_FEAT_SVE] && !(va & BIT(55));

    (void)key;
    /* Random addresses of vectors have a tag, which Linux ignores; jumps to a
     * bad pointer authentication code are without SVE. */
    return tagged ? va & (BIT(56) - 1) : va;
}

static void stop(struct vcpu *vcpu)
{
    __atomic_fetch_or(&vcpu->request, VCPU_REQ_STOP, __ATOMIC_SEQ_CST);
}

static bool check_pc(struct vcpu *vcpu)
{
    if (vcpu->pc & 3) {
        vcpu->exit = VCPU_EXIT_FAULT;
        stop(vcpu);
        return true;
    }
    return false;
}

static bool deliver(struct vcpu *vcpu)
{
    stop(vcpu);
    return true;
}

static bool ignore(struct vcpu *vcpu, bool timer)
{
    (void)vcpu, (void)timer;
    return true;
}

static bool awake(struct vcpu *vcpu, uint64_t *deadline_ns)
{
    (void)vcpu;
    *deadline_ns = 0;
    return true;
}

static struct guest_ops host_guest_ops;

struct insn_host_options {
    bool interp;    /* the IR interpreter, else generated code */
    bool one_insn;  /* a block is one instruction */
    bool parallel;  /* atomic on the host, too */
    bool regions;   /* loops are regions */
    unsigned vl;    /* bytes of an SVE vector; 0: no SVE */
};

/* Never freed. */
static struct insn_host *insn_host_new(const struct insn_host_options *o)
{
    static const struct tlb_codes codes = {0x21, 0x10, 0x0c};
    struct insn_host *h = calloc(1, sizeof(*h));
    struct bus *bus = bus_new();
    struct error *err = NULL;
    struct engine_config config = {
        .cpus = o->parallel ? 2 : 1, .interp = o->interp,
        .one_insn_per_block = o->one_insn, .bus = bus,
        .guest = &host_guest_ops, .code_size = 16u << 20,
        .regions = o->regions, /* all of them, at once */
    };

    host_guest_ops = arm_guest_ops;
    host_guest_ops.fetch_fault = stop;
    host_guest_ops.check_pc = check_pc;
    host_guest_ops.deliver = deliver;
    host_guest_ops.interrupts = ignore;
    host_guest_ops.should_wake = awake;

    h->data = ram_new("data", INSN_DATA_SIZE, &err);
    h->code = ram_new("code", INSN_CODE_SIZE, &err);
    bus_map_ram(bus, INSN_DATA, h->data);
    bus_map_ram(bus, INSN_CODE, h->code);
    h->tlb = tlb_new(bus, page_ids_new(), 0, &h->cpu, flat_walk, flat_strip,
                     &codes);
    arm_model_find(&h->system.model, "max", o->vl ? "sve=on" : "sve=off",
                   &err);
    h->system.bus = bus;
    h->system.timers.tick_ns = 1;
    h->system.count = 1;
    h->system.cpu[0] = &h->cpu;
    h->cpu.system = &h->system;
    h->cpu.model = &h->system.model;
    arm_model_features(&h->system.model, h->cpu.feature);
    h->cpu.cpacr_el1 = 3 << 20 | 3 << 16; /* FP and SVE are not trapped */
    h->cpu.sve.zcr[1] = o->vl ? o->vl / 16 - 1 : 0;
    /* On, no alignment checks; DZE, UCT, nTWI, nTWE, UCI as Linux's. */
    h->cpu.mmu_el[1].sctlr = 1 | BIT(14) | BIT(15) | BIT(16) | BIT(18) |
                             BIT(26);
    h->cpu.cntkctl_el1 = 3;          /* EL0 reads the counters */
    h->cpu.mmu_el[1].tcr = 25 << 16 | 25;
    h->cpu.vcpu.mmu = h->tlb;
    h->cpu.vcpu.excl_addr = VCPU_EXCL_NONE;
    h->cpu.vcpu.parallel = o->parallel;
    config.shootdown = shootdown_new(config.cpus, NULL, NULL);
    shootdown_attach(config.shootdown, 0, h->tlb);
    h->system.shootdown = config.shootdown;
    h->engine = engine_new(&config, &err);
    if (!h->engine) {
        error_report_free(err);
        exit(1);
    }
    h->system.engine = h->engine;
    engine_attach(h->engine, &h->cpu.vcpu);
    return h;
}

/* How code is compiled from now on. */
struct insn_host_rules {
    bool baseline;         /* for the oldest host */
    bool random_registers;
    unsigned slow_every;   /* so many accesses are one on the slow path */
};

static inline void insn_host_compile_by(struct insn_host *h,
                                        const struct insn_host_rules *rules,
                                        uint64_t seed)
{
    struct backend_thread *compiler[] = {
        engine_compiler(h->engine, 0), engine_region_compiler(h->engine),
    };

    for (unsigned n = 0; n < ARRAY_SIZE(compiler); n++) {
        if (compiler[n]) {
            backend_test_hooks(compiler[n], rules->random_registers,
                               rules->slow_every, seed);
            backend_test_baseline(compiler[n], rules->baseline);
        }
    }
}

static void insn_host_set_code(struct insn_host *h, const uint32_t *words,
                               unsigned slots)
{
    memcpy(h->code->host, words, slots * 4 * INSN_SLOT_WORDS);
    engine_code_written(h->engine, INSN_CODE, INSN_CODE_SIZE);
}

static uint32_t signal_of(const struct vcpu *vcpu)
{
    if (vcpu->exit == VCPU_EXIT_EXCEPTION) {
        return (uint32_t)vcpu->syndrome >> 26 == EC_BRK ? SIGTRAP : SIGILL;
    }
    return SIGSEGV;
}

static uint8_t *window(struct insn_host *h)
{
    return h->data->host + (INSN_WINDOW - INSN_DATA);
}

static void insn_host_run(struct insn_host *h, struct insn_case *c)
{
    struct insn_state *s = &c->state;
    struct vcpu *vcpu = &h->cpu.vcpu;

    memcpy(vcpu->r, s->x, sizeof(s->x));
    vcpu->r[31] = s->sp;
    vcpu->pc = INSN_CODE + c->slot * 4 * INSN_SLOT_WORDS;
    vcpu->flags = ir_flags_pack(s->nzcv >> 28);
    memcpy(vcpu->v, s->v, sizeof(s->v));
    memcpy(h->cpu.sve.high, s->z, sizeof(s->z));
    memcpy(h->cpu.sve.p, s->p, sizeof(h->cpu.sve.p));
    h->cpu.sve.ffr = s->p[16];
    h->cpu.fpcr = s->fpcr;
    vcpu->fp = fp_status_from_fpcr(s->fpcr);
    vcpu->fp.flags = s->fpsr & 0x9f;
    vcpu->saturated = s->fpsr >> 27 & 1;
    vcpu->excl_addr = VCPU_EXCL_NONE;
    memcpy(window(h), s->window, sizeof(s->window));

    __atomic_store_n(&vcpu->request, 0, __ATOMIC_SEQ_CST);
    engine_run(h->engine, vcpu);

    memcpy(s->x, vcpu->r, sizeof(s->x));
    s->sp = vcpu->r[31];
    s->pc = vcpu->pc;
    s->nzcv = (uint32_t)ir_flags_unpack(vcpu->flags) << 28;
    memcpy(s->v, vcpu->v, sizeof(s->v));
    memcpy(s->z, h->cpu.sve.high, sizeof(s->z));
    memcpy(s->p, h->cpu.sve.p, sizeof(h->cpu.sve.p));
    s->p[16] = h->cpu.sve.ffr;
    s->fpcr = h->cpu.fpcr;
    s->fpsr = vcpu->fp.flags | (vcpu->saturated ? 1u << 27 : 0);
    s->signal = signal_of(vcpu);
    memcpy(s->window, window(h), sizeof(s->window));
}

#endif
