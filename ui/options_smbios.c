/*
 * -smbios: what SMBIOS tables say.  Fields are rows, by type; a structure of
 * the user's own comes from a file.
 */
#include "ui/options_parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

enum field_kind {
    FIELD_TEXT,   /* const char * */
    FIELD_NUMBER, /* uint64_t, up to 65535 */
    FIELD_ID,     /* uint64_t */
    FIELD_BOOL,
};

#define AT(field) offsetof(struct smbios_user, field)

static const struct field {
    uint8_t type;
    const char *key;
    enum field_kind kind;
    size_t offset;
} fields[] = {
    {0, "vendor", FIELD_TEXT, AT(bios.vendor)},
    {0, "version", FIELD_TEXT, AT(bios.version)},
    {0, "date", FIELD_TEXT, AT(bios.date)},
    {0, "uefi", FIELD_BOOL, AT(bios.uefi)},
    {1, "manufacturer", FIELD_TEXT, AT(system.manufacturer)},
    {1, "product", FIELD_TEXT, AT(system.product)},
    {1, "version", FIELD_TEXT, AT(system.version)},
    {1, "serial", FIELD_TEXT, AT(system.serial)},
    {1, "sku", FIELD_TEXT, AT(system.sku)},
    {1, "family", FIELD_TEXT, AT(system.family)},
    {2, "manufacturer", FIELD_TEXT, AT(board.manufacturer)},
    {2, "product", FIELD_TEXT, AT(board.product)},
    {2, "version", FIELD_TEXT, AT(board.version)},
    {2, "serial", FIELD_TEXT, AT(board.serial)},
    {2, "asset", FIELD_TEXT, AT(board.asset)},
    {2, "location", FIELD_TEXT, AT(board.location)},
    {3, "manufacturer", FIELD_TEXT, AT(chassis.manufacturer)},
    {3, "version", FIELD_TEXT, AT(chassis.version)},
    {3, "serial", FIELD_TEXT, AT(chassis.serial)},
    {3, "asset", FIELD_TEXT, AT(chassis.asset)},
    {3, "sku", FIELD_TEXT, AT(chassis.sku)},
    {4, "sock_pfx", FIELD_TEXT, AT(processor.socket)},
    {4, "manufacturer", FIELD_TEXT, AT(processor.manufacturer)},
    {4, "version", FIELD_TEXT, AT(processor.version)},
    {4, "serial", FIELD_TEXT, AT(processor.serial)},
    {4, "asset", FIELD_TEXT, AT(processor.asset)},
    {4, "part", FIELD_TEXT, AT(processor.part)},
    {4, "processor-id", FIELD_ID, AT(processor.id)},
    {4, "max-speed", FIELD_NUMBER, AT(processor.max_speed)},
    {4, "current-speed", FIELD_NUMBER, AT(processor.current_speed)},
    {17, "loc_pfx", FIELD_TEXT, AT(memory.place)},
    {17, "bank", FIELD_TEXT, AT(memory.bank)},
    {17, "manufacturer", FIELD_TEXT, AT(memory.manufacturer)},
    {17, "serial", FIELD_TEXT, AT(memory.serial)},
    {17, "asset", FIELD_TEXT, AT(memory.asset)},
    {17, "part", FIELD_TEXT, AT(memory.part)},
    {17, "speed", FIELD_NUMBER, AT(memory.speed)},
};

static bool read_field(struct keyval *kv, const struct field *f, void *at,
                       struct error **err)
{
    switch (f->kind) {
    case FIELD_TEXT:
        if (keyval_get(kv, f->key)) {
            *(const char **)at = keyval_get(kv, f->key);
        }
        return true;
    case FIELD_BOOL:
        return keyval_bool(kv, f->key, at, err);
    case FIELD_NUMBER:
        return keyval_uint(kv, f->key, UINT16_MAX, at, err);
    case FIELD_ID:
        return keyval_uint(kv, f->key, UINT64_MAX, at, err);
    }
    return true;
}

/* False without an error when there are none of this type. */
static bool read_fields(struct parse *p, struct keyval *kv, uint64_t type,
                        bool *known, struct error **err)
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        char *at = (char *)&p->out->machine.smbios + fields[i].offset;
        if (fields[i].type == type) {
            *known = true;
            if (!read_field(kv, &fields[i], at, err)) {
                return false;
            }
        }
    }
    return true;
}

/* Types with more to them ------------------------------------------------- */

static bool read_bios(struct parse *p, struct keyval *kv, struct error **err)
{
    struct smbios_user *smbios = &p->out->machine.smbios;
    const char *release = keyval_get(kv, "release");
    int end = 0;

    smbios->bios.given = true;
    if (!release) {
        return true;
    }
    if (sscanf(release, "%hhu.%hhu%n", &smbios->bios.major,
               &smbios->bios.minor, &end) != 2 || release[end]) {
        error_set(err, "release=%s: expected MAJOR.MINOR", release);
        return false;
    }
    smbios->bios.has_release = true;
    return true;
}

static bool read_system(struct parse *p, struct keyval *kv,
                        struct error **err)
{
    const char *uuid = keyval_get(kv, "uuid");

    return !uuid || option_uuid(p, uuid, err);
}

static bool read_board(struct parse *p, struct keyval *kv, struct error **err)
{
    (void)kv;
    (void)err;
    p->out->machine.smbios.board.given = true;
    return true;
}

static bool read_port(struct parse *p, struct keyval *kv, struct error **err)
{
    struct smbios_user *smbios = &p->out->machine.smbios;
    uint64_t connector = 0, port = 0;

    if (!keyval_uint(kv, "connector_type", UINT8_MAX, &connector, err) ||
        !keyval_uint(kv, "port_type", UINT8_MAX, &port, err)) {
        return false;
    }
    unsigned count = smbios->port_count++;
    smbios->ports = parse_grow(smbios->ports, count, sizeof(*smbios->ports));
    smbios->ports[count] = (struct smbios_port){
        .internal = keyval_get(kv, "internal_reference"),
        .external = keyval_get(kv, "external_reference"),
        .connector = (uint8_t)connector,
        .port = (uint8_t)port,
    };
    return true;
}

#define FILE_MAX 65535

/* The whole of a small file, one byte longer; NULL on error. */
static uint8_t *read_file(const char *key, const char *path, size_t *length,
                          struct error **err)
{
    uint8_t *data = malloc(FILE_MAX + 1);
    FILE *f = data ? fopen(path, "re") : NULL;

    *length = f ? fread(data, 1, FILE_MAX + 1, f) : 0;
    if (!f || ferror(f)) {
        error_set_errno(err, errno, "%s=%s: cannot read", key, path);
    } else if (*length > FILE_MAX) {
        error_set(err, "%s=%s: is longer than %d bytes", key, path, FILE_MAX);
    }
    bool good = f && !ferror(f) && *length <= FILE_MAX;
    if (f) {
        fclose(f);
    }
    if (!good) {
        free(data);
        return NULL;
    }
    data[*length] = '\0';
    return data;
}

static const char *read_text_file(struct parse *p, const char *path,
                                  struct error **err)
{
    size_t length;
    uint8_t *data = read_file("path", path, &length, err);
    const char *text = data ? parse_copy(p, (char *)data, length) : NULL;

    free(data);
    return text;
}

/* Type 11, strings of the vendor's. */
static bool read_strings(struct parse *p, struct keyval *kv,
                         struct error **err)
{
    static const char *const keys[] = {"value", "path"};
    struct smbios_user *smbios = &p->out->machine.smbios;

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        size_t position = 0;
        const char *text;
        while ((text = keyval_each(kv, keys[i], &position))) {
            if (i == 1 && !(text = read_text_file(p, text, err))) {
                return false;
            }
            unsigned count = smbios->oem_string_count++;
            smbios->oem_strings = parse_grow(smbios->oem_strings, count,
                                             sizeof(const char *));
            smbios->oem_strings[count] = text;
        }
    }
    return true;
}

static const struct {
    uint8_t type;
    bool (*read)(struct parse *p, struct keyval *kv, struct error **err);
} readers[] = {
    {0, read_bios}, {1, read_system}, {2, read_board}, {8, read_port},
    {11, read_strings},
};

/* Files -------------------------------------------------------------------- */

/* One structure: its length, two NULs behind the strings, nothing more. */
static bool is_structure(const uint8_t *data, size_t length)
{
    size_t at = length > 4 ? data[1] : length;

    while (at + 1 < length && (data[at] || data[at + 1])) {
        at++;
    }
    return length > 4 && data[1] >= 4 && at + 2 == length;
}

static bool read_structure(struct parse *p, const char *path,
                           struct error **err)
{
    struct smbios_user *smbios = &p->out->machine.smbios;
    size_t length;
    uint8_t *data = read_file("file", path, &length, err);

    if (!data) {
        return false;
    }
    if (!is_structure(data, length)) {
        error_set(err, "file=%s: is not one SMBIOS structure with its "
                  "strings", path);
        free(data);
        return false;
    }
    unsigned count = smbios->file_count++;
    smbios->files = parse_grow(smbios->files, count, sizeof(*smbios->files));
    smbios->files[count] = (struct smbios_file){data, length};
    return true;
}

/* The option --------------------------------------------------------------- */

static bool read_type(struct parse *p, struct keyval *kv, struct error **err)
{
    uint64_t type = UINT8_MAX;
    bool known = false;

    if (!keyval_get(kv, "type")) {
        error_set(err, "needs type=N or file=FILE");
        return false;
    }
    if (!keyval_uint(kv, "type", 127, &type, err) ||
        !read_fields(p, kv, type, &known, err)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
        if (readers[i].type == type) {
            known = true;
            if (!readers[i].read(p, kv, err)) {
                return false;
            }
        }
    }
    if (!known) {
        error_set(err, "type=%llu: not supported yet; there are 0 to 4, 8, "
                  "11 and 17", (unsigned long long)type);
    }
    return known;
}

static bool smbios(struct parse *p, const char *text, struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, NULL, err);

    if (!kv) {
        return false;
    }
    if (keyval_help(kv)) {
        parse_usage(p);
        return true;
    }
    const char *file = keyval_get(kv, "file");
    return (file ? read_structure(p, file, err) : read_type(p, kv, err)) &&
           keyval_check(kv, err);
}

bool option_smbios(struct parse *p, const char *text, struct error **err)
{
    if (smbios(p, text, err)) {
        return true;
    }
    error_prepend(err, "-smbios %s", text);
    return false;
}

void options_free_smbios(struct options *options)
{
    struct smbios_user *smbios = &options->machine.smbios;

    for (unsigned i = 0; i < smbios->file_count; i++) {
        free(smbios->files[i].data);
    }
    free(smbios->files);
    free(smbios->ports);
    free(smbios->oem_strings);
}
