/* Option strings, in both forms: "a,b=c" and JSON. */
#include <stdlib.h>

#include "tests/fuzz/targets/input.h"
#include "util/keyval.h"

static void read_all(struct keyval *kv)
{
    static const char *const names[] = {"on", "off", "auto", NULL};
    const char *key, *value;
    struct error *err = NULL;
    uint64_t number;
    unsigned index;
    size_t position = 0;
    bool truth;

    keyval_help(kv);
    for (size_t n = 0; keyval_pair(kv, n, &key, &value); n++) {
        keyval_get(kv, key);
        keyval_bool(kv, key, &truth, NULL);
        keyval_uint(kv, key, UINT32_MAX, &number, NULL);
        keyval_size(kv, key, 1 << 20, &number, NULL);
        keyval_enum(kv, key, names, &index, NULL);
        parse_bool(value, &truth);
    }
    while (keyval_each(kv, "a", &position)) {
        ;
    }
    keyval_allow_prefix(kv, "x");
    keyval_check(kv, &err);
    error_free(err);
}

/* First byte: with an implied key, and merged with itself, or not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, data + size};
    unsigned how = in_u8(&in);
    size_t length = in_left(&in);
    char *text = malloc(length + 1);
    struct error *err = NULL;

    memcpy(text, in.at, length);
    text[length] = '\0';
    struct keyval *kv = keyval_parse(text, how & 1 ? "implied" : NULL, &err);
    if (!kv != (err != NULL)) {
        abort(); /* a failure without a reason, or both */
    }
    if (kv) {
        if (how & 2) {
            struct keyval *all = keyval_new();
            keyval_merge(all, kv);
            keyval_merge(all, kv);
            read_all(all);
            keyval_free(all);
        }
        keyval_check(kv, &err);
        read_all(kv);
        keyval_free(kv);
    }
    error_free(err);
    free(text);
    return 0;
}
