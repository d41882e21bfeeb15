/*
 * The other side of a comparison: another AArch64, as a process that runs
 * insn_runner; see insn_case.h.
 */
#ifndef TESTS_FUZZ_INSN_REMOTE_H
#define TESTS_FUZZ_INSN_REMOTE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/insn_case.h"

static FILE *to_runner, *from_runner;
static pid_t runner;

/* `command` with its arguments runs insn_runner. */
static inline void start_runner(char **command)
{
    int in[2], out[2];

    if (pipe(in) || pipe(out)) {
        perror("pipe");
        exit(1);
    }
    runner = fork();
    if (runner == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        close(in[1]);
        close(out[0]);
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_runner = fdopen(in[1], "w");
    from_runner = fdopen(out[0], "r");
}

/* The cases end as the other side ends them; false when it died of them. */
static inline bool try_remote(const uint32_t *code, unsigned slots,
                              struct insn_case *cases, unsigned count)
{
    struct insn_batch batch = {slots, count};

    fwrite(&batch, sizeof(batch), 1, to_runner);
    fwrite(code, 4 * INSN_SLOT_WORDS, slots, to_runner);
    fwrite(cases, sizeof(*cases), count, to_runner);
    fflush(to_runner);
    return fread(cases, sizeof(*cases), count, from_runner) == count;
}

static inline void run_remote(const uint32_t *code, unsigned slots,
                              struct insn_case *cases, unsigned count)
{
    if (!try_remote(code, slots, cases, count)) {
        fprintf(stderr, "the runner of the other side has ended\n");
        exit(1);
    }
}

static inline void stop_runner(void)
{
    fclose(to_runner);
    fclose(from_runner);
    waitpid(runner, NULL, 0);
}

#endif
