/* -device help, -device MODEL,help, and models by their names. */
#include "ui/options_parse.h"

#include <stdio.h>
#include <string.h>

#include "hw/arm/devices.h"
#include "util/bits.h"

/* Models of QEMU's that exist but not here. */
static const char *const missing[] = {
    "scsi-block", "scsi-generic", "virtio-9p", "virtio-9p-pci",
    "virtio-9p-device", "virtio-balloon", "virtio-balloon-pci",
    "virtio-balloon-device", "virtio-gpu", "virtio-gpu-pci",
    "virtio-gpu-device", "virtio-gpu-gl", "virtio-gpu-gl-pci", "virtio-vga",
    "virtio-vga-gl", "virtio-keyboard-pci", "virtio-keyboard-device",
    "virtio-mouse-pci", "virtio-mouse-device", "virtio-tablet-pci",
    "virtio-tablet-device", "virtio-input-host-pci", "virtio-iommu-pci",
    "virtio-crypto-pci", "virtio-mem-pci", "virtio-pmem-pci",
    "virtio-sound-pci", "vhost-user-fs-pci", "vhost-user-fs-device",
    "vhost-user-blk-pci", "vhost-vsock-pci", "vhost-vsock-device",
    "vhost-scsi-pci", "nvme", "nvme-ns", "ich9-ahci", "ahci", "ide-hd",
    "ide-cd", "sdhci-pci", "sd-card", "e1000", "e1000e", "igb", "rtl8139",
    "vmxnet3", "pcnet", "ne2k_pci", "tulip", "i82559er", "qemu-xhci",
    "nec-usb-xhci", "usb-ehci", "ich9-usb-ehci1", "ich9-usb-uhci1",
    "piix3-usb-uhci", "pci-ohci", "usb-kbd", "usb-mouse", "usb-tablet",
    "usb-storage", "usb-bot", "usb-uas", "usb-hub", "usb-host", "usb-net",
    "usb-serial", "usb-audio", "usb-mtp", "usb-redir", "usb-ccid", "VGA",
    "secondary-vga", "bochs-display", "cirrus-vga", "ramfb", "ati-vga",
    "vmware-svga", "intel-hda", "ich9-intel-hda", "hda-duplex",
    "hda-output", "hda-micro", "AC97", "ES1370", "edu", "ivshmem-plain",
    "ivshmem-doorbell", "pci-serial", "pci-serial-2x", "pci-serial-4x",
    "pci-bridge", "pcie-pci-bridge", "i82801b11-bridge", "ioh3420",
    "x3130-upstream", "xio3130-downstream", "pxb-pcie", "pxb", "cxl-rp",
    "pvpanic-pci", "i6300esb", "tpm-tis-device", "nvdimm",
    "pc-dimm", "acpi-erst", "vfio-pci", "vfio-platform", "megasas",
    "lsi53c895a", "mptsas1068", "pvscsi", "am53c974", "generic-sdhci",
    "arm-smmuv3", NULL,
};

/* Help --------------------------------------------------------------------- */

void options_print_types(void)
{
    static const char *const groups[] = {
        "Controller/Bridge/Hub devices", "Storage devices",
        "Network devices", "Input devices", "Misc devices"};
    size_t count;
    const struct device_type *types = device_types(&count);

    for (size_t g = 0; g < ARRAY_SIZE(groups); g++) {
        printf("%s%s:\n", g ? "\n" : "", groups[g]);
        for (size_t i = 0; i < count; i++) {
            const struct device_type *t = &types[i];
            if (strcmp(t->group, groups[g]) != 0) {
                continue;
            }
            printf("name \"%s\"", t->name);
            if (t->bus != DEVICE_BOARD) {
                printf(", bus %s", device_bus_names[t->bus]);
            }
            if (t->alias) {
                printf(", alias \"%s\"", t->alias);
            }
            printf(", desc \"%s\"\n", t->help);
        }
    }
}

static void property_print(const char *name, const char *type,
                           const char *help)
{
    char left[48];

    snprintf(left, sizeof(left), "%s=<%s>", name, type);
    printf("  %-32s - %s\n", left, help);
}

static void features_print(const struct virtio_property *row)
{
    for (; row->name; row++) {
        property_print(row->name, "bool", "on or off");
    }
}

void options_print_type(const struct device_type *type)
{
    static const char *const names[] = {
        [VALUE_STRING] = "str",      [VALUE_BOOL] = "bool",
        [VALUE_NOT_BOOL] = "bool",   [VALUE_UINT] = "uint32",
        [VALUE_UINT16] = "uint16",   [VALUE_UINT64] = "uint64",
        [VALUE_INT] = "int32",       [VALUE_BYTES] = "size",
        [VALUE_SIZE] = "size",       [VALUE_CHOICE] = "OnOffAuto",
        [VALUE_OFF_OR_ON] = "OnOffAuto",
        [VALUE_ON_ERROR] = "BlockdevOnError",
        [VALUE_DUPLEX] = "str",      [VALUE_MAC] = "str",
        [VALUE_ADDRESS] = "int32",   [VALUE_IGNORED] = "any",
    };

    printf("%s options:\n", type->name);
    for (size_t i = 0; i < DEVICE_PROPERTY_LISTS; i++) {
        const struct device_property *row = type->properties[i];
        for (; row && row->name; row++) {
            property_print(row->name, names[row->kind], row->help);
        }
    }
    if (type->make) {
        features_print(virtio_properties);
    }
    if (type->make == plug_make_net) {
        features_print(virtio_net_properties);
    }
}

const struct device_type *options_find_type(const char *name,
                                            struct error **err)
{
    const struct device_type *type = device_type_find(name);
    size_t count;
    const struct device_type *types = device_types(&count);

    if (type) {
        return type;
    }
    parse_unknown(name, "a valid device model name", "-device", missing,
                  &types[0].name, count, sizeof(types[0]), err);
    return NULL;
}
