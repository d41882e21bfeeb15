/*
 * What the user asked for, as plain validated data.
 *
 * The command line is read into this once (ui/options.c); nothing below
 * parses strings again.  Strings are owned by the config and live as long
 * as the machine.
 */
#ifndef HW_ARM_MACHINE_CONFIG_H
#define HW_ARM_MACHINE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "block/block.h"
#include "hw/misc/smbios.h"

#define MACHINE_MAX_CPUS 8
#define MACHINE_MAX_SERIALS 2
#define MACHINE_FLASH_BANKS 2

struct net_config;
struct net_dump_config;
struct device_config; /* hw/arm/devices.h */

enum drive_interface { DRIVE_NONE, DRIVE_VIRTIO, DRIVE_PFLASH };

/* A disk image, of -drive and its relatives. */
struct drive_config {
    const char *id;            /* or node name */
    const char *text;          /* as it was written, for messages */
    struct block_config block; /* file NULL: no medium */
    bool cdrom;
    const char *serial;        /* or NULL */
    enum drive_interface interface;
    unsigned unit;             /* its number on the interface */
    bool node;                 /* of -blockdev */
    bool layer; /* what another one is made of: not opened by itself */
    bool backs; /* namely as what is below it */
    bool temporary_unless_said; /* -snapshot counts */
    const char *user; /* what it belongs to, or NULL */
};

/* A NIC that comes with its cable: -nic, -net nic, or the default.  It is
 * one of the devices by the time the options are read. */
struct nic_config {
    const char *model;  /* NULL: the board's default */
    const char *netdev; /* id, or NULL: no cable */
    const char *id;     /* or NULL */
    const char *addr;   /* PCI address as written, or NULL */
    uint8_t mac[6];
    bool has_mac;       /* else 52:54:00:12:34:56, counted up */
};

enum accel { ACCEL_JIT, ACCEL_INTERP };

/* -fw_cfg: a file for firmware, from a host file or a string. */
struct fw_cfg_config {
    const char *name;
    const char *file, *string; /* one of them */
};

/* -semihosting-config */
struct semihosting_config {
    bool enabled, userspace;
    const char *chardev; /* or NULL */
    const char *cmdline; /* its arguments, or NULL */
};

/* Of the processors, outermost first; the product is at least `cpus`. */
struct cpu_topology {
    unsigned sockets, clusters, cores, threads;
};

struct machine_config {
    const char *machine;      /* "virt", "virt-7.2", ... or "none" */
    const char *cpu;          /* model name, or NULL: follow the guest */
    const char *cpu_props;    /* "pauth=off,..." after the model, or NULL */
    unsigned cpus;            /* 1..MACHINE_MAX_CPUS */
    struct cpu_topology topology;
    uint64_t ram_size;        /* bytes, page-aligned */
    const char *ram_path;     /* the host's file it is in, or NULL */
    bool ram_shared;          /* the guest writes into that file */
    unsigned gic_version;     /* 2 or 3 */
    bool its, highmem, acpi, secure, virtualization;
    /* What machines of earlier versions were like. */
    bool low_ecam, no_cpu_map, edge_timers, no_secure_gpio;
    bool no_high_mmio;        /* highmem-mmio=off */
    const char *version;      /* as SMBIOS tells it; NULL: its name */
    const char *oem_id, *oem_table_id; /* of ACPI tables, or NULL */
    bool dtb_randomness;      /* rng-seed and kaslr-seed in the tree */

    const char *kernel, *initrd, *dtb, *append, *bios;
    /* What each flash bank keeps its contents in; NULL: memory. */
    const struct block_config *pflash[MACHINE_FLASH_BANKS];
    const struct fw_cfg_config *fw_cfg;
    unsigned fw_cfg_count;
    const char *uuid;         /* in text form, or NULL */
    bool boot_menu;           /* -boot menu=on */
    bool boot_strict;         /* boot from what has a bootindex only */
    bool boot_menu_timed;     /* the firmware is told how long to wait */
    unsigned boot_menu_wait;  /* ms */
    bool boot_retry;          /* firmware that finds nothing resets... */
    unsigned boot_retry_wait; /* ...after this many ms */
    bool blank; /* no guest of ours: -device loader brings it */
    struct smbios_user smbios;
    const char *dumpdtb;      /* write the tree here and exit, or NULL */

    /* Id of the character device behind each UART; NULL: not connected. */
    const char *serial[MACHINE_MAX_SERIALS];
    unsigned serials;         /* UARTs asked for with -serial */

    /* Disk images; devices in the order in which they are plugged in. */
    struct drive_config *drives;
    unsigned drive_count;
    struct secrets *secrets; /* of -object secret, or NULL */
    struct device_config *devices;
    unsigned device_count;
    bool virtio_mmio_modern;  /* virtio-mmio.force-legacy=off */

    /* Cables in the order in which they are opened, NICs, and pcap files;
     * the structures are in net/config.h. */
    struct net_config *netdevs;
    unsigned netdev_count;
    struct nic_config *nics;
    unsigned nic_count;
    struct net_dump_config *net_dumps;
    unsigned net_dump_count;

    struct semihosting_config semihosting;

    /* -rtc clock=: the host's time, its monotonic one, the machine's. */
    enum { RTC_HOST, RTC_RT, RTC_VM } rtc_clock;
    int64_t rtc_offset;       /* seconds from the host's UTC to the guest's */

    enum accel accel;
    const char *translations; /* directory to keep them in, or NULL */
    bool no_reboot, no_shutdown;
    bool start_paused;        /* -S */
    const char *name;

    unsigned code_mib;        /* of generated code at most, 0: default */

    /* Engine options for tests: -accel jit,... */
    bool one_insn_per_block;
    bool smc_strict;

    bool perfmap;             /* name generated code for Linux perf */
    bool regions;
    unsigned region_threshold; /* see struct cpu_config */
};

#endif
