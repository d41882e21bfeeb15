/*
 * The set of tables, and the commands by which firmware puts them into
 * memory: allocate the files, turn offsets into addresses, make checksums
 * right.  Format of etc/table-loader: QEMU, include/hw/acpi interface used
 * by OVMF's AcpiPlatformDxe; names are padded to 56 bytes, commands to 128.
 */
#include "hw/arm/acpi.h"

#include <assert.h>
#include <string.h>

#include "util/bits.h"

#define FILE_RSDP "etc/acpi/rsdp"
#define FILE_TABLES "etc/acpi/tables"
#define FILE_LOADER "etc/table-loader"

/* What guests find on this board everywhere. */
#define CREATOR_ID "BXPC"
#define OEM_ID_SIZE 6
#define OEM_TABLE_ID_SIZE 8

/* Loader commands ------------------------------------------------------ */

enum { COMMAND_ALLOCATE = 1, COMMAND_POINTER = 2, COMMAND_CHECKSUM = 3 };
enum { ZONE_HIGH = 1, ZONE_LOW = 2 };
#define COMMAND_SIZE 128

static void put_name(struct bytes *b, const char *name)
{
    bytes_text(b, name);
    bytes_zero(b, FW_CFG_NAME_SIZE - strlen(name));
}

static void end_command(struct bytes *b)
{
    bytes_zero(b, align_up(b->size, COMMAND_SIZE) - b->size);
}

static void load_allocate(struct acpi_tables *t, const char *file,
                          uint32_t alignment, uint8_t zone)
{
    bytes_u32(&t->loader, COMMAND_ALLOCATE);
    put_name(&t->loader, file);
    bytes_u32(&t->loader, alignment);
    bytes_u8(&t->loader, zone);
    end_command(&t->loader);
}

static void load_pointer(struct acpi_tables *t, const char *in,
                         const char *to, size_t at, uint8_t size)
{
    bytes_u32(&t->loader, COMMAND_POINTER);
    put_name(&t->loader, in);
    put_name(&t->loader, to);
    bytes_u32(&t->loader, (uint32_t)at);
    bytes_u8(&t->loader, size);
    end_command(&t->loader);
}

static void load_checksum(struct acpi_tables *t, const char *file, size_t at,
                          size_t start, size_t size)
{
    bytes_u32(&t->loader, COMMAND_CHECKSUM);
    put_name(&t->loader, file);
    bytes_u32(&t->loader, (uint32_t)at);
    bytes_u32(&t->loader, (uint32_t)start);
    bytes_u32(&t->loader, (uint32_t)size);
    end_command(&t->loader);
}

/* Tables (ACPI 6.0, 5.2.6) --------------------------------------------- */

enum { TABLE_LENGTH = 4, TABLE_CHECKSUM = 9 };

static void put_padded(struct bytes *b, const char *text, size_t size)
{
    size_t length = strlen(text);

    assert(length <= size);
    bytes_put(b, text, length);
    while (length++ < size) {
        bytes_u8(b, ' ');
    }
}

size_t acpi_begin(struct acpi_tables *t, const char *signature,
                  uint8_t revision)
{
    size_t start = t->tables.size;

    bytes_text(&t->tables, signature);
    bytes_u32(&t->tables, 0); /* length, set by acpi_end */
    bytes_u8(&t->tables, revision);
    bytes_u8(&t->tables, 0);  /* checksum, the loader's */
    put_padded(&t->tables, t->oem_id, OEM_ID_SIZE);
    put_padded(&t->tables, t->oem_table_id, OEM_TABLE_ID_SIZE);
    bytes_u32(&t->tables, 1);
    bytes_text(&t->tables, CREATOR_ID);
    bytes_u32(&t->tables, 1);
    return start;
}

void acpi_end(struct acpi_tables *t, size_t start)
{
    size_t length = t->tables.size - start;

    bytes_set_u32(&t->tables, start + TABLE_LENGTH, (uint32_t)length);
    load_checksum(t, FILE_TABLES, start + TABLE_CHECKSUM, start, length);
}

void acpi_pointer(struct acpi_tables *t, size_t at, uint8_t size,
                  size_t offset)
{
    bytes_set_u32(&t->tables, at, (uint32_t)offset);
    load_pointer(t, FILE_TABLES, FILE_TABLES, at, size);
}

static size_t write_xsdt(struct acpi_tables *t, const size_t *offsets,
                         unsigned count)
{
    size_t start = acpi_begin(t, "XSDT", 1);

    for (unsigned i = 0; i < count; i++) {
        size_t at = t->tables.size;
        bytes_u64(&t->tables, 0);
        acpi_pointer(t, at, 8, offsets[i]);
    }
    acpi_end(t, start);
    return start;
}

/* 5.2.5.3; the first checksum covers what ACPI 1.0 had. */
static void write_rsdp(struct acpi_tables *t, size_t xsdt)
{
    enum { CHECKSUM = 8, OLD_LENGTH = 20, XSDT_AT = 24, WHOLE_CHECKSUM = 32 };

    bytes_text(&t->rsdp, "RSD PTR ");
    bytes_u8(&t->rsdp, 0);
    put_padded(&t->rsdp, t->oem_id, OEM_ID_SIZE);
    bytes_u8(&t->rsdp, 2);   /* revision */
    bytes_u32(&t->rsdp, 0);  /* no RSDT */
    bytes_u32(&t->rsdp, 36); /* length */
    bytes_u64(&t->rsdp, xsdt);
    bytes_u32(&t->rsdp, 0);  /* checksum, reserved */
    load_checksum(t, FILE_RSDP, CHECKSUM, 0, OLD_LENGTH);
    load_pointer(t, FILE_RSDP, FILE_TABLES, XSDT_AT, 8);
    load_checksum(t, FILE_RSDP, WHOLE_CHECKSUM, 0, t->rsdp.size);
}

void acpi_build(struct acpi_tables *t, const struct acpi_board *board)
{
    size_t offsets[16];
    unsigned count = 0;

    *t = (struct acpi_tables){
        .oem_id = board->oem_id,
        .oem_table_id = board->oem_table_id,
    };
    load_allocate(t, FILE_RSDP, 16, ZONE_LOW);
    load_allocate(t, FILE_TABLES, 64, ZONE_HIGH);
    size_t dsdt = acpi_dsdt(t, board);
    offsets[count++] = acpi_fadt(t, board, dsdt);
    offsets[count++] = acpi_madt(t, board);
    if (!board->no_topology) {
        offsets[count++] = acpi_pptt(t, board);
    }
    offsets[count++] = acpi_gtdt(t, board);
    if (board->ecam.size) {
        offsets[count++] = acpi_mcfg(t, board);
    }
    offsets[count++] = acpi_spcr(t, board);
    offsets[count++] = acpi_dbg2(t, board);
    if (board->ecam.size) {
        offsets[count++] = acpi_iort(t, board);
    }
    assert(count <= ARRAY_SIZE(offsets));
    write_rsdp(t, write_xsdt(t, offsets, count));
}

void acpi_tables_free(struct acpi_tables *t)
{
    bytes_free(&t->tables);
    bytes_free(&t->rsdp);
    bytes_free(&t->loader);
}

void acpi_add(struct fw_cfg *fw_cfg, const struct acpi_board *board)
{
    struct acpi_tables t;

    acpi_build(&t, board);
    fw_cfg_set_file(fw_cfg, FILE_TABLES, t.tables.data, t.tables.size);
    fw_cfg_set_file(fw_cfg, FILE_RSDP, t.rsdp.data, t.rsdp.size);
    fw_cfg_set_file(fw_cfg, FILE_LOADER, t.loader.data, t.loader.size);
    acpi_tables_free(&t);
}
