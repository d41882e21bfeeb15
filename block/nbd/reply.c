/*
 * Replies: simple ones and chunks, checked against the command they are for.
 *
 * Nothing that the server says is believed: cookies must be those of
 * commands that wait, lengths those that the command allows, pieces of a
 * read within it.  What does not fit ends the connection, for nobody knows
 * where the next reply begins.
 */
#include <errno.h>

#include "block/iov.h"
#include "block/nbd/client_internal.h"

#define MAX_ODD_CHUNKS 64 /* errors without end */

struct chunk {
    unsigned flags, type;
    uint32_t length;
};

static struct nbd_slot *find_slot(struct nbd_client *c, uint64_t cookie)
{
    struct nbd_slot *slot = &c->slots[cookie % NBD_SLOTS];

    pthread_mutex_lock(&c->lock);
    bool good = slot->state == SLOT_WAITS && slot->cookie == cookie;
    pthread_mutex_unlock(&c->lock);
    return good ? slot : NULL;
}

static void finish(struct nbd_client *c, struct nbd_slot *slot)
{
    pthread_mutex_lock(&c->lock);
    slot->state = SLOT_DONE;
    pthread_cond_signal(&slot->cond);
    pthread_mutex_unlock(&c->lock);
}

static int nonsense(const char **why, const char *sentence)
{
    *why = sentence;
    return EPROTO;
}

static int read_simple(struct nbd_client *c, const char **why)
{
    uint8_t rest[NBD_SIMPLE_SIZE - 4];
    int error = wire_read(&c->wire, rest, sizeof(rest));
    struct nbd_slot *slot = error ? NULL : find_slot(c, get64(rest + 4));

    if (error) {
        return error;
    }
    if (!slot) {
        return nonsense(why, "its reply is to nothing that was asked");
    }
    struct nbd_command *command = slot->command;
    slot->error = nbd_error_from_wire(get32(rest));
    bool chunks = command->type == NBD_CMD_BLOCK_STATUS ||
                  (command->type == NBD_CMD_READ && c->export.structured);
    if ((!slot->error && chunks) || slot->filled || slot->chunks) {
        return nonsense(why, "its reply is not in chunks, as it promised");
    }
    if (!slot->error && command->type == NBD_CMD_READ) {
        error = wire_read_iov(&c->wire, command->iov, command->iov_count, 0,
                              command->length);
    }
    if (!error) {
        finish(c, slot);
    }
    return error;
}

/* Chunks ---------------------------------------------------------------- */

/* Room for [offset, offset+length) of a read.  Zeroes come first where not
 * all of it comes at once: then no byte is left that nobody sent. */
static bool place(struct nbd_slot *slot, uint64_t offset, uint64_t length,
                  uint64_t *at)
{
    const struct nbd_command *command = slot->command;

    if (command->type != NBD_CMD_READ || !length ||
        offset < command->offset ||
        offset - command->offset > command->length ||
        length > command->length - (offset - command->offset) ||
        length > command->length - slot->filled) {
        return false;
    }
    if (!slot->filled && length != command->length) {
        iov_zero(command->iov, command->iov_count, 0, command->length);
    }
    *at = offset - command->offset;
    slot->filled += length;
    return true;
}

static int take_data(struct nbd_client *c, struct nbd_slot *slot,
                     const struct chunk *chunk, const char **why)
{
    uint8_t offset[8];
    uint64_t at, length = chunk->length - 8ull;

    if (chunk->length <= 8) {
        return nonsense(why, "a chunk of data has none");
    }
    int error = wire_read(&c->wire, offset, sizeof(offset));
    if (error) {
        return error;
    }
    if (!place(slot, get64(offset), length, &at)) {
        return nonsense(why, "a chunk of data is not of what was read");
    }
    return wire_read_iov(&c->wire, slot->command->iov,
                         slot->command->iov_count, at, length);
}

static int take_hole(struct nbd_client *c, struct nbd_slot *slot,
                     const struct chunk *chunk, const char **why)
{
    uint8_t body[12];
    uint64_t at, length;

    if (chunk->length != sizeof(body)) {
        return nonsense(why, "a hole's chunk has the wrong length");
    }
    int error = wire_read(&c->wire, body, sizeof(body));
    if (error) {
        return error;
    }
    length = get32(body + 8);
    if (!place(slot, get64(body), length, &at)) {
        return nonsense(why, "a hole is not of what was read");
    }
    iov_zero(slot->command->iov, slot->command->iov_count, at, length);
    return 0;
}

static int take_status(struct nbd_client *c, struct nbd_slot *slot,
                       const struct chunk *chunk, const char **why)
{
    struct nbd_command *command = slot->command;
    uint8_t body[12];

    if (command->type != NBD_CMD_BLOCK_STATUS || slot->told ||
        chunk->length < sizeof(body) || (chunk->length - 4) % 8 ||
        chunk->length > 4 + 8 * 65536) {
        return nonsense(why, "a status's chunk makes no sense");
    }
    int error = wire_read(&c->wire, body, sizeof(body));
    error = error ? error
                  : wire_skip(&c->wire, chunk->length - sizeof(body));
    if (error) {
        return error;
    }
    command->state_length = get32(body + 4);
    command->state = get32(body + 8);
    if (get32(body) != c->export.allocation_id || !command->state_length) {
        return nonsense(why, "a status is not of what was asked for");
    }
    slot->told = true;
    return 0;
}

static int take_error(struct nbd_client *c, struct nbd_slot *slot,
                      const struct chunk *chunk, const char **why)
{
    uint8_t number[4];

    if (chunk->length < sizeof(number) ||
        chunk->length > sizeof(number) + 2 + NBD_MAX_NAME + 8) {
        return nonsense(why, "an error's chunk has the wrong length");
    }
    int error = wire_read(&c->wire, number, sizeof(number));
    error = error ? error
                  : wire_skip(&c->wire, chunk->length - sizeof(number));
    if (!slot->error) {
        slot->error = nbd_error_from_wire(get32(number));
        slot->error = slot->error ? slot->error : EIO;
    }
    return error;
}

static int take_chunk(struct nbd_client *c, struct nbd_slot *slot,
                      const struct chunk *chunk, const char **why)
{
    if (chunk->type != NBD_CHUNK_DATA && chunk->type != NBD_CHUNK_HOLE &&
        ++slot->chunks > MAX_ODD_CHUNKS) {
        return nonsense(why, "its reply has no end");
    }
    switch (chunk->type) {
    case NBD_CHUNK_NONE:
        return chunk->length || !(chunk->flags & NBD_CHUNK_DONE)
                   ? nonsense(why, "an empty chunk is not") : 0;
    case NBD_CHUNK_DATA:
        return take_data(c, slot, chunk, why);
    case NBD_CHUNK_HOLE:
        return take_hole(c, slot, chunk, why);
    case NBD_CHUNK_STATUS:
        return take_status(c, slot, chunk, why);
    default:
        return chunk->type & NBD_CHUNK_ERROR_BIT
                   ? take_error(c, slot, chunk, why)
                   : nonsense(why, "there is no such chunk");
    }
}

/* What an answer without an error must have said. */
static bool is_whole(const struct nbd_slot *slot)
{
    switch (slot->command->type) {
    case NBD_CMD_READ:
        return slot->filled == slot->command->length;
    case NBD_CMD_BLOCK_STATUS:
        return slot->told;
    default:
        return true;
    }
}

static int read_chunk(struct nbd_client *c, const char **why)
{
    uint8_t rest[NBD_CHUNK_SIZE - 4];
    int error = wire_read(&c->wire, rest, sizeof(rest));
    struct nbd_slot *slot = error ? NULL : find_slot(c, get64(rest + 4));

    if (error) {
        return error;
    }
    struct chunk chunk = {get16(rest), get16(rest + 2), get32(rest + 12)};
    if (!slot || !c->export.structured) {
        return nonsense(why, "its reply is to nothing that was asked");
    }
    error = take_chunk(c, slot, &chunk, why);
    if (error || !(chunk.flags & NBD_CHUNK_DONE)) {
        return error;
    }
    if (!slot->error && !is_whole(slot)) {
        return nonsense(why, "its reply leaves out what was asked for");
    }
    finish(c, slot);
    return 0;
}

int nbd_reply_read(struct nbd_client *c, const char **why)
{
    uint8_t magic[4];
    int error = wire_read(&c->wire, magic, sizeof(magic));

    if (error) {
        return error;
    }
    switch (get32(magic)) {
    case NBD_SIMPLE_MAGIC:
        return read_simple(c, why);
    case NBD_CHUNK_MAGIC:
        return read_chunk(c, why);
    default:
        return nonsense(why, "its reply is not one");
    }
}
