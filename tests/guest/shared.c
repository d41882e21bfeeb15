/*
 * Several accesses off one base: wherever a fault is, those before it have
 * happened, none behind it has, and registers are as they were there.  The
 * accesses lie in one page or in two, with the second one missing or
 * read-only.
 *
 * run: -M virt -cpu cortex-a53
 * run: -M virt -cpu max
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define WINDOW 0x5500000000ull
#define EDGE (WINDOW + 4096)
#define TAG (0x5aull << 56)
enum { TRANSLATION_3 = 7, PERMISSION_3 = 15, WRITE = 0x40, SPAN = 96 };

static struct space space;
/* Mapped in the other order, so the pages are not neighbours. */
static uint8_t memory[3][4096] __attribute__((aligned(4096)));
static uint8_t *const low = memory[2], *const high = memory[0];

/* Accesses off x0 with x9 = how many of them are done, x1 what is stored and
 * x2 .. x6 what is loaded. */
uint64_t stores_first(uint64_t address, uint64_t value);
uint64_t loads_first(uint64_t address, uint64_t value);
uint64_t frame(uint64_t address, uint64_t value);
uint64_t branches(uint64_t address, uint64_t value);

#define STEP(text) text "\n add x9, x9, #1\n"
#define SEQUENCE(name, text)                                             \
    __asm__(".global " #name "\n" #name ":\n mov x9, #0\n" text          \
            " mov x0, x9\n ret\n")

SEQUENCE(stores_first,
         STEP("str x1, [x0]") STEP("ldr x2, [x0, #8]")
         STEP("stp x1, x1, [x0, #16]") STEP("ldp x3, x4, [x0, #32]")
         STEP("strb w1, [x0, #55]") STEP("ldrsh w5, [x0, #58]")
         STEP("str w1, [x0, #68]") STEP("ldr x6, [x0, #72]"));
SEQUENCE(loads_first,
         STEP("ldr x2, [x0]") STEP("ldp x3, x4, [x0, #8]")
         STEP("ldrb w5, [x0, #31]") STEP("str x1, [x0, #32]")
         STEP("ldr x6, [x0, #40]") STEP("str w1, [x0, #52]")
         STEP("stp x1, x1, [x0, #56]") STEP("ldr x2, [x0, #80]"));
/* As a function makes one, and takes it down. */
SEQUENCE(frame,
         "mov x10, sp\n mov x11, x0\n add x0, x0, #80\n"
         STEP("stp x1, x1, [x0, #-80]!") "mov x12, x0\n"
         STEP("stp x1, x1, [x12, #16]") STEP("str x1, [x0, #32]")
         STEP("ldp x2, x3, [x12, #48]") STEP("ldr x4, [x0, #72]")
         STEP("ldr x5, [x0], #80") STEP("ldr x6, [x0, #-64]")
         "mov x0, x11\n" STEP("ldrb w6, [x0, #76]"));
/* What lies behind a branch that leads on is not accessed. */
SEQUENCE(branches,
         STEP("ldr x2, [x0]") "cbz x1, 1f\n" STEP("ldr x3, [x0, #8]")
         STEP("str x1, [x0, #16]") "cmp x1, x1\n b.eq 1f\n"
         STEP("str x1, [x0, #24]") STEP("ldr x4, [x0, #88]") "1:\n");

struct step {
    uint8_t offset, size;
    uint8_t writes;
};

static const struct {
    const char *name;
    uint64_t (*run)(uint64_t address, uint64_t value);
    unsigned steps;
    struct step step[8];
} sequences[] = {
    {"stores first", stores_first, 8,
     {{0, 8, 1}, {8, 8, 0}, {16, 16, 1}, {32, 16, 0}, {55, 1, 1},
      {58, 2, 0}, {68, 4, 1}, {72, 8, 0}}},
    {"loads first", loads_first, 8,
     {{0, 8, 0}, {8, 16, 0}, {31, 1, 0}, {32, 8, 1}, {40, 8, 0},
      {52, 4, 1}, {56, 16, 1}, {80, 8, 0}}},
    {"a frame", frame, 8,
     {{0, 16, 1}, {16, 16, 1}, {32, 8, 1}, {48, 16, 0}, {72, 8, 0},
      {0, 8, 0}, {16, 8, 0}, {76, 1, 0}}},
    {"with branches", branches, 3, {{0, 8, 0}, {8, 8, 0}, {16, 8, 1}}},
};

static struct exception_frame caught;
static bool has_caught;

/* Return to who called the sequence. */
static void on_fault(struct exception_frame *at, unsigned vector)
{
    if (exception_class(at) != EC_DATA || has_caught) {
        exception_default(at, vector);
        return;
    }
    caught = *at;
    has_caught = true;
    at->x[0] = at->x[9];
    at->elr = at->x[30];
}

static uint8_t pattern(unsigned i)
{
    return (uint8_t)(i * 37 + 11);
}

/* The byte at an offset from the edge, -SPAN to SPAN - 1. */
static volatile uint8_t *byte_at(int offset)
{
    return offset < 0 ? low + 4096 + offset : high + offset;
}

static void map(uint64_t va, uint8_t *page, uint64_t attributes)
{
    *tables_entry(&space, va, 3) = 0;
    tlbi_va(vaae1is, va >> 12);
    *tables_entry(&space, va, 3) =
        attributes ? (uint64_t)page | D_PAGE | attributes : 0;
    tlbi_va(vaae1is, va >> 12);
}

/* What the second page denies. */
enum denied { NOTHING, STORES, ALL };

/* The first step that fails when `before` bytes are in the first page, and
 * where. */
static unsigned first_fault(unsigned index, unsigned before,
                            enum denied denied, unsigned *offset)
{
    for (unsigned k = 0; k < sequences[index].steps; k++) {
        const struct step *s = &sequences[index].step[k];
        unsigned end = s->offset + s->size;

        if (end > before &&
            (denied == ALL || (denied == STORES && s->writes))) {
            *offset = s->offset > before ? s->offset : before;
            return k;
        }
    }
    return sequences[index].steps;
}

static bool is_written(unsigned index, unsigned steps, unsigned offset)
{
    for (unsigned k = 0; k < steps; k++) {
        const struct step *s = &sequences[index].step[k];

        if (s->writes && offset >= s->offset && offset < s->offset + s->size) {
            return true;
        }
    }
    return false;
}

static void run_once(unsigned index, unsigned before, enum denied denied,
                     uint64_t tag, struct test_many *m)
{
    unsigned offset = 0;
    unsigned steps = first_fault(index, before, denied, &offset);
    bool fails = steps < sequences[index].steps;
    uint64_t address = EDGE - before + tag;

    for (int i = -SPAN; i < SPAN; i++) {
        *byte_at(i) = pattern((unsigned)(i + SPAN));
    }
    has_caught = false;
    test_many(m, before, sequences[index].run(address, UINT64_MAX / 5),
              steps);
    test_many(m, before, has_caught, fails);
    if (fails && has_caught) {
        test_many(m, before, caught.esr & ~(uint64_t)WRITE,
                  ESR(EC_DATA,
                      denied == ALL ? TRANSLATION_3 : PERMISSION_3));
        test_many(m, before, (caught.esr & WRITE) != 0,
                  sequences[index].step[steps].writes);
        test_many(m, before, caught.far, address + offset);
    }
    for (int i = -SPAN; i < SPAN; i++) {
        unsigned at = (unsigned)(i + (int)before);
        const struct step *s = &sequences[index].step[steps];

        /* Of the pair that fails, what is in the first page may be. */
        if (!fails || at < s->offset || at >= s->offset + s->size) {
            test_many(m, before, *byte_at(i),
                      is_written(index, steps, at)
                          ? 0x33 : pattern((unsigned)(i + SPAN)));
        }
    }
}

static void test_all(const char *what, enum denied denied, uint64_t tag)
{
    test_part(what);
    map(WINDOW, low, D_RAM);
    map(EDGE, high, denied == ALL      ? 0
                    : denied == STORES ? D_RAM | D_READ_ONLY : D_RAM);
    for (unsigned i = 0; i < ARRAY_SIZE(sequences); i++) {
        struct test_many many = {.what = sequences[i].name};

        for (unsigned before = 0; before <= SPAN; before += 4) {
            run_once(i, before, denied, tag, &many);
        }
        test_many_end(&many);
    }
}

/* A page that is taken away and given back between two runs. */
static void test_change(void)
{
    struct test_many many = {.what = "mapped and unmapped"};

    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < ARRAY_SIZE(sequences); i++) {
            map(EDGE, high, D_RAM);
            run_once(i, 0, NOTHING, 0, &many);
            map(EDGE, high, D_RAM | D_READ_ONLY);
            run_once(i, 0, STORES, 0, &many);
            map(EDGE, high, 0);
            run_once(i, 0, ALL, 0, &many);
        }
    }
    test_many_end(&many);
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 48);
    tables_identity(&space);
    mmu_on(&space,
           TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_TBI0);
    exception_set_handler(on_fault);
    test_all("both pages", NOTHING, 0);
    test_all("with a tag", NOTHING, TAG);
    test_all("second page read-only", STORES, 0);
    test_all("second page missing", ALL, 0);
    test_all("missing, with a tag", ALL, TAG);
    test_part("changes");
    test_change();
}
