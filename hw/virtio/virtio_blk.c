/*
 * Virtio block device.
 *
 * Manual: virtio 1.2, 5.2.  Queues: request queues only, at least one.
 *
 * A request is header (read), data (read or written), status (one byte,
 * written), in any framing.  Reads and writes go between the disk and guest
 * memory without a copy.  Every request completes: what cannot be done with
 * IOERR, what is not known with UNSUPP.
 *
 * Threads: requests start on the loop thread; block requests complete on any
 * thread, which then takes the device's lock.
 */
#include "hw/virtio/virtio_blk.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block/iov.h"
#include "hw/core/block_sizes.h"
#include "hw/virtio/virtio_request.h"
#include "util/log.h"
#include "util/or_else.h"

/* Features (5.2.3) */
#define BLK_F_SEG_MAX BIT(2)
#define BLK_F_GEOMETRY BIT(4)
#define BLK_F_RO BIT(5)
#define BLK_F_BLK_SIZE BIT(6)
#define BLK_F_FLUSH BIT(9)
#define BLK_F_TOPOLOGY BIT(10)
#define BLK_F_CONFIG_WCE BIT(11)
#define BLK_F_MQ BIT(12)
#define BLK_F_DISCARD BIT(13)
#define BLK_F_WRITE_ZEROES BIT(14)

/* Config space (5.2.4), little-endian */
struct blk_layout {
    uint64_t capacity; /* sectors of 512 bytes */
    uint32_t size_max;
    uint32_t seg_max;
    uint16_t cylinders;
    uint8_t heads, sectors;
    uint32_t blk_size;
    uint8_t physical_block_exp, alignment_offset;
    uint16_t min_io_size; /* blocks */
    uint32_t opt_io_size; /* blocks */
    uint8_t writeback, unused0;
    uint16_t num_queues;
    uint32_t max_discard_sectors, max_discard_seg;
    uint32_t discard_sector_alignment;
    uint32_t max_write_zeroes_sectors, max_write_zeroes_seg;
    uint8_t write_zeroes_may_unmap, unused1[3];
} __attribute__((packed));

/* Requests (5.2.6) */
enum {
    T_IN = 0,
    T_OUT = 1,
    T_FLUSH = 4,
    T_GET_ID = 8,
    T_DISCARD = 11,
    T_WRITE_ZEROES = 13,
};

enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };

struct blk_header {
    uint32_t type, reserved;
    uint64_t sector;
};

/* The data of T_DISCARD and T_WRITE_ZEROES */
struct blk_range {
    uint64_t sector;
    uint32_t sectors;
    uint32_t flags;
};

enum { RANGE_UNMAP = 1 << 0 };

#define ID_SIZE 20
#define MAX_RANGE_SECTORS 0x3fffff /* just under 2 GiB */

struct blk_request {
    struct virtio_request base; /* data: without header and status */
    struct block_request io;
    struct virtio_blk *blk;
    uint64_t written; /* bytes to report, with the status */
};

struct virtio_blk {
    struct virtio_device dev;
    struct block_backend *backend;
    struct blk_layout layout;
    char id[ID_SIZE];
    uint32_t block_sectors; /* in a logical block */
    bool writeback_at_reset;
    struct virtio_requests requests;
};

static struct virtio_blk *blk_of(struct virtio_device *dev)
{
    return container_of(dev, struct virtio_blk, dev);
}

/* Completion ----------------------------------------------------------- */

/* Write the status, which is the last byte, and hand the chain back. */
static void complete(struct blk_request *req, uint8_t status)
{
    struct virtio_blk *s = req->blk;
    const struct virtq_chain *chain = &req->base.chain;

    if (chain->in_size) {
        unsigned last = chain->out_count + chain->in_count - 1;
        uint64_t pa = chain->pa[last] + chain->iov[last].iov_len - 1;
        dma_write(s->dev.dma, pa, &status, 1);
    }
    virtio_request_push(&req->base, req->written);
}

/* Any thread, lock not held. */
static void io_done(struct block_request *io, int error)
{
    struct blk_request *req = container_of(io, struct blk_request, io);
    struct virtio_device *dev = &req->blk->dev;

    virtio_lock(dev);
    complete(req, !error ? S_OK : error == EOPNOTSUPP ? S_UNSUPP : S_IOERR);
    virtio_unlock(dev);
}

/* Starting ------------------------------------------------------------- */

static bool is_writeback(const struct virtio_blk *s)
{
    /* Who cannot flush gets every write on the disk (5.2.6.2). */
    if (virtio_has(&s->dev, BLK_F_CONFIG_WCE)) {
        return s->layout.writeback;
    }
    return virtio_has(&s->dev, BLK_F_FLUSH);
}

static bool is_range(const struct virtio_blk *s, uint64_t sector,
                     uint64_t sectors)
{
    return sector <= s->layout.capacity &&
           sectors <= s->layout.capacity - sector &&
           sector % s->block_sectors == 0 &&
           sectors % s->block_sectors == 0;
}

static void submit(struct blk_request *req, enum block_op op,
                   uint64_t sector, uint64_t length)
{
    struct virtio_blk *s = req->blk;

    req->io.op = op;
    req->io.offset = sector * BLOCK_SECTOR;
    req->io.length = length;
    req->io.done = io_done;
    if (op != BLOCK_READ && op != BLOCK_FLUSH && !is_writeback(s)) {
        req->io.flags |= BLOCK_FUA;
    }
    block_submit(s->backend, &req->io);
}

static void start_transfer(struct blk_request *req, enum block_op op,
                           uint64_t sector)
{
    struct virtq_chain *chain = &req->base.chain;
    bool in = op == BLOCK_READ;
    unsigned count = in ? chain->in_count : chain->out_count;
    uint64_t skip = in ? 0 : sizeof(struct blk_header);
    uint64_t length = in ? chain->in_size - 1 : chain->out_size - skip;

    if (length % BLOCK_SECTOR ||
        !is_range(req->blk, sector, length / BLOCK_SECTOR)) {
        guest_error("virtio-blk: %s of %llu bytes at sector %llu",
                    in ? "read" : "write", (unsigned long long)length,
                    (unsigned long long)sector);
        complete(req, S_IOERR);
        return;
    }
    struct iovec *data = virtio_request_data(&req->base, count);
    req->io.iov = data;
    req->io.iov_count =
        iov_slice(data, chain->iov + (in ? chain->out_count : 0), count,
                  skip, length);
    if (in) {
        /* Whatever comes of it, any of the bytes may have been stored. */
        req->written = chain->in_size;
    }
    submit(req, op, sector, length);
}

static void start_range(struct blk_request *req, bool discard)
{
    struct virtio_blk *s = req->blk;
    const struct virtq_chain *chain = &req->base.chain;
    struct blk_range range;
    uint32_t most = discard ? s->layout.max_discard_sectors
                            : s->layout.max_write_zeroes_sectors;

    if (!virtio_has(&s->dev, discard ? BLK_F_DISCARD : BLK_F_WRITE_ZEROES)) {
        complete(req, S_UNSUPP);
        return;
    }
    if (chain->out_size != sizeof(struct blk_header) + sizeof(range)) {
        complete(req, S_IOERR); /* max_*_seg is 1 */
        return;
    }
    virtq_read(chain, sizeof(struct blk_header), &range, sizeof(range));
    if (range.flags & ~(uint32_t)(discard ? 0 : RANGE_UNMAP)) {
        complete(req, S_UNSUPP);
        return;
    }
    if (range.sectors > most || !is_range(s, range.sector, range.sectors)) {
        guest_error("virtio-blk: %s of %u sectors at %llu",
                    discard ? "discard" : "write-zeroes", range.sectors,
                    (unsigned long long)range.sector);
        complete(req, S_IOERR);
        return;
    }
    if (range.flags & RANGE_UNMAP) {
        req->io.flags |= BLOCK_MAY_UNMAP;
    }
    submit(req, discard ? BLOCK_DISCARD : BLOCK_ZERO, range.sector,
           (uint64_t)range.sectors * BLOCK_SECTOR);
}

static void start_get_id(struct blk_request *req)
{
    struct virtio_blk *s = req->blk;
    uint64_t room = req->base.chain.in_size - 1;
    uint64_t n = room < ID_SIZE ? room : ID_SIZE;

    virtq_write(&req->base.chain, 0, s->id, n);
    req->written = n + 1;
    complete(req, S_OK);
}

static void start(struct blk_request *req)
{
    struct virtio_blk *s = req->blk;
    const struct virtq_chain *chain = &req->base.chain;
    struct blk_header header;

    req->written = chain->in_size ? 1 : 0;
    req->io.flags = 0;
    if (!chain->in_size ||
        virtq_read(chain, 0, &header, sizeof(header)) < sizeof(header)) {
        guest_error("virtio-blk: request without header or status");
        complete(req, S_IOERR);
        return;
    }
    bool writes = header.type == T_OUT || header.type == T_DISCARD ||
                  header.type == T_WRITE_ZEROES;
    if (writes && block_readonly(s->backend)) {
        complete(req, S_IOERR);
        return;
    }
    switch (header.type) {
    case T_IN:
        start_transfer(req, BLOCK_READ, header.sector);
        break;
    case T_OUT:
        start_transfer(req, BLOCK_WRITE, header.sector);
        break;
    case T_FLUSH:
        submit(req, BLOCK_FLUSH, 0, 0);
        break;
    case T_GET_ID:
        start_get_id(req);
        break;
    case T_DISCARD:
    case T_WRITE_ZEROES:
        start_range(req, header.type == T_DISCARD);
        break;
    default:
        complete(req, S_UNSUPP);
        break;
    }
}

static bool take_request(struct virtio_device *dev, unsigned n)
{
    struct virtio_blk *s = blk_of(dev);
    struct virtio_request *base = virtio_request_pop(&s->requests, n);

    if (!base) {
        return false;
    }
    struct blk_request *req = container_of(base, struct blk_request, base);
    req->blk = s;
    start(req);
    return true;
}

static void blk_process(struct virtio_device *dev, unsigned n)
{
    virtio_lock(dev);
    virtio_each(dev, n, take_request);
    virtio_unlock(dev);
    block_unplug(blk_of(dev)->backend);
}

/* Config space --------------------------------------------------------- */

static void blk_config_read(struct virtio_device *dev, uint8_t *config)
{
    memcpy(config, &blk_of(dev)->layout, sizeof(struct blk_layout));
}

static void blk_config_write(struct virtio_device *dev, unsigned offset,
                             unsigned size, uint64_t value)
{
    struct virtio_blk *s = blk_of(dev);

    if (offset != offsetof(struct blk_layout, writeback) || size != 1 ||
        !virtio_has(dev, BLK_F_CONFIG_WCE)) {
        guest_error("virtio-blk: write of config space at 0x%x", offset);
        return;
    }
    s->layout.writeback = value & 1;
}

/* Reset, creation ------------------------------------------------------ */

static void blk_drain(struct virtio_device *dev)
{
    block_drain(blk_of(dev)->backend);
}

static void blk_reset(struct virtio_device *dev)
{
    struct virtio_blk *s = blk_of(dev);

    s->layout.writeback = s->writeback_at_reset;
}

static void blk_free(struct virtio_device *dev)
{
    struct virtio_blk *s = blk_of(dev);

    virtio_deinit(dev);
    virtio_requests_free(&s->requests, NULL);
    free(s);
}

static const struct virtio_device_ops blk_ops = {
    .name = "virtio-blk",
    .id = VIRTIO_ID_BLOCK,
    .config_read = blk_config_read,
    .config_write = blk_config_write,
    .process = blk_process,
    .drain = blk_drain,
    .reset = blk_reset,
    .free = blk_free,
};

/* What a BIOS would make of the capacity: 16 heads, 63 sectors. */
static void guess_geometry(struct blk_layout *l)
{
    uint64_t cylinders = l->capacity / (16 * 63);

    l->cylinders = (uint16_t)(cylinders > 16383 ? 16383 :
                              cylinders < 2 ? 2 : cylinders);
    l->heads = 16;
    l->sectors = 63;
}

static void fill_layout(struct virtio_blk *s,
                        const struct virtio_blk_config *c)
{
    struct blk_layout *l = &s->layout;
    uint32_t block = or_else(c->logical_block_size, 512);
    uint32_t physical = or_else(c->physical_block_size, block);

    s->block_sectors = block / BLOCK_SECTOR;
    l->capacity = align_down(block_size(c->backend), block) / BLOCK_SECTOR;
    /* A chain of the whole queue, without header and status. */
    l->seg_max = or_else(c->queue_size, 256) - 2;
    guess_geometry(l);
    l->blk_size = block;
    l->physical_block_exp = (uint8_t)ctz32(physical / block);
    l->min_io_size = (uint16_t)(c->min_io_size / block);
    l->opt_io_size = c->opt_io_size / block;
    s->writeback_at_reset =
        c->write_cache_on ||
        (!c->write_cache_off && block_write_cache(c->backend));
    l->writeback = s->writeback_at_reset;
    l->num_queues = (uint16_t)or_else(c->queues, 1);
    l->max_discard_sectors =
        or_else(c->max_discard_sectors, MAX_RANGE_SECTORS);
    l->max_discard_seg = 1;
    l->discard_sector_alignment = s->block_sectors;
    l->max_write_zeroes_sectors =
        or_else(c->max_write_zeroes_sectors, MAX_RANGE_SECTORS);
    l->max_write_zeroes_seg = 1;
    l->write_zeroes_may_unmap = 1;
}

static uint64_t own_features(const struct virtio_blk_config *c)
{
    bool read_only = block_readonly(c->backend);

    return BLK_F_SEG_MAX | BLK_F_GEOMETRY | BLK_F_BLK_SIZE | BLK_F_FLUSH |
           BLK_F_TOPOLOGY | (read_only ? BLK_F_RO : 0) |
           (c->no_config_wce ? 0 : BLK_F_CONFIG_WCE) |
           (c->queues > 1 ? BLK_F_MQ : 0) |
           (c->no_discard || read_only ? 0 : BLK_F_DISCARD) |
           (c->no_write_zeroes || read_only ? 0 : BLK_F_WRITE_ZEROES);
}

static bool check_config(const struct virtio_blk_config *c,
                         struct error **err)
{
    if (!check_block_sizes(c->logical_block_size, c->physical_block_size,
                           err)) {
        return false;
    }
    if (c->queues > VIRTIO_MAX_QUEUES) {
        error_set(err, "num-queues=%u: there can be 1 to %u", c->queues,
                  VIRTIO_MAX_QUEUES);
        return false;
    }
    if (!virtio_check_queue_size("queue-size", c->queue_size, 4, err)) {
        return false;
    }
    if (c->max_discard_sectors > MAX_RANGE_SECTORS ||
        c->max_write_zeroes_sectors > MAX_RANGE_SECTORS) {
        error_set(err, "max-discard-sectors and max-write-zeroes-sectors can "
                  "be up to %u", MAX_RANGE_SECTORS);
        return false;
    }
    return true;
}

struct virtio_device *virtio_blk_create(const struct virtio_blk_config *config,
                                        const struct virtio_host *host,
                                        struct error **err)
{
    if (!check_config(config, err)) {
        return NULL;
    }
    struct virtio_blk *s = calloc(1, sizeof(*s));
    assert(s);
    s->backend = config->backend;
    if (config->serial) {
        memcpy(s->id, config->serial, strnlen(config->serial, ID_SIZE));
    }
    fill_layout(s, config);
    virtio_init(&s->dev, &blk_ops, host, own_features(config),
                sizeof(struct blk_layout));
    virtio_requests_init(&s->requests, &s->dev, sizeof(struct blk_request));
    for (unsigned i = 0; i < s->layout.num_queues; i++) {
        virtio_add_queue(&s->dev,
                         (uint16_t)or_else(config->queue_size, 256));
    }
    return &s->dev;
}
