/* How much of everything: -m, -smp; and what time it is: -rtc. */
#include "ui/options_parse.h"

#include <string.h>
#include <time.h>

#include "util/bits.h"

#define DEFAULT_RAM (UINT64_C(128) << 20)
#define RAM_ALIGN 8192 /* QEMU rounds up to this too */
#define MAX_RAM (UINT64_C(1) << 46)

static bool merge(struct parse *p, struct keyval **into, const char *text,
                  const char *implied_key, struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, implied_key, err);

    if (!kv) {
        return false;
    }
    if (keyval_help(kv)) {
        parse_usage(p);
    }
    if (*into) {
        keyval_merge(*into, kv);
    } else {
        *into = kv;
    }
    return true;
}

bool option_memory(struct parse *p, const char *text, struct error **err)
{
    return merge(p, &p->memory, text, "size", err);
}

bool option_smp(struct parse *p, const char *text, struct error **err)
{
    return merge(p, &p->smp, text, "cpus", err);
}

bool option_rtc(struct parse *p, const char *text, struct error **err)
{
    return merge(p, &p->rtc, text, NULL, err);
}

/* -m -------------------------------------------------------------------- */

static bool finish_memory(struct parse *p, struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    uint64_t size = DEFAULT_RAM, slots = 0, most = 0;

    if (p->memory &&
        (!keyval_size(p->memory, "size", 1 << 20, &size, err) ||
         !keyval_size(p->memory, "maxmem", 1 << 20, &most, err) ||
         !keyval_uint(p->memory, "slots", 256, &slots, err) ||
         !keyval_check(p->memory, err))) {
        error_prepend(err, "-m");
        return false;
    }
    if (size == 0 || size > MAX_RAM) {
        error_set(err, "-m %s: the machine needs some memory and at most "
                       "64T of it; try -m 1G",
                  keyval_get(p->memory, "size"));
        return false;
    }
    if (most && most < size) {
        error_set(err, "-m: maxmem is less than the size");
        return false;
    }
    machine->ram_size = align_up(size, RAM_ALIGN);
    return true;
}

/* -smp ------------------------------------------------------------------ */

struct smp {
    uint64_t cpus, maxcpus, sockets, clusters, cores, threads;
};

static bool smp_read(struct keyval *kv, struct smp *smp, struct error **err)
{
    uint64_t one = 1;
    const struct {
        const char *key;
        uint64_t *value;
    } rows[] = {
        {"cpus", &smp->cpus},         {"maxcpus", &smp->maxcpus},
        {"sockets", &smp->sockets},   {"clusters", &smp->clusters},
        {"cores", &smp->cores},       {"threads", &smp->threads},
        {"dies", &one},               {"books", &one},
        {"drawers", &one},            {"modules", &one},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (!keyval_uint(kv, rows[i].key, 4096, rows[i].value, err)) {
            return false;
        }
        if (keyval_get(kv, rows[i].key) && *rows[i].value == 0) {
            error_set(err, "%s=0: must be at least 1", rows[i].key);
            return false;
        }
        if (rows[i].value == &one && one != 1) {
            error_set(err, "%s: this board has no such level", rows[i].key);
            return false;
        }
    }
    return keyval_check(kv, err);
}

static uint64_t or_one(uint64_t n)
{
    return n ? n : 1;
}

/* What is not given follows from the rest; cores fill up before sockets and
 * sockets before threads. */
static void smp_complete(struct smp *s)
{
    uint64_t total = s->maxcpus ? s->maxcpus : s->cpus;

    s->clusters = or_one(s->clusters);
    if (total == 0) {
        s->sockets = or_one(s->sockets);
        s->cores = or_one(s->cores);
        s->threads = or_one(s->threads);
    } else if (s->cores == 0) {
        s->sockets = or_one(s->sockets);
        s->threads = or_one(s->threads);
        s->cores = total / (s->sockets * s->clusters * s->threads);
    } else if (s->sockets == 0) {
        s->threads = or_one(s->threads);
        s->sockets = total / (s->clusters * s->cores * s->threads);
    } else if (s->threads == 0) {
        s->threads = total / (s->sockets * s->clusters * s->cores);
    }
    uint64_t product = s->sockets * s->clusters * s->cores * s->threads;
    s->maxcpus = total ? total : product;
    s->cpus = s->cpus ? s->cpus : s->maxcpus;
}

static bool smp_check(const struct smp *s, struct error **err)
{
    uint64_t product = s->sockets * s->clusters * s->cores * s->threads;

    if (s->cpus > MACHINE_MAX_CPUS) {
        error_set(err, "%llu processors: there can be 1 to %d",
                  (unsigned long long)s->cpus, MACHINE_MAX_CPUS);
        return false;
    }
    if (product != s->maxcpus) {
        error_set(err,
                  "sockets (%llu) * clusters (%llu) * cores (%llu) * "
                  "threads (%llu) must be the number of processors (%llu)",
                  (unsigned long long)s->sockets,
                  (unsigned long long)s->clusters,
                  (unsigned long long)s->cores,
                  (unsigned long long)s->threads,
                  (unsigned long long)s->maxcpus);
        return false;
    }
    if (s->maxcpus < s->cpus) {
        error_set(err, "maxcpus (%llu) is less than cpus (%llu)",
                  (unsigned long long)s->maxcpus,
                  (unsigned long long)s->cpus);
        return false;
    }
    return true;
}

static bool finish_smp(struct parse *p, struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    struct smp smp = {0};

    if (p->smp && !smp_read(p->smp, &smp, err)) {
        error_prepend(err, "-smp");
        return false;
    }
    smp_complete(&smp);
    if (!smp_check(&smp, err)) {
        error_prepend(err, "-smp");
        return false;
    }
    machine->cpus = (unsigned)smp.cpus;
    machine->topology = (struct cpu_topology){
        .sockets = (unsigned)smp.sockets,
        .clusters = (unsigned)smp.clusters,
        .cores = (unsigned)smp.cores,
        .threads = (unsigned)smp.threads,
    };
    return true;
}

/* -rtc ------------------------------------------------------------------ */

/* "2006-06-17T16:01:21" or "2006-06-17" as seconds since 1970. */
static bool parse_date(const char *text, time_t *result)
{
    static const char *const formats[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"};

    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        struct tm tm = {0};
        const char *end = strptime(text, formats[i], &tm);
        if (end && *end == '\0') {
            *result = timegm(&tm);
            return true;
        }
    }
    return false;
}

static bool rtc_base(const char *base, int64_t *offset, struct error **err)
{
    time_t now = time(NULL), start;
    struct tm tm;

    if (strcmp(base, "utc") == 0) {
        *offset = 0;
    } else if (strcmp(base, "localtime") == 0) {
        localtime_r(&now, &tm);
        *offset = tm.tm_gmtoff;
    } else if (parse_date(base, &start)) {
        *offset = (int64_t)start - (int64_t)now;
    } else {
        error_set(err, "base=%s: expected utc, localtime or a date such as "
                       "2006-06-17T16:01:21", base);
        return false;
    }
    return true;
}

static bool finish_rtc(struct parse *p, struct error **err)
{
    /* ORDER rtc_clock */
    static const char *const clocks[] = {"host", "rt", "vm", NULL};
    static const char *const fixes[] = {"none", "slew", NULL};
    unsigned clock = 0, fix = 0;

    if (!p->rtc) {
        return true;
    }
    const char *base = keyval_get(p->rtc, "base");
    if ((base && !rtc_base(base, &p->out->machine.rtc_offset, err)) ||
        !keyval_enum(p->rtc, "clock", clocks, &clock, err) ||
        !keyval_enum(p->rtc, "driftfix", fixes, &fix, err) ||
        !keyval_check(p->rtc, err)) {
        error_prepend(err, "-rtc");
        return false;
    }
    p->out->machine.rtc_clock = clock;
    return true;
}

bool options_finish_sizes(struct parse *p, struct error **err)
{
    return finish_memory(p, err) && finish_smp(p, err) && finish_rtc(p, err);
}
