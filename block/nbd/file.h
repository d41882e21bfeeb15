/* An NBD export as what holds an image (block/file.h). */
#ifndef BLOCK_NBD_FILE_H
#define BLOCK_NBD_FILE_H

#include "block/file.h"
#include "block/nbd/address.h"

struct block_file *nbd_file_open(const struct block_file_config *config,
                                 struct error **err);
/* An export cannot be made anew, but be made to look like nothing. */
bool nbd_file_create(const char *name, struct error **err);

/* The same over a socket that is connected; for tests. */
struct block_file *nbd_file_on(int fd, bool read_only, struct error **err);

#endif
