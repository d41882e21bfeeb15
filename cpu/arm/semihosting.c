/* Semihosting calls; see semihosting.h.  A call is a row of the table at the
 * end, which says how many fields its parameter block has. */
#include "cpu/arm/semihosting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/arm/semihosting_call.h"
#include "cpu/arm/system.h"
#include "softmmu/dma.h"
#include "util/bits.h"
#include "util/clock.h"
#include "util/log.h"

/* ADP_Stopped_ApplicationExit, the reason of an ordinary end. */
#define APPLICATION_EXIT 0x20026

int64_t call_fail(const struct call *c, int error)
{
    c->s->error = error;
    return -1;
}

int64_t call_answer(struct call *c, int64_t result)
{
    if (result == -EAGAIN) {
        c->again = true;
        return 0;
    }
    return result < 0 ? call_fail(c, (int)-result) : result;
}

/* -- guest memory -------------------------------------------------------- */

static void code_written(void *opaque, uint64_t pa, uint64_t size)
{
    struct cpu_system *s = opaque;

    engine_code_written(s->engine, pa, size);
}

/* By the caller's own rights; false when some of it is not RAM that it may
 * use. */
static bool copy(const struct call *c, uint64_t va, void *data,
                 uint64_t size, enum tlb_access access)
{
    struct vcpu *vcpu = &c->cpu->vcpu;
    struct cpu_system *s = c->cpu->system;
    struct dma dma = {s->bus, code_written, s};
    struct tlb_page page;
    struct mem_fault fault;

    for (uint64_t n; size; va += n, data = (uint8_t *)data + n, size -= n) {
        uint64_t offset = va & mask64(TLB_PAGE_BITS);

        n = BIT(TLB_PAGE_BITS) - offset;
        n = size < n ? size : n;
        if (!tlb_translate(vcpu->mmu, vcpu->tlb, va, access, &page, &fault) ||
            !(access == TLB_READ ? dma_read(&dma, page.pa + offset, data, n)
                                 : dma_write(&dma, page.pa + offset, data,
                                             n))) {
            return false;
        }
    }
    return true;
}

bool call_get(const struct call *c, uint64_t va, void *data, uint64_t size)
{
    return copy(c, va, data, size, TLB_READ);
}

bool call_put(const struct call *c, uint64_t va, const void *data,
                uint64_t size)
{
    return copy(c, va, (void *)data, size, TLB_WRITE);
}

bool call_is_in_haste(const struct call *c)
{
    return __atomic_load_n(&c->cpu->vcpu.request, __ATOMIC_RELAXED) &
           VCPU_REQ_STOP;
}

/* -- the console --------------------------------------------------------- */

static int64_t sys_writec(struct call *c)
{
    call_write(c, SEMIHOSTING_CONSOLE, c->param, 1);
    return 0;
}

/* Piece by piece, none longer than the page has bytes. */
static int64_t sys_write0(struct call *c)
{
    for (uint64_t va = c->param; !call_is_in_haste(c);) {
        char data[64];
        uint64_t size = sizeof(data) - (va & (sizeof(data) - 1));

        if (!call_get(c, va, data, size)) {
            return call_fail(c, EFAULT);
        }
        size_t length = strnlen(data, size);
        for (size_t done = 0; done < length && !call_is_in_haste(c);) {
            int64_t n = HOST(c, write, SEMIHOSTING_CONSOLE, data + done,
                             length - done);

            if (n < 0 && n != -EAGAIN) {
                return call_fail(c, (int)-n);
            }
            done += n < 0 ? 0 : (size_t)n;
        }
        if (length < size) {
            break;
        }
        va += size;
    }
    return 0;
}

static int64_t sys_readc(struct call *c)
{
    uint8_t byte;
    int64_t n = call_answer(c, HOST(c, read, SEMIHOSTING_CONSOLE, &byte, 1));

    return n > 0 ? byte : n == 0 && !c->again ? -1 : n;
}

/* -- the rest ------------------------------------------------------------ */

static int64_t sys_iserror(struct call *c)
{
    return (int64_t)c->field[0] < 0;
}

static int64_t sys_errno(struct call *c)
{
    return c->s->error;
}

static uint64_t elapsed_ns(const struct call *c)
{
    return clock_monotonic_ns() - c->s->start_ns;
}

static int64_t sys_clock(struct call *c)
{
    return (int64_t)(elapsed_ns(c) / (NS_PER_SEC / 100));
}

static int64_t sys_time(struct call *c)
{
    (void)c;
    return (int64_t)(clock_realtime_ns() / NS_PER_SEC);
}

static int64_t sys_elapsed(struct call *c)
{
    uint64_t ns = elapsed_ns(c);

    return call_put(c, c->param, &ns, sizeof(ns)) ? 0 : call_fail(c, EFAULT);
}

static int64_t sys_tickfreq(struct call *c)
{
    (void)c;
    return NS_PER_SEC;
}

/* The guest is not given a shell. */
static int64_t sys_system(struct call *c)
{
    guest_error("semihosting: SYS_SYSTEM is refused");
    return call_fail(c, ENOSYS);
}

static int64_t sys_get_cmdline(struct call *c)
{
    const char *text = c->host->cmdline ? c->host->cmdline : "";
    uint64_t length = strlen(text);

    if (length >= c->field[1]) {
        return call_fail(c, E2BIG);
    }
    return call_put(c, c->field[0], text, length + 1) &&
                   call_put(c, c->param + 8, &length, sizeof(length))
               ? 0
               : call_fail(c, EFAULT);
}

/* Heap and stack share what is free and grow towards each other. */
static int64_t sys_heapinfo(struct call *c)
{
    const struct semihosting *h = c->host;
    uint64_t block[4] = {h->heap_base, h->heap_limit, h->heap_limit,
                         h->heap_base};

    return call_put(c, c->field[0], block, sizeof(block))
               ? 0
               : call_fail(c, EFAULT);
}

static int64_t sys_exit(struct call *c)
{
    int status = c->field[0] == APPLICATION_EXIT ? (int)c->field[1] : 1;

    system_power_off(c->cpu->system, c->cpu->vcpu.index);
    HOST(c, exit, status);
    return 0;
}

/* Memory and what is executed agree here when a call returns. */
static int64_t sys_synccache(struct call *c)
{
    engine_code_changed(c->cpu->system->engine);
    tlb_invalidate(c->cpu->vcpu.mmu,
                   &(struct tlb_inval){.kind = TLB_INVAL_PAGE_IDS});
    return 0;
}

static const struct operation {
    const char *name;
    uint8_t number, fields;
    int64_t (*call)(struct call *c);
} operations[] = {
    {"SYS_OPEN", 0x01, 3, sys_open},
    {"SYS_CLOSE", 0x02, 1, sys_close},
    {"SYS_WRITEC", 0x03, 0, sys_writec},
    {"SYS_WRITE0", 0x04, 0, sys_write0},
    {"SYS_WRITE", 0x05, 3, sys_write},
    {"SYS_READ", 0x06, 3, sys_read},
    {"SYS_READC", 0x07, 0, sys_readc},
    {"SYS_ISERROR", 0x08, 1, sys_iserror},
    {"SYS_ISTTY", 0x09, 1, sys_istty},
    {"SYS_SEEK", 0x0a, 2, sys_seek},
    {"SYS_FLEN", 0x0c, 1, sys_flen},
    {"SYS_TMPNAM", 0x0d, 3, sys_tmpnam},
    {"SYS_REMOVE", 0x0e, 2, sys_remove},
    {"SYS_RENAME", 0x0f, 4, sys_rename},
    {"SYS_CLOCK", 0x10, 0, sys_clock},
    {"SYS_TIME", 0x11, 0, sys_time},
    {"SYS_SYSTEM", 0x12, 0, sys_system},
    {"SYS_ERRNO", 0x13, 0, sys_errno},
    {"SYS_GET_CMDLINE", 0x15, 2, sys_get_cmdline},
    {"SYS_HEAPINFO", 0x16, 1, sys_heapinfo},
    {"SYS_EXIT", 0x18, 2, sys_exit},
    {"SYS_SYNCCACHE", 0x19, 0, sys_synccache},
    {"SYS_EXIT_EXTENDED", 0x20, 2, sys_exit},
    {"SYS_ELAPSED", 0x30, 0, sys_elapsed},
    {"SYS_TICKFREQ", 0x31, 0, sys_tickfreq},
};

static const struct operation *find_operation(uint32_t number)
{
    for (size_t n = 0; n < ARRAY_SIZE(operations); n++) {
        if (operations[n].number == number) {
            return &operations[n];
        }
    }
    return NULL;
}

/* -- the instruction ----------------------------------------------------- */

bool semihosting_is_on(const struct arm_cpu *cpu, unsigned el)
{
    const struct semihosting *host = cpu->system->config.semihosting;

    return host && (el > 0 || host->userspace);
}

static int64_t run(struct call *c, uint32_t number)
{
    const struct operation *op = find_operation(number);

    if (!op) {
        guest_error("semihosting: no operation %#x", number);
        return call_fail(c, ENOSYS);
    }
    if (!call_get(c, c->param, c->field, op->fields * sizeof(uint64_t))) {
        guest_error("semihosting: %s at %#llx: not readable", op->name,
                    (unsigned long long)c->param);
        return call_fail(c, EFAULT);
    }
    return op->call(c);
}

bool semihosting_call(struct arm_cpu *cpu)
{
    struct semihosting_state *s = cpu->system->semihosting;
    struct call c = {.cpu = cpu, .s = s, .host = s->host,
                     .param = cpu->vcpu.r[1]};

    pthread_mutex_lock(&s->lock);
    int64_t result = run(&c, (uint32_t)cpu->vcpu.r[0]);
    pthread_mutex_unlock(&s->lock);
    if (!c.again) {
        cpu->vcpu.r[0] = (uint64_t)result;
    }
    return !c.again;
}

struct semihosting_state *semihosting_new(const struct semihosting *host)
{
    struct semihosting_state *s = calloc(1, sizeof(*s));

    if (s) {
        s->host = host;
        s->start_ns = clock_monotonic_ns();
        pthread_mutex_init(&s->lock, NULL);
    }
    return s;
}

void semihosting_reset(struct semihosting_state *s)
{
    for (unsigned n = 0; n < SEMIHOSTING_HANDLES; n++) {
        struct handle *h = &s->handle[n];

        if (h->kind == HANDLE_FILE && h->file >= SEMIHOSTING_FILES) {
            s->host->ops->close(s->host->opaque, h->file);
        }
        h->kind = HANDLE_FREE;
    }
    s->error = 0;
}

void semihosting_free(struct semihosting_state *s)
{
    if (s) {
        semihosting_reset(s);
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
}
