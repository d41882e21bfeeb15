/*
 * Names of thunks, for code that outlives the process: see backend.h.
 *
 * What is at the head of the code cache from the start is named by its
 * number, a slow path by its key, which says all about it, and what calls C by
 * where the function or its helper lies in the program.
 */
#include <string.h>

#include "cpu/ir/interp.h"
#include "cpu/jit/x64/x64.h"

/* The program, as the linker calls it.  Hidden, or any library that happens
 * to have such names is linked for them. */
__attribute__((visibility("hidden"))) extern const char
    __executable_start[], _end[];

/* ORDER: numbers of fixed thunks; slow paths by description from here on. */
#define FIXED_SLOW 7

static const uint8_t *fixed(const struct backend *b, uint64_t n)
{
    const uint8_t *const first[FIXED_SLOW] = {
        b->relookup, b->edge, b->indirect_miss, b->exit_loop,
        b->slow_atomic[0], b->other_return, b->marked_return,
    };

    return n < FIXED_SLOW                 ? first[n]
         : n - FIXED_SLOW < SLOW_THUNKS ? b->slow[0][n - FIXED_SLOW]
                                          : NULL;
}

static uint64_t key_to_value(const struct keyed_thunk *h)
{
    switch (h->kind) {
    case THUNK_SLOW:
    case THUNK_FILL:
        return h->key;
    case THUNK_EXACT: /* thunk_exact(): one more than the function */
        return h->key - 1 - (uintptr_t)__executable_start;
    default:
        return h->key - (uintptr_t)__executable_start;
    }
}

bool backend_thunk_name(struct backend *b, const uint8_t *rx,
                        struct thunk_name *name)
{
    for (uint64_t n = 0; n < FIXED_SLOW + SLOW_THUNKS; n++) {
        if (fixed(b, n) == rx) {
            *name = (struct thunk_name){ n, THUNK_FIXED, 0 };
            return true;
        }
    }
    for (unsigned n = 0; n < KEYED_THUNKS; n++) {
        const struct keyed_thunk *h = &b->keyed[n];

        if (atomic_load_explicit(&h->key, memory_order_acquire) &&
            h->code == rx) {
            *name = (struct thunk_name){ key_to_value(h), h->kind, h->flags };
            return true;
        }
    }
    return false;
}

static const uint8_t *slow(struct backend_thread *t, uint64_t key)
{
    struct slow_path s;
    struct ir_insn in;

    return slow_of_key(&s, &in, key) ? thunk_slow(t, &s) : NULL;
}

/* What perf and the counters call a function on vectors. */
static const char *called(const void *fn)
{
    for (unsigned op = 0; op < IR_OPCODES; op++) {
        if ((const void *)(uintptr_t)ir_vec_ops[op] == fn) {
            return ir_op_info[op].name;
        }
    }
    return "vector";
}

const uint8_t *backend_thunk(struct backend_thread *t,
                             const struct thunk_name *name)
{
    if (name->kind == THUNK_FIXED) {
        return fixed(t->b, name->value);
    }
    if (name->kind == THUNK_SLOW) {
        return slow(t, name->value);
    }
    if (name->kind == THUNK_FILL) {
        return thunk_fill_of_key(t->b, name->value);
    }
    if (name->value >= (uint64_t)(_end - __executable_start)) {
        return NULL;
    }
    const char *at = __executable_start + name->value;
    switch (name->kind) {
    case THUNK_HELPER:
        return thunk_helper(t->b, (const struct ir_helper *)(const void *)at);
    case THUNK_VECTOR:
        return thunk_vector(t->b, at, name->flags, called(at));
    case THUNK_EXACT:
        return thunk_exact(t->b, at, called(at));
    default:
        return NULL;
    }
}

void backend_identity(const struct backend *b, char out[BACKEND_IDENTITY])
{
    const bool *feature = (const bool *)&b->host;
    char *p = out + strlen(strcpy(out, "x86-64,"));

    _Static_assert(sizeof(b->host) + 32 < BACKEND_IDENTITY, "a letter each");
    for (size_t n = 0; n < sizeof(b->host) / sizeof(*feature); n++) {
        *p++ = feature[n] ? '1' : '0';
    }
    strcpy(p, b->parallel ? ",parallel" : "");
}
