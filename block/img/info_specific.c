/*
 * info: what qcow2 and LUKS images say of themselves.
 *
 * One walk prints both forms: a tree of names and values, as JSON or as
 * indented lines in which the names have spaces.
 */
#include "block/img/info_specific.h"

#include <stdio.h>
#include <string.h>

#include "block/formats.h"
#include "block/luks.h"
#include "block/qcow2_bitmap.h"

#define MAX_DEPTH 8

struct out {
    bool json;
    const char *pad;
    unsigned depth;
    unsigned items[MAX_DEPTH]; /* so far, on each level */
    bool list[MAX_DEPTH];
};

/* The start of a line: indentation, the name or the number in a list. */
static void begin(struct out *o, const char *name)
{
    unsigned n = o->items[o->depth]++;

    if (o->json) {
        printf("%s\n%s%*s", n ? "," : "", o->pad, (int)o->depth * 4, "");
        if (name) {
            printf("\"%s\": ", name);
        }
        return;
    }
    printf("%*s", (int)o->depth * 4, "");
    if (!name) {
        printf("[%u]:", n);
        return;
    }
    for (; *name; name++) {
        putchar(*name == '-' ? ' ' : *name);
    }
    putchar(':');
}

static void put_string(struct out *o, const char *name, const char *value)
{
    begin(o, name);
    if (o->json) {
        img_json_string(value);
    } else {
        printf(" %s\n", value);
    }
}

static void put_word(struct out *o, const char *name, const char *value)
{
    begin(o, name);
    printf(o->json ? "%s" : " %s\n", value);
}

static void put_bool(struct out *o, const char *name, bool value)
{
    put_word(o, name, value ? "true" : "false");
}

static void put_number(struct out *o, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    put_word(o, name, text);
}

static void open_level(struct out *o, const char *name, bool list)
{
    begin(o, name);
    printf("%s", o->json ? list ? "[" : "{" : "\n");
    o->depth++;
    o->items[o->depth] = 0;
    o->list[o->depth] = list;
}

static void close_level(struct out *o)
{
    bool list = o->list[o->depth];

    o->depth--;
    if (o->json) {
        printf("\n%s%*s%s", o->pad, (int)o->depth * 4, "", list ? "]" : "}");
    }
}

static void put_luks(struct out *o, const struct luks *l, bool nested)
{
    put_string(o, "ivgen-alg", crypt_ivgen_names[l->spec.ivgen]);
    put_string(o, "hash-alg", crypt_hash_names[l->hash]);
    put_string(o, "cipher-alg", crypt_cipher_names[l->spec.cipher]);
    put_string(o, "uuid", l->uuid);
    if (l->spec.ivgen == CRYPT_ESSIV) {
        put_string(o, "ivgen-hash-alg", crypt_hash_names[l->spec.ivgen_hash]);
    }
    if (nested) {
        put_string(o, "format", "luks");
    }
    put_string(o, "cipher-mode", crypt_mode_names[l->spec.mode]);
    open_level(o, "slots", true);
    for (unsigned i = 0; i < LUKS_SLOTS; i++) {
        const struct luks_slot *s = &l->slots[i];
        open_level(o, NULL, false);
        put_bool(o, "active", s->active);
        if (s->active) {
            put_number(o, "iters", s->iterations);
        }
        put_number(o, "key-offset", (uint64_t)s->offset * CRYPT_SECTOR);
        if (s->active) {
            put_number(o, "stripes", s->stripes);
        }
        close_level(o);
    }
    close_level(o);
    put_number(o, "payload-offset", (uint64_t)l->payload * CRYPT_SECTOR);
    put_number(o, "master-key-iters", l->digest_iterations);
}

static void put_encryption(struct out *o, struct qcow2 *q)
{
    struct luks luks;

    if (!q->header.crypt_method) {
        return;
    }
    open_level(o, "encrypt", false);
    if (q->header.crypt_method == QCOW2_AES) {
        put_string(o, "format", "aes");
    } else if (luks_read(&luks, q->file, q->luks_offset, NULL)) {
        put_luks(o, &luks, true);
    }
    close_level(o);
}

static void put_bitmaps(struct out *o, const struct qcow2 *q)
{
    static const char *const flags[] = {"in-use", "auto"};

    if (!q->bitmaps || !q->bitmaps->count) {
        return;
    }
    open_level(o, "bitmaps", true);
    for (unsigned i = 0; i < q->bitmaps->count; i++) {
        const struct qcow2_bitmap *b = &q->bitmaps->list[i];
        open_level(o, NULL, false);
        open_level(o, "flags", true);
        for (unsigned f = 0; f < ARRAY_SIZE(flags); f++) {
            if (b->flags & 1u << f) {
                put_string(o, NULL, flags[f]);
            }
        }
        close_level(o);
        put_string(o, "name", b->name);
        put_number(o, "granularity", BIT(b->granularity_bits));
        close_level(o);
    }
    close_level(o);
}

static void put_qcow2(struct out *o, struct qcow2 *q)
{
    const struct qcow2_header *h = &q->header;
    bool v3 = h->version >= 3;

    put_string(o, "compat", v3 ? "1.1" : "0.10");
    put_string(o, "compression-type", qcow2_compression_names[h->compression]);
    if (v3) {
        put_bool(o, "lazy-refcounts", h->compatible & QCOW2_LAZY_REFCOUNTS);
    }
    put_bitmaps(o, q);
    put_number(o, "refcount-bits", UINT64_C(1) << h->refcount_order);
    put_encryption(o, q);
    if (qcow2_is_external(q)) {
        if (q->data_name) {
            put_string(o, "data-file", q->data_name);
        }
        put_bool(o, "data-file-raw", qcow2_is_raw(q));
    }
    if (v3) {
        put_bool(o, "corrupt", h->incompatible & QCOW2_CORRUPT);
        put_bool(o, "extended-l2", qcow2_has_grains(q));
    }
}

bool img_is_encrypted(struct block_image *image)
{
    struct qcow2 *q = img_qcow2(image);

    return q ? q->header.crypt_method : luks_describe(image) != NULL;
}

void img_print_specific(struct block_image *image, bool json,
                        const char *pad)
{
    struct qcow2 *q = img_qcow2(image);
    const struct luks *luks = luks_describe(image);
    struct out o = {.json = json, .pad = pad, .depth = json ? 3 : 1};

    if (!q && !luks) {
        return;
    }
    if (json) {
        printf("%s    \"format-specific\": {\n%s        \"type\": \"%s\",\n"
               "%s        \"data\": {", pad, pad, image->ops->format, pad);
    } else {
        puts("Format specific information:");
    }
    if (q) {
        put_qcow2(&o, q);
    } else {
        put_luks(&o, luks, false);
    }
    if (json) {
        printf("\n%s        }\n%s    },\n", pad, pad);
    }
}
