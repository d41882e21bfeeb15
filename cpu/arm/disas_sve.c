/* SVE operand kinds of the assembler templates. */
#include "cpu/arm/disas_operand.h"

#include <inttypes.h>

#include "cpu/arm/sve_imm.h"
#include "util/bits.h"

static const char size_letter[] = "bhsdq";
static const char memory_letter[] = "bhwd";

/* Registers: {z n esz}, twice, half and a quarter of the size, {t esz}. */

static void put_z(struct disas *d, int n, int esz)
{
    d->bad |= esz < 0 || esz > 4;
    disas_printf(d, "z%d.%c", n & 31, d->bad ? '?' : size_letter[esz]);
}

static void op_z(struct disas *d, const int *a)
{
    put_z(d, a[0], a[1]);
}

static void op_zw(struct disas *d, const int *a)
{
    put_z(d, a[0], a[1] + 1);
}

static void op_zh(struct disas *d, const int *a)
{
    put_z(d, a[0], a[1] - 1);
}

static void op_zq(struct disas *d, const int *a)
{
    put_z(d, a[0], a[1] - 2);
}

static void op_t(struct disas *d, const int *a)
{
    disas_printf(d, "%c", size_letter[a[0]]);
}

static void op_nreg1(struct disas *d, const int *a)
{
    disas_printf(d, "%d", (a[0] + 1) & 31);
}

static void op_zlist(struct disas *d, const int *a)
{
    for (int n = 0; n < a[2]; n++) {
        disas_printf(d, n ? ", " : "{");
        put_z(d, a[0] + n, a[1]);
    }
    disas_printf(d, "}");
}

/* W or X by the element's size, 31 being SP. */
static void op_rxs(struct disas *d, const int *a)
{
    disas_reg(d, a[0], a[1] == 3, true);
}

/* {sfw sf rd}: the W form of the register before. */
static void op_sfw(struct disas *d, const int *a)
{
    if (!a[0]) {
        disas_printf(d, ", ");
        disas_reg(d, a[1], false, false);
    }
}

/* Immediates */

static void op_bhwd(struct disas *d, const int *a)
{
    disas_printf(d, "%c", memory_letter[a[0]]);
}

/* {pat pattern multiplier - 1} */
static void op_pat(struct disas *d, const int *a)
{
    static const char *const name[] = {
        "pow2", "vl1", "vl2", "vl3", "vl4", "vl5", "vl6", "vl7", "vl8",
        "vl16", "vl32", "vl64", "vl128", "vl256", [29] = "mul4", "mul3",
        "all",
    };

    if (a[0] == 31 && !a[1]) {
        return;
    }
    if (name[a[0]]) {
        disas_printf(d, ", %s", name[a[0]]);
    } else {
        disas_printf(d, ", #%d", a[0]);
    }
    if (a[1]) {
        disas_printf(d, ", mul #%d", a[1] + 1);
    }
}

static void op_zmask(struct disas *d, const int *a)
{
    uint64_t mask;

    d->bad |= !sve_bit_mask((unsigned)a[0], &mask);
    disas_printf(d, "#0x%" PRIx64, d->bad ? 0 : mask);
}

static void op_immsh(struct disas *d, const int *a)
{
    disas_printf(d, a[1] ? "#%d, lsl #8" : "#%d", a[0]);
}

static void op_fhalf(struct disas *d, const int *a)
{
    disas_printf(d, a[0] ? "#1.0" : "#0.5");
}

static void op_ftwo(struct disas *d, const int *a)
{
    disas_printf(d, a[0] ? "#2.0" : "#0.5");
}

static void op_fzero(struct disas *d, const int *a)
{
    disas_printf(d, a[0] ? "#1.0" : "#0.0");
}

/* Addresses */

static void op_zsh(struct disas *d, const int *a)
{
    if (a[0]) {
        disas_printf(d, " #%d", a[0]);
    }
}

static void op_zlsl(struct disas *d, const int *a)
{
    if (a[0]) {
        disas_printf(d, ", lsl #%d", a[0]);
    }
}

static void op_ldsz(struct disas *d, const int *a)
{
    disas_printf(d, "%s%c", a[1] ? "s" : "", memory_letter[a[0]]);
}

static void op_ff(struct disas *d, const int *a)
{
    disas_printf(d, "%s", a[0] ? "ff" : "");
}

static void put_base(struct disas *d, int rn)
{
    disas_printf(d, "[");
    disas_reg(d, rn, true, true);
}

/* {ssaddr rn rm msz} */
static void op_ssaddr(struct disas *d, const int *a)
{
    put_base(d, a[0]);
    disas_printf(d, ", ");
    disas_reg(d, a[1], true, false);
    op_zlsl(d, a + 2);
    disas_printf(d, "]");
}

static void put_mul_vl(struct disas *d, int rn, int imm)
{
    put_base(d, rn);
    disas_printf(d, imm ? ", #%d, mul vl]" : "]", imm);
}

static void op_mulvl(struct disas *d, const int *a)
{
    put_mul_vl(d, a[0], a[1]);
}

static void op_mulvln(struct disas *d, const int *a)
{
    put_mul_vl(d, a[0], a[1] * a[2]);
}

static void op_addrn(struct disas *d, const int *a)
{
    put_base(d, a[0]);
    disas_printf(d, a[1] ? ", #%d]" : "]", a[1] * a[2]);
}

/* {gaddr rn zm esz ext scaled msz} */
static void op_gaddr(struct disas *d, const int *a)
{
    static const char *const extend[] = {"uxtw", "sxtw", "lsl"};

    put_base(d, a[0]);
    disas_printf(d, ", ");
    put_z(d, a[1], a[2]);
    if (a[3] != 2 || a[4]) {
        disas_printf(d, ", %s", extend[a[3]]);
    }
    if (a[4]) {
        disas_printf(d, " #%d", a[5]);
    }
    disas_printf(d, "]");
}

/* {vaddri zn esz imm msz} */
static void op_vaddri(struct disas *d, const int *a)
{
    disas_printf(d, "[");
    put_z(d, a[0], a[1]);
    disas_printf(d, a[2] ? ", #%d]" : "]", a[2] << a[3]);
}

/* {vaddrx zn esz rm} */
static void op_vaddrx(struct disas *d, const int *a)
{
    disas_printf(d, "[");
    put_z(d, a[0], a[1]);
    disas_printf(d, ", ");
    disas_reg(d, a[2], true, false);
    disas_printf(d, "]");
}

const struct disas_kind disas_sve_kinds[] = {
    {"addrn", op_addrn}, {"bhwd", op_bhwd}, {"ff", op_ff},
    {"fhalf", op_fhalf}, {"ftwo", op_ftwo}, {"fzero", op_fzero},
    {"gaddr", op_gaddr}, {"immsh", op_immsh}, {"ldsz", op_ldsz},
    {"mulvl", op_mulvl}, {"mulvln", op_mulvln}, {"nreg1", op_nreg1},
    {"pat", op_pat}, {"rxs", op_rxs}, {"sfw", op_sfw},
    {"ssaddr", op_ssaddr}, {"t", op_t}, {"vaddri", op_vaddri},
    {"vaddrx", op_vaddrx}, {"z", op_z}, {"zh", op_zh},
    {"zlist", op_zlist}, {"zlsl", op_zlsl}, {"zmask", op_zmask},
    {"zq", op_zq}, {"zsh", op_zsh}, {"zw", op_zw},
};

const size_t disas_sve_nkinds = ARRAY_SIZE(disas_sve_kinds);
