#include "pc-bios/guest/board.h"

#include <stddef.h>

#include "pc-bios/guest/fdt.h"
#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/print.h"
#include "pc-bios/guest/psci.h"
#include "pc-bios/guest/string.h"
#include "pc-bios/guest/sysreg.h"
#include "pc-bios/guest/timer.h"
#include "pc-bios/guest/uart.h"

#define MPIDR_AFFINITY 0xff00ffffffull

struct board board;

static void found_cpu(const struct fdt_node *node)
{
    struct board_cpu *cpu = &board.cpus[board.cpu_count];
    uint64_t size;

    if (board.cpu_count < MAX_CPUS &&
        fdt_reg(node, 0, &cpu->mpidr, &size)) {
        cpu->type = fdt_text(node, "compatible");
        cpu->method = fdt_text(node, "enable-method");
        board.cpu_count++;
    }
}

static void found_memory(const struct fdt_node *node)
{
    struct board_memory *memory;

    for (unsigned i = 0; board.memory_count < MAX_MEMORY; i++) {
        memory = &board.memory[board.memory_count];
        if (!fdt_reg(node, i, &memory->base, &memory->size)) {
            break;
        }
        board.memory_count++;
    }
}

static void found_psci(const struct fdt_node *node)
{
    board.conduit = fdt_text(node, "method");
    psci_use_smc = strcmp(board.conduit, "smc") == 0;
}

static void found_gic2(const struct fdt_node *node)
{
    uint64_t size;

    board.has_gic = true;
    gic_place.version = 2;
    fdt_reg(node, 0, &gic_place.dist, &size);
    fdt_reg(node, 1, &gic_place.cpuif, &size);
}

static void found_gic3(const struct fdt_node *node)
{
    uint64_t size;

    board.has_gic = true;
    gic_place.version = 3;
    fdt_reg(node, 0, &gic_place.dist, &size);
    for (unsigned i = 0; i < 4; i++) {
        gic_place.redist_size[i] = 0;
        fdt_reg(node, i + 1, &gic_place.redist[i],
                &gic_place.redist_size[i]);
        /* What follows the regions are the CPU interface frames. */
        if (gic_place.redist_size[i] < 0x20000) {
            gic_place.redist_size[i] = 0;
        }
    }
}

static void found_timer(const struct fdt_node *node)
{
    /* Secure, non-secure, virtual, hypervisor. */
    board.timer_intid = fdt_interrupt(node, 2);
}

static void found_uart(const struct fdt_node *node)
{
    uint64_t size;

    if (!board.uart_intid) {
        board.uart_intid = fdt_interrupt(node, 0);
        fdt_reg(node, 0, &uart_base, &size);
    }
}

static void found_rtc(const struct fdt_node *node)
{
    uint64_t size;

    fdt_reg(node, 0, &board.rtc, &size);
}

static void found_other(const struct fdt_node *node)
{
    struct board_device *device = &board.devices[board.device_count];
    struct board_device now = {fdt_text(node, "compatible"), 0, 0, 1};
    uint64_t size;

    if (!now.type[0] || !fdt_reg(node, 0, &now.base, &size)) {
        return;
    }
    now.intid = fdt_interrupt(node, 0);
    if (board.device_count &&
        strcmp(device[-1].type, now.type) == 0) {
        device[-1].count++;
    } else if (board.device_count < MAX_DEVICES) {
        *device = now;
        board.device_count++;
    }
}

static const struct {
    const char *compatible;
    void (*found)(const struct fdt_node *node);
} known[] = {
    {"arm,psci", found_psci},
    {"arm,psci-0.2", found_psci},
    {"arm,cortex-a15-gic", found_gic2},
    {"arm,gic-400", found_gic2},
    {"arm,gic-v3", found_gic3},
    {"arm,armv8-timer", found_timer},
    {"arm,pl011", found_uart},
    {"arm,pl031", found_rtc},
};

static void found(const struct fdt_node *node)
{
    const char *type = fdt_text(node, "device_type");
    const char *status = fdt_text(node, "status");

    if (strcmp(status, "disabled") == 0) {
        return;
    }
    if (node->depth == 0) {
        board.model = fdt_text(node, "compatible");
    } else if (strcmp(node->name, "chosen") == 0) {
        board.arguments = fdt_text(node, "bootargs");
    } else if (strcmp(type, "cpu") == 0) {
        found_cpu(node);
    } else if (strcmp(type, "memory") == 0) {
        found_memory(node);
    } else {
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            if (fdt_compatible(node, known[i].compatible)) {
                known[i].found(node);
                return;
            }
        }
        found_other(node);
    }
}

static void boot_cpu_first(void)
{
    uint64_t me = sysreg_read(mpidr_el1) & MPIDR_AFFINITY;

    for (unsigned i = 1; i < board.cpu_count; i++) {
        if (board.cpus[i].mpidr == me) {
            struct board_cpu cpu = board.cpus[i];

            board.cpus[i] = board.cpus[0];
            board.cpus[0] = cpu;
        }
    }
    if (!board.cpu_count) {
        board.cpus[0] = (struct board_cpu){me, "unknown", "none"};
        board.cpu_count = 1;
    }
}

void board_find(uint64_t tree)
{
    struct fdt_node node = {0};

    board.model = "unknown board";
    board.arguments = "";
    board.conduit = "";
    if (fdt_open(tree)) {
        board.tree = tree;
        while (fdt_next(&node)) {
            found(&node);
        }
    }
    boot_cpu_first();
}

/* Parts by MIDR_EL1.PartNum of implementer Arm. */
static const char *part_name(uint64_t midr)
{
    static const struct {
        unsigned part;
        const char *name;
    } parts[] = {
        {0xd03, "Cortex-A53"}, {0xd04, "Cortex-A35"}, {0xd05, "Cortex-A55"},
        {0xd07, "Cortex-A57"}, {0xd08, "Cortex-A72"}, {0xd0b, "Cortex-A76"},
        {0xd0c, "Neoverse-N1"}, {0xd40, "Neoverse-V1"},
        {0xd49, "Neoverse-N2"}, {0xd4d, "Cortex-A715"},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (midr >> 24 == 0x41 && (midr >> 4 & 0xfff) == parts[i].part) {
            return parts[i].name;
        }
    }
    return "no part of the list";
}

static void print_size(uint64_t bytes)
{
    if (bytes % (1ull << 30) == 0) {
        print("%lu GiB", bytes >> 30);
    } else {
        print("%lu MiB", bytes >> 20);
    }
}

static void print_gic(void)
{
    if (!board.has_gic) {
        print("  gic      none\n");
    } else if (gic_place.version == 2) {
        print("  gic      version 2, distributor at %lx, CPU interface at "
              "%lx\n", gic_place.dist, gic_place.cpuif);
    } else {
        print("  gic      version 3, distributor at %lx, redistributors at "
              "%lx\n", gic_place.dist, gic_place.redist[0]);
    }
}

static void print_device(const struct board_device *device)
{
    print("  also     %s at %lx", device->type, device->base);
    if (device->intid) {
        print(", interrupt %u", device->intid);
    }
    if (device->count > 1) {
        print(", and %u more", device->count - 1);
    }
    print("\n");
}

void board_print(void)
{
    uint64_t midr = sysreg_read(midr_el1);

    if (!board.tree) {
        print("  There is no device tree; assuming the virt board.\n");
    } else {
        print("  board    %s, device tree at %lx (%lu bytes)\n", board.model,
              board.tree, fdt_size());
    }
    print("  this cpu MIDR %lx: %s r%lup%lu\n", midr, part_name(midr),
          midr >> 20 & 15, midr & 15);
    for (unsigned i = 0; i < board.cpu_count; i++) {
        print("  cpu %-4u %s, MPIDR %lx, enabled by %s\n", i,
              board.cpus[i].type, board.cpus[i].mpidr, board.cpus[i].method);
    }
    for (unsigned i = 0; i < board.memory_count; i++) {
        print("  memory   ");
        print_size(board.memory[i].size);
        print(" at %lx\n", board.memory[i].base);
    }
    if (board.conduit[0]) {
        print("  psci     %u.%u by %s\n", psci_version() >> 16,
              psci_version() & 0xffff, board.conduit);
    }
    print_gic();
    print("  timer    %lu Hz, interrupt %u\n", timer_hz(),
          board.timer_intid);
    print("  uart     arm,pl011 at %lx, interrupt %u\n", uart_base,
          board.uart_intid);
    if (board.rtc) {
        print("  rtc      arm,pl031 at %lx\n", board.rtc);
    }
    for (unsigned i = 0; i < board.device_count; i++) {
        print_device(&board.devices[i]);
    }
    if (board.arguments[0]) {
        print("  append   %s\n", board.arguments);
    }
}
