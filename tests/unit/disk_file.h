/*
 * A disk image in a temporary file.  Its first 64 blocks of 512 bytes are full
 * of their number, the rest is zero.
 */
#ifndef TESTS_UNIT_DISK_FILE_H
#define TESTS_UNIT_DISK_FILE_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>

#define DISK_FILE_PATH 64

/* Writes its path, for the test to unlink. */
void disk_file_make(char path[DISK_FILE_PATH], uint64_t size);

/* These bytes, of which it looks at every 73rd, have this value. */
void disk_file_expect(const char *path, uint64_t offset, uint64_t length,
                      uint8_t value);

/* From now on no file of this process grows beyond `size` bytes, as on
 * a full disk.  RLIM_INFINITY: there is space again. */
void disk_file_limit(rlim_t size);

/* block_config.stop of a disk with werror=stop: counts. */
extern atomic_int disk_file_stops;
void disk_file_stop(void *opaque, int error);
/* Wait for the first one, up to 10 s. */
void disk_file_wait_stop(void);

#endif
