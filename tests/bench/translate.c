/*
 * What a first run of code costs: translates raw A64 code over and over and
 * prints nanoseconds per guest instruction for each stage.  `make
 * bench-translate` (translate.sh) gives it a library.
 *
 *   translate [-n rounds] [-s stage] FILE
 *
 * FILE is code as it lies in memory: the .text of a library (objcopy -O
 * binary -j .text), or the words of a `-d in_asm` log.  -s stops behind the
 * named stage, for callgrind, whose instruction counts do not depend on what
 * else the machine does.  Memory for code is made ready by another thread, as
 * the engine has it done.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "cpu/arm/models.h"
#include "cpu/arm/system.h"
#include "cpu/arm/translate.h"
#include "cpu/ir/passes.h"
#include "cpu/jit/block_table.h"
#include "util/bits.h"
#include "util/clock.h"

/* Nothing that is translated here runs, and valgrind knows no memory at two
 * addresses: in place of the C library's functions, for code_cache.c. */
void *mremap(void *old, size_t old_size, size_t size, int flags, ...)
{
    (void)old_size, (void)size, (void)flags;
    return old;
}

int mprotect(void *start, size_t size, int rights)
{
    (void)start, (void)size, (void)rights;
    return 0;
}

#define PC UINT64_C(0xffff800010000000)
#define PA UINT64_C(0x40000000)
#define CONTEXT 0xa05u /* EL1 as Linux runs there */

enum stage { FRONT, PASSES, COMPILE, INSERT, STAGES };
static const char *const stage_name[STAGES] = {
    "front", "passes", "compile", "insert",
};

struct bench {
    uint8_t *code;
    size_t size;
    struct arm_cpu *cpu;
    struct ir_unit *unit;
    struct bus *bus;
    struct code_cache *cache;
    struct backend *backend;
    struct backend_thread *thread;
    uint64_t units, insns, ops, bytes;
};

static void die(const char *what)
{
    fprintf(stderr, "translate: %s\n", what);
    exit(1);
}

static void read_code(struct bench *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    long size = 0;

    if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 4) {
        die("cannot read the code");
    }
    rewind(f);
    b->size = (size_t)size & ~(size_t)3;
    struct error *err = NULL;
    struct ram *ram = ram_new("code", align_up(b->size, 4096), &err);
    b->code = ram->host;
    bus_map_ram(b->bus, PA, ram);
    if (fread(b->code, 1, b->size, f) != b->size) {
        die("cannot read the code");
    }
    fclose(f);
}

static void make_cpu(struct bench *b)
{
    static struct cpu_system system;
    struct error *err = NULL;

    b->cpu = aligned_alloc(64, align_up(sizeof(*b->cpu), 64));
    memset(b->cpu, 0, sizeof(*b->cpu));
    if (!arm_model_find(&system.model, "max", NULL, &err)) {
        die("no model");
    }
    b->cpu->system = &system;
    b->cpu->model = &system.model;
    arm_model_features(&system.model, b->cpu->feature);
}

/* A thread: memory of the chunks to come, in time. */
static void *prepare(void *opaque)
{
    for (;;) {
        while (code_cache_prepare(opaque)) {
        }
        usleep(100);
    }
    return NULL;
}

static void make_backend(struct bench *b)
{
    struct error *err = NULL;
    size_t used;

    b->cache = code_cache_new(256u << 20, 1, &err);
    if (!b->cache) {
        die("no code cache");
    }
    struct jit_buffer head = code_cache_head(b->cache);
    b->backend = backend_new(&head, &used, false, &err);
    if (!b->backend) {
        die("no back end");
    }
    b->thread = backend_thread_new(b->backend);
    b->unit = ir_unit_new();
}

static void link_exit(void *opaque, const struct block *from,
                      const struct block_link *link, const uint8_t *target)
{
    (void)opaque, (void)from, (void)link, (void)target;
}

struct state {
    struct block_table *table;
    struct code_chunk *chunk;
};

static void evict(void *opaque, struct code_chunk *chunk)
{
    (void)opaque, (void)chunk;
}

static void kick(void *opaque)
{
    (void)opaque;
}

static void forget(void *opaque, unsigned cpu)
{
    (void)opaque, (void)cpu;
}

static const struct code_cache_user user = {evict, evict, kick, forget, NULL};

static void insert(struct bench *b, struct state *s, struct jit_buffer *code,
                   struct jit_result *r, uint64_t pc, uint64_t pa)
{
    struct block key = {
        .pc = pc, .pa = pa, .context = CONTEXT, .page_id = 1,
        .guest_bytes = (uint16_t)b->unit->guest_bytes,
        .source_hash = block_source_hash(b->code + (pa - PA),
                                         b->unit->guest_bytes),
    };

    block_begin(s->table, 0, &key, b->unit->guest_bytes);
    struct block *block = block_new(b->backend, s->chunk, &key, code, r);
    block_insert(s->table, 0, &block, NULL);
}

static void translate_all(struct bench *b, enum stage stage)
{
    struct block_table_ops ops = {.link = link_exit, .opaque = b};
    struct state s = {.table = block_table_new(b->bus, b->cache, &ops)};
    struct jit_buffer code;
    struct jit_result result;

    b->units = b->insns = b->ops = b->bytes = 0;
    for (size_t at = 0; at < b->size; at += b->unit->guest_bytes) {
        unsigned bytes = 4096 - (at & 4095);

        while (!code_chunk_room(s.chunk, &code)) {
            s.chunk = code_cache_chunk(b->cache, 0, CODE_ORIGINALS, s.chunk,
                                       NULL, &user);
        }
        if (bytes > b->size - at) {
            bytes = (unsigned)(b->size - at);
        }
        ir_begin(b->unit, PC + at, CONTEXT);
        b->unit->shares = true;
        a64_translate(&b->cpu->vcpu, b->unit, PC + at, CONTEXT, b->code + at,
                      bytes);
        if (stage >= PASSES) {
            ir_passes_cold(b->unit);
        }
        if (stage >= COMPILE &&
            !backend_compile(b->thread, b->unit, 1, &code, &result)) {
            die("cannot compile a unit");
        }
        if (stage >= INSERT) {
            insert(b, &s, &code, &result, PC + at, PA + at);
        }
        b->units++;
        b->insns += b->unit->guest_insns;
        b->ops += b->unit->count;
        b->bytes += stage >= COMPILE ? result.code_size : 0;
    }
    code_cache_pass(b->cache, 0, code_cache_epoch(b->cache) + 1);
    block_table_free(s.table);
}

static void report(struct bench *b, unsigned rounds)
{
    uint64_t best[STAGES];
    pthread_t helper;

    if (pthread_create(&helper, NULL, prepare, b->cache)) {
        die("cannot start a thread");
    }
    memset(best, 0xff, sizeof(best));
    for (unsigned n = 0; n < rounds; n++) {
        for (unsigned stage = 0; stage < STAGES; stage++) {
            struct timespec t;

            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
            int64_t ns = -(t.tv_sec * INT64_C(1000000000) + t.tv_nsec);
            translate_all(b, stage);
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
            ns += t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
            best[stage] = (uint64_t)ns < best[stage] ? (uint64_t)ns
                                                     : best[stage];
        }
    }
    printf("%llu units, %.2f instructions each; %.2f ops, %.1f host bytes "
           "per instruction\n", (unsigned long long)b->units,
           (double)b->insns / (double)b->units,
           (double)b->ops / (double)b->insns,
           (double)b->bytes / (double)b->insns);
    for (unsigned stage = 0; stage < STAGES; stage++) {
        uint64_t before = stage ? best[stage - 1] : 0;

        printf("%-8s %6.1f ns per instruction\n", stage_name[stage],
               ((double)best[stage] - (double)before) / (double)b->insns);
    }
    printf("%-8s %6.1f\n", "all", (double)best[INSERT] / (double)b->insns);
}

int main(int argc, char **argv)
{
    struct bench b = {.bus = bus_new()};
    unsigned rounds = 5;
    int only = -1, c;

    while ((c = getopt(argc, argv, "n:s:")) != -1) {
        if (c == 'n') {
            rounds = (unsigned)atoi(optarg);
        }
        for (unsigned k = 0; c == 's' && k < STAGES; k++) {
            only = strcmp(optarg, stage_name[k]) ? only : (int)k;
        }
    }
    if (optind >= argc) {
        die("which file?");
    }
    read_code(&b, argv[optind]);
    make_cpu(&b);
    make_backend(&b);
    if (only >= 0) {
        for (unsigned n = 0; n < rounds; n++) {
            translate_all(&b, (enum stage)only);
        }
        printf("%llu instructions\n", (unsigned long long)b.insns);
    } else {
        report(&b, rounds);
    }
    return 0;
}
