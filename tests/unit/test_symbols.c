/* util/symbols, hw/arm/symbols*: names of addresses. */
#include <check.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/arm/symbols.h"

Suite *symbols_suite(void);

#define LOAD_PA UINT64_C(0x40200000)
#define COUNT 600 /* names in the image */

static uint8_t image[64 << 10];
static unsigned end; /* of what is in it */

static const char *name_at(const struct symbols *s, uint64_t address)
{
    static char text[128];
    uint64_t offset;
    const char *name = symbols_find(s, address, &offset);

    if (!name) {
        return "none";
    }
    snprintf(text, sizeof(text), "%s+%u", name, (unsigned)offset);
    return text;
}

START_TEST(finds_what_is_below)
{
    struct symbols *s = symbols_new();

    symbols_sort(s);
    ck_assert_str_eq(name_at(s, 5), "none");
    symbols_add(s, 0x2000, "second", 6);
    symbols_add(s, 0x1000, "first of two", 5);
    symbols_add(s, 0x2000, "alias", 5);
    symbols_sort(s);
    ck_assert_uint_eq(symbols_count(s), 2);
    ck_assert_str_eq(name_at(s, 0xfff), "none");
    ck_assert_str_eq(name_at(s, 0x1000), "first+0");
    ck_assert_str_eq(name_at(s, 0x1fff), "first+4095");
    ck_assert_str_eq(name_at(s, 0x2004), "second+4");
    ck_assert_str_eq(name_at(s, 0x2001 + SYMBOLS_REACH), "none");
    symbols_free(s);
}
END_TEST

/* -- kallsyms ------------------------------------------------------------- */

static void align(unsigned to)
{
    end = (end + to - 1) / to * to;
}

static void put(uint64_t value, unsigned bytes)
{
    memcpy(image + end, &value, bytes);
    end += bytes;
}

/* Symbol n's name: a type and a number; the first is _text or _stext. */
static const char *first_symbol = "T_text";

static void symbol_text(unsigned n, char *text)
{
    snprintf(text, 32, n ? "%cname%u" : first_symbol, n % 5 ? 't' : 'd', n);
}

static void put_offsets(void)
{
    for (unsigned n = 0; n < COUNT; n++) {
        put(0x8000 + 16 * n, 4); /* _text is not at the base */
    }
    align(8);
    put(UINT64_C(0xffff800008000000), 8);
}

/* Letters are tokens of their own, but "name" is token 1. */
static void put_names(void)
{
    static uint32_t marker[COUNT / 256 + 1];
    unsigned start;
    char text[32];

    put(COUNT, 4);
    align(8);
    start = end;
    for (unsigned n = 0; n < COUNT; n++) {
        if (n % 256 == 0) {
            marker[n / 256] = end - start;
        }
        symbol_text(n, text);
        if (n == 0) {
            put(strlen(text), 1);
            memcpy(image + end, text, strlen(text));
            end += strlen(text);
            continue;
        }
        put(2 + strlen(text + 5), 1);
        put((uint8_t)text[0], 1);
        put(1, 1);
        memcpy(image + end, text + 5, strlen(text + 5));
        end += strlen(text + 5);
    }
    align(8);
    for (unsigned n = 0; n < COUNT / 256 + 1; n++) {
        put(marker[n], 4);
    }
    align(8);
}

static void put_tokens(void)
{
    uint16_t index[256];
    unsigned start = end;

    for (unsigned n = 0; n < 256; n++) {
        char text[8] = {(char)n};

        if (n == 1) {
            strcpy(text, "name");
        } else if (n < ' ' || n > 'z') {
            snprintf(text, sizeof(text), "k%u", n);
        }
        index[n] = (uint16_t)(end - start);
        strcpy((char *)image + end, text);
        end += strlen(text) + 1;
    }
    align(8);
    memcpy(image + end, index, sizeof(index));
    end += sizeof(index);
    align(8);
}

static void make_kallsyms(bool offsets_last)
{
    memset(image, 0, sizeof(image));
    end = 0x1000;
    if (!offsets_last) {
        put_offsets();
    }
    put_names();
    put_tokens();
    if (offsets_last) {
        put_offsets();
    }
}

static void check_kallsyms(void)
{
    struct symbols *s = symbols_new();

    symbols_add_kallsyms(s, image, sizeof(image), LOAD_PA);
    symbols_sort(s);
    ck_assert_str_eq(name_at(s, LOAD_PA), "_text+0");
    ck_assert_str_eq(name_at(s, LOAD_PA + 16 * 599 + 2), "name599+2");
    /* Data has no part in this. */
    ck_assert_str_eq(name_at(s, LOAD_PA + 16 * 300), "name299+16");
    symbols_free(s);
}

START_TEST(reads_kallsyms)
{
    make_kallsyms(false);
    check_kallsyms();
    make_kallsyms(true);
    check_kallsyms();
}
END_TEST

/* Linux lists what lies in sections only, and nothing at _text may be of one:
 * 64 KiB of headers are before _stext then. */
START_TEST(reads_kallsyms_without_text)
{
    struct symbols *s = symbols_new();

    first_symbol = "T_stext";
    make_kallsyms(false);
    first_symbol = "T_text";
    symbols_add_kallsyms(s, image, sizeof(image), LOAD_PA);
    symbols_sort(s);
    ck_assert_str_eq(name_at(s, LOAD_PA + 0x10000), "_stext+0");
    ck_assert_str_eq(name_at(s, LOAD_PA + 0x10000 + 16 * 599), "name599+0");
    symbols_free(s);
}
END_TEST

/* Cut short or damaged anywhere, it is read without harm. */
START_TEST(survives_damage)
{
    make_kallsyms(_i & 1);
    for (unsigned size = 0; size < end; size += 61) {
        struct symbols *s = symbols_new();
        uint8_t *copy = malloc(size + 1);

        memcpy(copy, image, size);
        symbols_add_kallsyms(s, copy, size, LOAD_PA);
        symbols_add_elf(s, copy, size);
        free(copy);
        symbols_free(s);
    }
    for (unsigned at = 0x1000; at < end; at += 17) {
        struct symbols *s = symbols_new();
        uint8_t was = image[at];

        image[at] ^= 0xff;
        symbols_add_kallsyms(s, image, end, LOAD_PA);
        image[at] = was;
        symbols_free(s);
    }
}
END_TEST

/* -- ELF ------------------------------------------------------------------ */

static void make_elf(void)
{
    Elf64_Ehdr eh = {.e_phoff = 64, .e_phnum = 1, .e_shoff = 0x200,
                     .e_shnum = 3};
    Elf64_Phdr ph = {.p_type = PT_LOAD, .p_vaddr = UINT64_C(0xffff000000000000),
                     .p_paddr = 0x40080000, .p_memsz = 0x10000};
    Elf64_Shdr sh[3] = {
        {0},
        {.sh_type = SHT_SYMTAB, .sh_offset = 0x400, .sh_size = 3 * 24,
         .sh_link = 2},
        {.sh_type = SHT_STRTAB, .sh_offset = 0x600, .sh_size = 16},
    };
    Elf64_Sym sym[3] = {
        {.st_name = 1, .st_info = STT_FUNC, .st_shndx = 1,
         .st_value = UINT64_C(0xffff000000000100)},
        {.st_name = 6, .st_info = STT_NOTYPE, .st_shndx = 1,
         .st_value = UINT64_C(0xffff000000000180)}, /* $x */
        {.st_name = 9, .st_info = STT_OBJECT, .st_shndx = 1,
         .st_value = UINT64_C(0xffff000000000200)},
    };

    memset(image, 0, sizeof(image));
    memcpy(image, &eh, sizeof(eh));
    memcpy(image + 64, &ph, sizeof(ph));
    memcpy(image + 0x200, sh, sizeof(sh));
    memcpy(image + 0x400, sym, sizeof(sym));
    memcpy(image + 0x600, "\0main\0$x\0table", 15);
}

START_TEST(reads_elf)
{
    struct symbols *s = symbols_new();

    make_elf();
    symbols_add_elf(s, image, 0x700);
    symbols_sort(s);
    ck_assert_uint_eq(symbols_count(s), 1);
    ck_assert_str_eq(name_at(s, 0x40080184), "main+132");
    symbols_free(s);
    for (unsigned size = 0; size < 0x700; size++) {
        s = symbols_new();
        symbols_add_elf(s, image, size);
        symbols_free(s);
    }
}
END_TEST

Suite *symbols_suite(void)
{
    Suite *suite = suite_create("symbols");
    TCase *tc = tcase_create("all");

    tcase_add_test(tc, finds_what_is_below);
    tcase_add_test(tc, reads_kallsyms);
    tcase_add_test(tc, reads_kallsyms_without_text);
    tcase_add_loop_test(tc, survives_damage, 0, 2);
    tcase_add_test(tc, reads_elf);
    suite_add_tcase(suite, tc);
    return suite;
}
