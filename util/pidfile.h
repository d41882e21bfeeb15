/* Who we are, for scripts: -pidfile. */
#ifndef UTIL_PIDFILE_H
#define UTIL_PIDFILE_H

#include <stdbool.h>

#include "util/error.h"

/* Create `path`, lock it while we live and write our process id into it. */
bool pidfile_create(const char *path, struct error **err);
void pidfile_remove(const char *path);

#endif
