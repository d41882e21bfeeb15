/*
 * What would otherwise fail in silence is said before the start: a guest
 * this processor cannot run is an error, a console that will stay empty a
 * warning.  Whether files are whole is checked where they are read
 * (image.c, initrd.c, boot_dtb.c), whether they fit in boot_plan.c.
 */
#include "hw/arm/boot.h"

#include <stdio.h>
#include <string.h>

#include "util/bits.h"

static bool check_kind(const struct boot *boot, const struct boot_cpu *cpu,
                       struct error **err)
{
    const struct image *image = &boot->image;
    const struct boot_file *file = &image->file;

    if (image->kind == IMAGE_ELF && boot->how == BOOT_FIRMWARE) {
        error_set(err, "%s %s: is %s, and firmware is a raw binary; give an "
                  "ELF with -kernel", file->option, file->path, image->what);
        return false;
    }
    if (image->kind == IMAGE_FOREIGN) {
        error_set(err, "%s %s: is %s, which this board cannot start; %s",
                  file->option, file->path, image->what, image->advice);
        return false;
    }
    if (image->kind == IMAGE_ARM32) {
        error_set(err, "%s %s: is %s, and -cpu %s starts in 64-bit state; "
                  "build it for AArch64 (32-bit guests are not supported)",
                  file->option, file->path, image->what, cpu->model);
        return false;
    }
    return true;
}

static bool check_page_size(const struct boot *boot,
                            const struct boot_cpu *cpu, struct error **err)
{
    const struct image *image = &boot->image;

    if (image->page_size & ~cpu->page_sizes) {
        error_set(err, "%s %s: was built for %u KiB pages, which %s lacks; "
                  "use -cpu max or a kernel with 4 KiB pages",
                  image->file.option, image->file.path,
                  image->page_size >> 10, cpu->model);
        return false;
    }
    return true;
}

/* Consoles ---------------------------------------------------------------- */

/* The next word of a kernel command line; words end where quotes do not
 * protect the space.  NULL at the end or at "--" (what follows is init's). */
static const char *next_word(const char *at, size_t *length)
{
    bool quoted = false;

    while (*at == ' ') {
        at++;
    }
    for (*length = 0; at[*length]; (*length)++) {
        quoted ^= at[*length] == '"';
        if (at[*length] == ' ' && !quoted) {
            break;
        }
    }
    return *length && !(*length == 2 && !memcmp(at, "--", 2)) ? at : NULL;
}

/*
 * Consoles that Linux drives by hardware this board may lack.  Anything
 * else ("tty0", "null", another system's words) is not judged.
 */
static bool is_hardware_console(const char *name, size_t length)
{
    static const char *const prefixes[] = {
        "ttyS", "ttyAMA", "ttyMSM", "ttyLP", "ttymxc", "ttyPS", "ttyUL",
        "ttySAC", "ttyTHS", "ttyFIQ", "ttyO", "ttyUSB", "ttyHS", "hvc",
    };

    for (unsigned i = 0; i < ARRAY_SIZE(prefixes); i++) {
        size_t n = strlen(prefixes[i]);
        if (length > n && !memcmp(name, prefixes[i], n) && name[n] >= '0' &&
            name[n] <= '9') {
            return true;
        }
    }
    return false;
}

static bool is_board_console(const char *name, size_t length,
                             unsigned uarts)
{
    static const char uart[] = "ttyAMA";
    const size_t digit = sizeof(uart) - 1;

    return length == digit + 1 && !memcmp(name, uart, digit) &&
           name[digit] >= '0' && (unsigned)(name[digit] - '0') < uarts;
}

/* Warn when no console= names a UART of ours but one names another. */
static void check_consoles(const char *args, unsigned uarts)
{
    static const char key[] = "console=";
    const size_t key_length = sizeof(key) - 1;
    const char *absent = NULL;
    size_t absent_length = 0, length;

    for (const char *w = args; (w = next_word(w, &length)); w += length) {
        if (length <= key_length || memcmp(w, key, key_length)) {
            continue;
        }
        const char *name = w + key_length;
        size_t name_length = 0;
        while (key_length + name_length < length &&
               name[name_length] != ',') {
            name_length++;
        }
        if (is_board_console(name, name_length, uarts)) {
            return;
        }
        if (is_hardware_console(name, name_length)) {
            absent = name;
            absent_length = name_length;
        }
    }
    if (absent) {
        error_report("warning: console=%.*s: this board's UART is ttyAMA0, "
                     "so the guest will print nothing there; use "
                     "console=ttyAMA0", (int)absent_length, absent);
    }
}

bool boot_check(const struct boot *boot, const struct boot_cpu *cpu,
                struct error **err)
{
    struct boot_plan plan;

    if (!check_kind(boot, cpu, err) || !check_page_size(boot, cpu, err) ||
        !boot_plan_make(&plan, boot, 0, err)) {
        return false;
    }
    if (boot->config->append) {
        check_consoles(boot->config->append,
                       boot->config->serials > 1 ? 2 : 1);
    }
    if (boot->image.kind == IMAGE_ELF && boot->how == BOOT_KERNEL &&
        boot->config->initrd) {
        error_report("warning: -initrd %s: an ELF kernel is given no "
                     "initrd; use the kernel's Image instead",
                     boot->config->initrd);
    }
    return true;
}
