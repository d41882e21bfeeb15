/*
 * The numbers of the NBD protocol (NetworkBlockDevice/nbd, doc/proto.md):
 * fixed newstyle handshake, simple and structured replies, metadata
 * contexts.  Everything on the wire is big-endian.
 */
#ifndef BLOCK_NBD_PROTOCOL_H
#define BLOCK_NBD_PROTOCOL_H

#include <stdint.h>

#define NBD_PORT "10809"

#define NBD_MAGIC 0x4e42444d41474943ull        /* "NBDMAGIC" */
#define NBD_OLDSTYLE_MAGIC 0x00420281861253ull
#define NBD_OPTION_MAGIC 0x49484156454f5054ull /* "IHAVEOPT" */
#define NBD_OPTION_REPLY_MAGIC 0x0003e889045565a9ull
#define NBD_REQUEST_MAGIC 0x25609513u
#define NBD_SIMPLE_MAGIC 0x67446698u
#define NBD_CHUNK_MAGIC 0x668e33efu

/* Sizes of the fixed parts, bytes */
enum {
    NBD_GREETING_SIZE = 18,     /* both magics, handshake flags */
    NBD_OPTION_SIZE = 16,       /* magic, option, length */
    NBD_OPTION_REPLY_SIZE = 20, /* magic, option, type, length */
    NBD_EXPORT_SIZE = 10,       /* size, flags; 124 zeroes may follow */
    NBD_EXPORT_PADDING = 124,
    NBD_REQUEST_SIZE = 28,      /* magic, flags, type, cookie, offset, length */
    NBD_SIMPLE_SIZE = 16,       /* magic, error, cookie */
    NBD_CHUNK_SIZE = 20,        /* magic, flags, type, cookie, length */
};

#define NBD_MAX_NAME 4096u            /* bytes of a string */
#define NBD_MAX_PAYLOAD (32u << 20)   /* bytes of one read or write */
/* A request without payload has 32 bits of length, too. */
#define NBD_MAX_RANGE (1u << 31)

/* Handshake flags; those of the client are the same bits. */
enum { NBD_FIXED_NEWSTYLE = 1 << 0, NBD_NO_ZEROES = 1 << 1 };

/* Transmission flags: what an export can do. */
enum nbd_export_flag {
    NBD_HAS_FLAGS = 1 << 0,
    NBD_READ_ONLY = 1 << 1,
    NBD_SEND_FLUSH = 1 << 2,
    NBD_SEND_FUA = 1 << 3,
    NBD_ROTATIONAL = 1 << 4,
    NBD_SEND_TRIM = 1 << 5,
    NBD_SEND_WRITE_ZEROES = 1 << 6,
    NBD_SEND_DF = 1 << 7,
    NBD_CAN_MULTI_CONN = 1 << 8,
    NBD_SEND_RESIZE = 1 << 9,
    NBD_SEND_CACHE = 1 << 10,
    NBD_SEND_FAST_ZERO = 1 << 11,
};

enum nbd_option {
    NBD_OPT_EXPORT_NAME = 1,
    NBD_OPT_ABORT = 2,
    NBD_OPT_LIST = 3,
    NBD_OPT_STARTTLS = 5,
    NBD_OPT_INFO = 6,
    NBD_OPT_GO = 7,
    NBD_OPT_STRUCTURED_REPLY = 8,
    NBD_OPT_LIST_META_CONTEXT = 9,
    NBD_OPT_SET_META_CONTEXT = 10,
};

#define NBD_REP_ERROR (1u << 31)
enum nbd_option_reply {
    NBD_REP_ACK = 1,
    NBD_REP_SERVER = 2,
    NBD_REP_INFO = 3,
    NBD_REP_META_CONTEXT = 4,
};
#define NBD_REP_ERR_UNSUP (NBD_REP_ERROR + 1)
#define NBD_REP_ERR_POLICY (NBD_REP_ERROR + 2)
#define NBD_REP_ERR_INVALID (NBD_REP_ERROR + 3)
#define NBD_REP_ERR_PLATFORM (NBD_REP_ERROR + 4)
#define NBD_REP_ERR_TLS_REQD (NBD_REP_ERROR + 5)
#define NBD_REP_ERR_UNKNOWN (NBD_REP_ERROR + 6)
#define NBD_REP_ERR_SHUTDOWN (NBD_REP_ERROR + 7)
#define NBD_REP_ERR_BLOCK_SIZE_REQD (NBD_REP_ERROR + 8)
#define NBD_REP_ERR_TOO_BIG (NBD_REP_ERROR + 9)

enum nbd_info {
    NBD_INFO_EXPORT = 0,
    NBD_INFO_NAME = 1,
    NBD_INFO_DESCRIPTION = 2,
    NBD_INFO_BLOCK_SIZE = 3,
};

enum nbd_command_type {
    NBD_CMD_READ = 0,
    NBD_CMD_WRITE = 1,
    NBD_CMD_DISC = 2,
    NBD_CMD_FLUSH = 3,
    NBD_CMD_TRIM = 4,
    NBD_CMD_CACHE = 5,
    NBD_CMD_WRITE_ZEROES = 6,
    NBD_CMD_BLOCK_STATUS = 7,
};

enum nbd_command_flag {
    NBD_FLAG_FUA = 1 << 0,
    NBD_FLAG_NO_HOLE = 1 << 1,
    NBD_FLAG_DF = 1 << 2,
    NBD_FLAG_REQ_ONE = 1 << 3,
    NBD_FLAG_FAST_ZERO = 1 << 4,
};

enum { NBD_CHUNK_DONE = 1 << 0 };
#define NBD_CHUNK_ERROR_BIT (1u << 15)
enum nbd_chunk_type {
    NBD_CHUNK_NONE = 0,
    NBD_CHUNK_DATA = 1,
    NBD_CHUNK_HOLE = 2,
    NBD_CHUNK_STATUS = 5,
    NBD_CHUNK_ERROR = NBD_CHUNK_ERROR_BIT + 1,
    NBD_CHUNK_ERROR_OFFSET = NBD_CHUNK_ERROR_BIT + 2,
};

#define NBD_ALLOCATION "base:allocation"
enum { NBD_STATE_HOLE = 1 << 0, NBD_STATE_ZERO = 1 << 1 };
#define NBD_DEPTH "qemu:allocation-depth"
#define NBD_BITMAP "qemu:dirty-bitmap:" /* and a name; 1 is dirty */

/* Errors on the wire are Linux's numbers, these and no others. */
int nbd_error_to_wire(int error);
int nbd_error_from_wire(uint32_t error);

#endif
