/* How a check says what it saw. */
#ifndef PC_BIOS_GUEST_NOTE_H
#define PC_BIOS_GUEST_NOTE_H

#include <stdbool.h>

/* The text after ok or FAILED; returns ok. */
bool note(bool ok, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
