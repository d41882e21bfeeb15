/*
 * What disk_guest.c left on a disk, read from a raw file.
 *
 *   disk_check base FILE SEED
 *   disk_check FILE SEED FIRST DONE [WINDOW]
 *
 * The first makes the contents of a backing file.  The second looks for what
 * requests up to DONE left, where before them each sector was request
 * FIRST's; up to WINDOW flushes later, sectors may also be what a request
 * after DONE made of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/img/disk_script.h"

static uint64_t seed;
static uint64_t words[DISK_SECTORS][64];

static bool is_of(uint32_t sector, uint32_t number)
{
    for (unsigned i = 0; i < 64; i++) {
        if (words[sector][i] != disk_word(seed, number, sector, i)) {
            return false;
        }
    }
    return true;
}

static int make_base(const char *path)
{
    FILE *f = fopen(path, "w");

    for (uint32_t sector = 0; sector < DISK_SECTORS; sector++) {
        for (unsigned i = 0; i < 64; i++) {
            words[sector][i] = disk_word(seed, DISK_BASE, sector, i);
        }
    }
    return !f || fwrite(words, sizeof(words), 1, f) != 1 || fclose(f);
}

static bool changes(const struct disk_request *r)
{
    return r->kind != DISK_READ && r->kind != DISK_FLUSH;
}

/* Later requests that explain sectors which are not what they should be. */
static void explain(struct disk_script *script, unsigned window,
                    bool good[DISK_SECTORS])
{
    struct disk_request r;

    while (window) {
        disk_next(script, &r);
        window -= r.kind == DISK_FLUSH;
        for (uint32_t i = r.sector; changes(&r) && i < r.sector + r.count;
             i++) {
            good[i] = good[i] ||
                      is_of(i, r.kind == DISK_WRITE ? r.number : 0);
        }
    }
}

int main(int argc, char **argv)
{
    static uint32_t disk[DISK_SECTORS];
    static bool good[DISK_SECTORS];
    struct disk_script script;
    struct disk_request r;

    if (argc == 4 && strcmp(argv[1], "base") == 0) {
        seed = strtoull(argv[3], NULL, 0);
        return make_base(argv[2]);
    }
    if (argc < 5) {
        fprintf(stderr, "usage: disk_check FILE SEED FIRST DONE [WINDOW]\n");
        return 2;
    }
    seed = strtoull(argv[2], NULL, 0);
    uint32_t first = (uint32_t)strtoul(argv[3], NULL, 0);
    uint32_t done = (uint32_t)strtoul(argv[4], NULL, 0);
    FILE *f = fopen(argv[1], "r");
    if (!f || fread(words, sizeof(words), 1, f) != 1) {
        printf("disk_check: %s has less than %zu bytes\n", argv[1],
               sizeof(words));
        return 1;
    }
    for (uint32_t i = 0; i < DISK_SECTORS; i++) {
        disk[i] = first;
    }
    disk_start(&script, seed);
    while (script.number < done) {
        disk_next(&script, &r);
        for (uint32_t i = 0; changes(&r) && i < r.count; i++) {
            disk[r.sector + i] = r.kind == DISK_WRITE ? r.number : 0;
        }
    }
    for (uint32_t i = 0; i < DISK_SECTORS; i++) {
        good[i] = is_of(i, disk[i]);
    }
    explain(&script, argc > 5 ? (unsigned)strtoul(argv[5], NULL, 0) : 0,
            good);
    for (uint32_t i = 0; i < DISK_SECTORS; i++) {
        if (!good[i]) {
            printf("disk_check: seed %llu: requests up to %u are on the "
                   "disk, but sector %u is not of request %u\n",
                   (unsigned long long)seed, done, i, disk[i]);
            return 1;
        }
    }
    return 0;
}
