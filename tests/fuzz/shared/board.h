/*
 * A whole board whose processors never start: targets are the guest, make
 * its bus accesses and write its memory.  The event loop runs on the calling
 * thread, in board_run() only.
 */
#ifndef TESTS_FUZZ_SHARED_BOARD_H
#define TESTS_FUZZ_SHARED_BOARD_H

#include "hw/arm/machine.h"
#include "tests/fuzz/targets/input.h"
#include "ui/netdevs.h"
#include "ui/options.h"

#define BOARD_RAM UINT64_C(0x40000000)
#define BOARD_ARENA 0x10000 /* bytes of it that scripts write to */
#define BOARD_MAX_CHARDEVS 8
#define BOARD_MAX_WORDS 128

struct board {
    char *words[BOARD_MAX_WORDS]; /* of the command line */
    char *line;                   /* what they are in */
    struct options options;
    struct loop *loop;
    struct machine_ports ports;
    struct chardev *chardevs[BOARD_MAX_CHARDEVS];
    struct netdevs *netdevs;
    struct machine *m;
};

/* Made once by a command line split at blanks, then only reset: power-on
 * state of the devices and zeroes where the last script wrote. */
struct board *board_new(const char *line);
void board_reset(struct board *b);

/* Let the devices do what they were told to, disks included. */
void board_run(struct board *b);

/* Bytes from the far end of a serial line, as many as there is room for. */
void board_type(struct board *b, const char *chardev, const uint8_t *data,
                size_t size);

/* A file of `size` zeroes in memory; its path, good for a few calls. */
const char *board_file(size_t size, int *fd);

uint64_t board_read(struct board *b, uint64_t pa, unsigned size);
void board_write(struct board *b, uint64_t pa, unsigned size,
                 uint64_t value);

/* What a script reaches. */
struct board_window {
    uint64_t base;
    uint32_t size; /* bytes; offsets are 16 bits up to 64 KiB, else 32 */
};

/*
 * Until the input ends: an operation byte, its operands.
 *   bits 1..0 log2 of the access size, bits 3..2 what, bits 7..4 window
 *   what 0: read    offset
 *   what 1: write   offset, value
 *   what 2: memory  16-bit offset in the arena, 8-bit length, bytes
 *   what 3: the target's own, or, when that is NULL, board_run()
 * An offset's low bits below the access size are dropped, but for one in 16.
 */
void board_script(struct board *b, struct input *in,
                  const struct board_window *windows, unsigned count,
                  void (*own)(struct board *b, struct input *in,
                              unsigned operation));

#endif
