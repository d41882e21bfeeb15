/* The network back ends of a run: opened before the machine that uses them,
 * closed after it.  Loop thread, or before the loop runs. */
#ifndef UI_NETDEVS_H
#define UI_NETDEVS_H

#include "hw/arm/machine_config.h"
#include "net/net.h"
#include "ui/chardev.h"
#include "util/error.h"
#include "util/loop.h"

struct netdevs;

/* Everything in `config`, which outlives it.  `find_chardev` looks an open
 * character device up by its id, for guestfwd. */
struct netdevs *netdevs_open(const struct machine_config *config,
                             struct loop *loop,
                             struct chardev *(*find_chardev)(void *opaque,
                                                             const char *id),
                             void *opaque, struct error **err);
void netdevs_close(struct netdevs *n); /* may be NULL */

/* By the id of -netdev; NULL when there is none. */
struct net_client *netdevs_find(const struct netdevs *n, const char *id);

/* Say which cables lead nowhere; after all NICs are made. */
void netdevs_warn_unused(const struct netdevs *n);

#endif
