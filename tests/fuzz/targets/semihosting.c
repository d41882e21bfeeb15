/* Semihosting calls: any operation on any parameter block.  The host behind
 * them is made up here, so that no file is touched. */
#include "cpu/arm/semihosting.h"

#include <errno.h>
#include <stdlib.h>

#include "cpu/arm/system.h"
#include "cpu/semihosting.h"
#include "tests/fuzz/targets/input.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE 0x20000
#define BLOCKS (RAM_BASE + 0x1000)
#define MAX_FILES 64

/* The host -------------------------------------------------------------- */

static bool is_open[MAX_FILES];
static unsigned turn; /* of answers that vary */

static void must_be_open(int file)
{
    if (file < 0 || file >= MAX_FILES ||
        (file >= SEMIHOSTING_FILES && !is_open[file])) {
        abort(); /* a number that we never gave */
    }
}

static int host_open(void *opaque, const char *name, unsigned mode)
{
    (void)opaque;
    if (mode > 11 || strlen(name) > 4096) {
        abort();
    }
    for (int file = SEMIHOSTING_FILES; file < MAX_FILES; file++) {
        if (!is_open[file]) {
            is_open[file] = true;
            return file;
        }
    }
    return -EMFILE;
}

static int host_close(void *opaque, int file)
{
    (void)opaque;
    must_be_open(file);
    is_open[file] = false;
    return 0;
}

static int64_t host_read(void *opaque, int file, void *data, size_t size)
{
    (void)opaque;
    must_be_open(file);
    memset(data, 0x41, size);
    switch (turn++ % 4) {
    case 0:
        return -EAGAIN;
    case 1:
        return (int64_t)(size / 2);
    case 2:
        return 0;
    default:
        return (int64_t)size;
    }
}

static int64_t host_write(void *opaque, int file, const void *data,
                          size_t size)
{
    (void)opaque;
    must_be_open(file);
    turn += memchr(data, '!', size) != NULL; /* it can be read */
    switch (turn++ % 8) {
    case 0:
        return -EAGAIN;
    case 1:
        return -EIO;
    case 2:
        return (int64_t)(size + 1) / 2;
    default:
        return (int64_t)size;
    }
}

static int host_seek(void *opaque, int file, uint64_t position)
{
    (void)opaque;
    must_be_open(file);
    return position >> 63 ? -EINVAL : 0;
}

static int64_t host_length(void *opaque, int file)
{
    (void)opaque;
    must_be_open(file);
    return turn++ & 1 ? 4711 : -ESPIPE;
}

static int host_is_terminal(void *opaque, int file)
{
    (void)opaque;
    must_be_open(file);
    return file < 3;
}

static int host_remove(void *opaque, const char *name)
{
    (void)opaque;
    return strlen(name) ? 0 : -ENOENT;
}

static int host_rename(void *opaque, const char *from, const char *to)
{
    (void)opaque;
    return strlen(from) && strlen(to) ? 0 : -ENOENT;
}

static void host_exit(void *opaque, int status)
{
    (void)opaque;
    (void)status;
}

static const struct semihosting_ops ops = {
    host_open, host_close, host_read, host_write, host_seek, host_length,
    host_is_terminal, host_remove, host_rename, host_exit,
};

static const struct semihosting host = {
    .ops = &ops,
    .cmdline = "program argument",
    .heap_base = RAM_BASE + 0x10000,
    .heap_limit = RAM_BASE + RAM_SIZE,
};

/* The guest ---------------------------------------------------------------- */

static struct bus *bus;
static struct ram *ram;
static struct cpu_system *cpus;

static void nothing(void *opaque)
{
    (void)opaque;
}

static void make_cpu(void)
{
    struct cpu_config config = {
        .model = "cortex-a72", .count = 1, .interp = true,
        .gic_version = 2, .semihosting = &host,
        .system_off = nothing, .system_reset = nothing,
    };

    bus = bus_new();
    ram = ram_new("ram", RAM_SIZE, NULL);
    bus_map_ram(bus, RAM_BASE, ram);
    cpus = cpu_system_new(&config, bus, NULL);
    if (!cpus) {
        abort();
    }
}

/* Operation, where its block is, and the block; addresses in fields come out
 * right unless the form says otherwise. */
static void call(struct arm_cpu *cpu, struct input *in)
{
    unsigned operation = in_u8(in), form = in_u8(in);
    uint64_t fields[4], at = BLOCKS + (form & 15) * 16;

    for (unsigned i = 0; i < 4; i++) {
        unsigned how = in_u8(in);
        fields[i] = how & 1   ? RAM_BASE + (in_u16(in) & 0x1fff)
                    : how & 2 ? in_u64(in)
                    : how & 4 ? in_u16(in)
                              : how >> 3;
    }
    if (form & 0x10) {
        at = in_u64(in);
    } else if (form & 0x20) {
        at = RAM_BASE + RAM_SIZE - (form & 15); /* partly in memory */
    } else {
        memcpy(ram->host + (at - RAM_BASE), fields, sizeof(fields));
    }
    cpu->vcpu.r[0] = form & 0x40 ? in_u64(in) : operation;
    cpu->vcpu.r[1] = at;
    for (unsigned tries = 0; !semihosting_call(cpu); tries++) {
        if (tries > 16) {
            abort(); /* the host answers every second time at least */
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    struct tlb_key key = {.el = 1, .mmu_off = 1};

    if (!bus) {
        make_cpu();
    }
    cpu_reset(cpus, 0, true, RAM_BASE, 0, 1);
    semihosting_reset(cpus->semihosting);
    memset(ram->host, 0, RAM_SIZE);
    memset(is_open, 0, sizeof(is_open));
    turn = 0;
    struct arm_cpu *cpu = cpus->cpu[0];
    cpu->vcpu.request = 0;
    cpu->vcpu.tlb = tlb_context(cpu->vcpu.mmu, &key);
    while (in_more(&in)) {
        unsigned what = in_u8(&in);
        if (what & 1) {
            call(cpu, &in);
        } else {
            uint64_t offset = in_u16(&in) & 0x1fff;
            size_t length = what >> 1;
            const uint8_t *bytes = in_bytes(&in, &length);
            memcpy(ram->host + offset, bytes, length);
        }
    }
    return 0;
}
