/*
 * Times one program.
 *
 *   stopwatch NAME OUTPUT PROGRAM ARGUMENT...
 *
 * Standard output goes to the file OUTPUT, unless the program makes that
 * itself; its content is what the checksum is of.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/row.h"

static uint64_t sum_of(const char *path)
{
    uint64_t sum = 0xcbf29ce484222325;
    FILE *f = fopen(path, "re");
    int c;

    while (f && (c = getc(f)) != EOF) {
        sum = (sum ^ (uint64_t)c) * 0x100000001b3;
    }
    if (f) {
        fclose(f);
    }
    return sum;
}

int main(int argc, char **argv)
{
    int status;

    if (argc < 4) {
        fprintf(stderr, "usage: stopwatch NAME OUTPUT PROGRAM...\n");
        return 2;
    }
    row_begin(argv[1]);
    pid_t child = fork();
    if (child == 0) {
        int out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0666);

        dup2(out, 1);
        close(out);
        execvp(argv[3], argv + 3);
        perror(argv[3]);
        _exit(127);
    }
    if (waitpid(child, &status, 0) != child || status) {
        printf("@end %s failed: status %#x\n", argv[1], (unsigned)status);
        return 1;
    }
    row_end(argv[1], sum_of(argv[2]));
    return 0;
}
