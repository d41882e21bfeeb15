/*
 * A command line as drivers write it, and what ui/options makes of it.
 *
 * There is one; the next line frees what came of the last, the fixture what
 * came of a test's last.
 */
#ifndef TESTS_UNIT_OPTIONS_RIG_H
#define TESTS_UNIT_OPTIONS_RIG_H

#include <check.h>
#include <string.h>

#include "ui/options.h"

/* What came of the last line. */
extern struct options options_rig;

/* Fixture. */
void options_rig_teardown(void);

/* Split at blanks; "~" stands for a blank inside an argument. */
enum options_result options_rig_parse(const char *line);

/* It must be a machine to run. */
struct machine_config *options_rig_good(const char *line);

/* It must be a mistake; what is said of it. */
const char *options_rig_mistake(const char *line);

static inline struct machine_config *good(const char *line)
{
    return options_rig_good(line);
}

static inline void bad(const char *line, const char *message)
{
    const char *said = options_rig_mistake(line);

    ck_assert_msg(strcmp(said, message) == 0, "%s: said '%s', not '%s'", line,
                  said, message);
}

/* `part` is somewhere in the message. */
static inline void bad_part(const char *line, const char *part)
{
    const char *said = options_rig_mistake(line);

    ck_assert_msg(strstr(said, part) != NULL, "%s: said '%s', not '%s'", line,
                  said, part);
}

#endif
