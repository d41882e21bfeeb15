/*
 * What semihosting calls of the guest ask of the host (Arm's "Semihosting
 * for AArch32 and AArch64").  The processor reads the guest's memory and knows
 * the calls (cpu/arm/semihosting.c); who implements this has files and a
 * console and sees no guest address.
 *
 * Called on vCPU threads, one call at a time.  Results are -errno on errors;
 * -EAGAIN says that nothing has happened yet and that the guest shall ask
 * again: no call takes longer than SEMIHOSTING_PATIENCE_MS.
 */
#ifndef CPU_SEMIHOSTING_H
#define CPU_SEMIHOSTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEMIHOSTING_PATIENCE_MS 20

/* Files that are always open. */
enum { SEMIHOSTING_IN, SEMIHOSTING_OUT, SEMIHOSTING_ERR,
       SEMIHOSTING_CONSOLE, /* of SYS_WRITEC, WRITE0 and READC */
       SEMIHOSTING_FILES }; /* others are not below */

struct semihosting_ops {
    /* `mode` is an index into r rb r+ r+b w wb w+ w+b a ab a+ a+b. */
    int (*open)(void *opaque, const char *name, unsigned mode);
    int (*close)(void *opaque, int file);
    /* Bytes done; of a read 0 is the end. */
    int64_t (*read)(void *opaque, int file, void *data, size_t size);
    int64_t (*write)(void *opaque, int file, const void *data, size_t size);
    int (*seek)(void *opaque, int file, uint64_t position);
    int64_t (*length)(void *opaque, int file);
    int (*is_terminal)(void *opaque, int file); /* 0 or 1 */
    int (*remove)(void *opaque, const char *name);
    int (*rename)(void *opaque, const char *from, const char *to);
    /* The guest is done; its processors are stopped soon. */
    void (*exit)(void *opaque, int status);
};

/* Stays its maker's; final before the guest runs. */
struct semihosting {
    const struct semihosting_ops *ops;
    void *opaque;
    bool userspace;        /* EL0 may call, too */
    const char *cmdline;   /* SYS_GET_CMDLINE */
    uint64_t heap_base, heap_limit; /* SYS_HEAPINFO: free memory */
};

#endif
