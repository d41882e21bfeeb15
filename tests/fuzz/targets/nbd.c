/*
 * NBD: what a server says to our client, what a client says to our server,
 * and addresses.  The first byte says which.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "block/nbd/file.h"
#include "block/nbd/server.h"
#include "tests/fuzz/shared/file.h"
#include "tests/fuzz/targets/input.h"

#define SIZE (1u << 20)

/* One end of a connection on which all has been said already. */
static int said(struct input *in, int *other)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
        abort();
    }
    (void)!send(ends[1], in->at, in_left(in), MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(ends[1], SHUT_WR);
    *other = ends[1];
    return ends[0];
}

/* The client ----------------------------------------------------------- */

static void ask_status(struct block_file *file, uint64_t offset)
{
    uint64_t run = 0;
    unsigned flags;

    if (block_file_status(file, offset, 65536, &flags, &run) == 0 &&
        (!run || run > 65536)) {
        abort();
    }
}

/* A number of things, one after the other; the server's part is written. */
static void client(struct input *in)
{
    static uint8_t data[8192];
    unsigned script = in_u16(in);
    struct iovec iov[2] = {{data, 1000}, {data + 1000, 3096}};
    int other, fd = said(in, &other);
    struct block_file *file = nbd_file_on(fd, script & 0x8000, NULL);

    for (unsigned i = 0; file && i < 5; i++, script >>= 3) {
        uint64_t offset = i * 512;
        switch (script & 7) {
        case 0:
        case 1:
            block_file_read(file, iov, 2, offset);
            break;
        case 2:
            block_file_write(file, iov, 2, offset, i & 1);
            break;
        case 3:
            block_file_zero(file, offset, 65536, i & 1);
            break;
        case 4:
            block_file_discard(file, offset, 65536);
            break;
        case 5:
            block_file_flush(file);
            break;
        default:
            ask_status(file, offset);
        }
    }
    block_file_close(file);
    if (!file) {
        close(fd);
    }
    close(other);
}

/* The server ------------------------------------------------------------- */

static struct loop *loop;

static void on_gone(void *opaque, bool used)
{
    (void)opaque;
    (void)used;
    loop_stop(loop, 0);
}

struct sink {
    int fd;
    struct loop_fd *watch;
};

static void on_reply(void *opaque)
{
    static uint8_t bytes[65536];
    struct sink *sink = opaque;

    if (recv(sink->fd, bytes, sizeof(bytes), MSG_DONTWAIT) == 0) {
        loop_fd_set_handlers(sink->watch, NULL, NULL);
    }
}

static void server(struct input *in)
{
    static const uint8_t zero[1];
    unsigned how = in_u8(in);
    struct block_config image = {
        .file = file_with(0, zero, 1), .format = "raw",
        .aio = BLOCK_AIO_THREADS, .no_lock = true,
        .read_only = how & 1, .snapshot = how & 2,
    };
    struct nbd_server_config config = {
        .name = how & 4 ? "e" : "", .description = how & 8 ? "text" : NULL,
        .offset = how & 16 ? 1000 : 0, .read_only = how & 1,
        .depth = how & 32, .multi = how & 64, .gone = on_gone,
    };
    struct sink sink;

    if (truncate(image.file, SIZE)) {
        abort();
    }
    config.size = SIZE - config.offset;
    loop = loop_new();
    struct block_backend *backend = block_open(&image, loop, NULL);
    if (!backend) {
        abort();
    }
    struct nbd_server *s = nbd_server_new(&config, backend, loop);
    nbd_server_add(s, said(in, &sink.fd));
    sink.watch = loop_fd_add(loop, sink.fd, on_reply, NULL, &sink);
    loop_run(loop);
    loop_fd_remove(sink.watch);
    nbd_server_free(s);
    block_close(backend);
    loop_free(loop);
    close(sink.fd);
}

/* Addresses -------------------------------------------------------------- */

static void address(struct input *in)
{
    size_t length = in_left(in);
    char *text = strndup((const char *)in->at, length);
    struct error *err = NULL;
    struct nbd_address *a = nbd_address_parse(text, &err);

    if (!a == !err || (a && (!a->export || !a->path == !a->host))) {
        abort();
    }
    nbd_address_free(a);
    error_free(err);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};

    switch (in_u8(&in) % 4) {
    case 0:
    case 1:
        client(&in);
        break;
    case 2:
        server(&in);
        break;
    default:
        address(&in);
    }
    return 0;
}
