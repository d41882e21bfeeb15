/*
 * Expressions of the monitor: numbers in C's notations, 'c', $registers of
 * the chosen processor, unary + - ~, * / %, + -, & | ^, parentheses; 64 bits
 * that wrap.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "ui/monitor_internal.h"

#define MAX_DEPTH 64

struct reader {
    struct monitor *m;
    const char *at;
    unsigned depth;
    struct error **err;
};

static bool read_logic(struct reader *r, uint64_t *value);

static char next(struct reader *r)
{
    r->at += strspn(r->at, " \t");
    return *r->at;
}

static bool read_register(struct reader *r, uint64_t *value)
{
    char name[16];
    size_t n = 0;

    for (r->at++; isalnum((unsigned char)*r->at) || *r->at == '_'; r->at++) {
        if (n + 1 < sizeof(name)) {
            name[n++] = *r->at;
        }
    }
    name[n] = '\0';
    bool good = false;
    if (r->m->env->machine) {
        bool running = monitor_hold(r->m);
        good = cpu_get_register(r->m->env->machine->cpus, r->m->cpu, name,
                                value);
        monitor_release(r->m, running);
    }
    if (!good) {
        error_set(r->err, "unknown register '$%s'", name);
    }
    return good;
}

static bool read_number(struct reader *r, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(r->at, &end, 0);
    if (end == r->at || errno || isalnum((unsigned char)*end)) {
        error_set(r->err, *r->at ? "invalid expression at '%s'"
                                 : "unexpected end of expression%s", r->at);
        return false;
    }
    r->at = end;
    return true;
}

static bool read_unary(struct reader *r, uint64_t *value)
{
    char c = next(r);
    bool good = true;

    if (++r->depth > MAX_DEPTH) {
        error_set(r->err, "the expression is nested too deeply");
        return false;
    }
    if (c == '+' || c == '-' || c == '~') {
        r->at++;
        good = read_unary(r, value);
        *value = c == '-' ? -*value : c == '~' ? ~*value : *value;
    } else if (c == '(') {
        r->at++;
        good = read_logic(r, value);
        if (good && next(r) != ')') {
            error_set(r->err, "')' expected");
            good = false;
        }
        r->at += good;
    } else if (c == '\'' && r->at[1] && r->at[2] == '\'') {
        *value = (uint8_t)r->at[1];
        r->at += 3;
    } else if (c == '$') {
        good = read_register(r, value);
    } else {
        good = isdigit((unsigned char)c) && read_number(r, value);
        if (!good && !isdigit((unsigned char)c)) {
            error_set(r->err, c ? "invalid expression at '%s'"
                                : "unexpected end of expression%s", r->at);
        }
    }
    r->depth--;
    return good;
}

static bool read_product(struct reader *r, uint64_t *value)
{
    uint64_t other;

    if (!read_unary(r, value)) {
        return false;
    }
    for (char op; (op = next(r)) && strchr("*/%", op);) {
        r->at++;
        if (!read_unary(r, &other)) {
            return false;
        }
        if (op != '*' && other == 0) {
            error_set(r->err, "division by zero");
            return false;
        }
        *value = op == '*' ? *value * other
               : op == '/' ? *value / other : *value % other;
    }
    return true;
}

static bool read_sum(struct reader *r, uint64_t *value)
{
    uint64_t other;

    if (!read_product(r, value)) {
        return false;
    }
    for (char op; (op = next(r)) && strchr("+-", op);) {
        r->at++;
        if (!read_product(r, &other)) {
            return false;
        }
        *value = op == '+' ? *value + other : *value - other;
    }
    return true;
}

static bool read_logic(struct reader *r, uint64_t *value)
{
    uint64_t other;

    if (!read_sum(r, value)) {
        return false;
    }
    for (char op; (op = next(r)) && strchr("&|^", op);) {
        r->at++;
        if (!read_sum(r, &other)) {
            return false;
        }
        *value = op == '&' ? *value & other
               : op == '|' ? *value | other : *value ^ other;
    }
    return true;
}

bool monitor_expr(struct monitor *m, const char *text, uint64_t *value,
                  struct error **err)
{
    struct reader r = {.m = m, .at = text, .err = err};

    if (!read_logic(&r, value)) {
        return false;
    }
    if (next(&r)) {
        error_set(err, "invalid expression at '%s'", r.at);
        return false;
    }
    return true;
}
