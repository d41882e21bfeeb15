/* LUKS: passwords that come and go. */
#include <string.h>

#include "block/luks.h"

static bool activate(struct luks *l, const struct luks_amend *how,
                     struct error **err)
{
    uint8_t master[CRYPT_MAX_KEY];
    unsigned n = 0, was;

    if (!how->new_password) {
        error_set(err, "'new-secret' is required to activate a keyslot");
        return false;
    }
    if (how->old_password) {
        error_set(err, "'old-secret' must not be given when activating "
                  "keyslots");
        return false;
    }
    if (how->slot >= 0) {
        n = (unsigned)how->slot;
        if (l->slots[n].active && !how->force) {
            error_set(err, "Can't update an active keyslot %u: --force does "
                      "it", n);
            return false;
        }
    } else {
        while (n < LUKS_SLOTS && l->slots[n].active) {
            n++;
        }
        if (n == LUKS_SLOTS) {
            error_set(err, "Can't add a keyslot - all keyslots are in use");
            return false;
        }
    }
    bool good = luks_unlock(l, how->key, master, &was, err) &&
                luks_set_slot(l, n, master, how->new_password,
                              how->iter_time, err);
    explicit_bzero(master, sizeof(master));
    return good;
}

/* The slots that a password opens, as bits. */
static bool find_slots(const struct luks *l,
                       const struct luks_password *password, unsigned *found,
                       struct error **err)
{
    struct luks one = *l;
    uint8_t master[CRYPT_MAX_KEY];
    struct error *wrong = NULL;
    unsigned n;

    *found = 0;
    while (luks_unlock(&one, password, master, &n, &wrong)) {
        *found |= 1u << n;
        one.slots[n].active = false;
    }
    explicit_bzero(master, sizeof(master));
    error_free(wrong);
    if (!*found) {
        error_set(err, "No keyslots match given (old) password for erase "
                  "operation");
    }
    return *found;
}

static bool deactivate(struct luks *l, const struct luks_amend *how,
                       struct error **err)
{
    unsigned which = 0, active = 0;

    if (how->new_password) {
        error_set(err, "'new-secret' must not be given when erasing "
                  "keyslots");
        return false;
    }
    for (unsigned i = 0; i < LUKS_SLOTS; i++) {
        active |= (unsigned)l->slots[i].active << i;
    }
    if (how->slot >= 0) {
        which = 1u << how->slot;
        if (!(which & active)) {
            error_set(err, "Given keyslot %d is already erased (inactive)",
                      how->slot);
            return false;
        }
    } else if (!how->old_password) {
        error_set(err, "To erase keyslot(s), either explicit keyslot index "
                  "or the password currently contained in them must be "
                  "given");
        return false;
    } else if (!find_slots(l, how->old_password, &which, err)) {
        return false;
    }
    if (which == active && !how->force) {
        error_set(err, "All the active keyslots would be erased, and with "
                  "them all access to the data: --force does it");
        return false;
    }
    for (unsigned i = 0; i < LUKS_SLOTS; i++) {
        if (which & 1u << i && !luks_erase_slot(l, i, err)) {
            return false;
        }
    }
    return true;
}

bool luks_amend(struct luks *l, const struct luks_amend *how,
                struct error **err)
{
    if (how->slot >= LUKS_SLOTS) {
        error_set(err, "Invalid keyslot %d: there are 0 to %d", how->slot,
                  LUKS_SLOTS - 1);
        return false;
    }
    return how->activate ? activate(l, how, err) : deactivate(l, how, err);
}
