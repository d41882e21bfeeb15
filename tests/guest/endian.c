/*
 * Big-endian data (SCTLR_EL1.E0E and EE): every kind of access at EL0 with
 * E0E, then accesses and table walks at EL1 with EE.  What a case changed is
 * printed: x6 to x8, the low registers, and memory, lowest address first.
 *
 * run: -M virt -cpu max
 * run: -M virt,gic-version=3 -smp 2 -cpu max
 * armature: -M virt -cpu max -accel interp
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define USER 0x5500000000ull
#define SCTLR_M 1ull
#define SCTLR_DZE (1ull << 14)
#define SCTLR_E0E (1ull << 24)
#define SCTLR_EE (1ull << 25)

enum { DATA = 192, VECTORS = 4 };

static struct space space;
static uint8_t code[4096] __attribute__((aligned(4096)));
static uint8_t data[4096] __attribute__((aligned(4096)));
static uint64_t vector[VECTORS][2];

/* Name and instructions: x0 = data; x2 and x3 have bytes of their own. */
#define CASES(X) \
    X("ldrb", "ldrb w6, [x0, #1]") \
    X("ldrh", "ldrh w6, [x0, #2]") \
    X("ldr w", "ldr w6, [x0, #4]") \
    X("ldr x", "ldr x6, [x0, #8]") \
    X("ldr x, unaligned", "ldr x6, [x0, #3]") \
    X("ldrsb", "ldrsb x6, [x0, #131]") \
    X("ldrsh w", "ldrsh w6, [x0, #130]") \
    X("ldrsh x", "ldrsh x6, [x0, #130]") \
    X("ldrsw", "ldrsw x6, [x0, #132]") \
    X("ldr x, register", "mov x7, #2\n ldr x6, [x0, x7, lsl #3]") \
    X("ldr literal", "ldr x6, .+8\n b .+12\n .quad 0x0102030405060708") \
    X("ldp w", "ldp w6, w7, [x0, #8]") \
    X("ldp x", "ldp x6, x7, [x0, #16]") \
    X("ldpsw", "ldpsw x6, x7, [x0, #128]") \
    X("ldp x, post-index", \
      "mov x8, x0\n ldp x6, x7, [x8], #16\n sub x8, x8, x0") \
    X("ldar w", "ldar w6, [x0]") \
    X("ldarh", "add x7, x0, #6\n ldarh w6, [x7]") \
    X("ldapr", "ldapr x6, [x0]") \
    X("ldtr", "ldtr x6, [x0, #8]") \
    X("strb", "strb w2, [x0, #1]") \
    X("strh", "strh w2, [x0, #2]") \
    X("str w", "str w2, [x0, #4]") \
    X("str x", "str x2, [x0, #8]") \
    X("str x, unaligned", "str x2, [x0, #13]") \
    X("str xzr", "str xzr, [x0, #8]") \
    X("stp w", "stp w2, w3, [x0, #8]") \
    X("stp x", "stp x2, x3, [x0, #16]") \
    X("stlr", "stlr x2, [x0]") \
    X("ldxr and stxr", "ldxr w6, [x0]\n add w7, w6, #1\n stxr w8, w7, [x0]") \
    X("ldxrh and stlxrh", "ldaxrh w6, [x0]\n stlxrh w8, w2, [x0]") \
    X("ldxp and stxp w", "ldxp w6, w7, [x0]\n stxp w8, w2, w3, [x0]") \
    X("ldxp and stxp x", "ldxp x6, x7, [x0]\n stxp w8, x2, x3, [x0]") \
    X("stxr, other data", "ldxr x6, [x0]\n str x2, [x0]\n stxr w8, x3, [x0]") \
    X("ldr b", "ldr b0, [x0, #1]") \
    X("ldr h", "ldr h0, [x0, #2]") \
    X("ldr s", "ldr s0, [x0, #4]") \
    X("ldr d", "ldr d0, [x0, #8]") \
    X("ldr q", "ldr q0, [x0, #16]") \
    X("ldr q literal", \
      "ldr q0, .+8\n b .+20\n .quad 0x0102030405060708, 0x1112131415161718") \
    X("str b", "str b1, [x0, #1]") \
    X("str h", "str h1, [x0, #2]") \
    X("str s", "str s1, [x0, #4]") \
    X("str d", "str d1, [x0, #8]") \
    X("str q", "str q1, [x0, #16]") \
    X("ldp s", "ldp s0, s1, [x0, #8]") \
    X("ldp d", "ldp d0, d1, [x0, #16]") \
    X("ldp q", "ldp q0, q1, [x0, #32]") \
    X("stp d", "stp d1, d2, [x0, #16]") \
    X("stp q", "stp q1, q2, [x0, #16]") \
    X("ld1 16b", "ld1 {v0.16b}, [x0]") \
    X("st1 16b", "st1 {v1.16b}, [x0]") \
    X("ld1 8h", "ld1 {v0.8h}, [x0]") \
    X("st1 8h", "st1 {v1.8h}, [x0]") \
    X("ld1 4s", "ld1 {v0.4s}, [x0]") \
    X("st1 4s", "st1 {v1.4s}, [x0]") \
    X("ld1 2d", "ld1 {v0.2d}, [x0]") \
    X("st1 2d", "st1 {v1.2d}, [x0]") \
    X("ld1 4h, two", "ld1 {v0.4h, v1.4h}, [x0]") \
    X("st1 2s, two", "st1 {v1.2s, v2.2s}, [x0]") \
    X("ld2 16b", "ld2 {v0.16b, v1.16b}, [x0]") \
    X("st2 16b", "st2 {v0.16b, v1.16b}, [x0]") \
    X("ld2 8h", "ld2 {v0.8h, v1.8h}, [x0]") \
    X("st2 8h", "st2 {v0.8h, v1.8h}, [x0]") \
    X("ld2 4s", "ld2 {v0.4s, v1.4s}, [x0]") \
    X("st2 4s", "st2 {v0.4s, v1.4s}, [x0]") \
    X("ld2 2d", "ld2 {v0.2d, v1.2d}, [x0]") \
    X("st2 2d", "st2 {v0.2d, v1.2d}, [x0]") \
    X("ld2 4h", "ld2 {v0.4h, v1.4h}, [x0]") \
    X("st2 4h", "st2 {v0.4h, v1.4h}, [x0]") \
    X("ld3 16b", "ld3 {v0.16b, v1.16b, v2.16b}, [x0]") \
    X("st3 16b", "st3 {v0.16b, v1.16b, v2.16b}, [x0]") \
    X("ld3 8h", "ld3 {v0.8h, v1.8h, v2.8h}, [x0]") \
    X("st3 8h", "st3 {v0.8h, v1.8h, v2.8h}, [x0]") \
    X("ld3 4s", "ld3 {v0.4s, v1.4s, v2.4s}, [x0]") \
    X("st3 4s", "st3 {v0.4s, v1.4s, v2.4s}, [x0]") \
    X("ld3 2d", "ld3 {v0.2d, v1.2d, v2.2d}, [x0]") \
    X("st3 2d", "st3 {v0.2d, v1.2d, v2.2d}, [x0]") \
    X("ld3 4h", "ld3 {v0.4h, v1.4h, v2.4h}, [x0]") \
    X("st3 4h", "st3 {v0.4h, v1.4h, v2.4h}, [x0]") \
    X("ld4 16b", "ld4 {v0.16b, v1.16b, v2.16b, v3.16b}, [x0]") \
    X("st4 16b", "st4 {v0.16b, v1.16b, v2.16b, v3.16b}, [x0]") \
    X("ld4 8h", "ld4 {v0.8h, v1.8h, v2.8h, v3.8h}, [x0]") \
    X("st4 8h", "st4 {v0.8h, v1.8h, v2.8h, v3.8h}, [x0]") \
    X("ld4 4s", "ld4 {v0.4s, v1.4s, v2.4s, v3.4s}, [x0]") \
    X("st4 4s", "st4 {v0.4s, v1.4s, v2.4s, v3.4s}, [x0]") \
    X("ld4 2d", "ld4 {v0.2d, v1.2d, v2.2d, v3.2d}, [x0]") \
    X("st4 2d", "st4 {v0.2d, v1.2d, v2.2d, v3.2d}, [x0]") \
    X("ld4 4h", "ld4 {v0.4h, v1.4h, v2.4h, v3.4h}, [x0]") \
    X("st4 4h", "st4 {v0.4h, v1.4h, v2.4h, v3.4h}, [x0]") \
    X("ld1 lane", "ld1 {v0.h}[3], [x0]") \
    X("ld1 lane d", "ld1 {v0.d}[1], [x0]") \
    X("st1 lane", "st1 {v1.s}[2], [x0]") \
    X("ld2 lane", "ld2 {v0.s, v1.s}[1], [x0]") \
    X("st3 lane", "st3 {v0.h, v1.h, v2.h}[6], [x0]") \
    X("ld1r", "ld1r {v0.4s}, [x0]") \
    X("ld4r", "ld4r {v0.8h, v1.8h, v2.8h, v3.8h}, [x0]") \
    X("ldadd x", "ldadd x2, x6, [x0]") \
    X("ldadd w", "ldadd w2, w6, [x0]") \
    X("ldaddh w", "ldaddh w2, w6, [x0]") \
    X("ldaddb w", "ldaddb w2, w6, [x0]") \
    X("ldclr x", "ldclr x2, x6, [x0]") \
    X("ldclr w", "ldclr w2, w6, [x0]") \
    X("ldclrh w", "ldclrh w2, w6, [x0]") \
    X("ldclrb w", "ldclrb w2, w6, [x0]") \
    X("ldeor x", "ldeor x2, x6, [x0]") \
    X("ldeor w", "ldeor w2, w6, [x0]") \
    X("ldeorh w", "ldeorh w2, w6, [x0]") \
    X("ldeorb w", "ldeorb w2, w6, [x0]") \
    X("ldset x", "ldset x2, x6, [x0]") \
    X("ldset w", "ldset w2, w6, [x0]") \
    X("ldseth w", "ldseth w2, w6, [x0]") \
    X("ldsetb w", "ldsetb w2, w6, [x0]") \
    X("ldsmax x", "ldsmax x2, x6, [x0]") \
    X("ldsmax w", "ldsmax w2, w6, [x0]") \
    X("ldsmaxh w", "ldsmaxh w2, w6, [x0]") \
    X("ldsmaxb w", "ldsmaxb w2, w6, [x0]") \
    X("ldsmin x", "ldsmin x2, x6, [x0]") \
    X("ldsmin w", "ldsmin w2, w6, [x0]") \
    X("ldsminh w", "ldsminh w2, w6, [x0]") \
    X("ldsminb w", "ldsminb w2, w6, [x0]") \
    X("ldumax x", "ldumax x2, x6, [x0]") \
    X("ldumax w", "ldumax w2, w6, [x0]") \
    X("ldumaxh w", "ldumaxh w2, w6, [x0]") \
    X("ldumaxb w", "ldumaxb w2, w6, [x0]") \
    X("ldumin x", "ldumin x2, x6, [x0]") \
    X("ldumin w", "ldumin w2, w6, [x0]") \
    X("lduminh w", "lduminh w2, w6, [x0]") \
    X("lduminb w", "lduminb w2, w6, [x0]") \
    X("swp x", "swp x2, x6, [x0]") \
    X("swph", "swph w2, w6, [x0]") \
    X("stadd w", "stadd w2, [x0]") \
    X("cas w, equal", "ldr w6, [x0]\n cas w6, w2, [x0]") \
    X("cas x, other", "mov x6, #1\n cas x6, x2, [x0]") \
    X("cash, equal", "ldrh w6, [x0]\n cash w6, w2, [x0]") \
    X("casp w, equal", "ldp w6, w7, [x0]\n casp w6, w7, w2, w3, [x0]") \
    X("casp x, equal", "ldp x6, x7, [x0]\n casp x6, x7, x2, x3, [x0]") \
    X("casp x, other", "mov x6, #1\n mov x7, #2\n casp x6, x7, x2, x3, [x0]") \
    X("dc zva", "dc zva, x0")

struct test_case {
    const char *name;
    const uint8_t *start, *end;
};

/* The code of a case and its row. */
#define PRELUDE \
    "movz x2, #0xa1a2, lsl #48\n movk x2, #0xa3a4, lsl #32\n" \
    "movk x2, #0xa5a6, lsl #16\n movk x2, #0xa7a8\n" \
    "movz x3, #0x00b1\n movk x3, #0xb2b3, lsl #16\n" \
    "mov x6, #0\n mov x7, #0\n mov x8, #0\n"
#define CODE(name, text) \
    ".pushsection .rodata\n .balign 8\n 1:" PRELUDE text \
    "\n svc #0\n 2: .popsection\n" \
    ".pushsection .data.rel.cases, \"aw\"\n" \
    "3: .quad 4f, 1b, 2b\n .popsection\n" \
    ".pushsection .rodata.str\n 4: .asciz \"" name "\"\n .popsection\n"

__asm__(".arch_extension lse\n .arch_extension rcpc\n"
        ".pushsection .data.rel.cases, \"aw\"\n"
        ".balign 8\n .globl cases\n cases:\n .popsection\n"
        CASES(CODE)
        ".pushsection .data.rel.cases, \"aw\"\n"
        ".globl cases_end\n cases_end:\n .popsection");
extern const struct test_case cases[], cases_end[];

/* -- EL0 ------------------------------------------------------------------ */

static uint8_t data_byte(unsigned n)
{
    return (uint8_t)(n ^ (n >= 128 ? 0x20 : 0x40));
}

static void prepare(void)
{
    for (unsigned n = 0; n < DATA; n++) {
        ((volatile uint8_t *)data)[n] = data_byte(n);
    }
    for (unsigned n = 0; n < VECTORS; n++) {
        vector[n][0] = 0x0706050403020100 + 0x1010101010101010 * (2 * n);
        vector[n][1] = 0x0706050403020100 + 0x1010101010101010 * (2 * n + 1);
    }
    __asm__ volatile(".arch_extension simd\n"
                     "ldp q0, q1, [%0]\n ldp q2, q3, [%0, #32]" ::"r"(vector)
                     : "memory");
}

static void print_register(const char *name, uint64_t value)
{
    if (value) {
        print(" %s %lx", name, value);
    }
}

static void print_vectors(void)
{
    uint64_t now[VECTORS][2];

    __asm__ volatile("stp q0, q1, [%0]\n stp q2, q3, [%0, #32]" ::"r"(now)
                     : "memory");
    for (unsigned n = 0; n < VECTORS; n++) {
        if (now[n][0] != vector[n][0] || now[n][1] != vector[n][1]) {
            print(" v%u %016lx%016lx", n, now[n][1], now[n][0]);
        }
    }
}

static void print_memory(void)
{
    unsigned first = 0, last = DATA;

    while (first < DATA && data[first] == data_byte(first)) {
        first++;
    }
    while (last > first && data[last - 1] == data_byte(last - 1)) {
        last--;
    }
    if (first < last) {
        print(" [%u]", first);
        for (unsigned n = first; n < last; n++) {
            print(" %02x", data[n]);
        }
    }
}

static void run(const struct test_case *c)
{
    const struct exception_frame *frame;
    size_t size = (size_t)(c->end - c->start);

    for (size_t n = 0; n < size; n++) {
        ((volatile uint8_t *)code)[n] = c->start[n];
    }
    for (size_t n = 0; n < size + 64; n += 64) {
        __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
                         ::"r"(code + n)
                         : "memory");
    }
    prepare();
    frame = el0_run(USER, USER + 4096, 0);
    print("%s:", c->name);
    if (exception_class(frame) != EC_SVC64) {
        print(" ESR %lx", frame->esr);
    }
    print_register("x6", frame->x[6]);
    print_register("x7", frame->x[7]);
    print_register("x8", frame->x[8]);
    print_vectors();
    print_memory();
    print("\n");
}

/* -- EL1 ------------------------------------------------------------------ */

struct at_el1 {
    uint64_t big, little; /* SCTLR_EL1 */
    uint64_t va;
    uint64_t plain, unprivileged, far;
};

/* No data but these while EE is set. */
static void with_ee(struct at_el1 *t)
{
    uint64_t far;

    __asm__ volatile("msr sctlr_el1, %[big]\n isb\n"
                     "ldr %[plain], [%[va]]\n"
                     "ldtr %[user], [%[va]]\n"
                     "str %[plain], [%[va], #16]\n"
                     "rev %[far], %[plain]\n"
                     "str %w[far], [%[va], #24]\n"
                     "msr sctlr_el1, %[little]\n isb"
                     : [plain] "=&r"(t->plain),
                       [user] "=&r"(t->unprivileged), [far] "=&r"(far)
                     : [big] "r"(t->big), [little] "r"(t->little),
                       [va] "r"(t->va)
                     : "memory");
}

static void test_el1(void)
{
    uint64_t sctlr = sysreg_read(sctlr_el1) & ~SCTLR_E0E;
    struct at_el1 t = {.va = USER + 4096};

    test_part("EE");
    mmu_off();
    t.little = sysreg_read(sctlr_el1) & ~SCTLR_E0E;
    t.big = sctlr | SCTLR_EE;
    prepare();
    tables_reverse();
    tlbi(vmalle1);
    with_ee(&t);
    print("ldr %lx ldtr %lx", t.plain, t.unprivileged);
    print_memory();
    print("\n");
}

static void user_page(unsigned page, void *memory, uint64_t rights)
{
    *tables_entry(&space, USER + 4096ull * page, 3) =
        (uint64_t)memory | D_PAGE | D_AF | D_SHARED | D_EL0 | D_NG | rights;
}

void test_main(void)
{
    tables_reset();
    space = tables_new(12, 39);
    tables_identity(&space);
    user_page(0, code, D_READ_ONLY);
    user_page(1, data, D_UXN);
    mmu_on(&space, TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 | TCR_TG0_4K);
    sysreg_write(sctlr_el1,
                 sysreg_read(sctlr_el1) | SCTLR_E0E | SCTLR_DZE);
    __asm__ volatile("isb");
    test_part("E0E");
    for (const struct test_case *c = cases; c < cases_end; c++) {
        run(c);
    }
    test_el1();
}
