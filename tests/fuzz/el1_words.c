/*
 * A bare-metal program: words from a list, each executed once at EL1 or EL0
 * below a hypervisor, which sets all registers before it and prints a sum of
 * all it finds in them afterwards.  tests/fuzz/el1_words makes the list and
 * compares the sums with QEMU's.
 *
 * CPU 1 is at EL2 with the MMU off.  Stage 2 has a page of code, the vectors
 * of EL1 (all words there are HVC, so that nothing runs on), four pages of
 * data and, for reading, the tables.  What does not come back by itself, such
 * as a fault of the vectors, is interrupted by the timer of EL2.
 */
#include "pc-bios/guest/board.h"
#include "pc-bios/guest/io.h"
#include "pc-bios/guest/psci.h"
#include "tests/fuzz/insn_random.h"
#include "tests/guest/lib/level.h"
#include "tests/guest/lib/tables.h"

#define LIST ((const uint32_t *)0x4c000000) /* how many, words; -device */
#define CPU_ON 0xc4000003u
#define HVC(n) (0xd4000002u | (uint32_t)(n) << 5)

#define GICD_ISENABLER0 0x08000100ul
#define GICD_CTLR 0x08000000ul
#define GICC_CTLR 0x08010000ul
#define GICC_PMR 0x08010004ul
#define GICC_IAR 0x0801000cul
#define GICC_EOIR 0x08010010ul
#define TIMER_INTID 26

#define HCR_EL2 (1ull << 41 | 1ull << 40 | 1ull << 31 | 1ull << 19 | \
                 1ull << 14 | 1ull << 13 | 7ull << 3 | 1ull << 0)
#define S2_RAM (15ull << 2 | 3ull << 8 | 1ull << 10)
#define S2_READ (1ull << 6)
#define S2_WRITE (1ull << 7)
#define S2_XN (2ull << 53)
#define VTCR (1ull << 31 | 2ull << 16 | 3ull << 12 | 1ull << 10 | 1ull << 8 | \
              1ull << 6 | 25)
#define SCTLR_RES1 0x30d00800ull

enum { WORDS = 1024, AT = 512, DATA_PAGES = 4, FPS = 66, IRQ = 9,
       ASKED = 64 };

/* ORDER state: words_enter */
static struct state {
    uint64_t x[31], pc, spsr, esr, far, hpfar, vector, unused;
    uint64_t fp[FPS]; /* v0 to v31, FPCR, FPSR */
} state __attribute__((aligned(16)));

static uint32_t code[WORDS] __attribute__((aligned(4096)));
static uint32_t vectors[WORDS] __attribute__((aligned(4096)));
static uint64_t data[DATA_PAGES][512] __attribute__((aligned(4096)));
static uint64_t stack[1024] __attribute__((aligned(16)));

/* Those to be told in full instead of summed up, in order; -append */
static uint64_t asked[ASKED];
static unsigned asked_count;

/*
 * Of EL1 and EL0: what can be read and written from EL2.  Not compared is what
 * QEMU 7.2 keeps though nothing is there: the upper half of CONTEXTIDR_EL1,
 * ESR_EL1 and SPSR_EL1; the lower bits of VBAR_EL1; of SCTLR_EL1 SED, ITD and
 * CP15BEN, which are AArch32's, and EnIA to EnDB on processors without; what
 * CPACR_EL1 has but FPEN.  Nor
 * what is IMPLEMENTATION DEFINED, AMAIR_EL1 and AFSRn_EL1, and SPSR_EL1.BTYPE,
 * which is kept here only where guarded pages are in use.
 */
#define UPPER (0xffffffffull << 32)
#define REGISTERS(X)                                                       \
    X(sp_el0, 0) X(sp_el1, 0) X(tpidr_el0, 0) X(tpidrro_el0, 0)            \
    X(tpidr_el1, 0) X(contextidr_el1, UPPER) X(ttbr0_el1, 0)               \
    X(ttbr1_el1, 0) X(tcr_el1, 0) X(mair_el1, 0) X(amair_el1, ~0ull)       \
    X(vbar_el1, 0x7ff) X(par_el1, 0) X(esr_el1, UPPER) X(far_el1, 0)       \
    X(elr_el1, 0) X(spsr_el1, UPPER | 3 << 10) X(afsr0_el1, ~0ull)         \
    X(afsr1_el1, ~0ull) X(cpacr_el1, ~(3ull << 20)) X(cntkctl_el1, 0)      \
    X(csselr_el1, 0) X(mdscr_el1, 0) X(pmuserenr_el0, 14)                  \
    X(sctlr_el1, 0xc80021a0)

#define NUMBER(name, ignored) R_##name,
#define NAME(name, ignored) #name,
#define READ(name, ignored) \
    system[R_##name] = sysreg_read(name) & ~(uint64_t)(ignored);
#define WRITE(name, ignored) sysreg_write(name, system[R_##name]);
enum { REGISTERS(NUMBER) REGISTER_COUNT };
static const char *const names[] = {REGISTERS(NAME)};
static uint64_t system[REGISTER_COUNT];

void words_enter(struct state *s);
#pragma GCC visibility push(hidden)
extern const char level_start[], words_vectors[];
#pragma GCC visibility pop

static struct space one;

/* -- before -------------------------------------------------------------- */

static uint64_t random_value(void)
{
    switch (random_below(8)) {
    case 0:
        return random64();
    case 1:
        return random_below(256) - 128ull;
    case 2:
        return (uint64_t)&code[random_below(WORDS)];
    case 3:
        return random64() >> random_below(64);
    default: /* mostly as an atomic access wants it */
        return ((uint64_t)data + random_below(sizeof(data) - 64)) &
               ~(random_below(4) ? 15ull : 0ull);
    }
}

/* Some of these bits, or none. */
static uint64_t some(uint64_t bits, unsigned one_in)
{
    return random_below(one_in) ? 0 : bits & random64();
}

/* EL0, or EL1 with either stack pointer. */
static uint64_t random_spsr(void)
{
    static const uint8_t modes[] = {5, 5, 5, 5, 5, 4, 0, 0};

    return modes[random_below(8)] | (random64() & 0xf10013c0) |
           some(3ull << 22, 4);
}

static void set_system(bool is_system)
{
    for (unsigned n = 0; n < REGISTER_COUNT; n++) {
        system[n] = random_value();
    }
    /* aligned: QEMU 7.2 does not look */
    system[R_sp_el0] = system[R_sp_el1] =
        (uint64_t)data[1] + 16 * random_below(64);
    system[R_ttbr0_el1] = (uint64_t)one.root;
    system[R_ttbr1_el1] = (uint64_t)one.root;
    system[R_tcr_el1] = TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | 25;
    system[R_mair_el1] = 0x04ff;
    system[R_amair_el1] = system[R_afsr0_el1] = system[R_afsr1_el1] = 0;
    system[R_vbar_el1] = (uint64_t)vectors;
    system[R_par_el1] = 0;
    system[R_cpacr_el1] = (random_below(4) ? 3ull : random_below(4)) << 20;
    system[R_cntkctl_el1] = random_below(4);
    system[R_csselr_el1] = 0;
    system[R_contextidr_el1] &= ~UPPER;
    system[R_esr_el1] &= ~UPPER;
    system[R_spsr_el1] = random_spsr();
    system[R_mdscr_el1] = some(1 << 12, 4);
    system[R_pmuserenr_el0] = random_below(2); /* EN; see el1_words.known */
    /* A, SA, SA0, nAA, UMA, DZE, UCT, nTWI, nTWE, SPAN, E0E, UCI, EnDB ... */
    system[R_sctlr_el1] = SCTLR_RES1 | (is_system && !random_below(8) ? 0 : 1) |
                          some(1 << 1 | 7 << 3 | 3 << 8 | 7ull << 13 |
                                   1 << 16 | 1 << 18 | 1 << 23 | 1 << 24 |
                                   1 << 26 | 1 << 27 | 3ull << 30, 2);
    REGISTERS(WRITE)
}

static void set_traps(void)
{
    /* TID1..3, TIDCP, TACR, TSW, TPC, TPU, TTLB, TVM, TDZ, TRVM */
    sysreg_write(hcr_el2, HCR_EL2 | some(7 << 16 | 127ull << 20 | 1ull << 28 |
                                             1ull << 30, 3));
    /* TPM, TDA, TDOSA, TDRA, not TPMCR, which QEMU 7.2 has not */
    sysreg_write(mdcr_el2, (sysreg_read(mdcr_el2) & 31) |
                               some(1 << 6 | 7 << 9, 4));
    sysreg_write(cptr_el2, 0x33ff | some(1ull << 31, 4)); /* TCPAC */
    sysreg_write(cnthctl_el2, 3 - some(3, 4));
}

static void set_state(uint64_t index, uint32_t word)
{
    uint64_t *to = (uint64_t *)data;
    bool branches = word >> 25 == 0x6b; /* to registers */

    random_state = index * 0x2545f4914f6cdd1d + 1;
    for (unsigned n = 0; n < ARRAY_SIZE(state.x); n++) {
        state.x[n] = random_value() & (branches ? ~3ull : ~0ull);
    }
    for (unsigned n = 0; n < FPS - 2; n++) {
        state.fp[n] = random64() >> random_below(64);
    }
    state.fp[FPS - 2] = some(0x07c80000, 2);
    state.fp[FPS - 1] = 0;
    for (unsigned n = 0; n < sizeof(data) / 8; n += 8) {
        for (unsigned k = 0; k < 8; k++) {
            to[n + k] = index + n;
        }
    }
    state.pc = (uint64_t)&code[AT];
    state.spsr = random_spsr();
    set_system(word >> 26 == 0x35);
    system[R_elr_el1] &= ~3ull; /* PC alignment comes before its page */
    sysreg_write(elr_el1, system[R_elr_el1]);
    set_traps();
}

/* -- one word ------------------------------------------------------------ */

static void start_timer(void)
{
    sysreg_write(cnthp_tval_el2, sysreg_read(cntfrq_el0) / 100);
    sysreg_write(cnthp_ctl_el2, 1);
    barrier_isb();
}

static void stop_timer(void)
{
    sysreg_write(cnthp_ctl_el2, 0);
    barrier_isb();
    if (state.vector == IRQ) { /* no syndrome */
        io_write32(GICC_EOIR, io_read32(GICC_IAR));
        state.esr = state.far = state.hpfar = 0;
    }
}

static bool is_abort(uint64_t esr)
{
    return esr >> 28 == 9; /* of data */
}

/* LDADD and the like, SWP, CAS, CASP. */
static bool is_atomic(uint32_t word)
{
    return (word & 0x3b200c00) == 0x38200000 ||
           (word & 0x3fa07c00) == 0x08a07c00 ||
           (word & 0xbfa07c00) == 0x08207c00;
}

/* What is not set, and where QEMU 7.2 is known to differ. */
static void ignore(uint32_t word)
{
    unsigned class = (unsigned)(state.esr >> 26);

    if (class < 0x20 || class > 0x25) {
        state.far = state.hpfar = 0;
    }
    if (state.esr == ESR(0x16, 2)) { /* it clears NZCV on the way to EL1 */
        state.spsr &= 0x0effffff; /* and DIT, which TakeException() keeps */
    } else if (state.vector == IRQ) { /* out of a loop of faults, mostly */
        state.spsr &= 0x0effffff;
        system[R_spsr_el1] &= 0x0effffff;
    }
    state.spsr &= ~(3ull << 10);
    if ((word & 0xfffff0df) == 0xd50340df) { /* DAIFSet, DAIFClr: its syndrome
                                              * has op1 and op2 exchanged */
        system[R_esr_el1] &= ~0xfc000ull;
    }
    if (is_atomic(word)) { /* WnR is for the write alone (ESR_EL1) */
        state.esr &= ~(is_abort(state.esr) ? 1ull << 6 : 0);
        system[R_esr_el1] &= ~(is_abort(system[R_esr_el1]) ? 1ull << 6 : 0);
    }
    if ((word & 0xbe400000) == 0x0c400000 &&
        (is_abort(state.esr) || is_abort(system[R_esr_el1]))) {
        for (unsigned n = 0; n < FPS - 2; n++) { /* LD1 .. LD4: what of it */
            state.fp[n] = 0;
        }
    }
    state.fp[FPS - 2] &= ~0x370000ull; /* Len and Stride, AArch32's */
    state.fp[FPS - 1] &= 0x0800009f;
}

static void run(uint32_t word)
{
    code[AT] = word;
    __asm__ volatile("dsb sy\n ic ivau, %0\n dsb sy\n isb"
                     ::"r"(&code[AT]) : "memory");
    tlbi(vmalls12e1);
    /* What is a loop, even on a host that has other things to do. */
    for (unsigned n = 0; n < 8; n++) {
        start_timer();
        words_enter(&state);
        stop_timer();
        if (state.vector != IRQ) {
            break;
        }
    }
    REGISTERS(READ)
    ignore(word);
    /* What a word may have left on. */
    sysreg_write(mdscr_el1, 0);
    __asm__ volatile("msr dbgbcr0_el1, xzr\n msr dbgwcr0_el1, xzr\n"
                     "msr cntv_ctl_el0, xzr\n msr cntp_ctl_el0, xzr");
}

/* -- what is left -------------------------------------------------------- */

static uint64_t add(uint64_t sum, const void *from, unsigned size)
{
    const uint64_t *word = from;

    for (unsigned n = 0; n < size / 8; n++) {
        sum = (sum ^ word[n]) * 0x100000001b3;
        sum ^= sum >> 29;
    }
    return sum;
}

static void tell(uint32_t word)
{
    print("%08x pc +%lx spsr %lx esr %lx far %lx hpfar %lx vector %lu\n", word,
          state.pc - (uint64_t)&code[AT], state.spsr, state.esr, state.far,
          state.hpfar, state.vector);
    for (unsigned n = 0; n < ARRAY_SIZE(state.x); n++) {
        print("x%u %lx\n", n, state.x[n]);
    }
    for (unsigned n = 0; n < FPS; n++) {
        print("v%u.d%u %lx\n", n / 2, n % 2, state.fp[n]);
    }
    for (unsigned n = 0; n < REGISTER_COUNT; n++) {
        print("%s %lx\n", names[n], system[n]);
    }
    for (unsigned n = 0; n < sizeof(data) / 8; n++) {
        print("data[%u] %lx\n", n, ((uint64_t *)data)[n]);
    }
}

static void try(uint64_t index, uint32_t word, bool in_full)
{
    uint64_t sum;

    set_state(index, word);
    if (in_full) {
        tell(word);
    }
    run(word);
    sum = add(1, &state, sizeof(state));
    sum = add(sum, system, sizeof(system));
    sum = add(sum, data, sizeof(data));
    if (in_full) {
        tell(word);
    } else if (!asked_count) {
        print("%08x\n", (uint32_t)(sum ^ sum >> 32));
    }
}

/* -- set-up -------------------------------------------------------------- */

static void map(const struct space *two, uint64_t pa, uint64_t rights,
                uint64_t attributes)
{
    *tables_entry(two, pa, 3) = pa | D_PAGE | S2_RAM | rights;
    if (attributes) {
        *tables_entry(&one, pa, 3) = pa | D_PAGE | attributes;
    }
}

static void make_spaces(void)
{
    static const uint64_t rights[DATA_PAGES] = {
        D_EL0, 0, D_EL0 | D_READ_ONLY, D_EL0 | D_PXN,
    };
    struct space two = tables_new(12, 39);
    uint64_t tables = (uint64_t)two.root;

    one = tables_new(12, 39);
    map(&two, (uint64_t)code, S2_READ,
        D_NORMAL | D_SHARED | D_AF | D_EL0 | D_READ_ONLY);
    map(&two, (uint64_t)vectors, S2_READ, D_RAM | D_READ_ONLY);
    for (unsigned n = 0; n < DATA_PAGES; n++) {
        map(&two, (uint64_t)data[n], S2_READ | S2_WRITE | S2_XN,
            D_RAM | rights[n]);
    }
    for (unsigned n = 0; n < 16; n++) {
        map(&two, tables + n * 4096, S2_READ | S2_XN, 0);
    }
    sysreg_write(vtcr_el2, VTCR);
    sysreg_write(vttbr_el2, two.root);
    for (unsigned n = 0; n < WORDS; n++) {
        code[n] = HVC(1);
        vectors[n] = HVC(2);
    }
}

static void set_up(void)
{
    io_write32(GICD_CTLR, 1);
    io_write32(GICD_ISENABLER0, 1u << TIMER_INTID);
    io_write32(GICC_PMR, 0xff);
    io_write32(GICC_CTLR, 1);
    sysreg_write(vbar_el2, words_vectors);
    sysreg_write(vmpidr_el2, sysreg_read(mpidr_el1));
    sysreg_write(vpidr_el2, sysreg_read(midr_el1));
    make_spaces();
}

void level_main(void)
{
    uint32_t count = LIST[0];
    unsigned told = 0;

    set_up();
    if (asked_count) {
        count = (uint32_t)asked[asked_count - 1] + 1;
    }
    for (uint32_t n = 0; n < count; n++) {
        bool in_full = told < asked_count && asked[told] == n;

        if (in_full) {
            print("word %u\n", n);
            told++;
        }
        try(n, LIST[1 + n], in_full);
    }
    print("end\n");
    psci_power_off();
}

/* -append "INDEX...", ascending: these, in full. */
void test_main(void)
{
    const char *c = board.arguments;

    while (c && *c && asked_count < ASKED) {
        while (*c >= '0' && *c <= '9') {
            asked[asked_count] = asked[asked_count] * 10 +
                                 (uint64_t)(*c++ - '0');
        }
        asked_count++;
        c += *c == ' ';
    }
    psci_call(CPU_ON, board.cpus[1].mpidr, (uint64_t)level_start,
              (uint64_t)(stack + ARRAY_SIZE(stack)));
    for (;;) {
        cpu_wfi();
    }
}
