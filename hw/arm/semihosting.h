/* The host's side of semihosting: files, and a console. */
#ifndef HW_ARM_SEMIHOSTING_H
#define HW_ARM_SEMIHOSTING_H

#include "cpu/semihosting.h"
#include "util/error.h"

struct machine;
struct semihosting_host;

/* Before the processors; NULL when it was not asked for. */
struct semihosting_host *semihosting_host_new(struct machine *m);
void semihosting_host_free(struct semihosting_host *s); /* or NULL */

/* For cpu_config; NULL when `s` is. */
const struct semihosting *semihosting_host_interface(
    const struct semihosting_host *s);

/* When the guest has its place in memory and the UARTs are connected. */
bool semihosting_host_connect(struct semihosting_host *s, struct error **err);

#endif
