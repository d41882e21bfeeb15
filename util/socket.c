#include "util/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16
#define CONNECT_SECONDS 10

/* One address to try. */
typedef int try_address(int fd, const struct sockaddr *address,
                        socklen_t size);

static int try_bind(int fd, const struct sockaddr *address, socklen_t size)
{
    int one = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    return bind(fd, address, size);
}

static int try_listen(int fd, const struct sockaddr *address, socklen_t size)
{
    return try_bind(fd, address, size) < 0 ? -1 : listen(fd, BACKLOG);
}

static int try_connect(int fd, const struct sockaddr *address,
                       socklen_t size)
{
    int result;

    do {
        result = connect(fd, address, size);
    } while (result < 0 && errno == EINTR);
    return result;
}

/* SO_SNDTIMEO is what limits connect(), too. */
static int try_connect_soon(int fd, const struct sockaddr *address,
                            socklen_t size)
{
    struct timeval patience = {.tv_sec = CONNECT_SECONDS}, none = {0};

    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    int result = try_connect(fd, address, size);
    if (result < 0 && (errno == EINPROGRESS || errno == EAGAIN)) {
        errno = ETIMEDOUT;
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
    return result;
}

static int try_connect_start(int fd, const struct sockaddr *address,
                             socklen_t size)
{
    socket_set_nonblocking(fd);
    int result = connect(fd, address, size);
    return result < 0 && errno == EINPROGRESS ? 0 : result;
}

/* Unix sockets --------------------------------------------------------- */

static bool unix_address(const char *path, struct sockaddr_un *address,
                         socklen_t *size, struct error **err)
{
    size_t length = strlen(path);

    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    if (length >= sizeof(address->sun_path)) {
        error_set(err, "%s: the path of a unix socket has at most %zu bytes",
                  path, sizeof(address->sun_path) - 1);
        return false;
    }
    memcpy(address->sun_path, path, length);
    *size = sizeof(*address);
    if (path[0] == '@') {
        address->sun_path[0] = '\0';
        *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    }
    return true;
}

/* Left behind by a process that is gone: nobody answers. */
static void remove_stale(const char *path, int type,
                         const struct sockaddr_un *address, socklen_t size)
{
    struct stat st;
    int fd;

    if (path[0] == '@' || lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        return;
    }
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        if (connect(fd, (const struct sockaddr *)address, size) < 0 &&
            errno == ECONNREFUSED) {
            unlink(path);
        }
        close(fd);
    }
}

static int open_unix(const char *path, int type, try_address *attempt,
                     struct error **err)
{
    struct sockaddr_un address;
    socklen_t size;

    if (!unix_address(path, &address, &size, err)) {
        return -1;
    }
    bool passive = attempt == try_listen || attempt == try_bind;
    if (passive) {
        remove_stale(path, type, &address, size);
    }
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || attempt(fd, (struct sockaddr *)&address, size) < 0) {
        error_set_errno(err, errno, "%s '%s'",
                        passive ? "Failed to bind socket to"
                                : "Failed to connect to",
                        path);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* TCP and UDP ---------------------------------------------------------- */

static struct addrinfo *look_up(const struct socket_address *address,
                                int type, int flags, struct error **err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = type,
                             .ai_flags = flags};
    struct addrinfo *list;
    const char *host = address->host && *address->host ? address->host : NULL;
    const char *port = address->port && *address->port ? address->port : "0";

    if (address->no_ipv6 || !host) {
        hints.ai_family = AF_INET;
    }
    if (address->no_ipv4) {
        hints.ai_family = AF_INET6;
    }
    int failed = getaddrinfo(host, port, &hints, &list);
    if (failed) {
        error_set(err, "address '%s:%s': %s", host ? host : "", port,
                  gai_strerror(failed));
        return NULL;
    }
    return list;
}

static void set_port(struct sockaddr *address, unsigned port)
{
    if (address->sa_family == AF_INET) {
        ((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
    } else {
        ((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
    }
}

static unsigned get_port(const struct sockaddr *address)
{
    return ntohs(address->sa_family == AF_INET
                     ? ((const struct sockaddr_in *)address)->sin_port
                     : ((const struct sockaddr_in6 *)address)->sin6_port);
}

/* The first of a host's addresses, and of the ports, that works. */
static int try_all(const struct addrinfo *list, unsigned to,
                   try_address *attempt)
{
    int number = 0;

    for (const struct addrinfo *a = list; a; a = a->ai_next) {
        unsigned port = get_port(a->ai_addr);
        unsigned last = to > port ? to : port;
        for (; port <= last; port++) {
            int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC,
                            a->ai_protocol);
            set_port(a->ai_addr, port);
            if (fd >= 0 && attempt(fd, a->ai_addr, a->ai_addrlen) == 0) {
                return fd;
            }
            number = errno;
            if (fd >= 0) {
                close(fd);
            }
        }
    }
    errno = number;
    return -1;
}

static int open_inet(const struct socket_address *address, int type,
                     try_address *attempt, struct error **err)
{
    bool passive = attempt == try_listen || attempt == try_bind;
    struct addrinfo *list =
        look_up(address, type, passive ? AI_PASSIVE : 0, err);
    char name[256];

    if (!list) {
        return -1;
    }
    int fd = try_all(list, passive ? address->to : 0, attempt);
    int number = errno;
    freeaddrinfo(list);
    if (fd < 0) {
        socket_address_name(address, name, sizeof(name));
        error_set_errno(err, number, "%s '%s'",
                        passive ? "Failed to bind socket to"
                                : "Failed to connect to",
                        name);
    }
    return fd;
}

static int open_stream(const struct socket_address *address,
                       try_address *attempt, struct error **err)
{
    return address->path
               ? open_unix(address->path, SOCK_STREAM, attempt, err)
               : open_inet(address, SOCK_STREAM, attempt, err);
}

int socket_listen(const struct socket_address *address, struct error **err)
{
    return open_stream(address, try_listen, err);
}

int socket_connect(const struct socket_address *address, struct error **err)
{
    return open_stream(address, try_connect, err);
}

int socket_connect_soon(const struct socket_address *address,
                        struct error **err)
{
    return open_stream(address, try_connect_soon, err);
}

int socket_connect_start(const struct socket_address *address,
                         struct error **err)
{
    return open_stream(address, try_connect_start, err);
}

bool socket_connected(int fd, struct error **err)
{
    int number = 0;
    socklen_t size = sizeof(number);

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size) < 0) {
        number = errno;
    }
    if (number) {
        error_set_errno(err, number, "Failed to connect");
    }
    return number == 0;
}

bool socket_is_listening(int fd)
{
    int listening = 0;
    socklen_t size = sizeof(listening);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) ==
               0 && listening;
}

int socket_accept(int listener)
{
    int fd;

    do {
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    } while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
    return fd;
}

int socket_datagram(const struct socket_address *local,
                    const struct socket_address *remote, struct error **err)
{
    if (remote->path) {
        return open_unix(local->path, SOCK_DGRAM, try_bind, err);
    }
    struct addrinfo *to = look_up(remote, SOCK_DGRAM, 0, err);

    if (!to) {
        return -1;
    }
    struct socket_address here = local ? *local : (struct socket_address){0};
    bool v6 = to->ai_family == AF_INET6;
    here.no_ipv4 = v6;
    here.no_ipv6 = !v6;
    int fd = open_inet(&here, SOCK_DGRAM, try_bind, err);
    if (fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) < 0) {
        error_set_errno(err, errno, "Failed to connect to '%s:%s'",
                        remote->host ? remote->host : "", remote->port);
        close(fd);
        fd = -1;
    }
    freeaddrinfo(to);
    return fd;
}

bool socket_datagram_connect(int fd, const struct socket_address *remote)
{
    struct sockaddr_un address;
    socklen_t size;

    return unix_address(remote->path, &address, &size, NULL) &&
           connect(fd, (struct sockaddr *)&address, size) == 0;
}

/* Names ---------------------------------------------------------------- */

void socket_name(int fd, bool peer, char *name, size_t size)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    struct sockaddr *a = (struct sockaddr *)&address;
    char host[128], port[16];

    int failed = peer ? getpeername(fd, a, &length)
                      : getsockname(fd, a, &length);
    if (failed) {
        snprintf(name, size, "?");
    } else if (a->sa_family == AF_UNIX) {
        struct sockaddr_un *u = (struct sockaddr_un *)&address;
        snprintf(name, size, "%s",
                 length > sizeof(sa_family_t) ? u->sun_path : "");
    } else if (getnameinfo(a, length, host, sizeof(host), port, sizeof(port),
                           NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        bool v6 = a->sa_family == AF_INET6;
        snprintf(name, size, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "",
                 port);
    } else {
        snprintf(name, size, "?");
    }
}

void socket_address_name(const struct socket_address *address, char *name,
                         size_t size)
{
    if (address->path) {
        snprintf(name, size, "%s", address->path);
    } else {
        snprintf(name, size, "%s:%s", address->host ? address->host : "",
                 address->port ? address->port : "");
    }
}

void socket_set_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* Fails on unix sockets, which do not delay. */
void socket_set_nodelay(int fd)
{
    int one = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* After half a minute of silence a probe every ten seconds; what was sent
 * has to be acknowledged as soon. */
void socket_set_keepalive(int fd)
{
    static const struct {
        int level, name, value;
    } settings[] = {
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 30},
        {IPPROTO_TCP, TCP_KEEPINTVL, 10},
        {IPPROTO_TCP, TCP_KEEPCNT, 6},
        {IPPROTO_TCP, TCP_USER_TIMEOUT, 90000},
    };

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        setsockopt(fd, settings[i].level, settings[i].name,
                   &settings[i].value, sizeof(int));
    }
}
