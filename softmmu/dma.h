/*
 * Devices' access to guest memory.
 *
 * Addresses and lengths come from the guest and may be anything: every
 * function is bounded, returns false when part of the range is not RAM, and
 * then has written nothing beyond what it could.  Writing drops
 * translations made from the pages written (hook in struct dma).  Any
 * thread.
 */
#ifndef SOFTMMU_DMA_H
#define SOFTMMU_DMA_H

#include "softmmu/bus.h"

struct dma {
    struct bus *bus;
    /* Called before the data becomes visible in pages that hold code. */
    void (*code_written)(void *opaque, uint64_t pa, uint64_t size);
    void *opaque;
};

bool dma_read(struct dma *dma, uint64_t pa, void *buffer, uint64_t size);
bool dma_write(struct dma *dma, uint64_t pa, const void *buffer,
               uint64_t size);
bool dma_fill(struct dma *dma, uint64_t pa, uint8_t value, uint64_t size);

/* Data were put into [pa, pa+size), which is RAM, through its host address:
 * mark the pages, drop translations. */
void dma_written(struct dma *dma, uint64_t pa, uint64_t size);

#endif
