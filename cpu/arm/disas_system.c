/*
 * Operands of the system instruction space: cache, address translation
 * and TLB operations by name (Arm ARM C5), system registers, barriers,
 * prefetches.
 */
#include "cpu/arm/disas_operand.h"

#include <ctype.h>

#include "cpu/arm/sysregs.h"
#include "util/bits.h"

/* op1:CRn:CRm:op2, as in the instruction from bit 5 up. */
#define SYS(op1, crn, crm, op2) ((op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
enum { NO_REG = 1 << 14 };

static const struct {
    int key; /* with NO_REG: the operation takes no register */
    const char *name;
} sys_ops[] = {
    {SYS(0, 7, 1, 0) | NO_REG, "ic ialluis"},
    {SYS(0, 7, 5, 0) | NO_REG, "ic iallu"},
    {SYS(3, 7, 5, 1), "ic ivau"},
    {SYS(0, 7, 6, 1), "dc ivac"},
    {SYS(0, 7, 6, 2), "dc isw"},
    {SYS(0, 7, 10, 2), "dc csw"},
    {SYS(0, 7, 14, 2), "dc cisw"},
    {SYS(3, 7, 4, 1), "dc zva"},
    {SYS(3, 7, 10, 1), "dc cvac"},
    {SYS(3, 7, 11, 1), "dc cvau"},
    {SYS(3, 7, 12, 1), "dc cvap"},
    {SYS(3, 7, 13, 1), "dc cvadp"},
    {SYS(3, 7, 14, 1), "dc civac"},
    {SYS(0, 7, 8, 0), "at s1e1r"},
    {SYS(0, 7, 8, 1), "at s1e1w"},
    {SYS(0, 7, 8, 2), "at s1e0r"},
    {SYS(0, 7, 8, 3), "at s1e0w"},
    {SYS(0, 7, 9, 0), "at s1e1rp"},
    {SYS(0, 7, 9, 1), "at s1e1wp"},
    {SYS(4, 7, 8, 0), "at s1e2r"},
    {SYS(4, 7, 8, 1), "at s1e2w"},
    {SYS(4, 7, 8, 4), "at s12e1r"},
    {SYS(4, 7, 8, 5), "at s12e1w"},
    {SYS(4, 7, 8, 6), "at s12e0r"},
    {SYS(4, 7, 8, 7), "at s12e0w"},
    {SYS(6, 7, 8, 0), "at s1e3r"},
    {SYS(6, 7, 8, 1), "at s1e3w"},
    {SYS(3, 7, 3, 4), "cfp rctx"},
    {SYS(3, 7, 3, 5), "dvp rctx"},
    {SYS(3, 7, 3, 7), "cpp rctx"},
};

/*
 * TLBI: op1 and op2 name the operation, CRm its domain (1 outer, 3 inner
 * shareable, 7 local) or range form (5 outer, 2 inner, 6 local).
 */
static const struct {
    int op1, op2;
    bool reg;
    const char *name, *range; /* range form, or NULL */
} tlbi_ops[] = {
    {0, 0, false, "vmalle1", NULL},   {0, 1, true, "vae1", "rvae1"},
    {0, 2, true, "aside1", NULL},     {0, 3, true, "vaae1", "rvaae1"},
    {0, 5, true, "vale1", "rvale1"},  {0, 7, true, "vaale1", "rvaale1"},
    {4, 0, false, "alle2", NULL},     {4, 1, true, "vae2", "rvae2"},
    {4, 4, false, "alle1", NULL},     {4, 5, true, "vale2", "rvale2"},
    {4, 6, false, "vmalls12e1", NULL}, {6, 0, false, "alle3", NULL},
    {6, 1, true, "vae3", "rvae3"},    {6, 5, true, "vale3", "rvale3"},
};

static void put_xt(struct disas *d, int rt)
{
    if (rt == 31) {
        disas_printf(d, ", xzr");
    } else {
        disas_printf(d, ", x%d", rt);
    }
}

/* TLBI IPAS2: CRm 0 inner shareable (range: op2 2, 6), 4 as op2 says. */
static bool put_tlbi_ipa(struct disas *d, int crm, int op2, int rt)
{
    static const char *const name[2][8] = {
        {"", "ipas2e1is", "ripas2e1is", "", "", "ipas2le1is", "ripas2le1is",
         ""},
        {"ipas2e1os", "ipas2e1", "ripas2e1", "ripas2e1os", "ipas2le1os",
         "ipas2le1", "ripas2le1", "ripas2le1os"},
    };

    if ((crm != 0 && crm != 4) || !name[crm == 4][op2][0]) {
        return false;
    }
    disas_printf(d, "tlbi %s", name[crm == 4][op2]);
    put_xt(d, rt);
    return true;
}

/* {sys op1 crn crm op2 rt}: CRn 8 is TLBI, 9 the same with nXS. */
static bool put_tlbi(struct disas *d, const int *a)
{
    static const char *const domain[] = {"", "os", "is", "is", "", "os",
                                         "", ""};
    int crm = a[2];
    bool range = crm == 2 || crm == 5 || crm == 6;

    if (a[1] != 8) {
        return false;
    }
    if (a[0] == 4 && put_tlbi_ipa(d, crm, a[3], a[4])) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(tlbi_ops); i++) {
        const char *name = range ? tlbi_ops[i].range : tlbi_ops[i].name;
        if (tlbi_ops[i].op1 != a[0] || tlbi_ops[i].op2 != a[3] || !name ||
            crm < 1 || crm > 7 || crm == 4) {
            continue;
        }
        disas_printf(d, "tlbi %s%s", name, domain[crm]);
        if (tlbi_ops[i].reg) {
            put_xt(d, a[4]);
        }
        return true;
    }
    return false;
}

void disas_sys(struct disas *d, const int *a)
{
    int key = SYS(a[0], a[1], a[2], a[3]);

    for (size_t i = 0; i < ARRAY_SIZE(sys_ops); i++) {
        if ((sys_ops[i].key & ~NO_REG) == key) {
            disas_printf(d, "%s", sys_ops[i].name);
            if (!(sys_ops[i].key & NO_REG)) {
                put_xt(d, a[4]);
            }
            return;
        }
    }
    if (put_tlbi(d, a)) {
        return;
    }
    disas_printf(d, "sys #%d, c%d, c%d, #%d", a[0], a[1], a[2], a[3]);
    if (a[4] != 31) {
        put_xt(d, a[4]);
    }
}

/* {sysreg op0 op1 crn crm op2}: by name, else as any assembler takes it. */
void disas_sysreg(struct disas *d, const int *a)
{
    unsigned encoding = SYSREG(a[0], a[1], a[2], a[3], a[4]);

    for (unsigned i = 0; i < sysreg_count; i++) {
        if (sysregs[i].encoding == encoding) {
            for (const char *c = sysregs[i].name; *c; c++) {
                disas_printf(d, "%c", tolower((unsigned char)*c));
            }
            return;
        }
    }
    disas_printf(d, "s%d_%d_c%d_c%d_%d", a[0], a[1], a[2], a[3], a[4]);
}

void disas_barrier(struct disas *d, const int *a)
{
    static const char *const name[16] = {
        [1] = "oshld", [2] = "oshst", [3] = "osh",  [5] = "nshld",
        [6] = "nshst", [7] = "nsh",   [9] = "ishld", [10] = "ishst",
        [11] = "ish",  [13] = "ld",   [14] = "st",  [15] = "sy",
    };

    if (name[a[0]]) {
        disas_printf(d, "%s", name[a[0]]);
    } else {
        disas_printf(d, "#0x%x", a[0]);
    }
}

void disas_barrier_xs(struct disas *d, const int *a)
{
    static const char *const name[] = {"oshnxs", "nshnxs", "ishnxs",
                                       "synxs"};

    disas_printf(d, "%s", name[a[0] >> 2]);
}

/* Rt: type (PLD, PLI, PST), level, policy. */
void disas_prefetch(struct disas *d, const int *a)
{
    static const char *const type[] = {"pld", "pli", "pst"};

    if (a[0] >> 3 == 3 || (a[0] >> 1 & 3) == 3) {
        disas_printf(d, "#0x%x", a[0]);
    } else {
        disas_printf(d, "%sl%d%s", type[a[0] >> 3], (a[0] >> 1 & 3) + 1,
                     a[0] & 1 ? "strm" : "keep");
    }
}
