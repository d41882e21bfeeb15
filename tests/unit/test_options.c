/* ui/options*: command lines that drivers use, and mistakes. */
#include <check.h>
#include <string.h>

#include "tests/unit/options_rig.h"
#include "util/bits.h"

Suite *options_suite(void);

START_TEST(test_defaults)
{
    struct machine_config *c = good("");

    ck_assert_str_eq(c->machine, "virt");
    ck_assert_ptr_null(c->cpu);
    ck_assert_uint_eq(c->cpus, 1);
    ck_assert_uint_eq(c->ram_size, 128 << 20);
    ck_assert_uint_eq(c->gic_version, 2);
    ck_assert(c->its && c->highmem && c->acpi && c->dtb_randomness);
    ck_assert(!c->secure && !c->virtualization);
    ck_assert_int_eq(c->accel, ACCEL_JIT);
    ck_assert_uint_eq(c->serials, 1);
    ck_assert(options_rig.chardevs[0].mux);
    ck_assert(!options_rig.chardevs[0].signals);
    ck_assert_str_eq(options_rig.chardevs[0].backend->name, "stdio");
    ck_assert_uint_eq(options_rig.escape, 1);
}
END_TEST

START_TEST(test_machine_merges)
{
    struct machine_config *c =
        good("-machine virtualization=true -cpu cortex-a57 "
             "-machine type=virt --machine gic-version=3 -M its=off "
             "-M dumpdtb=x.dtb");

    ck_assert_str_eq(c->machine, "virt");
    ck_assert(c->virtualization);
    ck_assert_uint_eq(c->gic_version, 3);
    ck_assert(!c->its);
    ck_assert_str_eq(c->dumpdtb, "x.dtb");
    ck_assert_str_eq(c->cpu, "cortex-a57");
    c = good("-M virt-7.2,gic-version=max,highmem=no,secure=yes,"
             "dtb-kaslr-seed=off,acpi=auto,usb=off,mte=false,"
             "append=a,,b,dump-guest-core=on");
    ck_assert_str_eq(c->machine, "virt-7.2");
    ck_assert_uint_eq(c->gic_version, 3);
    ck_assert(!c->highmem && c->secure && !c->dtb_randomness && c->acpi);
    ck_assert_str_eq(c->append, "a,b");
    ck_assert_str_eq(good("-M none")->machine, "none");
}
END_TEST

START_TEST(test_memory)
{
    static const struct { const char *line; uint64_t size; } rows[] = {
        {"-m 1G", UINT64_C(1) << 30},      {"-m 1024", UINT64_C(1) << 30},
        {"-m 1024M", UINT64_C(1) << 30},   {"-m size=2G", UINT64_C(2) << 30},
        {"-m size=524288k,slots=2,maxmem=4G", UINT64_C(1) << 29},
        {"-m 1.5g", UINT64_C(3) << 29},    {"-m 64 -m 96", 96 << 20},
        {"-m 1B", 8192},                   {"-m 0x80", 128 << 20},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        ck_assert_uint_eq(good(rows[i].line)->ram_size, rows[i].size);
    }
}
END_TEST

START_TEST(test_smp)
{
    static const struct {
        const char *line;
        unsigned cpus;
        struct cpu_topology t;
    } rows[] = {
        {"-smp 4", 4, {1, 1, 4, 1}},
        {"-smp cpus=2", 2, {1, 1, 2, 1}},
        {"-smp cores=2,threads=1", 2, {1, 1, 2, 1}},
        {"-smp 1,sockets=1", 1, {1, 1, 1, 1}},
        {"-smp 2,sockets=2,cores=1,threads=1", 2, {2, 1, 1, 1}},
        {"-smp 8,sockets=2,clusters=2", 8, {2, 2, 2, 1}},
        {"-smp 2,maxcpus=4", 2, {1, 1, 4, 1}},
        {"-smp 4,cores=2", 4, {2, 1, 2, 1}},
        {"-smp 4,sockets=1,cores=2", 4, {1, 1, 2, 2}},
        {"-smp 2 -smp dies=1", 2, {1, 1, 2, 1}},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct machine_config *c = good(rows[i].line);
        ck_assert_uint_eq(c->cpus, rows[i].cpus);
        ck_assert_msg(!memcmp(&c->topology, &rows[i].t, sizeof(rows[i].t)),
                      "%s", rows[i].line);
    }
}
END_TEST

START_TEST(test_accel)
{
    ck_assert_int_eq(good("-accel interp")->accel, ACCEL_INTERP);
    ck_assert_int_eq(good("-accel kvm -accel hvf -accel tcg")->accel,
                     ACCEL_JIT);
    ck_assert_int_eq(good("-enable-kvm -accel tcg,thread=multi")->accel,
                     ACCEL_JIT);
    /* The counter of `max` has run at 1 GHz since virt-9.1; its pointer
     * authentication has not been QARMA5 since virt-10.0. */
    ck_assert_ptr_null(good("-M virt-10.0 -cpu max")->cpu_props);
    ck_assert_str_eq(good("-M virt-9.1 -cpu max")->cpu_props,
                     "backcompat-pauth-default-use-qarma5=on");
    ck_assert_str_eq(good("-M virt-9.0 -cpu max,pmu=off")->cpu_props,
                     "backcompat-pauth-default-use-qarma5=on,"
                     "backcompat-cntfrq=on,pmu=off");
    ck_assert_int_eq(good("-M virt,accel=kvm:interp")->accel, ACCEL_INTERP);
    ck_assert(good("-accel tcg,one-insn-per-tb=on")->one_insn_per_block);
    ck_assert(good("-accel jit,smc-strict=on,tb-size=64")->smc_strict);
    ck_assert_str_eq(good("-accel jit,cache=/a/b")->translations, "/a/b");
    ck_assert_ptr_null(good("-accel jit")->translations);
    bad("-accel interp,cache=x", "-accel interp,cache=x: cache= keeps "
                                 "translations, which only jit makes");
    bad("-enable-kvm", "-accel kvm: invalid accelerator kvm: needs an Arm "
                       "host; leave it out, or use -accel tcg");
    bad("-accel intrep", "-accel intrep: no such accelerator; did you mean "
                         "'interp'?");
    bad("-accel tcg,thread=some",
        "-accel tcg,thread=some: thread=some: expected one of multi, "
        "single");
}
END_TEST

START_TEST(test_serial)
{
    struct machine_config *c = good("-nographic");

    ck_assert_str_eq(c->serial[0], options_rig.chardevs[0].id);
    ck_assert(options_rig.chardevs[0].mux);
    ck_assert_uint_eq(options_rig.monitor_count, 1);
    good("-display none -serial null -monitor stdio");
    ck_assert_uint_eq(options_rig.monitor_count, 1);
    ck_assert_str_eq(options_rig.monitors[0], "compat_monitor0");
    good("-serial mon:stdio -mon serial0");
    ck_assert_uint_eq(options_rig.monitor_count, 1);
    good("-display none -serial stdio");
    ck_assert(!options_rig.chardevs[0].mux && options_rig.chardevs[0].signals);
    good("-nographic -monitor none");
    ck_assert(!options_rig.chardevs[0].mux);
    c = good("-serial mon:stdio -serial null");
    ck_assert_uint_eq(c->serials, 2);
    ck_assert(options_rig.chardevs[0].mux);
    ck_assert_str_eq(options_rig.chardevs[1].backend->name, "null");
    c = good("-serial none -serial file:/dev/null");
    ck_assert_ptr_null(c->serial[0]);
    ck_assert_str_eq(options_rig.chardevs[0].path, "/dev/null");
    c = good("-chardev stdio,id=con,signal=off,mux=on -serial chardev:con "
             "-mon chardev=con,mode=readline");
    ck_assert_str_eq(c->serial[0], "con");
    ck_assert(options_rig.chardevs[0].mux && !options_rig.chardevs[0].signals);
    ck_assert_uint_eq(good("-nodefaults")->serials, 0);
    ck_assert_uint_eq(good("-nodefaults -nographic")->serials, 0);
    good("-display none");
    ck_assert_str_eq(options_rig.chardevs[0].backend->name, "null");
    good("-echr 0x14");
    ck_assert_uint_eq(options_rig.escape, 0x14);
}
END_TEST

START_TEST(test_drivers)
{
    static const char *const lines[] = {
        "-M virt -nographic -cpu cortex-a57 -bios u-boot.bin",
        "-M virt -cpu cortex-a53 -nographic -smp 1 -kernel Image -append "
        "rootwait~root=/dev/vda~console=ttyAMA0",
        "-machine virt,virtualization=on,highmem=off,secure=off -cpu "
        "cortex-a53 -nographic -m size=1024 -kernel image",
        "-nodefaults -machine virt -accel tcg -cpu max -display none "
        "-serial stdio -kernel x.flat -smp 4 -append ab "
        "-machine gic-version=2",
        "-machine virt -cpu cortex-a57 -nodefaults -m 1024 -kernel Image.gz "
        "-append x -no-reboot -nographic -accel kvm -accel hvf -accel tcg "
        "-serial stdio",
        "-machine virt,acpi=off,mte=off,gic-version=3,virtualization=false "
        "-nographic -smp 2 -cpu max,pauth-impdef=on -d unimp -m 1057 "
        "-no-reboot -net none -vga none -parallel none",
        "-global virtio-mmio.force-legacy=false -cpu cortex-a53 -machine "
        "virt,gic-version=3 -pidfile f -serial mon:stdio -kernel z.elf",
        "-name guest=t1,debug-threads=on -S -machine virt-10.0,usb=off,"
        "gic-version=3,dump-guest-core=off,acpi=on -accel tcg -cpu "
        "cortex-a57 -m size=524288k -overcommit mem-lock=off -smp "
        "2,sockets=2,cores=1,threads=1 -uuid "
        "01234567-89ab-cdef-0123-456789abcdef -display none -no-user-config "
        "-nodefaults -rtc base=utc -no-shutdown -boot strict=on -audiodev "
        "{\"id\":\"audio1\",\"driver\":\"none\"} -sandbox off "
        "-msg timestamp=on -chardev pty,id=charserial0 -serial "
        "chardev:charserial0",
        "-machine virt -parallel none -net none -echr 1 -chardev "
        "file,path=/proc/self/fd/2,id=dmesg -chardev "
        "stdio,id=console,signal=off,mux=on -serial chardev:console -mon "
        "chardev=console -vga none -display none",
    };

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        good(lines[i]);
    }
    ck_assert_str_eq(good(lines[1])->append,
                     "rootwait root=/dev/vda console=ttyAMA0");
    ck_assert_str_eq(good(lines[5])->cpu_props, "pauth-impdef=on");
    ck_assert_str_eq(good(lines[7])->name, "t1");
}
END_TEST

START_TEST(test_mistakes)
{
    static const struct { const char *line, *message; } rows[] = {
        {"-usb", "-usb: not supported yet"},
        {"-device usb-kbd",
         "-device usb-kbd: 'usb-kbd' is not supported yet"},
        {"-kernl x", "-kernl: no such option; did you mean '-kernel'?"},
        {"--kernl x", "--kernl: no such option; did you mean '-kernel'?"},
        {"-qqqqq", "-qqqqq: no such option ('-help' lists them)"},
        {"-kernel", "-kernel: needs an argument: FILE"},
        {"-M vrit", "-machine: vrit: no such machine; did you mean 'virt'? "
                    "('-machine help' lists them)"},
        {"-M virt,gic-versoin=3", "-machine: unknown option 'gic-versoin'; "
                                  "did you mean 'gic-version'?"},
        {"-M gic-version=7",
         "-machine: gic-version=7: no such version; use 2, 3 or max"},
        {"-M its=maybe", "-machine: its=maybe: expected 'on' or 'off'"},
        {"-M mte=on", "-machine: mte=on: not supported yet"},
        {"-cpu cortx-a72",
         "-cpu cortx-a72: no such model; did you mean 'cortex-a72'?"},
        {"-cpu cortex-a15", "-cpu cortex-a15: not supported yet "
                            "('-cpu help' lists the models)"},
        {"-m 0", "-m 0: the machine needs some memory and at most 64T of "
                 "it; try -m 1G"},
        {"-m abc", "-m: size=abc: expected a size such as 512M or 2G"},
        {"-smp 0", "-smp: cpus=0: must be at least 1"},
        {"-smp 9", "-smp: 9 processors: there can be 1 to 8"},
        {"-smp 4,cores=3",
         "-smp: sockets (1) * clusters (1) * cores (3) * threads (1) must "
         "be the number of processors (4)"},
        {"-serial stdio -serial mon:stdio",
         "-serial mon:stdio: stdio is in use by 'serial0' already; only one "
         "character device can have it"},
        {"-serial vc", "-serial vc: 'vc' is not supported yet"},
        {"-serial chardev:x",
         "-serial chardev:x: there is no -chardev with the id 'x'"},
        {"-chardev stdio", "-chardev stdio: no id=NAME is given"},
        {"-nographic -monitor stdio",
         "-monitor stdio: stdio is in use by 'serial0' already; only one "
         "character device can have it"},
        {"-chardev null,id=a -serial chardev:a -mon chardev=a",
         "character device 'a' is a serial port's; with mux=on it can have "
         "a monitor, too"},
        {"-mon chardev=absent",
         "-mon chardev=absent: there is no -chardev with the id 'absent'"},
        {"-display sdl", "-display sdl: not supported yet; use -display "
                         "none or -nographic"},
        {"-rtc base=never",
         "-rtc: base=never: expected utc, localtime or a date such as "
         "2006-06-17T16:01:21"},
        {"-echr x", "-echr x: expected a character code such as 1 (Ctrl-A) "
                    "or 0x14 (Ctrl-T)"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bad(rows[i].line, rows[i].message);
    }
}
END_TEST

Suite *options_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tc = tcase_create("options");

    tcase_add_checked_fixture(tc, NULL, options_rig_teardown);
    tcase_add_test(tc, test_defaults);
    tcase_add_test(tc, test_machine_merges);
    tcase_add_test(tc, test_memory);
    tcase_add_test(tc, test_smp);
    tcase_add_test(tc, test_accel);
    tcase_add_test(tc, test_serial);
    tcase_add_test(tc, test_drivers);
    tcase_add_test(tc, test_mistakes);
    suite_add_tcase(suite, tc);
    return suite;
}
