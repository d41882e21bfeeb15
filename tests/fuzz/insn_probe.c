/*
 * Which words are instructions: random ones, and neighbours of those in the
 * decode tables, executed here and by another AArch64 (see insn_case.h).
 * Nothing is compared but whether a word is UNDEFINED.
 *
 *   insn_probe [-s SEED] [-n WORDS] [-k KNOWN] [-b BITS] [-v] -- COMMAND...
 *
 * COMMAND runs insn_runner, with -b on a processor with SVE.  KNOWN lists the
 * differences that are to be: a line has who executes it ("here" or "there"),
 * the name of an encoding or "MASK VALUE", and why the other does not.
 * Differences that are not there are printed, one word of each encoding (-v:
 * all), and fail.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cpu/arm/disas.h"
#include "tests/fuzz/insn_host.h"
#include "tests/fuzz/insn_random.h"
#include "tests/fuzz/insn_remote.h"
#include "util/bits.h"

enum { MAX_KNOWN = 128, MAX_REPORTED = 60 };

static struct {
    uint64_t seed;
    unsigned words;
    const char *known;
    unsigned vl;
    bool verbose;
    char **command;
} options = {.words = 100000};

struct known {
    bool here;      /* who executes it */
    char row[32];   /* "": by mask and value */
    uint32_t mask, value;
};
static struct known known[MAX_KNOWN];
static unsigned known_count;

/* Words that would leave their slot or ask the host of the other side for
 * something; all of these are allocated, or UNDEFINED in rows of their own
 * that tests/insn has. */
static const struct {
    uint32_t mask, value;
} never[] = {
    {0x7c000000, 0x14000000}, /* B, BL */
    {0xfe000000, 0x54000000}, /* B.cond, BC.cond */
    {0x7c000000, 0x34000000}, /* CBZ, CBNZ, TBZ, TBNZ */
    {0xfe000000, 0xd6000000}, /* BR, RET, ERET ... */
    {0xffe0001f, 0xd4000001}, /* SVC */
    {0xffe0001f, 0xd4400000}, /* HLT: semihosting */
    {0xffe0001f, 0xd4200000}, /* BRK */
    {0xffffffc0, 0xd5031000}, /* WFET, WFIT: too long */
    {0xffffffe0, 0xd51bd040}, /* MSR TPIDR_EL0: the C library's */
};

static bool is_safe(uint32_t word)
{
    for (unsigned n = 0; n < ARRAY_SIZE(never); n++) {
        if ((word & never[n].mask) == never[n].value) {
            return false;
        }
    }
    return true;
}

/* Whether the manual leaves open what the word does. */
static bool is_unpredictable(uint32_t word)
{
    const struct a64_row *row = a64_row_find(word);

    return row && (word & row->should_mask) != row->should_value;
}

/* A word of a row, with up to three of its fixed bits turned over. */
static uint32_t neighbour(void)
{
    size_t count;
    const struct a64_row *rows = a64_rows(&count);
    const struct a64_row *row = &rows[random_below((unsigned)count)];
    uint32_t word = ((uint32_t)random64() & ~row->mask) | row->value;

    for (unsigned n = random_below(4); n > 0; n--) {
        word ^= UINT32_C(1) << random_below(32);
    }
    return word;
}

static uint32_t make_word(void)
{
    uint32_t word;

    do {
        switch (random_below(8)) {
        case 0:
        case 1:
            word = (uint32_t)random64();
            break;
        case 2: /* MRS, MSR of registers that EL0 may have */
            word = 0xd51b0000 | ((uint32_t)random64() & 0x0020ffff);
            break;
        default:
            word = neighbour();
        }
    } while (!is_safe(word) || is_unpredictable(word));
    return word;
}

/* -- known differences --------------------------------------------------- */

static bool read_line(struct known *k, const char *line)
{
    char who[8];

    if (sscanf(line, "%7s %" SCNx32 " %" SCNx32 " ", who, &k->mask,
               &k->value) == 3) {
        k->row[0] = '\0';
    } else if (sscanf(line, "%7s %31s", who, k->row) != 2) {
        return false;
    }
    k->here = !strcmp(who, "here");
    return k->here || !strcmp(who, "there");
}

static void read_known(void)
{
    char line[512];
    FILE *f = fopen(options.known, "r");

    if (!f) {
        perror(options.known);
        exit(1);
    }
    while (fgets(line, sizeof(line), f)) {
        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        if (known_count == MAX_KNOWN ||
            !read_line(&known[known_count++], line)) {
            fprintf(stderr, "%s: not understood: %s", options.known, line);
            exit(1);
        }
    }
    fclose(f);
}

static bool is_known(uint32_t word, bool here)
{
    const struct a64_row *row = a64_row_find(word);

    for (unsigned n = 0; n < known_count; n++) {
        const struct known *k = &known[n];

        if (k->here == here &&
            (k->row[0] ? row && !strcmp(row->name, k->row)
                       : (word & k->mask) == k->value)) {
            return true;
        }
    }
    return false;
}

/* -- words --------------------------------------------------------------- */

static uint32_t code[INSN_SLOTS * INSN_SLOT_WORDS];
static struct insn_case before[INSN_SLOTS], remote[INSN_SLOTS];
static unsigned executed, undefined, deadly;

static void make_case(struct insn_case *c, unsigned slot, uint32_t word)
{
    uint32_t *at = &code[slot * INSN_SLOT_WORDS];

    memset(c, 0, sizeof(*c));
    c->slot = slot;
    for (unsigned n = 0; n < 31; n++) {
        c->state.x[n] = INSN_WINDOW + INSN_WINDOW_SIZE / 2;
    }
    c->state.sp = INSN_WINDOW + INSN_WINDOW_SIZE / 2;
    at[0] = word;
    for (unsigned n = 1; n < INSN_SLOT_WORDS; n++) {
        at[n] = INSN_BRK;
    }
}

/* One line for an encoding, not for each of its words. */
static bool is_news(uint32_t word, bool here)
{
    static struct {
        const struct a64_row *row;
        uint32_t word;
        bool here;
    } told[MAX_REPORTED];
    static unsigned count;
    const struct a64_row *row = a64_row_find(word);

    for (unsigned n = 0; n < count; n++) {
        if (told[n].here == here && told[n].row == row &&
            (row || (told[n].word ^ word) >> 21 == 0)) {
            return false;
        }
    }
    if (count < MAX_REPORTED) {
        told[count].row = row;
        told[count].word = word;
        told[count++].here = here;
    }
    return count < MAX_REPORTED;
}

static void report(uint32_t word, bool here)
{
    const struct a64_row *row = a64_row_find(word);
    char text[A64_TEXT_SIZE];

    if (options.verbose || is_news(word, here)) {
        a64_disas(word, 0, text, sizeof(text));
        printf("%08" PRIx32 " is executed %s only: %s (%s)\n", word,
               here ? "here" : "there", text, row ? row->name : "no row");
    }
}

/* Some words end the other side; they tell nothing. */
static void run_there(unsigned slots, unsigned first, unsigned count)
{
    if (try_remote(code, slots, &remote[first], count)) {
        return;
    }
    stop_runner();
    start_runner(options.command);
    memcpy(&remote[first], &before[first], count * sizeof(remote[0]));
    if (count == 1) {
        deadly++;
        return;
    }
    run_there(slots, first, count / 2);
    run_there(slots, first + count / 2, count - count / 2);
}

/* How many of the words differ. */
static unsigned run_batch(struct insn_host *h, unsigned count)
{
    unsigned failures = 0;

    for (unsigned n = 0; n < count; n++) {
        make_case(&before[n], n, make_word());
    }
    memcpy(remote, before, sizeof(before));
    run_there(count, 0, count);
    insn_host_set_code(h, code, count);
    for (unsigned n = 0; n < count; n++) {
        uint32_t word = code[n * INSN_SLOT_WORDS];
        bool there = remote[n].state.signal != SIGILL, here;

        if (remote[n].state.signal == 0) {
            continue;
        }
        insn_host_run(h, &before[n]);
        here = before[n].state.signal != SIGILL;
        executed += there;
        undefined += !there;
        if (here != there && !is_known(word, here)) {
            failures++;
            report(word, here);
        }
    }
    return failures;
}

static void parse_options(int argc, char **argv)
{
    int c;

    options.seed = (uint64_t)time(NULL);
    while ((c = getopt(argc, argv, "s:n:k:b:v")) != -1) {
        switch (c) {
        case 's':
            options.seed = strtoull(optarg, NULL, 0);
            break;
        case 'n':
            options.words = (unsigned)strtoul(optarg, NULL, 0);
            break;
        case 'k':
            options.known = optarg;
            break;
        case 'b':
            options.vl = (unsigned)strtoul(optarg, NULL, 0) / 8;
            break;
        case 'v':
            options.verbose = true;
            break;
        default:
            exit(2);
        }
    }
    options.command = argv + optind;
    if (!*options.command) {
        fprintf(stderr, "usage: see the head of insn_probe.c\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    unsigned failed = 0, done = 0;
    struct insn_host *h;

    parse_options(argc, argv);
    random_state = options.seed;
    signal(SIGPIPE, SIG_IGN);
    if (options.known) {
        read_known();
    }
    h = insn_host_new(&(struct insn_host_options){.interp = true,
                                                 .vl = options.vl});
    start_runner(options.command);
    while (done < options.words) {
        unsigned count = options.words - done;

        count = count < INSN_SLOTS ? count : INSN_SLOTS;
        failed += run_batch(h, count);
        done += count;
    }
    printf("insn_probe: seed %" PRIu64 ", %u words, %u of them executed and "
           "%u UNDEFINED there, %u its end; %u differ here\n",
           options.seed, done, executed, undefined, deadly, failed);
    return failed != 0;
}
