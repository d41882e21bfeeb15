/*
 * A file with no option before it: a disk to boot, or a CD-ROM to install
 * from, with the UEFI firmware that the host has installed.
 *
 * The firmware's variables, which say what an installed system boots by, go
 * into a file beside the first disk; with CD-ROMs only, they are forgotten.
 */
#include "ui/options_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bits.h"

#define BARE_RAM (UINT64_C(2) << 30) /* firmware and a system's installer */
#define COPY_CHUNK 65536

/* Where packages of EDK2 for AArch64 have it: Debian, Fedora, Arch. */
static const struct {
    const char *code, *variables;
} firmwares[] = {
    {"/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"},
    {"/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd",
     "/usr/share/AAVMF/AAVMF_VARS.fd"},
    {"/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw",
     "/usr/share/edk2/aarch64/vars-template-pflash.raw"},
    {"/usr/share/edk2/aarch64/QEMU_CODE.fd",
     "/usr/share/edk2/aarch64/QEMU_VARS.fd"},
};

/* ISO 9660: the first volume descriptor is the 17th sector of 2048 bytes. */
static bool is_iso(const char *path)
{
    char magic[5];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool iso = fd >= 0 &&
               pread(fd, magic, sizeof(magic), 16 * 2048 + 1) == 5 &&
               memcmp(magic, "CD001", 5) == 0;

    if (fd >= 0) {
        close(fd);
    }
    return iso;
}

bool option_bare(struct parse *p, const char *path, struct error **err)
{
    bool iso = is_iso(path);

    if (access(path, F_OK) != 0) {
        error_set_errno(err, errno, "%s: neither an option nor a disk image",
                        path);
        return false;
    }
    p->option = "drive";
    p->bare = path;
    return options_add_file(p, path, NULL, iso ? "cdrom" : "disk", NULL, err);
}

static bool is_zero(const char *data, size_t size)
{
    return data[0] == 0 && memcmp(data, data + 1, size - 1) == 0;
}

/* Ranges of zeroes become holes. */
static bool copy_contents(int from, int to)
{
    char chunk[COPY_CHUNK];
    off_t at = 0;
    ssize_t n;

    while ((n = pread(from, chunk, sizeof(chunk), at)) > 0) {
        if (!is_zero(chunk, (size_t)n) &&
            pwrite(to, chunk, (size_t)n, at) != n) {
            return false;
        }
        at += n;
    }
    return n == 0 && ftruncate(to, at) == 0;
}

static bool copy_file(const char *source, const char *path,
                      struct error **err)
{
    int from = open(source, O_RDONLY | O_CLOEXEC);
    int to = from < 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                  0644);
    bool good = to >= 0 && copy_contents(from, to);

    if (!good) {
        error_set_errno(err, errno, "cannot copy %s to %s, where the "
                        "firmware's variables go", source, path);
    }
    if (to >= 0) {
        good = close(to) == 0 && good;
    }
    if (from >= 0) {
        close(from);
    }
    return good;
}

/* The first disk that keeps what is written; NULL when there is none. */
static const char *lasting_disk(const struct parse *p)
{
    const struct machine_config *machine = &p->out->machine;

    for (unsigned i = 0; i < machine->drive_count; i++) {
        const struct drive_config *d = &machine->drives[i];
        if (!d->cdrom && !d->block.read_only && !d->block.snapshot &&
            d->block.file && access(d->block.file, W_OK) == 0) {
            return d->block.file;
        }
    }
    return NULL;
}

static bool add_variables(struct parse *p, const char *template,
                          struct error **err)
{
    const char *path = template;
    const char *disk = p->snapshot ? NULL : lasting_disk(p);

    if (disk) {
        path = parse_format(p, "%s.efivars", disk);
        if (access(path, F_OK) != 0) {
            if (!copy_file(template, path, err)) {
                return false;
            }
            error_report("info: the firmware's variables are kept in %s",
                         path);
        }
    }
    if (!options_add_file(p, path, "pflash", NULL, "1", err)) {
        return false;
    }
    struct machine_config *machine = &p->out->machine;
    struct drive_config *drive = &machine->drives[machine->drive_count - 1];
    drive->block.snapshot = path == template;
    drive->block.format = "raw";
    return true;
}

static bool add_firmware(struct parse *p, struct error **err)
{
    struct machine_config *machine = &p->out->machine;

    for (size_t i = 0; i < ARRAY_SIZE(firmwares); i++) {
        if (access(firmwares[i].code, R_OK) != 0 ||
            access(firmwares[i].variables, R_OK) != 0) {
            continue;
        }
        if (!options_add_file(p, firmwares[i].code, "pflash", NULL, "0",
                              err)) {
            return false;
        }
        struct drive_config *drive =
            &machine->drives[machine->drive_count - 1];
        drive->block.read_only = true;
        drive->block.format = "raw";
        drive->temporary_unless_said = false;
        return add_variables(p, firmwares[i].variables, err);
    }
    error_set(err, "%s: needs UEFI firmware to boot; install the package "
                   "qemu-efi-aarch64, or give -bios or -kernel", p->bare);
    return false;
}

bool options_finish_bare(struct parse *p, struct error **err)
{
    const struct machine_config *machine = &p->out->machine;

    if (!p->bare || machine->kernel || machine->bios ||
        strcmp(machine->machine, "none") == 0) {
        return true;
    }
    for (unsigned i = 0; i < machine->drive_count; i++) {
        if (machine->drives[i].interface == DRIVE_PFLASH) {
            return true;
        }
    }
    if (keyval_get(p->machine, "pflash0")) {
        return true;
    }
    p->option = "drive";
    if (!p->memory) {
        p->out->machine.ram_size = BARE_RAM;
    }
    return add_firmware(p, err);
}
