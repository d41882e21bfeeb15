/* block/nbd/: addresses; a client whose server is hostile, or goes and comes
 * back; a server whose client is. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "block/nbd/client.h"
#include "block/nbd/file.h"
#include "block/nbd/server.h"
#include "block/nbd/wire.h"
#include "util/bits.h"
#include "util/socket.h"

Suite *nbd_suite(void);

static struct error *err;

static void teardown(void)
{
    error_free(err);
    err = NULL;
}

/* Addresses -------------------------------------------------------------- */

static const struct {
    const char *text, *host, *port, *path, *export;
    unsigned reconnect, open;
} addresses[] = {
    {"nbd://h", "h", "10809", NULL, "", 0, 0},
    {"nbd://h/", "h", "10809", NULL, "", 0, 0},
    {"nbd://h:1/a/b%20c", "h", "1", NULL, "a/b c", 0, 0},
    {"nbd+tcp://[::1]:5/x", "::1", "5", NULL, "x", 0, 0},
    {"nbd+unix:///?socket=/tmp/s", NULL, NULL, "/tmp/s", "", 0, 0},
    {"nbd+unix:///e?reconnect-delay=7&socket=%2ftmp%2Fs&open-timeout=3",
     NULL, NULL, "/tmp/s", "e", 7, 3},
    {"nbd:h:12", "h", "12", NULL, "", 0, 0},
    {"nbd:[::1]:12:exportname=a:b", "::1", "12", NULL, "a:b", 0, 0},
    {"nbd:unix:/a:b:exportname=", NULL, NULL, "/a:b", "", 0, 0},
    {"nbd:unix:s:exportname=e", NULL, NULL, "s", "e", 0, 0},
};

static void same(const char *a, const char *b)
{
    ck_assert_int_eq(a != NULL, b != NULL);
    if (a) {
        ck_assert_str_eq(a, b);
    }
}

START_TEST(test_addresses)
{
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
        ck_assert(nbd_is_address(addresses[i].text));
        struct nbd_address *a = nbd_address_parse(addresses[i].text, &err);
        ck_assert_msg(a, "%s", err ? err->message : "");
        same(a->host, addresses[i].host);
        same(a->port, addresses[i].port);
        same(a->path, addresses[i].path);
        same(a->export, addresses[i].export);
        ck_assert_uint_eq(a->reconnect_delay, addresses[i].reconnect);
        ck_assert_uint_eq(a->open_timeout, addresses[i].open);
        nbd_address_free(a);
    }
    ck_assert(!nbd_is_address("nbd.img"));
    ck_assert(!nbd_is_address("./nbd:a:1"));
    ck_assert(!nbd_is_address("nbd+x"));
}
END_TEST

START_TEST(test_bad_addresses)
{
    static const char *const bad[] = {
        "nbd:", "nbd:h", "nbd:h:", "nbd:unix:", "nbd://", "nbd:///e",
        "nbd://[::1", "nbd://[::1]x", "nbd+unix://h/e?socket=/s",
        "nbd+unix:///e", "nbd+unix:///e?socket=", "nbd://h/%zz", "nbd://h/%00",
        "nbd://h/e?socket=/s", "nbd://h/e?x=1", "nbd://h?open-timeout=x",
        "nbds://h", "nbds+unix:///?socket=/s", "nbd+vsock://1/",
        "nbd+unix:///?socket=%", "nbd://h?reconnect-delay=99999999999",
    };

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_msg(nbd_is_address(bad[i]), "%s", bad[i]);
        ck_assert_msg(!nbd_address_parse(bad[i], &err), "%s", bad[i]);
        ck_assert_int_eq(strncmp(err->message, bad[i], strlen(bad[i])), 0);
        teardown();
    }
}
END_TEST

START_TEST(test_options)
{
    static const struct {
        const char *text, *prefix, *uri;
    } good[] = {
        {"server.type=inet,server.host=h,server.port=9,export=a b", "",
         "nbd://h:9/a%20b"},
        {"server.host=::1", "", "nbd://[::1]:10809/"},
        {"file.server.type=unix,file.server.path=/a?b,file.export=e,"
         "file.reconnect-delay=3,file.open-timeout=4", "file.",
         "nbd+unix:///e?socket=/a%3Fb&reconnect-delay=3&open-timeout=4"},
        {"host=h,port=1,export=x", "", "nbd://h:1/x"},
        {"path=/s", "", "nbd+unix:///?socket=/s"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct keyval *kv = keyval_parse(good[i].text, NULL, NULL);
        char *uri = nbd_address_from_options(kv, good[i].prefix, &err);
        ck_assert_msg(uri, "%s", err ? err->message : "");
        ck_assert_str_eq(uri, good[i].uri);
        ck_assert(keyval_check(kv, NULL));
        free(uri);
        keyval_free(kv);
    }
}
END_TEST

/* A server that plays a part ---------------------------------------------- */

/* What it says, and how many bytes it waits for before.  Commands' cookies
 * are 0, 16, 32 ... for one after the other. */
struct line {
    unsigned wait;
    const char *hex;
};

struct part {
    int fd;
    const struct line *lines;
};

static void say(int fd, const char *hex)
{
    uint8_t bytes[512];
    size_t n = 0;

    for (const char *c = hex; *c; c++) {
        unsigned byte;
        if (*c != ' ') {
            ck_assert_int_eq(sscanf(c, "%2x", &byte), 1);
            bytes[n++] = (uint8_t)byte;
            c++;
        }
    }
    (void)!send(fd, bytes, n, MSG_NOSIGNAL);
}

static void *play(void *opaque)
{
    struct part *part = opaque;

    for (const struct line *line = part->lines; line->hex; line++) {
        uint8_t sink[4096];
        if (line->wait &&
            recv(part->fd, sink, line->wait, MSG_WAITALL) !=
                (ssize_t)line->wait) {
            break;
        }
        say(part->fd, line->hex);
    }
    close(part->fd);
    return NULL;
}

/* The pieces of a handshake */
#define HELLO "4e42444d41474943 49484156454f5054 0003"
#define REPLY(option, type, length) \
    "0003e889045565a9 000000" option " " type " " length " "
#define ACK(option) REPLY(option, "00000001", "00000000")
#define UNSUP(option) REPLY(option, "80000001", "00000000")
/* 1 MiB, all flags that matter */
#define EXPORT "0000 0000000000100000 08ed "
#define INFO REPLY("07", "00000003", "0000000c") EXPORT
#define CONTEXT(id) \
    REPLY("0a", "00000004", "00000013") id " 626173653a616c6c6f636174696f6e "

/* Bytes that the client sends: its flags and STRUCTURED_REPLY; the contexts
 * of export ""; GO */
enum { SENT_HELLO = 4 + 16, SENT_CONTEXT = 16 + 4 + 4 + 4 + 15,
       SENT_GO = 16 + 4 + 2 + 2 };

#define SIMPLE_OPENING \
    {0, HELLO}, {SENT_HELLO, UNSUP("08")}, {SENT_GO, INFO ACK("07")}
#define CHUNK_OPENING \
    {0, HELLO}, {SENT_HELLO, ACK("08")}, \
    {SENT_CONTEXT, CONTEXT("00000005") ACK("0a")}, \
    {SENT_GO, INFO ACK("07")}

static struct block_file *open_on(struct part *part, pthread_t *thread)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    part->fd = ends[1];
    ck_assert_int_eq(pthread_create(thread, NULL, play, part), 0);
    struct block_file *file = nbd_file_on(ends[0], false, &err);
    return file;
}

static const struct {
    const char *sentence;
    struct line lines[6];
} bad_handshakes[] = {
    {"closed the connection", {{0, ""}}},
    {"closed the connection", {{0, "4e42"}}},
    {"not an NBD server", {{0, "5353482d322e302d 4f70656e53534831"}}},
    {"oldstyle", {{0, "4e42444d41474943 0000420281861253"}}},
    {"closed the connection", {{0, HELLO}, {4, ""}}},
    /* another option's reply, another magic, too long, no reply's type */
    {"is not one", {{0, HELLO}, {SENT_HELLO, ACK("09")}}},
    {"is not one", {{0, HELLO}, {SENT_HELLO, "0003e889045565a8 00000008 "
                                             "00000001 00000000"}}},
    {"at most", {{0, HELLO}, {SENT_HELLO, REPLY("08", "00000001",
                                                "7fffffff")}}},
    {"makes no sense", {{0, HELLO}, {SENT_HELLO, REPLY("08", "00000007",
                                                       "00000000")}}},
    /* contexts: another one, one twice, too short */
    {"makes no sense",
     {{0, HELLO}, {SENT_HELLO, ACK("08")},
      {SENT_CONTEXT, REPLY("0a", "00000004", "00000005") "00000001 41"}}},
    {"makes no sense",
     {{0, HELLO}, {SENT_HELLO, ACK("08")},
      {SENT_CONTEXT, CONTEXT("00000001") CONTEXT("00000002")}}},
    {"makes no sense",
     {{0, HELLO}, {SENT_HELLO, ACK("08")},
      {SENT_CONTEXT, REPLY("0a", "00000004", "00000002") "0000"}}},
    /* the export */
    {"export '': unknown; the server says: no?",
     {{0, HELLO}, {SENT_HELLO, UNSUP("08")},
      {SENT_GO, REPLY("07", "80000006", "00000003") "6e6f07"}}},
    {"only with TLS",
     {{0, HELLO}, {SENT_HELLO, UNSUP("08")},
      {SENT_GO, REPLY("07", "80000005", "00000000")}}},
    {"makes no sense",
     {{0, HELLO}, {SENT_HELLO, UNSUP("08")}, {SENT_GO, ACK("07")}}},
    {"makes no sense",
     {{0, HELLO}, {SENT_HELLO, UNSUP("08")},
      {SENT_GO, REPLY("07", "00000003", "00000001") "00"}}},
    {"makes no sense",
     {{0, HELLO}, {SENT_HELLO, UNSUP("08")},
      {SENT_GO, REPLY("07", "00000003", "0000000b") "0000 "
                "0000000000100000 08"}}},
    {"more than a disk",
     {{0, HELLO}, {SENT_HELLO, UNSUP("08")},
      {SENT_GO, REPLY("07", "00000003", "0000000c")
                "0000 8000000000000000 08ed" ACK("07")}}},
    {"block sizes",
     {{0, HELLO}, {SENT_HELLO, UNSUP("08")},
      {SENT_GO, REPLY("07", "00000003", "0000000e")
                "0003 00000003 00001000 02000000" INFO ACK("07")}}},
    {"block sizes",
     {{0, HELLO}, {SENT_HELLO, UNSUP("08")},
      {SENT_GO, REPLY("07", "00000003", "0000000e")
                "0003 00001000 00001000 00000200" INFO ACK("07")}}},
    {"block sizes",
     {{0, HELLO}, {SENT_HELLO, UNSUP("08")},
      {SENT_GO, REPLY("07", "00000003", "0000000e")
                "0003 00000000 00001000 00000200" INFO ACK("07")}}},
    {"read-only",
     {{0, HELLO}, {SENT_HELLO, UNSUP("08")},
      {SENT_GO, REPLY("07", "00000003", "0000000c")
                "0000 0000000000100000 0003" ACK("07")}}},
    /* the old way */
    {"no export ''", {{0, HELLO}, {SENT_HELLO, UNSUP("08")},
                      {SENT_GO, UNSUP("07")}, {16, ""}}},
    {"no export ''", {{0, "4e42444d41474943 49484156454f5054 0000"},
                      {4 + 16, "0000"}}},
};

START_TEST(test_bad_handshake)
{
    struct part part = {.lines = bad_handshakes[_i].lines};
    pthread_t thread;
    struct block_file *file = open_on(&part, &thread);

    ck_assert(!file);
    ck_assert_msg(strstr(err->message, bad_handshakes[_i].sentence), "%s",
                  err->message);
    pthread_join(thread, NULL);
}
END_TEST

/* Replies to a read of 1024 bytes at 4096: to a server of simple replies (S),
 * of chunks (C).  COOKIE is that of the first command. */
#define COOKIE "0000000000000000 "
#define SIMPLE(error) "67446698 " error " " COOKIE
#define CHUNK(flags, type, length) \
    "668e33ef " flags " " type " " COOKIE length " "
#define K "0000000000001000 "

static const struct reply {
    bool chunks;
    int error;
    struct line lines[7];
} replies[] = {
    {false, EIO, {SIMPLE_OPENING, {28, SIMPLE("00000005")}}},
    {false, EPERM, {SIMPLE_OPENING, {28, SIMPLE("00000001")}}},
    {false, EIO, {SIMPLE_OPENING, {28, SIMPLE("12345678")}}},
    /* it goes; half a reply; no reply; another cookie; chunks unasked for */
    {false, EIO, {SIMPLE_OPENING, {28, ""}}},
    {false, EIO, {SIMPLE_OPENING, {28, SIMPLE("00000000") "0000"}}},
    {false, EIO, {SIMPLE_OPENING, {28, "12345678 00000000 " COOKIE}}},
    {false, EIO, {SIMPLE_OPENING, {28, "67446698 00000000 "
                                       "0000000000000001"}}},
    {false, EIO, {SIMPLE_OPENING, {28, "67446698 00000000 "
                                       "ffffffffffffffff"}}},
    {false, EIO, {SIMPLE_OPENING, {28, CHUNK("0001", "0000", "00000000")}}},
    /* errors in chunks, with and without text, without end */
    {true, ENOSPC, {CHUNK_OPENING, {28, CHUNK("0001", "8001", "00000006")
                                        "0000001c 0000"}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "8002", "00000010")
                                     "00000005 0002 4142 " K}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "8077", "00000004")
                                     "00000000"}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "8001", "00000003")
                                     "000000"}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "8001", "7fffffff")}}},
    /* a simple reply where chunks were promised */
    {true, EIO, {CHUNK_OPENING, {28, SIMPLE("00000000")}}},
    {true, EIO, {CHUNK_OPENING, {28, SIMPLE("00000005")}}},
    /* nothing came; no such chunk; an empty one that is not, or goes on */
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "0000", "00000000")}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "0077", "00000000")}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "0000", "00000001")}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0000", "0000", "00000000")}}},
    /* data: none, before, behind, too much, too often, around the corner */
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "0001", "00000008") K}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "0001", "00000007")}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "0001", "00000009")
                                     "0000000000000fff 00"}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "0001", "00000009")
                                     "0000000000001400 00"}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "0001", "00000409") K}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "0001", "ffffffff")
                                     "ffffffffffffff00"}}},
    {true, EIO, {CHUNK_OPENING,
                 {28, CHUNK("0000", "0002", "0000000c") K "00000400"
                      CHUNK("0001", "0001", "00000009") K "00"}}},
    /* holes: too long, of nothing, of the wrong length; all of it but one */
    {true, EIO, {CHUNK_OPENING,
                 {28, CHUNK("0001", "0002", "0000000c") K "00000401"}}},
    {true, EIO, {CHUNK_OPENING,
                 {28, CHUNK("0001", "0002", "0000000c") K "00000000"}}},
    {true, EIO, {CHUNK_OPENING, {28, CHUNK("0001", "0002", "0000000b")}}},
    {true, EIO, {CHUNK_OPENING,
                 {28, CHUNK("0001", "0002", "0000000c") K "000003ff"}}},
    {true, EIO, {CHUNK_OPENING,
                 {28, CHUNK("0001", "0005", "0000000c")
                      "00000005 00000400 00000000"}}},
    /* and what is right */
    {true, 0, {CHUNK_OPENING,
               {28, CHUNK("0001", "0002", "0000000c") K "00000400"}}},
    {true, 0, {CHUNK_OPENING,
               {28, CHUNK("0000", "0002", "0000000c") K "000003ff"
                    CHUNK("0000", "0001", "00000009") "00000000000013ff 00"
                    CHUNK("0001", "0000", "00000000")}}},
};

START_TEST(test_replies)
{
    const struct reply *r = &replies[_i];
    struct part part = {.lines = r->lines};
    pthread_t thread;
    struct block_file *file = open_on(&part, &thread);
    uint8_t data[1024], zeroes[1024] = {0};
    struct iovec iov = {data, sizeof(data)};

    ck_assert_msg(file, "%s", err ? err->message : "");
    memset(data, 0x55, sizeof(data));
    ck_assert_int_eq(block_file_read(file, &iov, 1, 4096), r->error);
    if (!r->error) {
        ck_assert_mem_eq(data, zeroes, sizeof(data));
    }
    block_file_close(file);
    pthread_join(thread, NULL);
}
END_TEST

/* Replies to a question for the status of 64 KiB at 0. */
static const struct {
    int error;
    const char *hex;
} statuses[] = {
    {EIO, SIMPLE("00000000")},
    {EIO, CHUNK("0001", "0000", "00000000")},
    {EIO, CHUNK("0001", "0005", "00000004") "00000005"},
    {EIO, CHUNK("0001", "0005", "0000000d") "00000005 00010000 00000000 00"},
    {EIO, CHUNK("0001", "0005", "0000000c") "00000006 00010000 00000000"},
    {EIO, CHUNK("0001", "0005", "0000000c") "00000005 00000000 00000000"},
    {EIO, CHUNK("0000", "0005", "0000000c") "00000005 00000200 00000000"
          CHUNK("0001", "0005", "0000000c") "00000005 00000200 00000000"},
    {0, CHUNK("0001", "0005", "0000000c") "00000005 00000200 00000003"},
    {0, CHUNK("0001", "0005", "0000000c") "00000005 ffffffff 00000003"},
    {0, CHUNK("0001", "0005", "00000014")
        "00000005 00000200 00000003 00001000 00000000"},
};

START_TEST(test_status)
{
    struct line lines[] = {CHUNK_OPENING, {28, statuses[_i].hex}, {0, NULL}};
    struct part part = {.lines = lines};
    pthread_t thread;
    struct block_file *file = open_on(&part, &thread);
    uint64_t run = 0;
    unsigned flags = 0;

    ck_assert_msg(file, "%s", err ? err->message : "");
    ck_assert_int_eq(block_file_status(file, 0, 65536, &flags, &run),
                     statuses[_i].error);
    if (!statuses[_i].error) {
        ck_assert_uint_eq(flags, BLOCK_FILE_ZERO);
        ck_assert(run == 512 || run == 65536);
    }
    block_file_close(file);
    pthread_join(thread, NULL);
}
END_TEST

/* A write that was answered and not flushed when the server went: no flush
 * may succeed any more. */
START_TEST(test_lost_writes)
{
    static const struct line lines[] = {SIMPLE_OPENING,
                                        {28 + 512, SIMPLE("00000000")},
                                        {28, ""},
                                        {0, NULL}};
    struct part part = {.lines = lines};
    pthread_t thread;
    struct block_file *file = open_on(&part, &thread);
    uint8_t data[512] = {1};
    struct iovec iov = {data, sizeof(data)};

    ck_assert_int_eq(block_file_write(file, &iov, 1, 0, false), 0);
    ck_assert_int_eq(block_file_flush(file), EIO);
    ck_assert_int_eq(block_file_flush(file), EIO);
    block_file_close(file);
    pthread_join(thread, NULL);
}
END_TEST

/* A server of ours -------------------------------------------------------- */

static char image[64];
static struct loop *loop;
static pthread_t loop_thread;
static struct block_backend *backend;
static struct nbd_server *server;

static void *run_loop(void *opaque)
{
    loop_run(opaque);
    return NULL;
}

static void on_gone(void *opaque, bool used)
{
    (void)opaque;
    (void)used;
}

static void start_server(void)
{
    struct block_config config = {.file = image, .format = "raw"};
    struct nbd_server_config how = {.name = "e", .size = 1 << 20,
                                    .multi = true, .gone = on_gone};

    snprintf(image, sizeof(image), "/tmp/armature-nbd-XXXXXX");
    int fd = mkstemp(image);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
    close(fd);
    loop = loop_new();
    backend = block_open(&config, loop, &err);
    ck_assert_msg(backend, "%s", err ? err->message : "");
    server = nbd_server_new(&how, backend, loop);
}

static int add_client(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    nbd_server_add(server, ends[0]);
    return ends[1];
}

static void run_server(void)
{
    pthread_create(&loop_thread, NULL, run_loop, loop);
}

static void stop_server(void)
{
    loop_stop(loop, 0);
    pthread_join(loop_thread, NULL);
    nbd_server_free(server);
    block_close(backend);
    loop_free(loop);
    unlink(image);
}

static size_t read_until_end(int fd, uint8_t *to, size_t room)
{
    size_t n = 0;
    ssize_t got;

    while ((got = recv(fd, to + n, room - n, 0)) > 0) {
        n += (size_t)got;
    }
    return n;
}

/* What a client says, and the end of what it then gets to hear. */
static const struct {
    const char *says, *hears;
} clients[] = {
    /* unknown flags; a wrong magic; an option that is too long by far */
    {"00000004", ""},
    {"00000003 0000000000000000 00000007 00000000", ""},
    {"00000003 49484156454f5054 00000007 7fffffff", ""},
    /* options of wrong lengths, then goodbye */
    {"00000003 49484156454f5054 00000007 00000004 00000000"
     "49484156454f5054 00000002 00000000", ACK("02")},
    {"00000003 49484156454f5054 00000007 00000006 000000ff 0000"
     "49484156454f5054 00000002 00000000", ACK("02")},
    {"00000003 49484156454f5054 00000006 00000008 00000000 ffff 0000"
     "49484156454f5054 00000002 00000000", ACK("02")},
    {"00000003 49484156454f5054 0000000a 00000000"
     "49484156454f5054 00000002 00000000", ACK("02")},
    {"00000003 49484156454f5054 00000008 00000000"
     "49484156454f5054 0000000a 0000000d 00000001 65 00000001 ffffffff"
     "49484156454f5054 00000002 00000000", ACK("02")},
    {"00000003 49484156454f5054 00000099 00000002 0000"
     "49484156454f5054 00000002 00000000", ACK("02")},
    /* an export that there is not, by the old way; and one that is, with a
     * command that is none */
    {"00000003 49484156454f5054 00000001 00000001 66", ""},
    {"00000003 49484156454f5054 00000001 00000001 65"
     "25609513 0000 0077 0000000000000007 0000000000000000 00000000",
     "67446698 00000016 0000000000000007"},
    /* behind the end; flags; too much to write; and a wrong magic */
    {"00000003 49484156454f5054 00000001 00000001 65"
     "25609513 0000 0000 0000000000000008 00000000000fffff 00000002",
     "67446698 00000016 0000000000000008"},
    {"00000003 49484156454f5054 00000001 00000001 65"
     "25609513 0000 0006 0000000000000009 ffffffffffffffff 00000002",
     "67446698 0000001c 0000000000000009"},
    {"00000003 49484156454f5054 00000001 00000001 65"
     "25609513 0004 0000 000000000000000a 0000000000000000 00000002",
     "67446698 00000016 000000000000000a"},
    {"00000003 49484156454f5054 00000001 00000001 65"
     "25609513 0000 0000 000000000000000b 0000000000000000 02000001",
     "67446698 00000016 000000000000000b"},
    {"00000003 49484156454f5054 00000001 00000001 65"
     "25609513 0000 0007 000000000000000c 0000000000000000 00000200",
     "67446698 00000016 000000000000000c"},
    {"00000003 49484156454f5054 00000001 00000001 65"
     "25609513 0000 0001 000000000000000d 0000000000000000 02000001",
     "0000000000100000 016d"},
    {"00000003 49484156454f5054 00000001 00000001 65"
     "25609514 0000 0000 000000000000000e 0000000000000000 00000200",
     "0000000000100000 016d"},
    /* half a write */
    {"00000003 49484156454f5054 00000001 00000001 65"
     "25609513 0000 0001 000000000000000f 0000000000000000 00000200 ff",
     "0000000000100000 016d"},
};

START_TEST(test_hostile_client)
{
    uint8_t heard[4096], expected[256];
    char digits[3] = "";
    size_t n = 0;

    start_server();
    int fd = add_client();
    run_server();
    say(fd, clients[_i].says);
    shutdown(fd, SHUT_WR);
    size_t length = read_until_end(fd, heard, sizeof(heard));
    for (const char *c = clients[_i].hears; *c; c++) {
        if (*c != ' ') {
            digits[0] = *c++;
            digits[1] = *c;
            expected[n++] = (uint8_t)strtoul(digits, NULL, 16);
        }
    }
    ck_assert_uint_ge(length, NBD_GREETING_SIZE + n);
    ck_assert_mem_eq(heard + length - n, expected, n);
    if (!n) {
        ck_assert_uint_eq(length, NBD_GREETING_SIZE);
    }
    close(fd);
    stop_server();
}
END_TEST

/* A client that asks for much and reads nothing holds up nobody else, and
 * not the end. */
START_TEST(test_greedy_client)
{
    uint8_t data[512];
    struct iovec iov = {data, sizeof(data)};

    start_server();
    int greedy = add_client(), other = add_client();
    run_server();
    say(greedy, "00000003 49484156454f5054 00000001 00000001 65");
    for (unsigned i = 0; i < 64; i++) {
        say(greedy, "25609513 0000 0000 000000000000000b 0000000000000000 "
                    "00100000");
    }
    struct nbd_address *address = nbd_address_parse("nbd:h:1:exportname=e",
                                                    &err);
    struct nbd_client *client = nbd_client_on(other, address, &err);
    ck_assert_msg(client, "%s", err ? err->message : "");
    for (unsigned i = 0; i < 100; i++) {
        struct nbd_command read = {
            .type = NBD_CMD_READ, .offset = i * 512, .length = 512,
            .iov = &iov, .iov_count = 1,
        };
        ck_assert_int_eq(nbd_client_run(client, &read), 0);
    }
    nbd_client_close(client);
    stop_server();
    close(greedy);
}
END_TEST

/* Coming back -------------------------------------------------------------- */

static char sockets[80];
static int listener;

static void listen_here(void)
{
    struct socket_address address = {.path = sockets};

    listener = socket_listen(&address, &err);
    ck_assert_int_ge(listener, 0);
}

/* The server goes after some time and another one, of the same image, comes
 * somewhat later. */
static void *accept_twice(void *opaque)
{
    (void)opaque;
    for (unsigned i = 0; i < 2; i++) {
        int fd = socket_accept(listener);
        ck_assert_int_ge(fd, 0);
        if (i == 0) {
            /* One that says nothing more after the handshake. */
            static const struct line lines[] = {SIMPLE_OPENING, {28, ""},
                                                {0, NULL}};
            struct part part = {fd, lines};
            play(&part);
            close(listener);
            poll(NULL, 0, 300);
            listen_here();
        } else {
            nbd_server_add(server, fd);
        }
    }
    close(listener);
    return NULL;
}

START_TEST(test_reconnect)
{
    pthread_t thread;
    char name[160];
    uint8_t data[512], zeroes[512] = {0};
    struct iovec iov = {data, sizeof(data)};

    start_server();
    snprintf(sockets, sizeof(sockets), "%s.sock", image);
    snprintf(name, sizeof(name),
             "nbd+unix:///e?socket=%s&reconnect-delay=%d", sockets,
             _i ? 20 : 0);
    listen_here();
    pthread_create(&thread, NULL, accept_twice, NULL);
    run_server();
    struct block_file_config config = {.path = name, .read_only = true};
    struct block_file *file = nbd_file_open(&config, &err);
    ck_assert_msg(file, "%s", err ? err->message : "");
    memset(data, 1, sizeof(data));
    ck_assert_int_eq(block_file_read(file, &iov, 1, 0), _i ? 0 : EIO);
    /* Without patience requests fail at once, but not for ever. */
    for (unsigned i = 0; !_i && block_file_read(file, &iov, 1, 0); i++) {
        ck_assert_uint_lt(i, 1000);
        poll(NULL, 0, 10);
    }
    ck_assert_mem_eq(data, zeroes, sizeof(data));
    ck_assert_int_eq(block_file_flush(file), 0);
    pthread_join(thread, NULL);
    block_file_close(file);
    stop_server();
    unlink(sockets);
}
END_TEST

static void *abandon(void *opaque)
{
    poll(NULL, 0, 100);
    block_file_abandon(opaque);
    return NULL;
}

/* A server that is silent, and a drain that gives up. */
START_TEST(test_abandon)
{
    static const struct line lines[] = {SIMPLE_OPENING, {28, ""}, {28, ""},
                                        {0, NULL}};
    struct part part = {.lines = lines};
    pthread_t thread, other;
    struct block_file *file = open_on(&part, &thread);
    uint8_t data[512];
    struct iovec iov = {data, sizeof(data)};

    pthread_create(&other, NULL, abandon, file);
    ck_assert_int_eq(block_file_read(file, &iov, 1, 0), EIO);
    pthread_join(other, NULL);
    block_file_close(file);
    pthread_join(thread, NULL);
}
END_TEST

Suite *nbd_suite(void)
{
    Suite *s = suite_create("nbd");
    TCase *t = tcase_create("nbd");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, NULL, teardown);
    tcase_add_test(t, test_addresses);
    tcase_add_test(t, test_bad_addresses);
    tcase_add_test(t, test_options);
    tcase_add_loop_test(t, test_bad_handshake, 0, ARRAY_SIZE(bad_handshakes));
    tcase_add_loop_test(t, test_replies, 0, ARRAY_SIZE(replies));
    tcase_add_loop_test(t, test_status, 0, ARRAY_SIZE(statuses));
    tcase_add_test(t, test_lost_writes);
    tcase_add_loop_test(t, test_hostile_client, 0, ARRAY_SIZE(clients));
    tcase_add_test(t, test_greedy_client);
    tcase_add_loop_test(t, test_reconnect, 0, 2);
    tcase_add_test(t, test_abandon);
    suite_add_tcase(s, t);
    return s;
}
