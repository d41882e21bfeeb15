/* The tables of plain data.  Sections are those of ACPI 6.0 unless said. */
#include "hw/arm/acpi.h"

#include <string.h>

/* Generic address structure (5.2.3.2): memory, byte accesses. */
static void put_address(struct bytes *b, uint64_t pa)
{
    bytes_u8(b, 0);  /* system memory */
    bytes_u8(b, 8);  /* bits wide */
    bytes_u8(b, 0);
    bytes_u8(b, 1);  /* accessed by bytes */
    bytes_u64(b, pa);
}

/* 5.2.9: hardware-reduced, so nearly all of it is zero. */
size_t acpi_fadt(struct acpi_tables *t, const struct acpi_board *board,
                 size_t dsdt)
{
    enum {
        FLAGS = 112,
        ARM_BOOT_FLAGS = 129,
        X_DSDT = 140,
        HYPERVISOR = 268,
        SIZE = 276,
    };
    enum { HARDWARE_REDUCED = 1 << 20, PSCI = 1, PSCI_HVC = 2 };
    size_t start = acpi_begin(t, "FACP", 6);
    struct bytes *b = &t->tables;

    bytes_zero(b, start + SIZE - b->size);
    bytes_set_u32(b, start + FLAGS, HARDWARE_REDUCED);
    bytes_set_u16(b, start + ARM_BOOT_FLAGS,
                  (board->psci ? PSCI : 0) |
                      (board->psci && board->psci_hvc ? PSCI_HVC : 0));
    memcpy(b->data + start + HYPERVISOR, "QEMU", 4);
    acpi_pointer(t, start + X_DSDT, 8, dsdt);
    acpi_end(t, start);
    return start;
}

/* MADT: interrupt controllers (5.2.12.14 to 5.2.12.18) ----------------- */

static void put_gicc(struct bytes *b, const struct acpi_board *board,
                     unsigned cpu)
{
    bytes_u8(b, 0x0b);
    bytes_u8(b, 80);
    bytes_u16(b, 0);
    bytes_u32(b, cpu); /* CPU interface number */
    bytes_u32(b, cpu); /* as _UID in the DSDT */
    bytes_u32(b, 1);   /* enabled */
    bytes_u32(b, 0);   /* parking protocol */
    bytes_u32(b, board->pmu_intid);
    bytes_u64(b, 0);   /* parked address */
    bytes_u64(b, board->gic_cpu.base);
    bytes_u64(b, board->gic_vcpu.base);
    bytes_u64(b, board->gic_hyp.base);
    bytes_u32(b, board->maintenance_intid);
    bytes_u64(b, 0);   /* redistributor: has an entry of its own */
    bytes_u64(b, board->mpidr[cpu] & 0xff00ffffff);
    bytes_u32(b, 0);   /* efficiency class */
}

static void put_gic_frames(struct bytes *b, const struct acpi_board *board)
{
    if (board->gic_redist.size) {
        bytes_u8(b, 0x0e);
        bytes_u8(b, 16);
        bytes_u16(b, 0);
        bytes_u64(b, board->gic_redist.base);
        bytes_u32(b, (uint32_t)board->gic_redist.size);
    }
    if (board->its.size) {
        bytes_u8(b, 0x0f);
        bytes_u8(b, 20);
        bytes_u16(b, 0);
        bytes_u32(b, 0); /* the ITS's id in the IORT */
        bytes_u64(b, board->its.base);
        bytes_u32(b, 0);
    }
    if (board->gic_msi.size) {
        bytes_u8(b, 0x0d);
        bytes_u8(b, 24);
        bytes_u16(b, 0);
        bytes_u32(b, 0); /* frame id */
        bytes_u64(b, board->gic_msi.base);
        bytes_u32(b, 1); /* what follows overrides MSI_TYPER */
        bytes_u16(b, (uint16_t)board->gic_msi_spis);
        bytes_u16(b, (uint16_t)board->gic_msi.intid);
    }
}

size_t acpi_madt(struct acpi_tables *t, const struct acpi_board *board)
{
    size_t start = acpi_begin(t, "APIC", 4);
    struct bytes *b = &t->tables;

    bytes_u32(b, 0); /* no local APIC */
    bytes_u32(b, 0);
    bytes_u8(b, 0x0c);
    bytes_u8(b, 24);
    bytes_u16(b, 0);
    bytes_u32(b, 0); /* GIC id */
    bytes_u64(b, board->gic_dist.base);
    bytes_u32(b, 0);
    bytes_u8(b, (uint8_t)board->gic_version);
    bytes_zero(b, 3);
    for (unsigned i = 0; i < board->cpus; i++) {
        put_gicc(b, board, i);
    }
    put_gic_frames(b, board);
    acpi_end(t, start);
    return start;
}

/* PPTT: processor hierarchy (ACPI 6.2, 5.2.29.1) ------------------------ */

enum {
    PPTT_PACKAGE = 1 << 0,
    PPTT_ID_VALID = 1 << 1,
    PPTT_THREAD = 1 << 2,
    PPTT_LEAF = 1 << 3,
};

/* A node, whose parent is at `parent` of the table; returns where it is. */
static uint32_t put_node(struct bytes *b, size_t start, uint32_t flags,
                         uint32_t parent, uint32_t id)
{
    uint32_t at = (uint32_t)(b->size - start);

    bytes_u8(b, 0);
    bytes_u8(b, 20);
    bytes_u16(b, 0);
    bytes_u32(b, flags);
    bytes_u32(b, parent);
    bytes_u32(b, id);
    bytes_u32(b, 0); /* private resources */
    return at;
}

/* Only what has a processor in it. */
size_t acpi_pptt(struct acpi_tables *t, const struct acpi_board *board)
{
    const struct cpu_topology *topology = &board->topology;
    unsigned threads = topology->threads;
    unsigned per_cluster = topology->cores * threads;
    unsigned per_socket = topology->clusters * per_cluster;
    size_t start = acpi_begin(t, "PPTT", 2);
    struct bytes *b = &t->tables;
    uint32_t socket = 0, cluster = 0, core = 0;

    for (unsigned i = 0; i < board->cpus; i++) {
        if (i % per_socket == 0) {
            socket = put_node(b, start, PPTT_PACKAGE, 0, i / per_socket);
        }
        if (i % per_cluster == 0) {
            cluster = put_node(b, start, 0, socket,
                               i / per_cluster % topology->clusters);
        }
        if (threads == 1) {
            put_node(b, start, PPTT_ID_VALID | PPTT_LEAF, cluster, i);
            continue;
        }
        if (i % threads == 0) {
            core = put_node(b, start, 0, cluster,
                            i / threads % topology->cores);
        }
        put_node(b, start, PPTT_ID_VALID | PPTT_THREAD | PPTT_LEAF, core, i);
    }
    acpi_end(t, start);
    return start;
}

/* 5.2.24: active high. */
size_t acpi_gtdt(struct acpi_tables *t, const struct acpi_board *board)
{
    enum { EDGE = 1 << 0, ALWAYS_ON = 1 << 2 };
    uint32_t mode = board->edge_timers ? EDGE : 0;
    size_t start = acpi_begin(t, "GTDT", 2);
    struct bytes *b = &t->tables;

    bytes_u64(b, UINT64_MAX); /* no memory-mapped counter */
    bytes_u32(b, 0);
    bytes_u32(b, board->timer_secure);
    bytes_u32(b, mode);
    bytes_u32(b, board->timer_physical);
    bytes_u32(b, mode | ALWAYS_ON);
    bytes_u32(b, board->timer_virtual);
    bytes_u32(b, mode);
    bytes_u32(b, board->timer_hypervisor);
    bytes_u32(b, mode);
    bytes_u64(b, UINT64_MAX); /* nor one to be read only */
    bytes_u32(b, 0);          /* platform timers */
    bytes_u32(b, 0);
    acpi_end(t, start);
    return start;
}

/* PCI Firmware Specification 3.0, 4.1.2. */
size_t acpi_mcfg(struct acpi_tables *t, const struct acpi_board *board)
{
    size_t start = acpi_begin(t, "MCFG", 1);
    struct bytes *b = &t->tables;

    bytes_u64(b, 0);
    bytes_u64(b, board->ecam.base);
    bytes_u16(b, 0); /* segment */
    bytes_u8(b, 0);  /* buses */
    bytes_u8(b, (uint8_t)((board->ecam.size >> 20) - 1));
    bytes_u32(b, 0);
    acpi_end(t, start);
    return start;
}

/* Serial ports ----------------------------------------------------------- */

enum { PORT_PL011 = 3 };

/* Microsoft, Serial Port Console Redirection Table 1.03. */
size_t acpi_spcr(struct acpi_tables *t, const struct acpi_board *board)
{
    size_t start = acpi_begin(t, "SPCR", 2);
    struct bytes *b = &t->tables;

    bytes_u8(b, PORT_PL011);
    bytes_zero(b, 3);
    put_address(b, board->uart[0].base);
    bytes_u8(b, 1 << 3); /* through the GIC */
    bytes_u8(b, 0);
    bytes_u32(b, board->uart[0].intid);
    bytes_u8(b, 3);      /* 9600 baud */
    bytes_u8(b, 0);      /* no parity */
    bytes_u8(b, 1);      /* stop bit */
    bytes_u8(b, 1 << 1); /* RTS/CTS */
    bytes_u8(b, 0);      /* VT100 */
    bytes_u8(b, 0);
    bytes_u16(b, 0xffff); /* not a PCI device */
    bytes_u16(b, 0xffff);
    bytes_zero(b, 3 + 4 + 1 + 4);
    acpi_end(t, start);
    return start;
}

/* Microsoft, Debug Port Table 2. */
size_t acpi_dbg2(struct acpi_tables *t, const struct acpi_board *board)
{
    enum { ADDRESS = 22, ADDRESS_SIZE = 34, NAME = 38 };
    static const char name[] = "COM0";
    size_t start = acpi_begin(t, "DBG2", 0);
    struct bytes *b = &t->tables;

    bytes_u32(b, (uint32_t)(b->size - start) + 8); /* where the first is */
    bytes_u32(b, 1);                               /* of them */
    bytes_u8(b, 0);
    bytes_u16(b, NAME + sizeof(name));
    bytes_u8(b, 1); /* register region */
    bytes_u16(b, sizeof(name));
    bytes_u16(b, NAME);
    bytes_u32(b, 0); /* OEM data */
    bytes_u16(b, 0x8000); /* serial */
    bytes_u16(b, PORT_PL011);
    bytes_u16(b, 0);
    bytes_u16(b, ADDRESS);
    bytes_u16(b, ADDRESS_SIZE);
    put_address(b, board->uart[0].base);
    bytes_u32(b, (uint32_t)board->uart[0].size);
    bytes_put(b, name, sizeof(name));
    acpi_end(t, start);
    return start;
}

/* IORT: who translates PCI's requester ids to the ITS's (Arm DEN 0049) --- */

static void put_its_group(struct bytes *b)
{
    bytes_u8(b, 0);
    bytes_u16(b, 24);
    bytes_u8(b, 1);
    bytes_u32(b, 0); /* identifier */
    bytes_u32(b, 0); /* mappings */
    bytes_u32(b, 0);
    bytes_u32(b, 1); /* ITS: id 0 */
    bytes_u32(b, 0);
}

static void put_root_complex(struct bytes *b, bool its, uint32_t its_node)
{
    enum { NODE = 36, MAPPING = 20 };

    bytes_u8(b, 2);
    bytes_u16(b, NODE + (its ? MAPPING : 0));
    bytes_u8(b, 3);
    bytes_u32(b, 1); /* identifier */
    bytes_u32(b, its);
    bytes_u32(b, its ? NODE : 0);
    bytes_u32(b, 1); /* fully coherent */
    bytes_u8(b, 0);
    bytes_u16(b, 0);
    bytes_u8(b, 3);  /* coherent, device attributes kept */
    bytes_u32(b, 0); /* no ATS */
    bytes_u32(b, 0); /* segment */
    bytes_u8(b, 64); /* bits of an address */
    bytes_zero(b, 3);
    if (its) {
        bytes_u32(b, 0); /* ids 0 to 0xffff, as they are */
        bytes_u32(b, 0xffff);
        bytes_u32(b, 0);
        bytes_u32(b, its_node);
        bytes_u32(b, 0);
    }
}

size_t acpi_iort(struct acpi_tables *t, const struct acpi_board *board)
{
    enum { FIRST_NODE = 48 };
    bool its = board->its.size;
    size_t start = acpi_begin(t, "IORT", 3);
    struct bytes *b = &t->tables;

    bytes_u32(b, its ? 2 : 1);
    bytes_u32(b, FIRST_NODE);
    bytes_u32(b, 0);
    if (its) {
        put_its_group(b);
    }
    put_root_complex(b, its, FIRST_NODE);
    acpi_end(t, start);
    return start;
}
