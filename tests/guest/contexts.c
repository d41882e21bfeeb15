/*
 * Jumps and returns to addresses that differ from a known one only in their
 * upper bits, with another stack pointer selected than where that one was
 * used: in 48 bits they are no addresses, in 52 bits there may be other code.
 *
 * run: -M virt -cpu max
 * run: -M virt,gic-version=3 -cpu max,pauth-impdef=on
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 * armature: -M virt -cpu max -accel interp
 */
#include "tests/guest/lib/tables.h"
#include "tests/guest/lib/test.h"

#define PLACE 0x0000123456780000ull
#define TRANSLATION_FAULT 4
#define MOVZ_X0(imm) (0xd2800000u | (uint32_t)(imm) << 5)
#define RET 0xd65f03c0u

enum { WARM = 5 };

__asm__(
    "    .text\n"
    /* jump(place, spsel): what the code there returns, with SP_EL0 or
       SP_EL1 selected */
    "jump:\n"
    "    stp x29, x30, [sp, #-16]!\n"
    "    cbnz w1, 1f\n"
    "    msr spsel, #0\n"
    "1:  blr x0\n"
    "jump_end:\n"
    "    msr spsel, #1\n"
    "    ldp x29, x30, [sp], #16\n"
    "    ret\n"
    /* come_back(mask, spsel): 1 if the address that a call returns to can be
       changed by `mask` and it still gets there */
    "come_back:\n"
    "    stp x29, x30, [sp, #-16]!\n"
    "    mov x2, x0\n"
    "    mov x0, #0\n"
    "    bl 1f\n"
    "    mov x0, #1\n"
    "    b jump_end\n"
    "1:  cbnz w1, 2f\n"
    "    msr spsel, #0\n"
    "2:  eor x30, x30, x2\n"
    "    ret\n"
    /* call_back(place, other): call `place`, which gets x1 = other */
    "call_back:\n"
    "    stp x29, x30, [sp, #-16]!\n"
    "    blr x0\n"
    "    b jump_end\n"
    /* copied to two places: call the rest of the piece, which selects the
       other stack pointer and returns to the other place */
    "piece:\n"
    "    mov x3, x30\n"
    "    bl 1f\n"
    "piece_value:\n"
    "    movz x0, #0\n"
    "    ret x3\n"
    "1:  sub x30, x30, #(piece_value - piece)\n"
    "    eor x30, x30, x1\n"
    "    add x30, x30, #(piece_value - piece)\n"
    "    msr spsel, #0\n"
    "    ret\n"
    "piece_end:\n");

uint64_t jump(uint64_t place, bool spsel);
uint64_t come_back(uint64_t mask, bool spsel);
uint64_t call_back(uint64_t place, uint64_t other);
#pragma GCC visibility push(hidden)
extern const char jump_end[];
extern const uint32_t piece[], piece_value[], piece_end[];
#pragma GCC visibility pop

static uint32_t code[16][16384] __attribute__((aligned(65536)));
static uint64_t fault, fault_at;

static void handler(struct exception_frame *frame, unsigned vector)
{
    if (vector % 4) {
        exception_default(frame, vector);
        return;
    }
    fault = frame->esr;
    fault_at = frame->far;
    frame->x[0] = 0;
    frame->elr = (uint64_t)jump_end;
}

static void code_changed(void)
{
    __asm__ volatile("dsb ish\n ic iallu\n dsb ish\n isb" ::: "memory");
}

static void warm_up(uint64_t place)
{
    for (unsigned n = 0; n < WARM; n++) {
        jump(place, true);
    }
}

/* No address: a fault that names it. */
static void test_no_address(const struct space *space)
{
    struct test_many many = {.what = "jumps to what is no address"};
    struct test_many names = {.what = "the address in FAR_EL1"};
    struct test_many returns = {.what = "returns to what is no address"};

    *tables_entry(space, PLACE, 3) = (uint64_t)code[0] | D_PAGE | D_RAM;
    code[0][0] = MOVZ_X0(1);
    code[0][1] = RET;
    code_changed();
    for (unsigned bit = 48; bit < 64; bit++) {
        uint64_t place = PLACE ^ 1ull << bit;

        warm_up(PLACE);
        fault = NO_FAULT;
        jump(place, false);
        test_many(&many, place, fault, ESR(EC_FETCH, TRANSLATION_FAULT));
        test_many(&names, place, fault_at, place);
        come_back(0, true);
        fault = NO_FAULT;
        come_back(1ull << bit, false);
        test_many(&returns, bit, fault, ESR(EC_FETCH, TRANSLATION_FAULT));
    }
    test_many_end(&many);
    test_many_end(&names);
    test_many_end(&returns);
}

/* Sixteen pages whose addresses differ in bits 51 to 48. */
static void test_large_addresses(const struct space *space)
{
    struct test_many jumps = {.what = "jumps with 52 bits of address"};
    struct test_many returns = {.what = "returns with 52 bits of address"};

    for (uint64_t n = 0; n < 16; n++) {
        *tables_entry(space, PLACE | n << 48, 3) =
            (uint64_t)code[n] | D_PAGE | D_RAM;
        code[n][0] = MOVZ_X0(n);
        code[n][1] = RET;
        for (unsigned k = 0; &piece[k] < piece_end; k++) {
            code[n][2 + k] = piece[k];
        }
        code[n][2 + (piece_value - piece)] = MOVZ_X0(n);
    }
    code_changed();
    for (uint64_t n = 0; n < 256; n++) {
        uint64_t from = PLACE | n / 16 << 48, to = PLACE | n % 16 << 48;

        warm_up(from);
        test_many(&jumps, to, jump(to, false), n % 16);
        test_many(&returns, n, call_back(from + 8, from ^ to), n % 16);
    }
    test_many_end(&jumps);
    test_many_end(&returns);
}

void test_main(void)
{
    struct space space = tables_new(12, 48);

    exception_set_handler(handler);
    tables_identity(&space);
    mmu_on(&space, TCR_TG0_4K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
    test_no_address(&space);
    mmu_off();
    tables_reset();
    space = tables_new(16, 52);
    tables_identity(&space);
    mmu_on(&space, TCR_TG0_64K | TCR_WALK0 | TCR_EPD1 | TCR_IPS_40);
    test_large_addresses(&space);
}
