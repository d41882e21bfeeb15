/* What options say about opening an image: the keys that -drive, -blockdev
 * and the image tool's --image-opts have in common. */
#ifndef BLOCK_OPTIONS_H
#define BLOCK_OPTIONS_H

#include "block/block.h"
#include "util/keyval.h"

/* Keys of encrypted images, of data files and of caches; strings live as
 * long as kv. */
bool block_options_format(struct keyval *kv, struct block_config *config,
                          struct error **err);

/* All of "driver=qcow2,file.filename=FILE,...": for the image tool. */
bool block_options_image(struct keyval *kv, struct block_config *config,
                         struct error **err);

#endif
