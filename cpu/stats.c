#include "cpu/stats.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "cpu/jit/backend.h"
#include "cpu/jit/slowpath.h"
#include "cpu/vcpu.h"
#include "util/bits.h"

enum kept_in { IN_ENGINE, IN_TLB, IN_VCPU };

#define ENGINE(field) IN_ENGINE, offsetof(struct engine_stats, field)
#define TLB(field) IN_TLB, offsetof(struct tlb_stats, field)
#define VCPU(field) IN_VCPU, offsetof(struct vcpu_stats, field)

/* In the order of printing; a row without a place is a heading. */
static const struct row {
    const char *name;
    enum kept_in in;
    size_t offset;
    const char *meaning;
} rows[] = {
    {"translation", 0, 0, NULL},
    {"units", ENGINE(translations), "pieces of guest code translated"},
    {"instructions", ENGINE(guest_insns), "guest instructions in them"},
    {"host-bytes", ENGINE(host_bytes), "bytes of code they became"},
    {"nanoseconds", ENGINE(translate_ns), "time it took, copies included"},
    {"copies", ENGINE(copies), "units copied from another address instead"},
    {"moves", ENGINE(moves), "times that code was taken to another address"},
    {"moved", ENGINE(moved), "units that were"},
    {"revived", ENGINE(revived), "of the copies from what was to be evicted"},
    {"copied-again", ENGINE(copied_again),
     "of the copies those that were evicted"},
    {"lost", ENGINE(lost), "units translated again that were evicted"},
    {"loads", ENGINE(loads), "units taken from disk instead (cache=DIR)"},
    {"retries", ENGINE(retries), "done again: the guest wrote there"},

    {"finding code", 0, 0, NULL},
    {"look-ups", ENGINE(lookups), "of code for a guest address, in C"},
    {"searches", ENGINE(searches), "of these after the page was looked up"},
    {"links", ENGINE(links), "branches patched when they had been left by"},
    {"linked", ENGINE(linked), "branches patched as code was made"},
    {"jump-cache-fills", ENGINE(jump_cache_fills),
     "targets of indirect branches remembered"},

    {"leaving generated code", 0, 0, NULL},
    {"reentries", ENGINE(reentries),
     "units whose page had to be looked up first"},
    {"exit-none", ENGINE(exits[VCPU_EXIT_NONE]), "to look for code"},
    {"exit-request", ENGINE(exits[VCPU_EXIT_REQUEST]),
     "interrupt, timer, another vCPU's wish"},
    {"exit-fault", ENGINE(exits[VCPU_EXIT_FAULT]), "an access faulted"},
    {"exit-exception", ENGINE(exits[VCPU_EXIT_EXCEPTION]),
     "an instruction asked for it (SVC, undefined, ...)"},
    {"exit-state", ENGINE(exits[VCPU_EXIT_STATE]),
     "what translations depend on changed (ERET, MSR)"},
    {"exit-return", ENGINE(exits[VCPU_EXIT_RETURN]), "ERET to be looked at"},
    {"exit-wait", ENGINE(exits[VCPU_EXIT_WAIT]), "WFI, WFE"},
    {"sleeps", ENGINE(waits), "of these nothing was pending"},

    {"memory: translation of addresses", 0, 0, NULL},
    {"miss-load", TLB(load_misses), "loads not in the first level"},
    {"miss-store", TLB(store_misses), "stores not in the first level"},
    {"recalled", TLB(recalled), "both, back from where other pages drove them"},
    {"miss-fetch", TLB(fetch_misses), "pages of code looked up"},
    {"miss-second", TLB(l2_misses), "of all these not in the second level"},
    {"walks", TLB(walks), "page tables walked"},
    {"invalidations", TLB(invalidations), "TLBI and the like"},
    {"sweeps", TLB(sweeps), "of these by looking at every entry"},
    {"recycled", TLB(recycled), "address spaces put out for another one"},

    {"memory: accesses on the slow path", 0, 0, NULL},
    {"slow-load", VCPU(slow_loads), "loads"},
    {"slow-store", VCPU(slow_stores), "stores"},
    {"slow-check", VCPU(slow_checks), "of several accesses off one base"},
    {"slow-unprivileged", VCPU(slow_unpriv), "of these LDTR, STTR"},
    {"slow-load-exclusive", VCPU(slow_atomic[SLOW_LOAD_EX]), "LDXR"},
    {"slow-store-exclusive", VCPU(slow_atomic[SLOW_STORE_EX]), "STXR"},
    {"slow-rmw", VCPU(slow_atomic[SLOW_RMW]), "LDADD, SWP, ..."},
    {"slow-cas", VCPU(slow_atomic[SLOW_CAS]), "CAS"},
    {"crossing", TLB(crossing), "accesses that cross a page"},
    {"device", TLB(device), "accesses to devices"},
};

static uint64_t value_of(const struct stats_view *view, unsigned cpu,
                         enum kept_in in, size_t offset)
{
    const struct vcpu *vcpu = view->vcpu[cpu];
    const char *base = in == IN_ENGINE ? (const char *)view->engine[cpu]
                       : in == IN_TLB  ? (const char *)tlb_stats(vcpu->mmu)
                                       : (const char *)&vcpu->stats;
    uint64_t value;

    memcpy(&value, base + offset, sizeof(value));
    return value;
}

static void print_values(FILE *f, const char *name, const uint64_t *value,
                         unsigned count, const char *meaning)
{
    uint64_t sum = 0;

    for (unsigned n = 0; n < count; n++) {
        sum += value[n];
    }
    if (!sum) {
        return;
    }
    fprintf(f, "  %-22s", name);
    for (unsigned n = 0; n < count; n++) {
        fprintf(f, " %13" PRIu64, value[n]);
    }
    fprintf(f, "%s%s\n", *meaning ? "  " : "", meaning);
}

static void print_row(const struct stats_view *view, FILE *f,
                      const struct row *row)
{
    uint64_t value[STATS_MAX_CPUS];

    if (!row->meaning) {
        fprintf(f, "%s\n", row->name);
        return;
    }
    for (unsigned n = 0; n < view->cpus; n++) {
        value[n] = value_of(view, n, row->in, row->offset);
    }
    print_values(f, row->name, value, view->cpus, row->meaning);
}

static void print_exceptions(const struct stats_view *view, FILE *f)
{
    uint64_t value[STATS_MAX_CPUS];

    fprintf(f, "exceptions taken\n");
    for (unsigned number = 0; number < STATS_EXCEPTIONS; number++) {
        for (unsigned n = 0; n < view->cpus; n++) {
            value[n] = view->vcpu[n]->stats.exceptions[number];
        }
        print_values(f, view->exception_name(number), value, view->cpus, "");
    }
}

static void print_helpers(const struct stats_view *view, FILE *f)
{
    uint64_t value[STATS_MAX_CPUS];
    const char *name;

    if (!view->backend || !view->vcpu[0]->helper_calls) {
        return;
    }
    fprintf(f, "calls of C functions by generated code\n");
    for (unsigned k = 0; (name = backend_helper_name(view->backend, k)); k++) {
        for (unsigned n = 0; n < view->cpus; n++) {
            value[n] = view->vcpu[n]->helper_calls[k];
        }
        print_values(f, name, value, view->cpus, "");
    }
}

void stats_print(const struct stats_view *view, FILE *f)
{
    for (unsigned n = 0; n < ARRAY_SIZE(rows); n++) {
        print_row(view, f, &rows[n]);
    }
    print_exceptions(view, f);
    print_helpers(view, f);
}
