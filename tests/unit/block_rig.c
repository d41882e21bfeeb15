#include "tests/unit/block_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/bits.h"

struct block_rig br;
static pthread_t loop_thread;
static bool loop_runs;

static void *run_loop(void *opaque)
{
    loop_run(opaque);
    return NULL;
}

static void make_file(uint64_t size)
{
    snprintf(br.path, sizeof(br.path), "/tmp/armature-block-XXXXXX");
    int fd = mkstemp(br.path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    close(fd);
}

void br_setup(void)
{
    br.err = NULL;
    br.b = NULL;
    make_file(SIZE);
    br.loop = loop_new();
    loop_runs = false;
}

void br_teardown(void)
{
    if (loop_runs) {
        loop_stop(br.loop, 0);
        pthread_join(loop_thread, NULL);
    }
    block_close(br.b);
    loop_free(br.loop);
    unlink(br.path);
    error_free(br.err);
}

const enum block_aio br_engines[BR_ENGINES] = {
    BLOCK_AIO_THREADS, BLOCK_AIO_AUTO,
};

void br_open(struct block_config c, int engine)
{
    c.file = c.file ? c.file : br.path;
    c.aio = br_engines[engine];
    br.b = block_open(&c, br.loop, &br.err);
    ck_assert_msg(br.b != NULL, "%s", br.err ? br.err->message : "");
    loop_runs = pthread_create(&loop_thread, NULL, run_loop, br.loop) == 0;
}

void br_done(struct block_request *req, int error)
{
    struct br_waiter *w = container_of(req, struct br_waiter, req);

    pthread_mutex_lock(&w->lock);
    ck_assert(!w->done);
    w->done = true;
    w->error = error;
    pthread_cond_signal(&w->cond);
    pthread_mutex_unlock(&w->lock);
}

int br_request(struct block_request req)
{
    struct br_waiter w = {.req = req};

    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.cond, NULL);
    w.req.done = br_done;
    block_submit(br.b, &w.req);
    block_unplug(br.b);
    pthread_mutex_lock(&w.lock);
    while (!w.done) {
        pthread_cond_wait(&w.cond, &w.lock);
    }
    pthread_mutex_unlock(&w.lock);
    block_drain(br.b); /* nobody looks at w any more */
    return w.error;
}

int br_io(enum block_op op, uint64_t offset, void *buffer,
              uint64_t length)
{
    struct iovec iov = {buffer, length};

    return br_request((struct block_request){
        .op = op, .offset = offset, .length = length, .iov = &iov,
        .iov_count = 1});
}

int br_range(enum block_op op, uint64_t offset, uint64_t length,
                 unsigned flags)
{
    return br_request((struct block_request){
        .op = op, .offset = offset, .length = length, .flags = flags});
}

int br_write(uint64_t offset, uint64_t length, uint8_t value)
{
    uint8_t *buffer = malloc(length);

    memset(buffer, value, length);
    int error = br_io(BLOCK_WRITE, offset, buffer, length);
    free(buffer);
    return error;
}

void br_expect(uint64_t offset, uint64_t length, uint8_t value)
{
    uint8_t *buffer = malloc(length);

    memset(buffer, ~value, length);
    ck_assert_int_eq(br_io(BLOCK_READ, offset, buffer, length), 0);
    ck_assert_uint_eq(buffer[0], value);
    ck_assert(!memcmp(buffer, buffer + 1, length - 1));
    free(buffer);
}

uint64_t br_used(void)
{
    struct stat st;

    ck_assert_int_eq(stat(br.path, &st), 0);
    return (uint64_t)st.st_blocks;
}
