/*
 * What to boot from, for firmware: fw_cfg's "bootorder" has a line for each
 * device with a bootindex, the first first, in the form of open firmware's
 * device paths (IEEE 1275, chapter 3) with the names that QEMU's have.
 */
#include "hw/arm/plug.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/core/bytes.h"
#include "hw/misc/fw_cfg.h"

/* The host's node is not one of the tree's; firmware knows it by "pci". */
#define HOST_PATH "/pci@ffffffffffffffff"

static char *new_entry(struct machine *m, int index)
{
    size_t size = (m->boot_entry_count + 1) * sizeof(*m->boot_entries);
    unsigned at = m->boot_entry_count++;

    m->boot_entries = realloc(m->boot_entries, size);
    assert(m->boot_entries);
    for (; at > 0 && m->boot_entries[at - 1].index > index; at--) {
        m->boot_entries[at] = m->boot_entries[at - 1];
    }
    m->boot_entries[at] = (struct boot_entry){.index = index};
    return m->boot_entries[at].path;
}

/* "/pci@.../pci-bridge@2": the way to the bus of `f`. */
static void put_bus(char *path, size_t size, const struct pci_function *f)
{
    const struct pci_function *bridge = pci_bus_bridge(f->bus);

    if (!bridge) {
        snprintf(path, size, "%s", HOST_PATH);
        return;
    }
    put_bus(path, size, bridge);
    size_t length = strlen(path);
    snprintf(path + length, size - length, "/pci-bridge@%x",
             PCI_SLOT(bridge->devfn));
}

void bootorder_add_pci(struct machine *m, int index,
                       const struct pci_function *f, const char *function,
                       const char *unit)
{
    size_t size = sizeof(m->boot_entries->path);
    char where[16];

    if (index < 0) {
        return;
    }
    char *path = new_entry(m, index);
    if (PCI_FUNCTION(f->devfn)) {
        snprintf(where, sizeof(where), "%x,%x", PCI_SLOT(f->devfn),
                 PCI_FUNCTION(f->devfn));
    } else {
        snprintf(where, sizeof(where), "%x", PCI_SLOT(f->devfn));
    }
    put_bus(path, size, f);
    size_t length = strlen(path);
    snprintf(path + length, size - length, "/%s@%s/%s", function, where,
             unit);
}

void bootorder_add_mmio(struct machine *m, int index, uint64_t base,
                        const char *unit)
{
    if (index >= 0) {
        snprintf(new_entry(m, index), sizeof(m->boot_entries->path),
                 "/virtio-mmio@%016llx/%s", (unsigned long long)base, unit);
    }
}

void bootorder_publish(struct machine *m)
{
    const struct machine_config *c = m->config;
    struct bytes list = {0}, wait = {0}, retry = {0};

    for (unsigned i = 0; i < m->boot_entry_count; i++) {
        bytes_text(&list, list.size ? "\n" : "");
        bytes_text(&list, m->boot_entries[i].path);
    }
    if (c->boot_strict && list.size) {
        bytes_text(&list, "\nHALT");
    }
    if (list.size) {
        bytes_u8(&list, 0);
    }
    fw_cfg_set_file(m->fw_cfg, "bootorder", list.data, list.size);
    bytes_u32(&retry, c->boot_retry ? c->boot_retry_wait : UINT32_MAX);
    fw_cfg_set_file(m->fw_cfg, "etc/boot-fail-wait", retry.data, retry.size);
    if (c->boot_menu_timed) {
        bytes_u16(&wait, (uint16_t)c->boot_menu_wait);
        fw_cfg_set_file(m->fw_cfg, "etc/boot-menu-wait", wait.data,
                        wait.size);
    }
    bytes_free(&list);
    bytes_free(&wait);
    bytes_free(&retry);
}
