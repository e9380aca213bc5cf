/* Bytes become changes of a good state's records, or records of their own. Properties:
 *   - a load fails with a message, or gives a watch that goes on: its alerts and views are finite;
 *   - what such a watch saves loads again and saves the same. */
#include "alerting/detector/state_log.h"
#include "alerting/detector/watch_state.h"
#include "ingest/base/buf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t t0 = 1767571200000;

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static struct gs_watch *new_watch(void)
{
    struct gs_watch_options options;
    struct gs_watch *watch = NULL;

    gs_watch_options_default(&options);
    options.max_keys = 1000;
    options.max_ids = 10000;
    options.max_excerpts = 256;
    options.min_publishers = 0;
    check(gs_watch_new(&options, &watch, NULL) == GS_OK);
    return watch;
}

static void observe(struct gs_watch *watch, int64_t from, int bins, int n, double p)
{
    static const char *const keys[] = {"topic:legal", "entity:A", "x", "risk:d@A"};
    char id[32], source[8];

    for (int i = 0; i < bins * n; i++) {
        (void)snprintf(id, sizeof id, "%lld-%d", (long long)from, i);
        (void)snprintf(source, sizeof source, "s%d", i % 13);
        (void)gs_watch_add(watch,
                           &(struct gs_observation){.key = gs_str(keys[i % 4]),
                                                    .name = gs_str(i % 4 == 1 ? "A Company" : ""),
                                                    .id = gs_str(id),
                                                    .ts_ms = from + (int64_t)i * 300000 / n,
                                                    .source = gs_str(source),
                                                    .p_negative = i % 7 == 0 ? 0.9 : p,
                                                    .story = (uint64_t)(i % 11),
                                                    .excerpt = gs_str(id)});
    }
}

static void look_at_alert(const struct gs_alert *alert)
{
    struct gs_buf json = {.max = 1U << 16};

    check(isfinite(alert->observed) && isfinite(alert->expected) && isfinite(alert->n));
    check(isfinite(alert->log10_evidence) && alert->n_evidence <= GS_MAX_EVIDENCE);
    gs_alert_encode(alert, &json);
    gs_buf_done(&json);
}

static void close_bins(struct gs_watch *watch, int64_t to)
{
    struct gs_alert alert;

    gs_watch_advance(watch, to);
    while (gs_watch_next(watch, &alert)) {
        look_at_alert(&alert);
    }
}

static enum gs_status to_log(void *arg, struct gs_str key, struct gs_str value,
                             struct gs_error *err)
{
    return gs_state_log_add(arg, key, value, err);
}

/* A state with alerts, habits, sketches and open bins. */
static struct gs_state_log *good_state(void)
{
    static struct gs_state_log log;

    if (log.n == 0) {
        struct gs_watch *watch = new_watch();
        for (int round = 0; round < 4; round++) {
            const int64_t from = t0 + round * (int64_t)9000000;
            gs_watch_begin(watch);
            observe(watch, from, 30, 12, round == 3 ? 0.95 : 0.1);
            close_bins(watch, from + (int64_t)29 * 300000);
            gs_watch_commit(watch);
        }
        check(gs_watch_save(watch, to_log, &log, NULL) == GS_OK);
        gs_state_log_settle(&log);
        gs_watch_free(watch);
    }
    return &log;
}

static void look(void *arg, const struct gs_key_view *view)
{
    (void)arg;
    check(isfinite(view->n_hour) && isfinite(view->log10_evidence));
    check(isfinite(view->observed) && isfinite(view->expected));
}

static void look_at_bin(void *arg, const struct gs_bin_look *bin)
{
    (void)arg;
    check(isfinite(bin->n) && isfinite(bin->negative) && bin->negative <= bin->n * 1.001);
}

static void look_at_key(void *arg, const struct gs_key_view *view)
{
    const struct gs_watch *watch = arg;
    struct gs_key_look found;

    look(NULL, view);
    check(gs_watch_look(watch, view->key, &found));
    check(isfinite(found.baseline) && isfinite(found.deviation));
    gs_watch_look_bins(watch, view->key, look_at_bin, NULL);
}

static void look_firing(void *arg, const struct gs_alert *alert)
{
    (void)arg;
    look_at_alert(alert);
}

static enum gs_status load(struct gs_state_log *log, struct gs_watch *watch)
{
    struct gs_watch_load load = {.watch = watch};
    struct gs_error err = {0};
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < log->n && status == GS_OK; i++) {
        const struct gs_state_record record = gs_state_log_at(log, i);
        status = gs_watch_load_record(&load, record.key, record.value, &err);
    }
    status = status == GS_OK ? gs_watch_load_end(&load, &err) : status;
    check(status == GS_OK || err.message[0] != '\0');
    return status;
}

static bool same_logs(const struct gs_state_log *a, const struct gs_state_log *b)
{
    bool same = a->n == b->n;

    for (size_t i = 0; i < a->n && same; i++) {
        const struct gs_state_record x = gs_state_log_at(a, i);
        const struct gs_state_record y = gs_state_log_at(b, i);
        /* The core's chunk numbers count loads; chunks come in the order of a hash table. */
        const bool moves = gs_watch_record_order(x.key) == 0 || gs_watch_record_order(x.key) >= 4;
        same = moves || (gs_str_equal(x.key, y.key) && gs_str_equal(x.value, y.value));
    }
    return same;
}

static void go_on(struct gs_watch *watch)
{
    struct gs_state_log first = {0};
    struct gs_state_log second = {0};
    struct gs_watch *again = new_watch();

    gs_watch_each(watch, look_at_key, watch);
    gs_watch_each_firing(watch, look_firing, NULL);
    check(gs_watch_save(watch, to_log, &first, NULL) == GS_OK);
    gs_state_log_settle(&first);
    check(load(&first, again) == GS_OK);
    check(gs_watch_save(again, to_log, &second, NULL) == GS_OK);
    gs_state_log_settle(&second);
    check(same_logs(&first, &second));
    gs_watch_begin(watch);
    observe(watch, t0 + 4 * (int64_t)9000000, 24, 6, 0.8);
    close_bins(watch, t0 + 6 * (int64_t)9000000);
    gs_watch_commit(watch);
    gs_watch_each(watch, look, NULL);
    gs_state_log_done(&first);
    gs_state_log_done(&second);
    gs_watch_free(again);
}

/* Copies the good records, each with the changes that the bytes say for it, and puts the input's own
 * behind them. */
static void make(struct gs_state_log *log, const uint8_t *data, size_t size)
{
    const struct gs_state_log *good = good_state();
    size_t at = 0;

    for (size_t i = 0; i < good->n; i++) {
        const struct gs_state_record record = gs_state_log_at(good, i);
        check(gs_state_log_add(log, record.key, record.value, NULL) == GS_OK);
    }
    while (at + 4 <= size && log->n > 0) {
        struct gs_state_log_entry *entry = &log->entries[data[at] % log->n];
        const size_t where = (size_t)data[at + 1] | (size_t)data[at + 2] << 8;
        if ((data[at] & 0x80U) != 0 && entry->value_len > 0) {
            entry->value_len = (uint32_t)(where % entry->value_len);
        } else if (entry->key_len + entry->value_len > 0) {
            entry->bytes[where % (entry->key_len + entry->value_len)] = (char)data[at + 3];
        }
        at += 4;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gs_state_log log = {0};
    struct gs_watch *watch = new_watch();

    make(&log, data, size);
    if (size % 3 == 0) {
        gs_state_log_settle(&log);
    }
    if (load(&log, watch) == GS_OK) {
        go_on(watch);
    }
    gs_state_log_done(&log);
    gs_watch_free(watch);
    return 0;
}
