/*
 * -object: what other options refer to by id.  Sources of random numbers,
 * memory for -machine memory-backend=, packet dumps (options_net.c), and
 * what is accepted because it changes nothing here.
 */
#include "ui/options_parse.h"

#include <stdio.h>
#include <string.h>

#include "block/secret.h"
#include "util/bits.h"

/* Read the properties into `object`; id and type are there. */
typedef bool read_object(struct keyval *kv, struct parse_object *object,
                         struct error **err);

static bool read_rng_random(struct keyval *kv, struct parse_object *object,
                            struct error **err)
{
    const char *file = keyval_get(kv, "filename");

    (void)err;
    object->filename = file ? file : "/dev/urandom";
    return true;
}

static bool read_rng_builtin(struct keyval *kv, struct parse_object *object,
                             struct error **err)
{
    (void)kv;
    (void)object;
    (void)err;
    return true;
}

static void allow(struct keyval *kv, const char *const *names)
{
    for (; *names; names++) {
        keyval_get(kv, *names);
    }
}

/* How the host keeps it makes no difference to the guest. */
static bool read_memory(struct keyval *kv, struct parse_object *object,
                        struct error **err)
{
    static const char *const ignored[] = {
        "merge", "dump", "prealloc", "prealloc-threads", "prealloc-context",
        "host-nodes", "policy", "reserve", "hugetlb", "hugetlbsize", "seal",
        "x-use-canonical-path-for-ramblock-id", NULL};

    allow(kv, ignored);
    if (!keyval_size(kv, "size", 1, &object->size, err) ||
        !keyval_bool(kv, "share", &object->shared, err)) {
        return false;
    }
    if (!object->size) {
        error_set(err, "needs size=SIZE");
    }
    return object->size;
}

static bool read_memory_file(struct keyval *kv, struct parse_object *object,
                             struct error **err)
{
    static const char *const ignored[] = {"align", "discard-data", NULL};

    allow(kv, ignored);
    object->filename = keyval_get(kv, "mem-path");
    if (!object->filename) {
        error_set(err, "needs mem-path=FILE");
        return false;
    }
    return read_memory(kv, object, err);
}

/* The drives' business: options_read_block() hands them over. */
static bool read_secret(struct keyval *kv, struct parse_object *object,
                        struct error **err)
{
    return secrets_add(object->secrets, kv, err);
}

static bool read_iothread(struct keyval *kv, struct parse_object *object,
                          struct error **err)
{
    static const char *const ignored[] = {
        "poll-max-ns", "poll-grow", "poll-shrink", "aio-max-batch",
        "thread-pool-min", "thread-pool-max", NULL};

    (void)object;
    (void)err;
    allow(kv, ignored);
    return true;
}

static const struct {
    const char *name;
    enum parse_object_kind kind;
    const char *help;
    read_object *read; /* NULL: not there yet */
} types[] = {
    {"filter-dump", OBJECT_OTHER, "packets of a -netdev into a file", NULL},
    {"iothread", OBJECT_OTHER, "accepted: disks have threads of their own",
     read_iothread},
    {"memory-backend-file", OBJECT_MEMORY, "guest memory in a file",
     read_memory_file},
    {"memory-backend-memfd", OBJECT_MEMORY, "guest memory", read_memory},
    {"memory-backend-ram", OBJECT_MEMORY, "guest memory", read_memory},
    {"rng-builtin", OBJECT_RNG, "random numbers of the host's kernel",
     read_rng_builtin},
    {"rng-random", OBJECT_RNG, "random numbers from a file",
     read_rng_random},
    {"secret", OBJECT_OTHER, "a password, for encrypted disk images",
     read_secret},
};

static void types_print(void)
{
    printf("List of user creatable objects:\n");
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        printf("  %-22s %s\n", types[i].name, types[i].help);
    }
}

static const struct parse_object *find(const struct parse *p, const char *id)
{
    for (unsigned i = 0; i < p->object_count; i++) {
        if (strcmp(p->objects[i].id, id) == 0) {
            return &p->objects[i];
        }
    }
    return NULL;
}

static bool add_object(struct parse *p, struct keyval *kv, const char *type,
                       struct error **err)
{
    struct parse_object object = {.id = keyval_get(kv, "id"),
                                  .secrets = options_secrets(p)};
    size_t i = 0;

    while (i < ARRAY_SIZE(types) && strcmp(types[i].name, type) != 0) {
        i++;
    }
    if (i == ARRAY_SIZE(types)) {
        error_set(err, "'%s' is not supported yet ('-object help' lists what "
                       "is)", type);
        return false;
    }
    if (!types[i].read) {
        return options_add_net_dump(p, kv, err);
    }
    object.kind = types[i].kind;
    if (!object.id) {
        error_set(err, "Parameter 'id' is missing");
        return false;
    }
    if (find(p, object.id) || p->object_count == PARSE_MAX_LIST) {
        error_set(err, find(p, object.id)
                           ? "the id '%s' is used twice"
                           : "id=%s: there are too many objects", object.id);
        return false;
    }
    if (!types[i].read(kv, &object, err) || !keyval_check(kv, err)) {
        return false;
    }
    p->objects[p->object_count++] = object;
    return true;
}

bool option_object(struct parse *p, const char *text, struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, "qom-type", err);
    const char *type = kv ? keyval_get(kv, "qom-type") : NULL;

    if (kv && keyval_help(kv)) {
        types_print();
        p->done = true;
        return true;
    }
    if (kv && !type) {
        error_set(err, "Parameter 'qom-type' is missing");
    }
    if (!kv || !type || !add_object(p, kv, type, err)) {
        error_prepend(err, "-object %s", text);
        return false;
    }
    return true;
}

struct secrets *options_secrets(struct parse *p)
{
    struct machine_config *machine = &p->out->machine;

    if (!machine->secrets) {
        machine->secrets = secrets_new();
    }
    return machine->secrets;
}

bool options_find_rng(struct parse *p, const char *id, const char **filename,
                      struct error **err)
{
    const struct parse_object *object = find(p, id);

    if (!object || object->kind != OBJECT_RNG) {
        error_set(err, "rng=%s: there is no -object rng-random or "
                       "rng-builtin with this id", id);
        return false;
    }
    *filename = object->filename;
    return true;
}

/* -machine memory-backend=ID: as large as -m says, or -m is as large. */
bool options_finish_objects(struct parse *p, struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    const char *id = keyval_get(p->machine, "memory-backend");
    const struct parse_object *object = id ? find(p, id) : NULL;

    if (!id) {
        return true;
    }
    if (!object || object->kind != OBJECT_MEMORY) {
        error_set(err, "-machine memory-backend=%s: Memory backend '%s' not "
                       "found", id, id);
        return false;
    }
    if (p->memory && object->size != machine->ram_size) {
        error_set(err, "-machine memory-backend=%s: Machine memory size does "
                       "not match the size of the memory backend", id);
        return false;
    }
    if (object->size % 4096) {
        error_set(err, "-machine memory-backend=%s: size=%llu is no multiple "
                       "of 4K", id, (unsigned long long)object->size);
        return false;
    }
    machine->ram_size = object->size;
    machine->ram_path = object->filename;
    machine->ram_shared = object->shared;
    return true;
}
