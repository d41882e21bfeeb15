/*
 * Floating point over a table of corner values: NaNs of both kinds with
 * payloads, denormals, zeroes, infinities, the largest, halfway cases; each
 * operation with every pair (fused ones with every triple) in all rounding
 * modes, with FZ, DN, FZ16 and AHP; half, single and double, scalars and
 * vectors.  A line is a hash of all results, flags and FPSR.
 *
 * run: -M virt -cpu max,pauth-impdef=on
 * armature: -M virt -cpu max -accel jit,region-threshold=0
 */
#include "tests/guest/lib/test.h"

#define FPCR_AHP (1u << 26)
#define FPCR_DN (1u << 25)
#define FPCR_FZ (1u << 24)
#define FPCR_FZ16 (1u << 19)
#define RMODES 4u
#define RMODE(n) ((uint64_t)(n) << 22)

/*
 * v0 and v1 are the operands, v2 the third or the accumulator; the result is
 * in v2, x3 or the condition flags.  The name begins with the elements' size
 * in bytes (2, 4, 8), then 3 for operations of three, z for those without FZ:
 * QEMU 7.2 leaves Z set by FJCVTZS of a denormal that FZ flushed (Arm ARM
 * shared/functions/float/fptofixedjs).
 */
__asm__(
    "    .arch armv8.6-a+fp16+fp16fml+bf16\n"
    "    .macro op kind:req, text:vararg\n"
    "    .pushsection .text\n"
    "    \\text\n"
    "    ret\n"
    "    .popsection\n"
    "    .asciz \"\\kind \\text\"\n"
    "    .endm\n"
    /* The same on scalars and vectors of each size. */
    "    .macro two name:req\n"
    "    op 2, \\name h2, h0, h1\n"
    "    op 2, \\name v2.8h, v0.8h, v1.8h\n"
    "    op 4, \\name s2, s0, s1\n"
    "    op 4, \\name v2.4s, v0.4s, v1.4s\n"
    "    op 8, \\name d2, d0, d1\n"
    "    op 8, \\name v2.2d, v0.2d, v1.2d\n"
    "    .endm\n"
    "    .macro one name:req\n"
    "    op 2, \\name h2, h0\n"
    "    op 2, \\name v2.8h, v0.8h\n"
    "    op 4, \\name s2, s0\n"
    "    op 4, \\name v2.4s, v0.4s\n"
    "    op 8, \\name d2, d0\n"
    "    op 8, \\name v2.2d, v0.2d\n"
    "    .endm\n"
    "    .macro vector name:req\n"
    "    op 2, \\name v2.8h, v0.8h, v1.8h\n"
    "    op 4, \\name v2.4s, v0.4s, v1.4s\n"
    "    op 8, \\name v2.2d, v0.2d, v1.2d\n"
    "    .endm\n"
    "    .macro fused name:req\n"
    "    op 23, \\name h2, h0, h1, h2\n"
    "    op 43, \\name s2, s0, s1, s2\n"
    "    op 83, \\name d2, d0, d1, d2\n"
    "    .endm\n"
    "    .macro to_integer name:req\n"
    "    op 2, \\name w3, h0\n"
    "    op 2, \\name x3, h0\n"
    "    op 4, \\name w3, s0\n"
    "    op 4, \\name x3, s0\n"
    "    op 8, \\name w3, d0\n"
    "    op 8, \\name x3, d0\n"
    "    one \\name\n"
    "    .endm\n"
    "    .text\n"
    "    .balign 8\n"
    "    .globl corner_code\n"
    "corner_code:\n"
    "    .section .rodata\n"
    "    .globl corner_names\n"
    "corner_names:\n"
    "    .irp name, fadd, fsub, fmul, fdiv, fmax, fmin, fmaxnm, fminnm\n"
    "    two \\name\n"
    "    .endr\n"
    "    .irp name, fmulx, fabd, frecps, frsqrts, fcmeq, fcmge, fcmgt, "
    "facge, facgt\n"
    "    two \\name\n"
    "    .endr\n"
    "    .irp name, fnmul\n"
    "    op 2, \\name h2, h0, h1\n"
    "    op 4, \\name s2, s0, s1\n"
    "    op 8, \\name d2, d0, d1\n"
    "    .endr\n"
    "    .irp name, fsqrt, frinta, frinti, frintm, frintn, frintp, frintx, "
    "frintz, fabs, fneg\n"
    "    one \\name\n"
    "    .endr\n"
    "    .irp name, frecpe, frsqrte\n"
    "    one \\name\n"
    "    .endr\n"
    "    op 2, frecpx h2, h0\n"
    "    op 4, frecpx s2, s0\n"
    "    op 8, frecpx d2, d0\n"
    "    .irp name, frint32x, frint32z, frint64x, frint64z\n"
    "    op 4, \\name s2, s0\n"
    "    op 4, \\name v2.4s, v0.4s\n"
    "    op 8, \\name d2, d0\n"
    "    op 8, \\name v2.2d, v0.2d\n"
    "    .endr\n"
    "    .irp name, fmadd, fmsub, fnmadd, fnmsub\n"
    "    fused \\name\n"
    "    .endr\n"
    "    .irp name, fmla, fmls\n"
    "    op 23, \\name v2.8h, v0.8h, v1.8h\n"
    "    op 23, \\name h2, h0, v1.h[0]\n"
    "    op 43, \\name v2.4s, v0.4s, v1.4s\n"
    "    op 83, \\name v2.2d, v0.2d, v1.2d\n"
    "    .endr\n"
    "    op 2, fmlal v2.4s, v0.4h, v1.4h\n"
    "    op 2, fmlsl v2.4s, v0.4h, v1.4h\n"
    "    .irp name, faddp, fmaxp, fminp, fmaxnmp, fminnmp\n"
    "    vector \\name\n"
    "    .endr\n"
    "    .irp name, fmaxv, fminv, fmaxnmv, fminnmv\n"
    "    op 2, \\name h2, v0.8h\n"
    "    op 4, \\name s2, v0.4s\n"
    "    .endr\n"
    "    .irp name, fcvtas, fcvtau, fcvtms, fcvtmu, fcvtns, fcvtnu, "
    "fcvtps, fcvtpu, fcvtzs, fcvtzu\n"
    "    to_integer \\name\n"
    "    .endr\n"
    "    op 4, fcvtzs w3, s0, #5\n"
    "    op 8, fcvtzs x3, d0, #9\n"
    "    op 4, fcvtzu v2.4s, v0.4s, #7\n"
    "    op 8z, fjcvtzs w3, d0\n"
    "    op 8, scvtf v2.2d, v0.2d\n"
    "    op 8, ucvtf v2.2d, v0.2d, #3\n"
    "    op 4, scvtf v2.4s, v0.4s\n"
    "    op 4, ucvtf v2.4s, v0.4s, #3\n"
    "    op 2, scvtf v2.8h, v0.8h\n"
    "    op 2, ucvtf v2.8h, v0.8h, #3\n"
    "    op 8, fcvt s2, d0\n"
    "    op 8, fcvt h2, d0\n"
    "    op 4, fcvt d2, s0\n"
    "    op 4, fcvt h2, s0\n"
    "    op 2, fcvt s2, h0\n"
    "    op 2, fcvt d2, h0\n"
    "    op 8, fcvtn v2.2s, v0.2d\n"
    "    op 4, fcvtn v2.4h, v0.4s\n"
    "    op 8, fcvtxn v2.2s, v0.2d\n"
    "    op 8, fcvtxn s2, d0\n"
    "    op 2, fcvtl v2.4s, v0.4h\n"
    "    op 4, fcvtl v2.2d, v0.2s\n"
    "    op 4, bfcvt h2, s0\n"
    "    op 2, fcmp h0, h1\n"
    "    op 2, fcmpe h0, h1\n"
    "    op 4, fcmp s0, s1\n"
    "    op 4, fcmpe s0, s1\n"
    "    op 8, fcmp d0, d1\n"
    "    op 8, fcmpe d0, d1\n"
    "    op 43, fccmp s0, s1, #5, ge\n"
    "    op 2, fcmla v2.8h, v0.8h, v1.8h, #90\n"
    "    op 4, fcmla v2.4s, v0.4s, v1.4s, #270\n"
    "    op 8, fcadd v2.2d, v0.2d, v1.2d, #90\n"
    "    .byte 0\n"
    "    .text\n");
extern const char corner_code[], corner_names[];

static const uint64_t halves[] = {
    0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x83ff, 0x0400, 0x8400,
    0x3c00, 0xbc00, 0x3bff, 0x3c01, 0x3800, 0x4100, 0xc100, 0x6800,
    0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7c01, 0xfd55, 0x7e00, 0xfeab,
};

static const uint64_t singles[] = {
    0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x807fffff,
    0x00800000, 0x80800000, 0x3f800000, 0xbf800000, 0x3f7fffff, 0x3f800001,
    0x3f000000, 0x40200000, 0xc0200000, 0x4effffff, 0x4f000000, 0xcf000000,
    0x4f800000, 0x5f000000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,
    0x7f800001, 0xffa55555, 0x7fc00000, 0xffd5aaab, 0x33000001, 0x477ff000,
    0x477fefff, 0x38800000, 0x387fc000,
};

#define D(x) UINT64_C(x)
static const uint64_t doubles[] = {
    D(0x0000000000000000), D(0x8000000000000000), D(0x0000000000000001),
    D(0x8000000000000001), D(0x000fffffffffffff), D(0x800fffffffffffff),
    D(0x0010000000000000), D(0x8010000000000000), D(0x3ff0000000000000),
    D(0xbff0000000000000), D(0x3fefffffffffffff), D(0x3ff0000000000001),
    D(0x3fe0000000000000), D(0x4004000000000000), D(0xc004000000000000),
    D(0x41dfffffffe00000), D(0x41e0000000000000), D(0xc1e0000000100000),
    D(0x43dfffffffffffff), D(0x43e0000000000000), D(0xc3e0000000000000),
    D(0x43f0000000000000), D(0x47efffffe0000000), D(0x47effffff0000000),
    D(0x36a0000000000000), D(0x3690000000000001), D(0x40effe0000000000),
    D(0x7fefffffffffffff), D(0xffefffffffffffff), D(0x7ff0000000000000),
    D(0xfff0000000000000), D(0x7ff0000000000001), D(0xfff5555555555555),
    D(0x7ff8000000000000), D(0xfffd5555aaaaaaab),
};

static const struct corners {
    unsigned bytes, count;
    const uint64_t *values;
} tables[] = {
    {2, ARRAY_SIZE(halves), halves},
    {4, ARRAY_SIZE(singles), singles},
    {8, ARRAY_SIZE(doubles), doubles},
};

struct state {
    uint64_t v[3][2];
    uint64_t x3, nzcv, fpsr;
};

/* Element 0 is corner n, the others those behind it. */
static void fill(uint64_t *v, const struct corners *c, unsigned n)
{
    v[0] = v[1] = 0;
    for (unsigned k = 0; k < 16 / c->bytes; k++) {
        v[k * c->bytes / 8] |= c->values[(n + 5 * k) % c->count]
                               << (8 * (k * c->bytes % 8));
    }
}

static void run(const char *code, struct state *s)
{
    __asm__ volatile("ldp q0, q1, [%0]\n"
                     "ldr q2, [%0, #32]\n"
                     "mov x3, #0\n"
                     "msr nzcv, xzr\n"
                     "msr fpsr, xzr\n"
                     "blr %1\n"
                     "str q2, [%0, #32]\n"
                     "mrs x4, nzcv\n"
                     "mrs x5, fpsr\n"
                     "stp x3, x4, [%0, #48]\n"
                     "str x5, [%0, #64]"
                     ::"r"(s), "r"(code)
                     : "x3", "x4", "x5", "x30", "memory", "cc");
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* All pairs and, of three operands, all triples. */
static uint64_t hash_mode(const char *code, const struct corners *c,
                          bool three)
{
    uint64_t hash = 0;

    for (unsigned a = 0; a < c->count; a++) {
        for (unsigned b = 0; b < c->count; b++) {
            unsigned first = three ? 0 : (a + 7 * b) % c->count;
            unsigned last = three ? c->count - 1 : first;

            for (unsigned d = first; d <= last; d++) {
                struct state s;

                fill(s.v[0], c, a);
                fill(s.v[1], c, b);
                fill(s.v[2], c, d);
                run(code, &s);
                hash = mix(hash, s.v[2][0]);
                hash = mix(hash, s.v[2][1]);
                hash = mix(hash, s.x3);
                hash = mix(hash, s.nzcv << 32 | s.fpsr);
            }
        }
    }
    return hash;
}

static void test_op(const char *name, const char *code)
{
    static const uint32_t modes[] = {
        0, FPCR_FZ, FPCR_DN, FPCR_FZ | FPCR_DN, FPCR_FZ16,
        FPCR_FZ16 | FPCR_DN, FPCR_AHP, FPCR_AHP | FPCR_FZ | FPCR_FZ16,
    };
    unsigned size = (unsigned)(name[0] - '0');
    const struct corners *c = &tables[size / 4];
    bool three = name[1] == '3';

    print("%s", name);
    for (unsigned m = 0; m < ARRAY_SIZE(modes); m++) {
        uint64_t hash = 0;

        /* Triples: of the modes only those that matter most. */
        if ((three && m > 2 && m != 4) ||
            (name[1] == 'z' && (modes[m] & FPCR_FZ))) {
            continue;
        }
        for (unsigned r = 0; r < (three && m > 0 ? 1 : RMODES); r++) {
            sysreg_write(fpcr, modes[m] | RMODE(r));
            hash = mix(hash, hash_mode(code, c, three));
        }
        print(" %08x", (uint32_t)(hash >> 32));
    }
    print("\n");
    sysreg_write(fpcr, 0);
}

void test_main(void)
{
    const char *code = corner_code;

    for (const char *name = corner_names; *name; code += 8) {
        test_op(name, code);
        while (*name++) {
        }
    }
}
