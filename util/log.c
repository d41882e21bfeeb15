#include "util/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bits.h"
#include "util/nearest.h"

unsigned log_mask;

static FILE *log_file; /* NULL: stderr */

static const struct {
    const char *name;
    unsigned bit;
    const char *help;
} log_items[] = {
    {"in_asm", LOG_IN_ASM, "guest instructions as they are translated"},
    {"op", LOG_OP, "intermediate code as built"},
    {"op_opt", LOG_OP_OPT, "intermediate code after the passes"},
    {"out_asm", LOG_OUT_ASM, "host code"},
    {"int", LOG_INT, "exceptions and interrupts taken"},
    {"exec", LOG_EXEC, "each block entered (and links none)"},
    {"cpu", LOG_CPU, "registers before each block (and links none)"},
    {"fpu", LOG_FPU, "in cpu and cpu_reset also FP, SIMD and SVE"},
    {"mmu", LOG_MMU, "page table walks and TLB maintenance"},
    {"cpu_reset", LOG_CPU_RESET, "registers at reset"},
    {"guest_errors", LOG_GUEST_ERROR, "what the guest must not do"},
    {"unimp", LOG_UNIMP, "what the guest asked for and is not there"},
    {"stats", LOG_STATS, "counters at exit"},
};

static void print_help(void)
{
    puts("Log items (comma-separated, for -d):");
    for (size_t i = 0; i < ARRAY_SIZE(log_items); i++) {
        printf("%-15s %s\n", log_items[i].name, log_items[i].help);
    }
    printf("%-15s %s\n", "all", "everything above");
    printf("%-15s %s\n", "none", "nothing");
}

/* The bits of one name of the list. */
static bool item_bits(const char *name, unsigned *bits, struct error **err)
{
    *bits = 0;
    if (!strcmp(name, "none") || !strcmp(name, "nochain")) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(log_items); i++) {
        if (!strcmp(name, "all") || !strcmp(name, log_items[i].name)) {
            *bits |= log_items[i].bit;
        }
    }
    if (*bits) {
        return true;
    }
    const char *near = nearest_in_table(name, &log_items[0].name,
                                        ARRAY_SIZE(log_items),
                                        sizeof(log_items[0]));
    if (near) {
        error_set(err, "-d %s: no such log item; did you mean '%s'?", name,
                  near);
    } else {
        error_set(err, "-d %s: no such log item; '-d help' lists them",
                  name);
    }
    return false;
}

bool log_set_items(const char *list, bool *help, struct error **err)
{
    unsigned mask = 0;
    bool ok = true;
    char *copy = strdup(list), *rest = copy, *name;
    *help = false;
    while (ok && (name = strsep(&rest, ","))) {
        unsigned bits = 0;
        if (!strcmp(name, "help") || !strcmp(name, "?")) {
            *help = true;
        } else if (*name) {
            ok = item_bits(name, &bits, err);
        }
        mask |= bits;
    }
    free(copy);
    if (!ok) {
        return false;
    }
    if (*help) {
        print_help();
    } else {
        log_mask = mask;
    }
    return true;
}

bool log_set_file(const char *path, struct error **err)
{
    const char *mark = strstr(path, "%d");
    char *name;
    int n = mark ? asprintf(&name, "%.*s%d%s", (int)(mark - path), path,
                            (int)getpid(), mark + 2)
                 : asprintf(&name, "%s", path);
    if (n < 0) {
        abort();
    }
    FILE *f = fopen(name, "we");
    if (!f) {
        error_set_errno(err, errno, "-D %s: cannot write the log", name);
        free(name);
        return false;
    }
    free(name);
    setvbuf(f, NULL, _IOLBF, 0);
    if (log_file) {
        fclose(log_file);
    }
    log_file = f;
    return true;
}

FILE *log_lock(unsigned items)
{
    if (!log_on(items)) {
        return NULL;
    }
    FILE *stream = log_file ? log_file : stderr;
    flockfile(stream);
    return stream;
}

void log_unlock(FILE *stream)
{
    if (stream) {
        funlockfile(stream);
    }
}

void log_printf(unsigned items, const char *fmt, ...)
{
    FILE *stream = log_lock(items);
    if (stream) {
        va_list ap;
        va_start(ap, fmt);
        vfprintf(stream, fmt, ap);
        va_end(ap);
        log_unlock(stream);
    }
}

/* -- what was said last -------------------------------------------------- */

#define RECENT 6
/* A guest that does it all the time is not listened to for longer. */
#define RECENT_WORDS 8

static struct {
    pthread_mutex_t lock;
    uint64_t clock;
    struct {
        const char *fmt; /* identifies what was said */
        uint64_t count, last;
        char text[160];  /* of the RECENT_WORDSth time at most */
    } line[RECENT];
} recent = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void remember(const char *fmt, va_list ap)
{
    unsigned n, oldest = 0;

    pthread_mutex_lock(&recent.lock);
    for (n = 0; n < RECENT && recent.line[n].fmt != fmt; n++) {
        oldest = recent.line[n].last < recent.line[oldest].last ? n : oldest;
    }
    if (n == RECENT) {
        n = oldest;
        recent.line[n].fmt = fmt;
        recent.line[n].count = 0;
    }
    if (recent.line[n].count++ < RECENT_WORDS) {
        vsnprintf(recent.line[n].text, sizeof(recent.line[n].text), fmt, ap);
    }
    recent.line[n].last = ++recent.clock;
    pthread_mutex_unlock(&recent.lock);
}

bool log_print_recent(FILE *f, const char *prefix)
{
    bool any = false;

    pthread_mutex_lock(&recent.lock);
    for (unsigned n = 0; n < RECENT; n++) {
        if (recent.line[n].count) {
            fprintf(f, "%s%s", prefix, recent.line[n].text);
            if (recent.line[n].count > 1) {
                fprintf(f, " (and others like it: %llu in all)",
                        (unsigned long long)recent.line[n].count);
            }
            fputc('\n', f);
            any = true;
        }
    }
    pthread_mutex_unlock(&recent.lock);
    return any;
}

static void log_line(unsigned item, const char *fmt, va_list ap)
{
    va_list again;

    va_copy(again, ap);
    remember(fmt, again);
    va_end(again);
    FILE *stream = log_lock(item);
    if (stream) {
        vfprintf(stream, fmt, ap);
        fputc('\n', stream);
        log_unlock(stream);
    }
}

void guest_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    log_line(LOG_GUEST_ERROR, fmt, ap);
    va_end(ap);
}

void log_unimp(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    log_line(LOG_UNIMP, fmt, ap);
    va_end(ap);
}
