/*
 * An interrupt wire: who listens and the number by which it knows us.
 *
 * The sender gives a level; edges are the receiver's business.  A line with
 * no listener is a loose end and may be driven.  Any thread.
 */
#ifndef UTIL_IRQ_H
#define UTIL_IRQ_H

#include <stdbool.h>
#include <stddef.h>

struct irq {
    void (*set)(void *opaque, unsigned n, bool level);
    void *opaque;
    unsigned n;
};

static inline void irq_set(const struct irq *irq, bool level)
{
    if (irq->set) {
        irq->set(irq->opaque, irq->n, level);
    }
}

#endif
