/*
 * Errors as values.
 *
 * A function that can fail for a reason outside the program returns
 * false, NULL or -1 and describes the reason through a last parameter
 * `struct error **err` (which may be NULL when the caller does not care).
 * The sentence says what was asked, what was found and what to do; it has
 * no trailing full stop and no newline.  Callers either handle the error,
 * pass it on, or prefix it with their own context.  Thread-safe: no state
 * but the program's name.
 */
#ifndef UTIL_ERROR_H
#define UTIL_ERROR_H

#include <stdbool.h>

struct error {
    char *message;
};

/* Fill *err (if err is not NULL) with a formatted sentence. */
void error_set(struct error **err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* As error_set, with ": " and the text of `errnum` appended. */
void error_set_errno(struct error **err, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "context: " before the message of *err, which must be set. */
void error_prepend(struct error **err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void error_free(struct error *err);

/* The PROGRAM of the lines below, "armature" unless main() says another one
 * before it makes threads; `name` is kept. */
void error_set_program(const char *name);

/* Print "PROGRAM: MESSAGE\n" on stderr and free the error. */
void error_report_free(struct error *err);

/* Print one "PROGRAM: ..." line on stderr; for warnings write
 * "warning: " at the start of fmt. */
void error_report(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
