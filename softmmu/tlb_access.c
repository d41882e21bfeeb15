/*
 * Slow-path accesses: what generated code calls when a first-level entry
 * does not match.
 *
 * Order of checks, as the architecture ranks the faults: alignment that
 * was asked for, translation of each page touched, alignment that Device
 * memory demands, then the bus.
 */
#include <string.h>

#include "softmmu/ram_ahead.h"
#include "softmmu/tlb_internal.h"

/* Where (part of) an access goes. */
struct target {
    uint64_t pa;
    uint8_t *host;      /* of the address; NULL: ask the bus */
    struct ram *ram;    /* set with host, and for read-only RAM */
    bool device;        /* the mapping says Device */
    bool secure;        /* pa is of the Secure address space */
};

/* One access and its flags, to pass them on as one. */
struct access {
    struct tlb *tlb;
    struct tlb_context *ctx;
    uint64_t va;
    unsigned size;
    unsigned element; /* bytes that are accessed, and aligned, as one */
    unsigned flags;
    enum tlb_access kind;
    struct mem_fault *fault;
};

/* ---- host memory ---- */

/* One host instruction each, aligned or not. */
typedef uint16_t u16_any __attribute__((aligned(1), may_alias));
typedef uint32_t u32_any __attribute__((aligned(1), may_alias));
typedef uint64_t u64_any __attribute__((aligned(1), may_alias));
typedef uint64_t v128_any
    __attribute__((vector_size(16), aligned(1), may_alias));

#define COPY(type, to, from) \
    (*(volatile type *)(to) = *(const volatile type *)(from))

/* Copy `size` bytes so that every naturally aligned piece of guest memory,
 * at `guest`, of up to 8 bytes is accessed at once. */
static void copy_pieces(void *to, const void *from, uintptr_t guest,
                        unsigned size)
{
    for (unsigned done = 0; done < size;) {
        char *t = (char *)to + done;
        const char *f = (const char *)from + done;
        unsigned left = size - done;
        unsigned align = (unsigned)(guest + done) & 7;

        if (align == 0 && left >= 8) {
            COPY(u64_any, t, f);
            done += 8;
        } else if ((align & 3) == 0 && left >= 4) {
            COPY(u32_any, t, f);
            done += 4;
        } else if ((align & 1) == 0 && left >= 2) {
            COPY(u16_any, t, f);
            done += 2;
        } else {
            COPY(uint8_t, t, f);
            done += 1;
        }
    }
}

/* `guest` is the one of the two pointers that is guest memory. */
static inline void copy(void *to, const void *from, const void *guest,
                        unsigned size)
{
    switch (size) {
    case 1:
        COPY(uint8_t, to, from);
        break;
    case 2:
        COPY(u16_any, to, from);
        break;
    case 4:
        COPY(u32_any, to, from);
        break;
    case 8:
        COPY(u64_any, to, from);
        break;
    case 16:
        if (((uintptr_t)guest & 15) == 0) {
            COPY(v128_any, to, from);
            break;
        }
        /* fall through */
    default:
        copy_pieces(to, from, (uintptr_t)guest, size);
        break;
    }
}

/* ---- faults ---- */

static bool fail(const struct access *a, uint64_t va, uint32_t status,
                 bool external)
{
    *a->fault = (struct mem_fault){
        .va = va,
        .status = status,
        .access = a->kind,
        .stage = 1,
        .external = external,
    };
    return false;
}

static bool fail_alignment(const struct access *a)
{
    return fail(a, a->va, a->tlb->codes.alignment, false);
}

static bool fail_external(const struct access *a, uint64_t va)
{
    return fail(a, va, a->tlb->codes.external, true);
}

/* The processor may watch what is accessed; asked last. */
static bool is_watched(const struct access *a)
{
    struct tlb *tlb = a->tlb;
    uint64_t at, va = tlb_untag(a->va);

    if (!tlb->watch_count || (a->flags & TLB_NO_FILL) ||
        !(tlb_is_watched(tlb, va) ||
          tlb_is_watched(tlb, va + a->size - 1)) ||
        !tlb->watch(tlb->cpu, &a->ctx->key, va, a->size,
                    a->kind == TLB_WRITE ? TLB_WATCH_STORE : TLB_WATCH_LOAD,
                    &at)) {
        return false;
    }
    fail(a, at, 0, false);
    a->fault->watch = true;
    return true;
}

/* ---- translation ---- */

static bool allows(const struct tlb_key *key, const struct tlb_page *page,
                   enum tlb_access kind)
{
    static const uint8_t needed[] = {
        [TLB_READ] = TLB_PERM_R,
        [TLB_WRITE] = TLB_PERM_W,
        [TLB_EXEC] = TLB_PERM_X,
    };
    uint8_t perm = key->el ? page->perm_el1 : page->perm_el0;

    if (key->pan && key->el && kind != TLB_EXEC && page->user) {
        return false;
    }
    return perm & needed[kind];
}

static bool walk(struct tlb *tlb, const struct tlb_context *ctx, uint64_t va,
                 uint64_t stripped, enum tlb_access kind,
                 struct tlb_page *page, struct mem_fault *fault)
{
    tlb->stats.walks++;
    do {
        *page = (struct tlb_page){0};
        if (!tlb->walk(tlb->cpu, &ctx->key, va, kind, page, fault)) {
            return false;
        }
    } while (page->global && !ctx->key.mmu_off &&
             tlb_note_global(tlb, stripped, page));
    return true;
}

struct l2_data *tlb_find_mapping(struct tlb *tlb,
                                 const struct tlb_context *ctx, uint64_t va,
                                 enum tlb_access kind, uint64_t *offset,
                                 struct mem_fault *fault)
{
    uint64_t stripped =
        tlb_untag(va) == va ? va : tlb->strip(tlb->cpu, &ctx->key, va);
    struct l2_data *found = tlb_l2_find(tlb, &ctx->key, stripped);

    if (!found || !allows(&ctx->key, &found->page, kind)) {
        struct tlb_page page;

        tlb->stats.l2_misses += !found;
        if (!walk(tlb, ctx, va, stripped, kind, &page, fault)) {
            return NULL;
        }
        found = tlb_l2_insert(tlb, &ctx->key, stripped, &page);
    }
    *offset = stripped & (found->page.block_size - 1);
    return found;
}

static struct bus *bus_of(const struct tlb *tlb, bool secure)
{
    return secure ? bus_secure(tlb->bus) : tlb->bus;
}

struct ram *tlb_ram_at(struct tlb *tlb, struct l2_data *mapping, uint64_t pa)
{
    struct ram *ram = mapping->ram;
    uint64_t page = pa & TLB_PAGE_MASK;
    uint64_t offset;

    if (ram && page - ram->base < ram->size) {
        return ram;
    }
    ram = bus_ram(bus_of(tlb, mapping->page.secure), page, TLB_PAGE_SIZE,
                  &offset);
    if (ram) {
        mapping->ram = ram;
    }
    return ram;
}

static struct device_slot *device_slot(struct tlb *tlb, uint64_t va)
{
    return &tlb->device[va >> TLB_PAGE_BITS & (TLB_DEVICES - 1)];
}

static void remember_device(const struct access *a, uint64_t va, uint64_t pa,
                            const struct tlb_page *page)
{
    struct tlb *tlb = a->tlb;
    const struct tlb_key *key = &a->ctx->key;
    struct device_slot *slot = device_slot(tlb, va);

    if (tlb_is_watched(tlb, va) || (a->flags & TLB_NO_FILL) ||
        !bus_find_window(bus_of(tlb, page->secure), pa, &slot->window)) {
        return;
    }
    slot->va = va & TLB_PAGE_MASK;
    slot->pa = pa & TLB_PAGE_MASK;
    slot->ctx = a->ctx;
    slot->stamp = tlb->device_stamp;
    slot->perm = (allows(key, page, TLB_READ) ? TLB_PERM_R : 0) |
                 (allows(key, page, TLB_WRITE) ? TLB_PERM_W : 0);
}

/* An aligned access to a device that was accessed before: false if it is
 * anything else. */
static bool access_device_again(const struct access *a, uint8_t *data)
{
    struct tlb *tlb = a->tlb;
    const struct device_slot *slot = device_slot(tlb, a->va);
    bool write = a->kind == TLB_WRITE;
    uint64_t pa = slot->pa | (a->va & ~TLB_PAGE_MASK);
    uint64_t value = 0;

    if (slot->stamp != tlb->device_stamp || slot->ctx != a->ctx ||
        slot->va != (a->va & TLB_PAGE_MASK) || a->element != a->size ||
        a->size > 8 || !(slot->perm & (write ? TLB_PERM_W : TLB_PERM_R))) {
        return false;
    }
    if (write) {
        memcpy(&value, data, a->size);
        return bus_window_write(&slot->window, pa, a->size, tlb->cpu_index,
                                value);
    }
    if (!bus_window_read(&slot->window, pa, a->size, tlb->cpu_index, &value)) {
        return false;
    }
    memcpy(data, &value, a->size);
    return true;
}

/* Find the target of the part of `a` at `va`, and fill the first level. */
static bool resolve(const struct access *a, uint64_t va,
                    struct target *target)
{
    struct tlb *tlb = a->tlb;
    uint64_t offset;
    struct l2_data *mapping =
        tlb_find_mapping(tlb, a->ctx, va, a->kind, &offset, a->fault);

    if (!mapping) {
        return false;
    }
    uint64_t pa = mapping->page.pa + offset;
    struct ram *ram = tlb_ram_at(tlb, mapping, pa);
    *target = (struct target){
        .pa = pa,
        .ram = ram,
        .device = mapping->page.device,
        .secure = mapping->page.secure,
    };
    if (!ram) {
        remember_device(a, va, pa, &mapping->page);
        return true;
    }
    uint8_t *host = ram->host + (pa - ram->base);
    if (a->kind == TLB_WRITE) {
        ram_ahead_stored(ram->ahead, pa - ram->base);
    }
    if (!(a->flags & TLB_NO_FILL)) {
        tlb_l1_fill(tlb, a->ctx, va, a->kind, &mapping->page, ram,
                    host - (va & ~TLB_PAGE_MASK));
    }
    if (a->kind != TLB_WRITE || !ram->readonly) {
        target->host = host;
    }
    return true;
}

/* A store to it has to be told of (strict mode). */
static bool is_code_page(const struct access *a, const struct target *target)
{
    const struct ram *ram = target->ram;

    if (!a->tlb->strict) {
        return false;
    }
    uint64_t page = (target->pa - ram->base) >> RAM_PAGE_BITS;
    return __atomic_load_n(&ram->flags[page], __ATOMIC_RELAXED) &
           RAM_PAGE_CODE;
}

static bool begin_code_store(const struct access *a,
                             const struct target *target, unsigned size)
{
    const struct tlb *tlb = a->tlb;

    if (tlb->code_ops.before(tlb->code_opaque, target->pa, size)) {
        return true;
    }
    *a->fault = (struct mem_fault){
        .va = a->va, .access = TLB_WRITE, .retry = true,
    };
    return false;
}

static bool store_to_code(const struct access *a,
                          const struct target *target, unsigned size,
                          const uint8_t *data)
{
    const struct tlb *tlb = a->tlb;

    if (!begin_code_store(a, target, size)) {
        return false;
    }
    copy(target->host, data, target->host, size);
    tlb->code_ops.after(tlb->code_opaque, target->pa, size);
    return true;
}

/* ---- the bus ---- */

/* The largest naturally aligned piece at pa. */
static unsigned piece(uint64_t pa, unsigned left, unsigned most)
{
    unsigned size = most < 8 ? most : 8;
    while (size > left || (pa & (size - 1))) {
        size >>= 1;
    }
    return size;
}

static bool bus_part(const struct access *a, uint64_t va,
                     const struct target *target, unsigned size,
                     uint8_t *data)
{
    struct tlb *tlb = a->tlb;
    struct bus *bus = bus_of(tlb, target->secure);
    uint64_t pa = target->pa;

    tlb->stats.device++;
    for (unsigned done = 0; done < size;) {
        unsigned n = piece(pa + done, size - done, a->element);
        uint64_t value = 0;
        bool ok;

        if (a->kind == TLB_WRITE) {
            memcpy(&value, data + done, n);
            ok = bus_write(bus, pa + done, n, tlb->cpu_index, value);
        } else {
            ok = bus_read(bus, pa + done, n, tlb->cpu_index, &value);
            memcpy(data + done, &value, n);
        }
        if (!ok) {
            return fail_external(a, va + done);
        }
        done += n;
    }
    return true;
}

/* ---- accesses ---- */

static bool transfer(const struct access *a, uint64_t va,
                     const struct target *target, unsigned size,
                     uint8_t *data)
{
    if (!target->host) {
        return bus_part(a, va, target, size, data);
    }
    if (a->kind != TLB_WRITE) {
        copy(data, target->host, target->host, size);
    } else if (is_code_page(a, target)) {
        return store_to_code(a, target, size, data);
    } else {
        copy(target->host, data, target->host, size);
    }
    return true;
}

static bool is_unaligned(const struct access *a)
{
    return (a->flags & TLB_NORMAL) || (a->va & (a->element - 1));
}

static bool access_crossing(const struct access *a, unsigned first,
                            uint8_t *data)
{
    uint64_t second_va = a->va + first;
    struct target targets[2];

    a->tlb->stats.crossing++;
    if (!resolve(a, a->va, &targets[0]) ||
        !resolve(a, second_va, &targets[1])) {
        return false;
    }
    if (is_unaligned(a) && (targets[0].device || targets[1].device)) {
        return fail_alignment(a);
    }
    return !is_watched(a) &&
           transfer(a, a->va, &targets[0], first, data) &&
           transfer(a, second_va, &targets[1], a->size - first,
                    data + first);
}

static void count_miss(const struct access *a)
{
    struct tlb_stats *stats = &a->tlb->stats;

    (*(a->kind == TLB_WRITE ? &stats->store_misses : &stats->load_misses))++;
}

static bool may_be_unaligned(const struct access *a, bool atomic)
{
    const struct tlb *tlb = a->tlb;

    return tlb->unaligned &&
           tlb->unaligned(tlb->cpu, tlb_untag(a->va), a->size, atomic);
}

static bool access_slow(const struct access *a, uint8_t *data)
{
    unsigned left = TLB_PAGE_SIZE - (a->va & ~TLB_PAGE_MASK);
    struct target target;

    if (access_device_again(a, data)) {
        a->tlb->stats.device++;
        return true;
    }
    count_miss(a);
    if ((a->flags & TLB_ALIGNED) && is_unaligned(a) &&
        !may_be_unaligned(a, false)) {
        return fail_alignment(a);
    }
    if (a->size > left) {
        return access_crossing(a, left, data);
    }
    if (!resolve(a, a->va, &target)) {
        return false;
    }
    if (target.device && is_unaligned(a)) {
        return fail_alignment(a);
    }
    return !is_watched(a) &&
           transfer(a, a->va, &target, a->size, data);
}

/* A first-level hit of a kind that needs no check of alignment. */
static inline bool is_plain_hit(const struct tlb_context *ctx,
                                const struct tlb_entry *entry, uint64_t va,
                                unsigned size, unsigned flags)
{
    return tlb_hit(entry, va, size) &&
           (!(va & (size - 1)) ||
            (!(flags & TLB_ALIGNED) && !ctx->key.mmu_off));
}

/* The same, after another page has given the slot back if need be. */
static inline bool finds_plain_hit(struct tlb *tlb, struct tlb_context *ctx,
                                   const struct tlb_entry *entry, uint64_t va,
                                   unsigned size, unsigned flags, bool write)
{
    return is_plain_hit(ctx, entry, va, size, flags) ||
           (!(flags & TLB_NO_FILL) && tlb_l1_recall(tlb, ctx, va, write) &&
            is_plain_hit(ctx, entry, va, size, flags));
}

bool tlb_load(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
              unsigned size, unsigned flags, void *data,
              struct mem_fault *fault)
{
    const struct tlb_entry *entry = tlb_entry_of(ctx, va, false);

    if (finds_plain_hit(tlb, ctx, entry, va, size, flags, false)) {
        const void *host = (const void *)(uintptr_t)(entry->addend + va);
        copy(data, host, host, size);
        return true;
    }
    struct access access = {
        .tlb = tlb,
        .ctx = ctx,
        .va = va,
        .size = size,
        .element = flags & TLB_PAIR ? size / 2 : size,
        .flags = flags,
        .kind = TLB_READ,
        .fault = fault,
    };
    return access_slow(&access, data);
}

bool tlb_store(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
               unsigned size, unsigned flags, const void *data,
               struct mem_fault *fault)
{
    const struct tlb_entry *entry = tlb_entry_of(ctx, va, true);

    if (finds_plain_hit(tlb, ctx, entry, va, size, flags, true)) {
        void *host = (void *)(uintptr_t)(entry->addend + va);
        copy(host, data, host, size);
        return true;
    }
    struct access access = {
        .tlb = tlb,
        .ctx = ctx,
        .va = va,
        .size = size,
        .element = flags & TLB_PAIR ? size / 2 : size,
        .flags = flags,
        .kind = TLB_WRITE,
        .fault = fault,
    };
    return access_slow(&access, (uint8_t *)data);
}

/* A page that is read could be written without another walk. */
static bool may_write_as_is(struct tlb *tlb, const struct tlb_context *ctx,
                            uint64_t va, struct mem_fault *fault)
{
    uint64_t offset;
    const struct l2_data *mapping =
        tlb_find_mapping(tlb, ctx, va, TLB_READ, &offset, fault);

    return mapping && allows(&ctx->key, &mapping->page, TLB_WRITE);
}

uint64_t tlb_fill(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
                  unsigned size, bool write, bool sure)
{
    const struct tlb_entry *entry = tlb_entry_of(ctx, va, write);
    struct mem_fault fault;
    struct access access = {
        .tlb = tlb, .ctx = ctx, .va = va, .size = size, .element = size,
        .kind = write ? TLB_WRITE : TLB_READ, .fault = &fault,
    };
    struct target target;

    if (tlb_l1_recall(tlb, ctx, va, write)) {
        return tlb_hit(entry, va, size) ? entry->addend : 0;
    }
    if (size > TLB_PAGE_SIZE - (va & ~TLB_PAGE_MASK) ||
        (write && !sure && !may_write_as_is(tlb, ctx, va, &fault))) {
        return 0;
    }
    count_miss(&access);
    return resolve(&access, va, &target) && tlb_hit(entry, va, size)
               ? entry->addend : 0;
}

/* A store is a load before. */
static bool is_atomic_watched(struct access *a)
{
    enum tlb_access kind = a->kind;

    a->kind = TLB_READ;
    if (is_watched(a)) {
        return true;
    }
    a->kind = kind;
    return kind == TLB_WRITE && is_watched(a);
}

void *tlb_host_for_atomic(struct tlb *tlb, struct tlb_context *ctx,
                          uint64_t va, unsigned size, bool write,
                          struct mem_fault *fault)
{
    struct access access = {
        .tlb = tlb,
        .ctx = ctx,
        .va = va,
        .size = size,
        .element = size,
        .kind = write ? TLB_WRITE : TLB_READ,
        .fault = fault,
    };
    struct target target;

    bool unaligned = is_unaligned(&access);

    if (unaligned && !may_be_unaligned(&access, true)) {
        fail_alignment(&access);
        return NULL;
    }
    const struct tlb_entry *entry = tlb_entry_of(ctx, va, write);
    if (tlb_hit(entry, va, size)) {
        return (void *)(uintptr_t)(entry->addend + va);
    }
    count_miss(&access);
    if (!resolve(&access, va, &target)) {
        uint64_t offset;
        struct mem_fault read_fault;
        if (write && !tlb_find_mapping(tlb, ctx, va, TLB_READ, &offset,
                                   &read_fault)) {
            *fault = read_fault;
        }
        return NULL;
    }
    if (unaligned && target.device) {
        fail_alignment(&access);
        return NULL;
    }
    if (!target.host) {
        fail_external(&access, va);
        return NULL;
    }
    if (is_atomic_watched(&access)) {
        return NULL;
    }
    if (write && is_code_page(&access, &target)) {
        if (!begin_code_store(&access, &target, size)) {
            return NULL;
        }
        tlb->atomic_pa = target.pa;
        tlb->atomic_size = size;
    }
    return target.host;
}

void tlb_atomic_done(struct tlb *tlb)
{
    if (tlb->atomic_size) {
        tlb->code_ops.after(tlb->code_opaque, tlb->atomic_pa,
                            tlb->atomic_size);
        tlb->atomic_size = 0;
    }
}

bool tlb_translate(struct tlb *tlb, struct tlb_context *ctx, uint64_t va,
                   enum tlb_access access, struct tlb_page *page,
                   struct mem_fault *fault)
{
    uint64_t offset;
    struct l2_data *mapping =
        tlb_find_mapping(tlb, ctx, va, access, &offset, fault);

    if (!mapping) {
        return false;
    }
    *page = mapping->page;
    page->pa += offset & TLB_PAGE_MASK;
    return true;
}
