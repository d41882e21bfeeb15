/* Changes of what a qcow2 image says of itself ("amend"). */
#ifndef BLOCK_QCOW2_AMEND_H
#define BLOCK_QCOW2_AMEND_H

#include "block/qcow2.h"

struct qcow2_amend {
    unsigned version;       /* 2, 3 */
    unsigned refcount_bits;
    bool lazy_refcounts;
    bool data_file_raw;
    const char *data_file;  /* a new name, or NULL */
};

/* What the image is now. */
struct qcow2_amend qcow2_amend_now(const struct qcow2 *q);
/* Make it so; nobody else uses the image. */
bool qcow2_amend(struct qcow2 *q, const struct qcow2_amend *to,
                 struct error **err);

#endif
