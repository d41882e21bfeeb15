/*
 * In the guest: send SCSI commands to a device and print what comes of them.
 *
 *   scsi_probe DEVICE <COMMANDS
 *
 * A line is NAME, then CDB in hexadecimal, then nothing, or "in BYTES", or
 * "out BYTE BYTES" for so many of a byte, or "list HEX" for a parameter list.
 * The answer is the status, the sense key and codes, and the data or, beyond
 * 64 bytes, their sum.
 */
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned char data[1 << 17];

static unsigned hex(const char *text, unsigned char *to, unsigned room)
{
    unsigned n = 0, byte;

    while (n < room && sscanf(text + 2 * n, "%2x", &byte) == 1) {
        to[n++] = (unsigned char)byte;
    }
    return n;
}

static void print_answer(const char *name, const sg_io_hdr_t *io)
{
    int moved = (int)io->dxfer_len - io->resid;

    printf("%-16s status %02x", name, io->status);
    if (io->host_status) {
        printf(" host %x", io->host_status);
    }
    if (io->status) {
        printf(" sense %x/%02x/%02x", io->sbp[2] & 0xf, io->sbp[12],
               io->sbp[13]);
    } else if (io->dxfer_direction == SG_DXFER_FROM_DEV) {
        unsigned sum = 0;
        printf(" %d:", moved);
        for (int i = 0; i < moved; i++) {
            sum = sum * 31 + data[i];
            if (moved <= 64) {
                printf("%s%02x", i % 4 ? "" : " ", data[i]);
            }
        }
        if (moved > 64) {
            printf(" sum %08x", sum);
        }
    }
    printf("\n");
}

static void run(int fd, const char *line)
{
    char name[32], cdb_text[80], kind[8] = "", first[256] = "";
    unsigned char cdb[32], sense[64] = {0};
    unsigned size = 0;

    if (sscanf(line, "%31s %79s %7s %255s %u", name, cdb_text, kind, first,
               &size) < 2) {
        return;
    }
    sg_io_hdr_t io = {
        .interface_id = 'S', .dxfer_direction = SG_DXFER_NONE, .cmdp = cdb,
        .sbp = sense, .mx_sb_len = sizeof(sense), .dxferp = data,
        .timeout = 20000};
    io.cmd_len = (unsigned char)hex(cdb_text, cdb, sizeof(cdb));
    memset(data, 0, sizeof(data));
    if (strcmp(kind, "in") == 0) {
        io.dxfer_direction = SG_DXFER_FROM_DEV;
        io.dxfer_len = (unsigned)strtoul(first, NULL, 0);
    } else if (strcmp(kind, "out") == 0) {
        io.dxfer_direction = SG_DXFER_TO_DEV;
        io.dxfer_len = size;
        memset(data, (int)strtoul(first, NULL, 16), size);
    } else if (strcmp(kind, "list") == 0) {
        io.dxfer_direction = SG_DXFER_TO_DEV;
        io.dxfer_len = hex(first, data, sizeof(data));
    }
    if (io.dxfer_len > sizeof(data) || ioctl(fd, SG_IO, &io) < 0) {
        perror(name);
        return;
    }
    print_answer(name, &io);
}

int main(int argc, char **argv)
{
    char line[512];
    int fd = open(argv[argc - 1], O_RDWR | O_NONBLOCK);

    if (fd < 0) {
        perror(argv[argc - 1]);
        return 1;
    }
    while (fgets(line, sizeof(line), stdin)) {
        run(fd, line);
    }
    return 0;
}
