/* The terminal we were started on: raw while we run, restored after. */
#ifndef UI_CHARDEV_TERMINAL_H
#define UI_CHARDEV_TERMINAL_H

#include <stdbool.h>

/*
 * Put the terminal behind `fd` into raw mode: every key is a byte for the
 * guest.  With `signals` Ctrl-C, Ctrl-\ and Ctrl-Z keep their meaning.  The
 * old mode comes back at exit, on signals that kill us and while we are
 * stopped.  Once per process, from the main thread; no-op for other files.
 */
void chardev_terminal_raw(int fd, bool signals);

/* Restore now.  Any number of times; async-signal-safe. */
void chardev_terminal_restore(void);

#endif
