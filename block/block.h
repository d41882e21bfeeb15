/*
 * Disks as devices see them: asynchronous requests on a disk image.
 *
 * A device fills a struct block_request, calls block_submit() for one or
 * more of them and then block_unplug(), which starts them together.  done()
 * is called exactly once for each, on a worker thread, on the loop thread or
 * inside block_unplug() or block_drain(); never inside block_submit(), and
 * with no lock of the block layer held.  A device may therefore hold its own
 * lock while it submits, but not while it unplugs or drains.
 *
 * Requests that overlap and are in flight together run in any order.
 */
#ifndef BLOCK_BLOCK_H
#define BLOCK_BLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "util/error.h"
#include "util/loop.h"

#define BLOCK_SECTOR 512

/* Names as in -drive. */
enum block_cache {
    BLOCK_CACHE_WRITEBACK,    /* the default */
    BLOCK_CACHE_NONE,         /* past the host's page cache */
    BLOCK_CACHE_WRITETHROUGH, /* a completed write is on the disk */
    BLOCK_CACHE_DIRECTSYNC,   /* both of these */
    BLOCK_CACHE_UNSAFE,       /* flushes do nothing */
};
extern const char *const block_cache_names[]; /* ORDER block_cache */

enum block_aio {
    BLOCK_AIO_AUTO, /* io_uring if the host has it, else threads */
    BLOCK_AIO_THREADS,
    BLOCK_AIO_IO_URING,
    BLOCK_AIO_NATIVE, /* QEMU's name for the fast way: as auto */
};
extern const char *const block_aio_names[]; /* ORDER block_aio */

enum block_detect_zeroes {
    BLOCK_DETECT_OFF,
    BLOCK_DETECT_ON,    /* written zeroes become a write-zeroes request */
    BLOCK_DETECT_UNMAP, /* and may become a hole */
};
extern const char *const block_detect_zeroes_names[];

/* What to do about a failed request (werror=, rerror=). */
enum block_on_error {
    BLOCK_ERROR_REPORT, /* the guest sees it: the default */
    BLOCK_ERROR_IGNORE, /* the guest sees success */
    BLOCK_ERROR_ENOSPC, /* stop for lack of space, report the rest */
    BLOCK_ERROR_STOP,   /* hold the request and stop the machine */
};
extern const char *const block_on_error_names[]; /* ORDER block_on_error */

/* Zero-initialised it is QEMU's default but for discard, which keeps holes
 * (QEMU ignores it), and aio.  Strings outlive block_open(). */
struct block_config {
    const char *file;   /* regular file, host block device, /dev/fd/N, or an
                         * NBD export (nbd/address.h) */
    const char *format; /* "raw", "qcow2" ...; NULL: as the contents look */
    bool read_only;
    bool snapshot;       /* writes go to a temporary file */
    bool share_rw;       /* others may write at the same time */
    bool no_lock;        /* locking=off */
    const char *internal_snapshot; /* id or name: the disk as it was then */
    bool ignore_discard; /* discard=ignore */
    enum block_cache cache;
    enum block_aio aio;
    enum block_detect_zeroes detect_zeroes;
    enum block_on_error werror, rerror;
    /* Of encrypted images: where secrets are, and which is the key. */
    const struct secrets *secrets;
    const char *key_secret;
    /* Of a raw image: the part of the file that is the disk, bytes; a size of
     * 0 is up to the end. */
    uint64_t raw_offset, raw_size;
    const char *data_file; /* rather than the one that a qcow2 image names */
    /* The image below, of which `file` and `format` may be NULL: as the image
     * names them.  NULL: all of it is as the image says. */
    const struct block_config *backing;
    bool no_backing; /* there is none, whatever the image says */
    /* For BLOCK_ERROR_ENOSPC and _STOP: stop the machine soon; any thread.
     * block_resume() tries the held requests again. */
    void (*stop)(void *opaque, int error);
    void *opaque;
};

struct block_backend;

enum block_op {
    BLOCK_READ,
    BLOCK_WRITE,
    BLOCK_FLUSH,   /* all writes completed before are on the disk */
    BLOCK_DISCARD, /* a hint: the contents are undefined afterwards */
    BLOCK_ZERO,    /* the range reads as zeroes afterwards */
};

enum block_flag {
    BLOCK_FUA = 1 << 0,       /* on the disk when it completes */
    BLOCK_MAY_UNMAP = 1 << 1, /* BLOCK_ZERO may give space back */
};

struct block_request {
    enum block_op op;
    unsigned flags;          /* enum block_flag */
    uint64_t offset, length; /* bytes; multiples of BLOCK_SECTOR */
    const struct iovec *iov; /* reads and writes: `length` bytes together */
    unsigned iov_count;      /* at most BLOCK_MAX_IOV */
    void (*done)(struct block_request *req, int error); /* errno or 0 */
    void *opaque;

    /* The block layer's while it has the request, like op and flags. */
    struct block_request *next;
    int error;
    struct block_file *file;    /* that the kernel reads or writes for it */
    struct block_image *entered; /* or NULL (image.h) */
};

#define BLOCK_MAX_IOV 1024

/*
 * Open an image.  `loop` serves completions (io_uring); call before it runs
 * or on its thread, and after any fork().
 */
struct block_backend *block_open(const struct block_config *config,
                                 struct loop *loop, struct error **err);
/* No request is in flight; the loop still exists. */
void block_close(struct block_backend *b);

uint64_t block_size(const struct block_backend *b); /* bytes */
/* What the range has at its beginning, `*run` bytes of it, as the NBD
 * protocol sees it; on the calling thread.  0 or an errno.  [any] */
enum {
    BLOCK_STATUS_HOLE = 1 << 0, /* no space is spent on it */
    BLOCK_STATUS_ZERO = 1 << 1, /* it reads as zeroes */
};
int block_status(struct block_backend *b, uint64_t offset, uint64_t length,
                 unsigned *flags, unsigned *depth, uint64_t *run);
/* For what only its format knows. */
struct block_image *block_image_of(const struct block_backend *b);
bool block_readonly(const struct block_backend *b);
/* False: the user wants every write on the disk (cache=writethrough). */
bool block_write_cache(const struct block_backend *b);
/* "threads" or "io_uring". */
const char *block_engine_name(const struct block_backend *b);

/* Take a request; it starts at the latest with block_unplug().  [any] */
void block_submit(struct block_backend *b, struct block_request *req);
void block_unplug(struct block_backend *b); /* [any] */

/* Return when every request submitted before has had its done().  Held
 * requests (BLOCK_ERROR_STOP) fail, and those to a server that has done
 * nothing for ten seconds.  [any] */
void block_drain(struct block_backend *b);

/* The machine runs again: retry what was held.  [any] */
void block_resume(struct block_backend *b);

/* Do one request on the calling thread; 0 or an errno.  done() is not
 * used and errors are always returned.  For start-up and flash.  [any] */
int block_run(struct block_backend *b, struct block_request *req);

#endif
