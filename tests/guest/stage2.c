/*
 * Stage 2 translation: the fault of each level and kind with each granule,
 * with ESR, HPFAR and FAR of EL2; under stage 1 the walks of its tables; AT;
 * VMIDs; TLB maintenance by IPA and by VMID.
 *
 * run: -M virt,virtualization=on -cpu max -smp 2
 * run: -M virt,virtualization=on,gic-version=3 -cpu max -smp 2 -m 1G
 * armature: -M virt,virtualization=on -cpu max -smp 2 -accel interp
 */
#include "tests/guest/lib/level.h"
#include "tests/guest/lib/tables.h"

#define HCR_VM 1ull
#define HCR_PTW (1ull << 2)
#define HCR_DC (1ull << 12)
#define HCR_RW (1ull << 31)

#define S2_READ (1ull << 6)
#define S2_WRITE (1ull << 7)
#define S2_WB (15ull << 2)
#define S2_DEVICE (1ull << 2)
#define S2_XN (2ull << 53)
#define S2_RAM (S2_WB | S2_READ | S2_WRITE | D_SHARED | D_AF)

#define WINDOW 0x500000000ull /* in each granule's range, nothing there */
#define VMID(n) ((uint64_t)(n) << 48)

#define SCTLR_EL1_ON 0x30d01805ull
#define SCTLR_EL1_OFF 0x30d00800ull

enum { LOAD, STORE, CALL, AT_S1E1R, AT_S1E1W };
static const uint32_t insns[] = {
    [LOAD] = 0xf9400082,     /* ldr x2, [x4] */
    [STORE] = 0xf9000082,    /* str x2, [x4] */
    [CALL] = 0xd63f0080,     /* blr x4 */
    [AT_S1E1R] = 0xd5087804, /* at s1e1r, x4 */
    [AT_S1E1W] = 0xd5087824, /* at s1e1w, x4 */
};

/* What runs at EL1: one instruction with an address in x4; x2 is kept. */
static struct {
    uint32_t code[8];
    uint64_t address, result_at, result;
} guest __attribute__((aligned(4096)));

static volatile uint64_t pages[2][8192] __attribute__((aligned(65536)));
static struct space one, two;

static void make_guest(void)
{
    static const uint32_t words[] = {
        0x58000104, /* ldr x4, address */
        0x58000125, /* ldr x5, result_at */
        0xf9400082, /* the instruction */
        0xf90000a2, /* str x2, [x5] */
        0xd4000aa2, /* hvc #0x55 */
    };

    for (unsigned n = 0; n < ARRAY_SIZE(words); n++) {
        guest.code[n] = words[n];
    }
    guest.result_at = (uint64_t)&guest.result;
}

/* Run it; the syndrome at EL2. */
static uint64_t run(unsigned kind, uint64_t address)
{
    guest.code[2] = insns[kind];
    guest.address = address;
    guest.result = 0;
    __asm__ volatile("dsb sy\n ic iallu\n dsb sy\n isb" ::: "memory");
    level_enter(LEVEL_EL1, (uint64_t)guest.code);
    return sysreg_read(esr_el2);
}

#define DONE ESR(0x16, 0x55)

static void try(const char *what, unsigned kind, uint64_t address)
{
    uint64_t esr = run(kind, address);

    if (esr == DONE) {
        print("%s: done\n", what);
    } else if ((esr & ~0xfull) == ESR(0x16, 0x100)) {
        print("%s: EL1 ESR %08lx FAR %lx\n", what, sysreg_read(esr_el1),
              sysreg_read(far_el1));
    } else {
        print("%s: EL2 ESR %08lx HPFAR %lx FAR %lx\n", what, esr,
              sysreg_read(hpfar_el2), sysreg_read(far_el2));
    }
}

static uint64_t value_of(uint64_t address)
{
    return run(LOAD, address) == DONE ? guest.result : ~0ull;
}

/* ---- stage 2 ---- */

static const struct shape {
    const char *name;
    uint64_t vtcr; /* TG0, SL0 */
    unsigned shift, bits;
} shapes[] = {
    {"4 KiB, 39 bits", 0ull << 14 | 1 << 6, 12, 39},
    {"4 KiB, 44 bits", 0ull << 14 | 2 << 6, 12, 44},
    {"16 KiB, 36 bits", 2ull << 14 | 1 << 6, 14, 36},
    {"16 KiB, 44 bits", 2ull << 14 | 2 << 6, 14, 44},
    {"64 KiB, 42 bits", 1ull << 14 | 1 << 6, 16, 42},
    {"64 KiB, 44 bits", 1ull << 14 | 2 << 6, 16, 44},
};

#define VTCR_REST (1ull << 31 | 3ull << 12 | 1ull << 10 | 1ull << 8)
#define VTCR_PS_44 (4ull << 16)
#define VTCR_PS_48 (5ull << 16)
#define VTCR_HA (1ull << 21)
#define VTCR_HD (1ull << 22)

static void forget(void)
{
    tlbi(alle1);
}

static void identity(const struct space *space)
{
    uint64_t block = tables_block(space, 2);

    for (uint64_t pa = 1ull << 30; pa < 5ull << 28; pa += block) {
        *tables_entry(space, pa, 2) = pa | D_BLOCK | S2_RAM;
    }
}

static void use(const struct shape *shape, uint64_t vtcr)
{
    two = tables_new(shape->shift, shape->bits);
    identity(&two);
    sysreg_write(vtcr_el2, vtcr | VTCR_REST | shape->vtcr |
                               (64 - shape->bits));
    sysreg_write(vttbr_el2, (uint64_t)two.root | VMID(1));
    sysreg_write(hcr_el2, HCR_RW | HCR_VM);
    barrier_isb();
    forget();
}

static bool has_leaf(const struct shape *shape, unsigned level)
{
    return level >= 2 || (level == 1 && shape->shift == 12);
}

static void test_level(const struct shape *shape, unsigned level)
{
    uint64_t block = tables_block(&two, level);
    uint64_t pa = (uint64_t)pages[0] & ~(block - 1);
    /* Not among the tables of another level, nor those of the program. */
    uint64_t at = level == tables_first_level(&two)
                      ? 1ull << (shape->bits - 1) | 0x1238
                      : (WINDOW + 0x1238) ^ (uint64_t)level << 34;
    uint64_t ipa = at & ~(block - 1);
    uint64_t *entry = tables_entry(&two, at, level);

    print("level %u\n", level);
    *entry = 0;
    forget();
    try("translation, load", LOAD, at);
    try("translation, store", STORE, at);
    try("translation, call", CALL, at);
    if (!has_leaf(shape, level)) {
        return;
    }
    uint64_t type = level == 3 ? D_PAGE : D_BLOCK;

    *entry = pa | type | (S2_RAM & ~D_AF);
    forget();
    try("access flag", LOAD, at);
    *entry = pa | type | (S2_RAM & ~S2_WRITE);
    forget();
    try("read-only, load", LOAD, at);
    try("read-only, store", STORE, at);
    *entry = pa | type | (S2_RAM & ~S2_READ);
    forget();
    try("write-only, load", LOAD, at);
    *entry = pa | type | S2_RAM | S2_XN;
    forget();
    try("XN, call", CALL, at);
    *entry = 1ull << 46 | type | S2_RAM;
    forget();
    try("address size", LOAD, at);
    *entry = pa | type | S2_RAM;
    pages[0][5] = level + 0x100;
    forget();
    test_equal("value", value_of(ipa + ((uint64_t)&pages[0][5] - pa)),
               level + 0x100);
}

static void test_shapes(void)
{
    for (unsigned n = 0; n < ARRAY_SIZE(shapes); n++) {
        test_part(shapes[n].name);
        tables_reset();
        use(&shapes[n], VTCR_PS_44);
        for (unsigned level = tables_first_level(&two); level <= 3;
             level++) {
            test_level(&shapes[n], level);
        }
    }
    test_part("registers");
    use(&shapes[0], VTCR_PS_44);
    try("IPA too large", LOAD, 1ull << 39);
    sysreg_write(vtcr_el2, VTCR_REST | VTCR_PS_44 | 1 << 6 | 34);
    forget();
    try("SL0 too high", LOAD, WINDOW);
    sysreg_write(vtcr_el2, VTCR_REST | VTCR_PS_44 | 0 << 6 | 25);
    forget();
    try("SL0 too low", LOAD, WINDOW);
}

/* ---- both stages ---- */

#define TCR_ONE                                                            \
    (TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | (64 - 39))

static void use_stage1(void)
{
    one = tables_new(12, 39);
    tables_identity(&one);
    sysreg_write(mair_el1, 0x04ff);
    sysreg_write(tcr_el1, TCR_ONE);
    sysreg_write(ttbr0_el1, one.root);
    sysreg_write(sctlr_el1, SCTLR_EL1_ON);
    barrier_isb();
    forget();
}

static uint64_t hpfar_of(const volatile void *page)
{
    return (uint64_t)page >> 12 << 4;
}

static void remap(uint64_t ipa, uint64_t descriptor)
{
    *tables_entry(&two, ipa, 3) = descriptor;
    forget();
}

static void test_walks(void)
{
    uint64_t va = 0x1234567000, ipa = WINDOW + 0x3000;
    uint64_t *entry, *table;

    test_part("stage 1 under stage 2");
    tables_reset();
    use(&shapes[0], VTCR_PS_48);
    use_stage1();
    entry = tables_entry(&one, va, 3);
    table = (uint64_t *)((uint64_t)entry & ~0xfffull);
    *entry = ipa | D_PAGE | D_RAM;
    remap(ipa, (uint64_t)pages[0] | D_PAGE | S2_RAM);
    pages[0][5] = 0x55;
    test_equal("through both", value_of(va + 40), 0x55);
    remap(ipa, 0);
    try("stage 2 fault", LOAD, va + 40);
    try("stage 1 fault", LOAD, va + 0x1000);
    remap(ipa, (uint64_t)pages[0] | D_PAGE | (S2_RAM & ~S2_WRITE));
    try("stage 2 read-only, store", STORE, va + 40);
    *entry = ipa | D_PAGE | D_RAM | D_READ_ONLY;
    forget();
    try("both read-only, store", STORE, va + 40);
    *entry = ipa | D_PAGE | D_RAM;

    /* The page with the table: a page of its own in stage 2. */
    uint64_t *block = tables_entry(&two, (uint64_t)table, 2);
    uint64_t base = *block & 0xffffffe00000ull;

    *block = 0;
    for (uint64_t n = 0; n < 512; n++) {
        *tables_entry(&two, base + (n << 12), 3) =
            (base + (n << 12)) | D_PAGE | S2_RAM;
    }
    uint64_t *page = tables_entry(&two, (uint64_t)table, 3);
    uint64_t good = *page;

    *page = 0;
    forget();
    test_equal("table not there", run(LOAD, va + 40) & 0xfc0000bf,
               0x90000087);
    test_equal("HPFAR", sysreg_read(hpfar_el2), hpfar_of(table));
    test_equal("FAR", sysreg_read(far_el2), va + 40);
    test_equal("same of a call", run(CALL, va + 40) & 0xfc0000bf,
               0x80000087);
    test_equal("AT S1E1R of EL1", run(AT_S1E1R, va + 40) & 0xfc0001bf,
               0x90000187);
    test_equal("HPFAR of AT", sysreg_read(hpfar_el2), hpfar_of(table));
    *page = good & ~S2_READ;
    forget();
    test_equal("table not readable", run(LOAD, va) & 0xfc0000bf, 0x9000008f);
    *page = (good & ~S2_WB) | S2_DEVICE;
    sysreg_write(hcr_el2, HCR_RW | HCR_VM | HCR_PTW);
    barrier_isb();
    forget();
    test_equal("table in device memory, PTW", run(LOAD, va) & 0xfc0000bf,
               0x9000008f);
    sysreg_write(hcr_el2, HCR_RW | HCR_VM);
    *page = good & ~S2_WRITE;
    remap(ipa, (uint64_t)pages[0] | D_PAGE | S2_RAM);
    test_equal("table read-only", value_of(va + 40), 0x55);
    *page = good;
    forget();
}

#define AT(op, va)                                                         \
    ({                                                                     \
        __asm__ volatile("at " #op ", %0\n isb" ::"r"(va) : "memory");     \
        sysreg_read(par_el1);                                              \
    })

static void test_at(void)
{
    uint64_t va = 0x1234567000, ipa = WINDOW + 0x3000;
    uint64_t par, pa = (uint64_t)pages[0];

    test_part("AT from EL2");
    par = AT(s12e1r, va);
    test_equal("S12E1R", par & ~0xfffull, 0xffull << 56 | pa);
    test_equal("S1E1R", AT(s1e1r, va) & ~0xfffull, 0xffull << 56 | ipa);
    print("S12E0R %lx\n", AT(s12e0r, va));
    remap(ipa, pa | D_PAGE | (S2_RAM & ~S2_WRITE));
    test_equal("S12E1R", AT(s12e1r, va) & ~0xfffull, 0xffull << 56 | pa);
    print("S12E1W %lx\n", AT(s12e1w, va));
    remap(ipa, 0);
    print("S12E1R %lx\n", AT(s12e1r, va));
    print("S12E1R, stage 1 %lx\n", AT(s12e1r, va + 0x1000));
    remap(ipa, pa | D_PAGE | (S2_RAM & ~(10ull << 2)));
    test_equal("non-cacheable", AT(s12e1r, va) & ~0xfffull,
               0x44ull << 56 | pa);
    remap(ipa, pa | D_PAGE | ((S2_RAM & ~S2_WB) | S2_DEVICE));
    test_equal("device", AT(s12e1r, va) & ~0xfffull, 0x04ull << 56 | pa);
    /* EL2 itself translates nothing. */
    test_equal("S1E2R", AT(s1e2r, va) & ~0xff00000000000fffull, va);
}

/* ---- VMIDs and TLB maintenance ---- */

static struct space space_of[2];

static void use_vmid(unsigned n)
{
    sysreg_write(vttbr_el2, (uint64_t)space_of[n].root | VMID(n + 1));
    barrier_isb();
}

static void test_vmids(void)
{
    struct test_many many = {.what = "switching VMIDs"};
    uint64_t ipa = WINDOW + 0x3000;

    test_part("VMIDs");
    tables_reset();
    sysreg_write(sctlr_el1, SCTLR_EL1_OFF);
    use(&shapes[0], VTCR_PS_48);
    space_of[0] = two;
    space_of[1] = tables_new(12, 39);
    identity(&space_of[1]);
    for (unsigned n = 0; n < 2; n++) {
        *tables_entry(&space_of[n], ipa, 3) =
            (uint64_t)pages[n] | D_PAGE | S2_RAM;
        pages[n][5] = 0xa0 + n;
    }
    forget();
    for (unsigned i = 0; i < 500; i++) {
        use_vmid(i & 1);
        test_many(&many, i, value_of(ipa + 40), 0xa0 + (i & 1));
    }
    test_many_end(&many);

    /* The same below stage 1, with global pages. */
    struct test_many both = {.what = "with stage 1"};

    use_stage1();
    *tables_entry(&one, 0x1234567000, 3) = ipa | D_PAGE | D_RAM;
    forget();
    for (unsigned i = 0; i < 500; i++) {
        use_vmid(i & 1);
        test_many(&both, i, value_of(0x1234567028), 0xa0 + (i & 1));
    }
    test_many_end(&both);

    /* And stage 2 off is another matter again. */
    use_vmid(0);
    sysreg_write(hcr_el2, HCR_RW);
    barrier_isb();
    *tables_entry(&one, 0x1234568000, 3) =
        (uint64_t)pages[1] | D_PAGE | D_RAM;
    test_equal("stage 2 off", value_of(0x1234568028), 0xa1);
    sysreg_write(hcr_el2, HCR_RW | HCR_VM);
    barrier_isb();
    test_equal("stage 2 on", value_of(0x1234567028), 0xa0);
}

/* Swap the page under each sequence that must notice. */
#define SWAP(what, maintenance)                                            \
    do {                                                                   \
        *entry = (uint64_t)pages[0] | D_PAGE | S2_RAM;                     \
        forget();                                                          \
        test_many(&many, 0, value_of(va), 0xa0);                           \
        *entry = 0;                                                        \
        maintenance;                                                       \
        test_many(&many, 1, value_of(va), ~0ull);                          \
        *entry = (uint64_t)pages[1] | D_PAGE | S2_RAM;                     \
        maintenance;                                                       \
        test_many(&many, 2, value_of(va), 0xa1);                           \
    } while (0)

static void test_tlbi(void)
{
    struct test_many many = {.what = "TLBI"};
    uint64_t ipa = WINDOW + 0x3000, by_ipa = ipa >> 12;

    test_part("TLB maintenance");
    for (unsigned stage1 = 0; stage1 < 2; stage1++) {
        uint64_t va = stage1 ? 0x1234567028 : ipa + 40;
        uint64_t *entry = tables_entry(&space_of[0], ipa, 3);

        sysreg_write(sctlr_el1, stage1 ? SCTLR_EL1_ON : SCTLR_EL1_OFF);
        use_vmid(0);
        SWAP("IPAS2E1", { tlbi_va(ipas2e1, by_ipa); tlbi(vmalle1); });
        SWAP("IPAS2E1IS", { tlbi_va(ipas2e1is, by_ipa); tlbi(vmalle1is); });
        SWAP("IPAS2LE1", { tlbi_va(ipas2le1, by_ipa); tlbi(vmalle1); });
        SWAP("IPAS2LE1IS", { tlbi_va(ipas2le1is, by_ipa); tlbi(vmalle1is); });
        SWAP("VMALLS12E1", tlbi(vmalls12e1));
        SWAP("VMALLS12E1IS", tlbi(vmalls12e1is));
        SWAP("ALLE1", tlbi(alle1));
        SWAP("ALLE1IS", tlbi(alle1is));
    }
    test_many_end(&many);
    *tables_entry(&space_of[0], ipa, 3) =
        (uint64_t)pages[0] | D_PAGE | S2_RAM;
    forget();
}

/* ---- hardware updates, default cacheable ---- */

static void test_updates(void)
{
    uint64_t ipa = WINDOW + 0x3000;
    uint64_t *entry = tables_entry(&space_of[0], ipa, 3);
    uint64_t vtcr = sysreg_read(vtcr_el2);
    uint64_t clean = (uint64_t)pages[0] | D_PAGE | 1ull << 51 |
                     (S2_RAM & ~S2_WRITE & ~D_AF);

    test_part("updates");
    sysreg_write(sctlr_el1, SCTLR_EL1_OFF);
    use_vmid(0);
    *entry = clean;
    sysreg_write(vtcr_el2, vtcr | VTCR_HA | VTCR_HD);
    forget();
    test_equal("load", run(LOAD, ipa), DONE);
    test_equal("access flag", *entry ^ clean, D_AF);
    test_equal("store", run(STORE, ipa), DONE);
    test_equal("dirty", *entry ^ clean, D_AF | S2_WRITE);
    sysreg_write(vtcr_el2, vtcr);
    *entry = clean | D_AF;
    forget();
    try("store without HD", STORE, ipa);
    sysreg_write(hcr_el2, HCR_RW | HCR_DC);
    barrier_isb();
    *entry = (uint64_t)pages[0] | D_PAGE | S2_RAM;
    sysreg_write(sctlr_el1, SCTLR_EL1_ON); /* M is 0 to DC */
    barrier_isb();
    forget();
    test_equal("DC", value_of(ipa + 40), pages[0][5]);
    test_equal("DC, PAR", AT(s12e1r, ipa) & ~0xfffull,
               0xffull << 56 | (uint64_t)pages[0]);
}

void level_main(void)
{
    make_guest();
    sysreg_write(sctlr_el1, SCTLR_EL1_OFF);
    test_shapes();
    test_walks();
    test_at();
    test_vmids();
    test_tlbi();
    test_updates();
    level_done();
}

void test_main(void)
{
    level_run();
}
