/* The power key: see gpio_keys.c. */
#ifndef HW_GPIO_GPIO_KEYS_H
#define HW_GPIO_GPIO_KEYS_H

#include <stdint.h>

#include "hw/core/fdt.h"
#include "util/irq.h"
#include "util/loop.h"

struct gpio_keys;

/* A key that drives `line` high while it is held. */
struct gpio_keys *gpio_keys_create(struct irq line, struct loop *loop);
void gpio_keys_free(struct gpio_keys *s);

/* Press and let go after 100 ms: the guest is asked to power off.  [any] */
void gpio_keys_press(struct gpio_keys *s);

/* Write /gpio-keys: `gpio` is the port's phandle, `pin` the line on it. */
void gpio_keys_fdt(struct fdt_builder *fdt, uint32_t gpio, unsigned pin);

#endif
