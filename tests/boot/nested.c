/*
 * /init of a Linux guest that has KVM: starts a guest of its own, which
 * writes to a device that is emulated here, reads from it, walks through
 * memory that is not mapped yet and powers off by PSCI; then this machine
 * powers off.  Static, for arm64.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define RAM_BASE 0x80000000ull
#define RAM_SIZE 0x1000000ull
#define DEVICE 0x09000000ull

/* Registers by their number in struct kvm_regs. */
#define REGISTER(field)                                                \
    (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |              \
     KVM_REG_ARM_CORE_REG(field))

/* The guest: x0 = the device.  Every page of 4 MiB gets its number, which is
 * read back and added up; what the device answers is given back to it. */
extern const char guest_start[], guest_end[];
__asm__(".pushsection .rodata\n"
        ".globl guest_start, guest_end\n"
        ".balign 8\n"
        "guest_start:\n"
        "    adr x1, 9f\n"
        "1:  ldrb w2, [x1], #1\n"
        "    cbz w2, 2f\n"
        "    strb w2, [x0]\n"
        "    b 1b\n"
        "2:  mov x3, #0x80100000\n"
        "    mov x4, #0\n"
        "3:  str x4, [x3]\n"
        "    add x3, x3, #4096\n"
        "    add x4, x4, #1\n"
        "    cmp x4, #1024\n"
        "    b.ne 3b\n"
        "    mov x5, #0\n"
        "4:  sub x3, x3, #4096\n"
        "    ldr x6, [x3]\n"
        "    add x5, x5, x6\n"
        "    subs x4, x4, #1\n"
        "    b.ne 4b\n"
        "    str x5, [x0, #8]\n"     /* 523776 */
        "    ldr w7, [x0, #16]\n"    /* 0x12345678 */
        "    ldrsh x8, [x0, #24]\n"  /* 0x9abc, sign-extended */
        "    str x7, [x0, #8]\n"
        "    str x8, [x0, #8]\n"
        "    mrs x9, mpidr_el1\n"
        "    and x9, x9, #0xff\n"
        "    str x9, [x0, #8]\n"
        "    mrs x10, currentel\n"
        "    str x10, [x0, #8]\n"
        "    movz x0, #0x8400, lsl #16\n"
        "    movk x0, #8\n"          /* SYSTEM_OFF */
        "    hvc #0\n"
        "    b .\n"
        "9:  .asciz \"a guest in a guest\\n\"\n"
        "    .balign 4\n"
        "guest_end:\n"
        ".popsection\n");

static void power_off(void)
{
    fflush(stdout);
    sync();
    reboot(RB_POWER_OFF);
    _exit(0);
}

static int check(int status, const char *what)
{
    if (status < 0) {
        printf("nested: %s: %s\n", what, strerror(errno));
        power_off();
    }
    return status;
}

static void set_register(int cpu, uint64_t id, uint64_t value)
{
    struct kvm_one_reg reg = {.id = id, .addr = (uint64_t)&value};

    check(ioctl(cpu, KVM_SET_ONE_REG, &reg), "KVM_SET_ONE_REG");
}

static int create_cpu(int vm)
{
    struct kvm_vcpu_init init;
    int cpu = check(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");

    check(ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init), "preferred target");
    init.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
    check(ioctl(cpu, KVM_ARM_VCPU_INIT, &init), "KVM_ARM_VCPU_INIT");
    set_register(cpu, REGISTER(regs.pc), RAM_BASE);
    set_register(cpu, REGISTER(regs.regs[0]), DEVICE);
    return cpu;
}

static int create_vm(int kvm)
{
    int vm = check(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
    void *ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region region = {
        .guest_phys_addr = RAM_BASE, .memory_size = RAM_SIZE,
        .userspace_addr = (uint64_t)ram,
    };

    memcpy(ram, guest_start, (size_t)(guest_end - guest_start));
    __builtin___clear_cache(ram, (char *)ram + 4096);
    check(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "memory");
    return vm;
}

static void device_access(struct kvm_run *run)
{
    uint64_t value = 0, offset = run->mmio.phys_addr - DEVICE;

    if (!run->mmio.is_write) {
        value = offset == 16 ? 0x12345678 : 0x9abc;
        memcpy(run->mmio.data, &value, run->mmio.len);
        return;
    }
    memcpy(&value, run->mmio.data, run->mmio.len);
    if (offset == 0) {
        putchar((int)value);
    } else {
        printf("nested: the guest says %#llx in %u bytes\n",
               (unsigned long long)value, run->mmio.len);
    }
}

/* False: the guest is done. */
static int step(int cpu, struct kvm_run *run)
{
    check(ioctl(cpu, KVM_RUN, 0), "KVM_RUN");
    switch (run->exit_reason) {
    case KVM_EXIT_MMIO:
        device_access(run);
        return 1;
    case KVM_EXIT_SYSTEM_EVENT:
        printf("nested: system event %u\n", run->system_event.type);
        return 0;
    default:
        printf("nested: exit %u\n", run->exit_reason);
        return 0;
    }
}

int main(void)
{
    mkdir("/dev", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    int console = open("/dev/console", O_RDWR);
    if (console >= 0) {
        dup2(console, 0), dup2(console, 1), dup2(console, 2);
    }
    mknod("/dev/kvm", S_IFCHR | 0600, makedev(10, 232));
    int kvm = check(open("/dev/kvm", O_RDWR), "/dev/kvm");
    printf("nested: KVM %d\n", ioctl(kvm, KVM_GET_API_VERSION, 0));
    int vm = create_vm(kvm);
    int cpu = create_cpu(vm);
    size_t size = (size_t)check(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
                                "mmap size");
    struct kvm_run *run = mmap(NULL, size, PROT_READ | PROT_WRITE,
                               MAP_SHARED, cpu, 0);
    while (step(cpu, run)) {
    }
    power_off();
    return 0;
}
