/*
 * What -d mmu shows: a line for each walk of tables of a stage, with its last
 * descriptor, and one for each TLBI.  The callers look at log_on(LOG_MMU).
 */
#ifndef CPU_ARM_MMU_LOG_H
#define CPU_ARM_MMU_LOG_H

#include "cpu/arm/mmu_walk.h"

/* `status`: of walk_translate(), after it. */
void mmu_log_walk(const struct walk *w, uint32_t status,
                  const struct tlb_page *page);
void mmu_log_inval(unsigned cpu, const struct tlb_inval *inval,
                   bool broadcast);

#endif
