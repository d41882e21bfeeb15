/* What options say about opening an image: the keys that -drive, -blockdev
 * and the image tool's --image-opts have in common. */
#ifndef BLOCK_OPTIONS_H
#define BLOCK_OPTIONS_H

#include "block/block.h"
#include "util/keyval.h"

/* discard=: what of the guest's the image takes; the first two ignore it. */
extern const char *const block_options_discards[];

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

/* How it is used: read-only, aio, discard, locking, caches, encryption, data
 * files.  What is not said stays as it is; `writeback` is what
 * cache.writeback says, or cache= does.  Strings live as long as kv. */
bool block_options_use(struct keyval *kv, struct block_config *config,
                       bool writeback, struct error **err);

/* All of "driver=qcow2,file.filename=FILE,...": for the tools, whose command
 * says whether the image is read-only. */
bool block_options_image(struct keyval *kv, struct block_config *config,
                         struct error **err);

#endif
