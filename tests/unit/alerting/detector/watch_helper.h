/* Streams of observations for tests of the watch, the records that came out, and a digest of its
 * state. */
#ifndef WATCH_HELPER_H
#define WATCH_HELPER_H

#include "tests/unit/gs_test.h"

#include "alerting/detector/episodes.h"
#include "alerting/detector/events.h"
#include "ingest/base/buf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#define BIN_MS INT64_C(300000)
#define HOUR_MS INT64_C(3600000)
static const int64_t t0 = 1767571200000; /* Monday, 2026-01-05 00:00 UTC */

struct rng {
    uint64_t state;
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t z = (rng->state += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}
static inline double rng_unit(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}
static inline uint64_t rng_below(struct rng *rng, uint64_t n)
{
    return rng_next(rng) % n;
}

struct message {
    struct gs_outline outline;
    char key[32];
    char id[24];
    char source[16];
    char text[48];
    int64_t ts_ms;
    double p;
    uint64_t dup;
    uint8_t tier;
};

/* An outline of a family of texts: they share most bands, and up to `edits` of their 24 cells are
 * others. */
static inline struct gs_outline outline_like(uint64_t family, size_t edits, struct rng *rng)
{
    struct rng of_family = {family * 7919};
    struct gs_outline outline = {.bands = {0}};

    for (size_t i = 0; i < GS_OUTLINE_BANDS; i++) {
        outline.bands[i] = (uint32_t)rng_next(&of_family);
        if (rng_below(rng, 4) == 0) {
            outline.bands[i] = (uint32_t)rng_next(rng);
        }
    }
    for (size_t i = 0; i < 24; i++) {
        outline.cells[i] = (uint8_t)(1 + rng_below(&of_family, 15));
    }
    for (size_t i = 0; i < edits; i++) {
        outline.cells[rng_below(rng, 24)] = (uint8_t)(1 + rng_below(rng, 15));
    }
    return outline;
}

struct stream {
    struct message *messages;
    size_t n, capacity;
    struct rng rng;
};

static inline struct message *stream_add(struct stream *stream, const char *key, int64_t ts_ms,
                                         double p)
{
    if (stream->n == stream->capacity) {
        stream->capacity = stream->capacity * 2 + 1024;
        stream->messages = realloc(stream->messages, stream->capacity * sizeof *stream->messages);
        assert_non_null(stream->messages);
    }
    struct message *m = &stream->messages[stream->n];
    *m = (struct message){.ts_ms = ts_ms, .p = p, .dup = 0};
    (void)snprintf(m->key, sizeof m->key, "%s", key);
    (void)snprintf(m->id, sizeof m->id, "m%zu", stream->n);
    (void)snprintf(m->source, sizeof m->source, "s%u", (unsigned)rng_below(&stream->rng, 12));
    /* A text of its own in words: the same words with other numbers would be one story. */
    (void)snprintf(m->text, sizeof m->text, "text %c%c%c%c of a message",
                   (char)('a' + stream->n / 17576 % 26), (char)('a' + stream->n / 676 % 26),
                   (char)('a' + stream->n / 26 % 26), (char)('a' + stream->n % 26));
    stream->n++;
    return m;
}

/* n messages spread evenly over [from, to), of which this share is negative. */
static inline void stream_fill(struct stream *stream, const char *key, int64_t from, int64_t to,
                               int n, double share)
{
    for (int i = 0; i < n; i++) {
        const int64_t ts = from + (int64_t)((double)(to - from) * (i + rng_unit(&stream->rng)) / n);
        const bool negative = rng_unit(&stream->rng) < share;
        const double noise = 0.08 * rng_unit(&stream->rng);
        (void)stream_add(stream, key, ts, negative ? 0.9 + noise : 0.02 + noise);
    }
}

static inline int by_time(const void *a, const void *b)
{
    const struct message *x = a;
    const struct message *y = b;
    return x->ts_ms < y->ts_ms ? -1 : x->ts_ms > y->ts_ms ? 1 : strcmp(x->id, y->id);
}
static inline void stream_sort(struct stream *stream)
{
    qsort(stream->messages, stream->n, sizeof *stream->messages, by_time);
}
static inline void stream_done(struct stream *stream)
{
    free(stream->messages);
}

static inline enum gs_observation_result add_message(struct gs_watch *watch,
                                                     const struct message *m)
{
    return gs_watch_add(watch, &(struct gs_observation){.key = gs_str(m->key),
                                                        .id = gs_str(m->id),
                                                        .outline = m->outline,
                                                        .ts_ms = m->ts_ms,
                                                        .source = gs_str(m->source),
                                                        .p_negative = m->p,
                                                        .story = m->dup,
                                                        .tier = m->tier,
                                                        .excerpt = gs_str(m->text)});
}

/* Alerts as they come out. */
struct record {
    char id[17];
    char key[32];
    char reason[192];
    enum gs_severity severity;
    enum gs_alert_state state;
    int64_t starts_at_ms, fired_at_ms, ends_at_ms;
    struct gs_alert alert; /* its pointers are dead */
    size_t n_evidence;
};
struct records {
    struct record rows[4096];
    size_t n;
    struct gs_buf json;
};

static inline void keep_alert(struct records *records, const struct gs_alert *alert)
{
    gs_alert_encode(alert, &records->json);
    gs_buf_putc(&records->json, '\n');
    assert_true(records->n < GS_COUNT(records->rows));
    struct record *row = &records->rows[records->n++];
    memcpy(row->id, alert->id, sizeof row->id);
    (void)snprintf(row->key, sizeof row->key, "%.*s", GS_STR_ARGS(alert->key));
    (void)snprintf(row->reason, sizeof row->reason, "%s", alert->reason);
    row->severity = alert->severity;
    row->state = alert->state;
    row->starts_at_ms = alert->starts_at_ms;
    row->fired_at_ms = alert->fired_at_ms;
    row->ends_at_ms = alert->ends_at_ms;
    row->alert = *alert;
    row->n_evidence = alert->n_evidence;
    assert_true(isfinite(alert->observed) && isfinite(alert->expected) && isfinite(alert->n));
    assert_true(isfinite(alert->log10_evidence) && isfinite(alert->false_alarm_days));
    for (size_t i = 0; i < alert->n_evidence; i++) {
        assert_true(alert->evidence[i].weight > 0.0 && alert->evidence[i].weight <= 1.0);
    }
}
/* Moves event time on; records may be NULL. */
static inline void advance(struct gs_watch *watch, int64_t watermark_ms, struct records *records)
{
    struct gs_alert alert;

    gs_watch_advance(watch, watermark_ms);
    while (gs_watch_next(watch, &alert)) {
        if (records != NULL) {
            keep_alert(records, &alert);
        }
    }
}
static inline struct records *records_new(void)
{
    struct records *records = calloc(1, sizeof *records);
    assert_non_null(records);
    records->json.max = 64U << 20;
    return records;
}
static inline void records_free(struct records *records)
{
    gs_buf_done(&records->json);
    free(records);
}
static inline size_t count_state(const struct records *records, const char *key,
                                 enum gs_alert_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < records->n; i++) {
        n += records->rows[i].state == state &&
             (key == NULL || strcmp(records->rows[i].key, key) == 0);
    }
    return n;
}

/* The defaults with constant thresholds, for tests of all else; test_peers.c tests the budget. */
static inline void constant_options(struct gs_watch_options *ret)
{
    gs_watch_options_default(ret);
    ret->info_evidence = 10.0;
    ret->warning_evidence = 120.0;
    ret->min_excess_count = 5.0;
}

static inline struct gs_watch *watch_new(const struct gs_watch_options *options)
{
    struct gs_watch_options defaults;
    struct gs_watch *watch = NULL;
    constant_options(&defaults);
    assert_int_equal(gs_watch_new(options != NULL ? options : &defaults, &watch, NULL), GS_OK);
    return watch;
}

/* Everything in order of the array, a transaction a batch, the watermark 10 minutes behind. */
static inline void play(struct gs_watch *watch, const struct stream *stream, size_t batch,
                        struct records *records)
{
    int64_t latest = INT64_MIN;

    for (size_t i = 0; i < stream->n;) {
        gs_watch_begin(watch);
        for (size_t j = 0; j < batch && i < stream->n; j++, i++) {
            (void)add_message(watch, &stream->messages[i]);
            latest = stream->messages[i].ts_ms > latest ? stream->messages[i].ts_ms : latest;
        }
        advance(watch, latest - 600000, records);
        gs_watch_commit(watch);
    }
}
static inline void finish(struct gs_watch *watch, int64_t at, struct records *records)
{
    gs_watch_begin(watch);
    advance(watch, at, records);
    gs_watch_commit(watch);
}

static inline uint64_t hash_of(const void *bytes, size_t n)
{
    return XXH3_64bits(bytes, n);
}

/* The whole logical state: items without the log's stamps, sets without their order. */
static inline uint64_t digest_items(const struct gs_pool *pool)
{
    uint64_t sum = hash_of(&pool->now, sizeof pool->now);
    for (uint32_t i = 0; i < pool->now.n; i++) {
        const char *item = gs_pool_at(pool, i);
        sum = sum * 31 + hash_of(item + sizeof(uint32_t), pool->item_size - sizeof(uint32_t));
    }
    return sum;
}
static inline uint64_t digest_set(const struct gs_watch *watch, const struct gs_seen_set *set)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < set->capacity; i++) {
        /* A rebuild may have dropped what is too old to count. */
        const uint64_t mask = ((uint64_t)1 << 24) - 1;
        const int64_t bin = (int64_t)(set->slots[i * set->words] & mask) +
                            (int64_t)((uint64_t)watch->now.next_bin & ~mask);
        if (set->slots[i * set->words] != 0 &&
            (!watch->now.started || bin + set->ttl >= watch->now.next_bin)) {
            sum += hash_of(set->slots + i * set->words, set->words * 8);
        }
    }
    return sum;
}
static inline uint64_t digest(const struct gs_watch *watch)
{
    uint64_t sum = hash_of(&watch->now, sizeof watch->now);
    sum = sum * 31 + digest_items(&watch->keys);
    sum = sum * 31 + digest_items(&watch->open_bins);
    sum = sum * 31 + digest_items(&watch->bins);
    sum = sum * 31 + digest_items(&watch->excerpts);
    sum = sum * 31 + digest_items(&watch->episodes);
    sum = sum * 31 + digest_items(&watch->sketches);
    sum = sum * 31 + digest_items(&watch->habits);
    sum = sum * 31 + digest_items(&watch->votes);
    sum = sum * 31 + digest_items(&watch->pendings);
    sum = sum * 31 + hash_of(watch->texts, watch->now.n_texts);
    sum = sum * 31 + hash_of(watch->bin_order, watch->now.n_bins * sizeof *watch->bin_order);
    sum = sum * 31 + digest_set(watch, &watch->ids);
    sum = sum * 31 + digest_set(watch, &watch->stories);
    sum = sum * 31 + digest_set(watch, &watch->bands);
    sum = sum * 31 + digest_set(watch, &watch->leaders);
    for (size_t i = 0; i < watch->n_slots; i++) {
        if (watch->slots[i].key != 0) {
            sum += hash_of(&watch->slots[i], sizeof watch->slots[i]);
        }
    }
    return sum;
}

#endif
