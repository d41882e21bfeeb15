/*
 * The operand kinds of the decode tables' assembler templates.
 *
 * Each kind prints one operand, or a part of the mnemonic, from the
 * arguments named in the template. Spelling follows the Arm ARM; numbers
 * are decimal, or hexadecimal where bits rather than amounts are meant.
 */
#include "cpu/arm/disas_operand.h"

#include <inttypes.h>
#include <string.h>

#include "util/bits.h"

static const char *const cond_name[] = {
    "eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc",
    "hi", "ls", "ge", "lt", "gt", "le", "al", "nv",
};

/* Numbers and registers */

void disas_reg(struct disas *d, int n, bool x, bool sp)
{
    if (n == 31) {
        disas_printf(d, "%s", sp ? (x ? "sp" : "wsp") : (x ? "xzr" : "wzr"));
    } else {
        disas_printf(d, "%c%d", x ? 'x' : 'w', n);
    }
}

static void op_number(struct disas *d, const int *a)
{
    disas_printf(d, "%d", a[0]);
}

static void op_imm(struct disas *d, const int *a)
{
    disas_printf(d, "#%d", a[0]);
}

static void op_hex(struct disas *d, const int *a)
{
    disas_printf(d, "#0x%x", a[0]);
}

static void op_mul16(struct disas *d, const int *a)
{
    disas_printf(d, "#%d", a[0] * 16);
}

static void op_x(struct disas *d, const int *a)
{
    disas_reg(d, a[0], true, false);
}

static void op_w(struct disas *d, const int *a)
{
    disas_reg(d, a[0], false, false);
}

static void op_xs(struct disas *d, const int *a)
{
    disas_reg(d, a[0], true, true);
}

static void op_r(struct disas *d, const int *a)
{
    disas_reg(d, a[0], disas_field(d, "sf"), false);
}

static void op_rs(struct disas *d, const int *a)
{
    disas_reg(d, a[0], disas_field(d, "sf"), true);
}

/* {rz reg esz}: the register that holds an access of this size. */
static void op_rz(struct disas *d, const int *a)
{
    disas_reg(d, a[0], a[1] == 3, false);
}

static void op_rbit(struct disas *d, const int *a)
{
    disas_reg(d, a[0], a[1] >= 32, false);
}

static void op_rpair(struct disas *d, const int *a)
{
    d->bad |= a[0] & 1;
    disas_reg(d, a[0], a[1] == 3, false);
    disas_printf(d, ", ");
    disas_reg(d, a[0] + 1, a[1] == 3, false);
}

/* Immediates and shifted or extended registers */

static void op_imm12(struct disas *d, const int *a)
{
    disas_printf(d, a[1] ? "#0x%x, lsl #12" : "#0x%x", a[0]);
}

static void op_lsl16(struct disas *d, const int *a)
{
    if (a[0]) {
        disas_printf(d, ", lsl #%d", a[0] * 16);
    }
}

/* {wide imm hw}, {widenot imm hw}: the value MOVZ or MOVN makes. */
static void op_wide(struct disas *d, const int *a)
{
    disas_printf(d, "#0x%" PRIx64, (uint64_t)a[0] << 16 * a[1]);
}

static void op_widenot(struct disas *d, const int *a)
{
    uint64_t value = ~((uint64_t)a[0] << 16 * a[1]);

    disas_printf(d, "#0x%" PRIx64,
                 disas_field(d, "sf") ? value : (uint32_t)value);
}

static void op_shift(struct disas *d, const int *a)
{
    static const char *const name[] = {"lsl", "lsr", "asr", "ror"};

    if (a[0] || a[1]) {
        disas_printf(d, ", %s #%d", name[a[0]], a[1]);
    }
}

static void put_extend(struct disas *d, const int *a, bool lsl)
{
    static const char *const name[] = {"uxtb", "uxth", "uxtw", "uxtx",
                                       "sxtb", "sxth", "sxtw", "sxtx"};
    bool x = disas_field(d, "sf") && (a[1] & 3) == 3;

    disas_reg(d, a[0], x, false);
    if (lsl && a[1] == 2 + disas_field(d, "sf")) {
        if (a[2]) {
            disas_printf(d, ", lsl #%d", a[2]);
        }
        return;
    }
    disas_printf(d, ", %s", name[a[1]]);
    if (a[2]) {
        disas_printf(d, " #%d", a[2]);
    }
}

/* {ext rm option imm rd rn}: with SP, the natural extension is LSL. */
static void op_ext(struct disas *d, const int *a)
{
    put_extend(d, a, a[3] == 31 || a[4] == 31);
}

static void op_exts(struct disas *d, const int *a)
{
    put_extend(d, a, a[3] == 31);
}

/* DecodeBitMasks() of the manual, the wmask part. */
static void op_bitmask(struct disas *d, const int *a)
{
    int len = 31 - clz32(a[0] << 6 | (~a[2] & 63));
    int levels = len < 1 ? 0 : (1 << len) - 1;
    int s = a[2] & levels, r = a[1] & levels, esize = levels + 1;
    uint64_t mask;

    if (len < 1 || s == levels) {
        d->bad = true;
        return;
    }
    mask = mask64(s + 1);
    if (r) {
        mask = (mask >> r | mask << (esize - r)) & mask64(esize);
    }
    for (int e = esize; e < 64; e *= 2) {
        mask |= mask << e;
    }
    if (!disas_field(d, "sf")) {
        mask &= UINT32_MAX;
    }
    disas_printf(d, "#0x%" PRIx64, mask);
}

static void put_bitfield(struct disas *d, const char *name, int lsb,
                         int width)
{
    disas_printf(d, "%s ", name);
    op_r(d, (int[]){disas_field(d, "rd")});
    disas_printf(d, ", ");
    op_r(d, (int[]){disas_field(d, "rn")});
    disas_printf(d, ", #%d", lsb);
    if (width) {
        disas_printf(d, ", #%d", width);
    }
}

/* SBFM and UBFM under the name that says what they do. */
static void put_xbfm(struct disas *d, const int *a, bool sign)
{
    static const char *const extend[2][3] = {{"uxtb", "uxth", ""},
                                             {"sxtb", "sxth", "sxtw"}};
    int immr = a[0], imms = a[1], sf = disas_field(d, "sf");
    int bits = sf ? 64 : 32;
    int k = imms == 7 ? 0 : imms == 15 ? 1 : imms == 31 ? 2 : -1;

    if (!sign && imms != bits - 1 && imms + 1 == immr) {
        put_bitfield(d, "lsl", bits - immr, 0);
    } else if (imms == bits - 1) {
        put_bitfield(d, sign ? "asr" : "lsr", immr, 0);
    } else if (imms < immr) {
        put_bitfield(d, sign ? "sbfiz" : "ubfiz", bits - immr, imms + 1);
    } else if (immr == 0 && k >= 0 && (sign ? k < 2 || sf : k < 2 && !sf)) {
        disas_printf(d, "%s ", extend[sign][k]);
        op_r(d, (int[]){disas_field(d, "rd")});
        disas_printf(d, ", ");
        op_w(d, (int[]){disas_field(d, "rn")});
    } else {
        put_bitfield(d, sign ? "sbfx" : "ubfx", immr, imms - immr + 1);
    }
}

static void op_sbfm(struct disas *d, const int *a)
{
    put_xbfm(d, a, true);
}

static void op_ubfm(struct disas *d, const int *a)
{
    put_xbfm(d, a, false);
}

static void op_bfm(struct disas *d, const int *a)
{
    int bits = disas_field(d, "sf") ? 64 : 32;

    if (a[1] < a[0]) {
        put_bitfield(d, "bfi", bits - a[0], a[1] + 1);
    } else {
        put_bitfield(d, "bfxil", a[0], a[1] - a[0] + 1);
    }
}

/* Branches and conditions */

static void op_label(struct disas *d, const int *a)
{
    disas_printf(d, "0x%" PRIx64, d->pc + (int64_t)a[0] * 4);
}

static void op_pcrel(struct disas *d, const int *a)
{
    disas_printf(d, "0x%" PRIx64, d->pc + (int64_t)a[0]);
}

static void op_pcpage(struct disas *d, const int *a)
{
    disas_printf(d, "0x%" PRIx64,
                 align_down(d->pc, 4096) + (int64_t)a[0] * 4096);
}

static void op_cond(struct disas *d, const int *a)
{
    disas_printf(d, "%s", cond_name[a[0]]);
}

static void op_ncond(struct disas *d, const int *a)
{
    disas_printf(d, "%s", cond_name[a[0] ^ 1]);
}

static void op_bti(struct disas *d, const int *a)
{
    static const char *const target[] = {"", " c", " j", " jc"};

    disas_printf(d, "%s", target[a[0]]);
}

/* Parts of mnemonics */

static void put_part(struct disas *d, const char *const *part, int n)
{
    disas_printf(d, "%s", part[n]);
}

static void op_sz(struct disas *d, const int *a)
{
    put_part(d, (const char *[]){"b", "h", "", ""}, a[0]);
}

static void op_szs(struct disas *d, const int *a)
{
    put_part(d, (const char *[]){"b", "h", "w", ""}, a[0]);
}

static void op_bhwx(struct disas *d, const int *a)
{
    put_part(d, (const char *[]){"b", "h", "w", "x"}, a[0]);
}

static void op_bits(struct disas *d, const int *a)
{
    disas_printf(d, "%d", 8 << a[0]);
}

static void op_acq(struct disas *d, const int *a)
{
    disas_printf(d, "%s%s", a[0] ? "a" : "", a[1] ? "l" : "");
}

static void op_ax(struct disas *d, const int *a)
{
    disas_printf(d, "%s", a[0] ? "a" : "");
}

static void op_lx(struct disas *d, const int *a)
{
    disas_printf(d, "%s", a[0] ? "l" : "");
}

static void op_np(struct disas *d, const int *a)
{
    disas_printf(d, "%s", a[0] ? "" : "n");
}

static void op_ur(struct disas *d, const int *a)
{
    disas_printf(d, "%s", a[0] ? "" : "u");
}

static void op_q2(struct disas *d, const int *a)
{
    disas_printf(d, "%s", a[0] ? "2" : "");
}

static void op_bt(struct disas *d, const int *a)
{
    disas_printf(d, "%s", a[0] ? "t" : "b");
}

static void op_nreg(struct disas *d, const int *a)
{
    disas_printf(d, "%d", a[0] + 1);
}

/* Addresses */

/* `mode`: 0 and 2 offset, 1 post-index, 3 pre-index. */
static void put_addr(struct disas *d, int rn, int mode, int offset)
{
    disas_printf(d, "[");
    disas_reg(d, rn, true, true);
    if (mode == 1) {
        disas_printf(d, "], #%d", offset);
    } else if (mode == 3) {
        disas_printf(d, ", #%d]!", offset);
    } else if (offset) {
        disas_printf(d, ", #%d]", offset);
    } else {
        disas_printf(d, "]");
    }
}

static void op_addr(struct disas *d, const int *a)
{
    put_addr(d, a[0], 0, a[1]);
}

static void op_addrm(struct disas *d, const int *a)
{
    put_addr(d, a[0], a[1], a[2]);
}

static void op_addrp(struct disas *d, const int *a)
{
    put_addr(d, a[0], a[1], a[2] * (1 << a[3]));
}

static void op_addru(struct disas *d, const int *a)
{
    put_addr(d, a[0], 0, a[1] << a[2]);
}

static void op_addrtag(struct disas *d, const int *a)
{
    put_addr(d, a[0], a[1], a[2] * 16);
}

static void op_addrw(struct disas *d, const int *a)
{
    put_addr(d, a[0], a[2] && a[1] ? 3 : 0, a[1] * 8);
    disas_printf(d, "%s", a[2] && !a[1] ? "!" : "");
}

/* {addrr rn rm option s esz} */
static void op_addrr(struct disas *d, const int *a)
{
    static const char *const name[] = {"uxtw", "lsl", "sxtw", "sxtx"};
    int kind = (a[2] & 4) >> 1 | (a[2] & 1);

    disas_printf(d, "[");
    disas_reg(d, a[0], true, true);
    disas_printf(d, ", ");
    disas_reg(d, a[1], a[2] & 1, false);
    if (kind != 1 || a[3]) {
        disas_printf(d, ", %s", name[kind]);
    }
    if (a[3]) {
        disas_printf(d, " #%d", a[4]);
    }
    disas_printf(d, "]");
}

static const struct disas_kind kinds[] = {
    {"acq", op_acq}, {"addr", op_addr}, {"addrm", op_addrm},
    {"addrp", op_addrp}, {"addrr", op_addrr}, {"addrtag", op_addrtag},
    {"addru", op_addru}, {"addrw", op_addrw}, {"ax", op_ax},
    {"barrier", disas_barrier}, {"barrierxs", disas_barrier_xs},
    {"bfm", op_bfm}, {"bhwx", op_bhwx}, {"bitmask", op_bitmask},
    {"bits", op_bits}, {"bt", op_bt}, {"bti", op_bti}, {"cond", op_cond},
    {"ext", op_ext}, {"exts", op_exts}, {"h", op_hex}, {"i", op_imm},
    {"imm12", op_imm12}, {"label", op_label}, {"lsl16", op_lsl16},
    {"lx", op_lx}, {"mul16", op_mul16}, {"n", op_number}, {"ncond", op_ncond},
    {"np", op_np}, {"nreg", op_nreg}, {"pcpage", op_pcpage},
    {"pcrel", op_pcrel}, {"prfop", disas_prefetch}, {"q2", op_q2},
    {"r", op_r}, {"rbit", op_rbit}, {"rpair", op_rpair}, {"rs", op_rs},
    {"rz", op_rz}, {"sbfm", op_sbfm}, {"shift", op_shift}, {"sys", disas_sys},
    {"sysreg", disas_sysreg}, {"sz", op_sz}, {"szs", op_szs},
    {"ubfm", op_ubfm}, {"ur", op_ur}, {"w", op_w}, {"wide", op_wide},
    {"widenot", op_widenot}, {"x", op_x}, {"xs", op_xs},
};

static disas_operand_fn *find(const struct disas_kind *k, size_t n,
                              const char *kind, size_t len)
{
    for (size_t i = 0; i < n; i++) {
        if (!strncmp(k[i].kind, kind, len) && !k[i].kind[len]) {
            return k[i].fn;
        }
    }
    return NULL;
}

disas_operand_fn *disas_operand_find(const char *kind, size_t len)
{
    disas_operand_fn *fn = find(kinds, ARRAY_SIZE(kinds), kind, len);

    fn = fn ? fn : find(disas_simd_kinds, disas_simd_nkinds, kind, len);
    return fn ? fn : find(disas_sve_kinds, disas_sve_nkinds, kind, len);
}
