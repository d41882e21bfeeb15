/*
 * ACPI tables of the board (ACPI 6.0; Arm Server Base Boot Requirements),
 * for firmware to install through fw_cfg.
 */
#ifndef HW_ARM_ACPI_H
#define HW_ARM_ACPI_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/arm/machine_config.h"
#include "hw/core/bytes.h"
#include "hw/misc/fw_cfg.h"

struct acpi_region {
    uint64_t base, size; /* size 0: the board has none */
    uint32_t intid;      /* interrupt, where it has one */
};

/* All that the tables say of the board. */
struct acpi_board {
    unsigned cpus;
    uint64_t mpidr[MACHINE_MAX_CPUS];
    struct cpu_topology topology;
    bool no_topology;                  /* do not tell of it */
    const char *oem_id, *oem_table_id; /* up to 6 and 8 characters */
    bool psci, psci_hvc;

    unsigned gic_version;
    struct acpi_region gic_dist;
    struct acpi_region gic_cpu;        /* GICv2 */
    struct acpi_region gic_hyp, gic_vcpu; /* ... with virtualization */
    struct acpi_region gic_redist;     /* GICv3 */
    struct acpi_region gic_msi;        /* GICv2m: intid is the first SPI */
    unsigned gic_msi_spis;
    struct acpi_region its;
    uint32_t maintenance_intid;        /* 0: no virtualization */
    uint32_t pmu_intid;                /* 0: no performance monitors */
    /* Private timer interrupts. */
    bool edge_timers;
    uint32_t timer_secure, timer_physical, timer_virtual, timer_hypervisor;

    struct acpi_region uart[MACHINE_MAX_SERIALS];
    struct acpi_region fw_cfg, ged;
    struct acpi_region virtio_mmio;    /* the first slot */
    unsigned virtio_mmio_slots;        /* intids count up with them */
    struct acpi_region ecam;           /* intid is INTA's */
    struct acpi_region pci_io, pci_memory32, pci_memory64;
};

/* The tables as firmware gets them: addresses are offsets until it carries
 * out the loader's commands. */
struct acpi_tables {
    struct bytes tables, rsdp, loader;
    const char *oem_id, *oem_table_id; /* while they are built */
};

void acpi_build(struct acpi_tables *t, const struct acpi_board *board);
void acpi_tables_free(struct acpi_tables *t);

/* Build and add the three files. */
void acpi_add(struct fw_cfg *fw_cfg, const struct acpi_board *board);

/* For acpi_tables.c and acpi_dsdt.c: a table from its header to its end. */
size_t acpi_begin(struct acpi_tables *t, const char *signature,
                  uint8_t revision);
void acpi_end(struct acpi_tables *t, size_t start);
/* `size` bytes at `at` of the tables become the address of `offset`. */
void acpi_pointer(struct acpi_tables *t, size_t at, uint8_t size,
                  size_t offset);

/* Each writes one table and returns where it starts. */
size_t acpi_dsdt(struct acpi_tables *t, const struct acpi_board *board);
size_t acpi_fadt(struct acpi_tables *t, const struct acpi_board *board,
                 size_t dsdt);
size_t acpi_madt(struct acpi_tables *t, const struct acpi_board *board);
size_t acpi_pptt(struct acpi_tables *t, const struct acpi_board *board);
size_t acpi_gtdt(struct acpi_tables *t, const struct acpi_board *board);
size_t acpi_mcfg(struct acpi_tables *t, const struct acpi_board *board);
size_t acpi_spcr(struct acpi_tables *t, const struct acpi_board *board);
size_t acpi_dbg2(struct acpi_tables *t, const struct acpi_board *board);
size_t acpi_iort(struct acpi_tables *t, const struct acpi_board *board);

#endif
