/*
 * One processor as people and debuggers see it (cpu/cpu.h), while stopped.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/arm/disas.h"
#include "cpu/arm/exception.h"
#include "cpu/arm/guest.h"
#include "cpu/arm/system.h"
#include "util/bits.h"

void cpu_dump(struct cpu_system *s, unsigned cpu, FILE *f)
{
    fprintf(f, "\nCPU#%u\n", cpu);
    arm_cpu_dump(&s->cpu[cpu]->vcpu, f, true);
}

bool cpu_get_register(const struct cpu_system *s, unsigned cpu,
                      const char *name, uint64_t *value)
{
    const struct arm_cpu *c = s->cpu[cpu];
    char *end;

    if (strcmp(name, "pc") == 0) {
        *value = c->vcpu.pc;
    } else if (strcmp(name, "sp") == 0) {
        *value = c->vcpu.r[31];
    } else if (strcmp(name, "lr") == 0) {
        *value = c->vcpu.r[30];
    } else if (strcmp(name, "pstate") == 0) {
        *value = arm_pstate(c);
    } else if ((name[0] == 'x' || name[0] == 'w') && isdigit(name[1])) {
        unsigned long n = strtoul(name + 1, &end, 10);
        if (*end || n > 30) {
            return false;
        }
        *value = name[0] == 'x' ? c->vcpu.r[n] : (uint32_t)c->vcpu.r[n];
    } else {
        return false;
    }
    return true;
}

bool cpu_translate(struct cpu_system *s, unsigned cpu, uint64_t va,
                   uint64_t *pa)
{
    struct vcpu *vcpu = &s->cpu[cpu]->vcpu;
    struct tlb_page page;
    struct mem_fault fault;

    if (!vcpu->tlb) { /* it has not run: its MMU is off */
        *pa = va;
        return true;
    }
    if (!tlb_translate(vcpu->mmu, vcpu->tlb, va, TLB_READ, &page, &fault)) {
        return false;
    }
    *pa = page.pa + (va & mask64(TLB_PAGE_BITS));
    return true;
}

int cpu_thread_id(const struct cpu_system *s, unsigned cpu)
{
    return s->thread[cpu].tid;
}

int cpu_disassemble(uint32_t insn, uint64_t pc, char *out, size_t size)
{
    return a64_disas(insn, pc, out, size);
}
