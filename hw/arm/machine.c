#include "hw/arm/machine.h"

#include <errno.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "cpu/jit/perfmap.h"
#include "hw/arm/plug.h"
#include "hw/arm/semihosting.h"
#include "hw/arm/symbols.h"
#include "hw/gpio/gpio_keys.h"
#include "hw/misc/ged.h"

/* Creation ------------------------------------------------------------- */

static void on_code_written(void *opaque, uint64_t pa, uint64_t size)
{
    struct machine *m = opaque;

    cpu_code_written(m->cpus, pa, size);
}

static void on_system_off(void *opaque)
{
    machine_request(opaque, MACHINE_REQUEST_SHUTDOWN);
}

static void on_system_reset(void *opaque)
{
    machine_request(opaque, MACHINE_REQUEST_RESET);
}

static bool open_guest(struct machine *m, struct error **err)
{
    struct boot_memory memory = virt_memory(m->config);

    m->boot = boot_open(m->config, &memory, err);
    return m->boot != NULL;
}

static const char *cpu_model(const struct machine *m)
{
    return m->config->cpu ? m->config->cpu : boot_default_cpu(m->boot);
}

static bool create_cpus(struct machine *m, struct error **err)
{
    static const int conduits[] = {
        [BOOT_PSCI_NONE] = CPU_PSCI_NONE,
        [BOOT_PSCI_HVC] = CPU_PSCI_HVC,
        [BOOT_PSCI_SMC] = CPU_PSCI_SMC,
    };
    const struct machine_config *c = m->config;

    m->semihosting = semihosting_host_new(m);
    if (c->perfmap && !(m->perfmap = perfmap_new(err))) {
        return false;
    }
    struct cpu_config config = {
        .model = cpu_model(m),
        .props = c->cpu_props,
        .count = c->cpus,
        .interp = c->accel == ACCEL_INTERP,
        .el2 = c->virtualization,
        .el3 = c->secure,
        .psci = conduits[virt_psci(m)],
        .one_insn_per_block = c->one_insn_per_block,
        .smc_strict = c->smc_strict,
        .perfmap = m->perfmap,
        .regions = c->regions,
        .region_threshold = c->region_threshold,
        .code_size = (size_t)c->code_mib << 20,
        .translations = c->translations,
        .gic_version = c->gic_version,
        .semihosting = semihosting_host_interface(m->semihosting),
        .system_off = on_system_off,
        .system_reset = on_system_reset,
        .opaque = m,
    };

    m->cpus = cpu_system_new(&config, m->bus, err);
    return m->cpus != NULL;
}

static bool check_guest(struct machine *m, struct error **err)
{
    struct boot_cpu cpu = {
        .model = cpu_model(m),
        .page_sizes = cpu_page_sizes(m->cpus),
    };

    return boot_check(m->boot, &cpu, err);
}

/* CPU 0 at the guest's entry; the others wait for PSCI, or, without it,
 * start with CPU 0 as real ones do. */
static void reset_cpus(struct machine *m)
{
    const struct boot_plan *plan = &m->boot->plan;
    bool all = virt_psci(m) == BOOT_PSCI_NONE;

    for (unsigned i = 0; i < m->config->cpus; i++) {
        uint64_t entry = plan->entry;
        plug_entry(m, i, &entry);
        cpu_reset(m->cpus, i, i == 0 || all, entry, plan->x0, plan->el);
    }
}

/* Contents of memory, at the start and at every reset. */
static bool load_guest(struct machine *m, struct error **err)
{
    return boot_load(m->boot, &m->loader, err) && plug_load(m, err);
}

/* What profiles call the guest's code. */
static void name_guest_code(struct machine *m)
{
    struct symbols *symbols = symbols_new();

    if (m->boot->image.file.size) {
        image_add_symbols(&m->boot->image, m->boot->plan.kernel_pa, symbols);
    }
    symbols_sort(symbols);
    perfmap_set_symbols(m->perfmap, symbols);
}

static bool create_user_devices(struct machine *m, struct error **err)
{
    return (m->config->dumpdtb || drives_open(m, err)) &&
           plug_devices(m, err);
}

static bool create(struct machine *m, struct error **err)
{
    if (!virt_check_config(m->config, err) || !open_guest(m, err) ||
        !virt_create_memory(m, err) || !create_cpus(m, err) ||
        !check_guest(m, err)) {
        return false;
    }
    virt_create_devices(m);
    if (!create_user_devices(m, err) || !virt_create_firmware(m, err) ||
        !boot_place(m->boot, m->fdt, virt_psci(m), err) ||
        !load_guest(m, err)) {
        return false;
    }
    if (m->semihosting && !m->config->dumpdtb &&
        !semihosting_host_connect(m->semihosting, err)) {
        return false;
    }
    if (m->perfmap) {
        name_guest_code(m);
    }
    reset_cpus(m);
    return true;
}

struct machine *machine_new(const struct machine_config *config,
                            const struct machine_ports *ports,
                            struct loop *loop, struct error **err)
{
    struct machine *m = calloc(1, sizeof(*m));

    if (!m) {
        error_set(err, "out of memory");
        return NULL;
    }
    m->config = config;
    m->ports = ports;
    m->loop = loop;
    m->bus = bus_new();
    if (config->secure) {
        bus_new_secure(m->bus);
    }
    m->fdt = fdt_builder_new();
    m->dma = (struct dma){m->bus, on_code_written, m};
    m->loader = (struct dma){bus_secure(m->bus), on_code_written, m};
    if (!create(m, err)) {
        machine_free(m);
        return NULL;
    }
    return m;
}

void machine_free(struct machine *m)
{
    if (!m) {
        return;
    }
    if (m->cpus) {
        machine_stop(m);
    }
    virt_free(m); /* devices still drive the processors' lines */
    plug_free(m);
    drives_close(m);
    free(m->boot_entries);
    if (m->cpus) {
        cpu_system_free(m->cpus);
    }
    perfmap_free(m->perfmap);
    semihosting_host_free(m->semihosting);
    boot_free(m->boot);
    fdt_builder_free(m->fdt);
    bus_free(m->bus);
    ram_free(m->ram);
    ram_free(m->secure_ram);
    for (unsigned i = 0; i < MACHINE_FLASH_BANKS; i++) {
        ram_free(m->flash[i]);
        if (m->flash_images[i]) {
            block_close(m->flash_images[i]);
        }
    }
    free(m);
}

bool machine_dump_dtb(const struct machine *m, const char *path,
                      struct error **err)
{
    const void *dtb = m->boot->dtb;
    FILE *f = fopen(path, "wb");

    if (!f) {
        error_set_errno(err, errno, "-machine dumpdtb=%s: cannot write it",
                        path);
        return false;
    }
    size_t size = fdt_totalsize(dtb);
    bool good = fwrite(dtb, 1, size, f) == size;
    good &= fclose(f) == 0;
    if (!good) {
        error_set_errno(err, errno, "-machine dumpdtb=%s: cannot write %zu "
                        "bytes", path, size);
    }
    return good;
}

/* Running -------------------------------------------------------------- */

void machine_start(struct machine *m)
{
    if (m->state == MACHINE_PAUSED) {
        m->state = MACHINE_RUNNING;
        m->started = true;
        cpu_system_start(m->cpus);
    }
}

void machine_continue(struct machine *m)
{
    m->disk_error = 0;
    machine_start(m);
    drives_resume(m);
}

void machine_stop(struct machine *m)
{
    if (m->state == MACHINE_RUNNING) {
        cpu_system_stop(m->cpus);
        m->state = MACHINE_PAUSED;
    }
}

/* Power-on state and, if it was running, off again.  False when a guest
 * file can no longer be read: the machine stays stopped. */
static bool machine_reset(struct machine *m, struct error **err)
{
    bool running = m->state == MACHINE_RUNNING;

    machine_stop(m);
    virt_reset_devices(m);
    plug_reset(m);
    if (!load_guest(m, err)) {
        return false;
    }
    reset_cpus(m);
    m->state = MACHINE_PAUSED;
    if (running) {
        machine_start(m);
    }
    return true;
}

static void shut_down(struct machine *m)
{
    machine_stop(m);
    m->state = MACHINE_SHUTDOWN;
    if (!m->config->no_shutdown) {
        loop_stop(m->loop, 0);
    }
}

static void serve_requests(void *opaque)
{
    struct machine *m = opaque;
    struct error *err = NULL;

    unsigned requests = __atomic_exchange_n(&m->requests, 0,
                                            __ATOMIC_ACQ_REL);
    if (requests & MACHINE_REQUEST_EXIT) {
        shut_down(m);
        loop_stop(m->loop, m->exit_status);
    } else if ((requests & MACHINE_REQUEST_SHUTDOWN) || m->config->no_reboot) {
        shut_down(m);
    } else if (!machine_reset(m, &err)) {
        error_prepend(&err, "cannot reset the machine");
        error_report_free(err);
        loop_stop(m->loop, 1);
    }
}

void machine_request(struct machine *m, enum machine_request request)
{
    unsigned before = __atomic_fetch_or(&m->requests, (unsigned)request,
                                        __ATOMIC_ACQ_REL);

    if (!before) {
        loop_post(m->loop, serve_requests, m);
    }
}

void machine_exit(struct machine *m, int status)
{
    m->exit_status = status;
    machine_request(m, MACHINE_REQUEST_EXIT);
}

void machine_powerdown(struct machine *m)
{
    gpio_keys_press(m->power_key);
    if (m->ged) {
        ged_raise(m->ged, GED_POWER_BUTTON);
    }
}
