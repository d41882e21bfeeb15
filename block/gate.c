#include "block/gate.h"

void block_gate_init(struct block_gate *gate)
{
    *gate = (struct block_gate){.inside = 0};
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->moved, NULL);
}

void block_gate_destroy(struct block_gate *gate)
{
    pthread_mutex_destroy(&gate->lock);
    pthread_cond_destroy(&gate->moved);
}

static bool is_shut(const struct block_gate *gate)
{
    return gate->alone || gate->waiting;
}

void block_gate_enter(struct block_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    while (is_shut(gate)) {
        pthread_cond_wait(&gate->moved, &gate->lock);
    }
    gate->inside++;
    pthread_mutex_unlock(&gate->lock);
}

bool block_gate_try(struct block_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    bool entered = !is_shut(gate);
    gate->inside += entered;
    pthread_mutex_unlock(&gate->lock);
    return entered;
}

void block_gate_leave(struct block_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->inside--;
    if (!gate->inside && gate->waiting) {
        pthread_cond_broadcast(&gate->moved);
    }
    pthread_mutex_unlock(&gate->lock);
}

void block_gate_close(struct block_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->waiting++;
    while (gate->alone || gate->inside) {
        pthread_cond_wait(&gate->moved, &gate->lock);
    }
    gate->waiting--;
    gate->alone = true;
    pthread_mutex_unlock(&gate->lock);
}

void block_gate_open(struct block_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->alone = false;
    pthread_cond_broadcast(&gate->moved);
    pthread_mutex_unlock(&gate->lock);
}
