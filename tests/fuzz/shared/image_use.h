/* A script's operations on a disk image, for targets that eat images. */
#ifndef TESTS_FUZZ_SHARED_IMAGE_USE_H
#define TESTS_FUZZ_SHARED_IMAGE_USE_H

#include "block/image.h"
#include "tests/fuzz/targets/input.h"

/* The longest operation, bytes: what the buffer of image_use() has. */
#define IMAGE_USE_BUFFER 0x10000

/* Take a length from the script, and bring it and *offset to whole sectors
 * inside the image; false when that is empty. */
bool image_use_range(const struct block_image *image, struct input *script,
                     uint64_t *offset, uint64_t *length);

/* What `what` says: 0 or 1 to read, 2 or 3 to write, 4 to zero, 5 to discard,
 * 6 to flush, else to ask for holes.  Abort at an answer that would not let a
 * walk end, and where a request has another end when it goes straight to the
 * file.  `flag` is that of writing and of zeroing, the buffer what is
 * written. */
void image_use(struct block_image *image, unsigned what, bool flag,
               uint64_t offset, uint64_t length, uint8_t *buffer);

#endif
