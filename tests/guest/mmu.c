/*
 * Translation with 4 KiB pages: access rights, access flag, address tags,
 * TTBR1, address space identifiers, TLB maintenance.
 *
 * run: -M virt -cpu cortex-a53
 * run: -M virt,gic-version=3 -cpu cortex-a72
 * run: -M virt -cpu max -m 1G
 * armature: -M virt -cpu max -m 1G -accel jit,region-threshold=0
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define TCR (TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40)
#define WINDOW 0x5500000000ull
#define HOLE 0x0e000000ull /* nothing of the board answers here */
#define HIGH 0xffff000000000000ull

enum {
    ADDRESS_SIZE = 0x00,
    TRANSLATION = 0x04,
    ACCESS_FLAG = 0x08,
    PERMISSION = 0x0c,
    EXTERNAL = 0x10,
    EXTERNAL_WALK = 0x14,
    WRITE = 0x40,
};

static volatile uint64_t page_a[512] __attribute__((aligned(4096)));
static volatile uint64_t page_b[512] __attribute__((aligned(4096)));
static uint32_t code[1024] __attribute__((aligned(4096)));
static struct space space;

/* Offsets into the page of code. */
enum { CODE_RET = 0, CODE_LOAD = 4, CODE_STORE = 12, CODE_SVC = 20 };

static void make_code(void)
{
    static const uint32_t words[] = {
        0xd65f03c0, /* ret */
        0xb9400002, /* ldr w2, [x0] */
        0xd4000001, /* svc #0 */
        0xb9000002, /* str w2, [x0] */
        0xd4000001, /* svc #0 */
        0xd4000001, /* svc #0 */
    };

    for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
        code[i] = words[i];
    }
    __asm__ volatile("dsb sy\n ic ialluis\n dsb sy\n isb" ::: "memory");
}

static void map(uint64_t va, volatile void *pa, uint64_t attributes)
{
    *tables_entry(&space, va, 3) = 0;
    tlbi_va(vaae1is, va >> 12);
    *tables_entry(&space, va, 3) = (uint64_t)pa | D_PAGE | attributes;
    barrier_dsb();
    barrier_isb();
}

/* Does AT say that the access works?  Else the fault status of PAR_EL1. */
#define at(op, va) \
    ({ \
        __asm__ volatile("at " #op ", %0\n isb" ::"r"(va) : "memory"); \
        uint64_t par_ = sysreg_read(par_el1); \
        par_ & 1 ? par_ & 0x7f : 0; \
    })

/* What an access gave: nothing, or its class and status. */
static uint64_t outcome(const struct exception_frame *frame)
{
    if (!frame || exception_class(frame) == EC_SVC64) {
        return 0;
    }
    return exception_class(frame) << 8 | (frame->esr & 0x7f);
}

static uint64_t fault(bool allowed, unsigned class, unsigned status)
{
    return allowed ? 0 : class << 8 | status;
}

/* All access rights of one leaf descriptor, by each kind of access. */
static void test_rights_of(unsigned bits, struct test_many *many)
{
    bool el0 = bits & 1, read_only = bits & 2, pxn = bits & 4, uxn = bits & 8;
    uint64_t attributes = D_AF | D_SHARED | (el0 ? D_EL0 : 0) |
                          (read_only ? D_READ_ONLY : 0) |
                          (pxn ? D_PXN : 0) | (uxn ? D_UXN : 0);
    uint64_t user = WINDOW + 0x1000; /* where EL0 runs */
    bool fetch1 = !pxn && !(el0 && !read_only); /* writable by EL0: never */

    map(WINDOW, code, attributes);
    test_many(many, bits, outcome(fault_of_load(WINDOW)), 0);
    test_many(many, bits, outcome(fault_of_store(WINDOW + 64)),
              fault(!read_only, EC_DATA, PERMISSION + 3 + WRITE));
    test_many(many, bits, outcome(fault_of_call(WINDOW + CODE_RET)),
              fault(fetch1, EC_FETCH, PERMISSION + 3));
    test_many(many, bits, outcome(el0_run(user + CODE_LOAD, WINDOW, 0)),
              fault(el0, EC_DATA_LOWER, PERMISSION + 3));
    test_many(many, bits,
              outcome(el0_run(user + CODE_STORE, WINDOW + 64, 0)),
              fault(el0 && !read_only, EC_DATA_LOWER,
                    PERMISSION + 3 + WRITE));
    test_many(many, bits, outcome(el0_run(WINDOW + CODE_SVC, 0, 0)),
              fault(!uxn, EC_FETCH_LOWER, PERMISSION + 3));
    test_many(many, bits, at(s1e1r, WINDOW), 0);
    test_many(many, bits, at(s1e1w, WINDOW),
              read_only ? (PERMISSION + 3) << 1 | 1 : 0);
    test_many(many, bits, at(s1e0r, WINDOW),
              el0 ? 0 : (PERMISSION + 3) << 1 | 1);
    test_many(many, bits, at(s1e0w, WINDOW),
              el0 && !read_only ? 0 : (PERMISSION + 3) << 1 | 1);
}

static void test_rights(void)
{
    struct test_many many = {.what = "access rights"};

    test_part("rights");
    map(WINDOW + 0x1000, code, D_AF | D_SHARED | D_EL0 | D_READ_ONLY);
    for (unsigned bits = 0; bits < 16; bits++) {
        test_rights_of(bits, &many);
    }
    test_many_end(&many);
}

static void test_table_rights(void)
{
    uint64_t *table = tables_entry(&space, WINDOW, 2);
    uint64_t plain = *table;

    map(WINDOW, code, D_AF | D_SHARED | D_EL0);
    map(WINDOW + 0x1000, code, D_AF | D_SHARED | D_EL0 | D_READ_ONLY);
    *table = plain | D_TABLE_READ_ONLY;
    tlbi(vmalle1);
    test_fault("APTable read-only", fault_of_store(WINDOW),
               ESR(EC_DATA, PERMISSION + 3 + WRITE), WINDOW);
    *table = plain | D_TABLE_NO_EL0;
    tlbi(vmalle1);
    test_equal("APTable no EL0", at(s1e0r, WINDOW), (PERMISSION + 3) << 1 | 1);
    *table = plain | D_TABLE_PXN;
    tlbi(vmalle1);
    test_fault("PXNTable", fault_of_call(WINDOW + 0x1000),
               ESR(EC_FETCH, PERMISSION + 3), WINDOW + 0x1000);
    *table = plain | D_TABLE_UXN;
    tlbi(vmalle1);
    test_fault("UXNTable", el0_run(WINDOW + 0x1000 + CODE_SVC, 0, 0),
               ESR(EC_FETCH_LOWER, PERMISSION + 3),
               WINDOW + 0x1000 + CODE_SVC);
    *table = plain;
    tlbi(vmalle1);
    test_equal("all allowed again", outcome(fault_of_store(WINDOW)), 0);
}

static void test_faults(void)
{
    test_part("faults");
    map(WINDOW, page_a, D_RAM & ~D_AF);
    test_fault("access flag, page", fault_of_load(WINDOW + 8),
               ESR(EC_DATA, ACCESS_FLAG + 3), WINDOW + 8);
    test_fault("access flag, store", fault_of_store(WINDOW + 8),
               ESR(EC_DATA, ACCESS_FLAG + 3 + WRITE), WINDOW + 8);
    test_fault("access flag, fetch", fault_of_call(WINDOW + 8),
               ESR(EC_FETCH, ACCESS_FLAG + 3), WINDOW + 8);
    *tables_entry(&space, WINDOW + (1ull << 30), 2) =
        0x40000000 | D_BLOCK | (D_RAM & ~D_AF);
    test_fault("access flag, block", fault_of_load(WINDOW + (1ull << 30)),
               ESR(EC_DATA, ACCESS_FLAG + 2), WINDOW + (1ull << 30));
    *tables_entry(&space, WINDOW + (2ull << 30), 3) = 0x40000000 | D_RAM | 1;
    test_fault("reserved level 3 descriptor",
               fault_of_load(WINDOW + (2ull << 30)),
               ESR(EC_DATA, TRANSLATION + 3), WINDOW + (2ull << 30));
    test_fault("address too large", fault_of_load(1ull << 50),
               ESR(EC_DATA, TRANSLATION + 0), 1ull << 50);
    test_fault("high address without TTBR1", fault_of_load(HIGH + 16),
               ESR(EC_DATA, TRANSLATION + 0), HIGH + 16);
    test_fault("call of a high address", fault_of_call(HIGH + 16),
               ESR(EC_FETCH, TRANSLATION + 0), HIGH + 16);
    *tables_entry(&space, WINDOW, 3) =
        1ull << 44 | D_PAGE | D_RAM;
    tlbi(vmalle1);
    test_fault("output address beyond IPS", fault_of_load(WINDOW),
               ESR(EC_DATA, ADDRESS_SIZE + 3), WINDOW);
}

static void test_external(void)
{
    const struct exception_frame *frame;

    map(WINDOW, (void *)HOLE, D_DEVICE | D_AF);
    frame = fault_of_load(WINDOW + 4);
    test_equal("nothing there, load", outcome(frame),
               EC_DATA << 8 | EXTERNAL);
    test_equal("nothing there, FAR", frame ? frame->far : 0, WINDOW + 4);
    frame = fault_of_store(WINDOW + 4);
    test_equal("nothing there, store", outcome(frame),
               EC_DATA << 8 | EXTERNAL | WRITE);
    *tables_entry(&space, WINDOW + (3ull << 30), 2) = HOLE | D_TABLE;
    frame = fault_of_load(WINDOW + (3ull << 30));
    test_equal("table in a hole", outcome(frame),
               EC_DATA << 8 | (EXTERNAL_WALK + 3));
}

static void test_tags(void)
{
    uint64_t tagged = WINDOW | 0xa5ull << 56;
    uint64_t tcr = sysreg_read(tcr_el1);

    test_part("tags");
    map(WINDOW, page_a, D_RAM);
    page_a[3] = 0x33;
    test_fault("tag without TBI", fault_of_load(tagged + 24),
               ESR(EC_DATA, TRANSLATION + 0), tagged + 24);
    sysreg_write(tcr_el1, tcr | TCR_TBI0);
    barrier_isb();
    tlbi(vmalle1);
    test_equal("tag with TBI", *(volatile uint64_t *)(tagged + 24), 0x33);
    test_equal("no tag with TBI", *(volatile uint64_t *)(WINDOW + 24), 0x33);
    test_fault("tag is in FAR", fault_of_load((tagged + 0x5000) | 4),
               ESR(EC_DATA, TRANSLATION + 3), (tagged + 0x5000) | 4);
    sysreg_write(tcr_el1, tcr);
    barrier_isb();
    tlbi(vmalle1);
    test_fault("tag without TBI again", fault_of_load(tagged + 24),
               ESR(EC_DATA, TRANSLATION + 0), tagged + 24);
}

static void test_ttbr1(void)
{
    struct space high = tables_new(12, 39);
    uint64_t tcr = sysreg_read(tcr_el1);
    uint64_t base = 0ull - (1ull << 39);

    test_part("ttbr1");
    page_b[9] = 0x99;
    *tables_entry(&high, base, 3) = (uint64_t)page_b | D_PAGE | D_RAM;
    sysreg_write(ttbr1_el1, high.root);
    sysreg_write(tcr_el1, (tcr & ~TCR_EPD1) | TCR_TG1_4K | TCR_WALK1 |
                              25ull << 16);
    barrier_isb();
    tlbi(vmalle1);
    test_equal("high page", *(volatile uint64_t *)(base + 72), 0x99);
    test_fault("next high page", fault_of_load(base + 4096),
               ESR(EC_DATA, TRANSLATION + 3), base + 4096);
    test_fault("below T1SZ", fault_of_load(base - 8),
               ESR(EC_DATA, TRANSLATION + 0), base - 8);
    test_fault("last page", fault_of_load(0ull - 8),
               ESR(EC_DATA, TRANSLATION + 1), 0ull - 8);
    sysreg_write(tcr_el1, tcr);
    barrier_isb();
    tlbi(vmalle1);
    test_fault("EPD1 again", fault_of_load(base),
               ESR(EC_DATA, TRANSLATION + 0), base);
}

static void use(const struct space *s, uint64_t asid)
{
    sysreg_write(ttbr0_el1, (uint64_t)s->root | asid << 48);
    barrier_isb();
}

#define WINDOW_WORD (*(volatile uint64_t *)(WINDOW + 40))

static void test_asids(void)
{
    struct space two = tables_new(12, 48);
    struct test_many many = {.what = "switching address spaces"};

    test_part("asid");
    tables_identity(&two);
    map(WINDOW, page_a, D_RAM | D_NG);
    *tables_entry(&two, WINDOW, 3) =
        (uint64_t)page_b | D_PAGE | D_RAM | D_NG;
    *tables_entry(&two, WINDOW + 0x1000, 3) =
        (uint64_t)page_b | D_PAGE | D_RAM | D_NG;
    tlbi(vmalle1);
    page_a[5] = 0xa;
    page_b[5] = 0xb;
    for (unsigned i = 0; i < 1000; i++) {
        use(&space, 1);
        test_many(&many, i, WINDOW_WORD, 0xa);
        use(&two, 2);
        test_many(&many, i, WINDOW_WORD, 0xb);
    }
    test_many_end(&many);
    use(&two, 2);
    test_equal("page of one space", *(volatile uint64_t *)(WINDOW + 0x1028),
               0xb);
    use(&space, 1);
    *tables_entry(&space, WINDOW + 0x1000, 3) = 0;
    tlbi(vmalle1);
    test_fault("is not in the other", fault_of_load(WINDOW + 0x1028),
               ESR(EC_DATA, TRANSLATION + 3), WINDOW + 0x1028);

    /* Change a mapping of space 2 while space 1 is in use. */
    use(&two, 2);
    test_equal("before", WINDOW_WORD, 0xb);
    use(&space, 1);
    *tables_entry(&two, WINDOW, 3) = 0;
    tlbi_va(vae1is, WINDOW >> 12 | 2ull << 48);
    test_equal("TLBI of 2 leaves 1", WINDOW_WORD, 0xa);
    use(&two, 2);
    test_fault("TLBI VAE1 with ASID 2", fault_of_load(WINDOW + 40),
               ESR(EC_DATA, TRANSLATION + 3), WINDOW + 40);
    *tables_entry(&two, WINDOW, 3) =
        (uint64_t)page_b | D_PAGE | D_RAM | D_NG;
    barrier_dsb();
    barrier_isb();
    test_equal("mapped again", WINDOW_WORD, 0xb);
    use(&space, 1);
    *tables_entry(&two, WINDOW, 3) =
        (uint64_t)page_a | D_PAGE | D_RAM | D_NG;
    tlbi_va(aside1is, 2ull << 48);
    use(&two, 2);
    test_equal("TLBI ASIDE1", WINDOW_WORD, 0xa);
    use(&space, 0);
}

/* Both ASIDs see a global page; a TLBI for either ASID removes it. */
static void test_global(void)
{
    map(WINDOW, page_a, D_RAM);
    use(&space, 3);
    test_equal("global page, ASID 3", WINDOW_WORD, 0xa);
    use(&space, 4);
    test_equal("global page, ASID 4", WINDOW_WORD, 0xa);
    *tables_entry(&space, WINDOW, 3) = 0;
    tlbi_va(vae1, WINDOW >> 12 | 4ull << 48);
    use(&space, 3);
    test_fault("global page is gone in ASID 3", fault_of_load(WINDOW),
               ESR(EC_DATA, TRANSLATION + 3), WINDOW);
    use(&space, 0);
}

/* Swap one page under each TLBI that must notice. */
#define SWAP(op, operand) \
    ({ \
        map(WINDOW, page_a, D_RAM); \
        page_a[5] = 0xa; \
        page_b[5] = 0xb; \
        test_many(&many, 0, WINDOW_WORD, 0xa); \
        *tables_entry(&space, WINDOW, 3) = 0; \
        tlbi_va(op, operand); \
        test_many(&many, 1, outcome(fault_of_load(WINDOW + 40)), \
                  EC_DATA << 8 | (TRANSLATION + 3)); \
        *tables_entry(&space, WINDOW, 3) = \
            (uint64_t)page_b | D_PAGE | D_RAM; \
        barrier_dsb(); \
        barrier_isb(); \
        test_many(&many, 2, WINDOW_WORD, 0xb); \
    })

static void test_tlbi(void)
{
    struct test_many many = {.what = "TLBI by address"};

    test_part("tlbi");
    SWAP(vae1, WINDOW >> 12);
    SWAP(vaae1, WINDOW >> 12);
    SWAP(vale1, WINDOW >> 12);
    SWAP(vaale1, WINDOW >> 12);
    SWAP(vae1is, WINDOW >> 12);
    SWAP(vaae1is, WINDOW >> 12);
    SWAP(vale1is, WINDOW >> 12);
    SWAP(vaale1is, WINDOW >> 12);
    test_many_end(&many);
    map(WINDOW, page_a, D_RAM);
    test_equal("before VMALLE1", WINDOW_WORD, 0xa);
    *tables_entry(&space, WINDOW, 3) = (uint64_t)page_b | D_PAGE | D_RAM;
    tlbi(vmalle1);
    test_equal("VMALLE1", WINDOW_WORD, 0xb);
    *tables_entry(&space, WINDOW, 3) = (uint64_t)page_a | D_PAGE | D_RAM;
    tlbi(vmalle1is);
    test_equal("VMALLE1IS", WINDOW_WORD, 0xa);
}

/* A block becomes a table of pages, and a block again. */
static void test_split(void)
{
    uint64_t va = WINDOW + (4ull << 30), pa = 0x40000000;
    uint64_t offset = (uint64_t)page_a - pa;
    uint64_t block = offset & ~0x1fffffull;
    volatile uint64_t *word =
        (volatile uint64_t *)(va + (offset & 0x1fffff) + 40);
    uint64_t *entry = tables_entry(&space, va, 2);

    *entry = (pa + block) | D_BLOCK | D_RAM;
    barrier_dsb();
    barrier_isb();
    test_equal("block", *word, 0xa);
    *entry = 0;
    tlbi_va(vaae1is, va >> 12);
    for (uint64_t i = 0; i < 512; i++) {
        *tables_entry(&space, va + (i << 12), 3) =
            (pa + block + (i << 12)) | D_PAGE | D_RAM;
    }
    *tables_entry(&space, (uint64_t)word, 3) =
        (uint64_t)page_b | D_PAGE | D_RAM;
    barrier_dsb();
    barrier_isb();
    test_equal("block split into pages", *word, 0xb);
    *entry = 0;
    tlbi_va(vaae1is, (uint64_t)word >> 12);
    *entry = (pa + block) | D_BLOCK | D_RAM;
    barrier_dsb();
    barrier_isb();
    test_equal("pages joined to a block", *word, 0xa);
    /* The whole block goes, by the address of any part of it. */
    test_equal("elsewhere in the block", outcome(fault_of_load(va)), 0);
    *entry = 0;
    tlbi_va(vaae1is, (uint64_t)word >> 12);
    test_fault("block taken away", fault_of_load(va),
               ESR(EC_DATA, TRANSLATION + 2), va);
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    make_code();
    mmu_on(&space, TCR);
    test_rights();
    test_table_rights();
    test_faults();
    test_external();
    test_tags();
    test_ttbr1();
    test_asids();
    test_global();
    test_tlbi();
    test_split();
    mmu_off();
    test_equal("off", outcome(fault_of_load((uint64_t)page_a)), 0);
}
