/*
 * The store of translations; see store.h.
 *
 * The file as it was at the start is only read, without a lock.  New units
 * are collected in memory, in the file's form, and go to disk when the
 * machine ends and every WRITE_SECONDS while there are any.
 */
#include "cpu/jit/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cpu/jit/code_cache.h"
#include "cpu/jit/store_file.h"
#include "util/bits.h"

#define WRITE_SECONDS 60
#define FILE_LIMIT (64u << 20)       /* of units in one file */
#define DIRECTORY_LIMIT (256u << 20) /* of all files */
#define NEW_LIMIT (32u << 20)        /* collected between two writes */
#define NAMES 4096
#define USUAL_BYTES 512              /* that most units do not exceed */
/* The file is not written anew for less than such a part of it, nor to say of
 * units that were used so few generations ago that they have been again. */
#define PART_WORTH_IT 64
#define OLD 16
#define SUFFIX ".units"

/* Thunks that new units call, by number. */
struct store_thunks {
    const uint8_t *rx[NAMES];
    struct thunk_name name[NAMES];
    unsigned count;
    uint16_t lately[1024];  /* by address: where to look first */
};

struct store {
    struct backend *backend;
    int dir;
    char *path;             /* of the directory, for messages */
    char file_name[32];
    char identity[STORE_IDENTITY];
    struct store_file file; /* as it was at the start */
    _Atomic uint8_t *touched;        /* by store_file_place() */
    const struct store_unit *_Atomic next; /* behind the one found last */
    const uint8_t *_Atomic *thunk;   /* of its names, as they are needed */

    pthread_mutex_t lock;   /* what follows */
    pthread_cond_t closing;
    bool closed, complained;
    uint8_t *units;
    size_t size, room;
    struct store_thunks thunks;
    uint32_t told;          /* of units used_again(), when it was written */
    pthread_mutex_t writing;
    pthread_t writer;
};

/* -- the directory ------------------------------------------------------- */

static bool dir_is_ours(int fd, const char *path, struct error **err)
{
    struct stat st;

    if (fstat(fd, &st) < 0) {
        error_set_errno(err, errno, "%s", path);
        return false;
    }
    if (st.st_uid != geteuid() || (st.st_mode & 022)) {
        error_set(err, "%s: %s; code will be run from it, so use a directory "
                  "of your own ('chmod 700 %s')", path,
                  st.st_uid != geteuid() ? "belongs to another user"
                                         : "others can write to it", path);
        return false;
    }
    return true;
}

static int open_dir(const char *path, struct error **err)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST) {
        error_set_errno(err, errno, "cannot make the directory %s", path);
        return -1;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        error_set_errno(err, errno, "cannot open the directory %s", path);
        return -1;
    }
    if (!dir_is_ours(fd, path, err)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Unlink the files not written for longest until the others fit. */
static void prune(struct store *s)
{
    for (;;) {
        int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);
        char oldest[NAME_MAX + 1] = "";
        time_t when = 0;
        off_t size = 0;

        for (struct dirent *e; d && (e = readdir(d));) {
            const char *dot = strrchr(e->d_name, '.');
            struct stat st;

            if (!dot || strcmp(dot, SUFFIX) ||
                fstatat(s->dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                continue;
            }
            size += st.st_size;
            if (strcmp(e->d_name, s->file_name) &&
                (!oldest[0] || st.st_mtime < when)) {
                snprintf(oldest, sizeof(oldest), "%s", e->d_name);
                when = st.st_mtime;
            }
        }
        if (d) {
            closedir(d);
        }
        if (size <= DIRECTORY_LIMIT || !oldest[0] ||
            unlinkat(s->dir, oldest, 0) < 0) {
            return;
        }
    }
}

/* -- identity ------------------------------------------------------------ */

/* The linker's hash of the whole program. */
static int find_build_id(struct dl_phdr_info *info, size_t size, void *out)
{
    char *p = out;

    (void)size;
    for (unsigned n = 0; n < info->dlpi_phnum; n++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[n];
        const char *at = (const char *)info->dlpi_addr + h->p_vaddr;
        const char *end = at + h->p_memsz;

        while (h->p_type == PT_NOTE && at < end) {
            const ElfW(Nhdr) *note = (const void *)at;
            const uint8_t *desc = (const uint8_t *)(note + 1) +
                                  align_up(note->n_namesz, 4);

            for (unsigned k = 0; note->n_type == NT_GNU_BUILD_ID &&
                                 k < note->n_descsz && k < 32; k++) {
                p += sprintf(p, "%02x", desc[k]);
            }
            at = (const char *)desc + align_up(note->n_descsz, 4);
        }
    }
    return 1; /* the program is the first */
}

static bool identify(struct store *s, const char *guest, struct error **err)
{
    char build[80] = "", host[BACKEND_IDENTITY];

    dl_iterate_phdr(find_build_id, build);
    if (!build[0]) {
        error_set(err, "this program was linked without a build id, by which "
                  "its translations would be known; link it with "
                  "-Wl,--build-id");
        return false;
    }
    backend_identity(s->backend, host);
    int n = snprintf(s->identity, sizeof(s->identity), "%s %s %s", build,
                     host, guest);
    if ((size_t)n >= sizeof(s->identity)) {
        error_set(err, "the processor's description is too long for a store "
                  "of translations");
        return false;
    }
    snprintf(s->file_name, sizeof(s->file_name), "%016llx" SUFFIX,
             (unsigned long long)store_sum(0, s->identity, (size_t)n));
    return true;
}

/* -- writing ------------------------------------------------------------- */

static bool is_touched(const struct store *s, const struct store_slot *slot)
{
    size_t place = store_file_place(slot->at);

    return slot->at && place < store_file_places(&s->file) &&
           s->touched[place];
}

/* How many units were used that had not been for so long that it is to be
 * said. */
static uint32_t used_again(const struct store *s)
{
    const struct store_file *f = &s->file;
    uint32_t count = 0;

    if (!f->header || f->header->generation <= OLD) { /* all are younger */
        return 0;
    }
    for (uint32_t n = 0; n < f->header->slots; n++) {
        count += is_touched(s, &f->slot[n]) &&
                 f->header->generation - f->slot[n].used > OLD;
    }
    return count;
}

/* Which slots of `now` have been used by this process. */
static uint8_t *touched_in(const struct store *s, const struct store_file *now)
{
    uint32_t slots = now->header ? now->header->slots : 0;
    uint8_t *touched = calloc(slots + 1, 1);

    for (uint32_t n = 0; s->file.header && n < s->file.header->slots; n++) {
        uint64_t key = s->file.slot[n].key;

        if (!slots || !is_touched(s, &s->file.slot[n])) {
            continue;
        }
        uint32_t m = store_file_first(now, key);
        for (uint32_t k = slots; k-- && now->slot[m].at;
             m = store_file_next(now, m)) {
            touched[m] |= now->slot[m].key == key;
        }
    }
    return touched;
}

/* Take what is new; what is added meanwhile waits for the next time. */
static struct store_thunks *take(struct store *s, struct store_new *n)
{
    struct store_thunks *thunks = malloc(sizeof(*thunks));

    pthread_mutex_lock(&s->lock);
    *thunks = s->thunks; /* their numbers stay */
    n->units = s->units;
    n->size = s->size;
    n->name = thunks->name;
    n->names = thunks->count;
    s->units = NULL;
    s->size = s->room = 0;
    s->told = used_again(s);
    pthread_mutex_unlock(&s->lock);
    return thunks;
}

static void complain(struct store *s, struct error *err)
{
    error_prepend(&err, "warning: -accel cache=%s", s->path);
    error_report_free(err);
}

static void write_locked(struct store *s)
{
    struct error *err = NULL;
    struct store_file now;
    struct store_new new = {.old = &now, .limit = FILE_LIMIT};

    if (!store_file_open(&now, s->dir, s->file_name, s->identity, &err)) {
        error_free(err); /* said so at the start */
        err = NULL;
    }
    struct store_thunks *thunks = take(s, &new);
    new.touched = touched_in(s, &now);
    if (!store_file_write(&new, s->dir, s->file_name, s->identity, &err) &&
        !s->complained) {
        s->complained = true;
        complain(s, err);
    } else if (err) {
        error_free(err);
    }
    prune(s);
    free((void *)(uintptr_t)new.touched);
    free((void *)(uintptr_t)new.units);
    free(thunks);
    store_file_close(&now);
}

static void write_new(struct store *s)
{
    uint64_t had = s->file.header ? s->file.header->size : 0;

    pthread_mutex_lock(&s->lock);
    bool worth_it = s->size > had / PART_WORTH_IT || used_again(s) > s->told;
    pthread_mutex_unlock(&s->lock);
    if (!worth_it) {
        return;
    }
    pthread_mutex_lock(&s->writing);
    /* Other machines that use the directory wait their turn. */
    int fd = openat(s->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                    0600);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0) {
        write_locked(s);
    }
    if (fd >= 0) {
        close(fd);
    }
    pthread_mutex_unlock(&s->writing);
}

static void *write_now_and_then(void *opaque)
{
    struct store *s = opaque;

    pthread_mutex_lock(&s->lock);
    while (!s->closed) {
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += WRITE_SECONDS;
        pthread_cond_timedwait(&s->closing, &s->lock, &until);
        if (!s->closed && s->size) {
            pthread_mutex_unlock(&s->lock);
            write_new(s);
            pthread_mutex_lock(&s->lock);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* -- opening and closing ------------------------------------------------- */

static void open_file(struct store *s)
{
    struct error *err = NULL;

    if (!store_file_open(&s->file, s->dir, s->file_name, s->identity, &err)) {
        complain(s, err);
    }
    uint32_t names = s->file.header ? s->file.header->names : 0;
    s->touched = calloc(store_file_places(&s->file) + 1,
                        sizeof(*s->touched));
    s->thunk = calloc(names + 1, sizeof(*s->thunk));
}

struct store *store_open(const char *dir, const char *guest,
                         struct backend *backend, struct error **err)
{
    struct store *s = calloc(1, sizeof(*s));

    s->backend = backend;
    s->path = strdup(dir);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->writing, NULL);
    pthread_cond_init(&s->closing, NULL);
    s->dir = open_dir(dir, err);
    if (s->dir >= 0 && identify(s, guest, err)) {
        open_file(s);
        int why = pthread_create(&s->writer, NULL, write_now_and_then, s);
        if (why == 0) {
            return s;
        }
        error_set_errno(err, why, "no thread for writing");
    }
    s->writer = pthread_self();
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (!pthread_equal(s->writer, pthread_self())) {
        pthread_mutex_lock(&s->lock);
        s->closed = true;
        pthread_cond_signal(&s->closing);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->writer, NULL);
        write_new(s);
    }
    store_file_close(&s->file);
    if (s->dir >= 0) {
        close(s->dir);
    }
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->writing);
    pthread_cond_destroy(&s->closing);
    free((void *)s->touched);
    free((void *)s->thunk);
    free(s->units);
    free(s->path);
    free(s);
}

/* -- finding and loading ------------------------------------------------- */

/* What may be told before it is known to be sound. */
static bool may_be(const struct store_unit *u, const struct block *key,
                   unsigned bytes)
{
    return u->page_offset == (key->pc & 4095) &&
           u->context == key->context && u->guest_bytes <= bytes;
}

static bool is_of(const struct store_unit *u, const uint8_t *guest)
{
    return !memcmp(store_unit_parts(u).guest, guest, u->guest_bytes);
}

/* The unit that is found next as often as not, if it is that. */
static const struct store_unit *find_next(struct store *s,
                                          const struct block *key,
                                          const uint8_t *guest,
                                          unsigned bytes)
{
    const struct store_unit *u =
        atomic_load_explicit(&s->next, memory_order_relaxed);

    return u && may_be(u, key, bytes) && store_file_check(&s->file, u) &&
                   is_of(u, guest)
               ? u : NULL;
}

static const struct store_unit *find_by_key(const struct store_file *f,
                                            const struct block *key,
                                            const uint8_t *guest,
                                            unsigned bytes)
{
    uint64_t hash = store_key(key->pc & 4095, key->context, guest, bytes);
    uint32_t n = store_file_first(f, hash);

    for (uint32_t k = f->header->slots; k-- && f->slot[n].at;
         n = store_file_next(f, n)) {
        const struct store_unit *u =
            f->slot[n].key == hash ? store_file_unit(f, n) : NULL;

        if (u && may_be(u, key, bytes) && is_of(u, guest)) {
            return u;
        }
    }
    return NULL;
}

/* Expect what lies behind the unit, which is in no cache of the host's. */
static inline void expect_next(struct store *s, const struct store_unit *u)
{
    const struct store_unit *next = store_file_behind(&s->file, u);

    for (unsigned n = 0; next && n < USUAL_BYTES; n += 64) {
        __builtin_prefetch((const uint8_t *)next + n);
    }
    atomic_store_explicit(&s->next, next, memory_order_relaxed);
}

const struct store_unit *store_find(struct store *s, struct block *key,
                                    const uint8_t *guest, unsigned bytes)
{
    const struct store_file *f = &s->file;
    const struct store_unit *u;

    if (!f->header) {
        return NULL;
    }
    u = find_next(s, key, guest, bytes);
    u = u ? u : find_by_key(f, key, guest, bytes);
    if (u) {
        uint64_t at =
            (uint64_t)((const uint8_t *)u - (const uint8_t *)f->header);

        expect_next(s, u);
        atomic_store_explicit(&s->touched[store_file_place(at)], 1,
                              memory_order_relaxed);
        key->guest_bytes = u->guest_bytes;
        key->source_hash = u->source_hash;
    }
    return u;
}

static const uint8_t *thunk_of(struct store *s, struct backend_thread *t,
                               unsigned n)
{
    const uint8_t *rx = s->thunk[n];

    if (!rx) {
        rx = backend_thunk(t, &s->file.name[n]);
        s->thunk[n] = rx;
    }
    return rx;
}

static bool call_thunks(struct store *s, struct backend_thread *t,
                        const struct store_unit *u,
                        const struct store_parts *p, struct jit_buffer *code)
{
    for (unsigned n = 0; n < u->thunk_relocs; n++) {
        const uint8_t *rx = thunk_of(s, t, p->name[n]);
        int32_t disp = (int32_t)(rx - (code->rx + p->reloc[n] + 4));

        if (!rx) {
            return false;
        }
        memcpy(code->rw + p->reloc[n], &disp, sizeof(disp));
    }
    return true;
}

struct block *store_load(struct store *s, const struct store_unit *u,
                         struct backend_thread *thread,
                         struct code_chunk *chunk, const struct block *key,
                         struct jit_buffer *code)
{
    struct store_parts p = store_unit_parts(u);
    struct block_link links[IR_MAX_EDGES];
    struct jit_result result = {
        .code_size = u->code_size, .guarded = u->guarded,
        .polled = u->polled, .entry = u->entry, .pad = u->pad,
        .links = links, .link_count = u->links,
        .sites = p.site, .site_count = u->sites,
        .thunk_reloc = p.reloc, .thunk_relocs = u->thunk_relocs,
        .pc_reloc = p.reloc + u->thunk_relocs, .pc_relocs = u->pc_relocs,
    };

    for (unsigned n = 0; n < u->links; n++) {
        const struct store_link *l = &p.link[n];

        links[n] = (struct block_link){
            .target = l->target, .patch = l->patch,
            .index = (uint8_t)n, .same_page = l->same_page,
            .backward = l->backward, .singly = l->singly, .stub = l->stub,
            .turns = l->turns,
        };
    }
    /* Its constants are aligned as they were. */
    size_t skip = ((uintptr_t)code->rx ^ u->skip) & 8;
    struct jit_buffer at = {code->rw + skip, code->rx + skip,
                            code->size - skip};
    memcpy(at.rw, p.code, u->code_size);
    if (!call_thunks(s, thread, u, &p, &at)) {
        return NULL;
    }
    struct block *b = block_new(s->backend, chunk, key, &at, &result);
    backend_relocate(s->backend, at.rw, b, 0, b->pc);
    *code = at;
    return b;
}

/* -- adding -------------------------------------------------------------- */

/* The number of the thunk, or -1; with the lock held. */
static int thunk_number(struct store *s, const uint8_t *rx)
{
    struct store_thunks *k = &s->thunks;
    uint16_t *lately = &k->lately[((uintptr_t)rx ^ (uintptr_t)rx >> 10) %
                                  ARRAY_SIZE(k->lately)];
    unsigned n = 0;

    if (k->rx[*lately] == rx) {
        return *lately;
    }
    while (n < k->count && k->rx[n] != rx) {
        n++;
    }
    if (n == k->count) {
        if (n == NAMES || !backend_thunk_name(s->backend, rx, &k->name[n])) {
            return -1;
        }
        k->rx[k->count++] = rx;
    }
    *lately = (uint16_t)n;
    return (int)n;
}

static void fill_links(const struct block *b, struct store_link *to)
{
    const struct block_link *l = block_links(b);

    for (unsigned n = 0; n < b->link_count; n++, l++) {
        to[n] = (struct store_link){
            .target = l->target, .patch = l->patch,
            .same_page = l->same_page, .backward = l->backward,
            .singly = l->singly, .stub = l->stub, .turns = l->turns,
        };
    }
}

/* Code as for pc 0; numbers of thunks.  False: it calls one without name. */
static bool fill_relocs(struct store *s, const struct block *b,
                        const struct store_parts *p)
{
    for (unsigned n = 0; n < b->thunk_relocs; n++) {
        int32_t disp;

        memcpy(&disp, p->code + p->reloc[n], sizeof(disp));
        int number = thunk_number(s, b->code + p->reloc[n] + 4 + disp);
        if (number < 0) {
            return false;
        }
        p->name[n] = (uint16_t)number;
        memset(p->code + p->reloc[n], 0, sizeof(disp));
    }
    for (unsigned n = 0; n < b->pc_relocs; n++) {
        uint8_t *at = p->code + p->reloc[b->thunk_relocs + n];
        uint64_t address;

        memcpy(&address, at, sizeof(address));
        address -= b->pc;
        memcpy(at, &address, sizeof(address));
    }
    return true;
}

static struct store_unit shape_of(const struct block *b)
{
    return (struct store_unit){
        .context = b->context, .source_hash = b->source_hash,
        .page_offset = b->pc & 4095, .guest_bytes = b->guest_bytes,
        .code_size = b->code_size, .links = b->link_count,
        .sites = b->site_count, .thunk_relocs = b->thunk_relocs,
        .pc_relocs = b->pc_relocs, .guarded = b->guarded,
        .polled = b->polled, .entry = b->entry, .pad = b->pad,
        .skip = (uintptr_t)b->code & 15,
    };
}

/* Room for a unit, with the lock held; NULL: none is left. */
static struct store_unit *more_room(struct store *s, size_t size)
{
    if (s->size + size > s->room) {
        size_t room = s->room ? 2 * s->room : 1u << 20;
        uint8_t *units = room > NEW_LIMIT ? NULL : realloc(s->units, room);

        if (!units) {
            return NULL;
        }
        s->units = units;
        s->room = room;
    }
    return (void *)(s->units + s->size);
}

void store_add(struct store *s, const struct block *b, const uint8_t *guest,
               unsigned bytes)
{
    struct store_unit shape = shape_of(b);

    shape.key = store_key(shape.page_offset, b->context, guest, bytes);
    shape.size = (uint32_t)store_unit_size(&shape);
    pthread_mutex_lock(&s->lock);
    struct store_unit *u = more_room(s, shape.size);
    if (u) {
        memset(u, 0, shape.size);
        *u = shape;
        struct store_parts p = store_unit_parts(u);
        fill_links(b, p.link);
        memcpy(p.site, block_sites(b), b->site_count * sizeof(*p.site));
        memcpy(p.reloc, block_relocs(b),
               (b->thunk_relocs + b->pc_relocs) * sizeof(*p.reloc));
        memcpy(p.code, b->code, b->code_size);
        backend_forget_stubs(p.code, b);
        memcpy(p.guest, guest, b->guest_bytes);
        if (fill_relocs(s, b, &p)) {
            s->size += u->size;
        }
    }
    pthread_mutex_unlock(&s->lock);
}
