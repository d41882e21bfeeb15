/*
 * The DSDT: the devices that cannot be found by asking, in ACPI's language.
 * Hardware ids: the ACPI ID registry and Arm's, QEMU0002 is fw_cfg,
 * LNRO0005 virtio over MMIO.
 */
#include "hw/arm/acpi.h"

#include <stdio.h>

#include "hw/core/aml.h"
#include "hw/misc/ged.h"

#define PCI_SLOTS 32
#define PCI_PINS 4

/* _STA: present, enabled, works; not shown to the user. */
#define STATUS_HIDDEN 0x0b

static void put_resources(struct bytes *b, const struct acpi_region *r)
{
    aml_name(b, "_CRS");
    struct aml_mark crs = aml_begin_resources(b);
    aml_memory32_fixed(b, (uint32_t)r->base, (uint32_t)r->size);
    if (r->intid) {
        aml_interrupt(b, r->intid, AML_LEVEL);
    }
    aml_end_resources(b, crs);
}

/* "C001": `prefix` padded with digits to four characters. */
static struct aml_mark begin_numbered(struct bytes *b, const char *format,
                                      unsigned n)
{
    char name[16];

    snprintf(name, sizeof(name), format, n);
    return aml_begin_device(b, name);
}

static void put_cpus(struct bytes *b, const struct acpi_board *board)
{
    for (unsigned i = 0; i < board->cpus; i++) {
        struct aml_mark device = begin_numbered(b, "C%03X", i);
        aml_name_string(b, "_HID", "ACPI0007");
        aml_name_integer(b, "_UID", i);
        aml_end(b, device);
    }
}

static void put_uarts(struct bytes *b, const struct acpi_board *board)
{
    for (unsigned i = 0; i < MACHINE_MAX_SERIALS; i++) {
        if (!board->uart[i].size) {
            continue;
        }
        struct aml_mark device = begin_numbered(b, "COM%u", i);
        aml_name_string(b, "_HID", "ARMH0011");
        aml_name_integer(b, "_UID", i);
        put_resources(b, &board->uart[i]);
        aml_end(b, device);
    }
}

static void put_fw_cfg(struct bytes *b, const struct acpi_board *board)
{
    struct aml_mark device = aml_begin_device(b, "FWCF");

    aml_name_string(b, "_HID", "QEMU0002");
    aml_name_integer(b, "_STA", STATUS_HIDDEN);
    aml_name_integer(b, "_CCA", 1);
    put_resources(b, &board->fw_cfg);
    aml_end(b, device);
}

static void put_virtio_mmio(struct bytes *b, const struct acpi_board *board)
{
    struct acpi_region slot = board->virtio_mmio;

    for (unsigned i = 0; i < board->virtio_mmio_slots; i++) {
        struct aml_mark device = begin_numbered(b, "VR%02u", i);
        aml_name_string(b, "_HID", "LNRO0005");
        aml_name_integer(b, "_UID", i);
        aml_name_integer(b, "_CCA", 1);
        put_resources(b, &slot);
        aml_end(b, device);
        slot.base += slot.size;
        slot.intid++;
    }
}

/* PCI Express ------------------------------------------------------------ */

/* "GSI0" to "GSI3": what each of the four wires is called. */
static const char *link_name(unsigned wire)
{
    static const char *const names[PCI_PINS] = {"GSI0", "GSI1", "GSI2",
                                                "GSI3"};

    return names[wire % PCI_PINS];
}

/* Pin p of slot s drives wire (s + p) % 4. */
static void put_pci_routing(struct bytes *b)
{
    aml_name(b, "_PRT");
    struct aml_mark table = aml_begin_package(b, PCI_SLOTS * PCI_PINS);
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        for (unsigned pin = 0; pin < PCI_PINS; pin++) {
            struct aml_mark row = aml_begin_package(b, 4);
            aml_integer(b, slot << 16 | 0xffff); /* every function */
            aml_integer(b, pin);
            aml_path(b, link_name(slot + pin));
            aml_integer(b, 0);
            aml_end(b, row);
        }
    }
    aml_end(b, table);
}

static void put_one_interrupt(struct bytes *b, const char *name,
                              uint32_t intid, enum aml_trigger trigger)
{
    aml_name(b, name);
    struct aml_mark resources = aml_begin_resources(b);
    aml_interrupt(b, intid, trigger);
    aml_end_resources(b, resources);
}

/* A wire's link device (ACPI 6.0, 6.2.13): it has one setting and keeps
 * it. */
static void put_pci_links(struct bytes *b, uint32_t first_intid)
{
    for (unsigned i = 0; i < PCI_PINS; i++) {
        struct aml_mark device = aml_begin_device(b, link_name(i));
        aml_name_string(b, "_HID", "PNP0C0F");
        aml_name_integer(b, "_UID", i);
        put_one_interrupt(b, "_PRS", first_intid + i, AML_LEVEL);
        put_one_interrupt(b, "_CRS", first_intid + i, AML_LEVEL);
        aml_end(b, aml_begin_method(b, "_SRS", 1));
        aml_end(b, device);
    }
}

static void put_pci_windows(struct bytes *b, const struct acpi_board *board)
{
    const struct acpi_region *io = &board->pci_io;
    const struct acpi_region *low = &board->pci_memory32;
    const struct acpi_region *high = &board->pci_memory64;

    aml_name(b, "_CRS");
    struct aml_mark crs = aml_begin_resources(b);
    aml_window16(b, AML_WINDOW_BUS, 0, (uint32_t)(board->ecam.size >> 20));
    aml_window32(b, AML_WINDOW_MEMORY, (uint32_t)low->base,
                 (uint32_t)low->size, 0);
    aml_window32(b, AML_WINDOW_IO, 0, (uint32_t)io->size,
                 (uint32_t)io->base);
    if (high->size) {
        aml_window64(b, AML_WINDOW_MEMORY, high->base, high->size);
    }
    aml_end_resources(b, crs);
}

/* field = field OP bits. */
static void put_change(struct bytes *b, enum aml_op op, const char *field,
                       unsigned bits)
{
    aml_op(b, op);
    aml_path(b, field);
    aml_integer(b, bits);
    aml_path(b, field);
}

static void put_store(struct bytes *b, const char *from, const char *to)
{
    aml_op(b, AML_STORE);
    aml_path(b, from);
    aml_path(b, to);
}

static void put_dword_field(struct bytes *b, unsigned offset,
                            const char *name)
{
    aml_op(b, AML_CREATE_DWORD_FIELD);
    aml_op(b, AML_ARG0 + 3);
    aml_integer(b, offset);
    aml_path(b, name);
}

static struct aml_mark begin_if_uuid(struct bytes *b, const char *uuid)
{
    struct aml_mark mark = aml_begin_if(b);

    aml_op(b, AML_LEQUAL);
    aml_op(b, AML_ARG0);
    aml_uuid(b, uuid);
    return mark;
}

static void put_return_arg3(struct bytes *b)
{
    aml_op(b, AML_RETURN);
    aml_op(b, AML_ARG0 + 3);
}

/*
 * Who drives PCIe features (ACPI 6.0, 6.2.11; PCI Firmware 3.0, 4.5.1): the
 * guest may have all that it asks for among hot-plug, power events, AER and
 * the capability structure.
 */
static void put_pci_osc(struct bytes *b)
{
    enum { FAILED_UUID = 1 << 2, FAILED_REVISION = 1 << 3, MASKED = 1 << 4 };
    enum { GRANTED = 0x1f };

    aml_name_integer(b, "SUPP", 0);
    aml_name_integer(b, "CTRL", 0);
    struct aml_mark method = aml_begin_method(b, "_OSC", 4);
    put_dword_field(b, 0, "CDW1");
    struct aml_mark known =
        begin_if_uuid(b, "33db4d5b-1ff7-401c-9657-7441c03dd766");
    put_dword_field(b, 4, "CDW2");
    put_dword_field(b, 8, "CDW3");
    put_store(b, "CDW2", "SUPP");
    put_store(b, "CDW3", "CTRL");
    put_change(b, AML_AND, "CTRL", GRANTED);
    struct aml_mark revision = aml_begin_if(b);
    aml_op(b, AML_LNOT);
    aml_op(b, AML_LEQUAL);
    aml_op(b, AML_ARG0 + 1);
    aml_integer(b, 1);
    put_change(b, AML_OR, "CDW1", FAILED_REVISION);
    aml_end(b, revision);
    struct aml_mark masked = aml_begin_if(b);
    aml_op(b, AML_LNOT);
    aml_op(b, AML_LEQUAL);
    aml_path(b, "CDW3");
    aml_path(b, "CTRL");
    put_change(b, AML_OR, "CDW1", MASKED);
    aml_end(b, masked);
    put_store(b, "CTRL", "CDW3");
    put_return_arg3(b);
    aml_end(b, known);
    struct aml_mark unknown = aml_begin_else(b);
    put_change(b, AML_OR, "CDW1", FAILED_UUID);
    put_return_arg3(b);
    aml_end(b, unknown);
    aml_end(b, method);
}

static void put_return_byte(struct bytes *b, uint8_t byte)
{
    aml_op(b, AML_RETURN);
    struct aml_mark buffer = aml_begin_buffer(b);
    bytes_u8(b, byte);
    aml_end(b, buffer);
}

/* Which functions of device labelling there are: this one (PCI Firmware
 * 3.1, 4.6.1). */
static void put_pci_dsm(struct bytes *b)
{
    struct aml_mark method = aml_begin_method(b, "_DSM", 4);
    struct aml_mark labelling =
        begin_if_uuid(b, "e5c937d0-3553-4d7a-9117-ea4d19c3434d");
    struct aml_mark query = aml_begin_if(b);

    aml_op(b, AML_LEQUAL);
    aml_op(b, AML_ARG0 + 2);
    aml_integer(b, 0);
    put_return_byte(b, 1);
    aml_end(b, query);
    aml_end(b, labelling);
    put_return_byte(b, 0);
    aml_end(b, method);
}

/* Configuration space is not the bridge's to hand out. */
static void put_pci_reserved(struct bytes *b, const struct acpi_region *ecam)
{
    struct aml_mark device = aml_begin_device(b, "RES0");

    aml_name_string(b, "_HID", "PNP0C02");
    aml_name(b, "_CRS");
    struct aml_mark crs = aml_begin_resources(b);
    aml_window64(b, AML_WINDOW_MEMORY, ecam->base, ecam->size);
    aml_end_resources(b, crs);
    aml_end(b, device);
}

static void put_pci(struct bytes *b, const struct acpi_board *board)
{
    struct aml_mark device = aml_begin_device(b, "PCI0");

    aml_name_string(b, "_HID", "PNP0A08");
    aml_name_string(b, "_CID", "PNP0A03");
    aml_name_integer(b, "_SEG", 0);
    aml_name_integer(b, "_BBN", 0);
    aml_name_integer(b, "_UID", 0);
    aml_name(b, "_STR");
    aml_unicode(b, "PCIe 0 Device");
    aml_name_integer(b, "_CCA", 1);
    put_pci_routing(b);
    put_pci_links(b, board->ecam.intid);
    struct aml_mark cba = aml_begin_method(b, "_CBA", 0);
    aml_op(b, AML_RETURN);
    aml_integer(b, board->ecam.base);
    aml_end(b, cba);
    put_pci_windows(b, board);
    put_pci_osc(b);
    put_pci_dsm(b);
    put_pci_reserved(b, &board->ecam);
    aml_end(b, device);
}

/* Events --------------------------------------------------------------- */

/* The generic event device (ACPI 6.1, 5.6.9). */
static void put_events(struct bytes *b, const struct acpi_region *ged)
{
    struct aml_mark device = aml_begin_device(b, "\\_SB.GED");

    aml_name_string(b, "_HID", "ACPI0013");
    aml_name_string(b, "_UID", "GED");
    put_one_interrupt(b, "_CRS", ged->intid, AML_EDGE);
    aml_register(b, "EREG", (uint32_t)ged->base, "ESEL");
    struct aml_mark method =
        aml_begin_method(b, "_EVT", 1 | AML_SERIALIZED);
    aml_op(b, AML_STORE);
    aml_path(b, "ESEL");
    aml_op(b, AML_LOCAL0);
    struct aml_mark pressed = aml_begin_if(b);
    aml_op(b, AML_LEQUAL);
    aml_op(b, AML_AND);
    aml_op(b, AML_LOCAL0);
    aml_integer(b, GED_POWER_BUTTON);
    aml_integer(b, 0); /* into nothing */
    aml_integer(b, GED_POWER_BUTTON);
    aml_op(b, AML_NOTIFY);
    aml_path(b, "PWRB");
    aml_integer(b, 0x80); /* pressed */
    aml_end(b, pressed);
    aml_end(b, method);
    aml_end(b, device);
}

static void put_power_button(struct bytes *b)
{
    struct aml_mark device = aml_begin_device(b, "PWRB");

    aml_name_string(b, "_HID", "PNP0C0C");
    aml_name_integer(b, "_UID", 0);
    aml_end(b, device);
}

size_t acpi_dsdt(struct acpi_tables *t, const struct acpi_board *board)
{
    size_t start = acpi_begin(t, "DSDT", 2);
    struct bytes *b = &t->tables;
    struct aml_mark scope = aml_begin_scope(b, "\\_SB");

    put_cpus(b, board);
    put_uarts(b, board);
    put_fw_cfg(b, board);
    put_virtio_mmio(b, board);
    if (board->ecam.size) {
        put_pci(b, board);
    }
    if (board->ged.size) {
        put_events(b, &board->ged);
        put_power_button(b);
    }
    aml_end(b, scope);
    acpi_end(t, start);
    return start;
}
