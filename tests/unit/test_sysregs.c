/* cpu/arm: models, system registers and system instructions, on
 * processors that never run. */
#include <check.h>
#include <string.h>

#include "cpu/arm/disas.h"
#include "cpu/arm/exception.h"
#include "cpu/arm/guest.h"
#include "cpu/arm/sysops.h"
#include "cpu/arm/sysregs.h"
#include "cpu/arm/system.h"
#include "util/bits.h"
#include "util/clock.h"

Suite *sysregs_suite(void);

#define MIDR SYSREG(3, 0, 0, 0, 0)
#define PFR0 SYSREG(3, 0, 0, 4, 0)
#define CNTV_CTL SYSREG(3, 3, 14, 3, 1)
#define CNTV_CVAL SYSREG(3, 3, 14, 3, 2)
#define CNTV_TVAL SYSREG(3, 3, 14, 3, 0)
#define CNTVCT SYSREG(3, 3, 14, 0, 2)

static struct bus *bus;
static struct cpu_system *cpus;
static struct arm_cpu *cpu;

static void create(const char *model, const char *props, unsigned count)
{
    struct error *err = NULL;
    struct cpu_config config = {
        .model = model, .props = props, .count = count, .interp = true,
        .psci = CPU_PSCI_HVC, .gic_version = 2,
    };

    bus = bus_new();
    cpus = cpu_system_new(&config, bus, &err);
    ck_assert_msg(cpus != NULL, "%s", err ? err->message : "");
    cpu = cpus->cpu[0];
}

static void setup(void)
{
    create("cortex-a72", NULL, 2);
}

static void teardown(void)
{
    cpu_system_free(cpus);
    bus_free(bus);
}

static uint64_t get(uint16_t encoding)
{
    const struct sysreg *r = sysreg_find(cpu, encoding);

    ck_assert_msg(r != NULL, "%04x", encoding);
    return sysreg_read(cpu, r);
}

static void set(uint16_t encoding, uint64_t value)
{
    const struct sysreg *r = sysreg_find(cpu, encoding);

    ck_assert_msg(r != NULL, "%04x", encoding);
    sysreg_write(cpu, r, value);
}

/* -- the tables ---------------------------------------------------------- */

START_TEST(test_table)
{
    for (unsigned n = 0; n < sysreg_count; n++) {
        const struct sysreg *r = &sysregs[n];

        ck_assert_msg(n == 0 || sysregs[n - 1].encoding < r->encoding,
                      "%s is out of order", r->name);
        ck_assert_msg(r->access != 0, "%s", r->name);
        ck_assert_msg(r->offset % 8 == 0, "%s", r->name);
        ck_assert_msg(!r->view || (!r->read && !r->write && !r->offset),
                      "%s", r->name);
        /* Only EL0 is ever trapped. */
        ck_assert_msg(!r->trap || (r->access & 3), "%s", r->name);
    }
    for (unsigned n = 1; n < sysop_count; n++) {
        ck_assert_msg(sysops[n - 1].encoding < sysops[n].encoding,
                      "%s is out of order", sysops[n].name);
    }
}
END_TEST

START_TEST(test_find)
{
    const struct sysreg *r = sysreg_find(cpu, MIDR);

    ck_assert_ptr_nonnull(r);
    ck_assert_str_eq(r->name, "MIDR_EL1");
    for (unsigned n = 0; n < sysreg_count; n++) {
        r = sysreg_find(cpu, sysregs[n].encoding);
        ck_assert(!r || r == &sysregs[n]);
    }
    ck_assert_ptr_null(sysreg_find(cpu, SYSREG(3, 4, 1, 1, 0))); /* HCR */
    ck_assert_ptr_null(sysreg_find(cpu, SYSREG(3, 0, 12, 12, 0))); /* ICC */
    ck_assert_ptr_null(sysreg_find(cpu, SYSREG(3, 0, 4, 2, 3))); /* PAN */
    ck_assert_ptr_null(sysop_find(cpu, SYSREG(1, 0, 8, 6, 1))); /* RVAE1 */
    ck_assert_ptr_nonnull(sysop_find(cpu, SYSREG(1, 0, 8, 3, 0)));
}
END_TEST

/* Reads of every register and writes of all ones: nothing breaks. */
START_TEST(test_every_register)
{
    for (unsigned n = 0; n < sysreg_count; n++) {
        const struct sysreg *r = sysreg_find(cpu, sysregs[n].encoding);

        if (r && !r->view) {
            sysreg_read(cpu, r);
            sysreg_write(cpu, r, UINT64_MAX);
            sysreg_read(cpu, r);
            sysreg_write(cpu, r, 0);
        }
    }
}
END_TEST

START_TEST(test_masks)
{
    set(SYSREG(3, 0, 12, 0, 0), UINT64_MAX); /* VBAR_EL1 */
    ck_assert_uint_eq(cpu->vbar_el[1], ~UINT64_C(0x7ff));
    set(SYSREG(3, 0, 1, 0, 0), 0); /* SCTLR_EL1: RES1 */
    ck_assert_uint_eq(cpu->mmu_el[1].sctlr, 0x30d00980);
    set(SYSREG(3, 0, 1, 0, 2), UINT64_MAX); /* CPACR_EL1 */
    ck_assert_uint_eq(cpu->cpacr_el1, 0x300000);
    set(SYSREG(3, 3, 4, 4, 0), UINT64_MAX); /* FPCR: no FZ16 here */
    ck_assert_uint_eq(get(SYSREG(3, 3, 4, 4, 0)), 0x07c00000);
    set(SYSREG(3, 3, 4, 4, 1), UINT64_MAX); /* FPSR */
    ck_assert_uint_eq(get(SYSREG(3, 3, 4, 4, 1)), 0x0800009f);
}
END_TEST

/* -- identification ------------------------------------------------------ */

START_TEST(test_id)
{
    ck_assert_uint_eq(get(MIDR), 0x410fd083);
    ck_assert_uint_eq(get(PFR0), 0x11);
    ck_assert_uint_eq(get(SYSREG(3, 0, 0, 7, 0)), 0x1124);
    ck_assert_uint_eq(get(SYSREG(3, 0, 0, 7, 7)), 0); /* not allocated */
    ck_assert_uint_eq(get(SYSREG(3, 0, 0, 0, 5)), 0x80000000);
    ck_assert_uint_eq(cpu_mpidr(cpus, 1), 0x80000001);
    ck_assert_uint_eq(get(SYSREG(3, 3, 0, 0, 1)) >> 29 & 1, 0); /* DIC */
    ck_assert_uint_eq(cpu_page_sizes(cpus), 0x11000);
    ck_assert_str_eq(cpu_dt_compatible(cpus), "arm,cortex-a72");
    ck_assert(cpu->feature[A64_FEAT_AES] && cpu->feature[A64_FEAT_CRC32]);
    ck_assert(!cpu->feature[A64_FEAT_LSE] && !cpu->feature[A64_FEAT_PAUTH]);
    set(SYSREG(3, 2, 0, 0, 0), 1);
    ck_assert_uint_eq(get(SYSREG(3, 1, 0, 0, 0)), 0x201fe012);
}
END_TEST

START_TEST(test_max)
{
    static const enum a64_feat has[] = {
        A64_FEAT_LSE, A64_FEAT_RDM, A64_FEAT_CRC32, A64_FEAT_AES,
        A64_FEAT_PMULL, A64_FEAT_SHA1, A64_FEAT_SHA256, A64_FEAT_SHA512,
        A64_FEAT_SHA3, A64_FEAT_SM3, A64_FEAT_SM4, A64_FEAT_DOTPROD,
        A64_FEAT_FHM, A64_FEAT_FP16, A64_FEAT_FCMA, A64_FEAT_JSCVT,
        A64_FEAT_LRCPC, A64_FEAT_LRCPC2, A64_FEAT_PAUTH, A64_FEAT_FLAGM,
        A64_FEAT_FLAGM2, A64_FEAT_DIT, A64_FEAT_SSBS, A64_FEAT_SB,
        A64_FEAT_BTI, A64_FEAT_FRINT, A64_FEAT_PAN, A64_FEAT_UAO,
    };

    for (size_t n = 0; n < ARRAY_SIZE(has); n++) {
        ck_assert_msg(cpu->feature[has[n]], "%zu", n);
    }
    ck_assert(cpu->feature[A64_FEAT_SVE2] && !cpu->feature[A64_FEAT_MTE]);
    ck_assert_uint_eq(cpu_page_sizes(cpus), 0x15000);
    ck_assert_uint_eq(arm_model_pa_bits(cpu->model), 52);
    /* The algorithm is IMPLEMENTATION DEFINED: API and GPI, not APA. */
    ck_assert_uint_eq(cpu->model->ARM_ID_AA64ISAR1 & 0xff000ff0, 0x10000100);
    ck_assert_ptr_nonnull(sysreg_find(cpu, SYSREG(3, 0, 2, 1, 0)));
    ck_assert_ptr_nonnull(sysop_find(cpu, SYSREG(1, 0, 8, 2, 1)));
}
END_TEST

static void setup_max(void)
{
    create("max", NULL, 1);
}

static void expect_error(const char *model, const char *props,
                         const char *words)
{
    struct arm_model m;
    struct error *err = NULL;

    ck_assert(!arm_model_find(&m, model, props, &err));
    ck_assert_msg(strstr(err->message, words) != NULL, "%s", err->message);
    error_free(err);
}

/* The fields of ID_AA64ISAR1_EL1 and ISAR2 that tell. */
static void expect_pauth(const char *props, enum arm_pauth kind,
                         uint64_t isar1, uint64_t isar2)
{
    struct arm_model m;

    ck_assert(arm_model_find(&m, "max", props, NULL));
    ck_assert_int_eq(arm_model_pauth(&m), kind);
    ck_assert_uint_eq(arm_model_pauth_level(&m), kind != ARM_PAUTH_NONE);
    ck_assert_uint_eq(m.ARM_ID_AA64ISAR1 & 0xff000ff0, isar1);
    ck_assert_uint_eq(m.ARM_ID_AA64ISAR2 & 0xff00, isar2);
}

/* The lengths that are left with these properties, in units of 128 bits. */
static void expect_lengths(const char *props, unsigned lengths)
{
    struct arm_model m;

    ck_assert(arm_model_find(&m, "max", props, NULL));
    ck_assert_uint_eq(m.sve_lengths, lengths);
    ck_assert_uint_eq(m.ARM_ID_AA64PFR0 >> 32 & 15, 1);
}

START_TEST(test_vector_lengths)
{
    struct arm_model m;

    expect_lengths("", 0xf);
    expect_lengths("sve=on", 0xf);
    expect_lengths("sve128=on", 0x1);
    expect_lengths("sve256=on", 0x3);
    expect_lengths("sve512=on", 0xb);
    expect_lengths("sve384=on", 0x7);
    expect_lengths("sve512=on,sve384=off", 0xb);
    expect_lengths("sve384=off", 0xb);
    expect_lengths("sve512=off", 0x7);
    expect_lengths("sve256=off", 0x1);
    expect_lengths("sve1024=off", 0xf);
    expect_lengths("sve-max-vq=4", 0xf);
    expect_lengths("sve-max-vq=3", 0x7);
    expect_lengths("sve-max-vq=1", 0x1);
    expect_lengths("sve-max-vq=2,sve256=on", 0x3);
    expect_error("max", "sve-max-vq=2,sve512=on", "no vectors of 512 bits");
    expect_error("max", "sve-max-vq=0", "1 to 4 expected");
    expect_error("max", "sve-max-vq=5", "1 to 4 expected");
    expect_error("neoverse-v1", "sve-max-vq=1", "no property");
    ck_assert(arm_model_find(&m, "max", "sve=off", NULL));
    ck_assert_uint_eq(m.ARM_ID_AA64PFR0 >> 32 & 15, 0);
    ck_assert_uint_eq(m.ARM_ID_AA64ZFR0, 0);
    expect_error("max", "sve1024=on", "512 bits at most");
    expect_error("max", "sve128=off", "powers of two");
    expect_error("max", "sve512=on,sve256=off", "powers of two");
    expect_error("max", "sve=off,sve256=on", "without SVE");
    expect_error("max", "sve100=on", "no property 'sve100'");
    expect_error("cortex-a53", "sve=on", "no property 'sve'");
    expect_error("cortex-a53", "sve128=on", "no property 'sve128'");
}
END_TEST

START_TEST(test_properties)
{
    struct arm_model m;

    ck_assert(arm_model_find(&m, "max", "pauth=off", NULL));
    ck_assert_uint_eq(m.ARM_ID_AA64ISAR1 & 0xff000ff0, 0);
    ck_assert(arm_model_find(&m, "max", "pauth-impdef=on,sve=off", NULL));
    ck_assert_uint_eq(m.cntfrq, 1000000000);
    ck_assert(arm_model_find(&m, "max", "backcompat-cntfrq=on", NULL));
    ck_assert_uint_eq(m.cntfrq, 62500000);
    ck_assert(arm_model_find(&m, "max", "cntfrq=24000000", NULL));
    ck_assert_uint_eq(m.cntfrq, 24000000);
    ck_assert(arm_model_find(&m, "cortex-a53", "pmu=off", NULL));
    ck_assert_uint_eq(m.cntfrq, 62500000);
    ck_assert_uint_eq(m.ARM_ID_AA64DFR0 >> 8 & 15, 0);
    ck_assert(arm_model_find(&m, "max", "lse2=off", NULL));
    ck_assert_uint_eq(m.ARM_ID_AA64MMFR2 >> 32 & 15, 0);
    ck_assert(arm_model_find(&m, "max", "", NULL));
    ck_assert_uint_eq(m.ARM_ID_AA64MMFR2 >> 32 & 15, 1);
    expect_pauth("", ARM_PAUTH_IMPDEF, 0x10000100, 0);
    expect_pauth("pauth-impdef=on", ARM_PAUTH_IMPDEF, 0x10000100, 0);
    expect_pauth("pauth-impdef=off", ARM_PAUTH_QARMA5, 0x01000010, 0);
    expect_pauth("pauth-qarma5=on", ARM_PAUTH_QARMA5, 0x01000010, 0);
    expect_pauth("pauth-qarma3=on", ARM_PAUTH_QARMA3, 0, 0x1100);
    expect_pauth("backcompat-pauth-default-use-qarma5=on", ARM_PAUTH_QARMA5,
                 0x01000010, 0);
    expect_pauth("pauth=off", ARM_PAUTH_NONE, 0, 0);
    expect_error("max", "pauth-impdef=on,pauth-qarma3=on", "keep one");
    expect_error("max", "pauth=off,pauth-qarma3=on", "leave one");
    expect_error("max", "pauht=off", "'pauth'");
    expect_error("max", "pauth=maybe", "'on' or 'off'");
    expect_error("cortex-a72", "pauth=on", "no property");
    expect_error("max", "cntfrq=0", "1 to 1000000000 Hz");
    expect_error("max", "aarch64=off", "no AArch32");
    ck_assert(arm_model_find(&m, "max", "aarch64=on", NULL));
    expect_error("max", "help", "pauth-impdef");
    expect_error("cortex-a53", "help", "each: backcompat");
    expect_error("cortex-a99", NULL, "no such model");
}
END_TEST

/* A core has what it has of what there is. */
START_TEST(test_cores)
{
    struct arm_model m;

    ck_assert(arm_model_find(&m, "cortex-a76", NULL, NULL));
    ck_assert_uint_eq(m.midr, 0x414fd0b1);
    ck_assert_uint_eq(m.ARM_ID_AA64ISAR0, 0x0000100010211120);
    ck_assert_uint_eq(m.ARM_ID_AA64ISAR1, 0x0000000000100001);
    ck_assert(arm_model_find(&m, "cortex-a710", "sve=off", NULL));
    ck_assert_int_eq(arm_model_pauth(&m), ARM_PAUTH_QARMA5);
    ck_assert_uint_eq(arm_model_pauth_level(&m), 5);
    ck_assert_uint_eq(m.ARM_ID_AA64PFR0 >> 32 & 15, 0);
    ck_assert_uint_eq(m.ARM_ID_AA64PFR1 >> 8 & 15, 0); /* MTE */
    ck_assert(arm_model_find(&m, "neoverse-n2", "sve=off,pauth=off", NULL));
    ck_assert_int_eq(arm_model_pauth(&m), ARM_PAUTH_NONE);
    ck_assert(arm_model_find(&m, "a64fx", NULL, NULL));
    ck_assert_uint_eq(m.sve_lengths, 0xb);
    expect_error("a64fx", "sve384=on", "no vectors of 384 bits");
    expect_error("neoverse-v1", "sve512=on", "no vectors of 512 bits");
    expect_error("cortex-a76", "pauth=on", "no property");
    expect_error("cortex-a76", "sve=off", "no property");
}
END_TEST

/* What the manuals say of four parts, by hand, without what is not
 * implemented: AArch32, Secure EL2, MTE, MPAM, AMU, SPE, trace, FEAT_NV,
 * FEAT_EVT, FEAT_CCIDX, error records; EL2 and EL3 are the board's. */
static const struct {
    const char *model;
    uint64_t midr, ctr, clidr, ccsidr[3];
    /* ID_AA64PFR0, PFR1, ZFR0, DFR0, ISAR0, ISAR1, MMFR0, MMFR1, MMFR2 */
    uint64_t id[9];
    uint32_t pfr0, pfr1, dfr0, isar4, isar5, isar6, mmfr4; /* AArch32 */
} parts[] = {
    {"cortex-a55", 0x412fd050, 0x84448004, 0x82000023,
     {0x700fe01a, 0x200fe01a, 0x703fe07a},
     {0x0000000010110011, 0x10, 0, 0x10305408, 0x0000100010211120,
      0x0000000000100001, 0x00101122, 0x10212122, 0x1011},
     0x10010131, 0x00011011, 0x04010088, 0x00011142, 0x01011121, 0x00000010,
     0x00021110},
    {"cortex-a710", 0x412fd471, 0x9444c004, 0x82000023,
     {0x701fe01a, 0x201fe01a, 0x707fe03a},
     {0x1201000110110011, 0x21, 0x0000110100110021, 0x10305608,
      0x0221111110212120, 0x0010111101211052, 0x0000022200101122, 0x10212122,
      0x1021011110001011},
     0x21110131, 0x00010000, 0x16011099, 0x00010142, 0x11011121, 0x01111111,
     0x21021110},
    {"neoverse-n2", 0x410fd493, 0x9444c004, 0x82000023,
     {0x701fe01a, 0x201fe01a, 0x70ffe03a},
     {0x1201000110110011, 0x21, 0x0000110100110021, 0x10305608,
      0x1221111110212120, 0x0011111101211052, 0x0000022200101125, 0x10212122,
      0x1021011110001011},
     0x21110131, 0x00010000, 0x16011099, 0x00010142, 0x11011121, 0x01111111,
     0x01021110},
    {"neoverse-v1", 0x411fd402, 0x9444c004, 0x82000023,
     {0x701fe01a, 0x201fe01a, 0x70ffe03a},
     {0x1101000110110011, 0x20, 0x0000100000100000, 0x10305508,
      0x1011111110212120, 0x0011100001211032, 0x0000000000101125, 0x10212122,
      0x0020011100001011},
     0x21110131, 0x00010000, 0x15011099, 0x00010142, 0x11011121, 0x01100111,
     0x01021110},
};

START_TEST(test_parts)
{
    static const uint8_t where[][2] = { /* CRm, op2 of parts[].id */
        {4, 0}, {4, 1}, {4, 4}, {5, 0}, {6, 0}, {6, 1}, {7, 0}, {7, 1},
        {7, 2},
    };
    struct arm_model m;

    ck_assert(arm_model_find(&m, parts[_i].model, NULL, NULL));
    ck_assert_uint_eq(m.midr, parts[_i].midr);
    ck_assert_uint_eq(m.revidr, 0);
    ck_assert_uint_eq(m.ctr, parts[_i].ctr);
    ck_assert_uint_eq(m.dczid, 4);
    ck_assert_uint_eq(m.clidr, parts[_i].clidr);
    ck_assert_mem_eq(m.ccsidr, parts[_i].ccsidr, sizeof(m.ccsidr));
    for (size_t n = 0; n < ARRAY_SIZE(where); n++) {
        ck_assert_msg(m.id[where[n][0]][where[n][1]] == parts[_i].id[n],
                      "%s, CRm %d, op2 %d: %lx", m.name, where[n][0],
                      where[n][1], m.id[where[n][0]][where[n][1]]);
    }
    ck_assert_uint_eq(m.ARM_ID_PFR0, parts[_i].pfr0);
    ck_assert_uint_eq(m.ARM_ID_PFR1, parts[_i].pfr1);
    ck_assert_uint_eq(m.ARM_ID_PFR2, 0x11);
    ck_assert_uint_eq(m.ARM_ID_DFR0, parts[_i].dfr0);
    ck_assert_uint_eq(m.ARM_ID_ISAR4, parts[_i].isar4);
    ck_assert_uint_eq(m.ARM_ID_ISAR5, parts[_i].isar5);
    ck_assert_uint_eq(m.ARM_ID_ISAR6, parts[_i].isar6);
    ck_assert_uint_eq(m.ARM_ID_MMFR4, parts[_i].mmfr4);
    ck_assert_uint_eq(m.ARM_MVFR0, 0x10110222);
    ck_assert_uint_eq(m.ARM_MVFR1, 0x13211111);
    ck_assert_uint_eq(m.ARM_MVFR2, 0x43);
}
END_TEST

START_TEST(test_help)
{
    size_t count;
    const struct cpu_model_info *info = cpu_models(&count);
    struct arm_model m;

    ck_assert_uint_eq(count, 12);
    for (size_t n = 0; n < count; n++) {
        ck_assert(arm_model_find(&m, info[n].name, NULL, NULL));
        ck_assert(strcmp(info[n].name, "max") == 0 ||
                  strncmp(info[n].description, "Armv", 4) == 0);
        ck_assert_str_eq(m.name, info[n].name);
        ck_assert(info[n].description[0] != '\0');
        ck_assert(!(m.ctr & BIT(29))); /* DIC: IC tells the translator */
    }
}
END_TEST

/* -- traps --------------------------------------------------------------- */

START_TEST(test_traps)
{
    ck_assert(sysreg_is_trapped(cpu, TRAP_CNTVCT, true));
    cpu->cntkctl_el1 = 2;
    ck_assert(!sysreg_is_trapped(cpu, TRAP_CNTVCT, true));
    ck_assert(sysreg_is_trapped(cpu, TRAP_CNTPCT, true));
    ck_assert(!sysreg_is_trapped(cpu, TRAP_CNTFRQ, true));
    ck_assert(sysreg_is_trapped(cpu, TRAP_CACHE, false));
    cpu->mmu_el[1].sctlr |= BIT(26);
    ck_assert(!sysreg_is_trapped(cpu, TRAP_CACHE, false));
    cpu->pmu.userenr = 4; /* CR: reads of the cycle counter only */
    ck_assert(!sysreg_is_trapped(cpu, TRAP_PMU_CYCLES, true));
    ck_assert(sysreg_is_trapped(cpu, TRAP_PMU_CYCLES, false));
}
END_TEST

START_TEST(test_syndrome)
{
    /* MRS x7, CNTVCT_EL0 */
    ck_assert_uint_eq(sysreg_syndrome(CNTVCT, 7, true),
                      0x62000000 | 3 << 20 | 2 << 17 | 3 << 14 | 14 << 10 |
                          7 << 5 | 1);
}
END_TEST

/* -- timers -------------------------------------------------------------- */

static bool output;

static void set_output(void *opaque, unsigned n, bool level)
{
    (void)opaque, (void)n;
    output = level;
}

START_TEST(test_timer)
{
    cpu_connect_timer(cpus, 0, CPU_TIMER_VIRT,
                      (struct irq){set_output, NULL, 0});
    output = false;
    set(CNTV_CVAL, get(CNTVCT) + (1 << 30));
    set(CNTV_CTL, 1);
    ck_assert(!output);
    ck_assert_uint_eq(get(CNTV_CTL), 1);
    ck_assert_int_gt((int32_t)get(CNTV_TVAL), 1 << 29);
    set(CNTV_TVAL, (uint64_t)-5);
    ck_assert(output);
    ck_assert_uint_eq(get(CNTV_CTL), 5); /* ISTATUS */
    set(CNTV_CTL, 3);                    /* IMASK */
    ck_assert(!output);
    ck_assert_uint_eq(get(CNTV_CTL), 7);
    set(CNTV_CTL, 1);
    ck_assert(output);
    set(CNTV_CTL, 0);
    ck_assert(!output);
}
END_TEST

START_TEST(test_timer_deadline)
{
    cpu->timer[ARM_TIMER_VIRT] = (struct arm_timer){UINT64_MAX / 2, 1};
    ck_assert_uint_eq(timer_update(cpu), UINT64_MAX); /* out of range */
    uint64_t now = timer_count(cpu, ARM_TIMER_VIRT);
    uint64_t hz = cpu_counter_hz(cpus);
    cpu->timer[ARM_TIMER_VIRT].cval = now + hz;
    uint64_t deadline = timer_update(cpu);
    ck_assert_uint_eq(deadline, cpus->timers.start_ns +
                                    (now + hz) * (NS_PER_SEC / hz));
    cpu->timer[ARM_TIMER_VIRT].ctl = 3; /* masked: nobody to wake */
    ck_assert_uint_eq(timer_update(cpu), UINT64_MAX);
}
END_TEST

/* The Cortex-A76 has PSTATE.SSBS and SCTLR_EL1.DSSBS, not the register. */
START_TEST(test_ssbs)
{
    const uint16_t sctlr = SYSREG(3, 0, 1, 0, 0);

    ck_assert(cpu->feature[A64_FEAT_SSBS] && !cpu->feature[A64_FEAT_SSBS2]);
    set(sctlr, get(sctlr) | BIT(44));
    ck_assert_uint_eq(get(sctlr) & BIT(44), BIT(44));
    cpu->spsr_el[1] = 5 | PSTATE_SSBS;
    arm_exception_return(cpu, 0);
    ck_assert_uint_eq(arm_pstate(cpu), 5 | PSTATE_SSBS);
    ck_assert_ptr_null(sysreg_find(cpu, SYSREG(3, 3, 4, 2, 6)));
}
END_TEST

static void setup_a76(void)
{
    create("cortex-a76", NULL, 1);
}

/* What the decode tables have of a feature is implemented exactly if the
 * identification of `max` has it. */
START_TEST(test_features)
{
    size_t count;
    const struct a64_row *rows = a64_rows(&count);

    for (size_t n = 0; n < count; n++) {
        const struct a64_row *row = &rows[n];
        bool has = true;

        for (unsigned k = 0; k < A64_ROW_FEATS; k++) {
            has &= row->feat[k] == A64_FEAT_COUNT || cpu->feature[row->feat[k]];
        }
        ck_assert_msg(row->state == A64_ROW_UNDEFINED ||
                          has == (row->state == A64_ROW_IMPLEMENTED),
                      "%s: %s", row->name,
                      has ? "not implemented" : "not identified");
    }
}
END_TEST

Suite *sysregs_suite(void)
{
    Suite *s = suite_create("sysregs");
    TCase *a72 = tcase_create("cortex-a72"), *max = tcase_create("max");
    TCase *a76 = tcase_create("cortex-a76");

    tcase_add_checked_fixture(a72, setup, teardown);
    tcase_add_test(a72, test_table);
    tcase_add_test(a72, test_find);
    tcase_add_test(a72, test_every_register);
    tcase_add_test(a72, test_masks);
    tcase_add_test(a72, test_id);
    tcase_add_test(a72, test_properties);
    tcase_add_test(a72, test_cores);
    tcase_add_test(a72, test_vector_lengths);
    tcase_add_loop_test(a72, test_parts, 0, ARRAY_SIZE(parts));
    tcase_add_test(a72, test_help);
    tcase_add_test(a72, test_traps);
    tcase_add_test(a72, test_syndrome);
    tcase_add_test(a72, test_timer);
    tcase_add_test(a72, test_timer_deadline);
    suite_add_tcase(s, a72);
    tcase_add_checked_fixture(max, setup_max, teardown);
    tcase_add_test(max, test_max);
    tcase_add_test(max, test_every_register);
    tcase_add_test(max, test_features);
    suite_add_tcase(s, max);
    tcase_add_checked_fixture(a76, setup_a76, teardown);
    tcase_add_test(a76, test_ssbs);
    suite_add_tcase(s, a76);
    return s;
}
