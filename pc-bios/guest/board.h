/* What the device tree says about the board. */
#ifndef PC_BIOS_GUEST_BOARD_H
#define PC_BIOS_GUEST_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "pc-bios/guest/limits.h"

enum { MAX_MEMORY = 8, MAX_DEVICES = 24 };

struct board_cpu {
    uint64_t mpidr;     /* affinity fields */
    const char *type;   /* compatible */
    const char *method; /* enable-method */
};

struct board_memory {
    uint64_t base;
    uint64_t size;
};

/* Devices the guest names but does not use; equal ones are counted. */
struct board_device {
    const char *type;
    uint64_t base;
    unsigned intid; /* 0: none */
    unsigned count;
};

struct board {
    uint64_t tree; /* address of the device tree, 0 for none */
    const char *model;
    const char *arguments;
    const char *conduit;
    struct board_cpu cpus[MAX_CPUS]; /* the one that booted comes first */
    unsigned cpu_count;
    struct board_memory memory[MAX_MEMORY];
    unsigned memory_count;
    struct board_device devices[MAX_DEVICES];
    unsigned device_count;
    bool has_gic;
    unsigned timer_intid; /* virtual timer */
    unsigned uart_intid;
    uint64_t rtc; /* 0: none */
};

extern struct board board;

/* Reads the tree and tells uart, gic and psci where they are. */
void board_find(uint64_t tree);

/* "info" */
void board_print(void);

#endif
