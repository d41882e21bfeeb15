/*
 * LUKS, version 1 ("LUKS On-Disk Format Specification" 1.2.3): a header with
 * eight key slots, each of which holds the master key for one password.
 *
 * The key material of a slot is the master key, split into stripes that are
 * all needed to get it back, and encrypted with a key that is derived from
 * the password.
 */
#ifndef BLOCK_LUKS_H
#define BLOCK_LUKS_H

#include "block/crypt.h"
#include "block/file.h"

#define LUKS_SLOTS 8
#define LUKS_HEADER 592 /* bytes */
#define LUKS_SALT 32
#define LUKS_DIGEST 20

struct luks_slot {
    bool active;
    uint32_t iterations;
    uint8_t salt[LUKS_SALT];
    uint32_t offset; /* of the key material, sectors */
    uint32_t stripes;
};

struct luks {
    struct block_file *file;
    uint64_t base; /* of the header in the file, bytes */
    struct crypt_spec spec;
    enum crypt_hash hash;
    uint32_t payload; /* where data begin in a raw image, sectors */
    uint32_t key_bytes;
    uint8_t digest[LUKS_DIGEST], digest_salt[LUKS_SALT];
    uint32_t digest_iterations;
    char uuid[40];
    struct luks_slot slots[LUKS_SLOTS];
};

struct luks_password {
    const uint8_t *bytes;
    size_t length;
};

struct luks_options {
    struct crypt_spec spec;
    enum crypt_hash hash;
    uint64_t iter_time; /* of a guess at a password, ms */
};
extern const struct luks_options luks_defaults;

/* Header and key slots of a new image, bytes. */
uint64_t luks_room(const struct luks_options *o);
/* Write them for one password. */
bool luks_create(struct block_file *file, uint64_t base,
                 const struct luks_options *o,
                 const struct luks_password *password, struct error **err);

bool luks_read(struct luks *luks, struct block_file *file, uint64_t base,
               struct error **err);
/* The master key, key_bytes of it; *slot is the one that had it. */
bool luks_unlock(const struct luks *luks,
                 const struct luks_password *password, uint8_t *master,
                 unsigned *slot, struct error **err);
/* The cipher for the data.  NULL after an error. */
struct crypt *luks_open_data(const struct luks *luks,
                             const struct luks_password *password,
                             struct error **err);
/* Another password for slot `slot`; what was in it is gone. */
bool luks_set_slot(struct luks *luks, unsigned slot, const uint8_t *master,
                   const struct luks_password *password, uint64_t iter_time,
                   struct error **err);
/* Overwrite a slot and its key material. */
bool luks_erase_slot(struct luks *luks, unsigned slot, struct error **err);
unsigned luks_active(const struct luks *luks); /* slots */

/* A change of the key slots, as "amend" has it. */
struct luks_amend {
    bool activate;          /* else make inactive */
    int slot;               /* -1: not said */
    const struct luks_password *old_password, *new_password; /* or NULL */
    const struct luks_password *key; /* that unlocks now, to activate */
    uint64_t iter_time;
    bool force; /* also what makes the data unreadable */
};
bool luks_amend(struct luks *luks, const struct luks_amend *how,
                struct error **err);

#endif
