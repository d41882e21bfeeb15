/* The telnet protocol (RFC 854), as much as a console server needs. */
#ifndef UI_CHARDEV_TELNET_H
#define UI_CHARDEV_TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What has been received of a command; zero to begin with. */
struct telnet {
    uint8_t state, command;
    bool after_cr, binary;
};

/* What we say first: each key at once, no echo of the client's, all eight
 * bits. */
extern const uint8_t telnet_greeting[];
extern const size_t telnet_greeting_length;

/* Take the commands out of `data`, in place; returns what is left.  *breaks
 * counts the break keys. */
size_t telnet_input(struct telnet *t, uint8_t *data, size_t length,
                    unsigned *breaks);

/*
 * Write `length` bytes as telnet wants them into `out`, as far as `room`
 * goes.  Returns how many were taken; *written is what came of them.
 */
size_t telnet_output(const uint8_t *data, size_t length, uint8_t *out,
                     size_t room, size_t *written);

#endif
