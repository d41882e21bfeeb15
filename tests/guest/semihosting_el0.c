/*
 * Semihosting that EL0 may use, too.
 *
 * run: -M virt -semihosting-config userspace=on,arg=one,arg=two -cpu max
 * status: 42
 */
#define EL0_ESR ESR(0x15, 0) /* the SVC behind it */
#include "tests/guest/semihosting.c"
