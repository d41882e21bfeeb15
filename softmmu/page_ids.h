/*
 * Identities of instruction pages.
 *
 * The same (virtual page, physical page, exception level ...) gets the same
 * number again after any invalidation, so that links between translated
 * blocks, which carry the number in their guard, survive TLBI and address
 * space switches.
 *
 * A number is unique among the pages that share a slot of
 * tlb_context.page_id[] (VA bits 21..12): the guard always compares at the
 * slot of its own page, and 2^32 numbers per slot do not run out in
 * practice.  Nothing is ever numbered twice: the table forgets old pages
 * (their number is then never seen again) and a slot that has run out
 * answers 0.
 *
 * One table per machine, any thread.
 */
#ifndef SOFTMMU_PAGE_IDS_H
#define SOFTMMU_PAGE_IDS_H

#include <stdint.h>

struct page_ids;

struct page_ids *page_ids_new(void);
void page_ids_free(struct page_ids *ids);

/* `va` and `pa` are page addresses; `context` is all else that a block
 * translated from the page depends on: 12 bits. */
uint32_t page_ids_get(struct page_ids *ids, uint64_t va, uint64_t pa,
                      unsigned context);

/* The number of the same physical page in the same context at `new_va`, where
 * it has the number `id` at `va`; 0: that is not known any more. */
uint32_t page_ids_move(struct page_ids *ids, uint64_t va, uint64_t pa,
                       uint32_t id, uint64_t new_va);

#endif
