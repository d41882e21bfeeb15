#include "pc-bios/guest/shell.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pc-bios/guest/board.h"
#include "pc-bios/guest/check.h"
#include "pc-bios/guest/exception.h"
#include "pc-bios/guest/print.h"
#include "pc-bios/guest/psci.h"
#include "pc-bios/guest/rtc.h"
#include "pc-bios/guest/string.h"
#include "pc-bios/guest/uart.h"

enum { LINE = 80, WORDS = 4, MEM_DEFAULT = 64, MEM_MOST = 4096 };

struct command {
    const char *name, *arguments, *help;
    void (*run)(int count, char **words);
};
static const struct command commands[];

/* Reads one line; backspace, Ctrl-U and Ctrl-C edit. */
static void read_line(char *line)
{
    size_t length = 0;

    for (;;) {
        char c = uart_get();

        if (c == '\r' || c == '\n') {
            print("\n");
            line[length] = 0;
            return;
        } else if (c == 3) {
            print("^C\n");
            line[0] = 0;
            return;
        } else if (c == 127 || c == '\b' || c == 21) {
            while (length > 0) {
                length--;
                print("\b \b");
                if (c != 21) {
                    break;
                }
            }
        } else if (c >= ' ' && c < 127 && length < LINE - 1) {
            line[length++] = c;
            uart_put(c);
        }
    }
}

static int split(char *line, char **words)
{
    int count = 0;

    while (count < WORDS) {
        while (*line == ' ') {
            *line++ = 0;
        }
        if (!*line) {
            break;
        }
        words[count++] = line;
        while (*line && *line != ' ') {
            line++;
        }
    }
    return count;
}

/* Hexadecimal after 0x, else decimal. */
static bool number(const char *s, uint64_t *value)
{
    unsigned base = 10;

    *value = 0;
    if (s[0] == '0' && s[1] == 'x') {
        base = 16;
        s += 2;
    }
    if (!*s) {
        return false;
    }
    for (; *s; s++) {
        unsigned digit = *s <= '9' ? (unsigned)(*s - '0')
                                   : (unsigned)((*s | 32) - 'a' + 10);

        if (digit >= base) {
            return false;
        }
        *value = *value * base + digit;
    }
    return true;
}

static void run_help(int count, char **words)
{
    (void)count;
    (void)words;
    for (const struct command *c = commands; c->name; c++) {
        print("  %-8s %-12s %s\n", c->name, c->arguments, c->help);
    }
    print("Ctrl-A x ends the emulator from outside.\n");
}

static void run_info(int count, char **words)
{
    (void)count;
    (void)words;
    board_print();
}

static void run_check(int count, char **words)
{
    (void)count;
    (void)words;
    print(check_all() ? "All is well.\n" : "Something is wrong.\n");
}

static void print_bytes(uint64_t address, const uint32_t *words,
                        unsigned count)
{
    print("%010lx ", address);
    for (unsigned i = 0; i < 4; i++) {
        if (i < count) {
            print(" %08x", words[i]);
        } else {
            print("         ");
        }
    }
    print("  ");
    for (unsigned i = 0; i < 4 * count; i++) {
        char c = (char)(words[i / 4] >> i % 4 * 8);

        uart_put(c >= ' ' && c < 127 ? c : '.');
    }
    print("\n");
}

static void run_mem(int count, char **words)
{
    uint64_t address, length = MEM_DEFAULT;

    if (count < 2 || !number(words[1], &address) ||
        (count > 2 && !number(words[2], &length))) {
        print("mem ADDRESS [LENGTH]: numbers like 0x40000000 or 64\n");
        return;
    }
    address &= ~3ull;
    length = length < MEM_MOST ? (length + 3) & ~3ull : MEM_MOST;
    while (length) {
        uint32_t row[4];
        unsigned n = 0;

        while (n < 4 && 4 * n < length) {
            if (!exception_try_read32(address + 4 * n, &row[n])) {
                print("nothing answers at %lx\n", address + 4 * n);
                return;
            }
            n++;
        }
        print_bytes(address, row, n);
        address += 4 * n;
        length -= 4 * n;
    }
}

static void run_cpus(int count, char **words)
{
    static const char *const states[] = {"on", "off", "starting"};

    (void)count;
    (void)words;
    for (unsigned i = 0; i < board.cpu_count; i++) {
        int state = psci_affinity_info(board.cpus[i].mpidr);

        print("  cpu %-3u %s, MPIDR %lx: %s\n", i, board.cpus[i].type,
              board.cpus[i].mpidr,
              state >= 0 && state <= 2 ? states[state] : "unknown");
    }
}

static void run_date(int count, char **words)
{
    (void)count;
    (void)words;
    if (!board.rtc) {
        print("The board has no clock.\n");
        return;
    }
    rtc_print(rtc_seconds());
    print("\n");
}

static void run_reboot(int count, char **words)
{
    (void)count;
    (void)words;
    psci_reset();
}

static void run_poweroff(int count, char **words)
{
    (void)count;
    (void)words;
    print("Good bye.\n");
    psci_power_off();
}

static const struct command commands[] = {
    {"help", "", "this list", run_help},
    {"info", "", "what the device tree says", run_info},
    {"check", "", "check the machine again", run_check},
    {"mem", "ADDR [LEN]", "show memory or registers of a device", run_mem},
    {"cpus", "", "which CPUs are on", run_cpus},
    {"date", "", "what the clock says", run_date},
    {"reboot", "", "start again", run_reboot},
    {"poweroff", "", "end", run_poweroff},
    {0},
};

void shell_run(void)
{
    char line[LINE];
    char *words[WORDS];

    for (;;) {
        const struct command *c = commands;
        int count;

        print("armature> ");
        read_line(line);
        count = split(line, words);
        if (!count) {
            continue;
        }
        while (c->name && strcmp(c->name, words[0]) != 0) {
            c++;
        }
        if (c->name) {
            c->run(count, words);
        } else {
            print("%s? Try help.\n", words[0]);
        }
    }
}
