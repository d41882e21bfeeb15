#include "util/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory while describing an error: there is nobody left to tell. */
static void *checked(void *p)
{
    if (!p) {
        abort();
    }
    return p;
}

static char *format(const char *fmt, va_list ap)
{
    char *text;
    if (vasprintf(&text, fmt, ap) < 0) {
        abort();
    }
    return text;
}

/* "a" + "b", freeing both. */
static char *join(char *a, char *b)
{
    size_t length = strlen(a);
    a = checked(realloc(a, length + strlen(b) + 1));
    strcpy(a + length, b);
    free(b);
    return a;
}

void error_set(struct error **err, const char *fmt, ...)
{
    if (!err) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    *err = checked(malloc(sizeof(**err)));
    (*err)->message = format(fmt, ap);
    va_end(ap);
}

void error_set_errno(struct error **err, int errnum, const char *fmt, ...)
{
    if (!err) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    char *text = join(format(fmt, ap), checked(strdup(": ")));
    va_end(ap);
    char buffer[128];
    const char *reason = strerror_r(errnum, buffer, sizeof(buffer));
    *err = checked(malloc(sizeof(**err)));
    (*err)->message = join(text, checked(strdup(reason)));
}

void error_prepend(struct error **err, const char *fmt, ...)
{
    if (!err) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    char *context = join(format(fmt, ap), checked(strdup(": ")));
    va_end(ap);
    (*err)->message = join(context, (*err)->message);
}

void error_free(struct error *err)
{
    if (err) {
        free(err->message);
        free(err);
    }
}

static const char *program = "armature";

void error_set_program(const char *name)
{
    program = name;
}

/* One write, so that lines of several threads stay whole. */
static void report(const char *message)
{
    flockfile(stderr);
    fprintf(stderr, "%s: ", program);
    fputs(message, stderr);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void error_report_free(struct error *err)
{
    if (err) {
        report(err->message);
        error_free(err);
    }
}

void error_report(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *message = format(fmt, ap);
    va_end(ap);
    report(message);
    free(message);
}
