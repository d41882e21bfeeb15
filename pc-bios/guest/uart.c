#include "pc-bios/guest/uart.h"

#include "pc-bios/guest/gic.h"
#include "pc-bios/guest/io.h"
#include "pc-bios/guest/sysreg.h"
#include "pc-bios/guest/timer.h"

enum {
    UARTDR = 0x00,
    UARTFR = 0x18,
    UARTLCR_H = 0x2c,
    UARTCR = 0x30,
    UARTIMSC = 0x38,
    UARTMIS = 0x40,
    UARTICR = 0x44,
};

#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define LCR_FEN (1u << 4)
#define INT_RX (1u << 4)
#define INT_TX (1u << 5)
#define INT_RT (1u << 6)

uint64_t uart_base = 0x09000000;

/* Received and not yet read; head and tail run freely. */
static volatile char received[256];
static volatile uint8_t head, tail;
static bool interrupts;
static volatile bool transmitted;

void uart_init(void)
{
    io_write32(uart_base + UARTIMSC, 0);
    io_write32(uart_base + UARTICR, 0x7ff);
    /* 8 bits.  FIFOs stay as they are: a change would empty them, and what
       was typed ahead is for the prompt. */
    io_write32(uart_base + UARTLCR_H,
               0x60 | (io_read32(uart_base + UARTLCR_H) & LCR_FEN));
    io_write32(uart_base + UARTCR, 0x301);   /* on, both directions */
}

static void send(char c)
{
    while (io_read32(uart_base + UARTFR) & FR_TXFF) {
    }
    io_write32(uart_base + UARTDR, (uint8_t)c);
}

void uart_put(char c)
{
    if (c == '\n') {
        send('\r');
    }
    send(c);
}

static void drain(void)
{
    while (!(io_read32(uart_base + UARTFR) & FR_RXFE)) {
        char c = (char)io_read32(uart_base + UARTDR);

        if ((uint8_t)(tail + 1) != head) {
            received[tail] = c;
            tail = (uint8_t)(tail + 1);
        }
    }
}

static void on_interrupt(unsigned intid)
{
    uint32_t why = io_read32(uart_base + UARTMIS);

    (void)intid;
    if (why & INT_TX) {
        transmitted = true;
    }
    io_write32(uart_base + UARTICR, why);
    drain();
}

char uart_get(void)
{
    char c;

    for (;;) {
        irq_disable();
        drain();
        if (head != tail) {
            break;
        }
        if (interrupts) {
            cpu_wfi();
        }
        irq_enable();
    }
    c = received[head];
    head = (uint8_t)(head + 1);
    irq_enable();
    return c;
}

void uart_use_interrupt(unsigned intid)
{
    gic_handle(intid, on_interrupt);
    io_write32(uart_base + UARTIMSC, INT_RX | INT_RT);
    gic_enable(intid);
    interrupts = true;
}

bool uart_transmit_interrupts(char c)
{
    uint64_t end = timer_now() + timer_hz();
    uint32_t mask = io_read32(uart_base + UARTIMSC);

    transmitted = false;
    io_write32(uart_base + UARTICR, INT_TX);
    io_write32(uart_base + UARTIMSC, mask | INT_TX);
    uart_put(c);
    while (!transmitted && timer_now() < end) {
    }
    io_write32(uart_base + UARTIMSC, mask);
    return transmitted;
}
