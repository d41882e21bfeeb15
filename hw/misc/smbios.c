/*
 * SMBIOS tables: who made the machine, its processors and memory.
 *
 * Manual: DMTF DSP0134 3.0, chapters 6 and 7.  The firmware adds what it
 * knows itself.  Files: etc/smbios/smbios-tables and -anchor, as
 * OVMF's SmbiosPlatformDxe reads them.
 */
#include "hw/misc/smbios.h"

#include <stdio.h>
#include <string.h>

#include "util/bits.h"
#include "util/or_else.h"

enum smbios_type {
    TYPE_BIOS = 0,
    TYPE_SYSTEM = 1,
    TYPE_BOARD = 2,
    TYPE_CHASSIS = 3,
    TYPE_PROCESSOR = 4,
    TYPE_PORT = 8,
    TYPE_OEM_STRINGS = 11,
    TYPE_MEMORY_ARRAY = 16,
    TYPE_MEMORY_DEVICE = 17,
    TYPE_MEMORY_MAPPED = 19,
    TYPE_BOOT = 32,
    TYPE_END = 127,
};

#define NO_HANDLE 0xffff
#define NO_ERROR_HANDLE 0xfffe
#define MAX_STRINGS 255
#define DIMM_SIZE (UINT64_C(16) << 30)

/* One structure: its fields go straight to `out`, its strings behind. */
struct structure {
    struct bytes *out;
    size_t start;
    struct bytes strings;
    uint8_t count;
};

/* As QEMU's, so that nothing changes for who looks. */
static uint16_t handle_of(enum smbios_type type, unsigned n)
{
    return (uint16_t)((type == TYPE_OEM_STRINGS ? 0xe : type) << 8 | n);
}

static struct structure begin(struct bytes *out, enum smbios_type type,
                              unsigned n)
{
    struct structure s = {.out = out, .start = out->size};

    bytes_u8(out, (uint8_t)type);
    bytes_u8(out, 0); /* length, set by end() */
    bytes_u16(out, handle_of(type, n));
    return s;
}

/* A string's number goes among the fields; 0 is no string. */
static void put_string(struct structure *s, const char *text)
{
    if (!text || !*text || s->count == MAX_STRINGS) {
        bytes_u8(s->out, 0);
        return;
    }
    bytes_put(&s->strings, text, strlen(text) + 1);
    bytes_u8(s->out, ++s->count);
}

/* Two NULs end the strings, also when there are none. */
static void end(struct structure *s)
{
    bytes_set_u8(s->out, s->start + 1,
                 (uint8_t)(s->out->size - s->start));
    if (!s->count) {
        bytes_u8(&s->strings, 0);
    }
    bytes_u8(&s->strings, 0);
    bytes_put(s->out, s->strings.data, s->strings.size);
    bytes_free(&s->strings);
}

/* The system ------------------------------------------------------------ */

/* The first three fields of a UUID are little-endian (7.2.1). */
static void put_uuid(struct bytes *b, const uint8_t uuid[16])
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5,  4,  7,  6,
                                      8, 9, 10, 11, 12, 13, 14, 15};

    for (unsigned i = 0; i < ARRAY_SIZE(order); i++) {
        bytes_u8(b, uuid[order[i]]);
    }
}

static void put_bios(struct bytes *b, const struct smbios_config *c)
{
    struct structure s = begin(b, TYPE_BIOS, 0);

    put_string(&s, c->user->bios.vendor);
    put_string(&s, c->user->bios.version);
    bytes_u16(b, 0xe800); /* segment */
    put_string(&s, c->user->bios.date);
    bytes_u8(b, 0);       /* ROM of 64 KiB */
    bytes_u64(b, 1 << 3); /* characteristics are not known */
    bytes_u8(b, 0);       /* but: a virtual machine; targeted content */
    bytes_u8(b, c->user->bios.uefi ? 0x1c : 0x14);
    bytes_u8(b, c->user->bios.has_release ? c->user->bios.major : 0);
    bytes_u8(b, c->user->bios.has_release ? c->user->bios.minor : 0);
    bytes_u16(b, 0xffff); /* no embedded controller's firmware */
    end(&s);
}

static void put_system(struct bytes *b, const struct smbios_config *c)
{
    struct structure s = begin(b, TYPE_SYSTEM, 0);

    put_string(&s, text_or_else(c->user->system.manufacturer, c->maker));
    put_string(&s, text_or_else(c->user->system.product, c->product));
    put_string(&s, text_or_else(c->user->system.version, c->version));
    put_string(&s, c->user->system.serial);
    put_uuid(b, c->uuid);
    bytes_u8(b, 6); /* woken by the power switch */
    put_string(&s, c->user->system.sku);
    put_string(&s, c->user->system.family);
    end(&s);
}

static void put_board(struct bytes *b, const struct smbios_config *c)
{
    struct structure s = begin(b, TYPE_BOARD, 0);

    put_string(&s, text_or_else(c->user->board.manufacturer, c->maker));
    put_string(&s, text_or_else(c->user->board.product, c->product));
    put_string(&s, text_or_else(c->user->board.version, c->version));
    put_string(&s, c->user->board.serial);
    put_string(&s, c->user->board.asset);
    bytes_u8(b, 1); /* hosts the processors */
    put_string(&s, c->user->board.location);
    bytes_u16(b, handle_of(TYPE_CHASSIS, 0));
    bytes_u8(b, 10); /* a motherboard */
    bytes_u8(b, 0);  /* contained objects */
    end(&s);
}

static void put_chassis(struct bytes *b, const struct smbios_config *c)
{
    struct structure s = begin(b, TYPE_CHASSIS, 0);

    put_string(&s, text_or_else(c->user->chassis.manufacturer, c->maker));
    bytes_u8(b, 1); /* "other" */
    put_string(&s, text_or_else(c->user->chassis.version, c->version));
    put_string(&s, c->user->chassis.serial);
    put_string(&s, c->user->chassis.asset);
    bytes_u8(b, 3);       /* boot-up, power, thermal state: safe */
    bytes_u8(b, 3);
    bytes_u8(b, 3);
    bytes_u8(b, 2);       /* security: none */
    bytes_u32(b, 0);
    bytes_zero(b, 4);     /* height, cords, contained elements */
    put_string(&s, c->user->chassis.sku);
    end(&s);
}

static uint8_t at_most_255(unsigned n)
{
    return n < 255 ? (uint8_t)n : 255;
}

static uint16_t megahertz(uint64_t mhz)
{
    return mhz ? (uint16_t)mhz : 2000;
}

static void put_processor(struct bytes *b, const struct smbios_config *c,
                          unsigned socket)
{
    char name[80];
    struct structure s = begin(b, TYPE_PROCESSOR, socket);

    snprintf(name, sizeof(name), "%s %x",
             text_or_else(c->user->processor.socket, "CPU"), socket);
    put_string(&s, name);
    bytes_u8(b, 3);     /* central processor */
    bytes_u8(b, 1);     /* family "other" */
    put_string(&s, text_or_else(c->user->processor.manufacturer, c->maker));
    bytes_u64(b, c->user->processor.id);
    put_string(&s, text_or_else(c->user->processor.version, c->version));
    bytes_u8(b, 0);     /* voltage */
    bytes_u16(b, 0);    /* external clock */
    bytes_u16(b, megahertz(c->user->processor.max_speed));
    bytes_u16(b, megahertz(c->user->processor.current_speed));
    bytes_u8(b, 0x41);  /* socket populated, enabled */
    bytes_u8(b, 1);     /* socket "other" */
    bytes_u16(b, NO_HANDLE); /* caches */
    bytes_u16(b, NO_HANDLE);
    bytes_u16(b, NO_HANDLE);
    put_string(&s, c->user->processor.serial);
    put_string(&s, c->user->processor.asset);
    put_string(&s, c->user->processor.part);
    bytes_u8(b, at_most_255(c->cores));
    bytes_u8(b, at_most_255(c->cores));
    bytes_u8(b, at_most_255(c->threads));
    bytes_u16(b, 2);    /* characteristics unknown */
    bytes_u16(b, 1);    /* family, again */
    bytes_u16(b, (uint16_t)c->cores);
    bytes_u16(b, (uint16_t)c->cores);
    bytes_u16(b, (uint16_t)c->threads);
    end(&s);
}

static void put_port(struct bytes *b, const struct smbios_port *port,
                     unsigned n)
{
    struct structure s = begin(b, TYPE_PORT, n);

    put_string(&s, port->internal);
    bytes_u8(b, 0); /* no connector inside */
    put_string(&s, port->external);
    bytes_u8(b, port->connector);
    bytes_u8(b, port->port);
    end(&s);
}

static void put_oem_strings(struct bytes *b, const struct smbios_config *c)
{
    struct structure s = begin(b, TYPE_OEM_STRINGS, 0);
    size_t count_at = b->size;

    bytes_u8(b, 0);
    for (unsigned i = 0;
         i < c->user->oem_string_count && s.count < MAX_STRINGS; i++) {
        const char *text = c->user->oem_strings[i];
        if (*text) {
            bytes_put(&s.strings, text, strlen(text) + 1);
            s.count++;
        }
    }
    bytes_set_u8(b, count_at, (uint8_t)s.count);
    end(&s);
}

/* Memory ------------------------------------------------------------------ */

static unsigned dimm_count(const struct smbios_config *c)
{
    return (unsigned)((c->ram_size + DIMM_SIZE - 1) / DIMM_SIZE);
}

static void put_memory_array(struct bytes *b, const struct smbios_config *c)
{
    uint64_t kib = c->ram_size >> 10;
    bool extended = kib >= 0x80000000;
    struct structure s = begin(b, TYPE_MEMORY_ARRAY, 0);

    bytes_u8(b, 1); /* location "other" */
    bytes_u8(b, 3); /* system memory */
    bytes_u8(b, 6); /* multi-bit error correction */
    bytes_u32(b, extended ? 0x80000000 : (uint32_t)kib);
    bytes_u16(b, NO_ERROR_HANDLE);
    bytes_u16(b, (uint16_t)dimm_count(c));
    bytes_u64(b, extended ? c->ram_size : 0);
    end(&s);
}

static void put_dimm(struct bytes *b, const struct smbios_config *c,
                     unsigned n)
{
    char name[80];
    uint64_t left = c->ram_size - n * DIMM_SIZE;
    uint64_t mib = (left < DIMM_SIZE ? left : DIMM_SIZE) >> 20;
    uint16_t speed = (uint16_t)c->user->memory.speed;
    struct structure s = begin(b, TYPE_MEMORY_DEVICE, n);

    snprintf(name, sizeof(name), "%s %u",
             text_or_else(c->user->memory.place, "DIMM"), n);
    bytes_u16(b, handle_of(TYPE_MEMORY_ARRAY, 0));
    bytes_u16(b, NO_ERROR_HANDLE);
    bytes_u16(b, 0xffff); /* widths unknown */
    bytes_u16(b, 0xffff);
    bytes_u16(b, (uint16_t)mib);
    bytes_u8(b, 9);       /* DIMM */
    bytes_u8(b, 0);       /* of no set */
    put_string(&s, name);
    put_string(&s, c->user->memory.bank);
    bytes_u8(b, 7);       /* RAM */
    bytes_u16(b, 2);      /* "other" */
    bytes_u16(b, speed);  /* 0: unknown */
    put_string(&s, text_or_else(c->user->memory.manufacturer, c->maker));
    put_string(&s, c->user->memory.serial);
    put_string(&s, c->user->memory.asset);
    put_string(&s, c->user->memory.part);
    bytes_u8(b, 0);       /* rank unknown */
    bytes_u32(b, 0);      /* extended size: not needed */
    bytes_u16(b, speed);
    bytes_zero(b, 6);     /* voltages unknown */
    end(&s);
}

static void put_mapped(struct bytes *b, const struct smbios_config *c)
{
    uint64_t first = c->ram_base >> 10;
    uint64_t last = (c->ram_base + c->ram_size - 1) >> 10;
    bool extended = last >= UINT32_MAX;
    struct structure s = begin(b, TYPE_MEMORY_MAPPED, 0);

    bytes_u32(b, extended ? UINT32_MAX : (uint32_t)first);
    bytes_u32(b, extended ? UINT32_MAX : (uint32_t)last);
    bytes_u16(b, handle_of(TYPE_MEMORY_ARRAY, 0));
    bytes_u8(b, 1); /* partition width */
    bytes_u64(b, extended ? c->ram_base : 0);
    bytes_u64(b, extended ? c->ram_base + c->ram_size - 1 : 0);
    end(&s);
}

/* The whole --------------------------------------------------------------- */

static void put_boot(struct bytes *b, const struct smbios_config *c)
{
    struct structure s = begin(b, TYPE_BOOT, 0);

    (void)c;
    bytes_zero(b, 6);
    bytes_u8(b, 0); /* no errors detected */
    end(&s);
}

static void put_end(struct bytes *b)
{
    struct structure s = begin(b, TYPE_END, 0);

    end(&s);
}

/* 5.2.2: the 64-bit entry point. */
static void put_anchor(struct bytes *b, uint32_t table_size)
{
    uint8_t sum = 0;

    bytes_text(b, "_SM3_");
    bytes_u8(b, 0);  /* checksum; firmware makes it anew */
    bytes_u8(b, 24); /* length */
    bytes_u8(b, 3);  /* version 3.0 */
    bytes_u8(b, 0);
    bytes_u8(b, 0);
    bytes_u8(b, 1);  /* revision of the entry point */
    bytes_u8(b, 0);
    bytes_u32(b, table_size);
    bytes_u64(b, 0);
    for (size_t i = 0; i < b->size; i++) {
        sum += b->data[i];
    }
    bytes_set_u8(b, 5, (uint8_t)-sum);
}

/* Structures of a type come from files or from us. */
static bool is_ours(const struct smbios_config *c, enum smbios_type type)
{
    for (unsigned i = 0; i < c->user->file_count; i++) {
        if (c->user->files[i].data[0] == type) {
            return false;
        }
    }
    return true;
}

static void put_sockets(struct bytes *b, const struct smbios_config *c)
{
    for (unsigned i = 0; i < c->sockets; i++) {
        put_processor(b, c, i);
    }
}

static void put_ports(struct bytes *b, const struct smbios_config *c)
{
    for (unsigned i = 0; i < c->user->port_count; i++) {
        put_port(b, &c->user->ports[i], i);
    }
}

static void put_dimms(struct bytes *b, const struct smbios_config *c)
{
    for (unsigned i = 0; i < dimm_count(c); i++) {
        put_dimm(b, c, i);
    }
}

void smbios_build(struct bytes *tables, struct bytes *anchor,
                  const struct smbios_config *c)
{
    const struct {
        enum smbios_type type;
        bool wanted;
        void (*put)(struct bytes *b, const struct smbios_config *c);
    } parts[] = {
        {TYPE_BIOS, c->user->bios.given, put_bios},
        {TYPE_SYSTEM, true, put_system},
        {TYPE_BOARD, c->user->board.given, put_board},
        {TYPE_CHASSIS, true, put_chassis},
        {TYPE_PROCESSOR, true, put_sockets},
        {TYPE_PORT, true, put_ports},
        {TYPE_OEM_STRINGS, c->user->oem_string_count > 0, put_oem_strings},
        {TYPE_MEMORY_ARRAY, true, put_memory_array},
        {TYPE_MEMORY_DEVICE, true, put_dimms},
        {TYPE_MEMORY_MAPPED, true, put_mapped},
        {TYPE_BOOT, true, put_boot},
    };

    *tables = *anchor = (struct bytes){0};
    for (unsigned i = 0; i < c->user->file_count; i++) {
        bytes_put(tables, c->user->files[i].data, c->user->files[i].size);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
        if (parts[i].wanted && is_ours(c, parts[i].type)) {
            parts[i].put(tables, c);
        }
    }
    put_end(tables);
    put_anchor(anchor, (uint32_t)tables->size);
}

void smbios_add(struct fw_cfg *fw_cfg, const struct smbios_config *config)
{
    struct bytes tables, anchor;

    smbios_build(&tables, &anchor, config);
    fw_cfg_set_file(fw_cfg, "etc/smbios/smbios-tables", tables.data,
                    tables.size);
    fw_cfg_set_file(fw_cfg, "etc/smbios/smbios-anchor", anchor.data,
                    anchor.size);
    bytes_free(&tables);
    bytes_free(&anchor);
}
