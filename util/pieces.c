#include "util/pieces.h"

#include <pthread.h>
#include <stdbool.h>

struct pieces {
    unsigned next, count;
    void (*do_piece)(void *opaque, unsigned n);
    void *opaque;
};

static void *run(void *opaque)
{
    struct pieces *p = opaque;
    unsigned n;

    while ((n = __atomic_fetch_add(&p->next, 1, __ATOMIC_RELAXED)) <
           p->count) {
        p->do_piece(p->opaque, n);
    }
    return NULL;
}

void pieces_do(unsigned count, void (*do_piece)(void *opaque, unsigned n),
               void *opaque)
{
    struct pieces p = {.count = count, .do_piece = do_piece,
                       .opaque = opaque};
    pthread_t other;
    bool two = count > 1 && pthread_create(&other, NULL, run, &p) == 0;

    run(&p);
    if (two) {
        pthread_join(other, NULL);
    }
}
