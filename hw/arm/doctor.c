/*
 * The doctor: looks at a machine a few times in a row and says what it does.
 * What can be told before the start is boot_checks.c's.
 */
#include "hw/arm/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cpu/cpu.h"
#include "hw/arm/machine.h"
#include "util/clock.h"
#include "util/log.h"

#define LOOKS 6
#define BETWEEN_LOOKS_NS (2 * NS_PER_SEC / 1000)

static void look(struct machine *m)
{
    static const struct timespec pause = {0, BETWEEN_LOOKS_NS};

    for (unsigned n = 0; n < LOOKS; n++) {
        machine_stop(m);
        cpu_system_sample(m->cpus);
        machine_start(m);
        nanosleep(&pause, NULL);
    }
}

char *doctor_explain(struct machine *m)
{
    bool was_running = m->state == MACHINE_RUNNING;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (!f) {
        return NULL;
    }
    if (was_running) {
        look(m);
        machine_stop(m);
    } else {
        fprintf(f, "The machine is stopped.\n");
    }
    cpu_system_explain(m->cpus, f);
    if (was_running) {
        machine_start(m);
    }
    log_print_recent(f, "The guest: ");
    fclose(f);
    return text;
}
