/*
 * Stream and datagram sockets by the addresses users write: TCP and UDP by
 * host name and port (IPv4 and IPv6), unix sockets by path.
 *
 * Every descriptor is close-on-exec.  Any thread.
 */
#ifndef UTIL_SOCKET_H
#define UTIL_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"

struct socket_address {
    const char *host; /* NULL or "": any when listening, else this host */
    const char *port; /* number or service; NULL when `path` is set */
    const char *path; /* unix socket, or NULL; "@name" is abstract */
    unsigned to;      /* when listening: other ports to try, up to this */
    bool no_ipv4, no_ipv6;
};

/* A socket that listens, or -1.  A stale unix socket file is replaced. */
int socket_listen(const struct socket_address *address, struct error **err);

/* Wait for a connection and return it, or -1. */
int socket_accept(int listener);
/* Of a descriptor that is not ours: is it for socket_accept()? */
bool socket_is_listening(int fd);

/* A connection, or -1; waits for the other side's answer. */
int socket_connect(const struct socket_address *address, struct error **err);

/* The same for at most ten seconds for each address of the host. */
int socket_connect_soon(const struct socket_address *address,
                        struct error **err);

/*
 * The same without waiting: a connection in the making.  When it becomes
 * writable socket_connected() tells how that ended.  Host names are looked
 * up first, which may wait.
 */
int socket_connect_start(const struct socket_address *address,
                         struct error **err);
bool socket_connected(int fd, struct error **err);

/* A datagram socket that sends to `remote` and receives at `local` (NULL
 * or with NULL members: wherever), or -1.  Unix sockets need both, and
 * sending has to wait for socket_datagram_connect(). */
int socket_datagram(const struct socket_address *local,
                    const struct socket_address *remote, struct error **err);

/* Unix sockets: true when the other side is there. */
bool socket_datagram_connect(int fd, const struct socket_address *remote);

/* "127.0.0.1:5000", "[::1]:5000" or "/path": our end, or the other one. */
void socket_name(int fd, bool peer, char *name, size_t size);

/* As the user wrote it. */
void socket_address_name(const struct socket_address *address, char *name,
                         size_t size);

void socket_set_nonblocking(int fd);
void socket_set_nodelay(int fd);
/* Find out within 90 seconds when the other side's host is gone; TCP. */
void socket_set_keepalive(int fd);

#endif
