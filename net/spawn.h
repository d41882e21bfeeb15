/* Programs that set up a tap for us. */
#ifndef NET_SPAWN_H
#define NET_SPAWN_H

#include <stdbool.h>

#include "util/error.h"

/* Run `script IFNAME` and wait for it. */
bool net_spawn_script(const char *script, const char *ifname,
                      struct error **err);

/*
 * Run the bridge helper, which makes a tap, adds it to `bridge` and sends
 * its descriptor over a unix socket: `HELPER --use-vnet --fd=N --br=BRIDGE`.
 * A helper with spaces is a shell command.  Returns the descriptor or -1.
 */
int net_spawn_helper(const char *helper, const char *bridge,
                     struct error **err);

#endif
