/*
 * The head of a test: what the state is before and after; README.md says
 * how it is written.
 *
 * Everything an item names is a range of bytes of struct insn_state, but for
 * the few that say how it ends.
 */
#ifndef TESTS_INSN_SPEC_H
#define TESTS_INSN_SPEC_H

#include <ctype.h>
#include <stddef.h>

#include "tests/insn/image.h"
#include "util/bits.h"

#define SPEC_CASES 64
#define SPEC_ITEMS 96

/* Bytes of struct insn_state, or (any) that they do not matter. */
struct spec_item {
    uint16_t offset;
    uint8_t size;
    bool any;
    uint8_t bytes[16];
};

struct spec_case {
    unsigned line;             /* of its "in" */
    unsigned in_count, out_count;
    struct spec_item in[SPEC_ITEMS], out[SPEC_ITEMS];
    uint64_t sctlr;            /* added to what is usual */
    char fault[16];            /* empty: ends at BRK */
    uint64_t brk, far;
    bool has_far;
};

struct spec {
    const char *path;
    const struct image *image;
    unsigned line, count;
    bool failed, no_qemu, writes_code;
    struct spec_case cases[SPEC_CASES];
};

typedef unsigned __int128 spec_value;

static void spec_error(struct spec *t, const char *what, const char *text)
{
    fprintf(stderr, "%s:%u: %s: %s\n", t->path, t->line, what, text);
    t->failed = true;
}

/* -- values -------------------------------------------------------------- */

static const struct {
    const char *name;
    uint64_t value;
} spec_names[] = {
    {"data", INSN_DATA}, {"page", INSN_DATA + 0x1000},
    {"end", INSN_DATA + INSN_DATA_SIZE}, {"code", INSN_CODE},
    /* FPCR */
    {"ahp", BIT(26)}, {"dn", BIT(25)}, {"fz", BIT(24)}, {"fz16", BIT(19)},
    {"rp", BIT(22)}, {"rm", BIT(23)}, {"rz", BIT(22) | BIT(23)},
    /* FPSR */
    {"qc", BIT(27)}, {"idc", BIT(7)}, {"ixc", BIT(4)}, {"ufc", BIT(3)},
    {"ofc", BIT(2)}, {"dzc", BIT(1)}, {"ioc", BIT(0)},
    /* SCTLR_EL1 */
    {"a", BIT(1)}, {"sa0", BIT(4)}, {"dze", BIT(14)}, {"uct", BIT(15)},
    {"e0e", BIT(24)}, {"uci", BIT(26)}, {"enia", BIT(31)},
    {"msc", BIT(33)},
};

static spec_value spec_term(struct spec *t, const char *term)
{
    spec_value v = 0;
    uint64_t label;

    if (isdigit((unsigned char)*term)) {
        bool hex = term[0] == '0' && term[1] == 'x';

        for (const char *p = hex ? term + 2 : term; *p; p++) {
            int digit = isdigit((unsigned char)*p) ? *p - '0'
                        : hex && isxdigit((unsigned char)*p)
                            ? (*p | 32) - 'a' + 10
                            : -1;
            if (digit < 0) {
                spec_error(t, "not a number", term);
                break;
            }
            v = v * (hex ? 16 : 10) + (unsigned)digit;
        }
        return v;
    }
    for (unsigned n = 0; n < ARRAY_SIZE(spec_names); n++) {
        if (strcmp(spec_names[n].name, term) == 0) {
            return spec_names[n].value;
        }
    }
    if (!image_label(t->image, term, &label)) {
        spec_error(t, "no such name", term);
        return 0;
    }
    return label;
}

/* TERM+TERM-TERM... */
static spec_value spec_sum(struct spec *t, const char *text)
{
    spec_value sum = 0;
    char term[64];

    while (*text) {
        bool minus = *text == '-';
        size_t length;

        text += *text == '-' || *text == '+';
        length = strcspn(text, "+-");
        snprintf(term, sizeof(term), "%.*s", (int)length, text);
        sum = minus ? sum - spec_term(t, term) : sum + spec_term(t, term);
        text += length;
    }
    return sum;
}

static bool spec_is_float(const char *text)
{
    text += *text == '-';
    return strcmp(text, "inf") == 0 || strcmp(text, "nan") == 0 ||
           (isdigit((unsigned char)*text) && strpbrk(text, ".p"));
}

static spec_value spec_number(struct spec *t, const char *text,
                              unsigned size)
{
    if (!spec_is_float(text)) {
        return spec_sum(t, text);
    }
    if (strcmp(text, "nan") == 0 && size == 4) {
        return 0x7fc00000;
    }
    if (strcmp(text, "nan") == 0 && size == 8) {
        return UINT64_C(0x7ff8000000000000);
    }
    double d = strtod(text, NULL);
    float s = strtof(text, NULL);
    uint64_t v = 0;

    if (size != 4 && size != 8) {
        spec_error(t, "a float of neither 32 nor 64 bits", text);
    }
    memcpy(&v, size == 4 ? (void *)&s : (void *)&d, size == 4 ? 4 : 8);
    return v;
}

/* -- items --------------------------------------------------------------- */

/* What the left side of an item names: `lanes` of `lane` bytes at `offset`
 * of the state, which is then zero up to `size`. */
struct spec_place {
    unsigned offset, size, lane, lanes;
};

/* Bytes of the letter of a scalar or lane, 0: none. */
static unsigned spec_letter(char c)
{
    static const char letters[] = "bhsdq";
    const char *p = c ? strchr(letters, c) : NULL;

    return p ? 1u << (p - letters) : 0;
}

/* "4s", "d" -> lanes and lane. */
static bool spec_shape(const char *text, struct spec_place *p)
{
    char *end;

    p->lanes = (unsigned)strtoul(text, &end, 10);
    p->lanes += end == text;
    p->lane = spec_letter(*end);
    return p->lane && end[1] == '\0' && p->lane * p->lanes <= 16;
}

/* mem[ADDRESS], mem.SHAPE[ADDRESS] */
static bool spec_memory(struct spec *t, const char *name,
                        struct spec_place *p)
{
    char shape[8] = "16b", address[64];
    int end = 0;

    if (sscanf(name, "mem[%63[^]]]%n", address, &end) != 1 &&
        sscanf(name, "mem.%7[^[][%63[^]]]%n", shape, address, &end) != 2) {
        return false;
    }
    if (name[end] || !spec_shape(shape, p)) {
        return false;
    }
    uint64_t offset = (uint64_t)spec_sum(t, address) - INSN_WINDOW;

    p->size = p->lane * p->lanes;
    p->offset = (unsigned)(offsetof(struct insn_state, window) + offset);
    return offset <= INSN_WINDOW_SIZE - p->size;
}

static bool spec_register(const char *name, struct spec_place *p)
{
    unsigned n = 0;
    char *end, *dot = strchr(name, '.');

    n = (unsigned)strtoul(name + 1, &end, 10);
    if (end == name + 1) {
        return false;
    }
    if ((*name == 'x' || *name == 'w') && n < 31 && !*end) {
        p->offset = (unsigned)(offsetof(struct insn_state, x) + 8 * n);
        p->size = 8;
        p->lane = *name == 'x' ? 8 : 4;
        p->lanes = 1;
        return true;
    }
    p->offset = (unsigned)(offsetof(struct insn_state, v) + 16 * n);
    p->size = 16;
    p->lane = *name == 'v' ? 1 : spec_letter(*name);
    p->lanes = *name == 'v' ? 16 : 1;
    return n < 32 && (*name == 'v' && dot ? spec_shape(dot + 1, p)
                                          : p->lane && !*end);
}

static bool spec_find_place(struct spec *t, const char *name,
                            struct spec_place *p)
{
    static const struct {
        const char *name;
        struct spec_place place;
    } special[] = {
        {"sp", {offsetof(struct insn_state, sp), 8, 8, 1}},
        {"pc", {offsetof(struct insn_state, pc), 8, 8, 1}},
        {"fpcr", {offsetof(struct insn_state, fpcr), 4, 4, 1}},
        {"fpsr", {offsetof(struct insn_state, fpsr), 4, 4, 1}},
        {"nzcv", {offsetof(struct insn_state, nzcv), 4, 4, 1}},
    };

    for (unsigned n = 0; n < ARRAY_SIZE(special); n++) {
        if (strcmp(special[n].name, name) == 0) {
            *p = special[n].place;
            return true;
        }
    }
    return strncmp(name, "mem", 3) == 0 ? spec_memory(t, name, p)
                                        : spec_register(name, p);
}

/* #00ff...: bytes as they lie in memory; the item grows no larger. */
static void spec_bytes(struct spec *t, struct spec_item *item,
                       const char *text, bool exact)
{
    size_t count = strlen(text) / 2;
    unsigned byte;

    if (strlen(text) % 2 || count > item->size) {
        spec_error(t, "a strange number of digits", text);
        return;
    }
    for (size_t n = 0; n < count; n++) {
        if (sscanf(text + 2 * n, "%2x", &byte) != 1) {
            spec_error(t, "not bytes", text);
        }
        item->bytes[n] = (uint8_t)byte;
    }
    if (exact) {
        item->size = (uint8_t)count;
    }
}

/* {v,v,...}, lane 0 first, or one value. */
static void spec_lanes(struct spec *t, struct spec_item *item,
                       const struct spec_place *p, char *text)
{
    unsigned n = 0;
    bool list = *text == '{';

    for (char *v = strtok(text, "{},"); v; v = strtok(NULL, "{},"), n++) {
        if (strcmp(v, "?") == 0) {
            spec_error(t, "? is for the whole only", v);
        }
        spec_value value = spec_number(t, v, p->lane);

        if (n >= p->lanes) {
            spec_error(t, "too many values", v);
            return;
        }
        memcpy(item->bytes + n * p->lane, &value, p->lane);
    }
    if (n != p->lanes && (list || p->lanes > 1)) {
        spec_error(t, "too few values", "{}");
    }
}

static uint32_t spec_nzcv(struct spec *t, const char *text)
{
    char *end;
    unsigned long v = strtoul(text, &end, 2);

    if (*end || end != text + 4) {
        spec_error(t, "nzcv is four binary digits", text);
    }
    return (uint32_t)v << 28;
}

static void spec_state(struct spec *t, struct spec_case *c, bool out,
                       const char *name, char *value)
{
    unsigned *count = out ? &c->out_count : &c->in_count;
    struct spec_item *item = &(out ? c->out : c->in)[*count];
    struct spec_place p;

    if (*count == SPEC_ITEMS || !spec_find_place(t, name, &p)) {
        spec_error(t, "no such place", name);
        return;
    }
    ++*count;
    item->offset = (uint16_t)p.offset;
    item->size = (uint8_t)p.size;
    if (strcmp(value, "?") == 0) {
        item->any = true;
    } else if (strcmp(name, "nzcv") == 0) {
        uint32_t flags = spec_nzcv(t, value);

        memcpy(item->bytes, &flags, 4);
    } else if (*value == '#') {
        spec_bytes(t, item, value + 1, *name == 'm');
    } else {
        spec_lanes(t, item, &p, value);
    }
}

/* NAME=VALUE */
static void spec_assign(struct spec *t, struct spec_case *c, bool out,
                        char *text)
{
    char *value = strchr(text, '=');

    if (!value) {
        spec_error(t, "NAME=VALUE expected", text);
        return;
    }
    *value++ = '\0';
    if (out && strcmp(text, "fault") == 0) {
        snprintf(c->fault, sizeof(c->fault), "%s", value);
    } else if (out && strcmp(text, "brk") == 0) {
        c->brk = (uint64_t)spec_sum(t, value);
    } else if (out && strcmp(text, "far") == 0) {
        c->far = (uint64_t)spec_sum(t, value);
        c->has_far = true;
    } else if (!out && strcmp(text, "sctlr") == 0) {
        c->sctlr = (uint64_t)spec_sum(t, value);
    } else {
        spec_state(t, c, out, text, value);
    }
}

/* -- the head ------------------------------------------------------------ */

static void spec_items(struct spec *t, bool out, char *text)
{
    char *rest;

    for (char *item = strtok_r(text, " \n", &rest); item;
         item = strtok_r(NULL, " \n", &rest)) {
        spec_assign(t, &t->cases[t->count - 1], out, item);
    }
}

/* A line behind "// ". */
static void spec_line(struct spec *t, char *text, int *part)
{
    enum { TEXT, IN, OUT };

    if (strncmp(text, "not in qemu", 11) == 0) {
        t->no_qemu = true;
    } else if (strncmp(text, "writes code", 11) == 0) {
        t->writes_code = true;
    } else if (strncmp(text, "in:", 3) == 0 && t->count < SPEC_CASES) {
        *part = IN;
        t->cases[t->count++] = (struct spec_case){.line = t->line};
        text += 3;
    } else if (strncmp(text, "out:", 4) == 0 && *part == IN) {
        *part = OUT;
        text += 4;
    } else if (strncmp(text, "   ", 3) != 0) {
        *part = TEXT;
    }
    if (*part != TEXT) {
        spec_items(t, *part == OUT, text);
    }
}

/* Read the head of the test at `path`; false after messages. */
static bool spec_read(struct spec *t, const char *path,
                      const struct image *image)
{
    FILE *f = fopen(path, "r");
    char line[512];
    int part = 0;

    *t = (struct spec){.path = path, .image = image};
    if (!f) {
        perror(path);
        return false;
    }
    while (fgets(line, sizeof(line), f) && strncmp(line, "//", 2) == 0) {
        t->line++;
        if (line[2] == ' ') {
            spec_line(t, line + 3, &part);
        }
    }
    fclose(f);
    if (t->count == 0) {
        spec_error(t, "no case in the head", "// in: and // out: expected");
    }
    return !t->failed;
}

#endif
