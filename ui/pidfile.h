/* -pidfile: who we are, for scripts. */
#ifndef UI_PIDFILE_H
#define UI_PIDFILE_H

#include <stdbool.h>

#include "util/error.h"

/* Create `path`, lock it while we live and write our process id into it. */
bool pidfile_create(const char *path, struct error **err);
void pidfile_remove(const char *path);

#endif
