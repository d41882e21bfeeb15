/*
 * What firmware finds in fw_cfg: how many processors, the user's files, and
 * the kernel when there are both.  Tables are added by acpi.c and
 * smbios.c.  Names and keys: QEMU, docs/specs/fw_cfg.rst.
 */
#include "hw/arm/firmware.h"

#include <stdlib.h>
#include <string.h>

#include "util/bits.h"

struct view {
    const struct boot_file *file;
    const uint8_t *data;
};

struct firmware {
    struct view kernel, initrd;
    struct boot_file *files; /* of -fw_cfg */
    struct view *views;
    unsigned count;
};

static bool view_open(struct view *view, const struct boot_file *file,
                      struct error **err)
{
    *view = (struct view){file, boot_file_view(file, err)};
    return view->data != NULL;
}

static void view_close(struct view *view)
{
    if (view->file) {
        boot_file_unview(view->file, view->data);
    }
}

/* Hand-over of the kernel ----------------------------------------------- */

static bool add_kernel(struct firmware *f, const struct boot *boot,
                       struct fw_cfg *fw_cfg, struct error **err)
{
    const struct boot_file *kernel = &boot->payload.file;
    const struct boot_file *initrd = &boot->initrd;
    const char *append = boot->config->append;

    if (!kernel->size) {
        return true;
    }
    if (!view_open(&f->kernel, kernel, err) ||
        (initrd->size && !view_open(&f->initrd, initrd, err))) {
        return false;
    }
    fw_cfg_add_u32(fw_cfg, FW_CFG_KERNEL_SIZE, (uint32_t)kernel->size);
    fw_cfg_add(fw_cfg, FW_CFG_KERNEL_DATA, f->kernel.data, kernel->size);
    if (initrd->size) {
        fw_cfg_add_u32(fw_cfg, FW_CFG_INITRD_SIZE, (uint32_t)initrd->size);
        fw_cfg_add(fw_cfg, FW_CFG_INITRD_DATA, f->initrd.data, initrd->size);
    }
    if (append && *append) {
        size_t size = strlen(append) + 1;
        fw_cfg_add_u32(fw_cfg, FW_CFG_CMDLINE_SIZE, (uint32_t)size);
        fw_cfg_add(fw_cfg, FW_CFG_CMDLINE_DATA, append, size);
    }
    return true;
}

/* The user's files ------------------------------------------------------- */

static bool add_user_file(struct firmware *f, unsigned n,
                          const struct fw_cfg_config *config,
                          struct fw_cfg *fw_cfg, struct error **err)
{
    if (strncmp(config->name, "opt/", 4) != 0) {
        error_report("warning: -fw_cfg name=%s: names of your own should "
                     "begin with opt/", config->name);
    }
    if (config->string) { /* without a NUL, as QEMU does */
        return fw_cfg_add_file(fw_cfg, config->name, config->string,
                               strlen(config->string), err);
    }
    return boot_file_open(&f->files[n], "-fw_cfg", config->file, err) &&
           view_open(&f->views[n], &f->files[n], err) &&
           fw_cfg_add_file(fw_cfg, config->name, f->views[n].data,
                           f->files[n].size, err);
}

static bool add_user_files(struct firmware *f,
                           const struct machine_config *config,
                           struct fw_cfg *fw_cfg, struct error **err)
{
    f->count = config->fw_cfg_count;
    f->files = calloc(f->count + 1, sizeof(*f->files));
    f->views = calloc(f->count + 1, sizeof(*f->views));
    if (!f->files || !f->views) {
        error_set(err, "out of memory");
        return false;
    }
    for (unsigned i = 0; i < f->count; i++) {
        f->files[i].fd = -1;
    }
    for (unsigned i = 0; i < f->count; i++) {
        if (!add_user_file(f, i, &config->fw_cfg[i], fw_cfg, err)) {
            return false;
        }
    }
    return true;
}

/* The whole --------------------------------------------------------------- */

void firmware_uuid(const char *text, uint8_t bytes[16])
{
    for (unsigned i = 0; i < 16; i++) {
        text += *text == '-';
        char digits[3] = {text[0], text[1], '\0'};
        bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
        text += 2;
    }
}

static void add_numbers(const struct machine_config *config,
                        struct fw_cfg *fw_cfg)
{
    uint8_t uuid[16] = {0};

    if (config->uuid) {
        firmware_uuid(config->uuid, uuid);
    }
    fw_cfg_add_copy(fw_cfg, FW_CFG_UUID, uuid, sizeof(uuid));
    fw_cfg_add_u16(fw_cfg, FW_CFG_NB_CPUS, (uint16_t)config->cpus);
    fw_cfg_add_u16(fw_cfg, FW_CFG_BOOT_MENU, config->boot_menu);
}

struct firmware *firmware_create(const struct boot *boot,
                                 struct fw_cfg *fw_cfg, struct error **err)
{
    struct firmware *f = calloc(1, sizeof(*f));

    if (!f) {
        error_set(err, "out of memory");
        return NULL;
    }
    add_numbers(boot->config, fw_cfg);
    if (!add_kernel(f, boot, fw_cfg, err) ||
        !add_user_files(f, boot->config, fw_cfg, err)) {
        firmware_free(f);
        return NULL;
    }
    return f;
}

void firmware_free(struct firmware *f)
{
    if (!f) {
        return;
    }
    view_close(&f->kernel);
    view_close(&f->initrd);
    for (unsigned i = 0; i < f->count && f->files && f->views; i++) {
        view_close(&f->views[i]);
        boot_file_close(&f->files[i]);
    }
    free(f->files);
    free(f->views);
    free(f);
}
