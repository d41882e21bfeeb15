/*
 * Random requests to an NBD server through the block layer, many at a time.
 *
 *   nbd_random URI COPY SEED COUNT [END]
 *
 * COPY is a raw file with what the export holds; every read is compared with
 * it, and in the end it has what the export must hold.  Beyond END, where
 * the export ends within the last sector, only zeroes are written.
 *
 *   nbd_random URI LOG SEED write
 *   nbd_random FILE LOG 0 check
 *
 * The first writes numbered sectors and flushes until the server is gone,
 * which has to be an error and no wait, and leaves in LOG the number that
 * each sector had when a flush was answered; the second finds in the image
 * each of these, or a later one.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "block/iov.h"
#include "util/bits.h"

#define MAX_BATCH 24
#define LOG_SECTORS 4096

static uint64_t state;
static struct block_backend *backend;
static uint64_t size, end = UINT64_MAX;
static uint8_t *model;

static uint64_t below(uint64_t n)
{
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (state >> 24) % n;
}

static void die(const char *format, ...)
{
    va_list args;

    fputs("nbd_random: ", stdout);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    exit(1);
}

static void open_image(const char *name, bool read_only)
{
    struct block_config config = {.file = name, .read_only = read_only};
    struct error *err = NULL;

    if (strncmp(name, "nbd", 3) == 0) {
        config.format = "raw";
    }
    backend = block_open(&config, NULL, &err);
    if (!backend) {
        die("%s", err->message);
    }
    size = block_size(backend);
}

/* Requests at the same time, of ranges that do not meet ------------ */

struct job {
    struct block_request req;
    struct iovec iov[5];
    uint8_t *data;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_done = PTHREAD_COND_INITIALIZER;
static unsigned under_way;

static void done(struct block_request *req, int error)
{
    pthread_mutex_lock(&lock);
    req->error = error;
    if (--under_way == 0) {
        pthread_cond_signal(&all_done);
    }
    pthread_mutex_unlock(&lock);
}

/* Its data in up to five pieces. */
static void scatter(struct job *job)
{
    uint64_t at = 0, length = job->req.length;
    unsigned n = 0;

    while (n < ARRAY_SIZE(job->iov) - 1 && at < length) {
        uint64_t part = 1 + below(length - at);
        job->iov[n++] = (struct iovec){job->data + at, part};
        at += part;
    }
    if (at < length) {
        job->iov[n++] = (struct iovec){job->data + at, length - at};
    }
    job->req.iov = job->iov;
    job->req.iov_count = n;
}

static void make(struct job *job, uint64_t offset, uint64_t length)
{
    static const enum block_op ops[] = {
        BLOCK_READ, BLOCK_READ, BLOCK_WRITE, BLOCK_WRITE, BLOCK_WRITE,
        BLOCK_ZERO, BLOCK_DISCARD, BLOCK_FLUSH,
    };
    enum block_op op = ops[below(ARRAY_SIZE(ops))];

    job->req = (struct block_request){
        .op = op, .offset = offset, .length = length, .done = done,
        .flags = (unsigned)below(4) & (op == BLOCK_ZERO  ? 3u
                                       : op == BLOCK_WRITE ? BLOCK_FUA : 0u),
    };
    if (op == BLOCK_READ || op == BLOCK_WRITE) {
        job->data = malloc(length);
        scatter(job);
    }
    for (uint64_t i = 0; op == BLOCK_WRITE && i < length; i++) {
        job->data[i] = offset + i < end
                           ? (uint8_t)(offset / 512 + i % 251 + state) : 0;
    }
}

static void check(const struct job *job)
{
    const struct block_request *r = &job->req;

    if (r->error) {
        die("request %d of %llu at %llu: %s", r->op,
            (unsigned long long)r->length, (unsigned long long)r->offset,
            strerror(r->error));
    }
    switch (r->op) {
    case BLOCK_READ:
        if (memcmp(job->data, model + r->offset, r->length)) {
            die("read of %llu at %llu: other bytes",
                (unsigned long long)r->length,
                (unsigned long long)r->offset);
        }
        break;
    case BLOCK_WRITE:
        memcpy(model + r->offset, job->data, r->length);
        break;
    case BLOCK_ZERO:
        memset(model + r->offset, 0, r->length);
        break;
    default:
        break;
    }
}

/* What a discard leaves is the server's choice. */
static void look_after(const struct block_request *r)
{
    struct iovec iov = {model + r->offset, r->length};
    struct block_request read = {.op = BLOCK_READ, .offset = r->offset,
                                 .length = r->length, .iov = &iov,
                                 .iov_count = 1};

    if (r->op == BLOCK_DISCARD && block_run(backend, &read)) {
        die("read after a discard");
    }
}

static void batch(void)
{
    struct job jobs[MAX_BATCH] = {0};
    unsigned count = 1 + (unsigned)below(MAX_BATCH);
    uint64_t share = size / count / 512 * 512;

    under_way = count;
    for (unsigned i = 0; i < count; i++) {
        uint64_t from = below(share / 512) * 512;
        uint64_t most = share - from;
        most = below(8) && most > 65536 ? 65536 : most;
        make(&jobs[i], i * share + from, (1 + below(most / 512)) * 512);
        block_submit(backend, &jobs[i].req);
    }
    block_unplug(backend);
    pthread_mutex_lock(&lock);
    while (under_way) {
        pthread_cond_wait(&all_done, &lock);
    }
    pthread_mutex_unlock(&lock);
    for (unsigned i = 0; i < count; i++) {
        check(&jobs[i]);
        free(jobs[i].data);
    }
    for (unsigned i = 0; i < count; i++) {
        look_after(&jobs[i].req);
    }
}

/* What is said to be zero has to be. */
static void check_status(void)
{
    for (uint64_t at = 0; at < size;) {
        unsigned flags, depth;
        uint64_t run;
        if (block_status(backend, at, size - at, &flags, &depth, &run) ||
            !run || run > size - at) {
            die("status at %llu", (unsigned long long)at);
        }
        struct iovec iov = {model + at, run};
        if (flags & BLOCK_STATUS_ZERO && !iov_is_zero(&iov, 1)) {
            die("%llu bytes at %llu are not zero", (unsigned long long)run,
                (unsigned long long)at);
        }
        at += run;
    }
}

static void random_requests(const char *copy, uint64_t count)
{
    int fd = open(copy, O_RDWR);

    model = malloc(size);
    if (fd < 0 || !model || pread(fd, model, size, 0) != (ssize_t)size) {
        die("%s: cannot read", copy);
    }
    for (uint64_t i = 0; i < count; i++) {
        batch();
        if (i % 16 == 0) {
            check_status();
        }
    }
    if (pwrite(fd, model, size, 0) != (ssize_t)size) {
        die("%s: cannot write", copy);
    }
    free(model);
    close(fd);
}

/* Until the server is gone ----------------------------------------------- */

static int write_number(uint64_t sector, uint64_t number)
{
    uint64_t data[64];
    struct iovec iov = {data, sizeof(data)};
    struct block_request req = {.op = BLOCK_WRITE, .offset = sector * 512,
                                .length = 512, .iov = &iov, .iov_count = 1};

    for (unsigned i = 0; i < ARRAY_SIZE(data); i++) {
        data[i] = number;
    }
    return block_run(backend, &req);
}

static void write_until_gone(const char *log)
{
    static uint64_t written[LOG_SECTORS], safe[LOG_SECTORS];
    uint64_t number = 1;
    FILE *f = fopen(log, "w");
    int error = 0;

    while (!error) {
        for (unsigned i = 0; i < 50 && !error; i++) {
            uint64_t sector = below(LOG_SECTORS);
            error = write_number(sector, number);
            written[sector] = number++;
        }
        struct block_request flush = {.op = BLOCK_FLUSH};
        error = error ? error : block_run(backend, &flush);
        if (!error) {
            memcpy(safe, written, sizeof(safe));
        }
    }
    if (!f || fwrite(safe, sizeof(safe), 1, f) != 1 || fclose(f)) {
        die("%s: cannot write", log);
    }
}

static void check_log(const char *log)
{
    static uint64_t safe[LOG_SECTORS];
    FILE *f = fopen(log, "r");
    unsigned count = 0;

    if (!f || fread(safe, sizeof(safe), 1, f) != 1) {
        die("%s: cannot read", log);
    }
    fclose(f);
    for (uint64_t i = 0; i < LOG_SECTORS; i++) {
        uint64_t data[64];
        struct iovec iov = {data, sizeof(data)};
        struct block_request req = {.op = BLOCK_READ, .offset = i * 512,
                                    .length = 512, .iov = &iov,
                                    .iov_count = 1};
        if (block_run(backend, &req)) {
            die("sector %llu: cannot be read", (unsigned long long)i);
        }
        if (data[0] < safe[i] || data[0] != data[63]) {
            die("sector %llu: has %llu, and %llu was flushed",
                (unsigned long long)i, (unsigned long long)data[0],
                (unsigned long long)safe[i]);
        }
        count += safe[i] != 0;
    }
    printf("%u sectors\n", count);
}

int main(int argc, char **argv)
{
    if (argc != 5 && argc != 6) {
        fputs("usage: nbd_random URI COPY SEED COUNT|write|check\n", stderr);
        return 2;
    }
    state = strtoull(argv[3], NULL, 0) * 2654435761u + 1;
    if (argc == 6) {
        end = strtoull(argv[5], NULL, 0);
    }
    open_image(argv[1], strcmp(argv[4], "check") == 0);
    if (strcmp(argv[4], "write") == 0) {
        write_until_gone(argv[2]);
    } else if (strcmp(argv[4], "check") == 0) {
        check_log(argv[2]);
    } else {
        random_requests(argv[2], strtoull(argv[4], NULL, 0));
    }
    block_drain(backend); /* the last done() may not be back */
    block_close(backend);
    return 0;
}
