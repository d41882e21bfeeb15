/*
 * Between the files of semihosting: one call, and what it may use.
 * semihosting.c has the table of calls, semihosting_files.c those on files.
 */
#ifndef CPU_ARM_SEMIHOSTING_CALL_H
#define CPU_ARM_SEMIHOSTING_CALL_H

#include <pthread.h>

#include "cpu/arm/semihosting.h"
#include "cpu/semihosting.h"

#define SEMIHOSTING_HANDLES 256
#define SEMIHOSTING_FIELDS 4

/* What a handle of the guest, less 1, stands for. */
struct handle {
    enum { HANDLE_FREE, HANDLE_FILE, HANDLE_FEATURES } kind;
    int file;          /* of the host */
    uint64_t position; /* HANDLE_FEATURES */
};

struct semihosting_state {
    const struct semihosting *host;
    pthread_mutex_t lock; /* one call at a time */
    int error;            /* SYS_ERRNO */
    uint64_t start_ns;
    struct handle handle[SEMIHOSTING_HANDLES];
};

struct call {
    struct arm_cpu *cpu;
    struct semihosting_state *s;
    const struct semihosting *host;
    uint64_t param;                     /* X1 */
    uint64_t field[SEMIHOSTING_FIELDS]; /* of the block there */
    bool again;                         /* nothing has happened yet */
};

#define HOST(c, op, ...) ((c)->host->ops->op((c)->host->opaque, __VA_ARGS__))

/* -1, and SYS_ERRNO says why. */
int64_t call_fail(const struct call *c, int error);
/* The host's answer as the guest's: 0 or more, or call_fail(). */
int64_t call_answer(struct call *c, int64_t result);

/* Guest memory by the caller's own rights; false when some of it is not RAM
 * that it may use. */
bool call_get(const struct call *c, uint64_t va, void *data, uint64_t size);
bool call_put(const struct call *c, uint64_t va, const void *data,
              uint64_t size);

/* Somebody waits for this vCPU: what is done is enough. */
bool call_is_in_haste(const struct call *c);

/* Of `size` bytes at `va` to a file of the host: how many. */
uint64_t call_write(struct call *c, int file, uint64_t va, uint64_t size);

int64_t sys_open(struct call *c);
int64_t sys_close(struct call *c);
int64_t sys_write(struct call *c);
int64_t sys_read(struct call *c);
int64_t sys_istty(struct call *c);
int64_t sys_seek(struct call *c);
int64_t sys_flen(struct call *c);
int64_t sys_tmpnam(struct call *c);
int64_t sys_remove(struct call *c);
int64_t sys_rename(struct call *c);

#endif
