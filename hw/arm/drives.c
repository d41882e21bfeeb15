/*
 * The disk images of the machine: opened before the devices that use them,
 * closed after.  A flash bank opens its own.
 */
#include "hw/arm/plug.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Stops the machine, as werror=stop asks for. */
static void pause_machine(void *opaque)
{
    struct machine *m = opaque;

    if (m->state == MACHINE_RUNNING) {
        error_report("the machine is stopped for an error of a disk: %s; "
                     "'cont' in the monitor tries again",
                     strerror(m->disk_error));
        machine_stop(m);
    }
}

static void on_stop(void *opaque, int error) /* [any] */
{
    struct machine *m = opaque;

    __atomic_store_n(&m->disk_error, error, __ATOMIC_RELAXED);
    loop_post(m->loop, pause_machine, m);
}

static bool is_flash(const struct machine *m, const struct drive_config *d)
{
    for (unsigned i = 0; i < MACHINE_FLASH_BANKS; i++) {
        if (m->config->pflash[i] == &d->block) {
            return true;
        }
    }
    return false;
}

bool drives_open(struct machine *m, struct error **err)
{
    unsigned count = m->config->drive_count;

    m->drives = calloc(count + 1, sizeof(struct block_backend *));
    assert(m->drives);
    for (unsigned i = 0; i < count; i++) {
        const struct drive_config *d = &m->config->drives[i];
        struct block_config config = d->block;
        if (d->layer || !config.file || is_flash(m, d)) {
            continue;
        }
        config.stop = on_stop;
        config.opaque = m;
        m->drives[i] = block_open(&config, m->loop, err);
        if (!m->drives[i]) {
            error_prepend(err, "%s", d->text);
            return false;
        }
    }
    return true;
}

struct block_backend *drives_find(const struct machine *m,
                                  const struct drive_config *config)
{
    return m->drives[config - m->config->drives];
}

void drives_resume(struct machine *m)
{
    for (unsigned i = 0; m->drives && i < m->config->drive_count; i++) {
        if (m->drives[i]) {
            block_resume(m->drives[i]);
        }
    }
}

void drives_close(struct machine *m)
{
    for (unsigned i = 0; m->drives && i < m->config->drive_count; i++) {
        block_close(m->drives[i]);
    }
    loop_unpost(m->loop, m);
    free(m->drives);
    m->drives = NULL;
}
