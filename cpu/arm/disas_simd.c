/* SIMD&FP operand kinds of the assembler templates. */
#include "cpu/arm/disas_operand.h"

#include <inttypes.h>

#include "util/bits.h"

static const char size_letter[] = "bhsdq";

/* SIMD&FP registers */

static void put_vec(struct disas *d, int n, int esz, int q)
{
    disas_printf(d, "v%d.%d%c", n, (8 << q) >> esz, size_letter[esz]);
}

static void op_f(struct disas *d, const int *a)
{
    disas_printf(d, "%c%d", size_letter[a[1]], a[0]);
}

static void op_fw(struct disas *d, const int *a)
{
    disas_printf(d, "%c%d", size_letter[a[1] + 1], a[0]);
}

static void op_d(struct disas *d, const int *a)
{
    disas_printf(d, "d%d", a[0]);
}

/* {rx rn esz}: the general register an element of this size goes with. */
static void op_rx(struct disas *d, const int *a)
{
    disas_reg(d, a[0], a[1] == 3, false);
}

static void op_v(struct disas *d, const int *a)
{
    put_vec(d, a[0], a[1], a[2]);
}

static void op_vb(struct disas *d, const int *a)
{
    put_vec(d, a[0], 0, a[1]);
}

/* {vw reg esz}: a full register of elements twice that size. */
static void op_vw(struct disas *d, const int *a)
{
    put_vec(d, a[0], a[1] + 1, 1);
}

/* {vlp reg esz q}: half as many elements, twice the size. */
static void op_vlp(struct disas *d, const int *a)
{
    put_vec(d, a[0], a[1] + 1, a[2]);
}

/* {vhalf reg q}: the halfwords that widen into q's words. */
static void op_vhalf(struct disas *d, const int *a)
{
    disas_printf(d, "v%d.%dh", a[0], a[1] ? 4 : 2);
}

static void op_vpair(struct disas *d, const int *a)
{
    disas_printf(d, "v%d.2%c", a[0], size_letter[a[1]]);
}

static void op_ve(struct disas *d, const int *a)
{
    disas_printf(d, "v%d.%c[%d]", a[0], size_letter[a[1]], a[2]);
}

/* `count` registers from `first`; elements < 0: only the letter. */
static void put_list(struct disas *d, int first, int count, int elements,
                     int esz)
{
    for (int i = 0; i < count; i++) {
        disas_printf(d, "%sv%d.", i ? ", " : "{", (first + i) & 31);
        if (elements > 0) {
            disas_printf(d, "%d", elements);
        }
        disas_printf(d, "%c", size_letter[esz]);
    }
    disas_printf(d, "}");
}

static void op_vlist(struct disas *d, const int *a)
{
    put_list(d, a[0], a[3], (8 << a[2]) >> a[1], a[1]);
}

static void op_vlist1(struct disas *d, const int *a)
{
    put_list(d, a[0], a[1] + 1, -1, a[2]);
}

static void op_vlistr(struct disas *d, const int *a)
{
    put_list(d, a[0], a[1] + 1, (8 << a[3]) >> a[2], a[2]);
}

static void op_vtab(struct disas *d, const int *a)
{
    put_list(d, a[0], a[1] + 1, 16, 0);
}

/* {vaddr rn post rm}: rm 31 is the size of the transfer. */
static void op_vaddr(struct disas *d, const int *a)
{
    int regs = disas_field(d, "rpt") * disas_field(d, "selem");
    int bytes = regs ? regs * (8 << disas_field(d, "q"))
                     : (disas_field(d, "xregs") + 1)
                           << disas_field(d, "esz");

    disas_printf(d, "[");
    disas_reg(d, a[0], true, true);
    disas_printf(d, "]");
    if (a[1] && a[2] == 31) {
        disas_printf(d, ", #%d", bytes);
    } else if (a[1]) {
        disas_printf(d, ", x%d", a[2]);
    }
}

/* SIMD&FP immediates */

static void op_shr(struct disas *d, const int *a)
{
    disas_printf(d, "#%d", (8 << a[0]) - a[1]);
}

static void op_fbits64(struct disas *d, const int *a)
{
    disas_printf(d, "#%d", 64 - a[0]);
}

static void op_rot90(struct disas *d, const int *a)
{
    disas_printf(d, "#%d", a[0] * 90);
}

static void op_rot180(struct disas *d, const int *a)
{
    disas_printf(d, "#%d", a[0] ? 270 : 90);
}

/* VFPExpandImm(): 1.efgh times two to the power -3..4. */
static void op_fpimm(struct disas *d, const int *a)
{
    int power = ((a[0] >> 4 & 7) ^ 4) - 3;
    double value = 1.0 + (a[0] & 15) / 16.0;

    value = power < 0 ? value / (1 << -power) : value * (1 << power);
    value = a[0] & 0x80 ? -value : value;
    disas_printf(d, value == (int)value ? "#%.1f" : "#%.8g", value);
}

/* MOVI, MVNI, ORR and BIC: mnemonic and operands. */
static void op_modimm(struct disas *d, const int *a)
{
    int q = a[0], op = a[1], cmode = a[2], imm = a[3], rd = a[4];
    bool logic = (cmode & 1) && cmode < 12;
    uint64_t wide = 0;

    disas_printf(d, "%s ", logic ? (op ? "bic" : "orr")
                 : op && cmode != 14 ? "mvni" : "movi");
    if (cmode == 14 && op) {
        for (int i = 0; i < 8; i++) {
            wide |= imm >> i & 1 ? UINT64_C(0xff) << i * 8 : 0;
        }
        disas_printf(d, q ? "v%d.2d" : "d%d", rd);
        disas_printf(d, ", #0x%" PRIx64, wide);
        return;
    }
    put_vec(d, rd, cmode == 14 ? 0 : cmode >> 2 == 2 ? 1 : 2, q);
    disas_printf(d, ", #0x%x", imm);
    if (cmode >> 1 == 6) {
        disas_printf(d, ", msl #%d", cmode & 1 ? 16 : 8);
    } else if (cmode < 12 && (cmode & 6) && (cmode & 8 ? cmode & 2 : 1)) {
        disas_printf(d, ", lsl #%d", (cmode >> 1 & 3) * 8);
    }
}

const struct disas_kind disas_simd_kinds[] = {
    {"d", op_d}, {"f", op_f}, {"fbits64", op_fbits64}, {"fpimm", op_fpimm},
    {"fw", op_fw}, {"modimm", op_modimm}, {"rot180", op_rot180},
    {"rot90", op_rot90}, {"rx", op_rx}, {"shr", op_shr}, {"v", op_v},
    {"vaddr", op_vaddr}, {"vb", op_vb}, {"ve", op_ve}, {"vhalf", op_vhalf},
    {"vlist", op_vlist}, {"vlist1", op_vlist1}, {"vlistr", op_vlistr},
    {"vlp", op_vlp}, {"vpair", op_vpair}, {"vtab", op_vtab}, {"vw", op_vw},
};

const size_t disas_simd_nkinds = ARRAY_SIZE(disas_simd_kinds);
