#include "ui/chardev_telnet.h"

/* Commands (RFC 854), options (RFC 856, 857, 858) */
enum {
    SE = 240,
    BRK = 243,
    IP = 244,
    SB = 250,
    WILL = 251,
    WONT = 252,
    DO = 253,
    DONT = 254,
    IAC = 255,
};
enum { OPT_BINARY = 0, OPT_ECHO = 1, OPT_SGA = 3 };

enum { IN_DATA, IN_COMMAND, IN_OPTION, IN_SUB, IN_SUB_COMMAND };

const uint8_t telnet_greeting[] = {
    IAC, WILL, OPT_ECHO, IAC, WILL, OPT_SGA,
    IAC, WILL, OPT_BINARY, IAC, DO, OPT_BINARY,
};
const size_t telnet_greeting_length = sizeof(telnet_greeting);

/* Without the binary option the end of a line is CR LF or CR NUL. */
static bool is_data(struct telnet *t, uint8_t byte)
{
    bool padding = byte == 0 && t->after_cr && !t->binary;

    t->after_cr = byte == '\r';
    return !padding;
}

/* After IAC; true when it stood for itself. */
static bool take_command(struct telnet *t, uint8_t byte, unsigned *breaks)
{
    t->state = IN_DATA;
    switch (byte) {
    case IAC:
        t->after_cr = false;
        return true;
    case BRK:
    case IP:
        (*breaks)++;
        return false;
    case SB:
        t->state = IN_SUB;
        return false;
    case WILL:
    case WONT:
    case DO:
    case DONT:
        t->command = byte;
        t->state = IN_OPTION;
        return false;
    default:
        return false;
    }
}

/* True for a byte of the user's. */
static bool take_byte(struct telnet *t, uint8_t byte, unsigned *breaks)
{
    switch (t->state) {
    case IN_COMMAND:
        return take_command(t, byte, breaks);
    case IN_OPTION:
        if (byte == OPT_BINARY && t->command != DO && t->command != DONT) {
            t->binary = t->command == WILL;
        }
        t->state = IN_DATA;
        return false;
    case IN_SUB:
        t->state = byte == IAC ? IN_SUB_COMMAND : IN_SUB;
        return false;
    case IN_SUB_COMMAND:
        t->state = byte == SE ? IN_DATA : IN_SUB;
        return false;
    default:
        if (byte == IAC) {
            t->state = IN_COMMAND;
            return false;
        }
        return is_data(t, byte);
    }
}

size_t telnet_input(struct telnet *t, uint8_t *data, size_t length,
                    unsigned *breaks)
{
    size_t kept = 0;

    *breaks = 0;
    for (size_t i = 0; i < length; i++) {
        if (take_byte(t, data[i], breaks)) {
            data[kept++] = data[i];
        }
    }
    return kept;
}

size_t telnet_output(const uint8_t *data, size_t length, uint8_t *out,
                     size_t room, size_t *written)
{
    size_t taken = 0, n = 0;

    while (taken < length && n + 2 <= room) {
        if (data[taken] == IAC) {
            out[n++] = IAC;
        }
        out[n++] = data[taken++];
    }
    *written = n;
    return taken;
}
