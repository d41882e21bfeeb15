/* ui/options_drive.c, _blockdev.c, _device.c, _links.c, _object.c and
 * _firmware.c: disks, devices and what they refer to. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hw/arm/devices.h"
#include "hw/virtio/virtio.h"
#include "tests/unit/options_rig.h"
#include "util/bits.h"

Suite *options_device_suite(void);

/* What is plugged, as "virtio-net-pci virtio-blk-pci ...". */
static const char *models(const struct machine_config *c)
{
    static char list[512];

    list[0] = '\0';
    for (unsigned i = 0; i < c->device_count; i++) {
        strcat(list, i ? " " : "");
        strcat(list, c->devices[i].type->name);
    }
    return list;
}

/* Drives ------------------------------------------------------------------ */

START_TEST(test_drive)
{
    struct machine_config *c =
        good("-nodefaults -drive file=a.img,if=none,id=hd0,format=raw,"
             "cache=none,aio=native,discard=unmap,detect-zeroes=unmap,"
             "werror=enospc,rerror=stop,serial=S1,snapshot=on "
             "-device virtio-blk-pci,drive=hd0,bootindex=1");
    const struct drive_config *d = &c->drives[0];

    ck_assert_uint_eq(c->drive_count, 1);
    ck_assert_str_eq(d->block.file, "a.img");
    ck_assert_str_eq(d->block.format, "raw");
    ck_assert_int_eq(d->block.cache, BLOCK_CACHE_NONE);
    ck_assert_int_eq(d->block.aio, BLOCK_AIO_NATIVE);
    ck_assert_int_eq(d->block.detect_zeroes, BLOCK_DETECT_UNMAP);
    ck_assert_int_eq(d->block.werror, BLOCK_ERROR_ENOSPC);
    ck_assert_int_eq(d->block.rerror, BLOCK_ERROR_STOP);
    ck_assert(!d->block.ignore_discard && d->block.snapshot);
    ck_assert_str_eq(d->serial, "S1");
    ck_assert_str_eq(models(c), "virtio-blk-pci");
    ck_assert_ptr_eq(c->devices[0].drive, d);
    ck_assert_int_eq(c->devices[0].bootindex, 1);
    d = good("-drive file=a,,b=c.img,cache=writethrough,readonly=on,"
             "discard=ignore,locking=off -nodefaults")->drives;
    ck_assert_str_eq(d->block.file, "a,b=c.img");
    ck_assert_int_eq(d->block.cache, BLOCK_CACHE_WRITETHROUGH);
    ck_assert(d->block.read_only && d->block.no_lock);
    ck_assert(d->block.ignore_discard);
    d = good("-drive file.driver=file,file.filename=x,driver=raw,"
             "cache.direct=on,file.locking=off,read-only=on")->drives;
    ck_assert_str_eq(d->block.file, "x");
    ck_assert_int_eq(d->block.cache, BLOCK_CACHE_NONE);
    ck_assert(d->block.no_lock && d->block.read_only);
}
END_TEST

START_TEST(test_drive_short_forms)
{
    struct machine_config *c =
        good("-nodefaults -hda a -hdb b -cdrom d -drive file=c,index=3");

    ck_assert(options_rig_parse("-hda a -cdrom b -hdc c") == OPTIONS_ERROR);
    c = good("-nodefaults -hda a -hdb b -cdrom d -drive file=c,index=3");
    ck_assert_str_eq(models(c), "virtio-blk-pci virtio-blk-pci "
                                "virtio-blk-pci virtio-blk-pci");
    ck_assert_str_eq(c->drives[0].id, "virtio0");
    ck_assert_str_eq(c->drives[2].id, "virtio2");
    ck_assert_str_eq(c->drives[3].id, "virtio3");
    ck_assert(c->drives[2].cdrom && c->drives[2].block.read_only);
    c = good("-nodefaults -hda a -drive file=b,snapshot=off -snapshot "
             "-drive if=none,file=c,media=cdrom,id=c "
             "-device virtio-blk,drive=c");
    ck_assert(c->drives[0].block.snapshot && !c->drives[1].block.snapshot);
    ck_assert_str_eq(models(c),
                     "virtio-blk-pci virtio-blk-pci virtio-blk-pci");
    ck_assert_ptr_eq(c->devices[0].drive, &c->drives[2]);
}
END_TEST

START_TEST(test_pflash)
{
    struct machine_config *c =
        good("-drive if=pflash,format=raw,index=1,file=vars -bios u-boot");

    ck_assert_ptr_null(c->pflash[0]);
    ck_assert_str_eq(c->pflash[1]->file, "vars");
    c = good("-drive if=pflash,format=raw,readonly=on,file=code -pflash v");
    ck_assert_str_eq(c->pflash[0]->file, "code");
    ck_assert(c->pflash[0]->read_only);
    ck_assert_str_eq(c->pflash[1]->file, "v");
    c = good("-drive if=pflash,unit=1,file=v -drive if=pflash,unit=0,file=c");
    ck_assert_str_eq(c->pflash[0]->file, "c");
    c = good("-blockdev driver=file,node-name=f,filename=code,read-only=on "
             "-drive if=none,id=v,file=vars "
             "-machine virt,pflash0=f,pflash1=v");
    ck_assert_str_eq(c->pflash[0]->file, "code");
    ck_assert(c->pflash[0]->read_only);
    ck_assert_str_eq(c->pflash[1]->file, "vars");
}
END_TEST

START_TEST(test_blockdev)
{
    struct machine_config *c =
        good("-nodefaults -blockdev {\"driver\":\"file\",\"filename\":\"d\","
             "\"node-name\":\"s\",\"cache\":{\"direct\":true,\"no-flush\":"
             "false},\"auto-read-only\":true,\"discard\":\"unmap\"} "
             "-blockdev {\"node-name\":\"fmt\",\"read-only\":false,"
             "\"driver\":\"raw\",\"file\":\"s\"} -device "
             "{\"driver\":\"virtio-blk-pci\",\"bus\":\"pcie.0\",\"addr\":"
             "\"0x3\",\"drive\":\"fmt\",\"id\":\"d0\",\"bootindex\":1}");

    ck_assert_uint_eq(c->drive_count, 2);
    ck_assert(c->drives[0].layer && !c->drives[1].layer);
    ck_assert_str_eq(c->drives[1].block.file, "d");
    ck_assert_int_eq(c->drives[1].block.cache, BLOCK_CACHE_NONE);
    ck_assert_int_eq(c->devices[0].devfn, PCI_DEVFN(3, 0));
    ck_assert_str_eq(c->devices[0].bus, "pcie.0");
    c = good("-blockdev qcow2,node-name=n,file.driver=file,file.filename=x "
             "-device virtio-blk-device,drive=n");
    ck_assert_str_eq(c->drives[0].block.file, "x");
    ck_assert_str_eq(c->drives[0].block.format, "qcow2");
    c = good("-blockdev file,node-name=f,filename=d -blockdev {\"driver\":"
             "\"raw\",\"node-name\":\"n\",\"file\":\"f\",\"offset\":1024,"
             "\"size\":512} -drive if=none,format=raw,file=e,offset=1k");
    ck_assert_uint_eq(c->drives[1].block.raw_offset, 1024);
    ck_assert_uint_eq(c->drives[1].block.raw_size, 512);
    ck_assert_uint_eq(c->drives[2].block.raw_offset, 1024);
    c = good("-blockdev file,node-name=fb,filename=base "
             "-blockdev raw,node-name=b,file=fb,read-only=on "
             "-blockdev qcow2,node-name=m,file.driver=file,file.filename=mid,"
             "backing=b "
             "-blockdev {\"driver\":\"qcow2\",\"node-name\":\"t\",\"file\":{"
             "\"driver\":\"file\",\"filename\":\"top\"},\"backing\":\"m\"} "
             "-blockdev {\"driver\":\"qcow2\",\"node-name\":\"u\",\"file\":{"
             "\"driver\":\"file\",\"filename\":\"up\"},\"backing\":\"m\"} "
             "-blockdev {\"driver\":\"qcow2\",\"node-name\":\"n\",\"file\":{"
             "\"driver\":\"file\",\"filename\":\"no\"},\"backing\":null} "
             "-drive if=none,id=d,file=x,backing.driver=raw,"
             "backing.file.filename=y,backing.encrypt.key-secret=s");
    const struct block_config *below = c->drives[3].block.backing;
    ck_assert(c->drives[1].layer && c->drives[2].layer);
    ck_assert(!c->drives[3].layer && !c->drives[4].layer);
    ck_assert_str_eq(below->file, "mid");
    ck_assert_str_eq(below->format, "qcow2");
    ck_assert_str_eq(below->backing->file, "base");
    ck_assert_str_eq(below->backing->format, "raw");
    ck_assert_ptr_null(below->backing->backing);
    ck_assert_str_eq(c->drives[4].block.backing->file, "mid");
    ck_assert(c->drives[5].block.no_backing && !c->drives[3].block.no_backing);
    below = c->drives[6].block.backing;
    ck_assert_str_eq(below->file, "y");
    ck_assert_str_eq(below->format, "raw");
    ck_assert_str_eq(below->key_secret, "s");
    c = good("-object secret,id=s,data=abc -blockdev file,node-name=d,"
             "filename=data -blockdev qcow2,node-name=n,file.driver=file,"
             "file.filename=x,data-file=d,encrypt.key-secret=s "
             "-drive file=y,if=none,id=y,encrypt.format=luks,"
             "encrypt.key-secret=s,l2-cache-size=1M");
    ck_assert(c->drives[0].layer);
    ck_assert_str_eq(c->drives[1].block.data_file, "data");
    ck_assert_str_eq(c->drives[1].block.key_secret, "s");
    ck_assert_str_eq(c->drives[2].block.key_secret, "s");
    ck_assert_ptr_eq(c->drives[2].block.secrets, c->secrets);
}
END_TEST

/* Devices ------------------------------------------------------------------ */

START_TEST(test_device_order)
{
    struct machine_config *c =
        good("-drive file=a -device virtio-rng-pci -netdev user,id=n "
             "-device virtio-net,netdev=n -device pcie-root-port,id=p");

    ck_assert_str_eq(models(c), "virtio-rng-pci virtio-net-pci "
                                "pcie-root-port virtio-blk-pci");
    ck_assert_str_eq(models(good("-device virtio-rng-device")),
                     "virtio-net-pci virtio-rng-device");
    ck_assert_str_eq(models(good("-nic user,model=virtio -nic "
                                 "user,model=virtio-net-device -hda a")),
                     "virtio-net-pci virtio-net-device virtio-blk-pci");
    ck_assert_str_eq(models(good("-nic none")), "");
    ck_assert_str_eq(models(good("-net none")), "");
}
END_TEST

START_TEST(test_device_properties)
{
    struct machine_config *c = good(
        "-nodefaults -drive id=d,file=a,if=none "
        "-device virtio-blk-pci,drive=d,serial=x,num-queues=4,queue-size=128,"
        "logical_block_size=4k,physical_block_size=4096,discard=off,"
        "write-cache=on,share-rw=on,werror=stop,disable-legacy=on,vectors=0,"
        "packed=on,event_idx=off,iothread=io0,addr=0x1.0x2,multifunction=on "
        "-object iothread,id=io0");
    const struct device_config *d = &c->devices[0];

    ck_assert_str_eq(d->blk.serial, "x");
    ck_assert_uint_eq(d->blk.queues, 4);
    ck_assert_uint_eq(d->blk.queue_size, 128);
    ck_assert_uint_eq(d->blk.logical_block_size, 4096);
    ck_assert_uint_eq(d->blk.physical_block_size, 4096);
    ck_assert(d->blk.no_discard && !d->blk.no_write_zeroes);
    ck_assert(d->blk.write_cache_on && !d->blk.write_cache_off);
    ck_assert(d->drive->block.share_rw);
    ck_assert_int_eq(d->drive->block.werror, BLOCK_ERROR_STOP);
    ck_assert_int_eq(d->pci.disable_legacy, VIRTIO_PCI_ON);
    ck_assert_int_eq(d->pci.vectors, 0);
    ck_assert_int_eq(d->devfn, PCI_DEVFN(1, 2));
    ck_assert_uint_eq(d->features_on, VIRTIO_F_RING_PACKED);
    ck_assert_uint_eq(d->features_off, VIRTIO_F_EVENT_IDX);
    c = good("-nodefaults -netdev user,id=n -device virtio-net-pci,netdev=n,"
             "mac=52:54:00:aa:bb:cc,mq=on,rx_queue_size=512,host_mtu=9000,"
             "duplex=half,csum=off,bootindex=3,romfile=");
    d = &c->devices[0];
    ck_assert(d->has_mac && d->net.mac[5] == 0xcc && d->net.multiqueue);
    ck_assert_uint_eq(d->net.rx_queue_size, 512);
    ck_assert_uint_eq(d->net.mtu, 9000);
    ck_assert(d->net.half_duplex && d->net.features_off);
    c = good("-nodefaults -object rng-random,id=r,filename=/dev/urandom "
             "-device virtio-rng-pci,rng=r,max-bytes=1024,period=1000");
    ck_assert_str_eq(c->devices[0].rng.filename, "/dev/urandom");
    ck_assert_uint_eq(c->devices[0].rng.max_bytes, 1024);
    ck_assert_uint_eq(c->devices[0].rng.period_ms, 1000);
    c = good("-nodefaults -device loader,file=b.img,addr=0x70000000,"
             "cpu-num=0,force-raw=on -device loader,addr=8,data=0x1234,"
             "data-len=2,data-be=on");
    ck_assert(c->blank && c->devices[0].loader.force_raw);
    ck_assert(c->devices[0].loader.has_addr);
    ck_assert_uint_eq(c->devices[0].loader.addr, 0x70000000);
    ck_assert_int_eq(c->devices[0].loader.cpu_num, 0);
    ck_assert_int_eq(c->devices[1].loader.cpu_num, -1);
    ck_assert_uint_eq(c->devices[1].loader.data_len, 2);
}
END_TEST

START_TEST(test_ports)
{
    struct machine_config *c =
        good("-nodefaults -chardev null,id=a -chardev null,id=b "
             "-device virtio-serial -device virtconsole,chardev=a "
             "-device virtserialport,chardev=b,name=org.x,nr=3");

    ck_assert(c->devices[1].port.console && !c->devices[2].port.console);
    ck_assert_uint_eq(c->devices[1].port.nr, VIRTIO_CONSOLE_ANY);
    ck_assert_uint_eq(c->devices[2].port.nr, 3);
    ck_assert_str_eq(c->devices[2].port.name, "org.x");
}
END_TEST

START_TEST(test_global)
{
    struct machine_config *c =
        good("-nodefaults -global virtio-mmio.force-legacy=false "
             "-device virtio-rng-pci,disable-legacy=off "
             "-device virtio-rng-pci -device virtio-rng-device "
             "-global virtio-rng-device.period=7 "
             "-global driver=virtio-pci,property=disable-legacy,value=on");

    ck_assert(c->virtio_mmio_modern);
    ck_assert_int_eq(c->devices[0].pci.disable_legacy, VIRTIO_PCI_OFF);
    ck_assert_int_eq(c->devices[1].pci.disable_legacy, VIRTIO_PCI_ON);
    ck_assert_uint_eq(c->devices[2].rng.period_ms, 7);
    ck_assert_uint_eq(c->devices[1].rng.period_ms, 7);
    ck_assert(!good("")->virtio_mmio_modern);
}
END_TEST

START_TEST(test_boot_order)
{
    struct machine_config *c =
        good("-hda a -cdrom b -boot order=dc,menu=on,strict=on,"
             "splash-time=500,reboot-timeout=1000");

    ck_assert_int_eq(c->devices[0].bootindex, -1); /* the NIC */
    ck_assert_int_eq(c->devices[1].bootindex, 1);
    ck_assert_int_eq(c->devices[2].bootindex, 0);
    ck_assert(c->boot_menu && c->boot_strict && c->boot_retry);
    ck_assert(c->boot_menu_timed);
    ck_assert_uint_eq(c->boot_menu_wait, 500);
    ck_assert_uint_eq(c->boot_retry_wait, 1000);
    c = good("-boot splash-time=0"); /* not the same as none */
    ck_assert(c->boot_menu_timed && !c->boot_menu_wait);
    ck_assert(!good("-boot n")->boot_menu_timed);
    c = good("-boot n -drive id=d,file=x,if=none "
             "-device virtio-blk,drive=d,bootindex=4");
    ck_assert_int_eq(c->devices[0].bootindex, -1);
}
END_TEST

/* Objects, firmware -------------------------------------------------------- */

START_TEST(test_memory_backend)
{
    struct machine_config *c =
        good("-machine virt,memory-backend=m -object "
             "memory-backend-memfd,id=m,size=512M,share=on");

    ck_assert_uint_eq(c->ram_size, 512 << 20);
    good("-m 512 -machine memory-backend=m -object "
         "{\"qom-type\":\"memory-backend-ram\",\"id\":\"m\","
         "\"size\":536870912}");
    bad("-m 1G -machine memory-backend=m -object "
        "memory-backend-ram,id=m,size=512M",
        "-machine memory-backend=m: Machine memory size does not match the "
        "size of the memory backend");
    bad("-machine memory-backend=x",
        "-machine memory-backend=x: Memory backend 'x' not found");
    good("-object secret,id=s,data=abc -object rng-builtin,id=r "
         "-device virtio-rng-pci,rng=r");
}
END_TEST

START_TEST(test_firmware)
{
    struct machine_config *c =
        good("-fw_cfg name=opt/a,string=x=1,,2 -fw_cfg opt/b,file=f "
             "-smbios type=1,serial=ds=nocloud,manufacturer=M "
             "-smbios type=1,uuid=01234567-89ab-cdef-0123-456789abcdef "
             "-smbios type=11,value=one,value=two");

    ck_assert_uint_eq(c->fw_cfg_count, 2);
    ck_assert_str_eq(c->fw_cfg[0].name, "opt/a");
    ck_assert_str_eq(c->fw_cfg[0].string, "x=1,2");
    ck_assert_str_eq(c->fw_cfg[1].file, "f");
    ck_assert_str_eq(c->smbios.system.serial, "ds=nocloud");
    ck_assert_str_eq(c->smbios.system.manufacturer, "M");
    ck_assert_str_eq(c->uuid, "01234567-89ab-cdef-0123-456789abcdef");
    ck_assert_uint_eq(c->smbios.oem_string_count, 2);
    ck_assert_str_eq(c->smbios.oem_strings[1], "two");
}
END_TEST

/* Lines as projects have them. */
START_TEST(test_lines)
{
    static const char *const lines[] = {
        "-nographic -machine virt,gic-version=max -m 4096M -cpu max -smp 4 "
        "-netdev user,id=vnet,hostfwd=:127.0.0.1:0-:22 "
        "-device virtio-net-pci,netdev=vnet "
        "-drive file=A.img,if=none,id=drive0,cache=writeback "
        "-device virtio-blk,drive=drive0,bootindex=0 "
        "-drive file=B.iso,if=none,id=drive1,cache=writeback "
        "-device virtio-blk,drive=drive1,bootindex=1 "
        "-drive file=flash0.img,format=raw,if=pflash "
        "-drive file=flash1.img,format=raw,if=pflash",
        "-M virt -cpu cortex-a53 -nographic -smp 1 -kernel Image "
        "-netdev user,id=eth0 -device virtio-net-device,netdev=eth0 "
        "-drive file=rootfs.ext4,if=none,format=raw,id=hd0 "
        "-device virtio-blk-device,drive=hd0",
        "-nodefaults -machine virt -accel tcg -cpu max "
        "-device virtio-serial-device -device virtconsole,chardev=ctd "
        "-chardev testdev,id=ctd -device pci-testdev -display none "
        "-serial stdio -kernel x.flat -smp 1",
        "-M virt,gic-version=3 -smp 8 -nodefaults -display none -serial "
        "mon:stdio -m 4G -drive file=f,format=raw,index=1,media=disk,"
        "if=virtio,cache=none",
        "-machine virt,virtualization=on -cpu cortex-a53 -serial mon:stdio "
        "-device loader,file=loader.img,addr=0x70000000,cpu-num=0 -m size=2G "
        "-nographic -global virtio-mmio.force-legacy=false",
        "-M virt -machine virtualization=true -cpu cortex-a57 "
        "-machine type=virt -m 2048 -monitor none -serial stdio -smp 2 "
        "-no-reboot -device virtio-net-pci,netdev=n0 "
        "-netdev user,id=n0,tftp=binaries -bios u-boot.bin",
        "-m 128M -smp 1 -cpu cortex-a72 -machine virt -kernel x.bin "
        "-drive id=disk0,if=none,format=raw,file=d "
        "-device virtio-blk-pci,drive=disk0 -netdev "
        "user,id=net0,hostfwd=tcp::5555-:5555,hostfwd=udp::5555-:5555 "
        "-device virtio-net-pci,netdev=net0 "
        "-object filter-dump,id=dump0,netdev=net0,file=netdump.pcap",
        "-machine virt -cpu cortex-a57 -smp 4 -m 256 -netdev user,id=net0 "
        "-device virtio-net-pci,netdev=net0,mac=52:54:00:12:34:02 "
        "-drive id=disk0,file=f,if=none,format=raw "
        "-device virtio-blk-pci,drive=disk0 -device virtio-serial-pci "
        "-chardev null,id=virtcon -device virtconsole,chardev=virtcon "
        "-object rng-random,filename=/dev/urandom,id=rng0 "
        "-device virtio-rng-pci,rng=rng0 -serial mon:stdio -serial null "
        "-pidfile f -snapshot -name x",
        "-S -object {\"qom-type\":\"secret\",\"id\":\"masterKey0\","
        "\"format\":\"raw\",\"data\":\"k\"} "
        "-blockdev {\"driver\":\"file\",\"filename\":\"CODE\",\"node-name\":"
        "\"libvirt-pflash0-storage\",\"auto-read-only\":true,\"discard\":"
        "\"unmap\"} -blockdev {\"node-name\":\"libvirt-pflash0-format\","
        "\"read-only\":true,\"driver\":\"raw\",\"file\":"
        "\"libvirt-pflash0-storage\"} -machine virt-10.0,usb=off,"
        "gic-version=3,dump-guest-core=off,memory-backend=mach-virt.ram,"
        "pflash0=libvirt-pflash0-format,acpi=on -m size=524288k -object "
        "{\"qom-type\":\"memory-backend-ram\",\"id\":\"mach-virt.ram\","
        "\"size\":536870912} -display none -no-user-config -nodefaults "
        "-boot strict=on -device {\"driver\":\"pcie-root-port\",\"port\":8,"
        "\"chassis\":1,\"id\":\"pci.1\",\"bus\":\"pcie.0\","
        "\"multifunction\":true,\"addr\":\"0x1\"} -device {\"driver\":"
        "\"virtio-serial-pci\",\"id\":\"virtio-serial0\",\"bus\":\"pci.1\","
        "\"addr\":\"0x0\"} -netdev {\"type\":\"user\",\"id\":\"hostnet0\"} "
        "-device {\"driver\":\"virtio-net-pci\",\"netdev\":\"hostnet0\","
        "\"id\":\"net0\",\"mac\":\"52:54:00:7e:57:01\",\"bus\":\"pcie.0\","
        "\"addr\":\"0x2\"} -chardev null,id=c -device {\"driver\":"
        "\"virtserialport\",\"bus\":\"virtio-serial0.0\",\"nr\":1,"
        "\"chardev\":\"c\",\"id\":\"channel0\",\"name\":"
        "\"org.qemu.guest_agent.0\"}",
    };

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        good(lines[i]);
    }
}
END_TEST

START_TEST(test_mistakes)
{
    static const struct { const char *line, *message; } rows[] = {
        {"-drive file=a,if=scsi",
         "-drive file=a,if=scsi: machine type does not support if=scsi; use "
         "if=virtio, or if=none with -device virtio-scsi-pci -device "
         "scsi-hd"},
        {"-drive file=a,if=xyz",
         "-drive file=a,if=xyz: if=xyz: unsupported bus type; use virtio, "
         "pflash or none"},
        {"-drive file=a,fromat=raw",
         "-drive file=a,fromat=raw: unknown option 'fromat'; did you mean "
         "'format'?"},
        {"-drive file=a,id=x -drive file=b,id=x",
         "-drive file=b,id=x: Duplicate ID 'x' for drive"},
        {"-hda a -hda b",
         "-hda b: drive with bus=0, unit=0 (index=0) exists"},
        {"-drive file=a,index=1,unit=1",
         "-drive file=a,index=1,unit=1: index cannot be used with bus and "
         "unit"},
        {"-drive file=iscsi:x:1",
         "-drive file=iscsi:x:1: file=iscsi:x:1: the protocol 'iscsi' is not "
         "supported yet"},
        {"-drive file=nbd:x",
         "-drive file=nbd:x: nbd:x: no host and port; write nbd:HOST:PORT or "
         "nbd:unix:PATH"},
        {"-drive file=nbds://x",
         "-drive file=nbds://x: nbds://x: TLS is not supported; use nbd: "
         "through a tunnel"},
        {"-drive file.driver=nbd,file.export=e",
         "-drive file.driver=nbd,file.export=e: Parameter 'server.host' is "
         "missing"},
        {"-drive file=a,file.driver=nbd,file.server.host=h",
         "-drive file=a,file.driver=nbd,file.server.host=h: file= and "
         "file.driver=nbd exclude each other"},
        {"-drive driver=nbd,server.type=unix,server.host=h",
         "-drive driver=nbd,server.type=unix,server.host=h: Parameter "
         "'server.path' is missing"},
        {"-drive driver=nbd,server.type=inet,server.host=h,reconnect-delay=x",
         "-drive driver=nbd,server.type=inet,server.host=h,"
         "reconnect-delay=x: nbd://h:10809/?reconnect-delay=x: "
         "reconnect-delay=x: is not a number of seconds"},
        {"-drive file=a,cache=0",
         "-drive file=a,cache=0: cache=0: expected one of writeback, "
         "none, writethrough, directsync, unsafe"},
        {"-pflash a -pflash b -pflash c",
         "-pflash c: the board has 2 flash banks, and this would be number "
         "3"},
        {"-machine pflash0=x",
         "-machine pflash0=x: there is no -blockdev with this node-name and "
         "no -drive with this id"},
        {"-device virtio-blk,drive=x",
         "-device virtio-blk,drive=x: drive=x: there is no -drive with this "
         "id and no -blockdev with this node-name"},
        {"-drive id=a,file=f,if=none -device virtio-blk,drive=a "
         "-device virtio-blk,drive=a",
         "-device virtio-blk,drive=a: Drive 'a' is already in use by another "
         "device"},
        {"-device virtio-rgn-pci",
         "-device virtio-rgn-pci: 'virtio-rgn-pci' is not a valid device "
         "model name; did you mean 'virtio-rng-pci'?"},
        {"-device usb-kbd", "-device usb-kbd: 'usb-kbd' is not supported "
                            "yet"},
        {"-device virtio-rng-pci,perod=1",
         "-device virtio-rng-pci,perod=1: unknown option 'perod'; did you "
         "mean 'period'?"},
        {"-device virtio-rng-pci,id=a -device virtio-rng-pci,id=a",
         "-device virtio-rng-pci,id=a: Duplicate ID 'a' for device"},
        {"-device virtio-rng-pci,rng=r",
         "-device virtio-rng-pci,rng=r: rng=r: there is no -object "
         "rng-random or rng-builtin with this id"},
        {"-device virtio-net-pci,netdev=n",
         "-device virtio-net-pci,netdev=n: netdev=n: there is no -netdev "
         "with this id"},
        {"-device virtio-serial -device virtconsole,chardev=c",
         "-device virtconsole,chardev=c: chardev=c: there is no -chardev "
         "with this id"},
        {"-device virtio-net-pci,mac=01:00:00:00:00:00",
         "-device virtio-net-pci,mac=01:00:00:00:00:00: '01:00:00:00:00:00': "
         "NIC cannot have multicast MAC address (odd 1st byte)"},
        {"-device virtio-rng-pci,addr=99",
         "-device virtio-rng-pci,addr=99: addr=99: expected SLOT.FUNCTION in "
         "hexadecimal, 00.0 to 1f.7"},
        {"-device virtio-net-pci,bootindex=1 "
         "-device virtio-net-pci,bootindex=1",
         "-device virtio-net-pci,bootindex=1: The bootindex 1 has already "
         "been used"},
        {"-nic user,model=e1000",
         "-nic model=e1000: 'e1000' is not supported yet"},
        {"-object rng-egd,id=r",
         "-object rng-egd,id=r: 'rng-egd' is not supported yet ('-object "
         "help' lists what is)"},
        {"-fw_cfg name=opt/a",
         "-fw_cfg name=opt/a: name, plus exactly one of file and string, are "
         "needed"},
        {"-smbios type=9,x=1",
         "-smbios type=9,x=1: type=9: not supported yet; there are 0 to 4, "
         "8, 11 and 17"},
        {"-smbios type=0,release=x",
         "-smbios type=0,release=x: release=x: expected MAJOR.MINOR"},
        {"-global virtio-mmio.force-legacy=x",
         "-global virtio-mmio.force-legacy=x: expected 'on' or 'off'"},
        {"-global x", "-global x: expected DRIVER.PROPERTY=VALUE"},
        {"-daemonize -nographic",
         "-nographic cannot be used with -daemonize"},
        {"-daemonize -serial stdio",
         "character device 'serial0': cannot use stdio with -daemonize"},
        {"-blockdev driver=iscsi,node-name=n",
         "-blockdev driver=iscsi,node-name=n: driver=iscsi: not supported "
         "yet; there are file, host_device, nbd and image formats"},
        {"-blockdev driver=nbd,node-name=n,server.type=vsock,server.host=f",
         "-blockdev driver=nbd,node-name=n,server.type=vsock,server.host=f: "
         "server.type=vsock: not supported; there are inet and unix"},
        {"-blockdev driver=nbd,node-name=n,server.host=f,tls-creds=t",
         "-blockdev driver=nbd,node-name=n,server.host=f,tls-creds=t: "
         "tls-creds: TLS is not supported; use a tunnel"},
        {"-blockdev file,node-name=f,filename=d "
         "-blockdev raw,node-name=r,file=f,offset=512 "
         "-blockdev qcow2,node-name=n,file=r",
         "-blockdev qcow2,node-name=n,file=r: file=r: a node with offset= or "
         "size= can be below nothing but backing="},
        {"-blockdev driver=qcow2,node-name=n,file=f",
         "-blockdev driver=qcow2,node-name=n,file=f: Cannot find device='f' "
         "nor node-name='f'"},
        {"-blockdev qcow2,node-name=n,file.driver=file,file.filename=f,"
         "backing=b",
         "-blockdev qcow2,node-name=n,file.driver=file,file.filename=f,"
         "backing=b: Cannot find device='b' nor node-name='b'"},
        {"-blockdev file,node-name=f,filename=f -blockdev raw,node-name=r,"
         "file=f -blockdev qcow2,node-name=n,file.driver=file,"
         "file.filename=g,backing=f",
         "-blockdev qcow2,node-name=n,file.driver=file,file.filename=g,"
         "backing=f: backing=f: the node is below another one already"},
        {"-drive if=none,file=x,backing.frob=1",
         "-drive if=none,file=x,backing.frob=1: backing: unknown option "
         "'frob'"},
        {"-blockdev driver=file,filename=f",
         "-blockdev driver=file,filename=f: Parameter 'node-name' is "
         "missing"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bad(rows[i].line, rows[i].message);
    }
}
END_TEST

START_TEST(test_bare_file)
{
    char path[] = "/tmp/armature-test-XXXXXX";
    char line[64];
    int fd = mkstemp(path);

    ck_assert(fd >= 0);
    snprintf(line, sizeof(line), "%s -kernel k", path);
    struct machine_config *c = good(line);
    ck_assert_uint_eq(c->drive_count, 1);
    ck_assert_str_eq(c->drives[0].block.file, path);
    ck_assert(!c->drives[0].cdrom);
    ck_assert(pwrite(fd, "CD001", 5, 16 * 2048 + 1) == 5);
    ck_assert(good(line)->drives[0].cdrom);
    close(fd);
    unlink(path);
    ck_assert(options_rig_parse(line) == OPTIONS_ERROR);
}
END_TEST

Suite *options_device_suite(void)
{
    Suite *suite = suite_create("options_device");
    TCase *tc = tcase_create("options_device");

    tcase_add_checked_fixture(tc, NULL, options_rig_teardown);
    tcase_add_test(tc, test_drive);
    tcase_add_test(tc, test_drive_short_forms);
    tcase_add_test(tc, test_pflash);
    tcase_add_test(tc, test_blockdev);
    tcase_add_test(tc, test_device_order);
    tcase_add_test(tc, test_device_properties);
    tcase_add_test(tc, test_ports);
    tcase_add_test(tc, test_global);
    tcase_add_test(tc, test_boot_order);
    tcase_add_test(tc, test_memory_backend);
    tcase_add_test(tc, test_firmware);
    tcase_add_test(tc, test_lines);
    tcase_add_test(tc, test_mistakes);
    tcase_add_test(tc, test_bare_file);
    suite_add_tcase(suite, tc);
    return suite;
}
