/* To the background, once there is nothing left to fail: -daemonize and the
 * NBD server's --fork. */
#ifndef UTIL_DAEMON_H
#define UTIL_DAEMON_H

#include <stdbool.h>

#include "util/error.h"

/*
 * Go on in a process of its own session.  The one that was started waits for
 * daemon_ready() and ends with status 0, or with 1 when the other ends
 * before.  Before any thread is made.
 */
bool daemon_start(struct error **err);

/* Let the caller go, and his terminal.  Paths stay relative to where we were
 * started. */
void daemon_ready(void);

#endif
