/*
 * Calls and returns that do not pair: recursion, coroutines, unwinding,
 * chains of returns, returns past an instruction, to code that was changed
 * or mapped elsewhere meanwhile, to another stack pointer, with exceptions
 * in between.
 *
 * run: -M virt -cpu cortex-a72
 * run: -M virt,gic-version=3 -cpu max
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 * armature: -M virt -cpu max -accel jit,tb-size=1
 * armature: -M virt -cpu max -accel interp
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define WINDOW 0x5500000000ull
#define MOVZ_W0(imm) (0x52800000u | (uint32_t)(imm) << 5)
#define ADD_X0(imm) (0x91000000u | (uint32_t)(imm) << 10)

enum { STACK = 1 << 20, GADGETS = 3000 };

__asm__(
    "    .text\n"
    /* deep(n) == n, by as many calls */
    "deep:\n"
    "    cbz x0, 1f\n"
    "    stp x29, x30, [sp, #-16]!\n"
    "    sub x0, x0, #1\n"
    "    bl deep\n"
    "    add x0, x0, #1\n"
    "    ldp x29, x30, [sp], #16\n"
    "1:  ret\n"
    /* on_stack(function, argument, top) */
    "on_stack:\n"
    "    stp x29, x30, [sp, #-16]!\n"
    "    mov x29, sp\n"
    "    mov sp, x2\n"
    "    mov x3, x0\n"
    "    mov x0, x1\n"
    "    blr x3\n"
    "    mov sp, x29\n"
    "    ldp x29, x30, [sp], #16\n"
    "    ret\n"
    /* swap(from, to, value): go on where `to` left off, which sees value */
    "swap:\n"
    "    stp x19, x20, [x0]\n"
    "    stp x21, x22, [x0, #16]\n"
    "    stp x23, x24, [x0, #32]\n"
    "    stp x25, x26, [x0, #48]\n"
    "    stp x27, x28, [x0, #64]\n"
    "    mov x3, sp\n"
    "    stp x29, x30, [x0, #80]\n"
    "    str x3, [x0, #96]\n"
    "    ldp x19, x20, [x1]\n"
    "    ldp x21, x22, [x1, #16]\n"
    "    ldp x23, x24, [x1, #32]\n"
    "    ldp x25, x26, [x1, #48]\n"
    "    ldp x27, x28, [x1, #64]\n"
    "    ldp x29, x30, [x1, #80]\n"
    "    ldr x3, [x1, #96]\n"
    "    mov sp, x3\n"
    "    mov x0, x2\n"
    "    ret\n"
    /* chain(0, addresses): each piece returns to the next */
    "chain:\n"
    "    str x30, [sp, #-16]!\n"
    "    ldr x30, [x1], #8\n"
    "    ret\n"
    "add_1:\n"
    "    add x0, x0, #1\n"
    "    ldr x30, [x1], #8\n"
    "    ret\n"
    "add_1000:\n"
    "    add x0, x0, #1000\n"
    "    ldr x30, [x1], #8\n"
    "    ret\n"
    "chain_end:\n"
    "    ldr x30, [sp], #16\n"
    "    ret\n"
    /* where_am_i(n): n calls that nobody returns from */
    "where_am_i:\n"
    "    mov x4, x30\n"
    "    mov x1, #0\n"
    "1:  bl 2f\n"
    "2:  adr x2, 2b\n"
    "    cmp x2, x30\n"
    "    cinc x1, x1, eq\n"
    "    subs x0, x0, #1\n"
    "    b.ne 1b\n"
    "    mov x0, x1\n"
    "    ret x4\n"
    /* skipping(n): returns past the next instruction when n is odd */
    "skipping:\n"
    "    stp x29, x30, [sp, #-16]!\n"
    "    bl skip\n"
    "    add x0, x0, #1000\n"
    "    ldp x29, x30, [sp], #16\n"
    "    ret\n"
    "skip:\n"
    "    and x1, x0, #1\n"
    "    add x30, x30, x1, lsl #2\n"
    "    ret\n"
    /* call_twice(function, argument) */
    "call_twice:\n"
    "    stp x29, x30, [sp, #-32]!\n"
    "    str x0, [sp, #16]\n"
    "    mov x2, x0\n"
    "    mov x0, x1\n"
    "    blr x2\n"
    "    ldr x2, [sp, #16]\n"
    "    blr x2\n"
    "    ldp x29, x30, [sp], #32\n"
    "    ret\n"
    "plus_3:\n"
    "    add x0, x0, #3\n"
    "    ret\n"
    /* other_stack(x0): returns by SP_EL0 */
    "other_stack:\n"
    "    stp x29, x30, [sp, #-16]!\n"
    "    mov x2, sp\n"
    "    msr sp_el0, x2\n"
    "    bl 1f\n"
    "    add x0, x0, #1\n"
    "    bl 2f\n"
    "    add x0, x0, #1\n"
    "    ldp x29, x30, [sp], #16\n"
    "    ret\n"
    "1:  msr spsel, #0\n"
    "    ret\n"
    "2:  msr spsel, #1\n"
    "    ret\n"
    /* with_svc(n): as deep(), but for an SVC in each call */
    "with_svc:\n"
    "    cbz x0, 1f\n"
    "    stp x29, x30, [sp, #-16]!\n"
    "    sub x0, x0, #1\n"
    "    svc #1\n"
    "    bl with_svc\n"
    "    add x0, x0, #1\n"
    "    ldp x29, x30, [sp], #16\n"
    "1:  svc #1\n"
    "    ret\n"
    "el0_body:\n"
    "    mov sp, x1\n"
    "    bl with_svc\n"
    "    svc #0\n"
    "el0_body_end:\n");

#pragma GCC visibility push(hidden)
uint64_t deep(uint64_t n), where_am_i(uint64_t n), skipping(uint64_t n);
uint64_t other_stack(uint64_t n), with_svc(uint64_t n), plus_3(uint64_t n);
uint64_t on_stack(uint64_t (*function)(uint64_t), uint64_t argument,
                  void *top);
uint64_t chain(uint64_t zero, const uint64_t *addresses);
uint64_t call_twice(uint64_t (*function)(uint64_t), uint64_t argument);
extern const char add_1[], add_1000[], chain_end[], el0_body[];
#pragma GCC visibility pop

struct state {
    uint64_t x[13];
};
uint64_t swap(struct state *from, const struct state *to, uint64_t value);

static struct space space, other;
static uint8_t stack[2][STACK] __attribute__((aligned(4096)));
static uint32_t page[1024] __attribute__((aligned(4096)));
static uint32_t page_b[1024] __attribute__((aligned(4096)));
static uint64_t addresses[GADGETS + 1];

/* -- on one stack or several ------------------------------------------- */

static void test_depth(void)
{
    static const unsigned depths[] = {1, 7, 255, 256, 257, 1000, 20000};
    struct test_many many = {.what = "recursion"};

    for (unsigned k = 0; k < 40; k++) {
        unsigned n = depths[k % ARRAY_SIZE(depths)];

        test_many(&many, n, on_stack(deep, n, stack[0] + STACK), n);
    }
    test_many_end(&many);
}

static struct state mine, its;
static bool finished;

/* A tree of calls, all of which give way to the other side. */
static uint64_t tree(unsigned depth, uint64_t seed)
{
    uint64_t sum = seed;

    swap(&its, &mine, 0);
    for (unsigned k = 0; depth && k < 1 + seed % 3; k++) {
        sum += tree(depth - 1, seed * 5 + k);
    }
    return sum;
}

static uint64_t tree_alone(unsigned depth, uint64_t seed)
{
    uint64_t sum = seed;

    for (unsigned k = 0; depth && k < 1 + seed % 3; k++) {
        sum += tree_alone(depth - 1, seed * 5 + k);
    }
    return sum;
}

static void begin_other(uint64_t (*function)(uint64_t))
{
    its.x[11] = (uint64_t)function;
    its.x[12] = (uint64_t)(stack[1] + STACK);
}

static uint64_t coroutine(uint64_t seed)
{
    uint64_t sum = tree(8, seed);

    finished = true;
    swap(&its, &mine, sum);
    return 0;
}

/* From a depth of its own each time. */
static uint64_t resume(unsigned depth, uint64_t with)
{
    return depth ? resume(depth - 1, with) + 1 : swap(&mine, &its, with);
}

static void test_coroutines(void)
{
    struct test_many many = {.what = "coroutines"};
    unsigned depth = 0;

    for (uint64_t seed = 1; seed < 20; seed++) {
        uint64_t got = seed;

        begin_other(coroutine);
        finished = false;
        while (!finished) {
            depth = (depth + 5) % 13;
            got = resume(depth, seed) - depth;
        }
        test_many(&many, seed, got, tree_alone(8, seed));
    }
    test_many_end(&many);
}

/* Does not come back by returns. */
static uint64_t unwind(uint64_t depth)
{
    return depth ? unwind(depth - 1) + 1 : swap(&its, &mine, 77);
}

static void test_unwinding(void)
{
    struct test_many many = {.what = "unwinding"};

    for (unsigned k = 0; k < 1000; k++) {
        begin_other(unwind);
        test_many(&many, k, resume(k % 9, k % 60), 77 + k % 9);
    }
    test_many_end(&many);
}

/* -- odd returns ------------------------------------------------------- */

static void test_odd(void)
{
    struct test_many skips = {.what = "past an instruction"};
    struct test_many stacks = {.what = "to another stack pointer"};
    struct test_many twice = {.what = "from one function to several places"};
    uint64_t want = 0;

    for (unsigned k = 0; k < GADGETS; k++) {
        bool big = k * 7 % 5 == 0;

        addresses[k] = (uint64_t)(big ? add_1000 : add_1);
        want += big ? 1000 : 1;
    }
    addresses[GADGETS] = (uint64_t)chain_end;
    for (unsigned k = 0; k < 5; k++) {
        test_equal("a chain of returns", chain(0, addresses), want);
    }
    test_equal("calls that nobody returns from", where_am_i(5000), 5000);
    for (unsigned k = 0; k < 300; k++) {
        test_many(&skips, k, skipping(k), k % 2 ? k : k + 1000);
        test_many(&stacks, k, other_stack(k), k + 2);
        test_many(&twice, k, call_twice(k % 3 ? plus_3 : skipping, k * 2),
                  k % 3 ? k * 2 + 6 : k * 2 + 2000);
    }
    test_many_end(&skips);
    test_many_end(&stacks);
    test_many_end(&twice);
}

/* -- what is there at the return --------------------------------------- */

/* stp x29, x30, [sp, #-16]!; blr x1; mov w0, K; ldp x29, x30, [sp], #16;
 * ret */
static void write_caller(uint32_t *code, unsigned value)
{
    static const uint32_t caller[] = {
        0xa9bf7bfd, 0xd63f0020, MOVZ_W0(0), 0xa8c17bfd, 0xd65f03c0,
    };

    for (unsigned k = 0; k < ARRAY_SIZE(caller); k++) {
        *(volatile uint32_t *)&code[k] = caller[k];
    }
    *(volatile uint32_t *)&code[2] = MOVZ_W0(value);
    __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb"
                     ::"r"(code) : "memory");
}

static uint64_t call_page(uint64_t at, void (*callee)(void))
{
    return ((uint64_t (*)(uint64_t, void (*)(void)))at)(0, callee);
}

static unsigned value;

static void rewrite(void)
{
    write_caller(page, ++value);
}

static void map_window(struct space *s, const uint32_t *to)
{
    *tables_entry(s, WINDOW, 3) =
        (uint64_t)to | D_PAGE | D_RAM | D_NG;
}

static void remap(void)
{
    map_window(&space, ++value % 2 ? page_b : page);
    tlbi_va(vaae1is, WINDOW >> 12);
}

static void switch_space(void)
{
    uint64_t to = ++value % 2 ? (uint64_t)other.root | 2ull << 48
                              : (uint64_t)space.root | 1ull << 48;

    __asm__ volatile("msr ttbr0_el1, %0\n isb" ::"r"(to) : "memory");
}

static void test_changes(void)
{
    struct test_many code = {.what = "to changed code"};
    struct test_many mapped = {.what = "to a page mapped elsewhere"};
    struct test_many spaces = {.what = "in another address space"};

    write_caller(page, 0);
    for (unsigned k = 1; k <= 300; k++) {
        test_many(&code, k, call_page((uint64_t)page, rewrite), k);
    }
    test_many_end(&code);
    write_caller(page, 100);
    write_caller(page_b, 200);
    value = 0;
    for (unsigned k = 1; k <= 300; k++) {
        test_many(&mapped, k, call_page(WINDOW, remap),
                  k % 2 ? 200 : 100);
    }
    test_many_end(&mapped);
    map_window(&space, page);
    tlbi(vmalle1is);
    value = 0;
    for (unsigned k = 1; k <= 300; k++) {
        test_many(&spaces, k, call_page(WINDOW, switch_space),
                  k % 2 ? 200 : 100);
    }
    test_many_end(&spaces);
}

/* -- exceptions -------------------------------------------------------- */

static uint64_t handled;

/* SVC #1 is served, by calls; another one from EL0 ends it. */
static void on_svc(struct exception_frame *frame, unsigned vector)
{
    if ((frame->esr & 0xffff) == 1) {
        handled += deep(handled % 40) == handled % 40;
        return;
    }
    el0_exception(frame, vector);
}

static void test_exceptions(void)
{
    const struct exception_frame *came;
    uint64_t text = (uint64_t)el0_body & ~0xfffull;

    /* The program and its stack, for EL0. */
    for (unsigned k = 0; k < 2; k++) {
        *tables_entry(&space, WINDOW + 0x10000 + 0x1000 * k, 3) =
            (text - 0x1000 + 0x1000 * k) | D_PAGE | D_NORMAL | D_SHARED |
            D_AF | D_EL0 | D_READ_ONLY | D_PXN | D_NG;
    }
    for (uint64_t at = 0; at < 0x10000; at += 0x1000) {
        *tables_entry(&space, WINDOW + 0x20000 + at, 3) =
            ((uint64_t)stack[1] + at) | D_PAGE | D_NORMAL | D_SHARED | D_AF |
            D_EL0 | D_PXN | D_UXN | D_NG;
    }
    tlbi(vmalle1is);
    exception_set_handler(on_svc);
    test_equal("exceptions within calls", with_svc(100), 100);
    test_equal("served", handled, 201);
    came = el0_run_with(on_svc, WINDOW + 0x11000 +
                                    ((uint64_t)el0_body & 0xfff),
                        300, WINDOW + 0x30000);
    test_equal("the same at EL0", came->x[0], 300);
    test_equal("served", handled, 201 + 601);
}

void test_main(void)
{
    test_depth();
    test_coroutines();
    test_unwinding();
    test_odd();
    tables_reset();
    space = tables_new(12, 48);
    other = tables_new(12, 48);
    tables_identity(&space);
    tables_identity(&other);
    map_window(&space, page);
    map_window(&other, page_b);
    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40 |
                       TCR_ASID16);
    __asm__ volatile("msr ttbr0_el1, %0\n isb"
                     ::"r"((uint64_t)space.root | 1ull << 48) : "memory");
    test_changes();
    test_exceptions();
}
