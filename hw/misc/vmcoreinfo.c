/*
 * Manual: QEMU, docs/specs/vmcoreinfo.rst: etc/vmcoreinfo, all fields
 * little-endian.
 */
#include "hw/misc/vmcoreinfo.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT_NONE = 0, FORMAT_ELF = 1 };

struct file {
    uint16_t host_format; /* what we can use */
    uint16_t guest_format;
    uint32_t size;
    uint64_t pa;
};

struct vmcoreinfo {
    struct file file; /* as the guest wrote it */
};

bool vmcoreinfo_note(const struct vmcoreinfo *s, uint64_t *pa,
                     uint32_t *size)
{
    *pa = le64toh(s->file.pa);
    *size = le32toh(s->file.size);
    return le16toh(s->file.guest_format) == FORMAT_ELF && *size;
}

void vmcoreinfo_reset(struct vmcoreinfo *s)
{
    memset(&s->file, 0, sizeof(s->file));
    s->file.host_format = htole16(FORMAT_ELF);
}

struct vmcoreinfo *vmcoreinfo_create(struct fw_cfg *fw_cfg)
{
    struct vmcoreinfo *s = calloc(1, sizeof(*s));

    assert(s);
    vmcoreinfo_reset(s);
    fw_cfg_add_writable(fw_cfg, "etc/vmcoreinfo", &s->file, sizeof(s->file),
                        NULL, NULL);
    return s;
}

void vmcoreinfo_free(struct vmcoreinfo *s)
{
    free(s);
}
