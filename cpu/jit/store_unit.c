/*
 * One unit of a store's file: where its parts are, and whether they are what
 * they should be.
 */
#include "cpu/jit/store_file.h"

#include <string.h>

#include "util/bits.h"

/* In two lanes, which the host works on at the same time. */
uint64_t store_sum(uint64_t seed, const void *data, size_t size)
{
    const uint8_t *p = data;
    uint64_t even = seed ^ size * UINT64_C(0x9e3779b97f4a7c15), odd = ~even;
    uint64_t word[2];

    for (; size >= 16; size -= 16, p += 16) {
        memcpy(word, p, 16);
        even = sum_step(even, word[0]);
        odd = sum_step(odd, word[1]);
    }
    memset(word, 0, sizeof(word));
    memcpy(word, p, size);
    return sum_step(sum_step(even, word[0]), sum_step(odd, word[1]));
}

uint64_t store_key(unsigned page_offset, uint32_t context,
                   const uint8_t *guest, unsigned bytes)
{
    return store_sum((uint64_t)context << 32 | page_offset, guest,
                     bytes < STORE_KEY_BYTES ? bytes : STORE_KEY_BYTES);
}

struct store_parts store_unit_parts(const struct store_unit *u)
{
    struct store_parts p;

    p.link = (struct store_link *)(uintptr_t)(u + 1);
    p.site = (struct block_site *)(p.link + u->links);
    p.reloc = (uint16_t *)(p.site + u->sites);
    p.name = p.reloc + u->thunk_relocs + u->pc_relocs;
    p.code = (uint8_t *)(p.name + u->thunk_relocs);
    p.guest = p.code + u->code_size;
    return p;
}

size_t store_unit_size(const struct store_unit *u)
{
    struct store_parts p = store_unit_parts(u);

    return align_up((size_t)(p.guest + u->guest_bytes - (uint8_t *)u), 8);
}

static const void *summed(const struct store_unit *u)
{
    return &u->key;
}

void store_unit_seal(struct store_unit *u)
{
    u->sum = store_sum(0, summed(u), u->size - sizeof(u->sum));
}

static bool links_are_sound(const struct store_unit *u,
                            const struct store_parts *p)
{
    for (unsigned n = 0; n < u->links; n++) {
        const struct store_link *l = &p->link[n];

        if (l->patch + 4u > u->code_size ||
            (l->patch & 7) > BACKEND_PATCH_MOST ||
            (l->turns && !(l->patch & 7))) {
            return false;
        }
    }
    return u->links <= IR_MAX_EDGES;
}

static bool relocs_are_sound(const struct store_unit *u,
                             const struct store_parts *p, unsigned names)
{
    for (unsigned n = 0; n < u->thunk_relocs; n++) {
        if (p->reloc[n] + 4u > u->code_size || p->name[n] >= names) {
            return false;
        }
    }
    for (unsigned n = 0; n < u->pc_relocs; n++) {
        if (p->reloc[u->thunk_relocs + n] + 8u > u->code_size) {
            return false;
        }
    }
    return true;
}

bool store_unit_is_sound(const struct store_unit *u, unsigned names)
{
    if (u->size < sizeof(*u) || store_unit_size(u) != u->size ||
        u->sum != store_sum(0, summed(u), u->size - sizeof(u->sum))) {
        return false;
    }
    struct store_parts p = store_unit_parts(u);
    return u->guest_bytes >= 4 && u->page_offset + u->guest_bytes <= 4096 &&
           u->skip % 8 == 0 && u->skip < 16 && u->pad <= u->guarded &&
           u->guarded < u->polled && u->polled < u->entry &&
           u->entry < u->code_size && u->guarded + 16u <= u->code_size &&
           links_are_sound(u, &p) && relocs_are_sound(u, &p, names);
}

bool store_unit_is_twin(const struct store_unit *a, const struct store_unit *b)
{
    return a->context == b->context && a->page_offset == b->page_offset &&
           a->guest_bytes == b->guest_bytes &&
           !memcmp(store_unit_parts(a).guest, store_unit_parts(b).guest,
                   a->guest_bytes);
}
