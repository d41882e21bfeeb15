/* What options say about opening an image: the keys that -drive, -blockdev
 * and the image tool's --image-opts have in common. */
#ifndef BLOCK_OPTIONS_H
#define BLOCK_OPTIONS_H

#include "block/block.h"
#include "util/keyval.h"

/* Of a driver: has it the bytes themselves ("file", "host_device", "nbd")? */
bool block_options_is_protocol(const char *driver);

/*
 * The name (nbd/address.h) of the export that "driver=nbd,server.type=..." or
 * "file.driver=nbd,file.server.type=..." describe; NULL when the bytes are
 * elsewhere: file= says where, or PREFIXfilename.  It lives as long as kv.
 * False when it cannot be one; nothing is connected to.
 */
bool block_options_nbd(struct keyval *kv, const char **name,
                       struct error **err);

/* Keys of encrypted images, of data files and of caches; strings live as
 * long as kv. */
bool block_options_format(struct keyval *kv, struct block_config *config,
                          struct error **err);

/* All of "driver=qcow2,file.filename=FILE,...": for the image tool. */
bool block_options_image(struct keyval *kv, struct block_config *config,
                         struct error **err);

#endif
