/* The prompt. */
#ifndef PC_BIOS_GUEST_SHELL_H
#define PC_BIOS_GUEST_SHELL_H

void shell_run(void) __attribute__((noreturn));

#endif
