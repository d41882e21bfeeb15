/*
 * Guest code and the host code it becomes, side by side, for two hosts that
 * never change: what this machine's processor has does not matter.
 *
 *   codegen -o DIR PROGRAM
 *
 * PROGRAM is patterns.S, linked.  Each label GROUP.NAME in it begins a
 * pattern; it is translated as if it were alone and printed to
 * DIR/GROUP.txt, with addresses replaced by names; those of the group
 * "region" as hot loops are, from their first label on.  DIR/totals.txt has
 * a line of counts for each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef CONFIG_CAPSTONE

int main(void)
{
    fprintf(stderr, "codegen: built without capstone; install the package "
                    "libcapstone-dev and run ./configure\n");
    return 2;
}

#else

#include <capstone/capstone.h>

#include "cpu/arm/arm_cpu.h"
#include "cpu/arm/disas.h"
#include "cpu/arm/guest.h"
#include "cpu/arm/models.h"
#include "cpu/arm/system.h"
#include "cpu/arm/translate.h"
#include "cpu/ir/build.h"
#include "cpu/ir/passes.h"
#include "cpu/jit/x64/x64.h"
#include "cpu/region_build.h"
#include "tests/insn/image.h"
#include "util/bits.h"

/* Every pattern is translated at this address. */
#define PATTERN_PC UINT64_C(0x40001000)
#define CODE_SIZE (4u << 20)
#define UNIT_OFFSET (2u << 20) /* behind the thunks */
#define MAX_PATTERNS 512

/* The hosts: the oldest that will do, and one of the last ten years. */
static const struct host {
    const char *name;
    struct x64_features features;
} hosts[] = {
    {"SSE4.2", {0}},
    {"AVX2",
     {.avx = true, .avx2 = true, .bmi1 = true, .bmi2 = true, .lzcnt = true,
      .popcnt = true, .fma = true, .f16c = true, .aes = true,
      .pclmul = true}},
};
enum { HOSTS = ARRAY_SIZE(hosts) };

struct pattern {
    const char *name;        /* GROUP.NAME */
    uint64_t at, end;
    unsigned guest, host[HOSTS], bytes[HOSTS];
};

static struct arm_cpu cpu;
static struct arm_model model;
static struct jit_buffer cache;
static struct backend *backend;
static struct backend_thread *compiler;
static struct region_builder *builder;
static struct ir_unit *unit;
static csh capstone;
static struct image image;
static struct pattern patterns[MAX_PATTERNS];
static unsigned pattern_count;

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "codegen: %s: %s\n", name, what);
    exit(1);
}

/* -- names for addresses --------------------------------------------------- */

/* What [rbp + offset] is. */
static const struct vcpu_field {
    const char *name;
    size_t offset, size, element; /* element 0: not an array */
} vcpu_fields[] = {
#define FIELD(name) \
    {#name, offsetof(struct vcpu, name), sizeof(((struct vcpu *)0)->name), 0}
#define ARRAY(text, name)                                              \
    {text, offsetof(struct vcpu, name), sizeof(((struct vcpu *)0)->name), \
     sizeof(((struct vcpu *)0)->name[0])}
    ARRAY("x", r), FIELD(pc), FIELD(flags), FIELD(request), FIELD(tlb),
    FIELD(tlb_unpriv), FIELD(exit), FIELD(saturated), FIELD(jump_key),
    ARRAY("v", v), FIELD(excl_addr), FIELD(excl_value), FIELD(excl_size),
    FIELD(fp), FIELD(fault), FIELD(syndrome), FIELD(fault_address),
    FIELD(mem_buffer), FIELD(host_return), FIELD(index), FIELD(parallel),
    FIELD(mmu), FIELD(system), FIELD(jump_cache), FIELD(target),
    FIELD(stack_limit), FIELD(frame),
#define ARM(name)                         \
    {#name, offsetof(struct arm_cpu, name), \
     sizeof(((struct arm_cpu *)0)->name), 0}
    ARM(sp_el), ARM(elr_el), ARM(spsr_el), ARM(tpidr_el), ARM(tpidrro_el0),
    ARM(daif), ARM(pstate_misc), ARM(btype), ARM(irq_lines), ARM(fast),
#undef ARM
#undef FIELD
#undef ARRAY
};

static void name_field(char *out, size_t size, int64_t disp)
{
    size_t offset = (size_t)(disp + VCPU_BASE);

    for (unsigned n = 0; n < ARRAY_SIZE(vcpu_fields); n++) {
        const struct vcpu_field *f = &vcpu_fields[n];
        size_t in = offset - f->offset;

        if (in >= f->size) {
            continue;
        }
        int length = snprintf(out, size, "%s", f->name);
        if (f->element) {
            length += snprintf(out + length, size - (size_t)length, "%zu",
                               in / f->element);
            in %= f->element;
        }
        if (in) {
            snprintf(out + length, size - (size_t)length, "+%zu", in);
        }
        return;
    }
    snprintf(out, size, "vcpu+%#zx", offset);
}

struct listing {
    FILE *f;
    const uint8_t *base;
    const struct jit_result *result;
    cs_insn *insn;
    size_t count, hot;        /* instructions; of them on the hot path */
    uint64_t labels[256];     /* targets of jumps inside, ascending */
    unsigned label_count, hot_labels;
};

static void name_label(const struct listing *l, unsigned n, char *out,
                       size_t size)
{
    if (n < l->hot_labels) {
        snprintf(out, size, "L%u", n);
    } else {
        snprintf(out, size, "out%u", n - l->hot_labels);
    }
}

/* An array, of any shape, of addresses of thunks. */
static bool is_among(uint64_t target, const void *thunks, size_t size)
{
    const uint8_t *const *thunk = thunks;

    for (size_t n = 0; n < size / sizeof(*thunk); n++) {
        if (target == (uintptr_t)thunk[n]) {
            return true;
        }
    }
    return false;
}

/* The exit that the instruction `at` is, or NULL. */
static const struct block_link *link_at(const struct listing *l, uint64_t at)
{
    for (unsigned n = 0; n < l->result->link_count; n++) {
        const struct block_link *link = &l->result->links[n];

        /* jcc has two bytes before its displacement, call has one. */
        if (at + (link->stub ? 2 : 1) - (uintptr_t)l->base == link->patch) {
            return link;
        }
    }
    return NULL;
}

/* Where a jump of the instruction `at` goes: to a guest address, relative to
 * the pattern, to a label here, or to a thunk. */
static void name_target(const struct listing *l, uint64_t at, uint64_t target,
                        char *out, size_t size)
{
    const struct {
        const uint8_t *at;
        const char *name;
    } thunks[] = {
        {backend->leave, "leave"}, {backend->relookup, "relookup"},
        {backend->edge, "edge"}, {backend->indirect_miss, "indirect_miss"},
        {backend->exit_loop, "exit_loop"},
        {backend->other_return, "other_return"},
        {backend->marked_return, "marked_return"},
    };
    const uint64_t base = (uintptr_t)l->base;

    const struct block_link *link = link_at(l, at);

    if (link) {
        snprintf(out, size, "guest_%+" PRId32, link->target);
        return;
    }
    if (target - base == l->result->polled) {
        snprintf(out, size, "head");
        return;
    }
    for (unsigned n = 0; n < l->label_count; n++) {
        if (l->labels[n] == target) {
            name_label(l, n, out, size);
            return;
        }
    }
    for (unsigned n = 0; n < ARRAY_SIZE(thunks); n++) {
        if (target == (uintptr_t)thunks[n].at) {
            snprintf(out, size, "%s", thunks[n].name);
            return;
        }
    }
    if (is_among(target, backend->slow, sizeof(backend->slow)) ||
        is_among(target, backend->slow_atomic,
                 sizeof(backend->slow_atomic))) {
        snprintf(out, size, "slow_path");
    } else {
        snprintf(out, size, "thunk");
    }
}

/* -- host code ------------------------------------------------------------ */

static bool is_jump(const cs_insn *insn, uint64_t *target)
{
    const cs_x86 *x = &insn->detail->x86;

    if ((cs_insn_group(capstone, insn, CS_GRP_JUMP) ||
         cs_insn_group(capstone, insn, CS_GRP_CALL)) &&
        x->op_count == 1 && x->operands[0].type == X86_OP_IMM) {
        *target = (uint64_t)x->operands[0].imm;
        return true;
    }
    return false;
}

/* Behind a jump that is always taken, what a short jump leads to still
 * belongs to the hot path; the rest is out of line. */
static size_t hot_count(const struct listing *l)
{
    uint64_t reach = 0, target;

    for (size_t n = 0; n < l->count; n++) {
        const cs_insn *insn = &l->insn[n];
        bool jump = is_jump(insn, &target);

        if (jump && insn->size == 2 && target > reach) {
            reach = target;
        }
        if (insn->id == X86_INS_JMP && reach <= insn->address + insn->size &&
            reach != insn->address + insn->size) {
            return n + 1;
        }
    }
    return l->count;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void collect_labels(struct listing *l)
{
    const uint64_t start = (uintptr_t)l->base;
    const cs_insn *last = &l->insn[l->hot - 1];
    uint64_t target;

    for (size_t n = 0; n < l->count; n++) {
        if (!is_jump(&l->insn[n], &target) ||
            link_at(l, l->insn[n].address) ||
            target - start < l->result->entry ||
            target - start >= l->result->code_size) {
            continue;
        }
        unsigned k = 0;
        while (k < l->label_count && l->labels[k] != target) {
            k++;
        }
        if (k == l->label_count && k < ARRAY_SIZE(l->labels)) {
            l->labels[l->label_count++] = target;
        }
    }
    qsort(l->labels, l->label_count, sizeof(l->labels[0]), by_value);
    while (l->hot_labels < l->label_count &&
           l->labels[l->hot_labels] < last->address + last->size) {
        l->hot_labels++;
    }
}

/* Replace what stands between the brackets of an operand. */
static void print_operands(const struct listing *l, const cs_insn *insn)
{
    const cs_x86 *x = &insn->detail->x86;
    const char *open = strchr(insn->op_str, '[');
    const char *close = open ? strchr(open, ']') : NULL;
    char name[64] = "";
    const x86_op_mem *m = NULL;

    for (unsigned n = 0; n < x->op_count; n++) {
        if (x->operands[n].type == X86_OP_MEM) {
            m = &x->operands[n].mem;
        }
    }
    if (m && open && m->base == X86_REG_RBP && m->index == X86_REG_INVALID) {
        name_field(name, sizeof(name), m->disp);
    } else if (m && open && m->base == X86_REG_RBP) {
        int length = snprintf(name, sizeof(name), "%s + ",
                              cs_reg_name(capstone, m->index));
        name_field(name + length, sizeof(name) - (size_t)length, m->disp);
    } else if (m && open && m->base == X86_REG_RIP) {
        uint64_t at = insn->address + insn->size + (uint64_t)m->disp, v[2];

        memcpy(v, (void *)(uintptr_t)at, 16);
        if (insn->id == X86_INS_LEA) {
            name_target(l, insn->address, at, name, sizeof(name));
        } else {
            snprintf(name, sizeof(name), "=%016" PRIx64 "_%016" PRIx64, v[1],
                     v[0]);
        }
    }
    if (*name) {
        fprintf(l->f, "%.*s%s%s", (int)(open + 1 - insn->op_str),
                insn->op_str, name, close);
    } else {
        fprintf(l->f, "%s", insn->op_str);
    }
}

static void print_insn(const struct listing *l, const cs_insn *insn)
{
    uint64_t target;
    char name[64];

    for (unsigned n = 0; n < l->label_count; n++) {
        if (l->labels[n] == insn->address) {
            name_label(l, n, name, sizeof(name));
            fprintf(l->f, "  %s:\n", name);
        }
    }
    if (insn->id == X86_INS_NOP) {
        return;
    }
    fprintf(l->f, "        ");
    if (is_jump(insn, &target)) {
        name_target(l, insn->address, target, name, sizeof(name));
        fprintf(l->f, "%-10s %s", insn->mnemonic, name);
    } else if (*insn->op_str) {
        fprintf(l->f, "%-10s ", insn->mnemonic);
        print_operands(l, insn);
    } else {
        fprintf(l->f, "%s", insn->mnemonic);
    }
    fputc('\n', l->f);
}

static unsigned count_hot(const struct listing *l)
{
    unsigned count = 0;

    for (size_t n = 0; n < l->hot; n++) {
        count += l->insn[n].id != X86_INS_NOP;
    }
    return count;
}

/* Print the unit's code: the hot path, or with `all` what is behind it as
 * well.  Returns the instructions of the hot path. */
static unsigned print_host(FILE *f, const struct jit_result *result,
                           const uint8_t *base, bool all)
{
    static struct listing l;
    uint32_t first = unit->region ? compiler->label_at[0] : result->entry;
    const uint8_t *entry = base + first;
    uint32_t end = (uint32_t)result->code_size;

    l = (struct listing){.f = f, .base = base, .result = result};
    l.count = cs_disasm(capstone, entry, end - first,
                        (uintptr_t)entry, 0, &l.insn);
    l.hot = hot_count(&l);
    collect_labels(&l);
    for (size_t n = 0; n < (all ? l.count : l.hot); n++) {
        print_insn(&l, &l.insn[n]);
    }
    unsigned count = count_hot(&l);
    cs_free(l.insn, l.count);
    return count;
}

/* -- one pattern ---------------------------------------------------------- */

static const uint8_t *code_of(const struct pattern *p)
{
    return (const uint8_t *)image.code + (p->at - INSN_CODE);
}

static void print_guest(FILE *f, const struct pattern *p, unsigned from,
                        unsigned to)
{
    char text[A64_TEXT_SIZE];

    for (unsigned n = from; n < to; n += 4) {
        uint32_t word;

        memcpy(&word, code_of(p) + n, 4);
        a64_disas(word, PATTERN_PC + n, text, sizeof(text));
        fprintf(f, "    %s\n", text);
    }
}

/* Exits in place become the jumps that they are when they are linked. */
static void link_exits(const struct jit_result *result,
                       const struct jit_buffer *code)
{
    for (unsigned n = 0; n < result->link_count; n++) {
        if (result->links[n].turns) {
            backend_link(backend, code, &result->links[n], code->rx);
        }
    }
}

static bool is_in(const struct pattern *p, const char *group)
{
    size_t length = strlen(group);

    return !strncmp(p->name, group, length) && p->name[length] == '.';
}

static void translate_cold(const struct pattern *p, unsigned at)
{
    ir_begin(unit, PATTERN_PC + at, 0);
    unit->shares = true;
    a64_translate(&cpu.vcpu, unit, PATTERN_PC + at, 0, code_of(p) + at,
                  (unsigned)(p->end - p->at) - at);
    ir_passes_cold(unit);
}

/* The pattern is a loop, alone in its page. */
static void translate_region(const struct pattern *p)
{
    static uint32_t page[1024];
    const struct region_head head = {
        .vcpu = &cpu.vcpu, .pc = PATTERN_PC, .page = (const uint8_t *)page,
    };
    unsigned before;

    for (unsigned n = 0; n < ARRAY_SIZE(page); n++) {
        page[n] = 0xd65f03c0; /* ret */
    }
    memcpy(page, code_of(p), p->end - p->at);
    if (!region_build(builder, &head, unit, &before)) {
        fail("not a loop", p->name);
    }
    ir_passes_region(unit);
}

/* The units of the pattern, each from where the one before ended. */
static void compile_for(FILE *f, struct pattern *p, unsigned which, bool all)
{
    unsigned size = (unsigned)(p->end - p->at);
    char *text;
    size_t length;
    FILE *host = open_memstream(&text, &length);

    backend_test_features(compiler, &hosts[which].features);
    for (unsigned at = 0; at < size;) {
        struct jit_buffer code = {cache.rw + UNIT_OFFSET,
                                  cache.rx + UNIT_OFFSET,
                                  CODE_SIZE - UNIT_OFFSET};
        struct jit_result result;

        if (is_in(p, "region")) {
            translate_region(p);
        } else {
            translate_cold(p, at);
        }
        if (!backend_compile(compiler, unit, 1, &code, &result)) {
            fail("not compiled", p->name);
        }
        if (at > 0) {
            fprintf(host, "      -- another unit, at %+d\n", (int)at);
        }
        link_exits(&result, &code);
        p->host[which] += print_host(host, &result, code.rx, all);
        p->bytes[which] += (unsigned)result.code_size;
        at += unit->guest_bytes;
    }
    fclose(host);
    fprintf(f, "  %s: %u instructions, %u bytes with what is out of line\n",
            hosts[which].name, p->host[which], p->bytes[which]);
    fputs(text, f);
    free(text);
}

static void print_pattern(FILE *f, struct pattern *p)
{
    bool all = is_in(p, "cold");
    char *text[HOSTS];
    size_t length;

    p->guest = (unsigned)(p->end - p->at) / 4;
    fprintf(f, "%s\n", strchr(p->name, '.') + 1);
    print_guest(f, p, 0, (unsigned)(p->end - p->at));
    for (unsigned n = 0; n < HOSTS; n++) {
        FILE *memory = open_memstream(&text[n], &length);

        compile_for(memory, p, n, all);
        fclose(memory);
        /* Behind the host's name: is it the same again? */
        if (n > 0 && !strcmp(strchr(text[n], ':'), strchr(text[0], ':'))) {
            fprintf(f, "  %s: the same\n", hosts[n].name);
        } else {
            fputs(text[n], f);
        }
    }
    for (unsigned n = 0; n < HOSTS; n++) {
        free(text[n]);
    }
    fputc('\n', f);
}

/* -- all of them ---------------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
    const struct pattern *p = a, *q = b;

    return p->at < q->at ? -1 : p->at > q->at;
}

/* Labels with a dot inside are patterns; the last is followed by "end". */
static void collect_patterns(void)
{
    uint64_t end;

    if (!image_label(&image, "end", &end)) {
        fail("no label", "end");
    }
    for (unsigned n = 0; n < image.symbol_count; n++) {
        const Elf64_Sym *s = &image.symbols[n];
        const char *name = image.names + s->st_name;

        if (ELF64_ST_TYPE(s->st_info) == STT_NOTYPE && *name != '$' &&
            strchr(name, '.') && pattern_count < MAX_PATTERNS) {
            patterns[pattern_count++] =
                (struct pattern){.name = name, .at = s->st_value};
        }
    }
    qsort(patterns, pattern_count, sizeof(patterns[0]), by_address);
    for (unsigned n = 0; n < pattern_count; n++) {
        patterns[n].end =
            n + 1 < pattern_count ? patterns[n + 1].at : end;
    }
}

static FILE *open_output(const char *dir, const char *name, int length)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%.*s.txt", dir, length, name);
    FILE *f = fopen(path, "w");
    if (!f) {
        perror(path);
        exit(1);
    }
    return f;
}

static void print_groups(const char *dir)
{
    FILE *f = NULL;
    const char *group = "";
    int length = 0;

    for (unsigned n = 0; n < pattern_count; n++) {
        struct pattern *p = &patterns[n];

        if (strncmp(p->name, group, (size_t)length + 1) || !f) {
            if (f) {
                fclose(f);
            }
            group = p->name;
            length = (int)strcspn(group, ".");
            f = open_output(dir, group, length);
        }
        print_pattern(f, p);
    }
    if (f) {
        fclose(f);
    }
}

static void print_totals(const char *dir)
{
    FILE *f = open_output(dir, "totals", 6);
    unsigned guest = 0, host[HOSTS] = {0}, bytes[HOSTS] = {0};

    fprintf(f, "%-28s %5s %7s %5s %7s %5s\n", "instructions (hot path)",
            "guest", hosts[0].name, hosts[1].name, "bytes", "");
    for (unsigned n = 0; n < pattern_count; n++) {
        const struct pattern *p = &patterns[n];

        fprintf(f, "%-28s %5u %7u %5u %7u %5u\n", p->name, p->guest,
                p->host[0], p->host[1], p->bytes[0], p->bytes[1]);
        guest += p->guest;
        for (unsigned k = 0; k < HOSTS; k++) {
            host[k] += p->host[k];
            bytes[k] += p->bytes[k];
        }
    }
    fprintf(f, "%-28s %5u %7u %5u %7u %5u\n", "all", guest, host[0],
            host[1], bytes[0], bytes[1]);
    fprintf(f, "host instructions per guest instruction: %.2f %.2f\n",
            (double)host[0] / guest, (double)host[1] / guest);
    fclose(f);
}

static void start(void)
{
    struct error *err = NULL;
    size_t used;

    cache.size = CODE_SIZE;
    cache.rw = aligned_alloc(4096, CODE_SIZE);
    cache.rx = cache.rw; /* never run */
    backend = backend_new(&cache, &used, true, &err);
    if (!backend || used > UNIT_OFFSET ||
        !arm_model_find(&model, "max", NULL, &err)) {
        error_report_free(err);
        exit(1);
    }
    compiler = backend_thread_new(backend);
    builder = region_builder_new(&arm_guest_ops);
    cpu.model = &model;
    arm_model_features(&model, cpu.feature);
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &capstone) != CS_ERR_OK) {
        fail("cs_open", "capstone");
    }
    cs_option(capstone, CS_OPT_DETAIL, CS_OPT_ON);
    cs_option(capstone, CS_OPT_SKIPDATA, CS_OPT_ON);
}

int main(int argc, char **argv)
{
    const char *dir = NULL;
    int c;

    while ((c = getopt(argc, argv, "o:")) != -1) {
        dir = c == 'o' ? optarg : NULL;
    }
    if (!dir || optind + 1 != argc) {
        fprintf(stderr, "usage: codegen -o DIR PROGRAM\n");
        return 2;
    }
    unit = ir_unit_new();
    if (!image_load(&image, argv[optind])) {
        fail("not a program of ours", argv[optind]);
    }
    start();
    collect_patterns();
    print_groups(dir);
    print_totals(dir);
    region_builder_free(builder);
    free(unit);
    image_free(&image);
    return 0;
}

#endif
