#include "tests/unit/x64_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpu/ir/interp.h"
#include "cpu/ir/passes.h"
#include "softmmu/tlb.h"
#include "util/bits.h"

#define RIG_CODE (4u << 20)
#define RIG_THUNKS (512u << 10)
#define RIG_STUBS (IR_MAX_EDGES * 16u)

static bool rig_walk(void *cpu, const struct tlb_key *key, uint64_t va,
                     enum tlb_access access, struct tlb_page *page,
                     struct mem_fault *fault)
{
    uint64_t offset = va - RIG_RAM;
    bool last = offset >> 12 == RIG_PAGES - 1;

    (void)cpu, (void)key;
    *fault = (struct mem_fault){ .va = va, .status = 7, .access = access };
    if (offset >= RIG_SIZE || (last && access == TLB_WRITE)) {
        return false;
    }
    *page = (struct tlb_page){
        .pa = va & ~UINT64_C(0xfff), .block_size = 4096, .global = true,
        .perm_el0 = TLB_PERM_R | (last ? 0 : TLB_PERM_W),
        .perm_el1 = TLB_PERM_R | (last ? 0 : TLB_PERM_W),
    };
    return true;
}

static uint64_t rig_strip(void *cpu, const struct tlb_key *key, uint64_t va)
{
    (void)cpu, (void)key;
    return va;
}

static void rig_code(struct rig *r)
{
    int fd = memfd_create("x64-test", 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, RIG_CODE), 0);
    r->code.size = RIG_CODE;
    r->code.rw = mmap(NULL, RIG_CODE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                      0);
    r->code.rx = mmap(NULL, RIG_CODE, PROT_READ | PROT_EXEC, MAP_SHARED, fd,
                      0);
    ck_assert(r->code.rw != MAP_FAILED && r->code.rx != MAP_FAILED);
    close(fd);
}

struct rig *rig_new(bool parallel)
{
    static const struct tlb_codes codes = { .alignment = 0x21,
                                            .external = 0x10 };
    static const struct tlb_key key = { .el = 1 };
    struct rig *r = calloc(1, sizeof(*r));
    struct error *err = NULL;
    size_t used = 0;

    r->bus = bus_new();
    r->ram = ram_new("ram", RIG_SIZE, &err);
    ck_assert_ptr_nonnull(r->ram);
    bus_map_ram(r->bus, RIG_RAM, r->ram);
    r->ids = page_ids_new();
    r->vcpu = aligned_alloc(64, align_up(sizeof(*r->vcpu), 64));
    memset(r->vcpu, 0, sizeof(*r->vcpu));
    r->tlb = tlb_new(r->bus, r->ids, 0, r->vcpu, rig_walk, rig_strip,
                     &codes);
    r->vcpu->mmu = r->tlb;
    r->vcpu->tlb = r->vcpu->tlb_unpriv = tlb_context(r->tlb, &key);
    r->vcpu->parallel = parallel;
    r->vcpu->excl_addr = VCPU_EXCL_NONE;
    rig_code(r);
    r->backend = backend_new(&r->code, &used, parallel, &err);
    ck_assert_ptr_nonnull(r->backend);
    ck_assert_uint_le(used, RIG_THUNKS);
    for (unsigned n = 0; n < JUMP_CACHE_ENTRIES; n++) {
        r->vcpu->jump_cache[n].code = backend_jump_miss(r->backend);
    }
    r->unit_code = (struct jit_buffer){
        r->code.rw + RIG_THUNKS, r->code.rx + RIG_THUNKS,
        RIG_CODE - RIG_THUNKS - RIG_STUBS,
    };
    r->thread = backend_thread_new(r->backend);
    r->unit = ir_unit_new();
    return r;
}

void rig_free(struct rig *r)
{
    backend_thread_free(r->thread);
    backend_free(r->backend);
    munmap(r->code.rw, RIG_CODE);
    munmap((void *)(uintptr_t)r->code.rx, RIG_CODE);
    tlb_free(r->tlb);
    page_ids_free(r->ids);
    ram_free(r->ram);
    bus_free(r->bus);
    free(r->vcpu);
    free(r->unit);
    free(r);
}

/* As the run loop does: where the guest stands now. */
void rig_find_pc(struct rig *r)
{
    uintptr_t base = (uintptr_t)r->unit_code.rx;
    uint32_t offset = r->vcpu->host_return - base;

    if (!r->vcpu->host_return) {
        return;
    }
    if (offset == r->result.pad) {
        r->vcpu->pc = r->unit->pc;
        return;
    }
    for (unsigned k = 0; k < r->result.link_count; k++) {
        if (r->vcpu->host_return == rig_left(r, k)) {
            ck_assert_int_eq(r->vcpu->exit, VCPU_EXIT_NONE);
            r->vcpu->pc =
                r->unit->pc + (uint64_t)(int64_t)r->result.links[k].target;
            return;
        }
    }
    for (unsigned k = 0; k < r->result.site_count; k++) {
        if (r->result.sites[k].host == offset) {
            r->vcpu->pc = ir_insn_pc(r->unit->pc, r->result.sites[k].insn);
            return;
        }
    }
    ck_abort_msg("left at no site");
}

uintptr_t rig_left(const struct rig *r, unsigned n)
{
    const struct block_link *link = &r->result.links[n];
    const uint8_t *jump = r->unit_code.rx + link->patch + 4;

    return (uintptr_t)(link->stub ? jump + link->to_stub + BACKEND_STUB : jump);
}

bool rig_compile_for(struct rig *r, uint32_t page_id)
{
    if (!backend_compile(r->thread, r->unit, page_id, &r->unit_code,
                         &r->result)) {
        return false;
    }
    const struct jit_buffer stubs = {r->code.rw + RIG_CODE,
                                     r->code.rx + RIG_CODE, 0};
    struct block_link *links = r->result.links;
    backend_place_stubs(r->backend, &stubs, &r->unit_code, links,
                        r->result.link_count, links);
    return true;
}

bool rig_compile(struct rig *r)
{
    return rig_compile_for(r, 0);
}

void rig_jit(struct rig *r)
{
    ck_assert_msg(rig_compile(r), "not compiled");
    if (r->verbose) {
        backend_disas(stderr, r->unit_code.rx, r->result.code_size);
    }
    r->vcpu->exit = VCPU_EXIT_NONE;
    backend_enter(r->backend, r->vcpu,
                  r->unit_code.rx + r->result.entry);
    rig_find_pc(r);
}

static bool rig_differ(bool *bad, bool differ, const char *what,
                       uint64_t want, uint64_t got)
{
    if (differ) {
        fprintf(stderr, "%s: interpreter %#llx, translator %#llx\n", what,
                (unsigned long long)want, (unsigned long long)got);
        *bad = true;
    }
    return differ;
}

/* Everything but what only one of the two uses. */
static bool rig_same(const struct vcpu *a, const struct vcpu *b)
{
    bool bad = false;
    char name[16];

#define SAME(field) \
    rig_differ(&bad, a->field != b->field, #field, a->field, b->field)
    SAME(pc);
    SAME(exit);
    SAME(saturated);
    SAME(excl_addr);
    SAME(excl_size);
    SAME(fp.flags);
    SAME(syndrome);
#undef SAME
    if (a->exit == VCPU_EXIT_FAULT) {
        rig_differ(&bad, a->fault.va != b->fault.va, "fault.va", a->fault.va,
                   b->fault.va);
        rig_differ(&bad, a->fault.status != b->fault.status, "fault.status",
                   a->fault.status, b->fault.status);
        rig_differ(&bad, a->fault.access != b->fault.access, "fault.access",
                   a->fault.access, b->fault.access);
    }
    rig_differ(&bad, (a->flags ^ b->flags) & FLAG_BITS, "flags",
               a->flags & FLAG_BITS, b->flags & FLAG_BITS);
    for (unsigned n = 0; n < 32; n++) {
        snprintf(name, sizeof(name), "r%u", n);
        rig_differ(&bad, a->r[n] != b->r[n], name, a->r[n], b->r[n]);
        for (unsigned k = 0; k < 2; k++) {
            snprintf(name, sizeof(name), "v%u.d[%u]", n, k);
            rig_differ(&bad, a->v[n].d[k] != b->v[n].d[k], name,
                       a->v[n].d[k], b->v[n].d[k]);
        }
    }
    return !bad;
}

bool rig_run(struct rig *r)
{
    const char *problem = ir_verify(r->unit);
    struct vcpu start, want;
    bool same;

    ck_assert_msg(!problem, "%s", problem);
    memcpy(r->before, r->ram->host, RIG_SIZE);
    start = *r->vcpu;
    if (r->verbose) {
        ir_print(stderr, r->unit);
    }
    r->vcpu->pc = r->unit->pc;
    tlb_invalidate(r->tlb, &(struct tlb_inval){ .kind = TLB_INVAL_ALL });
    ir_interpret(r->vcpu, r->unit->insn, r->unit->count,
                 r->unit->insn + IR_FIRST_CONST, r->unit->const_count,
                 r->unit->edge);
    tlb_invalidate(r->tlb, &(struct tlb_inval){ .kind = TLB_INVAL_ALL });
    want = *r->vcpu;
    memcpy(r->after, r->ram->host, RIG_SIZE);
    memcpy(r->ram->host, r->before, RIG_SIZE);
    *r->vcpu = start;
    if (r->pass) {
        r->pass(r->unit);
        problem = ir_verify(r->unit);
        ck_assert_msg(!problem, "%s", problem);
    }
    rig_jit(r);
    same = rig_same(&want, r->vcpu);
    if (memcmp(r->after, r->ram->host, RIG_SIZE)) {
        fprintf(stderr, "memory differs\n");
        same = false;
    }
    if (!same && !r->verbose) {
        ir_print(stderr, r->unit);
        backend_disas(stderr, r->unit_code.rx, r->result.code_size);
    }
    return same;
}

uint64_t rig_random(uint64_t *seed)
{
    uint64_t x = *seed += UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

unsigned rig_pick(uint64_t *seed, unsigned n)
{
    return rig_random(seed) % n;
}

uint64_t rig_value(uint64_t *seed)
{
    static const uint64_t edge[] = {
        0, 1, 2, 3, 4, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000,
        0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
        0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
        0xffffffff80000000, 0xffffffff7fffffff, 0x3f800000,
        0x3ff0000000000000, 0x7ff0000000000000, 0x7f800000,
        0x7ff8000000000001, 0x7fc00001, 0x7ff0000000000001,
        0xbff0000000000000, 0x0010000000000000, 0x00800000,
        0x3c007c00fc007e01, 0x8000000080000000,
    };
    uint64_t v = rig_random(seed);

    switch (v % 4) {
    case 0:
        return edge[rig_random(seed) % ARRAY_SIZE(edge)];
    case 1:
        return rig_random(seed) >> rig_random(seed) % 64;
    default:
        return rig_random(seed);
    }
}

/* A number of `exp` exponent and `frac` fraction bits, near where formats
 * end and around 1. */
static uint64_t rig_float(uint64_t *seed, unsigned exp, unsigned frac)
{
    uint64_t max = mask64((int)exp), r = rig_random(seed);
    const uint64_t exps[] = {
        0, 0, 1, 2, max / 2, max / 2 - 1, max / 2 + 1, max / 4, max / 4 + 1,
        max * 3 / 4, max - 1, max, max / 2 + frac, max / 2 + r % 70,
        max / 2 - r % 70, r & max,
    };
    uint64_t fracs[] = { 0, 0, 1, mask64(frac), mask64(frac) - 1,
                         BIT(frac - 1), rig_random(seed),
                         rig_random(seed) << (frac - 4) };
    uint64_t e = exps[rig_pick(seed, ARRAY_SIZE(exps))] & max;
    uint64_t f = fracs[rig_pick(seed, ARRAY_SIZE(fracs))] & mask64(frac);

    return (r >> 63) << (exp + frac) | e << frac | f;
}

static uint64_t rig_vector_half(uint64_t *seed)
{
    switch (rig_pick(seed, 5)) {
    case 0:
        return rig_value(seed);
    case 4:
        return rig_float(seed, 5, 10) | rig_float(seed, 5, 10) << 16 |
               rig_float(seed, 5, 10) << 32 | rig_float(seed, 5, 10) << 48;
    case 1:
        return rig_float(seed, 8, 23) | rig_float(seed, 8, 23) << 32;
    default:
        return rig_float(seed, 11, 52);
    }
}

void rig_randomise(struct rig *r, uint64_t *seed)
{
    for (unsigned n = 0; n < 32; n++) {
        r->vcpu->r[n] = rig_value(seed);
        r->vcpu->v[n].d[0] = rig_vector_half(seed);
        r->vcpu->v[n].d[1] = rig_vector_half(seed);
    }
    r->vcpu->flags = ir_flags_pack(rig_random(seed) & 15);
    for (unsigned n = 0; n < RIG_SIZE; n += 8) {
        uint64_t v = rig_random(seed);

        memcpy(r->ram->host + n, &v, 8);
    }
}
