/* What keeping the windows costs: the records that a batch's changes make (processor time and bytes an observation, beside
 * what the observation itself costs in the watch), and what it takes to load them. One JSON line a load. */
#include "alerting/detector/state_log.h"
#include "alerting/detector/watch_state.h"
#include "ingest/base/buf.h"
#include "ingest/base/observation.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 20000 };

static const int64_t t0 = 1767571200000;

/* Processor time, so that other work on the machine costs cache only. */
static int64_t cpu_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

struct out {
    uint64_t records, bytes;
    struct gs_state_log *log; /* NULL: only counted */
};

static enum gs_status put(void *arg, struct gs_str key, struct gs_str value, struct gs_error *err)
{
    struct out *out = arg;

    out->records++;
    out->bytes += key.len + value.len;
    return out->log == NULL ? GS_OK : gs_state_log_add(out->log, key, value, err);
}

static void must(enum gs_status status)
{
    if (status != GS_OK) {
        abort();
    }
}

static void add(struct gs_watch *watch, size_t i, size_t n_keys, double a_bin, uint64_t *rng)
{
    static const char text[] = "An excerpt of the usual length: what the message said, up to a "
                               "point, so that the copy costs what it costs.";
    char key[40], id[24], source[8];

    (void)snprintf(key, sizeof key, "entity:%06zu.SH", (size_t)(next(rng) % n_keys));
    (void)snprintf(id, sizeof id, "m%zu", i);
    (void)snprintf(source, sizeof source, "s%u", (unsigned)(next(rng) % 5));
    (void)gs_watch_add(
        watch, &(struct gs_observation){.key = gs_str(key),
                                        .id = gs_str(id),
                                        .ts_ms = t0 + (int64_t)((double)i * 300000.0 / a_bin),
                                        .source = gs_str(source),
                                        .p_negative = next(rng) % 4 == 0 ? 0.9 : 0.1,
                                        .story = i + 1,
                                        .excerpt = gs_str(text)});
}

static void load_again(struct gs_state_log *log, size_t n_keys)
{
    struct gs_watch_options options;
    struct gs_watch_load load = {0};
    const size_t n_log = log->n;
    const int64_t began = cpu_ns();

    gs_watch_options_default(&options);
    must(gs_watch_new(&options, &load.watch, NULL));
    gs_state_log_settle(log);
    for (size_t i = 0; i < log->n; i++) {
        const struct gs_state_record record = gs_state_log_at(log, i);
        must(gs_watch_load_record(&load, record.key, record.value, NULL));
    }
    must(gs_watch_load_end(&load, NULL));
    (void)printf("{\"bench\":\"state\",\"what\":\"load\",\"keys\":%zu,\"log_records\":%zu,"
                 "\"records\":%zu,\"mb\":%.1f,\"s\":%.3f}\n",
                 n_keys, n_log, log->n, (double)log->bytes / 1e6, (double)(cpu_ns() - began) / 1e9);
    gs_watch_free(load.watch);
}

static void measure(size_t n_keys, size_t messages, double a_bin)
{
    struct gs_watch_options options;
    struct gs_watch *watch = NULL;
    struct gs_state_log log = {0};
    struct out out = {.log = NULL};
    struct gs_alert alert;
    int64_t watch_ns = 0;
    int64_t state_ns = 0;
    uint64_t rng = 42;

    gs_watch_options_default(&options);
    must(gs_watch_new(&options, &watch, NULL));
    for (size_t i = 0; i < messages;) {
        const int64_t began = cpu_ns();
        gs_watch_begin(watch);
        for (size_t n = 0; n < BATCH && i < messages; n++, i++) {
            add(watch, i, n_keys, a_bin, &rng);
        }
        gs_watch_advance(watch, t0 + (int64_t)((double)i * 300000.0 / a_bin) - 600000);
        while (gs_watch_next(watch, &alert)) {
        }
        const int64_t added = cpu_ns();
        must(gs_watch_save_changes(watch, put, &out, NULL));
        state_ns += cpu_ns() - added;
        gs_watch_commit(watch);
        watch_ns += added - began;
    }
    (void)printf("{\"bench\":\"state\",\"what\":\"changes\",\"keys\":%zu,\"messages\":%zu,"
                 "\"watch_ns\":%.0f,\"state_ns\":%.0f,\"records_a_message\":%.3f,"
                 "\"bytes_a_message\":%.0f}\n",
                 n_keys, messages, (double)watch_ns / (double)messages,
                 (double)state_ns / (double)messages, (double)out.records / (double)messages,
                 (double)out.bytes / (double)messages);
    out.log = &log;
    must(gs_watch_save(watch, put, &out, NULL));
    load_again(&log, n_keys);
    gs_state_log_done(&log);
    gs_watch_free(watch);
}

int main(void)
{
    measure(10000, 2000000, 100000);
    measure(100000, 2000000, 400000);
    return 0;
}
