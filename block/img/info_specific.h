/* "Format specific information", for people or as JSON. */
#ifndef BLOCK_IMG_INFO_SPECIFIC_H
#define BLOCK_IMG_INFO_SPECIFIC_H

#include "block/img/img.h"

/* Nothing for a format that has none; `pad` is JSON's. */
void img_print_specific(struct block_image *image, bool json,
                        const char *pad);
bool img_is_encrypted(struct block_image *image);

#endif
