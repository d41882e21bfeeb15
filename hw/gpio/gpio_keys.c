/*
 * The power key: a button wired to a GPIO pin, as the gpio-keys binding of
 * the device tree describes it (Linux turns it into KEY_POWER).
 *
 * Exposes: no region; drives one pin, high while the key is held.
 *
 * Threads: pressed from any thread, let go on the loop thread; one lock.
 */
#include "hw/gpio/gpio_keys.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "util/clock.h"

#define HOLD_NS (100 * (NS_PER_SEC / 1000)) /* beyond any debouncing */
#define KEY_POWER 116                       /* linux/input-event-codes.h */

struct gpio_keys {
    pthread_mutex_t lock;
    struct irq line;
    struct loop_timer *release;
    bool held;
};

static void gpio_keys_update(struct gpio_keys *s)
{
    irq_set(&s->line, s->held);
}

static void hold(struct gpio_keys *s, bool held)
{
    pthread_mutex_lock(&s->lock);
    s->held = held;
    gpio_keys_update(s);
    pthread_mutex_unlock(&s->lock);
}

static void gpio_keys_release(void *opaque)
{
    hold(opaque, false);
}

void gpio_keys_press(struct gpio_keys *s)
{
    hold(s, true);
    loop_timer_arm(s->release, clock_monotonic_ns() + HOLD_NS);
}

void gpio_keys_fdt(struct fdt_builder *fdt, uint32_t gpio, unsigned pin)
{
    fdt_node(fdt, "/gpio-keys");
    fdt_prop_string(fdt, "/gpio-keys", "compatible", "gpio-keys");
    fdt_node(fdt, "/gpio-keys/poweroff");
    fdt_prop_string(fdt, "/gpio-keys/poweroff", "label",
                    "GPIO Key Poweroff");
    fdt_prop_cells(fdt, "/gpio-keys/poweroff", "linux,code", KEY_POWER);
    fdt_prop_cells(fdt, "/gpio-keys/poweroff", "gpios", gpio, pin, 0);
}

struct gpio_keys *gpio_keys_create(struct irq line, struct loop *loop)
{
    struct gpio_keys *s = calloc(1, sizeof(*s));

    assert(s);
    pthread_mutex_init(&s->lock, NULL);
    s->line = line;
    s->release = loop_timer_new(loop, gpio_keys_release, s);
    return s;
}

void gpio_keys_free(struct gpio_keys *s)
{
    if (s) {
        loop_timer_free(s->release);
        pthread_mutex_destroy(&s->lock);
        free(s);
    }
}
