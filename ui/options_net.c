/*
 * The network: -netdev makes cables by name, -nic a cable and the NIC on
 * it, -net NICs and cables that all meet in one hub.
 *
 * Without any of them, and without -nodefaults, there is one NIC on a user
 * network, as in QEMU.
 */
#include "ui/options_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/config.h"
#include "util/bits.h"

/* Back ends of QEMU's that do not exist here. */
static const char *const missing_backends[] = {
    "l2tpv3", "vde", "netmap", "vhost-user", "vhost-vdpa", "af-xdp",
    "vmnet-host", "vmnet-shared", "vmnet-bridged", "passt", NULL,
};

static struct nic_config *add_nic(struct machine_config *machine)
{
    machine->nics =
        parse_grow(machine->nics, machine->nic_count, sizeof(*machine->nics));
    return &machine->nics[machine->nic_count++];
}

static struct net_config *find_netdev(const struct machine_config *machine,
                                      const char *id)
{
    for (unsigned i = 0; i < machine->netdev_count; i++) {
        if (strcmp(machine->netdevs[i].id, id) == 0) {
            return &machine->netdevs[i];
        }
    }
    return NULL;
}

static const struct net_backend *find_backend(const char *name,
                                              struct error **err)
{
    size_t count;
    const struct net_backend *rows = net_backends(&count);
    const struct net_backend *backend = net_backend_find(name);

    if (backend) {
        return backend;
    }
    if (strcmp(name, "user") == 0) {
        error_set(err, "this build has no user network; install libslirp-dev "
                       "and build it again");
        return NULL;
    }
    parse_unknown(name, "a network back end", "-netdev", missing_backends,
                  &rows[0].name, count, sizeof(rows[0]), err);
    return NULL;
}

/* Read the rest of `kv` as the back end `type` with the name `id`. */
static bool add_netdev(struct parse *p, struct keyval *kv, const char *type,
                       const char *id, struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    const struct net_backend *backend = find_backend(type, err);

    if (!backend) {
        return false;
    }
    if (find_netdev(machine, id)) {
        error_set(err, "Duplicate ID '%s' for netdev", id);
        return false;
    }
    machine->netdevs = parse_grow(machine->netdevs, machine->netdev_count,
                            sizeof(*machine->netdevs));
    struct net_config *config = &machine->netdevs[machine->netdev_count++];
    config->id = id;
    config->backend = backend;
    return options_read_netdev(p, kv, config, err);
}

static void backends_print(void)
{
    size_t count;
    const struct net_backend *rows = net_backends(&count);

    printf("Available netdev backend types:\n");
    for (size_t i = 0; i < count; i++) {
        printf("  %-10s %s\n", rows[i].name, rows[i].help);
    }
}

static bool wants_help(struct parse *p, struct keyval *kv)
{
    if (keyval_help(kv)) {
        backends_print();
        p->done = true;
    }
    return p->done;
}

/* -netdev -------------------------------------------------------------- */

static bool netdev(struct parse *p, const char *text, struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, "type", err);

    if (!kv || wants_help(p, kv)) {
        return kv != NULL;
    }
    const char *type = keyval_get(kv, "type"), *id = keyval_get(kv, "id");
    if (!type || !id) {
        error_set(err, type ? "no id=NAME is given" : "no type is given");
        return false;
    }
    return add_netdev(p, kv, type, id, err);
}

bool option_netdev(struct parse *p, const char *text, struct error **err)
{
    p->network = true;
    if (netdev(p, text, err)) {
        return true;
    }
    error_prepend(err, "-netdev %s", text);
    return false;
}

/* -nic ----------------------------------------------------------------- */

bool parse_mac(const char *text, uint8_t mac[6], struct error **err)
{
    unsigned v[6];
    int end = 0;
    char separator = strchr(text, '-') ? '-' : ':';
    const char *format = separator == '-' ? "%2x-%2x-%2x-%2x-%2x-%2x%n"
                                          : "%2x:%2x:%2x:%2x:%2x:%2x%n";

    if (sscanf(text, format, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
               &end) != 6 || text[end]) {
        error_set(err, "'%s': expected an Ethernet address such as "
                       "52:54:00:12:34:56", text);
        return false;
    }
    if (v[0] & 1) {
        error_set(err, "'%s': NIC cannot have multicast MAC address (odd "
                       "1st byte)", text);
        return false;
    }
    for (int i = 0; i < 6; i++) {
        mac[i] = (uint8_t)v[i];
    }
    return true;
}

static void models_print(void)
{
    printf("Supported NIC models:\nvirtio-net-pci\nvirtio-net-device\n");
}

/* What belongs to the NIC. */
static bool read_nic(struct parse *p, struct keyval *kv, const char *mac_key,
                     struct nic_config *nic, struct error **err)
{
    const char *mac = keyval_get(kv, mac_key);
    uint64_t vectors;

    nic->model = keyval_get(kv, "model");
    nic->addr = keyval_get(kv, "addr");
    if (nic->model && (strcmp(nic->model, "help") == 0 ||
                       strcmp(nic->model, "?") == 0)) {
        models_print();
        p->done = true;
        return true;
    }
    if (mac && !parse_mac(mac, nic->mac, err)) {
        return false;
    }
    nic->has_mac = mac != NULL;
    return keyval_uint(kv, "vectors", 2048, &vectors, err);
}

/* "nic0", "hub0port1": a name that the user did not give. */
static const char *make_id(struct parse *p, const char *prefix, unsigned n)
{
    char id[32];

    snprintf(id, sizeof(id), "%s%u", prefix, n);
    return parse_copy(p, id, strlen(id));
}

static bool nic(struct parse *p, const char *text, struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    struct keyval *kv = parse_keyval(p, text, "type", err);
    struct nic_config nic = {0};

    if (!kv || wants_help(p, kv)) {
        return kv != NULL;
    }
    const char *type = keyval_get(kv, "type");
    if (type && strcmp(type, "none") == 0) {
        return true;
    }
    if (!read_nic(p, kv, "mac", &nic, err) || p->done) {
        return p->done;
    }
    nic.netdev = keyval_get(kv, "id");
    if (!nic.netdev) {
        nic.netdev = make_id(p, "#net", machine->nic_count);
    }
    if (!add_netdev(p, kv, type ? type : "user", nic.netdev, err)) {
        return false;
    }
    *add_nic(machine) = nic;
    return true;
}

bool option_nic(struct parse *p, const char *text, struct error **err)
{
    p->network = true;
    if (nic(p, text, err)) {
        return true;
    }
    error_prepend(err, "-nic %s", text);
    return false;
}

/* -net ----------------------------------------------------------------- */

static bool net_nic(struct parse *p, struct keyval *kv, struct error **err)
{
    struct nic_config nic = {0};

    if (!read_nic(p, kv, "macaddr", &nic, err) || p->done) {
        return p->done;
    }
    nic.netdev = keyval_get(kv, "netdev");
    nic.id = keyval_get(kv, "name");
    if (!keyval_check(kv, err)) {
        return false;
    }
    *add_nic(&p->out->machine) = nic; /* the hub: options_finish_net() */
    return true;
}

static bool net(struct parse *p, const char *text, struct error **err)
{
    struct keyval *kv = parse_keyval(p, text, "type", err);

    if (!kv || wants_help(p, kv)) {
        return kv != NULL;
    }
    const char *type = keyval_get(kv, "type");
    if (!type) {
        error_set(err, "no type is given");
        return false;
    }
    if (strcmp(type, "none") == 0) {
        return keyval_check(kv, err);
    }
    if (strcmp(type, "nic") == 0) {
        return net_nic(p, kv, err);
    }
    const char *id = keyval_get(kv, "id"), *name = keyval_get(kv, "name");
    id = id ? id : name ? name : make_id(p, "#net", p->net_ports.count);
    return parse_list_add(&p->net_ports, id, err) &&
           add_netdev(p, kv, type, id, err);
}

bool option_net(struct parse *p, const char *text, struct error **err)
{
    p->network = true;
    if (net(p, text, err)) {
        return true;
    }
    error_prepend(err, "-net %s", text);
    return false;
}

/* A port of hub 0, on `netdev` or for a NIC; returns its id. */
static const char *add_hub_port(struct parse *p, const char *netdev,
                                struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    struct keyval *kv = parse_keep(p, keyval_new());
    const char *id = make_id(p, "hub0port", machine->netdev_count);

    keyval_set(kv, "hubid", "0");
    if (netdev) {
        keyval_set(kv, "netdev", netdev);
    }
    return add_netdev(p, kv, "hubport", id, err) ? id : NULL;
}

/* NICs and back ends of -net meet in the hub; one of each need none. */
static bool connect_hub(struct parse *p, struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    unsigned loose = 0, last = 0;

    for (unsigned i = 0; i < machine->nic_count; i++) {
        if (!machine->nics[i].netdev) {
            loose++;
            last = i;
        }
    }
    if (loose == 1 && p->net_ports.count == 1) {
        machine->nics[last].netdev = p->net_ports.items[0];
        return true;
    }
    for (unsigned i = 0; i < p->net_ports.count; i++) {
        if (!add_hub_port(p, p->net_ports.items[i], err)) {
            return false;
        }
    }
    for (unsigned i = 0; i < machine->nic_count && loose > 0; i++) {
        struct nic_config *nic = &machine->nics[i];
        if (!nic->netdev && p->net_ports.count + loose > 1) {
            nic->netdev = add_hub_port(p, NULL, err);
            if (!nic->netdev) {
                return false;
            }
        }
    }
    return true;
}

/* filter-dump, and the end --------------------------------------------- */

bool options_add_net_dump(struct parse *p, struct keyval *kv,
                          struct error **err)
{
    struct machine_config *machine = &p->out->machine;
    struct net_dump_config dump = {
        .id = keyval_get(kv, "id"),
        .netdev = keyval_get(kv, "netdev"),
        .path = keyval_get(kv, "file"),
    };
    uint64_t length = 65536;

    if (!dump.id || !dump.netdev || !dump.path) {
        error_set(err, "needs id=NAME, netdev=ID and file=FILE");
        return false;
    }
    if (!keyval_size(kv, "maxlen", 1, &length, err) ||
        !keyval_check(kv, err)) {
        return false;
    }
    dump.max_length = length > UINT32_MAX ? UINT32_MAX : (uint32_t)length;
    machine->net_dumps = parse_grow(machine->net_dumps, machine->net_dump_count,
                              sizeof(*machine->net_dumps));
    machine->net_dumps[machine->net_dump_count++] = dump;
    return true;
}

static bool check_ids(const struct machine_config *machine,
                      struct error **err)
{
    for (unsigned i = 0; i < machine->nic_count; i++) {
        const char *id = machine->nics[i].netdev;
        if (id && !find_netdev(machine, id)) {
            error_set(err, "there is no -netdev with the id '%s'", id);
            return false;
        }
    }
    for (unsigned i = 0; i < machine->net_dump_count; i++) {
        const struct net_dump_config *dump = &machine->net_dumps[i];
        if (!find_netdev(machine, dump->netdev)) {
            error_set(err, "-object filter-dump,id=%s: there is no -netdev "
                           "with the id '%s'", dump->id, dump->netdev);
            return false;
        }
    }
    return true;
}

bool options_finish_net(struct parse *p, struct error **err)
{
    struct machine_config *machine = &p->out->machine;

    if (!p->network && !p->nodefaults && net_backend_find("user") &&
        strcmp(machine->machine, "none") != 0 && !option_nic(p, "user", err)) {
        return false;
    }
    return connect_hub(p, err) && check_ids(machine, err);
}

void options_free_net(struct options *options)
{
    struct machine_config *machine = &options->machine;

    for (unsigned i = 0; i < machine->netdev_count; i++) {
        options_free_netdev(&machine->netdevs[i]);
    }
    free(machine->netdevs);
    free(machine->nics);
    free(machine->net_dumps);
}
