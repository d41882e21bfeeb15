/*
 * The assembler tests of this folder, each run by the interpreter and, in
 * several ways, by generated code, and what they left compared with the
 * state that their heads expect (README.md).
 *
 *   insn [-v] [-m MODE] -d DIR FILE.S... [-- COMMAND...]
 *
 * DIR/NAME.elf is what NAME.S was linked into.  COMMAND runs insn_runner of
 * the fuzzer (insn_case.h) on another AArch64, which the heads are held
 * against as well.  What a head does not name is random, and must stay as
 * it is.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "tests/fuzz/insn_host.h"
#include "tests/fuzz/insn_random.h"
#include "tests/fuzz/insn_remote.h"
#include "tests/insn/spec.h"

/* Random states for each case; each runs twice, cold and warm. */
enum { STATES = 4 };

/* Not what `in` may change: DZE, UCT, nTWE, UCI, the keys of pointers. */
#define USUAL_SCTLR \
    (BIT(0) | BIT(13) | BIT(14) | BIT(15) | BIT(18) | BIT(26) | BIT(27) | \
     BIT(30) | BIT(31))

struct mode {
    const char *name;
    struct insn_host_options options;
    struct insn_host_rules rules;
    struct insn_host *host;
};

static struct mode modes[] = {
    {.name = "interpreter", .options = {.interp = true}},
    {.name = "interpreter, single instructions",
     .options = {.interp = true, .one_insn = true}},
    {.name = "translator"},
    {.name = "translator, single instructions",
     .options = {.one_insn = true}},
    {.name = "translator, oldest host", .rules.baseline = true},
    {.name = "translator, random registers", .rules.random_registers = true},
    {.name = "translator, slow memory", .rules.slow_every = 1},
    {.name = "regions", .options = {.regions = true}},
    {.name = "regions, random registers", .options = {.regions = true},
     .rules.random_registers = true},
    {.name = "regions, slow memory", .options = {.regions = true},
     .rules.slow_every = 1},
    {.name = "translator, several processors",
     .options = {.parallel = true}},
};

/* How a run ended, in the words of the heads. */
struct ending {
    const char *fault;     /* NULL: BRK */
    uint64_t far;
    int signal;            /* all that another AArch64 tells, else 0 */
};

static const char *only_mode, *directory;
static bool verbose, test_failed;
static struct vcpu *running; /* NULL: the runner is */
static unsigned passed, failed;

/* -- patience ------------------------------------------------------------ */

enum { PATIENCE_S = 20 };

/* A test that never ends fails. */
static void lose_patience(int signal)
{
    (void)signal;
    if (running) {
        stop(running);
    } else {
        kill(runner, SIGKILL);
    }
}

/* -- states -------------------------------------------------------------- */

static void apply(struct insn_state *s, const struct spec_item *items,
                  unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        memcpy((uint8_t *)s + items[n].offset, items[n].bytes,
               items[n].size);
    }
}

static void make_state(struct insn_state *s, const struct spec_case *c)
{
    uint64_t words[sizeof(*s) / 8];

    for (unsigned n = 0; n < ARRAY_SIZE(words); n++) {
        words[n] = random64();
    }
    memcpy(s, words, sizeof(*s));
    s->sp = INSN_DATA + 0x1000;
    s->pc = INSN_CODE;
    s->nzcv &= 0xf0000000;
    s->fpcr = s->fpsr = s->signal = 0;
    apply(s, c->in, c->in_count);
}

/* Nonzero bytes of `mask` are compared. */
static void expect(struct insn_state *s, struct insn_state *mask,
                   const struct spec_case *c)
{
    memset(mask, 0xff, sizeof(*mask));
    mask->pc = 0;
    mask->signal = 0;
    apply(s, c->out, c->out_count);
    for (unsigned n = 0; n < c->out_count; n++) {
        const struct spec_item *item = &c->out[n];

        memset((uint8_t *)mask + item->offset, item->any ? 0 : 0xff,
               item->size);
    }
}

/* -- comparison ---------------------------------------------------------- */

static bool differs(const struct insn_state *mask, const void *want,
                    const void *got, size_t offset, size_t size)
{
    const uint8_t *m = (const uint8_t *)mask + offset;
    const uint8_t *w = want, *g = got;

    for (size_t n = 0; n < size; n++) {
        if (m[n] && w[offset + n] != g[offset + n]) {
            return true;
        }
    }
    return false;
}

static void print_value(const struct insn_state *mask,
                        const struct insn_state *want,
                        const struct insn_state *got, const char *name,
                        size_t offset, size_t size)
{
    const struct insn_state *both[] = {want, got};

    if (!differs(mask, want, got, offset, size)) {
        return;
    }
    printf("    %-10s", name);
    for (unsigned k = 0; k < 2; k++) {
        printf(k ? " is " : " should be ");
        for (size_t n = size; n-- > 0;) {
            printf("%02x", ((const uint8_t *)both[k])[offset + n]);
            if (n == 8) {
                printf("_");
            }
        }
    }
    printf("\n");
}

#define PRINT(name, field)                                           \
    print_value(mask, want, got, name, offsetof(struct insn_state,   \
                field), sizeof(want->field))

static void print_differences(const struct insn_state *mask,
                                  const struct insn_state *want,
                                  const struct insn_state *got)
{
    char name[32];

    PRINT("sp", sp);
    PRINT("pc", pc);
    PRINT("nzcv", nzcv);
    PRINT("fpcr", fpcr);
    PRINT("fpsr", fpsr);

    for (unsigned n = 0; n < 31; n++) {
        snprintf(name, sizeof(name), "x%u", n);
        PRINT(name, x[n]);
    }
    for (unsigned n = 0; n < 32; n++) {
        snprintf(name, sizeof(name), "v%u", n);
        PRINT(name, v[n]);
    }
    for (unsigned n = 0; n < INSN_WINDOW_SIZE; n += 8) {
        int at = (int)n - INSN_WINDOW_SIZE / 2;

        snprintf(name, sizeof(name), "[page%+d]", at);
        print_value(mask, want, got, name,
                    offsetof(struct insn_state, window) + n, 8);
    }
}

static int signal_of_fault(const char *fault)
{
    static const char *const memory[] = {"dabt", "align", "iabt", "pcalign"};

    for (unsigned n = 0; fault && n < ARRAY_SIZE(memory); n++) {
        if (strcmp(fault, memory[n]) == 0) {
            return SIGSEGV;
        }
    }
    return fault ? SIGILL : SIGTRAP;
}

static bool ends_well(const struct spec_case *c, const struct insn_state *got,
                      const struct ending *e, const struct image *image)
{
    uint64_t at = got->pc - INSN_CODE;
    const char *fault = *c->fault ? c->fault : NULL;

    if (e->signal ? e->signal != signal_of_fault(fault)
                  : strcmp(fault ? fault : "", e->fault ? e->fault : "")) {
        return false;
    }
    if (!fault) {
        return at < INSN_CODE_SIZE &&
               image->code[at / 4] == (INSN_BRK | (uint32_t)c->brk << 5);
    }
    return !c->has_far || e->signal || c->far == e->far;
}

static void print_ending(const struct spec_case *c,
                         const struct insn_state *got,
                         const struct ending *e)
{
    printf("    should end with %s, ends with %s at code+%#" PRIx64,
           *c->fault ? c->fault : "brk", e->fault ? e->fault : "brk",
           got->pc - INSN_CODE);
    if (e->fault) {
        printf(", far %#" PRIx64, e->far);
    }
    printf("\n");
}

/* Whether `got` is what the case makes of `before`; else says what not. */
static bool check(const struct spec *t, const struct spec_case *c,
                  const char *mode, const struct insn_state *before,
                  const struct insn_state *got, const struct ending *e)
{
    struct insn_state want = *before, mask;

    expect(&want, &mask, c);
    if (ends_well(c, got, e, t->image) &&
        !differs(&mask, &want, got, 0, sizeof(want))) {
        return true;
    }
    printf("  FAIL  %s:%u: %s\n", t->path, c->line, mode);
    if (!test_failed || verbose) {
        if (!ends_well(c, got, e, t->image)) {
            print_ending(c, got, e);
        }
        print_differences(&mask, &want, got);
    }
    test_failed = true;
    return false;
}

/* -- here ---------------------------------------------------------------- */

static struct ending ending_of(const struct vcpu *vcpu)
{
    static const struct {
        enum arm_ec ec;
        const char *name;
    } exceptions[] = {
        {EC_UNKNOWN, "undef"}, {EC_SVC, "svc"}, {EC_SYSREG, "sysreg"},
        {EC_PAC_FAIL, "pac"}, {EC_SP_ALIGN, "spalign"}, {EC_BTI, "bti"},
        {EC_WFX, "wfx"}, {EC_BRK, NULL},
    };
    const uint32_t alignment = 0x21;

    if (vcpu->exit == VCPU_EXIT_FAULT && (vcpu->pc & 3)) {
        return (struct ending){"pcalign", vcpu->pc, 0};
    }
    if (vcpu->exit == VCPU_EXIT_FAULT) {
        return (struct ending){
            vcpu->fault.status == alignment ? "align" : "dabt",
            vcpu->fault.va, 0};
    }
    if (vcpu->exit == VCPU_EXIT_REQUEST) {
        return (struct ending){"no end", 0, 0};
    }
    if (vcpu->exit != VCPU_EXIT_EXCEPTION) {
        return (struct ending){"iabt", vcpu->fault.va, 0};
    }
    for (unsigned n = 0; n < ARRAY_SIZE(exceptions); n++) {
        if ((uint32_t)vcpu->syndrome >> 26 == exceptions[n].ec) {
            return (struct ending){exceptions[n].name, vcpu->fault_address,
                                   0};
        }
    }
    return (struct ending){"other", 0, 0};
}

static void start_mode(struct mode *m)
{
    struct insn_host *h = insn_host_new(&m->options);

    for (unsigned n = 0; n < ARRAY_SIZE(h->cpu.apkey); n++) {
        h->cpu.apkey[n][0] = random64();
        h->cpu.apkey[n][1] = random64();
    }
    h->cpu.ctr = h->system.model.ctr;
    h->cpu.dczid = h->system.model.dczid;
    m->host = h;
}

static bool run_here(const struct spec *t, struct mode *m)
{
    struct insn_host *h = m->host;

    insn_host_compile_by(h, &m->rules, random64());
    running = &h->cpu.vcpu;
    alarm(PATIENCE_S);
    for (unsigned n = 0; n < t->count * STATES; n++) {
        const struct spec_case *c = &t->cases[n / STATES];
        struct insn_case before, after;

        before.slot = 0;
        make_state(&before.state, c);
        h->cpu.mmu_el[1].sctlr = USUAL_SCTLR + c->sctlr;
        for (unsigned warm = 0; warm < 2; warm++) {
            if (warm == 0 || t->writes_code) {
                insn_host_set_code(h, t->image->code, t->image->slots);
            }
            memset(h->data->host, 0, INSN_DATA_SIZE);
            after = before;
            insn_host_run(h, &after);
            struct ending e = ending_of(&h->cpu.vcpu);
            if (!check(t, c, m->name, &before.state, &after.state, &e)) {
                return false;
            }
        }
    }
    return true;
}

/* -- elsewhere ----------------------------------------------------------- */

/* The code is written anew for each state: it may change itself. */
static void run_state(const struct image *image, struct insn_case *c)
{
    if (!try_remote(image->code, image->slots, c, 1)) {
        printf("  the other AArch64 ended\n");
        exit(1);
    }
}

static bool run_elsewhere(const struct spec *t)
{
    running = NULL;
    alarm(PATIENCE_S);
    for (unsigned n = 0; n < t->count; n++) {
        struct insn_case before = {.slot = 0}, after;

        make_state(&before.state, &t->cases[n]);
        after = before;
        run_state(t->image, &after);
        struct ending e = {
            .fault = after.state.signal == SIGTRAP ? NULL : "a fault",
            .signal = after.state.signal == SIGBUS ? SIGSEGV
                                                   : (int)after.state.signal,
        };
        if (!check(t, &t->cases[n], "elsewhere", &before.state, &after.state,
                   &e)) {
            return false;
        }
    }
    return true;
}

/* -- tests --------------------------------------------------------------- */

static void count(bool good)
{
    passed += good;
    failed += !good;
}

static void run_test(const char *path)
{
    static struct spec t;
    static struct image image;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char elf[4096];

    snprintf(elf, sizeof(elf), "%s/%.*s.elf", directory,
             (int)strcspn(name, "."), name);
    random_state = 1;
    test_failed = false;
    if (!image_load(&image, elf) || !spec_read(&t, path, &image)) {
        printf("  FAIL  %s: not a test, or %s is not its program\n", path, elf);
        count(false);
        image_free(&image);
        return;
    }
    if (verbose) {
        printf("  %s: %u cases\n", name, t.count);
    }
    for (unsigned n = 0; n < ARRAY_SIZE(modes); n++) {
        if (modes[n].host) {
            count(run_here(&t, &modes[n]));
        }
    }
    if (to_runner && !t.no_qemu) {
        count(run_elsewhere(&t));
    }
    image_free(&image);
}

static void usage(void)
{
    fprintf(stderr, "usage: see the head of insn.c\n");
    exit(2);
}

int main(int argc, char **argv)
{
    int c, last = argc;

    for (int n = 1; n < argc; n++) {
        if (strcmp(argv[n], "--") == 0) {
            argv[n] = NULL;
            last = n;
            break;
        }
    }
    while ((c = getopt(last, argv, "d:m:v")) != -1) {
        switch (c) {
        case 'd':
            directory = optarg;
            break;
        case 'm':
            only_mode = optarg;
            break;
        case 'v':
            verbose = true;
            break;
        default:
            usage();
        }
    }
    if (!directory || optind == last) {
        usage();
    }
    for (unsigned n = 0; n < ARRAY_SIZE(modes); n++) {
        if (!only_mode || strstr(modes[n].name, only_mode)) {
            start_mode(&modes[n]);
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGALRM, lose_patience);
    if (last < argc) {
        start_runner(argv + last + 1);
    }
    for (int n = optind; n < last; n++) {
        run_test(argv[n]);
    }
    printf("insn: %u passed, %u failed\n", passed, failed);
    return failed != 0;
}
