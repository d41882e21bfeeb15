#include "tests/unit/tlb_rig.h"

struct tlb_rig tlb_rig;

static uint64_t device_read(void *opaque, struct bus_access access)
{
    (void)opaque;
    tlb_rig.device.seen[tlb_rig.device.count++ % 8] = access;
    return UINT64_C(0x1111111111111111) * (access.offset / 4 + 1);
}

static void device_write(void *opaque, struct bus_access access,
                         uint64_t value)
{
    (void)opaque;
    tlb_rig.device.seen[tlb_rig.device.count++ % 8] = access;
    tlb_rig.device.value = value;
}

static const struct mmio_ops device_ops = {.read = device_read,
                                           .write = device_write};

uint64_t tlb_rig_strip(void *cpu, const struct tlb_key *key, uint64_t va)
{
    (void)cpu, (void)key;
    return va & mask64(56);
}

static bool allowed(const struct mapping *m, const struct tlb_key *key,
                    enum tlb_access access)
{
    uint8_t perm = key->el ? m->el1 : m->el0;
    bool user = m->el0 & (R | W);

    if (key->pan && key->el && user && access != TLB_EXEC) {
        return false;
    }
    return perm & (access == TLB_READ ? R : access == TLB_WRITE ? W : X);
}

static bool walk(void *cpu, const struct tlb_key *key, uint64_t va,
                 enum tlb_access access, struct tlb_page *page,
                 struct mem_fault *fault)
{
    uint64_t stripped = tlb_rig_strip(cpu, key, va);

    tlb_rig.walks++;
    *fault = (struct mem_fault){.va = va, .status = CODE_WALK,
                                .access = (uint8_t)access};
    for (unsigned i = 0; i < tlb_rig.map_count; i++) {
        const struct mapping *m = &tlb_rig.maps[i];
        uint64_t offset = stripped - m->va;
        if (offset >= m->size || (m->asid >= 0 && m->asid != key->asid)) {
            continue;
        }
        if (!allowed(m, key, access)) {
            fault->status = CODE_PERM;
            return false;
        }
        *page = (struct tlb_page){
            .pa = m->pa + (offset & ~(PAGE - 1)),
            .block_size = m->size,
            .global = m->global,
            .device = m->device,
            .perm_el0 = m->el0,
            .perm_el1 = m->el1,
            .user = m->el0 & (R | W),
        };
        return true;
    }
    return false;
}

const struct tlb_codes tlb_rig_codes = {
    .alignment = CODE_ALIGNMENT,
    .external = CODE_EXTERNAL,
};

/* Three pages side by side whose frames are not, and one of each kind. */
static const struct mapping usual[] = {
    {0x10000, PAGE, RAM_BASE + 0x5000, R | W | X, R | W, 0, 0, 1},
    {0x11000, PAGE, RAM_BASE + 0x2000, R | W | X, R | W, 0, 0, 1},
    {0x12000, PAGE, RAM_BASE + 0x9000, R, R, 0, 0, 1},
    {0x20000, PAGE, DEV_BASE, R | W, R | W, 1, 0, -1},
    {0x21000, PAGE, DEV_BASE, R | W, R | W | X, 0, 0, -1},
    {0x22000, PAGE, RAM_BASE + 0x7000, R | W, R | W, 1, 0, -1},
    {0x23000, PAGE, NOWHERE, R | W, R | W, 0, 0, -1},
    {0x24000, PAGE, ROM_BASE, R | W, R | W | X, 0, 0, -1},
    {0x30000, PAGE, RAM_BASE + 0x1000, 0, R | W | X, 0, 1, -1},
    {0x400000, 0x200000, RAM_BASE + 0x200000, R | W, R | W, 0, 0, -1},
    {0x10000, PAGE, RAM_BASE + 0x6000, R | W | X, R | W, 0, 0, 2},
    {0x800000, 0x200000, 0, R | W, R | W, 0, 0, -1}, /* ROM, then nothing */
};

void tlb_rig_setup(void)
{
    memset(&tlb_rig.device, 0, sizeof(tlb_rig.device));
    tlb_rig.bus = bus_new();
    tlb_rig.ram = ram_new("ram", RAM_SIZE, NULL);
    tlb_rig.rom = ram_new("rom", 0x10000, NULL);
    tlb_rig.rom->readonly = true;
    bus_map_ram(tlb_rig.bus, RAM_BASE, tlb_rig.ram);
    bus_map_ram(tlb_rig.bus, ROM_BASE, tlb_rig.rom);
    bus_map_mmio(tlb_rig.bus, DEV_BASE, 0x1000, "dev", &device_ops, NULL);
    tlb_rig.ids = page_ids_new();
    tlb_rig.tlb = tlb_new(tlb_rig.bus, tlb_rig.ids, 3, NULL, walk,
                          tlb_rig_strip, &tlb_rig_codes);
    memcpy(tlb_rig.maps, usual, sizeof(usual));
    tlb_rig.map_count = ARRAY_SIZE(usual);
    tlb_rig.walks = 0;
}

void tlb_rig_teardown(void)
{
    tlb_free(tlb_rig.tlb);
    page_ids_free(tlb_rig.ids);
    bus_free(tlb_rig.bus);
    ram_free(tlb_rig.ram);
    ram_free(tlb_rig.rom);
}
