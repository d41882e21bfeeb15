#include "tests/fuzz/shared/board.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "softmmu/dma.h"
#include "ui/chardev_backend.h"

static void must(bool good, struct error *err)
{
    if (!good) {
        fprintf(stderr, "fuzz: %s\n", err ? err->message : "no reason");
        abort();
    }
}

/* Making it ------------------------------------------------------------- */

static struct chardev *find_chardev(void *opaque, const char *id)
{
    struct board *b = opaque;

    for (size_t i = 0; i < b->options.chardev_count; i++) {
        if (b->chardevs[i] && strcmp(b->options.chardevs[i].id, id) == 0) {
            return b->chardevs[i];
        }
    }
    return NULL;
}

static struct net_client *find_netdev(void *opaque, const char *id)
{
    struct board *b = opaque;

    return netdevs_find(b->netdevs, id);
}

static void open_chardevs(struct board *b)
{
    const struct machine_config *config = &b->options.machine;
    struct error *err = NULL;

    must(b->options.chardev_count <= BOARD_MAX_CHARDEVS, NULL);
    for (size_t i = 0; i < b->options.chardev_count; i++) {
        b->chardevs[i] = chardev_open(&b->options.chardevs[i], b->loop, &err);
        must(b->chardevs[i] != NULL, err);
    }
    for (unsigned n = 0; n < config->serials; n++) {
        if (config->serial[n]) {
            b->ports.serials[n] = find_chardev(b, config->serial[n]);
        }
    }
}

struct board *board_new(const char *line)
{
    struct board *b = calloc(1, sizeof(*b));
    struct error *err = NULL;
    int argc = 0;

    must(b && asprintf(&b->line, "armature %s", line) > 0, NULL);
    for (char *p = strtok(b->line, " "); p; p = strtok(NULL, " ")) {
        must(argc + 1 < BOARD_MAX_WORDS, NULL);
        b->words[argc++] = p;
    }
    must(options_parse(&b->options, argc, b->words, &err) == OPTIONS_RUN,
         err);
    b->loop = loop_new();
    open_chardevs(b);
    b->netdevs = netdevs_open(&b->options.machine, b->loop, find_chardev, b,
                              &err);
    must(b->netdevs != NULL, err);
    b->ports.find_chardev = find_chardev;
    b->ports.find_netdev = find_netdev;
    b->ports.opaque = b;
    b->m = machine_new(&b->options.machine, &b->ports, b->loop, &err);
    must(b->m != NULL, err);
    board_reset(b);
    return b;
}

const char *board_file(size_t size, int *fd)
{
    static char paths[4][32];
    static unsigned turn;
    char *path = paths[turn++ % 4];

    *fd = memfd_create("fuzz", 0);
    must(*fd >= 0 && ftruncate(*fd, (off_t)size) == 0, NULL);
    snprintf(path, sizeof(paths[0]), "/proc/self/fd/%d", *fd);
    return path;
}

/* Using it -------------------------------------------------------------- */

void board_reset(struct board *b)
{
    struct ram *ram = b->m->ram;

    board_run(b);
    virt_reset_devices(b->m);
    board_run(b);
    for (uint64_t page = 0; page < ram->size / RAM_PAGE_SIZE; page++) {
        if (ram->flags[page] & RAM_PAGE_DIRTY) {
            memset(ram->host + page * RAM_PAGE_SIZE, 0, RAM_PAGE_SIZE);
            ram->flags[page] = 0;
        }
    }
}

static void stop(void *opaque)
{
    loop_stop(opaque, 0);
}

/* A round of the loop does what was posted and is due. */
static void run_round(struct board *b)
{
    loop_post(b->loop, stop, b->loop);
    loop_run(b->loop);
}

void board_run(struct board *b)
{
    run_round(b);
    for (unsigned i = 0; i < b->options.machine.drive_count; i++) {
        if (b->m->drives && b->m->drives[i]) {
            block_drain(b->m->drives[i]);
        }
    }
    run_round(b);
}

void board_type(struct board *b, const char *chardev, const uint8_t *data,
                size_t size)
{
    struct chardev *chr = find_chardev(b, chardev);

    if (!chr || !chr->frontend) {
        return;
    }
    size_t room = chr->frontend->can_receive(chr->device);
    if (size > room) {
        size = room;
    }
    if (size) {
        chr->frontend->receive(chr->device, data, size);
    }
}

uint64_t board_read(struct board *b, uint64_t pa, unsigned size)
{
    uint64_t value = 0;

    bus_read(b->m->bus, pa, size, 0, &value);
    return value;
}

void board_write(struct board *b, uint64_t pa, unsigned size, uint64_t value)
{
    bus_write(b->m->bus, pa, size, 0, value);
}

/* Scripts --------------------------------------------------------------- */

static uint64_t window_address(struct input *in,
                               const struct board_window *window,
                               unsigned size)
{
    bool far = window->size > 0x10000;
    uint32_t offset = far ? in_u32(in) : in_u16(in);
    bool crooked = offset >> (far ? 28 : 12) == 0xf;

    offset %= window->size;
    if (!crooked) {
        offset &= ~(size - 1);
    }
    /* The bus wants an access to stay within its page. */
    if (offset % RAM_PAGE_SIZE + size > RAM_PAGE_SIZE) {
        offset &= ~(size - 1);
    }
    return window->base + offset;
}

static void write_memory(struct board *b, struct input *in)
{
    uint64_t offset = in_u16(in);
    size_t length = in_u8(in);
    const uint8_t *bytes = in_bytes(in, &length);

    dma_write(&b->m->dma, BOARD_RAM + offset, bytes, length);
}

void board_script(struct board *b, struct input *in,
                  const struct board_window *windows, unsigned count,
                  void (*own)(struct board *b, struct input *in,
                              unsigned operation))
{
    while (in_more(in)) {
        unsigned op = in_u8(in), size = 1u << (op & 3);
        const struct board_window *w = &windows[(op >> 4) % count];
        uint64_t pa;

        switch (op >> 2 & 3) {
        case 0:
            board_read(b, window_address(in, w, size), size);
            break;
        case 1:
            pa = window_address(in, w, size);
            board_write(b, pa, size, in_number(in, size));
            break;
        case 2:
            write_memory(b, in);
            break;
        default:
            if (own) {
                own(b, in, op);
            } else {
                board_run(b);
            }
        }
    }
}
