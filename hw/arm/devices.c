/*
 * The table of device types and of their properties.  A new device is a row
 * here and a function in plug.c; -device, -device help and -global follow.
 */
#include "hw/arm/devices.h"

#include <string.h>

#include "util/bits.h"

const char *const device_bus_names[] = {"PCI", "virtio-bus",
                                        "virtio-serial-bus", "SCSI", NULL};

/* Properties ------------------------------------------------------------ */

#define AT(member) offsetof(struct device_config, member)
#define END {NULL, 0, NULL, 0, 0}
#define IGNORED(name) {name, VALUE_IGNORED, "accepted", 0, 0}

/* Of whatever is on PCI. */
#define PCI_COMMON                                                        \
    {"multifunction", VALUE_BOOL, "there may be functions beside it",     \
     AT(multifunction), 0},                                               \
    {"romfile", VALUE_STRING, "an expansion ROM", AT(romfile), 0},        \
    {"rombar", VALUE_UINT, "0: the guest does not see it", AT(rom_bar), 1},\
    {"romsize", VALUE_BYTES, "a power of two", AT(romsize), 0}

static const struct device_property pci_properties[] = {
    {"addr", VALUE_ADDRESS, "slot and function, as 06.0 or 06",
     AT(devfn), 0},
    PCI_COMMON,
    IGNORED("acpi-index"),
    IGNORED("failover_pair_id"),
    IGNORED("x-pcie-extcap-init"),
    IGNORED("x-pcie-lnksta-dllla"),
    END,
};

static const struct device_property virtio_pci_properties[] = {
    {"addr", VALUE_ADDRESS, "slot and function, as 06.0 or 06",
     AT(devfn), 0},
    {"disable-legacy", VALUE_CHOICE,
     "no interface for drivers before virtio 1.0", AT(pci.disable_legacy),
     0},
    {"disable-modern", VALUE_BOOL, "no virtio 1.0 interface",
     AT(pci.disable_modern), 0},
    {"vectors", VALUE_INT, "MSI-X vectors; 0: none", AT(pci.vectors), 0},
    PCI_COMMON,
    IGNORED("acpi-index"),
    IGNORED("aer"),
    IGNORED("ats"),
    IGNORED("class"),
    IGNORED("failover_pair_id"),
    IGNORED("ioeventfd"),
    IGNORED("migrate-extra"),
    IGNORED("modern-pio-notify"),
    IGNORED("page-per-vq"),
    IGNORED("virtio-pci-bus-master-bug-migration"),
    IGNORED("x-disable-pcie"),
    IGNORED("x-pcie-flr-init"),
    END,
};

static const struct device_property blk_properties[] = {
    {"drive", VALUE_STRING, "id of a -drive, or node name",
     AT(drive_id), 0},
    {"serial", VALUE_STRING, "what the guest sees: 20 characters",
     AT(blk.serial), 0},
    {"bootindex", VALUE_INT, "0 is tried first", AT(bootindex), 0},
    {"num-queues", VALUE_UINT, "number of queues", AT(blk.queues), 1024},
    {"queue-size", VALUE_UINT, "requests in each", AT(blk.queue_size),
     UINT16_MAX},
    {"logical_block_size", VALUE_BYTES, "512 to 2M",
     AT(blk.logical_block_size), 0},
    {"physical_block_size", VALUE_BYTES, "512 to 2M",
     AT(blk.physical_block_size), 0},
    {"min_io_size", VALUE_BYTES, "a hint", AT(blk.min_io_size), 0},
    {"opt_io_size", VALUE_BYTES, "a hint", AT(blk.opt_io_size), 0},
    {"discard", VALUE_NOT_BOOL, "the guest may trim",
     AT(blk.no_discard), 0},
    {"write-zeroes", VALUE_NOT_BOOL, "the guest may clear ranges",
     AT(blk.no_write_zeroes), 0},
    {"max-discard-sectors", VALUE_UINT, "in one request",
     AT(blk.max_discard_sectors), UINT32_MAX},
    {"max-write-zeroes-sectors", VALUE_UINT, "in one request",
     AT(blk.max_write_zeroes_sectors), UINT32_MAX},
    {"config-wce", VALUE_NOT_BOOL, "the guest may switch its cache",
     AT(blk.no_config_wce), 0},
    {"write-cache", VALUE_OFF_OR_ON, "whether it starts switched on",
     AT(blk.write_cache_off), 0},
    {"share-rw", VALUE_BOOL, "others may write the image, too",
     AT(share_rw), 0},
    {"werror", VALUE_ON_ERROR, "report, ignore, enospc or stop",
     AT(werror), AT(has_werror)},
    {"rerror", VALUE_ON_ERROR, "report, ignore, enospc or stop",
     AT(rerror), AT(has_rerror)},
    IGNORED("account-failed"),
    IGNORED("account-invalid"),
    IGNORED("backend_defaults"),
    IGNORED("cyls"),
    IGNORED("discard_granularity"),
    IGNORED("heads"),
    IGNORED("iothread"),
    IGNORED("lcyls"),
    IGNORED("lheads"),
    IGNORED("lsecs"),
    IGNORED("report-discard-granularity"),
    IGNORED("request-merging"),
    IGNORED("scsi"),
    IGNORED("secs"),
    IGNORED("seg-max-adjust"),
    END,
};

static const struct device_property net_properties[] = {
    {"netdev", VALUE_STRING, "id of a -netdev", AT(netdev), 0},
    {"mac", VALUE_MAC, "Ethernet address", AT(net.mac), AT(has_mac)},
    {"bootindex", VALUE_INT, "0 is tried first", AT(bootindex), 0},
    {"mq", VALUE_BOOL, "as many queues as the back end has",
     AT(net.multiqueue), 0},
    {"rx_queue_size", VALUE_UINT, "packets", AT(net.rx_queue_size), 1024},
    {"tx_queue_size", VALUE_UINT, "packets", AT(net.tx_queue_size), 1024},
    {"host_mtu", VALUE_UINT16, "what the guest is told", AT(net.mtu), 0},
    {"speed", VALUE_UINT, "Mbit/s, what the guest is told",
     AT(net.speed), INT32_MAX},
    {"duplex", VALUE_DUPLEX, "half or full", AT(net.half_duplex), 0},
    IGNORED("failover"),
    IGNORED("gso"),
    IGNORED("guest_ecn"),
    IGNORED("guest_rsc_ext"),
    IGNORED("guest_ufo"),
    IGNORED("hash"),
    IGNORED("host_ecn"),
    IGNORED("host_ufo"),
    IGNORED("rsc_interval"),
    IGNORED("rss"),
    IGNORED("tx"),
    IGNORED("x-txburst"),
    IGNORED("x-txtimer"),
    END,
};

static const struct device_property rng_properties[] = {
    {"rng", VALUE_STRING, "id of an -object rng-...", AT(rng_id), 0},
    {"max-bytes", VALUE_UINT64, "in each period",
     AT(rng.max_bytes), 0},
    {"period", VALUE_UINT, "milliseconds", AT(rng.period_ms),
     UINT32_MAX},
    END,
};

static const struct device_property serial_properties[] = {
    {"max_ports", VALUE_UINT, "room for ports", AT(max_ports),
     UINT32_MAX},
    IGNORED("emergency-write"),
    END,
};

static const struct device_property port_properties[] = {
    {"chardev", VALUE_STRING, "id of a -chardev", AT(chardev), 0},
    {"name", VALUE_STRING, "by which the guest finds it",
     AT(port.name), 0},
    {"nr", VALUE_UINT, "number of the port", AT(port.nr), UINT32_MAX},
    END,
};

static const struct device_property scsi_properties[] = {
    {"num_queues", VALUE_UINT, "queues of requests; one per CPU on PCI",
     AT(scsi.queues), 1024},
    {"virtqueue_size", VALUE_UINT, "requests in each",
     AT(scsi.queue_size), UINT16_MAX},
    {"max_sectors", VALUE_UINT, "of 512 bytes in a request",
     AT(scsi.max_sectors), UINT32_MAX},
    {"cmd_per_lun", VALUE_UINT, "requests at a time",
     AT(scsi.cmd_per_lun), UINT32_MAX},
    {"hotplug", VALUE_NOT_BOOL, "events for units that come and go",
     AT(scsi.no_hotplug), 0},
    {"param_change", VALUE_NOT_BOOL, "events for media that change",
     AT(scsi.no_param_change), 0},
    IGNORED("iothread"),
    IGNORED("seg_max_adjust"),
    END,
};

static const struct device_property unit_properties[] = {
    {"drive", VALUE_STRING, "id of a -drive, or node name",
     AT(drive_id), 0},
    {"channel", VALUE_UINT, "0", AT(unit.channel), UINT32_MAX},
    {"scsi-id", VALUE_UINT, "target, 0 to 255", AT(unit.target),
     UINT32_MAX},
    {"lun", VALUE_UINT, "0 to 16383", AT(unit.lun), UINT32_MAX},
    {"bootindex", VALUE_INT, "0 is tried first", AT(bootindex), 0},
    {"serial", VALUE_STRING, "what the guest sees: 36 characters",
     AT(unit.serial), 0},
    {"vendor", VALUE_STRING, "8 characters", AT(unit.vendor), 0},
    {"product", VALUE_STRING, "16 characters", AT(unit.product), 0},
    {"ver", VALUE_STRING, "4 characters", AT(unit.version), 0},
    {"device_id", VALUE_STRING, "name; the serial or the drive's id",
     AT(unit.device_id), 0},
    {"wwn", VALUE_UINT64, "world wide name", AT(unit.wwn), 0},
    {"port_wwn", VALUE_UINT64, "of the port", AT(unit.port_wwn), 0},
    {"port_index", VALUE_UINT16, "number of the port",
     AT(unit.port_index), 0},
    {"scsi_version", VALUE_INT, "5: SPC-3", AT(unit.version_code), 0},
    {"write-cache", VALUE_OFF_OR_ON, "whether it starts switched on",
     AT(unit.write_cache_off), 0},
    {"share-rw", VALUE_BOOL, "others may write the image, too",
     AT(share_rw), 0},
    {"werror", VALUE_ON_ERROR, "report, ignore, enospc or stop",
     AT(werror), AT(has_werror)},
    {"rerror", VALUE_ON_ERROR, "report, ignore, enospc or stop",
     AT(rerror), AT(has_rerror)},
    IGNORED("account-failed"),
    IGNORED("account-invalid"),
    IGNORED("backend_defaults"),
    IGNORED("quirk_mode_page_vendor_specific_apple"),
    END,
};

static const struct device_property hd_properties[] = {
    {"removable", VALUE_BOOL, "the medium can be", AT(unit.removable), 0},
    {"rotation_rate", VALUE_UINT16, "per minute; 1: does not turn",
     AT(unit.rotation_rate), 0},
    {"logical_block_size", VALUE_BYTES, "512 to 2M",
     AT(unit.logical_block_size), 0},
    {"physical_block_size", VALUE_BYTES, "512 to 2M",
     AT(unit.physical_block_size), 0},
    {"min_io_size", VALUE_BYTES, "a hint", AT(unit.min_io_size), 0},
    {"opt_io_size", VALUE_BYTES, "a hint", AT(unit.opt_io_size), 0},
    {"discard_granularity", VALUE_BYTES, "a hint",
     AT(unit.discard_granularity), 0},
    {"max_io_size", VALUE_UINT64, "bytes, a hint", AT(unit.max_io_size), 0},
    {"max_unmap_size", VALUE_UINT64, "bytes, a hint",
     AT(unit.max_unmap_size), 0},
    {"dpofua", VALUE_BOOL, "writes past the cache are offered",
     AT(unit.dpofua), 0},
    IGNORED("cyls"),
    IGNORED("heads"),
    IGNORED("lcyls"),
    IGNORED("lheads"),
    IGNORED("lsecs"),
    IGNORED("secs"),
    END,
};

static const struct device_property cd_properties[] = {
    IGNORED("discard_granularity"),
    IGNORED("logical_block_size"),
    IGNORED("max_io_size"),
    IGNORED("min_io_size"),
    IGNORED("opt_io_size"),
    IGNORED("physical_block_size"),
    IGNORED("quirk_mode_page_apple_vendor"),
    IGNORED("quirk_mode_page_truncated"),
    IGNORED("quirk_mode_sense_rom_use_dbd"),
    END,
};

static const struct device_property root_port_properties[] = {
    {"slot", VALUE_UINT, "physical slot", AT(root_port.slot), UINT16_MAX},
    {"port", VALUE_UINT, "number of the link", AT(root_port.port),
     UINT8_MAX},
    {"hotplug", VALUE_NOT_BOOL, "the slot is one for hot-plug",
     AT(root_port.no_hotplug), 0},
    IGNORED("chassis"),
    IGNORED("aer_log_max"),
    IGNORED("bus-reserve"),
    IGNORED("disable-acs"),
    IGNORED("io-reserve"),
    IGNORED("mem-reserve"),
    IGNORED("power_controller_present"),
    IGNORED("pref32-reserve"),
    IGNORED("pref64-reserve"),
    IGNORED("x-speed"),
    IGNORED("x-width"),
    IGNORED("x-native-hotplug"),
    END,
};

static const struct device_property testdev_properties[] = {
    {"membar", VALUE_SIZE, "size of an empty BAR", AT(membar), 0},
    END,
};

static const struct device_property loader_properties[] = {
    {"file", VALUE_STRING, "what to load", AT(loader.file), 0},
    {"force-raw", VALUE_BOOL, "an ELF, too, is copied as it is",
     AT(loader.force_raw), 0},
    {"addr", VALUE_UINT64, "where to", AT(loader.addr),
     AT(loader.has_addr)},
    {"data", VALUE_UINT64, "a number to store", AT(loader.data), 0},
    {"data-len", VALUE_UINT, "its bytes", AT(loader.data_len), UINT8_MAX},
    {"data-be", VALUE_BOOL, "most significant byte first",
     AT(loader.data_be), 0},
    {"cpu-num", VALUE_INT, "the processor that starts there",
     AT(loader.cpu_num), 0},
    END,
};

static const struct device_property guest_loader_properties[] = {
    {"addr", VALUE_UINT64, "where to", AT(loader.addr),
     AT(loader.has_addr)},
    {"kernel", VALUE_STRING, "of a hypervisor's guest", AT(loader.file), 0},
    {"bootargs", VALUE_STRING, "its command line", AT(loader.bootargs), 0},
    {"initrd", VALUE_STRING, "of a hypervisor's guest", AT(loader.initrd),
     0},
    END,
};

/* Types ----------------------------------------------------------------- */

#define STORAGE "Storage devices"
#define NETWORK "Network devices"
#define INPUT "Input devices"
#define BRIDGE "Controller/Bridge/Hub devices"
#define MISC "Misc devices"

/* A virtio device on each transport. */
#define VIRTIO_PCI(kind, suffix, alias, group, help, make, list)          \
    {"virtio-" kind suffix, alias, "virtio-" kind "-device", DEVICE_PCI,  \
     group, help, {list, virtio_pci_properties}, make, NULL}
#define VIRTIO(kind, group, help, make, list)                             \
    VIRTIO_PCI(kind, "-pci", "virtio-" kind, group, help, make, list),    \
    VIRTIO_PCI(kind, "-pci-transitional", NULL, group,                    \
               help ", old drivers too", make, list),                     \
    VIRTIO_PCI(kind, "-pci-non-transitional", NULL, group,                \
               help ", virtio 1.0 only", make, list),                     \
    {"virtio-" kind "-device", NULL, NULL, DEVICE_VIRTIO_MMIO, group,     \
     help, {list}, make, NULL}
#define OTHER(name, bus, group, help, create, ...)                        \
    {name, NULL, NULL, bus, group, help, {__VA_ARGS__}, NULL, create}

static const struct device_type types[] = {
    OTHER("pcie-root-port", DEVICE_PCI, BRIDGE, "PCI Express root port",
          plug_root_port, root_port_properties, pci_properties),
    VIRTIO("blk", STORAGE, "disk", plug_make_blk, blk_properties),
    VIRTIO("scsi", STORAGE, "SCSI bus", plug_make_scsi, scsi_properties),
    OTHER("scsi-hd", DEVICE_SCSI, STORAGE, "disk on a SCSI bus",
          plug_scsi_hd, unit_properties, hd_properties),
    OTHER("scsi-cd", DEVICE_SCSI, STORAGE, "CD-ROM drive on a SCSI bus",
          plug_scsi_cd, unit_properties, cd_properties),
    VIRTIO("net", NETWORK, "network card", plug_make_net, net_properties),
    VIRTIO("serial", INPUT, "bus of consoles and ports", plug_make_serial,
           serial_properties),
    OTHER("virtconsole", DEVICE_VIRTIO_SERIAL, INPUT,
          "console on a virtio-serial", plug_port, port_properties),
    OTHER("virtserialport", DEVICE_VIRTIO_SERIAL, INPUT,
          "port on a virtio-serial", plug_port, port_properties),
    VIRTIO("rng", MISC, "random numbers", plug_make_rng, rng_properties),
    OTHER("loader", DEVICE_BOARD, MISC, "bytes into memory at the start",
          plug_loader, loader_properties),
    OTHER("guest-loader", DEVICE_BOARD, MISC,
          "a hypervisor's guest into memory", plug_loader,
          guest_loader_properties),
    OTHER("pci-testdev", DEVICE_PCI, MISC, "device for tests of PCI",
          plug_testdev, testdev_properties, pci_properties),
    OTHER("vmcoreinfo", DEVICE_BOARD, MISC,
          "where the guest notes facts for crash dumps", plug_vmcoreinfo,
          NULL),
};

const struct device_type *device_types(size_t *count)
{
    *count = ARRAY_SIZE(types);
    return types;
}

const struct device_type *device_type_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        const char *alias = types[i].alias;
        if (strcmp(types[i].name, name) == 0 ||
            (alias && strcmp(alias, name) == 0)) {
            return &types[i];
        }
    }
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length >= tail && strcmp(text + length - tail, end) == 0;
}

void device_config_init(struct device_config *c,
                        const struct device_type *type)
{
    memset(c, 0, sizeof(*c));
    c->type = type;
    c->devfn = PCI_ANY_SLOT;
    c->bootindex = -1;
    c->rom_bar = 1;
    c->pci.vectors = VIRTIO_PCI_DEFAULT_VECTORS;
    if (ends_with(type->name, "-non-transitional")) {
        c->pci.disable_legacy = VIRTIO_PCI_ON;
    } else if (ends_with(type->name, "-transitional")) {
        c->pci.disable_legacy = VIRTIO_PCI_OFF;
    }
    if (type->bus == DEVICE_SCSI) {
        c->unit.target = SCSI_ANY;
        c->unit.lun = SCSI_ANY;
    } else if (type->create == plug_port) {
        c->port.nr = VIRTIO_CONSOLE_ANY;
        c->port.console = strcmp(type->name, "virtconsole") == 0;
    } else if (type->create == plug_loader) {
        c->loader.cpu_num = -1;
        c->loader.guest = strcmp(type->name, "guest-loader") == 0;
        c->loader.force_raw = c->loader.guest;
    }
}
