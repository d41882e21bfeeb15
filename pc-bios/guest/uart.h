/* The console: a PL011 (Arm DDI 0183). */
#ifndef PC_BIOS_GUEST_UART_H
#define PC_BIOS_GUEST_UART_H

#include <stdbool.h>
#include <stdint.h>

/* Where it is; the board's contract until the device tree says otherwise. */
extern uint64_t uart_base;

void uart_init(void);

/* Newlines are sent with a carriage return. */
void uart_put(char c);

/* One character, sleeping until there is one. */
char uart_get(void);

/* From now on received characters interrupt, by this interrupt number. */
void uart_use_interrupt(unsigned intid);

/* Send c and see whether the transmit interrupt comes within 1 s. */
bool uart_transmit_interrupts(char c);

#endif
