/* What -o says about encryption: "encrypt.*" of qcow2, the same names without
 * a prefix of luks. */
#ifndef BLOCK_IMG_CRYPT_H
#define BLOCK_IMG_CRYPT_H

#include "block/luks.h"
#include "util/keyval.h"

struct img_crypt {
    bool on;
    const char *key_secret; /* id */
    struct luks_options luks;
    struct luks_password password;
};

bool img_read_crypt(struct keyval *kv, const char *prefix,
                    struct img_crypt *crypt, struct error **err);
/* The id that key-secret= or encrypt.key-secret= has in an option string,
 * allocated; NULL. */
char *img_find_key_secret(const char *text);
/* For the line "Formatting". */
void img_print_crypt(const char *prefix, const struct img_crypt *crypt);

#endif
