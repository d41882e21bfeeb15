/* The input as a file without a name. */
#ifndef TESTS_FUZZ_SHARED_FILE_H
#define TESTS_FUZZ_SHARED_FILE_H

#include <stddef.h>
#include <stdint.h>

/* New contents for one of two files; its path, which stays the same. */
const char *file_with(unsigned which, const uint8_t *data, size_t size);

/* Leave for a directory of our own, that of the process's files; it is gone
 * with us.  From then on no file of ours grows beyond 64 MiB. */
void file_enter_sandbox(void);

#endif
