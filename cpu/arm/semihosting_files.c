/* Semihosting calls on files; see semihosting_call.h.  Handles of the guest
 * are indices of a table; the host's numbers stay here. */
#include "cpu/arm/semihosting_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_NAME 4096 /* bytes of a path, with its end */
#define CHUNK 4096

/* A name of `size` bytes; false with SYS_ERRNO. */
static bool get_name(const struct call *c, uint64_t va, uint64_t size,
                     char name[MAX_NAME])
{
    if (size >= MAX_NAME) {
        call_fail(c, ENAMETOOLONG);
        return false;
    }
    if (!call_get(c, va, name, size)) {
        call_fail(c, EFAULT);
        return false;
    }
    name[size] = '\0';
    return true;
}

/* ":semihosting-features": SH_EXT_EXIT_EXTENDED and
 * SH_EXT_STDOUT_STDERR. */
static const uint8_t features[] = {'S', 'H', 'F', 'B', 0x3};

static struct handle *find_handle(const struct call *c, uint64_t number)
{
    struct handle *h = NULL;

    if (number - 1 < SEMIHOSTING_HANDLES) {
        h = &c->s->handle[number - 1];
    }
    if (!h || h->kind == HANDLE_FREE) {
        call_fail(c, EBADF);
        return NULL;
    }
    return h;
}

static struct handle *free_handle(const struct call *c)
{
    for (unsigned n = 0; n < SEMIHOSTING_HANDLES; n++) {
        if (c->s->handle[n].kind == HANDLE_FREE) {
            return &c->s->handle[n];
        }
    }
    call_fail(c, EMFILE);
    return NULL;
}

/* Reading, writing, appending. */
static int standard_file(uint64_t mode)
{
    return mode < 4   ? SEMIHOSTING_IN
           : mode < 8 ? SEMIHOSTING_OUT
                      : SEMIHOSTING_ERR;
}

int64_t sys_open(struct call *c)
{
    uint64_t mode = c->field[1];
    struct handle *h = free_handle(c);
    char name[MAX_NAME];
    int64_t file;

    if (!h || !get_name(c, c->field[0], c->field[2], name)) {
        return -1;
    }
    if (mode > 11) {
        return call_fail(c, EINVAL);
    }
    if (strcmp(name, ":semihosting-features") == 0) {
        if (mode > 1) {
            return call_fail(c, EACCES);
        }
        *h = (struct handle){.kind = HANDLE_FEATURES};
    } else {
        file = strcmp(name, ":tt") == 0
                   ? standard_file(mode)
                   : call_answer(c, HOST(c, open, name, (unsigned)mode));
        if (file < 0 || c->again) {
            return file;
        }
        *h = (struct handle){.kind = HANDLE_FILE, .file = (int)file};
    }
    return h - c->s->handle + 1;
}

int64_t sys_close(struct call *c)
{
    struct handle *h = find_handle(c, c->field[0]);

    if (!h) {
        return -1;
    }
    int64_t result = 0;
    if (h->kind == HANDLE_FILE && h->file >= SEMIHOSTING_FILES) {
        result = call_answer(c, HOST(c, close, h->file));
    }
    h->kind = HANDLE_FREE;
    return result;
}

static int64_t read_features(struct handle *h, void *data, size_t size)
{
    size_t left = sizeof(features) - h->position;

    size = size < left ? size : left;
    memcpy(data, features + h->position, size);
    h->position += size;
    return (int64_t)size;
}

/* Bytes that were read into guest memory. */
static uint64_t read_file(struct call *c, struct handle *h, uint64_t va,
                          uint64_t size)
{
    uint8_t data[CHUNK];
    uint64_t done = 0;

    while (done < size && !(done && call_is_in_haste(c))) {
        size_t n = size - done < CHUNK ? size - done : CHUNK;
        int64_t got = h->kind == HANDLE_FEATURES
                          ? read_features(h, data, n)
                          : HOST(c, read, h->file, data, n);

        if (got <= 0) {
            c->again = got == -EAGAIN && !done;
            c->s->error = got < 0 ? (int)-got : c->s->error;
            break;
        }
        if (!call_put(c, va + done, data, (uint64_t)got)) {
            call_fail(c, EFAULT);
            break;
        }
        done += (uint64_t)got;
        if ((size_t)got < n) {
            break; /* a terminal or a pipe has no more yet */
        }
    }
    return done;
}

uint64_t call_write(struct call *c, int file, uint64_t va,
                           uint64_t size)
{
    uint8_t data[CHUNK];
    uint64_t done = 0;

    while (done < size && !(done && call_is_in_haste(c))) {
        size_t n = size - done < CHUNK ? size - done : CHUNK;

        if (!call_get(c, va + done, data, n)) {
            call_fail(c, EFAULT);
            break;
        }
        int64_t put = HOST(c, write, file, data, n);
        if (put < 0) {
            c->again = put == -EAGAIN && !done;
            c->s->error = (int)-put;
            break;
        }
        done += (uint64_t)put;
        if ((size_t)put < n) {
            break;
        }
    }
    return done;
}

/* Both return how much was not done: all of it on errors. */
int64_t sys_read(struct call *c)
{
    struct handle *h = find_handle(c, c->field[0]);
    uint64_t done = h ? read_file(c, h, c->field[1], c->field[2]) : 0;

    return (int64_t)(c->field[2] - done);
}

int64_t sys_write(struct call *c)
{
    struct handle *h = find_handle(c, c->field[0]);
    uint64_t done = 0;

    if (h && h->kind == HANDLE_FILE) {
        done = call_write(c, h->file, c->field[1], c->field[2]);
    } else if (h) {
        call_fail(c, EBADF);
    }
    return (int64_t)(c->field[2] - done);
}

int64_t sys_istty(struct call *c)
{
    struct handle *h = find_handle(c, c->field[0]);

    if (!h || h->kind == HANDLE_FEATURES) {
        return h ? 0 : -1;
    }
    return call_answer(c, HOST(c, is_terminal, h->file));
}

int64_t sys_seek(struct call *c)
{
    struct handle *h = find_handle(c, c->field[0]);

    if (!h) {
        return -1;
    }
    if (h->kind == HANDLE_FEATURES) {
        if (c->field[1] > sizeof(features)) {
            return call_fail(c, EINVAL);
        }
        h->position = c->field[1];
        return 0;
    }
    return call_answer(c, HOST(c, seek, h->file, c->field[1]));
}

int64_t sys_flen(struct call *c)
{
    struct handle *h = find_handle(c, c->field[0]);

    if (!h || h->kind == HANDLE_FEATURES) {
        return h ? (int64_t)sizeof(features) : -1;
    }
    return call_answer(c, HOST(c, length, h->file));
}

int64_t sys_tmpnam(struct call *c)
{
    char name[64];
    int length = snprintf(name, sizeof(name), "%s/armature-%x%02x", P_tmpdir,
                          (unsigned)getpid(), (unsigned)c->field[1] & 0xff);

    if ((uint64_t)length >= c->field[2]) {
        return call_fail(c, ENOSPC);
    }
    return call_put(c, c->field[0], name, (uint64_t)length + 1)
               ? 0
               : call_fail(c, EFAULT);
}

int64_t sys_remove(struct call *c)
{
    char name[MAX_NAME];

    return get_name(c, c->field[0], c->field[1], name)
               ? call_answer(c, HOST(c, remove, name))
               : -1;
}

int64_t sys_rename(struct call *c)
{
    char from[MAX_NAME], to[MAX_NAME];

    return get_name(c, c->field[0], c->field[1], from) &&
                   get_name(c, c->field[2], c->field[3], to)
               ? call_answer(c, HOST(c, rename, from, to))
               : -1;
}
