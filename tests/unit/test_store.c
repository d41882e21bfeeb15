/* Translations on disk: what comes back is what would be made anew, and from
 * a file that is not what it should be nothing comes back. */
#include "cpu/jit/store.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cpu/ir/build.h"
#include "cpu/jit/code_cache.h"
#include "cpu/jit/store_file.h"
#include "util/bits.h"

Suite *store_suite(void);

#define PC UINT64_C(0x400123400)
#define ELSEWHERE UINT64_C(0xffff800087654400)
#define CONTEXT 0x205u

/* What one process has of the translator. */
struct side {
    struct code_cache *cache;
    struct backend *backend;
    struct backend_thread *thread;
    struct code_chunk *chunk;
    struct store *store;
};

static char dir[64];
static struct ir_unit *unit;
static uint8_t guest[64];

static uint64_t help(struct vcpu *vcpu, uint64_t a, uint64_t b, uint64_t c)
{
    (void)vcpu;
    return a + b + c;
}

static const struct ir_helper helpers[2] = {
    {"first", {.call = help}, 1, IR_HELPER_EXITS},
    {"second", {.call = help}, 1, 0},
};

static void nothing(void *opaque)
{
    (void)opaque;
}

static void evict(void *opaque, struct code_chunk *chunk)
{
    (void)opaque, (void)chunk;
}

static void forget(void *opaque, unsigned cpu)
{
    (void)opaque, (void)cpu;
}

/* Makes what follows begin three bytes later for each. */
static unsigned threes;

static void build_threes(void)
{
    static const uint8_t reg[] = {4, 8, 19, 20}; /* host registers have them */

    for (unsigned n = 0; n < ARRAY_SIZE(reg) && n < threes; n++) {
        ir_set(unit, IR_I64, VCPU_R(reg[n]),
               ir_const(unit, IR_I64, n + ARRAY_SIZE(reg) < threes));
    }
}

/* A unit with one of everything that has an address. */
static void build(uint64_t pc)
{
    ir_begin(unit, pc, CONTEXT);
    ir_insn(unit, pc);
    build_threes();
    ir_ref a = ir_get(unit, IR_I64, VCPU_R(0));
    ir_ref second, b = ir_load2(unit, IR_I64, 0, ir_at(a), &second);
    ir_set(unit, IR_I64, VCPU_R(2), b);
    ir_set(unit, IR_I64, VCPU_R(25), second);
    ir_store(unit, IR_I16, 0, ir_at(a), ir_get(unit, IR_I64, VCPU_R(29)));
    ir_insn(unit, pc + 4);
    ir_set(unit, IR_I64, VCPU_R(1), ir_pc(unit, pc + 0x123000));
    ir_ref old = ir_emit(unit, IR_RMW, IR_I32, 0, a, b, IR_NONE,
                         IR_RMW_SMAX);
    ir_set(unit, IR_I32, VCPU_R(3), old);
    ir_set(unit, IR_V128, VCPU_V(4),
           ir_vec(unit, IR_FADD, IR_F64, IR_Q, 0,
                  ir_get(unit, IR_V128, VCPU_V(5)),
                  ir_vconst(unit, IR_Q, 0x3ff123456789abcd), IR_NONE, 0));
    ir_insn(unit, pc + 8);
    ir_call(unit, &helpers[0], a, IR_NONE, IR_NONE);
    ir_call(unit, &helpers[1], b, IR_NONE, IR_NONE);
    ir_brz(unit, IR_I64, a, true, pc + 64);
    ir_exit(unit, pc - 0x10000);
    ir_end(unit, pc);
}

static void side_open(struct side *s, const char *guest_identity)
{
    static const struct code_cache_user user = {
        evict, evict, nothing, forget, NULL
    };
    struct error *err = NULL;
    size_t used;

    s->cache = code_cache_new(16u << 20, 1, &err);
    struct jit_buffer head = code_cache_head(s->cache);
    s->backend = backend_new(&head, &used, true, &err);
    s->thread = backend_thread_new(s->backend);
    s->chunk = code_cache_chunk(s->cache, 0, CODE_ORIGINALS, NULL, NULL,
                                &user);
    s->store = store_open(dir, guest_identity, s->backend, &err);
    ck_assert_msg(s->store, "%s", err ? err->message : "");
}

static void side_close(struct side *s)
{
    store_close(s->store);
    backend_thread_free(s->thread);
    backend_free(s->backend);
    code_cache_free(s->cache);
}

static struct block key_at(uint64_t pc)
{
    return (struct block){.pc = pc, .pa = 0x40000000 | (pc & 4095),
                          .context = CONTEXT, .page_id = 77};
}

/* Make the unit and hand it to the store. */
static void add(struct side *s, uint64_t pc)
{
    struct block key = key_at(pc);
    struct jit_buffer code;
    struct jit_result result;

    build(pc);
    ck_assert(code_chunk_room(s->chunk, &code));
    ck_assert(backend_compile(s->thread, unit, key.page_id, &code, &result));
    key.guest_bytes = (uint16_t)unit->guest_bytes;
    key.source_hash = 12345;
    const struct block *b = block_new(s->backend, s->chunk, &key, &code,
                                      &result);
    store_add(s->store, b, guest, sizeof(guest));
}

/* The unit for `guest` at pc, or NULL. */
static struct block *load(struct side *s, uint64_t pc)
{
    struct block key = key_at(pc);
    const struct store_unit *u =
        store_find(s->store, &key, guest, sizeof(guest));
    struct jit_buffer code;

    if (!u) {
        return NULL;
    }
    ck_assert(code_chunk_room(s->chunk, &code));
    return store_load(s->store, u, s->thread, s->chunk, &key, &code);
}

/* It is what the back end makes in its place. */
static void check_made(struct side *s, struct block *b)
{
    struct jit_buffer code = {code_cache_rw(s->cache, b->code), b->code,
                              b->code_size + 4096u};
    struct jit_result r;
    uint8_t *loaded = malloc(b->code_size);

    memcpy(loaded, b->code, b->code_size);
    backend_forget_stubs(loaded, b);
    build(b->pc);
    ck_assert(backend_compile(s->thread, unit, b->page_id, &code, &r));
    ck_assert_uint_eq(r.code_size, b->code_size);
    ck_assert_mem_eq(loaded, b->code, b->code_size);
    ck_assert_uint_eq(b->guest_bytes, unit->guest_bytes);
    ck_assert_uint_eq(b->source_hash, 12345);
    ck_assert_uint_eq(b->entry, r.entry);
    ck_assert_uint_eq(b->site_count, r.site_count);
    ck_assert_mem_eq(block_sites(b), r.sites, r.site_count * sizeof(*r.sites));
    ck_assert_uint_eq(b->link_count, r.link_count);
    for (unsigned n = 0; n < r.link_count; n++) {
        const struct block_link *l = &block_links(b)[n];

        ck_assert_int_eq(l->target, r.links[n].target);
        ck_assert_uint_eq(l->patch, r.links[n].patch);
        ck_assert_uint_eq(l->stub, r.links[n].stub);
        ck_assert_uint_eq(l->index, n);
    }
    free(loaded);
}

static void make_file(uint64_t pc)
{
    struct side s;

    side_open(&s, "guest");
    add(&s, pc);
    side_close(&s);
}

/* The path of the only file of units. */
static const char *file_path(void)
{
    static char path[400];
    DIR *d = opendir(dir);

    path[0] = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (strstr(e->d_name, ".units")) {
            ck_assert_str_eq(path, "");
            snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        }
    }
    closedir(d);
    ck_assert_str_ne(path, "");
    return path;
}

static size_t read_file(const char *path, uint8_t **data)
{
    FILE *f = fopen(path, "rb");

    ck_assert_ptr_nonnull(f);
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    *data = malloc(size);
    ck_assert_uint_eq(fread(*data, 1, size, f), size);
    fclose(f);
    return size;
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    FILE *f = fopen(path, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    fclose(f);
}

static void setup(void)
{
    strcpy(dir, "/tmp/armature-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    unit = ir_unit_new();
    for (unsigned n = 0; n < sizeof(guest); n++) {
        guest[n] = (uint8_t)(n * 7);
    }
}

static void teardown(void)
{
    DIR *d = opendir(dir);

    for (struct dirent *e; (e = readdir(d));) {
        unlinkat(dirfd(d), e->d_name, 0);
    }
    closedir(d);
    rmdir(dir);
    free(unit);
}

/* Each refusal is a warning. */
static void be_quiet(void)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

START_TEST(comes_back)
{
    struct side s;

    make_file(PC);
    side_open(&s, "guest");
    build(0x8000); /* thunks elsewhere than in the process before */
    add(&s, PC + 0x40);
    const uint64_t pc[] = {PC, ELSEWHERE, PC & 4095};
    for (unsigned n = 0; n < ARRAY_SIZE(pc); n++) {
        struct block *b = load(&s, pc[n]);

        ck_assert_ptr_nonnull(b);
        ck_assert_uint_eq(b->pc, pc[n]);
        check_made(&s, b);
    }
    side_close(&s);
}
END_TEST

/* Wherever its jumps come to lie. */
START_TEST(any_length)
{
    struct side s;

    for (threes = 0; threes < 8; threes++) {
        side_open(&s, "guest");
        add(&s, PC + 0x40 * threes);
        side_close(&s);
        side_open(&s, "guest");
        struct block *b = load(&s, PC + 0x40 * threes);
        ck_assert_ptr_nonnull(b);
        check_made(&s, b);
        side_close(&s);
    }
    threes = 0;
}
END_TEST

START_TEST(only_for_its_code)
{
    struct side s;

    make_file(PC);
    side_open(&s, "guest");
    ck_assert_ptr_null(load(&s, PC + 4));
    struct block key = key_at(PC);
    key.context++;
    ck_assert_ptr_null(store_find(s.store, &key, guest, sizeof(guest)));
    key = key_at(PC);
    ck_assert_ptr_null(store_find(s.store, &key, guest, 8));
    guest[11] ^= 1; /* of the last instruction */
    ck_assert_ptr_null(load(&s, PC));
    guest[11] ^= 1;
    guest[12] ^= 1; /* behind it */
    ck_assert_ptr_nonnull(load(&s, PC));
    side_close(&s);
}
END_TEST

START_TEST(other_identity)
{
    struct side s;
    char path[400];

    be_quiet();
    make_file(PC);
    side_open(&s, "other guest");
    ck_assert_ptr_null(load(&s, PC));
    strcpy(path, file_path());
    add(&s, PC);
    side_close(&s);
    /* The file of the one in the place of the other's. */
    uint8_t *data;
    size_t size = read_file(path, &data);
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));) {
        char other[400];
        snprintf(other, sizeof(other), "%s/%s", dir, e->d_name);
        if (strstr(e->d_name, ".units") && strcmp(other, path)) {
            write_file(other, data, size);
        }
    }
    closedir(d);
    free(data);
    side_open(&s, "other guest");
    ck_assert_ptr_null(load(&s, PC));
    side_close(&s);
}
END_TEST

START_TEST(truncated)
{
    uint8_t *data;

    be_quiet();
    make_file(PC);
    const char *path = file_path();
    size_t size = read_file(path, &data);
    for (size_t length = 0; length < size; length += 1 + size / 37) {
        struct side s;

        write_file(path, data, length);
        side_open(&s, "guest");
        ck_assert_ptr_null(load(&s, PC));
        side_close(&s);
    }
    free(data);
}
END_TEST

/* A unit that comes back in spite of it is the right one. */
START_TEST(flipped_bits)
{
    uint8_t *data;
    unsigned refused = 0, tried = 0;

    be_quiet();
    make_file(PC);
    const char *path = file_path();
    size_t size = read_file(path, &data);
    for (size_t bit = 3; bit < 8 * size; bit += 8 * 29 + 1, tried++) {
        struct side s;

        data[bit / 8] ^= 1 << bit % 8;
        write_file(path, data, size);
        data[bit / 8] ^= 1 << bit % 8;
        side_open(&s, "guest");
        struct block *b = load(&s, PC);
        refused += !b;
        if (b) {
            check_made(&s, b);
        }
        side_close(&s);
    }
    ck_assert_uint_eq(refused, tried); /* there is but one unit */
    free(data);
}
END_TEST

/* A sum can be right and the offsets wrong all the same. */
START_TEST(unsound_units)
{
    uint8_t *data;

    make_file(PC);
    read_file(file_path(), &data);
    const struct store_header *h = (const void *)data;
    struct store_unit *u = (void *)(data + sizeof(*h));
    struct store_parts p = store_unit_parts(u);
    uint16_t *const field[] = {
        &p.link[0].patch, &p.link[1].patch, &p.reloc[0],
        &p.reloc[u->thunk_relocs], &p.name[1], &u->guest_bytes,
        &u->page_offset, &u->code_size, &u->links, &u->sites,
        &u->thunk_relocs, &u->pc_relocs,
    };

    ck_assert(store_unit_is_sound(u, h->names));
    for (unsigned n = 0; n < ARRAY_SIZE(field); n++) {
        uint16_t old = *field[n];

        *field[n] = 0xfffd;
        store_unit_seal(u);
        ck_assert_msg(!store_unit_is_sound(u, h->names), "field %u", n);
        *field[n] = old;
    }
    free(data);
}
END_TEST

START_TEST(permissions)
{
    struct side s;
    struct error *err = NULL;
    struct stat st;

    be_quiet();
    make_file(PC);
    ck_assert_int_eq(stat(file_path(), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(chmod(file_path(), 0662), 0);
    side_open(&s, "guest");
    ck_assert_ptr_null(load(&s, PC));
    ck_assert_int_eq(chmod(dir, 0770), 0);
    ck_assert_ptr_null(store_open(dir, "guest", s.backend, &err));
    ck_assert_ptr_nonnull(strstr(err->message, "others can write to it"));
    error_free(err);
    ck_assert_int_eq(chmod(dir, 0700), 0);
    side_close(&s);
}
END_TEST

START_TEST(two_at_once)
{
    struct side a, b, c;

    side_open(&a, "guest");
    side_open(&b, "guest");
    add(&a, PC);
    add(&b, PC);
    add(&b, PC + 0x80);
    side_close(&a);
    side_close(&b);
    side_open(&c, "guest");
    ck_assert_ptr_nonnull(load(&c, PC));
    struct block *loaded = load(&c, PC + 0x80);
    ck_assert_ptr_nonnull(loaded);
    check_made(&c, loaded);
    side_close(&c);

    uint8_t *data;
    size_t size = read_file(file_path(), &data);
    const struct store_header *h = (const void *)data;
    const struct store_slot *slot = (const void *)(data + h->index_at);
    unsigned units = 0;
    for (unsigned n = 0; n < h->slots; n++) {
        units += slot[n].at != 0;
    }
    ck_assert_uint_eq(units, 2);
    ck_assert_uint_eq(h->size, size);
    free(data);
}
END_TEST

/* The least lately used ones go. */
START_TEST(limit)
{
    uint8_t *data;
    struct store_file old, new;
    struct error *err = NULL;
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    struct side s;

    side_open(&s, "guest");
    for (unsigned n = 0; n < 4; n++) {
        add(&s, PC + 0x80 * n);
    }
    side_close(&s);
    const char *name = strrchr(file_path(), '/') + 1;
    read_file(file_path(), &data);
    const char *identity = ((const struct store_header *)data)->identity;
    ck_assert(store_file_open(&old, fd, name, identity, &err));
    uint8_t touched[64] = {0};
    uint64_t kept = store_key((PC + 0x80) & 4095, CONTEXT, guest, 64);
    size_t size = 0;
    for (unsigned n = 0; n < old.header->slots; n++) {
        touched[n] = old.slot[n].key == kept;
        size = old.slot[n].at ? old.slot[n].size : size;
    }
    struct store_new all = {.old = &old, .touched = touched,
                            .limit = 2 * size};
    ck_assert(store_file_write(&all, fd, "new.units", identity, &err));
    ck_assert(store_file_open(&new, fd, "new.units", identity, &err));
    unsigned units = 0;
    for (unsigned n = 0; n < new.header->slots; n++) {
        units += new.slot[n].at != 0;
        ck_assert(!new.slot[n].at || new.slot[n].key == kept);
    }
    ck_assert_uint_eq(units, 1);
    store_file_close(&old);
    store_file_close(&new);
    free(data);
    close(fd);
}
END_TEST

/* Units that the next process adds lie behind those that were there, which
 * keep their order. */
START_TEST(order)
{
    uint8_t *data;
    struct store_file f = {0};

    for (unsigned run = 0; run < 2; run++) {
        struct side s;

        side_open(&s, "guest");
        for (unsigned n = 0; n < 5; n++) {
            add(&s, PC + 0x80 * (5 * run + n * 3 % 5));
        }
        side_close(&s);
    }
    read_file(file_path(), &data);
    f.header = (const void *)data;
    const struct store_unit *u = (const void *)(data + sizeof(*f.header));
    for (unsigned n = 0; n < 10; n++, u = store_file_behind(&f, u)) {
        ck_assert_ptr_nonnull(u);
        ck_assert(store_file_check(&f, u));
        ck_assert_uint_eq(u->page_offset,
                          (PC & 4095) + 0x80 * (n / 5 * 5 + n * 3 % 5));
    }
    ck_assert_ptr_null(u);
    free(data);
}
END_TEST

/* The second of two units, after the first; the index knows only that. */
static struct block *load_second(const uint8_t *data, size_t size,
                                 struct side *s)
{
    write_file(file_path(), data, size);
    side_open(s, "guest");
    ck_assert_ptr_null(load(s, PC + 0x80));
    ck_assert_ptr_nonnull(load(s, PC));
    return load(s, PC + 0x80);
}

/* What lies behind the unit found last is found without the index, and no
 * less carefully. */
START_TEST(behind)
{
    uint8_t *data;
    struct side s;

    side_open(&s, "guest");
    add(&s, PC);
    add(&s, PC + 0x80);
    side_close(&s);
    size_t size = read_file(file_path(), &data);
    struct store_header *h = (void *)data;
    struct store_slot *slot = (void *)(data + h->index_at);
    size_t second = sizeof(*h) + ((struct store_unit *)(void *)(h + 1))->size;
    for (unsigned n = 0; n < h->slots; n++) {
        slot[n].at = slot[n].at == second ? 0 : slot[n].at;
    }
    store_header_seal(h, (void *)(data + h->names_at), slot);

    struct block *b = load_second(data, size, &s);
    ck_assert_ptr_nonnull(b);
    check_made(&s, b);
    ck_assert_ptr_null(load(&s, PC + 0x100)); /* none lies there */
    ck_assert_ptr_nonnull(load(&s, PC));
    guest[9] ^= 1;
    ck_assert_ptr_null(load(&s, PC + 0x80));
    guest[9] ^= 1;
    side_close(&s);
    for (size_t at = second; at < h->names_at; at += 7) {
        data[at] ^= 0x10;
        ck_assert_ptr_null(load_second(data, size, &s));
        data[at] ^= 0x10;
        side_close(&s);
    }
    free(data);
}
END_TEST

Suite *store_suite(void)
{
    Suite *s = suite_create("store");
    TCase *tc = tcase_create("store");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, comes_back);
    tcase_add_test(tc, any_length);
    tcase_add_test(tc, only_for_its_code);
    tcase_add_test(tc, other_identity);
    tcase_add_test(tc, truncated);
    tcase_add_test(tc, flipped_bits);
    tcase_add_test(tc, unsound_units);
    tcase_add_test(tc, permissions);
    tcase_add_test(tc, two_at_once);
    tcase_add_test(tc, limit);
    tcase_add_test(tc, order);
    tcase_add_test(tc, behind);
    suite_add_tcase(s, tc);
    return s;
}
