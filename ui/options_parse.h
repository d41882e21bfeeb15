/* Between the files of the option parser (ui/options*.c). */
#ifndef UI_OPTIONS_PARSE_H
#define UI_OPTIONS_PARSE_H

#include <stdbool.h>

#include "ui/options.h"
#include "util/keyval.h"

#define PARSE_MAX_LIST 128

/* Strings collected while reading, in order. */
struct parse_list {
    const char *items[PARSE_MAX_LIST];
    unsigned count;
};

/* -global, split. */
struct parse_global {
    const char *driver, *property, *value;
};

/* -object, but for packet dumps. */
enum parse_object_kind { OBJECT_OTHER, OBJECT_RNG, OBJECT_MEMORY };
struct parse_object {
    const char *id;
    enum parse_object_kind kind;
    const char *filename; /* random numbers, memory; NULL: the kernel's */
    uint64_t size;        /* of memory */
    bool shared;          /* memory is the file's */
    struct secrets *secrets; /* where a secret goes */
};

/* What was read but cannot be judged before the last option is seen. */
struct parse {
    struct options *out;
    const char *option; /* being read, without its dashes */
    const char *usage;  /* of its argument */
    bool done;          /* help was printed */

    struct keyval *machine, *memory, *smp, *rtc, *action;
    struct keyval *semihosting; /* or NULL */
    struct parse_list accels, serials, monitors, mons, data_dirs;
    const char *cpu;
    bool nographic, display, nodefaults, monitor;
    bool snapshot;
    const char *boot_order;      /* letters, or NULL */
    const char *bare;            /* a file given without an option */
    struct parse_list devices;
    struct parse_global globals[PARSE_MAX_LIST];
    unsigned global_count;
    struct parse_object objects[PARSE_MAX_LIST];
    unsigned object_count;
    bool network;                /* -netdev, -nic or -net was there */
    struct parse_list net_ports; /* -net: ids of back ends */
};

/* For all of them (options_parse.c). */

/* Answer "help" for the option being read. */
void parse_usage(struct parse *p);

/* `what` is not there yet, for the error message. */
bool parse_unsupported(struct error **err, const char *what);

bool parse_list_add(struct parse_list *list, const char *text,
                    struct error **err);

/* Parse "a=b,..."; kept until the options are freed.  NULL on error. */
struct keyval *parse_keyval(struct parse *p, const char *text,
                            const char *implied_key, struct error **err);

/* `kv` is freed with the options. */
struct keyval *parse_keep(struct parse *p, struct keyval *kv);

/*
 * The error for a name that none of a table's rows has.  `what` it is not,
 * the option whose help lists them, a NULL-terminated list of names that QEMU
 * knows and we do not yet; then the table as for nearest_in_table().
 */
void parse_unknown(const char *name, const char *what, const char *option,
                   const char *const *missing, const void *candidates,
                   size_t count, size_t stride, struct error **err);
/* Room for one more behind `count`, zeroed. */
void *parse_grow(void *array, unsigned count, size_t size);
/* As printf, kept until the options are freed. */
const char *parse_format(struct parse *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Part of a string, kept until the options are freed. */
const char *parse_copy(struct parse *p, const char *text, size_t length);

/* Single values (options_values.c). */
bool option_none(struct parse *p, const char *text, struct error **err);
bool option_enable_kvm(struct parse *p, const char *text, struct error **err);
bool option_data_dir(struct parse *p, const char *text, struct error **err);
bool option_log_items(struct parse *p, const char *text, struct error **err);
bool option_log_file(struct parse *p, const char *text, struct error **err);
bool option_display(struct parse *p, const char *text, struct error **err);
bool option_name(struct parse *p, const char *text, struct error **err);
bool option_msg(struct parse *p, const char *text, struct error **err);
bool option_sandbox(struct parse *p, const char *text, struct error **err);
bool option_overcommit(struct parse *p, const char *text, struct error **err);
bool option_uuid(struct parse *p, const char *text, struct error **err);
bool option_action(struct parse *p, const char *text, struct error **err);

/* -bios NAME where -L says. */
void options_find_firmware(struct parse *p);

/* -machine, -accel and -cpu (options_machine.c, _accel.c, _cpu.c). */
bool option_machine(struct parse *p, const char *text, struct error **err);
bool options_finish_machine(struct parse *p, struct error **err);
bool option_accel(struct parse *p, const char *text, struct error **err);
bool options_finish_accel(struct parse *p, struct error **err);
bool option_cpu(struct parse *p, const char *text, struct error **err);
bool options_finish_cpu(struct parse *p, struct error **err);

/* -m, -smp and -rtc (options_size.c). */
bool option_memory(struct parse *p, const char *text, struct error **err);
bool option_smp(struct parse *p, const char *text, struct error **err);
bool option_rtc(struct parse *p, const char *text, struct error **err);
bool options_finish_sizes(struct parse *p, struct error **err);

/* Disk images (options_drive.c, options_blockdev.c). */
bool option_drive(struct parse *p, const char *text, struct error **err);
bool option_blockdev(struct parse *p, const char *text, struct error **err);
bool option_hd(struct parse *p, const char *text, struct error **err);
bool option_cdrom(struct parse *p, const char *text, struct error **err);
bool option_pflash(struct parse *p, const char *text, struct error **err);
bool options_finish_drives(struct parse *p, struct error **err);
/* -drive file=FILE,if=...,media=...,index=...; NULL: not said. */
bool options_add_file(struct parse *p, const char *file,
                      const char *interface, const char *media,
                      const char *index, struct error **err);
bool options_add_drive(struct parse *p, const struct drive_config *drive,
                       struct error **err);
struct drive_config *options_find_drive(struct parse *p, const char *id);
bool options_read_block(struct parse *p, struct keyval *kv,
                        struct block_config *block, struct error **err);
/* Those of -object secret; made when they are not there yet. */
struct secrets *options_secrets(struct parse *p);
/* Without "file:"; NULL when it names a protocol. */
const char *parse_image_path(const char *text, struct error **err);
bool parse_on_error(struct keyval *kv, const char *key,
                    enum block_on_error *result, struct error **err);

/* A file without an option (options_bare.c). */
bool option_bare(struct parse *p, const char *path, struct error **err);
bool options_finish_bare(struct parse *p, struct error **err);

/* Devices (options_device.c, _device_help.c, options_links.c). */
struct device_type;
struct device_config;
bool option_device(struct parse *p, const char *text, struct error **err);
bool option_global(struct parse *p, const char *text, struct error **err);
const struct device_type *options_find_type(const char *name,
                                            struct error **err);
void options_print_types(void);
void options_print_type(const struct device_type *type);
void options_add_device(struct parse *p, const struct device_config *config);
/* One from "MODEL,key=value,..."; messages call it `text`. */
bool options_make_device(struct parse *p, const char *text,
                         const char *properties, struct error **err);
bool options_finish_devices(struct parse *p, struct error **err);

/* Objects (options_object.c). */
bool option_object(struct parse *p, const char *text, struct error **err);
bool options_find_rng(struct parse *p, const char *id, const char **filename,
                      struct error **err);
bool options_finish_objects(struct parse *p, struct error **err);

/* For firmware (options_firmware.c). */
bool option_boot(struct parse *p, const char *text, struct error **err);
bool option_fw_cfg(struct parse *p, const char *text, struct error **err);
bool option_smbios(struct parse *p, const char *text, struct error **err);
void options_free_smbios(struct options *options);

/* Semihosting (options_semihosting.c). */
bool option_semihosting(struct parse *p, const char *text,
                        struct error **err);
bool option_semihosting_config(struct parse *p, const char *text,
                               struct error **err);
bool options_finish_semihosting(struct parse *p, struct error **err);

/* Options of character devices (options_chardev.c). */
bool option_chardev(struct parse *p, const char *text, struct error **err);
bool option_serial(struct parse *p, const char *text, struct error **err);
bool option_monitor(struct parse *p, const char *text, struct error **err);
bool option_mon(struct parse *p, const char *text, struct error **err);
bool option_parallel(struct parse *p, const char *text, struct error **err);
bool option_echr(struct parse *p, const char *text, struct error **err);
bool options_finish_chardevs(struct parse *p, struct error **err);

/*
 * A character device in the short form of -serial ("tcp::4444,server=on",
 * "file:F", "chardev:ID"); `name` becomes the id of a new one.  *id is NULL
 * for "none".
 */
bool options_resolve_chardev(struct parse *p, const char *text,
                             const char *name, const char **id,
                             struct error **err);

/* The network (options_net.c, _net_kinds.c, _net_user.c). */
bool option_netdev(struct parse *p, const char *text, struct error **err);
bool option_nic(struct parse *p, const char *text, struct error **err);
bool option_net(struct parse *p, const char *text, struct error **err);
/* -object filter-dump,... */
bool options_add_net_dump(struct parse *p, struct keyval *kv,
                          struct error **err);
bool options_finish_net(struct parse *p, struct error **err);
void options_free_net(struct options *options);

/* "52:54:00:12:34:56"; no multicast address. */
bool parse_mac(const char *text, uint8_t mac[6], struct error **err);

struct net_config;
/* The properties of one kind; config->id and ->backend are set. */
bool options_read_netdev(struct parse *p, struct keyval *kv,
                         struct net_config *config, struct error **err);
bool options_read_net_user(struct parse *p, struct keyval *kv,
                           struct net_config *config, struct error **err);
/* Release what the two have allocated. */
void options_free_netdev(struct net_config *config);

/* "tcp:127.0.0.1:2222-:22"; `rule` outlives *f. */
struct net_hostfwd;
bool parse_hostfwd(const char *rule, struct net_hostfwd *f,
                   struct error **err);

/* Sockets (options_socket.c). */
bool options_read_socket(struct keyval *kv, struct chardev_config *config,
                         struct error **err);
bool options_read_udp(struct keyval *kv, struct chardev_config *config,
                      struct error **err);
/* The short form as the options of -chardev, but for the id. */
struct keyval *options_split_chardev(struct parse *p, const char *text,
                                     struct error **err);

/* The character device with this id, or NULL. */
struct chardev_config *options_find_chardev(struct parse *p, const char *id);

/* "HOST:PORT", "[HOST]:PORT" or ":PORT", up to `length` bytes; NULL members
 * for what is empty. */
bool parse_host_port(struct parse *p, const char *text, size_t length,
                     const char **host, const char **port,
                     struct error **err);

#endif
