/*
 * Random A64 instruction sequences run by the IR interpreter, by generated
 * code and by another AArch64 (see insn_case.h), and what they left
 * compared.
 *
 *   insn_fuzz [-s SEED] [-n SEQUENCES] [-l LENGTH] [-r ROW] [-g GROUP]
 *             [-e MODE] [-b BITS] [-v] -- COMMAND...
 *
 * COMMAND runs insn_runner: qemu-aarch64 -cpu max,sve=off .../insn_runner.
 * With -b it has SVE, of vectors of BITS: qemu-aarch64
 * -cpu max,sve-default-vector-length=BYTES.
 * Rows of the decode tables are taken in turn, in random order, so that every
 * encoding is met; -r and -g pick those whose name or group contains the
 * text, -e modes (below) likewise.  A failing sequence is printed without the
 * instructions it fails without as well; -v prints more than the first few,
 * and all names.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cpu/ir/interp.h"
#include "tests/fuzz/insn_gen.h"
#include "tests/fuzz/insn_host.h"
#include "tests/fuzz/insn_remote.h"

enum { MAX_STEPS = 7, STATES = 6, BATCH = 128, MAX_FAILURES = 10 };

/* A sequence before it is laid out in a slot. */
struct sequence {
    unsigned count;
    struct insn_step steps[MAX_STEPS];
};

static struct {
    uint64_t seed;
    unsigned sequences, length;
    const char *row, *group, *mode;
    bool verbose;
    char **command;
} options = {.sequences = 4000, .length = 4};

/* In the regions the compiler is put to the test as well. */
static const struct mode {
    const char *name;
    struct insn_host_options options;
    struct insn_host_rules rules;
} modes[] = {
    {.name = "interpreter", .options = {.interp = true}},
    {.name = "translator"},
    {.name = "regions", .options = {.regions = true}},
    {.name = "random registers", .options = {.regions = true},
     .rules.random_registers = true},
    {.name = "each third access slow", .options = {.regions = true},
     .rules.slow_every = 3},
};

static struct insn_host *hosts[ARRAY_SIZE(modes)];
static const char *host_names[ARRAY_SIZE(modes)];
static unsigned host_count;

static const struct a64_row **rows;
static unsigned row_count, next_row;
/* Rows of failing sequences, by host: bits, and their place in all rows. */
static uint8_t *row_failed;
static const struct a64_row *all_rows;

/* -- sequences ----------------------------------------------------------- */

static void shuffle_rows(void)
{
    for (unsigned n = row_count; n > 1; n--) {
        unsigned k = random_below(n);
        const struct a64_row *t = rows[n - 1];

        rows[n - 1] = rows[k];
        rows[k] = t;
    }
}

static const struct a64_row *pick_row(void)
{
    if (next_row == row_count) {
        shuffle_rows();
        next_row = 0;
    }
    return rows[next_row++];
}

static void make_sequence(struct sequence *q)
{
    unsigned at = 0;

    q->count = 1 + random_below(options.length);
    for (unsigned n = 0; n < q->count; n++) {
        make_step(&q->steps[n], pick_row(), at);
        at += q->steps[n].count;
    }
}

/* Steps not in `keep` become NOPs: addresses stay. */
static void lay_out(const struct sequence *q, uint32_t *slot, unsigned keep)
{
    unsigned at = 0;

    for (unsigned n = 0; n < q->count; n++) {
        for (unsigned k = 0; k < q->steps[n].count; k++) {
            slot[at++] = keep >> n & 1 ? q->steps[n].words[k] : INSN_NOP;
        }
    }
    while (at < INSN_SLOT_WORDS) {
        slot[at++] = INSN_BRK;
    }
}

/* -- comparison ---------------------------------------------------------- */

static uint32_t signal_class(uint32_t signal)
{
    return signal == SIGBUS ? SIGSEGV : signal;
}

static bool same(const struct insn_state *a, const struct insn_state *b)
{
    return !memcmp(a->x, b->x, sizeof(a->x)) && a->sp == b->sp &&
           a->pc == b->pc && !memcmp(a->v, b->v, sizeof(a->v)) &&
           !memcmp(a->z, b->z, sizeof(a->z)) &&
           !memcmp(a->p, b->p, sizeof(a->p)) &&
           a->nzcv == b->nzcv && a->fpcr == b->fpcr && a->fpsr == b->fpsr &&
           signal_class(a->signal) == signal_class(b->signal) &&
           !memcmp(a->window, b->window, sizeof(a->window));
}

static void print_difference(const char *name, uint64_t before,
                             uint64_t expected, uint64_t got)
{
    if (expected != got) {
        printf("  %-6s was %016" PRIx64 " expected %016" PRIx64
               " got %016" PRIx64 "\n",
               name, before, expected, got);
    }
}

static void print_differences(const struct insn_state *before,
                              const struct insn_state *expected,
                              const struct insn_state *got)
{
    char name[16];

    for (unsigned n = 0; n < 31; n++) {
        snprintf(name, sizeof(name), "x%u", n);
        print_difference(name, before->x[n], expected->x[n], got->x[n]);
    }
    for (unsigned n = 0; n < 64; n++) {
        snprintf(name, sizeof(name), "v%u.d%u", n / 2, n % 2);
        print_difference(name, before->v[n / 2][n % 2],
                         expected->v[n / 2][n % 2], got->v[n / 2][n % 2]);
    }
    for (unsigned n = 0; n < 32 * 6; n++) {
        snprintf(name, sizeof(name), "z%u.d%u", n / 6, n % 6 + 2);
        print_difference(name, before->z[n / 6][n % 6],
                         expected->z[n / 6][n % 6], got->z[n / 6][n % 6]);
    }
    for (unsigned n = 0; n < 17; n++) {
        snprintf(name, sizeof(name), "p%u", n);
        print_difference(name, before->p[n], expected->p[n], got->p[n]);
    }
    print_difference("sp", before->sp, expected->sp, got->sp);
    print_difference("pc", 0, expected->pc, got->pc);
    print_difference("nzcv", before->nzcv, expected->nzcv, got->nzcv);
    print_difference("fpcr", before->fpcr, expected->fpcr, got->fpcr);
    print_difference("fpsr", before->fpsr, expected->fpsr, got->fpsr);
    print_difference("signal", 0, expected->signal, got->signal);
    for (unsigned n = 0; n < INSN_WINDOW_SIZE; n++) {
        snprintf(name, sizeof(name), "[%#x]", n);
        print_difference(name, before->window[n], expected->window[n],
                         got->window[n]);
    }
}

/* The registers that a word names, before it all. */
static void print_inputs(const struct insn_state *s, const struct insn_step *t)
{
    uint32_t word = 0;

    for (unsigned n = 0; n < t->count; n++) {
        if (row_accepts(t->row, t->words[n])) {
            word = t->words[n];
        }
    }
    for (unsigned n = 0; word && n < ARRAY_SIZE(register_fields); n++) {
        const struct a64_field *f = find_field(t->row, register_fields[n]);

        if (f) {
            int r = a64_field_value(f, word);

            printf("    %s: v%d %016" PRIx64 " %016" PRIx64 "  x%d %016" PRIx64
                   "\n",
                   register_fields[n], r, s->v[r][1], s->v[r][0], r,
                   r < 31 ? s->x[r] : s->sp);
        }
    }
}

static void print_sequence(const struct sequence *q, unsigned keep,
                           const struct insn_state *before)
{
    uint64_t pc = INSN_CODE;
    char text[A64_TEXT_SIZE];

    for (unsigned n = 0; n < q->count; n++) {
        for (unsigned k = 0; k < q->steps[n].count; k++, pc += 4) {
            if (keep >> n & 1) {
                a64_disas(q->steps[n].words[k], pc, text, sizeof(text));
                printf("  %08x  %-40s %s\n", q->steps[n].words[k], text,
                       q->steps[n].row->name);
            }
        }
        if (keep >> n & 1) {
            print_inputs(before, &q->steps[n]);
        }
    }
    printf("  fpcr %08x fpsr %08x nzcv %08x\n", before->fpcr, before->fpsr,
           before->nzcv);
}

/* -- shrinking ----------------------------------------------------------- */

/* Whether `which` still differs with only the steps in `keep`. */
static bool still_fails(unsigned which, const struct sequence *q,
                        unsigned keep, const struct insn_case *before,
                        struct insn_state *expected, struct insn_state *got)
{
    uint32_t slot[INSN_SLOT_WORDS];
    struct insn_case remote = *before, local;

    lay_out(q, slot, keep);
    remote.slot = 0;
    local = remote;
    run_remote(slot, 1, &remote, 1);
    insn_host_set_code(hosts[which], slot, 1);
    insn_host_run(hosts[which], &local);
    *expected = remote.state;
    *got = local.state;
    return !same(expected, got);
}

/* The steps without which nothing fails. */
static unsigned shrink(unsigned which, const struct sequence *q,
                       const struct insn_case *before)
{
    struct insn_state expected, got;
    unsigned keep = (1u << q->count) - 1;

    for (unsigned n = 0; n < q->count; n++) {
        if (still_fails(which, q, keep & ~(1u << n), before, &expected,
                        &got)) {
            keep &= ~(1u << n);
        }
    }
    for (unsigned n = 0; n < q->count; n++) {
        if (keep >> n & 1) {
            row_failed[q->steps[n].row - all_rows] |= 1u << which;
        }
    }
    return keep;
}

static void report(unsigned which, const struct sequence *q,
                   const struct insn_case *before, bool print)
{
    struct insn_state expected, got;
    unsigned keep = shrink(which, q, before);

    if (!print) {
        return;
    }
    printf("%s differs (seed %" PRIu64 "):\n", host_names[which],
           options.seed);
    print_sequence(q, keep, &before->state);
    if (still_fails(which, q, keep, before, &expected, &got)) {
        print_differences(&before->state, &expected, &got);
    } else {
        printf("  only together with what ran before\n");
    }
}

/* -- batches ------------------------------------------------------------- */

static struct sequence sequences[BATCH];
static uint32_t code[BATCH * INSN_SLOT_WORDS];
static struct insn_case before[BATCH * STATES], remote[BATCH * STATES];

/* How many of the cases reached the end of their slot, and how many of the
 * drawn instructions they came to. */
static unsigned completed, run_in_all;
static uint64_t instructions;

static unsigned steps_begun(const struct sequence *q,
                            const struct insn_case *c)
{
    uint64_t end = (c->state.pc - INSN_CODE) / 4 - c->slot * INSN_SLOT_WORDS;
    unsigned at = 0, n;

    for (n = 0; n < q->count && at <= end; n++) {
        at += q->steps[n].count;
    }
    return n;
}

/* Of `count` sequences, how many failed. */
static unsigned run_batch(unsigned count, unsigned *reported)
{
    bool failed[BATCH] = {false};
    unsigned failures = 0;

    for (unsigned n = 0; n < count; n++) {
        make_sequence(&sequences[n]);
        lay_out(&sequences[n], &code[n * INSN_SLOT_WORDS], ~0u);
        for (unsigned k = 0; k < STATES; k++) {
            random_case(&before[n * STATES + k], n);
        }
    }
    memcpy(remote, before, sizeof(before));
    run_remote(code, count, remote, count * STATES);
    for (unsigned n = 0; n < count * STATES; n++) {
        completed += remote[n].state.signal == SIGTRAP;
        instructions += steps_begun(&sequences[n / STATES], &remote[n]);
        run_in_all++;
    }
    for (unsigned which = 0; which < host_count; which++) {
        insn_host_set_code(hosts[which], code, count);
        for (unsigned n = 0; n < count * STATES; n++) {
            struct insn_case c = before[n];

            insn_host_run(hosts[which], &c);
            if (!same(&c.state, &remote[n].state) && !failed[n / STATES]) {
                failed[n / STATES] = true;
                failures++;
                report(which, &sequences[n / STATES], &before[n],
                       options.verbose || (*reported)++ < MAX_FAILURES);
                insn_host_set_code(hosts[which], code, count);
            }
        }
    }
    return failures;
}

static bool matches(const char *text, const char *part)
{
    return !part || strstr(text, part);
}

static void collect_rows(void)
{
    size_t count;
    const struct a64_row *all = a64_rows(&count);
    const bool *feature = hosts[0]->cpu.feature;

    all_rows = all;
    row_failed = calloc(count, 1);
    rows = calloc(count, sizeof(*rows));
    for (size_t n = 0; n < count; n++) {
        const struct a64_row *r = &all[n];
        bool present = true;

        for (unsigned k = 0; k < A64_ROW_FEATS; k++) {
            present &= r->feat[k] == A64_FEAT_COUNT || feature[r->feat[k]];
        }
        if (present && row_suits(r) && !has_no_matrix(r) &&
            matches(r->name, options.row) &&
            matches(r->group, options.group)) {
            rows[row_count++] = r;
        }
    }
    next_row = row_count;
    if (row_count == 0) {
        fprintf(stderr, "insn_fuzz: no row matches\n");
        exit(1);
    }
}

/* Each row counts once for each host. */
static unsigned failed_rows(void)
{
    unsigned failed = 0;

    for (unsigned n = 0; n < row_count; n++) {
        uint8_t by = row_failed[rows[n] - all_rows];

        failed += (unsigned)__builtin_popcount(by);
        if (by && options.verbose) {
            printf("  %s\n", rows[n]->name);
        }
    }
    return failed;
}

static void parse_options(int argc, char **argv)
{
    int c;

    options.seed = (uint64_t)time(NULL);
    while ((c = getopt(argc, argv, "s:n:l:r:g:e:b:v")) != -1) {
        switch (c) {
        case 's':
            options.seed = strtoull(optarg, NULL, 0);
            break;
        case 'n':
            options.sequences = (unsigned)strtoul(optarg, NULL, 0);
            break;
        case 'l':
            options.length = (unsigned)strtoul(optarg, NULL, 0);
            break;
        case 'r':
            options.row = optarg;
            break;
        case 'g':
            options.group = optarg;
            break;
        case 'e':
            options.mode = optarg;
            break;
        case 'b':
            insn_vl = (unsigned)strtoul(optarg, NULL, 0) / 8;
            break;
        case 'v':
            options.verbose = true;
            break;
        default:
            exit(2);
        }
    }
    options.command = argv + optind;
    if (!*options.command || options.length < 1 ||
        options.length > MAX_STEPS) {
        fprintf(stderr, "usage: see the head of insn_fuzz.c\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    unsigned failed = 0, done = 0, reported = 0;

    parse_options(argc, argv);
    random_state = options.seed;
    for (unsigned n = 0; n < ARRAY_SIZE(modes); n++) {
        if (matches(modes[n].name, options.mode)) {
            host_names[host_count] = modes[n].name;
            struct insn_host_options o = modes[n].options;

            o.vl = insn_vl;
            hosts[host_count] = insn_host_new(&o);
            insn_host_compile_by(hosts[host_count++], &modes[n].rules,
                                 options.seed);
        }
    }
    if (host_count == 0) {
        fprintf(stderr, "insn_fuzz: no mode matches\n");
        exit(1);
    }
    collect_rows();
    start_runner(options.command);
    while (done < options.sequences) {
        unsigned count = options.sequences - done;

        count = count < BATCH ? count : BATCH;
        failed += run_batch(count, &reported);
        done += count;
    }
    printf("insn_fuzz: seed %" PRIu64 ", %u sequences, %u failed; %u%% of "
           "the cases ran to their end\n",
           options.seed, done, failed,
           (unsigned)(100ull * completed / run_in_all));
    printf("insn_fuzz: %" PRIu64 " instructions, each compared on %u "
           "engines\n",
           instructions, host_count);
    failed = failed_rows();
    printf("insn_fuzz: encodings: %u passed, %u failed\n",
           row_count * host_count - failed, failed);
    return failed != 0;
}
