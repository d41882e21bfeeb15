/* hw/arm/plug.c, bootorder.c and drives.c: a machine from a command line,
 * which does not run. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/arm/machine.h"
#include "hw/arm/plug.h"
#include "hw/pci/pcie_host.h"
#include "hw/virtio/virtio_mmio.h"
#include "ui/options.h"
#include "util/bits.h"

Suite *plug_suite(void);

static struct options options;
static struct loop *loop;
static struct machine *machine;
static struct error *error;
static char disk[] = "/tmp/armature-test-XXXXXX";

static struct chardev *no_chardev(void *opaque, const char *id)
{
    (void)opaque;
    (void)id;
    return NULL;
}

static struct net_client *no_netdev(void *opaque, const char *id)
{
    (void)opaque;
    (void)id;
    return NULL;
}

static const struct machine_ports ports = {
    .find_chardev = no_chardev, .find_netdev = no_netdev};

static void setup(void)
{
    memcpy(disk + sizeof(disk) - 7, "XXXXXX", 6);
    int fd = mkstemp(disk);
    ck_assert(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
    close(fd);
    loop = loop_new();
}

static void discard(void)
{
    machine_free(machine);
    machine = NULL;
    options_free(&options);
    error_free(error);
    error = NULL;
}

static void teardown(void)
{
    discard();
    loop_free(loop);
    unlink(disk);
}

/* `line` split at blanks; "DISK" in it is the image.  There is no network. */
static bool make(const char *line)
{
    static char text[8192], *argv[100];
    char *to = text;
    int argc = 1;

    discard();
    argv[0] = "armature";
    argv[argc++] = "-nodefaults";
    for (const char *p = line; *(p += strspn(p, " ")); argc++) {
        int length = (int)strcspn(p, " ");
        const char *at = memmem(p, (size_t)length, "DISK", 4);
        int before = at ? (int)(at - p) : length;
        argv[argc] = to;
        to += snprintf(to, (size_t)(text + sizeof(text) - to), "%.*s%s%.*s",
                       before, p, at ? disk : "",
                       at ? length - before - 4 : 0, at ? at + 4 : "") + 1;
        p += length;
        ck_assert(to < text + sizeof(text) && argc < 98);
    }
    argv[argc] = NULL;
    ck_assert_msg(options_parse(&options, argc, argv, &error) == OPTIONS_RUN,
                  "%s: %s", line, error ? error->message : "");
    machine = machine_new(&options.machine, &ports, loop, &error);
    return machine != NULL;
}

static void good(const char *line)
{
    ck_assert_msg(make(line), "%s: %s", line, error ? error->message : "");
}

static void bad(const char *line, const char *message)
{
    ck_assert_msg(!make(line), "%s: accepted", line);
    ck_assert_msg(strstr(error->message, message), "%s: said '%s'", line,
                  error->message);
}

#define DRIVE(id) "-drive if=none,format=raw,readonly=on,file=DISK,id=" id " "

/* The order and the words that QEMU 7.2 has in fw_cfg for this line. */
START_TEST(test_bootorder)
{
    static const char *const paths[] = {
        "/virtio-mmio@000000000a003e00/disk@0,0",
        "/pci@ffffffffffffffff/scsi@1/disk@0,0",
        "/pci@ffffffffffffffff/pci-bridge@2/scsi@0/disk@0,0",
        "/pci@ffffffffffffffff/ethernet@3/ethernet-phy@0",
        "/virtio-mmio@000000000a003c00/ethernet-phy@0",
        "/pci@ffffffffffffffff/scsi@1e,1/disk@0,0",
    };

    good("-boot strict=on " DRIVE("a") DRIVE("b") DRIVE("c")
         DRIVE("d") "-device virtio-blk,drive=a,bootindex=2 "
         "-device virtio-blk-device,drive=b,bootindex=0 "
         "-device pcie-root-port,id=rp,chassis=1 "
         "-device virtio-blk-pci,drive=c,bus=rp,bootindex=4 "
         "-device virtio-net-pci,bootindex=7 "
         "-device virtio-net-device,bootindex=8 "
         "-device virtio-blk-pci,drive=d,addr=1e.1,bootindex=9 "
         "-device virtio-rng-pci");
    ck_assert_uint_eq(machine->boot_entry_count, ARRAY_SIZE(paths));
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        ck_assert_str_eq(machine->boot_entries[i].path, paths[i]);
    }
    good("-device virtio-rng-pci");
    ck_assert_uint_eq(machine->boot_entry_count, 0);
}
END_TEST

/* Units of SCSI buses: on which, and where. */
START_TEST(test_scsi)
{
    static const char *const paths[] = {
        "/pci@ffffffffffffffff/scsi@2/channel@0/disk@0,0",
        "/pci@ffffffffffffffff/scsi@1/channel@0/disk@ff,1000",
        "/pci@ffffffffffffffff/scsi@2/channel@0/disk@1,0",
        "/pci@ffffffffffffffff/scsi@2/channel@0/disk@1,1",
    };
    static const char *const mmio[] = {
        "/virtio-mmio@000000000a003e00/channel@0/disk@0,0",
        "/virtio-mmio@000000000a003e00/channel@0/disk@1,0",
    };

    good(DRIVE("a") DRIVE("b") "-device virtio-scsi-pci,id=s "
         "-device virtio-scsi-pci -device scsi-hd,drive=a,bootindex=1 "
         "-device scsi-cd,scsi-id=255,lun=4096,bus=s.0,bootindex=2 "
         "-device scsi-cd,scsi-id=1,bootindex=3 "
         "-device scsi-hd,drive=b,scsi-id=1,bus=scsi.0,bootindex=4");
    ck_assert_uint_eq(machine->boot_entry_count, ARRAY_SIZE(paths));
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        ck_assert_str_eq(machine->boot_entries[i].path, paths[i]);
    }
    /* With no bus named, the first over MMIO. */
    good(DRIVE("a") "-device virtio-scsi-pci -device virtio-scsi-device "
         "-device virtio-scsi-pci,id=s -device scsi-hd,drive=a,bootindex=1 "
         "-device scsi-cd,bootindex=2");
    ck_assert_uint_eq(machine->boot_entry_count, ARRAY_SIZE(mmio));
    for (size_t i = 0; i < ARRAY_SIZE(mmio); i++) {
        ck_assert_str_eq(machine->boot_entries[i].path, mmio[i]);
    }
    /* A request queue for each processor on PCI, one over MMIO. */
    good("-smp 3 -device virtio-scsi-device");
    struct virtio_device *dev = virtio_mmio_device(machine->virtio_slots[31]);
    ck_assert_uint_eq(dev->queue_count, 3);
    good("-boot order=d " DRIVE("a") "-device virtio-scsi-device "
         "-device scsi-cd,drive=a");
    ck_assert_uint_eq(machine->boot_entry_count, 1);
}
END_TEST

static const char *in_slot(unsigned slot)
{
    struct virtio_device *dev =
        virtio_mmio_device(machine->virtio_slots[slot]);

    return dev ? dev->ops->name : "";
}

START_TEST(test_mmio_slots)
{
    char line[2048] = "";

    good("-device virtio-rng-device -device "
         "virtio-serial-device,bus=virtio-mmio-bus.5 "
         "-device virtio-net-device");
    ck_assert_str_eq(in_slot(31), "virtio-rng");
    ck_assert_str_eq(in_slot(30), "virtio-net");
    ck_assert_str_eq(in_slot(5), "virtio-console");
    ck_assert_str_eq(in_slot(29), "");
    for (int i = 0; i < VIRT_MMIO_SLOTS; i++) {
        strcat(line, " -device virtio-rng-device");
    }
    good(line);
    ck_assert_str_eq(in_slot(0), "virtio-rng");
    strcat(line, " -device virtio-rng-device");
    bad(line, "all 32 virtio-mmio slots are taken");
    bad("-device virtio-rng-device,bus=virtio-mmio-bus.3 "
        "-device virtio-rng-device,bus=virtio-mmio-bus.3",
        "Bus 'virtio-mmio-bus.3' is full");
    bad("-device virtio-rng-device,bus=virtio-mmio-bus.x", "not found");
}
END_TEST

START_TEST(test_serial_buses)
{
    good("-device virtio-serial-pci,id=a "
         "-device virtio-serial-pci,max_ports=2 "
         "-device virtserialport,bus=a.0,nr=1,name=x "
         "-device virtserialport,bus=virtio-serial-bus.0,nr=1 "
         "-device virtconsole");
    /* The last one on PCI has two ports, and both are taken. */
    bad("-device virtio-serial-pci -device virtio-serial-pci,max_ports=2 "
        "-device virtconsole -device virtserialport -device virtserialport",
        "ports 0 to 1");
    good("-device virtio-serial-device -device virtio-serial-pci,max_ports=1 "
         "-device virtconsole -device virtserialport -device virtserialport");
    bad("-device virtserialport", "No 'virtio-serial-bus' bus found");
    bad("-device virtio-serial -device virtserialport,bus=b.0",
        "Bus 'b.0' not found");
}
END_TEST

START_TEST(test_refused)
{
    bad("-device virtio-blk-pci", "drive property not set");
    bad("-drive if=none,id=d,media=cdrom -device virtio-blk,drive=d",
        "drive is empty");
    bad("-device virtio-rng-pci,bus=p", "p");
    bad("-device virtio-rng-pci,addr=2 "
        "-device virtio-rng-pci,addr=2", "is taken");
    bad("-device vmcoreinfo -device vmcoreinfo",
        "at most one vmcoreinfo device is permitted");
    bad("-device pci-testdev,membar=3", "power of two");
    bad("-device loader,file=/nonexistent/file", "/nonexistent/file");
    bad("-hda /nonexistent/file", "no such file");
    bad("-device pcie-root-port,id=p "
        "-device virtio-rng-pci,bus=p -device virtio-rng-pci,bus=p",
        "-device virtio-rng-pci,bus=p");
}
END_TEST

START_TEST(test_entry)
{
    uint64_t pc = 1;

    good("-smp 2 -device loader,file=DISK,addr=0x41000000,"
         "cpu-num=1,force-raw=on");
    ck_assert(!plug_entry(machine, 0, &pc));
    ck_assert_uint_eq(pc, 1);
    ck_assert(plug_entry(machine, 1, &pc));
    ck_assert_uint_eq(pc, 0x41000000);
    good("-M dumpdtb=x -device virtio-blk");
    ck_assert(!plug_entry(machine, 0, &pc));
}
END_TEST

Suite *plug_suite(void)
{
    Suite *suite = suite_create("plug");
    TCase *tc = tcase_create("plug");

    tcase_set_timeout(tc, 30);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_bootorder);
    tcase_add_test(tc, test_scsi);
    tcase_add_test(tc, test_mmio_slots);
    tcase_add_test(tc, test_serial_buses);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_entry);
    suite_add_tcase(suite, tc);
    return suite;
}
