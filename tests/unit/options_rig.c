#include "tests/unit/options_rig.h"

#include <stdio.h>
#include <string.h>

struct options options_rig;
static struct error *error;

void options_rig_teardown(void)
{
    options_free(&options_rig);
    error_free(error);
    error = NULL;
}

enum options_result options_rig_parse(const char *line)
{
    static char text[4096];
    static char *argv[120];
    int argc = 1;

    options_rig_teardown();
    snprintf(text, sizeof(text), "%s", line);
    argv[0] = "armature";
    for (char *p = strtok(text, " "); p; p = strtok(NULL, " ")) {
        for (char *q = p; *q; q++) {
            *q = *q == '~' ? ' ' : *q;
        }
        argv[argc++] = p;
    }
    argv[argc] = NULL;
    return options_parse(&options_rig, argc, argv, &error);
}

struct machine_config *options_rig_good(const char *line)
{
    enum options_result result = options_rig_parse(line);

    ck_assert_msg(result == OPTIONS_RUN, "%s: %s", line,
                  error ? error->message : "did not run");
    return &options_rig.machine;
}

const char *options_rig_mistake(const char *line)
{
    ck_assert_msg(options_rig_parse(line) == OPTIONS_ERROR, "%s: accepted",
                  line);
    return error->message;
}
