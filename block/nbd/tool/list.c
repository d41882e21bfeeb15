/* armature-nbd -L: what another server has, in qemu-nbd's words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block/nbd/handshake.h"
#include "block/nbd/tool/tool.h"
#include "util/bits.h"
#include "util/clock.h"

#define PATIENCE (30 * NS_PER_SEC)
#define MAX_EXPORTS 65536
#define MAX_CONTEXTS 64

struct entry {
    char *name, *description;
};

struct listing {
    struct nbd_wire wire;
    struct nbd_handshake h;
    struct nbd_export export;
    struct entry *entries;
    unsigned count;
    char *contexts[MAX_CONTEXTS];
    unsigned context_count;
};

static const char *const flag_names[] = {
    NULL, "readonly", "flush", "fua", "rotational", "trim", "zeroes", "df",
    "multi", "resize", "cache", "fast-zero",
};

static char *copy(const uint8_t *from, size_t length)
{
    char *text = strndup((const char *)from, length);

    if (!text) {
        abort();
    }
    return text;
}

static bool ask_names(struct listing *l, struct error **err)
{
    if (!nbd_option_send(&l->h, NBD_OPT_LIST, NULL, 0, err) ||
        !nbd_option_reply(&l->h, err)) {
        return false;
    }
    while (l->h.type == NBD_REP_SERVER && l->count < MAX_EXPORTS) {
        uint32_t name = l->h.length >= 4 ? get32(l->h.data) : 0;
        if (l->h.length < 4 || name > l->h.length - 4 ||
            name > NBD_MAX_NAME) {
            error_set(err, "the server's list makes no sense");
            return false;
        }
        l->entries = realloc(l->entries, (l->count + 1) * sizeof(*l->entries));
        l->entries[l->count++] = (struct entry){
            copy(l->h.data + 4, name),
            copy(l->h.data + 4 + name, l->h.length - 4 - name),
        };
        if (!nbd_option_reply(&l->h, err)) {
            return false;
        }
    }
    if (l->h.type != NBD_REP_ACK) {
        nbd_option_error(&l->h, "the list of exports", err);
    }
    return l->h.type == NBD_REP_ACK;
}

static void forget_contexts(struct listing *l)
{
    while (l->context_count) {
        free(l->contexts[--l->context_count]);
    }
}

static bool ask_contexts(struct listing *l, const char *name,
                         struct error **err)
{
    forget_contexts(l);
    if (!l->export.structured) {
        return true;
    }
    if (!nbd_send_contexts(&l->h, NBD_OPT_LIST_META_CONTEXT, name, NULL,
                           err) ||
        !nbd_option_reply(&l->h, err)) {
        return false;
    }
    while (l->h.type == NBD_REP_META_CONTEXT && l->h.length > 4 &&
           l->context_count < MAX_CONTEXTS) {
        l->contexts[l->context_count++] =
            copy(l->h.data + 4, l->h.length - 4);
        if (!nbd_option_reply(&l->h, err)) {
            return false;
        }
    }
    if (l->h.type != NBD_REP_ACK && !nbd_option_refused(&l->h)) {
        error_set(err, "the server's list of contexts makes no sense");
        return false;
    }
    return true;
}

static void print_flags(unsigned flags)
{
    printf("  flags: 0x%x (", flags);
    for (unsigned i = 0; i < ARRAY_SIZE(flag_names); i++) {
        if (flags & (1u << i) && flag_names[i]) {
            printf(" %s", flag_names[i]);
        }
    }
    puts(" )");
}

static void print(struct listing *l, struct entry *e, bool known)
{
    const struct nbd_export *x = &l->export;

    printf(" export: '%s'\n", nbd_printable(e->name));
    if (*e->description) {
        printf("  description: %s\n", nbd_printable(e->description));
    }
    if (!known) {
        return;
    }
    printf("  size:  %llu\n", (unsigned long long)x->size);
    print_flags(x->flags);
    if (l->h.has_block_size) {
        printf("  min block: %u\n  opt block: %u\n  max block: %u\n",
               x->min_block, x->preferred_block, x->max_block);
    }
    if (l->context_count) {
        printf("  available meta contexts: %u\n", l->context_count);
        for (unsigned i = 0; i < l->context_count; i++) {
            printf("   %s\n", nbd_printable(l->contexts[i]));
        }
    }
}

static bool list(struct listing *l, struct error **err)
{
    if (!nbd_greet(&l->h, &l->wire, err)) {
        return false;
    }
    if (!l->h.fixed) {
        error_set(err, "the server speaks a protocol without a list");
        return false;
    }
    if (!nbd_ask_structured(&l->h, &l->export, err) || !ask_names(l, err)) {
        return false;
    }
    printf("exports available: %u\n", l->count);
    for (unsigned i = 0; i < l->count; i++) {
        struct entry *e = &l->entries[i];
        bool missing = true;
        struct error *why = NULL;
        l->h.has_block_size = false;
        bool known = nbd_ask_export(&l->h, NBD_OPT_INFO, e->name, &l->export,
                                    &missing, &why) && !missing;
        bool refused = why && nbd_option_refused(&l->h);
        if (why && !refused) {
            error_free(*err);
            *err = why;
            return false;
        }
        error_free(why);
        if (known && !ask_contexts(l, e->name, err)) {
            return false;
        }
        print(l, e, known);
    }
    nbd_option_send(&l->h, NBD_OPT_ABORT, NULL, 0, NULL);
    return true;
}

int tool_list(const struct tool_options *o)
{
    struct listing *l = calloc(1, sizeof(*l));
    struct error *err = NULL;
    int fd = l ? socket_connect_soon(&o->address, &err) : -1;
    bool good = false;

    if (!l) {
        return tool_fail("no memory");
    }
    if (fd >= 0) {
        wire_start(&l->wire, fd);
        l->wire.deadline = clock_monotonic_ns() + PATIENCE;
        good = list(l, &err);
        close(fd);
    }
    for (unsigned i = 0; i < l->count; i++) {
        free(l->entries[i].name);
        free(l->entries[i].description);
    }
    forget_contexts(l);
    free(l->entries);
    free(l);
    return good ? 0 : tool_fail_error(err);
}
