/* Counts what happens at the receivers, for the tests of telling them. */
#ifndef GS_TEST_NOTIFY_COUNTS_H
#define GS_TEST_NOTIFY_COUNTS_H

#include "alerting/notify/notify.h"
#include "ingest/base/clock.h"
#include "tests/unit/gs_test.h"

#include <stdatomic.h>
#include <unistd.h>

enum { PATIENT_MS = 15000 };

/* Counts of the hooks. */
struct counts {
    _Atomic size_t sent[GS_NOTIFY_RECEIVERS], failed[GS_N_NOTIFY_FAILURES];
    _Atomic size_t dropped[GS_N_NOTIFY_DROPS], waiting[GS_NOTIFY_RECEIVERS];
};

static inline void on_sent(void *arg, size_t receiver, size_t n)
{
    struct counts *counts = arg;
    atomic_fetch_add(&counts->sent[receiver], n);
}

static inline void on_failed(void *arg, size_t receiver, enum gs_notify_failure failure, unsigned n,
                             const char *why)
{
    struct counts *counts = arg;
    (void)receiver;
    (void)n;
    assert_true(why[0] != '\0');
    atomic_fetch_add(&counts->failed[failure], 1);
}

static inline void on_dropped(void *arg, size_t receiver, enum gs_notify_drop drop, size_t n,
                              const char *what)
{
    struct counts *counts = arg;
    (void)receiver;
    (void)what;
    atomic_fetch_add(&counts->dropped[drop], n);
}

static inline void on_waiting(void *arg, size_t receiver, size_t n)
{
    struct counts *counts = arg;
    atomic_store(&counts->waiting[receiver], n);
}

/* A bound for what never comes. */
static inline void until(const _Atomic size_t *count, size_t n)
{
    for (int i = 0; i < PATIENT_MS / 5 && atomic_load(count) < n; i++) {
        (void)usleep(5000);
    }
    assert_true(atomic_load(count) >= n);
}

static inline struct gs_notify_hooks notify_count_hooks(struct counts *counts)
{
    return (struct gs_notify_hooks){counts, on_sent, on_failed, on_dropped, on_waiting};
}

#endif
