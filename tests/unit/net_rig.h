/*
 * A NIC that remembers what it receives, an event loop for back ends, and a
 * client whose back end remembers, too.
 *
 * There is one, made and taken down by the fixtures.
 */
#ifndef TESTS_UNIT_NET_RIG_H
#define TESTS_UNIT_NET_RIG_H

#include <check.h>

#include "net/config.h"
#include "util/bits.h"
#include "util/loop.h"

#define MAX_SEEN 64

struct seen {
    uint8_t data[NET_MAX_PACKET];
    size_t length;
    struct net_offload offload;
};

struct net_rig {
    /* What the NIC, or whoever calls net_rig_remember(), was given. */
    struct seen *seen;
    unsigned seen_count;
    unsigned room;      /* packets the NIC takes; MAX_SEEN to begin with */
    unsigned writables; /* calls of the NIC's writable() */
    int link_state;     /* -1: it has not heard */
    struct loop *loop;
    struct net_context context;
};
extern struct net_rig net_rig;

/* Fixtures. */
void net_rig_setup(void);
void net_rig_teardown(void);

extern const struct net_nic net_rig_nic;
/* Of a client that is initialised by the test. */
extern const struct net_ops net_rig_fake_ops;

void net_rig_remember(void *opaque, const struct net_packet *packet);

/* Open a back end by the name of its kind; it must succeed. */
struct net_client *net_rig_open(const char *kind, struct net_config *config);

/* Run the loop until `count` packets were seen, or for 3 s; until what is
 * posted is done. */
void net_rig_run(unsigned count);
void net_rig_settle(void);

/* The NIC sends a frame, in two pieces; or a text in the shortest frame. */
void net_rig_send(struct net_client *nc, const void *data, size_t length);
void net_rig_send_text(struct net_client *nc, const char *text);
/* The back end has a frame for the NIC. */
void net_rig_deliver(struct net_client *nc, const void *data, size_t length);

/* Do what is left to do with a packet for one who takes only `can`; what
 * comes of it is remembered. */
void net_rig_finish(uint8_t *frame, size_t length, struct net_offload offload,
                    unsigned accepts);

#endif
