#include "pc-bios/guest/check_memory.h"

#include <stddef.h>
#include <stdint.h>

#include "pc-bios/guest/board.h"
#include "pc-bios/guest/exception.h"
#include "pc-bios/guest/fdt.h"
#include "pc-bios/guest/mmu.h"
#include "pc-bios/guest/note.h"
#include "pc-bios/guest/sysreg.h"

#define MARCH_SIZE (4ul << 20)
#define ONES UINT64_MAX

/* Data fault status codes, ESR_EL1.DFSC, and the write bit. */
enum {
    TRANSLATION_1 = 0x05,
    TRANSLATION_3 = 0x07,
    PERMISSION_3 = 0x0f,
    WRITE = 0x40,
};

/* Unused addresses: nothing is mapped in this GiB, pages in the next. */
#define EMPTY_GIB (440ull << 30)
#define PAGES_GIB (441ull << 30)

/* RET and two pages of data. */
static uint32_t page_code[1024] __attribute__((aligned(4096)));
static uint32_t page_a[1024] __attribute__((aligned(4096)));
static uint32_t page_b[1024] __attribute__((aligned(4096)));

extern const char _start[], image_end[];

static bool overlaps(uint64_t base, uint64_t size, uint64_t start,
                     uint64_t end)
{
    return base < end && start < base + size;
}

/* Holds neither this program nor the device tree. */
static bool is_free(uint64_t base, uint64_t size)
{
    return !overlaps(base, size, (uint64_t)_start, (uint64_t)image_end) &&
           !(board.tree && overlaps(base, size, board.tree,
                                    board.tree + fdt_size()));
}

/* One element of a march: read `old` and write `new`, up or down. */
static bool march(volatile uint64_t *words, size_t count, uint64_t old,
                  uint64_t new, bool up)
{
    for (size_t i = 0; i < count; i++) {
        volatile uint64_t *word = &words[up ? i : count - 1 - i];

        if (*word != old) {
            return note(false, "%lx holds %lx, not %lx", (uint64_t)word,
                        *word, old);
        }
        *word = new;
    }
    return true;
}

/* March C- (van de Goor). */
static bool march_all(uint64_t base)
{
    volatile uint64_t *words = (volatile uint64_t *)base;
    size_t count = MARCH_SIZE / 8;

    for (size_t i = 0; i < count; i++) {
        words[i] = 0;
    }
    return march(words, count, 0, ONES, true) &&
           march(words, count, ONES, 0, true) &&
           march(words, count, 0, ONES, false) &&
           march(words, count, ONES, 0, false) &&
           march(words, count, 0, 0, true);
}

/* Write its own address to the first word, to each power of two from there
   and to the last word; if two lines were one, a word would be lost. */
static bool address_lines(const struct board_memory *memory, unsigned *lines)
{
    uint64_t places[48], saved[48];
    unsigned n = 0;
    bool ok = true;

    for (uint64_t offset = 0; offset < memory->size;
         offset = offset ? offset * 2 : 8) {
        if (is_free(memory->base + offset, 8)) {
            places[n++] = memory->base + offset;
        }
    }
    places[n++] = memory->base + memory->size - 8;
    for (unsigned i = 0; i < n; i++) {
        saved[i] = *(volatile uint64_t *)places[i];
        *(volatile uint64_t *)places[i] = ~places[i];
    }
    for (unsigned i = 0; i < n; i++) {
        ok = ok && *(volatile uint64_t *)places[i] == ~places[i];
    }
    for (unsigned i = n; i-- > 0;) {
        *(volatile uint64_t *)places[i] = saved[i];
    }
    *lines = n;
    return ok;
}

bool check_memory(void)
{
    const struct board_memory *memory = &board.memory[0];
    uint64_t base = (memory->base + memory->size / 2) & ~0xfffffull;
    uint64_t end = memory->base + memory->size;
    unsigned lines;

    if (!board.memory_count) {
        return note(false, "the device tree names none");
    }
    while (!is_free(base, MARCH_SIZE)) {
        base += 1 << 20;
    }
    if (base + MARCH_SIZE > end) {
        return note(false, "too little to check");
    }
    if (!march_all(base)) {
        return false;
    }
    if (!address_lines(memory, &lines)) {
        return note(false, "two addresses are one word");
    }
    return note(true, "%lu MiB at %lx marched, %u addresses differ",
                MARCH_SIZE >> 20, base, lines);
}

/* The fault that came is of this class and status, at this address. */
static bool fault_was(const char *what, unsigned class, unsigned status,
                      uint64_t address)
{
    const struct exception_frame *frame = exception_caught();

    if (!frame) {
        return note(false, "%s: no fault", what);
    }
    if (exception_class(frame) != class || (frame->esr & 0x7f) != status ||
        frame->far != address) {
        return note(false, "%s: ESR %lx FAR %lx", what, frame->esr,
                    frame->far);
    }
    return true;
}

static bool check_faults(void)
{
    uint64_t code = PAGES_GIB + 0x3000;
    uint32_t value;

    exception_try_read32(EMPTY_GIB + 0x124, &value);
    if (!fault_was("unmapped GiB", EC_DATA, TRANSLATION_1,
                   EMPTY_GIB + 0x124)) {
        return false;
    }
    exception_try_read32(PAGES_GIB + 0x2010, &value);
    if (!fault_was("unmapped page", EC_DATA, TRANSLATION_3,
                   PAGES_GIB + 0x2010)) {
        return false;
    }
    if (!mmu_map(PAGES_GIB + 0x1000, (uint64_t)page_a, 4096,
                 MMU_READ_ONLY)) {
        return note(false, "out of tables");
    }
    exception_try_write32(PAGES_GIB + 0x1ff8, 1);
    if (!fault_was("read-only page", EC_DATA, PERMISSION_3 | WRITE,
                   PAGES_GIB + 0x1ff8)) {
        return false;
    }
    mmu_map(code, (uint64_t)page_code, 4096, MMU_NO_EXECUTE);
    exception_expect();
    __asm__ volatile("blr %0" ::"r"(code) : "x30", "memory");
    return fault_was("no-execute page", EC_FETCH, PERMISSION_3, code);
}

/* One address shows page a, then page b. */
static bool check_remap(void)
{
    volatile uint32_t *window = (volatile uint32_t *)PAGES_GIB;

    page_a[7] = 0xaaaa;
    page_b[7] = 0xbbbb;
    mmu_map(PAGES_GIB, (uint64_t)page_a, 4096, MMU_NO_EXECUTE);
    if (window[7] != 0xaaaa) {
        return note(false, "an alias shows something else");
    }
    mmu_unmap(PAGES_GIB, 4096);
    mmu_map(PAGES_GIB, (uint64_t)page_b, 4096, MMU_NO_EXECUTE);
    window[8] = 0xcccc;
    return window[7] == 0xbbbb && *(volatile uint32_t *)&page_b[8] == 0xcccc
               ? true
               : note(false, "after TLBI the old page is still there");
}

bool check_mmu(void)
{
    if (!(sysreg_read(sctlr_el1) & 1)) {
        if (!mmu_map_board()) {
            return note(false, "out of tables");
        }
        page_code[0] = 0xd65f03c0;
        mmu_enable();
    }
    mmu_unmap(PAGES_GIB, 0x4000);
    if (!check_faults() || !check_remap()) {
        return false;
    }
    mmu_unmap(PAGES_GIB, 0x4000);
    return note((sysreg_read(sctlr_el1) & 0x1005) == 0x1005,
                "on with caches; faults and remapping as they should be");
}
