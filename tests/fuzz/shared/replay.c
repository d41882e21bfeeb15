/*
 * Every seed through its target, without a fuzzer: the same inputs, in
 * order, each target in a process of its own.
 *
 *   replay DIR          all of DIR/TARGET/FILE
 *   replay TARGET FILE...
 *
 * Ends with "replay: N passed, N failed", inputs counted.  An input that does
 * not return within LIMIT_SECONDS has failed.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/bits.h"

#define LIMIT_SECONDS 60
#define MAX_FILES 4096

#define TARGET(name) int fuzz_##name(const uint8_t *data, size_t size);
#include "tests/fuzz/targets.inc"
#undef TARGET

static const struct target {
    const char *name;
    int (*run)(const uint8_t *data, size_t size);
} targets[] = {
#define TARGET(name) {#name, fuzz_##name},
#include "tests/fuzz/targets.inc"
#undef TARGET
};

static uint8_t *read_whole(const char *path, size_t *size)
{
    FILE *f = path ? fopen(path, "rb") : NULL;
    long length;

    if (!f || fseek(f, 0, SEEK_END) || (length = ftell(f)) < 0) {
        fprintf(stderr, "replay: %s cannot be read\n", path);
        exit(1);
    }
    rewind(f);
    *size = (size_t)length;
    /* No byte more, so that checkers see a read beyond the end. */
    uint8_t *data = malloc(*size ? *size : 1);
    if (!data || fread(data, 1, *size, f) != *size) {
        fprintf(stderr, "replay: %s cannot be read\n", path);
        exit(1);
    }
    fclose(f);
    return data;
}

/* Targets print, and what they say is not ours; errors are worth reading when
 * the files were named. */
static void be_quiet(bool errors)
{
    int null = open("/dev/null", O_WRONLY);

    dup2(null, STDOUT_FILENO);
    if (!errors) {
        dup2(null, STDERR_FILENO);
    }
}

/* In the child; `*done` counts for the parent, which may see us die. */
static void run_files(const struct target *target, char **files,
                      unsigned count, volatile unsigned *done)
{
    for (unsigned i = 0; i < count; i++) {
        size_t size;
        uint8_t *data = read_whole(files[i], &size);
        alarm(LIMIT_SECONDS);
        target->run(data, size);
        free(data);
        *done = i + 1;
    }
    alarm(0);
}

/* How many of the files did not return. */
static unsigned replay(const struct target *target, char **files,
                       unsigned count, bool errors)
{
    static volatile unsigned *done;
    unsigned first = 0, failed = 0;

    if (!done) {
        done = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    }
    fflush(stdout);
    while (first < count) {
        int status = 0;
        pid_t child;

        *done = 0;
        child = fork();
        if (child == 0) {
            be_quiet(errors);
            run_files(target, files + first, count - first, done);
            exit(0);
        }
        waitpid(child, &status, 0);
        first += *done;
        if (first < count) {
            printf("  FAIL  %s %s: %s\n", target->name, files[first],
                   WIFSIGNALED(status) ? strsignal(WTERMSIG(status))
                                       : "ended");
            fflush(stdout);
            failed++;
            first++;
        }
    }
    return failed;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static unsigned list_files(const char *dir, const char *target, char **files)
{
    char path[PATH_MAX];
    unsigned count = 0;
    struct dirent *entry;

    snprintf(path, sizeof(path), "%s/%s", dir, target);
    /* Some targets leave for another directory. */
    char *whole = realpath(path, NULL);
    DIR *d = opendir(path);
    while (d && (entry = readdir(d)) && count < MAX_FILES) {
        if (entry->d_name[0] != '.' &&
            asprintf(&files[count], "%s/%s", whole, entry->d_name) > 0) {
            count++;
        }
    }
    if (d) {
        closedir(d);
    }
    free(whole);
    qsort(files, count, sizeof(*files), by_name);
    return count;
}

int main(int argc, char **argv)
{
    static char *files[MAX_FILES];
    unsigned passed = 0, failed = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: replay DIR | TARGET FILE...\n");
        return 2;
    }
    for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
        const struct target *target = &targets[i];
        unsigned count, bad;

        if (argc == 2) {
            count = list_files(argv[1], target->name, files);
            bad = replay(target, files, count, false);
        } else if (strcmp(argv[1], target->name) == 0) {
            count = (unsigned)argc - 2;
            count = count < MAX_FILES ? count : MAX_FILES;
            for (unsigned n = 0; n < count; n++) {
                files[n] = realpath(argv[2 + n], NULL);
            }
            bad = replay(target, files, count, true);
        } else {
            continue;
        }
        for (unsigned n = 0; n < count; n++) {
            free(files[n]);
        }
        if (!count) {
            printf("  FAIL  %s: no seeds in %s\n", target->name, argv[1]);
            bad = 1;
            count = 1;
        }
        failed += bad;
        passed += count - bad;
        if (argc == 2) {
            printf("  %-5s %s: %u inputs\n", bad ? "FAIL" : "ok",
                   target->name, count);
        }
    }
    printf("replay: %u passed, %u failed\n", passed, failed);
    return failed || !passed;
}
