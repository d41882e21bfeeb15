/*
 * Work that falls into pieces, for two threads: who calls, and one that lives
 * as long as the call.
 */
#ifndef UTIL_PIECES_H
#define UTIL_PIECES_H

/* do_piece(opaque, n) for each n below `count`, in any order, two at a time;
 * returns when all are done.  For work of some milliseconds: starting a thread
 * takes a tenth of one. */
void pieces_do(unsigned count, void (*do_piece)(void *opaque, unsigned n),
               void *opaque);

#endif
