/*
 * What holds an image: a host file, a block device or the export of a server
 * elsewhere (nbd/); positioned, synchronous access.
 *
 * Functions return 0 or an errno.  Any thread; calls on one file may run at
 * once.
 */
#ifndef BLOCK_FILE_H
#define BLOCK_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "util/error.h"

struct block_file;

/* For bytes that are elsewhere: the functions below by these names. */
struct block_file_ops {
    int (*read)(struct block_file *file, const struct iovec *iov,
                unsigned count, uint64_t offset);
    int (*write)(struct block_file *file, const struct iovec *iov,
                 unsigned count, uint64_t offset, bool sync);
    int (*write_whole)(struct block_file *file, const void *from,
                       uint64_t length, uint64_t offset);
    int (*zero)(struct block_file *file, uint64_t offset, uint64_t length,
                bool unmap);
    int (*discard)(struct block_file *file, uint64_t offset, uint64_t length);
    int (*flush)(struct block_file *file);
    int (*status)(struct block_file *file, uint64_t offset, uint64_t length,
                  unsigned *flags, uint64_t *run);
    void (*abandon)(struct block_file *file);
    void (*close)(struct block_file *file);
};

struct block_file {
    char *path;
    const struct block_file_ops *remote; /* NULL: here */
    int fd;         /* or -1 */
    int direct_fd;  /* opened with O_DIRECT, or -1 */
    int whole_fd;   /* the same for block_file_write_whole() */
    bool read_only;
    bool device;    /* its size cannot change */
    bool unsafe;    /* flushes do nothing */
    uint64_t size;  /* bytes when opened */
    int lost;       /* errno of a failed flush: data may be gone */
    bool no_punch, no_zero_range; /* the file system cannot */
};

struct block_file_config {
    const char *path; /* "file:" in front means nothing */
    bool read_only;
    bool direct;   /* past the page cache */
    bool lock;     /* refuse to share with another writer */
    bool share_rw; /* but for those who agreed to */
    bool unsafe;   /* flushes do nothing */
};

struct block_file *block_file_open(const struct block_file_config *config,
                                   struct error **err);
/* Whether it is what that path leads to. */
bool block_file_is(const struct block_file *file, const char *path);
/* A file without a name that is gone when it is closed. */
struct block_file *block_file_temporary(uint64_t size, struct error **err);
void block_file_close(struct block_file *file);

/* A new, empty file; what was there is gone. */
bool block_file_create(const char *path, struct error **err);
/* Bytes now. */
uint64_t block_file_size(const struct block_file *file);
/* Bytes that its file system spends on it; false when nobody knows. */
bool block_file_usage(const struct block_file *file, uint64_t *bytes);
/* Not for devices. */
int block_file_resize(struct block_file *file, uint64_t size);
/* What is at `offset`, and how far that goes, at most `length` bytes: whole
 * sectors when both are. */
enum { BLOCK_FILE_DATA = 1 << 0, BLOCK_FILE_ZERO = 1 << 1 };
int block_file_status(struct block_file *file, uint64_t offset,
                      uint64_t length, unsigned *flags, uint64_t *run);
/* Nobody can wait any longer: requests to a server that does not answer
 * fail. */
void block_file_abandon(struct block_file *file);

/* The descriptor to use: O_DIRECT demands alignment of everything, so what
 * is not aligned goes through the page cache (the host keeps both views
 * coherent). */
int block_file_fd(const struct block_file *file, const struct iovec *iov,
                  unsigned count, uint64_t offset);

/* Memory that O_DIRECT takes, at least `size` bytes, or NULL. */
void *block_file_buffer(uint64_t size);
void block_file_buffer_free(void *buffer);

/* Beyond the end of the file reads give zeroes. */
int block_file_read(struct block_file *file, const struct iovec *iov,
                    unsigned count, uint64_t offset);
/* `sync`: on the disk on return. */
int block_file_write(struct block_file *file, const struct iovec *iov,
                     unsigned count, uint64_t offset, bool sync);
/* The same of whole sectors, which a kill does not divide: all of it or
 * nothing is in the file then.  EOPNOTSUPP when its file system or server
 * cannot, or EINVAL.  `from` is a block_file_buffer(); one thread at a time. */
int block_file_write_whole(struct block_file *file, const void *from,
                           uint64_t length, uint64_t offset);
/* Zeroes in the range; `unmap`: a hole will do. */
int block_file_zero(struct block_file *file, uint64_t offset, uint64_t length,
                    bool unmap);
/* Make a hole where the file system can; elsewhere do nothing. */
int block_file_discard(struct block_file *file, uint64_t offset,
                       uint64_t length);

/* fdatasync().  Its result goes through block_file_flushed(), for which see
 * file.c. */
int block_file_flush(struct block_file *file);
int block_file_flushed(struct block_file *file, int error);

/*
 * Locks that QEMU's tools understand: byte 100+P says that somebody uses
 * permission P, 200+P that somebody does not share it (lock.c).
 */
bool block_lock(int fd, const char *path, bool write, bool share_write,
                struct error **err);

#endif
