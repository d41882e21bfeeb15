#include "cpu/jit/perfmap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct perfmap {
    FILE *file;      /* stdio's lock keeps lines whole */
    struct symbols *symbols;
};

struct perfmap *perfmap_new(struct error **err)
{
    struct perfmap *p = calloc(1, sizeof(*p));
    char path[64];

    if (!p) {
        error_set(err, "out of memory");
        return NULL;
    }
    snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
    p->file = fopen(path, "we");
    if (!p->file) {
        error_set_errno(err, errno, "-perfmap: cannot write %s", path);
        free(p);
        return NULL;
    }
    /* Whole lines, also for those who kill us. */
    setvbuf(p->file, NULL, _IOLBF, 1024);
    return p;
}

void perfmap_free(struct perfmap *p)
{
    if (p) {
        fclose(p->file);
        symbols_free(p->symbols);
        free(p);
    }
}

void perfmap_set_symbols(struct perfmap *p, struct symbols *symbols)
{
    symbols_free(p->symbols);
    p->symbols = symbols;
}

void perfmap_thunk(struct perfmap *p, const void *code, size_t size,
                   const char *name)
{
    fprintf(p->file, "%" PRIxPTR " %zx thunk:%s\n", (uintptr_t)code, size,
            name);
}

void perfmap_unit(struct perfmap *p, const void *code, size_t size,
                  uint64_t pc, uint64_t pa)
{
    uint64_t offset = 0;
    const char *name = p->symbols ? symbols_find(p->symbols, pa, &offset)
                                  : NULL;

    if (name) {
        fprintf(p->file, "%" PRIxPTR " %zx guest:%s+%#" PRIx64 "\n",
                (uintptr_t)code, size, name, offset);
    } else {
        fprintf(p->file, "%" PRIxPTR " %zx guest:%#" PRIx64 "\n",
                (uintptr_t)code, size, pc);
    }
}
