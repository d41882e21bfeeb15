/* The input as a file without a name. */
#ifndef TESTS_FUZZ_SHARED_FILE_H
#define TESTS_FUZZ_SHARED_FILE_H

#include <stddef.h>
#include <stdint.h>

/* New contents for one of two files; its path, which stays the same. */
const char *file_with(unsigned which, const uint8_t *data, size_t size);

/* Such a file of zeroes, `size` bytes each time, to be filled in where it is
 * mapped: what nobody touches costs nothing.  Then its end, and its path. */
uint8_t *file_of_zeroes(unsigned which, size_t size);
const char *file_cut(unsigned which, size_t size);

/* Leave for a directory of our own, that of the process's files; it is gone
 * with us.  From then on no file of ours grows beyond 64 MiB. */
void file_enter_sandbox(void);

#endif
