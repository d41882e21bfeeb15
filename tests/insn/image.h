/*
 * A test's code and labels, from the program that `run` linked it into.
 */
#ifndef TESTS_INSN_IMAGE_H
#define TESTS_INSN_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/insn_case.h"

struct image {
    uint32_t code[INSN_CODE_SIZE / 4]; /* BRK #0 behind the end */
    unsigned slots;
    uint8_t *file;
    size_t size;
    const Elf64_Sym *symbols;
    const char *names;
    unsigned symbol_count;
};

static bool image_read(struct image *m, const char *path)
{
    FILE *f = fopen(path, "rb");

    if (!f) {
        return false;
    }
    fseek(f, 0, SEEK_END);
    m->size = (size_t)ftell(f);
    rewind(f);
    m->file = malloc(m->size);
    bool good = fread(m->file, 1, m->size, f) == m->size &&
                m->size > sizeof(Elf64_Ehdr) &&
                memcmp(m->file, ELFMAG, SELFMAG) == 0;
    fclose(f);
    return good;
}

/* The program at `path`; false when it is none or too long. */
static bool image_load(struct image *m, const char *path)
{
    memset(m, 0, sizeof(*m));
    for (unsigned n = 0; n < INSN_CODE_SIZE / 4; n++) {
        m->code[n] = INSN_BRK;
    }
    if (!image_read(m, path)) {
        return false;
    }
    const Elf64_Ehdr *elf = (const void *)m->file;
    const Elf64_Shdr *section = (const void *)(m->file + elf->e_shoff);

    for (unsigned n = 0; n < elf->e_shnum; n++) {
        const Elf64_Shdr *s = &section[n];

        if (s->sh_addr == INSN_CODE && s->sh_type == SHT_PROGBITS) {
            if (s->sh_size >= INSN_CODE_SIZE) {
                return false;
            }
            memcpy(m->code, m->file + s->sh_offset, s->sh_size);
            m->slots = (unsigned)(s->sh_size / (4 * INSN_SLOT_WORDS) + 1);
        } else if (s->sh_type == SHT_SYMTAB) {
            m->symbols = (const void *)(m->file + s->sh_offset);
            m->symbol_count = (unsigned)(s->sh_size / sizeof(Elf64_Sym));
            m->names = (const void *)(m->file +
                                      section[s->sh_link].sh_offset);
        }
    }
    return m->slots != 0;
}

static void image_free(struct image *m)
{
    free(m->file);
}

static inline bool image_label(const struct image *m, const char *name,
                               uint64_t *value)
{
    for (unsigned n = 0; n < m->symbol_count; n++) {
        if (strcmp(m->names + m->symbols[n].st_name, name) == 0) {
            *value = m->symbols[n].st_value;
            return true;
        }
    }
    return false;
}

#endif
