/*
 * Secrets: passwords and keys that other options name by id, from
 * -object secret,id=ID,data=TEXT|file=PATH[,format=raw|base64]
 *   [,keyid=ID,iv=BASE64].
 *
 * With keyid= the data are encrypted with AES-256 in CBC mode under another
 * secret of 32 bytes, as libvirt hands them over.
 */
#ifndef BLOCK_SECRET_H
#define BLOCK_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/keyval.h"

struct secrets;

struct secrets *secrets_new(void);
void secrets_free(struct secrets *secrets); /* NULL is fine */

/* Reads the object's properties, "id" among them, out of `kv`. */
bool secrets_add(struct secrets *secrets, struct keyval *kv,
                 struct error **err);
/* The bytes of a secret; NULL, with a sentence, when there is none of this
 * id.  `secrets` may be NULL. */
const uint8_t *secrets_find(const struct secrets *secrets, const char *id,
                            size_t *length, struct error **err);

#endif
