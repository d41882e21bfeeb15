/*
 * Level interrupts (PCI Local Bus 3.0, 2.2.6): every function pulls or
 * leaves its pin, pins are shared, bridges and the board rotate them by
 * slot.
 */
#include "hw/pci/pci_internal.h"

unsigned pci_intx_host_pin(const struct pci_function *f)
{
    unsigned pin = pci_config_get(f, PCI_INTERRUPT_PIN, 1);

    pin = pin ? pin - 1 : 0;
    for (; f; f = f->bus->bridge) {
        pin = (pin + PCI_SLOT(f->devfn)) % PCIE_INTX_PINS;
    }
    return pin;
}

static void update_locked(struct pci_function *f)
{
    struct pcie_host *host = f->bus->host;
    unsigned pin = f->intx_pin;
    bool disabled =
        pci_config_get(f, PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE;
    bool pull = f->intx && !disabled;

    if (pull == f->intx_driven) {
        return;
    }
    f->intx_driven = pull;
    host->intx_count[pin] += pull ? 1 : -1u;
    irq_set(&host->intx[pin], host->intx_count[pin] != 0);
}

void pci_intx_update(struct pci_function *f)
{
    pthread_mutex_lock(&f->bus->host->intx_lock);
    update_locked(f);
    pthread_mutex_unlock(&f->bus->host->intx_lock);
}

void pci_intx_set(struct pci_function *f, bool level)
{
    pthread_mutex_lock(&f->bus->host->intx_lock);
    __atomic_store_n(&f->intx, level, __ATOMIC_RELAXED);
    update_locked(f);
    pthread_mutex_unlock(&f->bus->host->intx_lock);
}
