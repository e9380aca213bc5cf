/* A stream whose state has records of every type, and where they are put. */
#ifndef GS_TEST_STATE_FIXTURE_H
#define GS_TEST_STATE_FIXTURE_H

#include "alerting/detector/state_log.h"
#include "alerting/detector/watch_state.h"
#include "tests/unit/alerting/detector/watch_helper.h"

/* Four days of five keys of three kinds: surges, a slow one, copies of stories, a busy key with many
 * publishers, silence. */
static inline struct stream make_stream(uint64_t seed)
{
    struct stream stream = {.rng = {seed}};
    static const char *const keys[] = {"topic:results", "topic:legal", "entity:AAA", "entity:BBB",
                                       "risk:fraud"};

    for (int day = 0; day < 4; day++) {
        const int64_t from = t0 + day * (24 * HOUR_MS);
        for (size_t k = 0; k < GS_COUNT(keys); k++) {
            stream_fill(&stream, keys[k], from, from + 24 * HOUR_MS, 500 + 300 * (int)k, 0.15);
        }
        const char *surging = keys[(day + 1) % 5];
        stream_fill(&stream, surging, from + 9 * HOUR_MS, from + 12 * HOUR_MS, 300, 0.85);
    }
    for (size_t i = 0; i < stream.n; i++) {
        struct message *m = &stream.messages[i];
        if (rng_below(&stream.rng, 6) == 0) {
            m->dup = 1 + rng_below(&stream.rng, 40);
        } else if (rng_below(&stream.rng, 3) == 0) {
            m->dup = 1000 + i;
            m->outline = outline_like(rng_below(&stream.rng, 60), 12, &stream.rng);
        }
        m->tier = strcmp(m->key, "entity:AAA") == 0 ? 1 : 0; /* more severe than its evidence */
        if (strcmp(m->key, "risk:fraud") == 0) {
            (void)snprintf(m->source, sizeof m->source, "w%u",
                           (unsigned)rng_below(&stream.rng, 200));
        }
        if (rng_below(&stream.rng, 50) == 0) {
            (void)snprintf(m->id, sizeof m->id, "again%u", (unsigned)rng_below(&stream.rng, 20));
        }
    }
    stream_sort(&stream);
    return stream;
}

static inline enum gs_status to_log(void *arg, struct gs_str key, struct gs_str value,
                                    struct gs_error *err)
{
    return gs_state_log_add(arg, key, value, err);
}

static inline struct gs_watch *load(struct gs_state_log *log,
                                    const struct gs_watch_options *options)
{
    struct gs_watch_load load = {.watch = watch_new(options)};
    struct gs_error err = {0};

    gs_state_log_settle(log);
    for (size_t i = 0; i < log->n; i++) {
        const struct gs_state_record record = gs_state_log_at(log, i);
        if (gs_watch_load_record(&load, record.key, record.value, &err) != GS_OK) {
            fail_msg("%s", err.message);
        }
    }
    if (gs_watch_load_end(&load, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    return load.watch;
}

static inline struct gs_watch *saved_and_loaded(struct gs_watch *watch,
                                                const struct gs_watch_options *options)
{
    struct gs_state_log log = {0};

    assert_int_equal(gs_watch_save(watch, to_log, &log, NULL), GS_OK);
    gs_watch_free(watch);
    watch = load(&log, options);
    gs_state_log_done(&log);
    return watch;
}

#endif
