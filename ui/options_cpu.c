/* Which processor: -cpu. */
#include "ui/options_parse.h"

#include <stdio.h>
#include <string.h>

#include "cpu/arm/models.h"
#include "util/bits.h"
#include "util/nearest.h"

bool option_cpu(struct parse *p, const char *text, struct error **err)
{
    size_t count;
    const struct cpu_model_info *models = cpu_models(&count);

    (void)err;
    if (strcmp(text, "help") != 0 && strcmp(text, "?") != 0) {
        p->cpu = text;
        return true;
    }
    printf("Available CPUs:\n");
    for (size_t i = 0; i < count; i++) {
        printf("  %-16s %s\n", models[i].name, models[i].description);
    }
    p->done = true;
    return true;
}

/* Models of QEMU's board that exist but not here. */
static bool cpu_is_known(const char *name)
{
    static const char *const known[] = {
        "cortex-a7", "cortex-a15",
    };

    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (strcmp(known[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void cpu_unknown(const char *name, const struct cpu_model_info *models,
                        size_t count, struct error **err)
{
    const char *near =
        nearest_in_table(name, &models[0].name, count, sizeof(models[0]));

    if (strcmp(name, "host") == 0) {
        error_set(err, "-cpu host: needs KVM and an Arm host; use -cpu max");
    } else if (cpu_is_known(name)) {
        error_set(err, "-cpu %s: not supported yet "
                       "('-cpu help' lists the models)", name);
    } else if (near) {
        error_set(err, "-cpu %s: no such model; did you mean '%s'?", name,
                  near);
    } else {
        error_set(err, "-cpu %s: no such model ('-cpu help' lists them)",
                  name);
    }
}

bool options_finish_cpu(struct parse *p, struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    size_t count;
    const struct cpu_model_info *models = cpu_models(&count);

    if (!p->cpu) {
        return true;
    }
    size_t length = strcspn(p->cpu, ",");
    for (size_t i = 0; i < count; i++) {
        if (strlen(models[i].name) == length &&
            strncmp(models[i].name, p->cpu, length) == 0) {
            machine->cpu = models[i].name;
            if (p->cpu[length]) { /* the user's come later, and win */
                const char *props = machine->cpu_props;
                machine->cpu_props =
                    parse_format(p, "%s%s%s", props ? props : "",
                                 props ? "," : "", p->cpu + length + 1);
            }
            return true;
        }
    }
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)length, p->cpu);
    cpu_unknown(name, models, count, err);
    return false;
}
