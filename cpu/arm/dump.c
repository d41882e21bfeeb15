/*
 * The registers of one processor as text, in QEMU's form, which scripts read:
 * `info registers`, -d cpu, -d cpu_reset.
 */
#include <inttypes.h>

#include "cpu/arm/exception.h"
#include "cpu/arm/guest.h"
#include "cpu/arm/levels.h"
#include "cpu/arm/route.h"
#include "cpu/arm/sysregs.h"

static void dump_general(const struct arm_cpu *cpu, FILE *f)
{
    uint64_t pstate = arm_pstate(cpu);
    const char *state = !cpu->has_el3 || cpu->el == 3 ? ""
                        : arm_is_secure(cpu)          ? "S "
                                                      : "NS ";

    fprintf(f, " PC=%016" PRIx64 " ", cpu->vcpu.pc);
    for (unsigned n = 0; n < 31; n++) {
        fprintf(f, "X%02u=%016" PRIx64 "%s", n, cpu->vcpu.r[n],
                n % 3 == 1 ? "\n" : " ");
    }
    fprintf(f, " SP=%016" PRIx64 "\n", cpu->vcpu.r[31]);
    fprintf(f, "PSTATE=%08" PRIx64 " %c%c%c%c %sEL%u%c", pstate,
            pstate >> 31 & 1 ? 'N' : '-', pstate >> 30 & 1 ? 'Z' : '-',
            pstate >> 29 & 1 ? 'C' : '-', pstate >> 28 & 1 ? 'V' : '-',
            state, cpu->el, cpu->spsel ? 'h' : 't');
    if (cpu->feature[A64_FEAT_BTI]) {
        fprintf(f, "  BTYPE=%" PRIu32, cpu->btype);
    }
}

static void dump_simd(const struct arm_cpu *cpu, FILE *f)
{
    for (unsigned n = 0; n < 32; n++) {
        const union vec *v = &cpu->vcpu.v[n];

        fprintf(f, "Q%02u=%016" PRIx64 ":%016" PRIx64 "%c", n, v->d[1],
                v->d[0], n % 2 ? '\n' : ' ');
    }
}

/* As many as lines of 80 columns take; the last is FFR. */
static void dump_predicates(const struct arm_cpu *cpu, FILE *f)
{
    static const unsigned in_a_line[] = {8, 6, 3, 3};
    unsigned columns = in_a_line[cpu->sve.vl / 16 - 1];
    int digits = cpu->sve.vl / 4;

    for (unsigned n = 0; n < 16; n++) {
        fprintf(f, "P%02u=%0*" PRIx64 "%c", n, digits, cpu->sve.p[n],
                (n + 1) % columns ? ' ' : '\n');
    }
    fprintf(f, "FFR=%0*" PRIx64 "\n", digits, cpu->sve.ffr);
}

/* Quarter `n` of a vector, 128 bits. */
static const union vec *quarter(const struct arm_cpu *cpu, unsigned z,
                                unsigned n)
{
    return n ? &cpu->sve.high[z][n - 1] : &cpu->vcpu.v[z];
}

static void dump_quarter(const struct arm_cpu *cpu, unsigned z, unsigned n,
                         char end, FILE *f)
{
    const union vec *v = quarter(cpu, z, n);

    fprintf(f, "%016" PRIx64 ":%016" PRIx64 "%c", v->d[1], v->d[0], end);
}

/* Long vectors take several lines, of two quarters or, the lowest, of one. */
static void dump_long_vector(const struct arm_cpu *cpu, unsigned z, FILE *f)
{
    unsigned quarters = cpu->sve.vl / 16;

    fprintf(f, "Z%02u", z);
    for (unsigned n = quarters; n > 0; n -= n > 1 ? 2 : 1) {
        bool two = n > 1;

        if (n < quarters) {
            fputs(two ? "   " : "     ", f);
        }
        if (two) {
            fprintf(f, "[%u-%u]=", n - 1, n - 2);
            dump_quarter(cpu, z, n - 1, ':', f);
        } else {
            fputs("[0]=", f);
        }
        dump_quarter(cpu, z, two ? n - 2 : 0, '\n', f);
    }
}

static void dump_scalable(const struct arm_cpu *cpu, FILE *f)
{
    unsigned quarters = cpu->sve.vl / 16;

    dump_predicates(cpu, f);
    for (unsigned z = 0; z < 32; z++) {
        if (quarters > 2) {
            dump_long_vector(cpu, z, f);
            continue;
        }
        fprintf(f, "Z%02u=", z);
        if (quarters == 2) {
            dump_quarter(cpu, z, 1, ':', f);
        }
        dump_quarter(cpu, z, 0, quarters == 1 && z % 2 == 0 ? ' ' : '\n', f);
    }
}

void arm_cpu_dump(struct vcpu *vcpu, FILE *f, bool vectors)
{
    struct arm_cpu *cpu = arm_cpu(vcpu);

    dump_general(cpu, f);
    if (!vectors) {
        fputc('\n', f);
        return;
    }
    if (arm_fp_trap_el(cpu, cpu->el)) {
        fprintf(f, "    FPU disabled\n");
        return;
    }
    fprintf(f, "     FPCR=%08" PRIx64 " FPSR=%08" PRIx64 "\n",
            sysreg_fpcr_read(cpu, NULL), sysreg_fpsr_read(cpu, NULL));
    if (cpu->feature[A64_FEAT_SVE] && !arm_sve_trap_el(cpu, cpu->el)) {
        dump_scalable(cpu, f);
    } else {
        dump_simd(cpu, f);
    }
}
