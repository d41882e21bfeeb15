/* The JSON reader. */
#include <stdlib.h>

#include "tests/fuzz/targets/input.h"
#include "util/json.h"

static void visit(const struct json *value)
{
    int64_t i;
    uint64_t u;

    json_string(value);
    json_int(value, &i);
    json_uint(value, &u);
    json_get(value, "a");
    for (const struct json *v = value->first; v; v = v->next) {
        visit(v);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error *err = NULL;
    struct json *value = json_parse((const char *)data, size, &err);

    if (!value != (err != NULL)) {
        abort(); /* a failure without a reason, or both */
    }
    if (value) {
        visit(value);
        json_free(value);
    }
    error_free(err);
    return 0;
}
