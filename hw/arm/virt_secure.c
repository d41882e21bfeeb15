/*
 * What only Secure software sees of the "virt" board (secure=on): memory, a
 * UART, and a GPIO port by which it powers off and resets.  Their nodes in
 * the device tree are disabled but for it (Linux bindings
 * arm/secure.txt).
 */
#include <stdio.h>

#include "hw/arm/virt.h"
#include "hw/char/pl011.h"
#include "hw/core/fdt.h"
#include "hw/gpio/pl061.h"
#include "hw/intc/gic.h"

enum { POWER_OFF_LINE, RESTART_LINE };

struct node_path {
    char text[40];
};

static struct node_path node_path(const char *name, enum virt_region region)
{
    struct node_path path;

    snprintf(path.text, sizeof(path.text), "/%s@%llx", name,
             (unsigned long long)virt_map[region].base);
    return path;
}

static void mark_secure(struct fdt_builder *fdt, const char *path)
{
    fdt_prop_string(fdt, path, "status", "disabled");
    fdt_prop_string(fdt, path, "secure-status", "okay");
}

bool virt_create_secure_memory(struct machine *m, struct error **err)
{
    const struct virt_range *range = &virt_map[VIRT_SECURE_RAM];

    if (!m->config->secure) {
        return true;
    }
    m->secure_ram = ram_new("secure-ram", range->size, err);
    if (!m->secure_ram) {
        return false;
    }
    bus_map_ram(bus_secure(m->bus), range->base, m->secure_ram);
    return true;
}

static void write_memory_node(struct machine *m)
{
    struct node_path path = node_path("secram", VIRT_SECURE_RAM);

    fdt_node(m->fdt, path.text);
    fdt_prop_string(m->fdt, path.text, "device_type", "memory");
    fdt_prop_reg(m->fdt, path.text, virt_map[VIRT_SECURE_RAM].base,
                 virt_map[VIRT_SECURE_RAM].size);
    mark_secure(m->fdt, path.text);
}

void virt_create_secure_uart(struct machine *m)
{
    const struct virt_range *range = &virt_map[VIRT_UART1];
    struct node_path path = node_path("pl011", VIRT_UART1);

    if (!m->config->secure) {
        return;
    }
    write_memory_node(m);
    m->uarts[1] = pl011_create(bus_secure(m->bus), range->base,
                               gic_spi(m->gic, range->spi),
                               m->ports->serials[1]);
    pl011_fdt(m->uarts[1], m->fdt, range->spi);
    mark_secure(m->fdt, path.text);
    fdt_node(m->fdt, "/secure-chosen");
    fdt_prop_string(m->fdt, "/secure-chosen", "stdout-path", path.text);
}

static void on_power_line(void *opaque, unsigned line, bool level)
{
    if (level) {
        machine_request(opaque, line == RESTART_LINE
                                    ? MACHINE_REQUEST_RESET
                                    : MACHINE_REQUEST_SHUTDOWN);
    }
}

static void create_power_line(struct machine *m, const char *name,
                              uint32_t gpio, unsigned line)
{
    char path[32];

    pl061_connect_output(m->secure_gpio, line,
                         (struct irq){on_power_line, m, line});
    snprintf(path, sizeof(path), "/%s", name);
    fdt_node(m->fdt, path);
    fdt_prop_string(m->fdt, path, "compatible", name);
    fdt_prop_cells(m->fdt, path, "gpios", gpio, line, 0);
    mark_secure(m->fdt, path);
}

void virt_create_secure_gpio(struct machine *m)
{
    const struct virt_range *range = &virt_map[VIRT_SECURE_GPIO];
    struct node_path path = node_path("pl061", VIRT_SECURE_GPIO);

    if (!m->config->secure || m->config->no_secure_gpio) {
        return;
    }
    m->secure_gpio = pl061_create(bus_secure(m->bus), range->base,
                                  gic_spi(m->gic, range->spi));
    uint32_t phandle = pl061_fdt(m->secure_gpio, m->fdt, range->spi);
    mark_secure(m->fdt, path.text);
    create_power_line(m, "gpio-poweroff", phandle, POWER_OFF_LINE);
    create_power_line(m, "gpio-restart", phandle, RESTART_LINE);
}
