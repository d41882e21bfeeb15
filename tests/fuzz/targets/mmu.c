/* The page table walker over tables of any contents, under any registers,
 * and the TLB in front of it. */
#include "cpu/arm/mmu.h"

#include <stdlib.h>

#include "tests/fuzz/targets/input.h"
#include "util/bits.h"

#define RAM_BASE UINT64_C(0x40000000)
#define RAM_SIZE 0x40000

static struct mmu_regs regs;
static struct bus *bus;
static struct ram *ram;

static bool walk(void *cpu, const struct tlb_key *key, uint64_t va,
                 enum tlb_access access, struct tlb_page *page,
                 struct mem_fault *fault)
{
    struct mmu_request request = {.regs = &regs, .bus = bus, .key = key,
                                  .va = va, .access = access};

    (void)cpu;
    return mmu_translate(&request, page, fault);
}

static uint64_t strip(void *cpu, const struct tlb_key *key, uint64_t va)
{
    (void)cpu;
    (void)key;
    return mmu_strip_tag(&regs, false, va);
}

static uint64_t table_read(void *device, struct bus_access access)
{
    (void)device;
    return access.offset * UINT64_C(0x123456789) | 3;
}

static void table_write(void *device, struct bus_access access,
                        uint64_t value)
{
    (void)device;
    (void)access;
    (void)value;
}

static const struct mmio_ops table_ops = {table_read, table_write, 0, 0,
                                          false};

/* Granules and sizes that make a walk. */
static void take_registers(struct input *in)
{
    unsigned form = in_u8(in), bits = in_u8(in);
    uint64_t tsz = 64 - (16 + bits % 34);

    regs = (struct mmu_regs){
        .regime = (enum mmu_regime)(form % 3),
        .sctlr = in_u64(in),
        .tcr = in_u64(in),
        .mair = in_u64(in),
        .pa_bits = 32 + 4 * (form >> 4 & 3) + (form & 0x40 ? 4 : 0),
        .hafdbs = bits & 0x80,
        .hpds = bits & 0x40,
        .pauth = form & 0x80,
        .bti = form & 0x80,
        .small_va = form & 0x40,
    };
    if (form & 4) {
        regs.tcr = (regs.tcr & ~UINT64_C(0x3f003f)) | tsz | tsz << 16;
    }
    regs.ttbr0 = form & 8 ? in_u64(in) : RAM_BASE + in_u16(in);
    regs.ttbr1 = form & 8 ? in_u64(in) : RAM_BASE + in_u16(in);
}

/* Descriptors: index, then where to and what, or any bits. */
static void put_descriptor(struct input *in)
{
    uint64_t *slot = (uint64_t *)(void *)ram->host + in_u16(in) %
                     (RAM_SIZE / 8);
    unsigned form = in_u8(in);

    *slot = form & 0x80 ? in_u64(in)
                        : (RAM_BASE + (in_u8(in) & 63) * 0x1000) |
                              (in_u16(in) & 0xfff) |
                              (uint64_t)(form & 0x7f) << 50 | (form & 3);
}

/* Instructions, and atomics, which see the memory itself. */
static void use_host_address(struct tlb *tlb, struct tlb_context *ctx,
                             uint64_t va, unsigned size, bool write)
{
    const uint8_t *code = NULL;
    struct mem_fault fault;
    uint64_t pa;
    uint32_t id;

    if (tlb_fetch(tlb, ctx, va & ~UINT64_C(3), &pa, &code, &id, &fault)) {
        if (code && (code < ram->host || code >= ram->host + RAM_SIZE)) {
            abort();
        }
        tlb_drop_writes(tlb, pa & ~UINT64_C(0xfff));
    }
    size = size > 16 ? 16 : size;
    uint8_t *host = tlb_host_for_atomic(tlb, ctx, va & ~(size - 1ull), size,
                                        write, &fault);
    if (host) {
        if (host < ram->host || host + size > ram->host + RAM_SIZE) {
            abort();
        }
        *host ^= write;
        if (write) {
            tlb_atomic_done(tlb);
        }
    }
}

static void access_memory(struct input *in, struct tlb *tlb)
{
    unsigned form = in_u8(in);
    struct tlb_key key = {.asid = form & 1, .regime = 0,
                          .el = (uint8_t)(regs.regime == MMU_EL1_0
                                              ? form >> 1 & 1
                                              : regs.regime == MMU_EL2 ? 2
                                                                       : 3),
                          .pan = form >> 2 & 1, .mmu_off = form >> 3 & 1};
    uint64_t va = form & 0x10 ? in_u64(in) : in_u32(in);
    unsigned size = 1u << (form >> 5) % 6;
    uint8_t data[32] = {0};
    struct tlb_page page = {0};
    struct mem_fault fault = {0};

    if (form & 0x80) {
        va |= UINT64_C(0xffff) << 48;
    }
    for (int access = TLB_READ; access <= TLB_EXEC; access++) {
        bool good = walk(NULL, &key,
                         mmu_strip_tag(&regs, access == TLB_EXEC, va),
                         (enum tlb_access)access, &page, &fault);
        if (good && (page.block_size < 4096 ||
                     !is_power_of_2(page.block_size) || page.pa & 4095)) {
            abort();
        }
        mmu_par(good ? &page : NULL, &fault);
    }
    struct tlb_context *ctx = tlb_context(tlb, &key);
    tlb_load(tlb, ctx, va, size, form & 1 ? TLB_ALIGNED : 0, data, &fault);
    tlb_store(tlb, ctx, va, size, 0, data, &fault);
    use_host_address(tlb, ctx, va, size, form & 1);
}

static void invalidate(struct input *in, struct tlb *tlb)
{
    struct tlb_inval inval = {
        .kind = (unsigned)in_u8(in) % 6,
        .asid = in_u8(in) & 1,
        .va = in_u64(in) & ~UINT64_C(0xfff),
        .size = (in_u8(in) + 1) * UINT64_C(4096),
    };

    tlb_invalidate(tlb, &inval);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tlb_codes codes = {0x21, 0x10, 0x0c};
    static const struct tlb_inval everything = {.kind = TLB_INVAL_ALL};
    static struct tlb *tlb;
    struct input in = {data, data + size};

    if (!bus) {
        bus = bus_new();
        tlb = tlb_new(bus, page_ids_new(), 0, NULL, walk, strip, &codes);
        ram = ram_new("ram", RAM_SIZE, NULL);
        bus_map_ram(bus, RAM_BASE, ram);
        bus_map_mmio(bus, RAM_BASE + RAM_SIZE, 0x1000, "tables", &table_ops,
                     NULL);
    }
    memset(ram->host, 0, RAM_SIZE);
    tlb_invalidate(tlb, &everything);
    take_registers(&in);
    while (in_more(&in)) {
        switch (in_u8(&in) & 3) {
        case 0:
        case 1:
            put_descriptor(&in);
            break;
        case 2:
            access_memory(&in, tlb);
            break;
        default:
            invalidate(&in, tlb);
        }
    }
    return 0;
}
