/* A flash bank kept in a disk image. */
#ifndef HW_FLASH_FLASH_IMAGE_H
#define HW_FLASH_FLASH_IMAGE_H

#include "block/block.h"
#include "hw/flash/cfi01.h"

/* The store on `image`, which stays the caller's. */
struct cfi01_store flash_image_store(struct block_backend *image);

#endif
