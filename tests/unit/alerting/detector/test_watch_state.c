/* The state of a watch as records: a watch that is loaded gives what the one that went on gives. */
#include "watch_helper.h"

#include "alerting/detector/state_log.h"
#include "alerting/detector/watch_state.h"

/* Four days of five keys of three kinds: surges, a slow one, copies of stories, a busy key with many
 * publishers, silence. */
static struct stream make_stream(uint64_t seed)
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

static enum gs_status to_log(void *arg, struct gs_str key, struct gs_str value,
                             struct gs_error *err)
{
    return gs_state_log_add(arg, key, value, err);
}

static struct gs_watch *load(struct gs_state_log *log, const struct gs_watch_options *options)
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

static struct gs_watch *saved_and_loaded(struct gs_watch *watch,
                                         const struct gs_watch_options *options)
{
    struct gs_state_log log = {0};

    assert_int_equal(gs_watch_save(watch, to_log, &log, NULL), GS_OK);
    gs_watch_free(watch);
    watch = load(&log, options);
    gs_state_log_done(&log);
    return watch;
}

/* A watch that is stopped and goes on again and again. */
struct course {
    const char *shows;
    uint32_t restart_in; /* of so many batches one ends in a restart; 0: none does */
    bool changes;        /* from the changelog instead of a whole state */
    bool undone;         /* every third batch is first undone */
    double dup_weight;
    size_t max_excerpts;
};

static void batch(struct gs_watch *watch, const struct stream *stream, size_t from, size_t to,
                  struct records *records)
{
    for (size_t i = from; i < to; i++) {
        (void)add_message(watch, &stream->messages[i]);
    }
    advance(watch, stream->messages[to - 1].ts_ms - 600000, records);
}

static struct records *play_course(const struct stream *stream, const struct course *course)
{
    struct gs_watch_options options;
    struct records *records = records_new();
    struct gs_state_log log = {0};
    struct rng cuts = {7}; /* the same in every course */
    struct rng rng = {9};

    gs_watch_options_default(&options);
    options.dup_weight = course->dup_weight;
    options.max_excerpts = course->max_excerpts;
    struct gs_watch *watch = watch_new(&options);
    for (size_t at = 0; at < stream->n;) {
        const size_t end = at + 1 + rng_below(&cuts, 150);
        const size_t to = end < stream->n ? end : stream->n;
        if (course->undone && rng_below(&rng, 3) == 0) {
            /* Further than the batch that follows, into other bins. */
            const size_t past = to + 400 < stream->n ? to + 400 : stream->n;
            gs_watch_begin(watch);
            batch(watch, stream, at, past, NULL);
            struct gs_state_log lost = {0};
            assert_int_equal(gs_watch_save_changes(watch, to_log, &lost, NULL), GS_OK);
            gs_state_log_done(&lost);
            gs_watch_undo(watch);
        }
        gs_watch_begin(watch);
        batch(watch, stream, at, to, records);
        if (course->changes) {
            assert_int_equal(gs_watch_save_changes(watch, to_log, &log, NULL), GS_OK);
        }
        gs_watch_commit(watch);
        at = to;
        if (course->restart_in != 0 && rng_below(&rng, course->restart_in) == 0) {
            if (course->changes) {
                gs_watch_free(watch);
                watch = load(&log, &options);
            } else {
                watch = saved_and_loaded(watch, &options);
            }
        }
    }
    finish(watch, t0 + 8 * (24 * HOUR_MS), records);
    gs_watch_free(watch);
    gs_state_log_done(&log);
    return records;
}

static void test_goes_on_as_if_it_had_not_stopped(void **state)
{
    static const struct course courses[] = {
        {"a whole state, now and then", 20, false, false, 0.0, 32768},
        {"a whole state, after each batch", 1, false, false, 0.0, 32768},
        {"the changelog, now and then", 20, true, false, 0.0, 32768},
        {"the changelog, after each batch", 1, true, false, 0.0, 32768},
        {"the changelog, with batches undone", 5, true, true, 0.0, 32768},
        {"copies that weigh", 5, true, false, 0.5, 32768},
        {"few excerpts, so that bins are samples", 5, true, true, 0.0, 96},
        {"the same in whole states", 5, false, false, 0.0, 96},
    };
    struct stream stream = make_stream(11);

    (void)state;
    struct records *want = NULL;
    for (size_t i = 0; i < GS_COUNT(courses); i++) {
        struct course whole = courses[i];
        if (i == 0 || whole.dup_weight != courses[i - 1].dup_weight ||
            whole.max_excerpts != courses[i - 1].max_excerpts) {
            whole.restart_in = 0;
            whole.undone = false;
            if (want != NULL) {
                records_free(want);
            }
            want = play_course(&stream, &whole);
        }
        struct records *got = play_course(&stream, &courses[i]);
        assert_true(count_state(want, NULL, GS_ALERT_FIRING) >= 3);
        if (want->json.len != got->json.len ||
            memcmp(want->json.bytes, got->json.bytes, got->json.len) != 0) {
            fail_msg("%s: other alerts\n%.*s\n---\n%.*s", courses[i].shows,
                     GS_STR_ARGS(gs_buf_str(&want->json)), GS_STR_ARGS(gs_buf_str(&got->json)));
        }
        records_free(got);
    }
    records_free(want);
    stream_done(&stream);
}

/* The end of an alert says what it rested on, also when no message came after the restart. */
static void test_a_tier_is_kept(void **state)
{
    struct records *records[2] = {records_new(), records_new()};
    (void)state;

    for (int restarted = 0; restarted < 2; restarted++) {
        struct stream stream = {.rng = {12}};
        struct gs_watch *watch = watch_new(NULL);
        stream_fill(&stream, "entity:A", t0, t0 + 24 * HOUR_MS, 960, 0.2);
        stream_fill(&stream, "entity:A", t0 + 24 * HOUR_MS, t0 + 26 * HOUR_MS, 120, 0.8);
        for (size_t i = 0; i < stream.n; i++) {
            stream.messages[i].tier = 1;
        }
        stream_sort(&stream);
        play(watch, &stream, 100, records[restarted]);
        if (restarted == 1) {
            watch = saved_and_loaded(watch, NULL);
        }
        finish(watch, t0 + 60 * HOUR_MS, records[restarted]);
        assert_int_equal(count_state(records[restarted], NULL, GS_ALERT_RESOLVED), 1);
        gs_watch_free(watch);
        stream_done(&stream);
    }
    assert_int_equal(records[0]->json.len, records[1]->json.len);
    assert_memory_equal(records[0]->json.bytes, records[1]->json.bytes, records[0]->json.len);
    records_free(records[0]);
    records_free(records[1]);
}

/* Records without the chunks of ids and stories, whose cut depends on the batches. */
static void digest_records(struct gs_state_log *log, struct gs_buf *out)
{
    gs_state_log_settle(log);
    for (size_t i = 0; i < log->n; i++) {
        const struct gs_state_record record = gs_state_log_at(log, i);
        if (gs_watch_record_order(record.key) >= 4 || record.key.bytes[0] == 'c') {
            continue;
        }
        gs_buf_put(out, record.key);
        gs_buf_put(out, record.value);
    }
}

/* Plays the stream and holds what the changelog has against a whole state, now and then; returns how
 * many keys had to make room. */
static uint64_t compare_changes(struct stream *stream, const struct gs_watch_options *options)
{
    struct gs_state_log changes = {0};
    struct gs_watch *watch = watch_new(options);
    struct rng rng = {3};

    for (size_t at = 0; at < stream->n;) {
        const size_t end = at + 1 + rng_below(&rng, 300);
        const size_t to = end < stream->n ? end : stream->n;
        gs_watch_begin(watch);
        batch(watch, stream, at, to, NULL);
        assert_int_equal(gs_watch_save_changes(watch, to_log, &changes, NULL), GS_OK);
        gs_watch_commit(watch);
        at = to;
        if (rng_below(&rng, 20) == 0) {
            struct gs_state_log whole = {0};
            struct gs_buf want = {.max = 64U << 20};
            struct gs_buf got = {.max = 64U << 20};
            assert_int_equal(gs_watch_save(watch, to_log, &whole, NULL), GS_OK);
            digest_records(&whole, &want);
            digest_records(&changes, &got);
            assert_int_equal(want.len, got.len);
            assert_memory_equal(want.bytes, got.bytes, got.len);
            gs_state_log_done(&whole);
            gs_buf_done(&want);
            gs_buf_done(&got);
        }
    }
    const uint64_t evicted = watch->now.evicted_keys;
    gs_watch_free(load(&changes, options));
    gs_state_log_done(&changes);
    gs_watch_free(watch);
    return evicted;
}

/* What the changelog holds is the whole state: nothing is missing in it and nothing is left over. */
static void test_changes_add_up_to_the_whole(void **state)
{
    struct stream stream = make_stream(12);

    (void)state;
    (void)compare_changes(&stream, NULL);
    stream_done(&stream);
}

/* A story's weight goes to a copy that came later and was written earlier: in the evidence it takes
 * the place of the other, under the same key of the changelog. */
static void test_an_earlier_copy_takes_the_place(void **state)
{
    struct stream stream = make_stream(13);

    (void)state;
    for (size_t i = 0; i + 60 < stream.n; i += 90) {
        const struct message *first = &stream.messages[i];
        struct message *copy = &stream.messages[i + 60];
        (void)snprintf(copy->key, sizeof copy->key, "%s", first->key);
        copy->dup = stream.messages[i].dup = 100000 + i;
        copy->p = stream.messages[i].p = 0.9;
        copy->ts_ms = first->ts_ms - 1;
        copy->outline = first->outline;
    }
    (void)compare_changes(&stream, NULL);
    stream_done(&stream);
}

static void test_keys_that_made_room_are_gone(void **state)
{
    struct stream stream = {.rng = {21}};
    struct gs_watch_options options;
    char key[32];

    (void)state;
    gs_watch_options_default(&options);
    options.max_keys = 64;
    for (int hour = 0; hour < 72; hour++) {
        for (int k = 0; k < 4; k++) {
            (void)snprintf(key, sizeof key, "source:%d-%d", hour, k);
            stream_fill(&stream, key, t0 + hour * HOUR_MS, t0 + (hour + 1) * HOUR_MS, 8, 0.3);
        }
    }
    stream_sort(&stream);
    assert_true(compare_changes(&stream, &options) > 50);
    stream_done(&stream);
}

static void compare_keys_of(const struct gs_watch *a, const struct gs_watch *b)
{
    for (uint32_t i = 0; i < a->keys.now.n; i++) {
        const struct gs_key *x = gs_pool_at(&a->keys, i);
        if (x->text_len == 0) {
            continue;
        }
        const struct gs_str text = gs_key_text(a, x);
        const uint32_t at = gs_table_find(b, gs_table_hash(b, hash_of(text.bytes, text.len)), text);
        assert_int_not_equal(at, GS_NONE);
        const struct gs_key *y = gs_pool_at(&b->keys, at);
        const size_t from =
            offsetof(struct gs_key, last); /* what is before it is numbers of items */
        assert_true(x->born == y->born && x->live == y->live);
        assert_memory_equal(&x->own, &y->own, sizeof x->own);
        assert_memory_equal((const char *)x + from, (const char *)y + from,
                            offsetof(struct gs_key, sketch) - from);
        assert_int_equal(x->habit == GS_NONE, y->habit == GS_NONE);
        if (x->habit != GS_NONE) {
            const size_t link = sizeof(struct gs_link);
            assert_memory_equal((const char *)gs_pool_at(&a->habits, x->habit) + link,
                                (const char *)gs_pool_at(&b->habits, y->habit) + link,
                                sizeof(struct gs_habit) - link);
        }
    }
}

/* Not only what comes out: what is in it. */
static void test_a_loaded_watch_is_the_same(void **state)
{
    struct stream stream = make_stream(14);
    struct gs_watch_options options;
    struct gs_state_log log = {0};
    size_t n_samples = 0;

    (void)state;
    gs_watch_options_default(&options);
    options.max_excerpts = 96;
    struct gs_watch *watch = watch_new(&options);
    play(watch, &stream, 300, NULL);
    assert_int_equal(gs_watch_save(watch, to_log, &log, NULL), GS_OK);
    struct gs_watch *loaded = load(&log, &options);
    assert_true(watch->habits.now.live > 0 && watch->now.n_live > 0);
    compare_keys_of(watch, loaded);
    assert_int_equal(watch->habits.now.live, loaded->habits.now.live);
    assert_int_equal(watch->now.n_live, loaded->now.n_live);
    assert_memory_equal(watch->now.live, loaded->now.live, sizeof watch->now.live);
    assert_memory_equal(watch->now.kinds, loaded->now.kinds, sizeof watch->now.kinds);
    assert_memory_equal(watch->now.peers, loaded->now.peers, sizeof watch->now.peers);
    assert_int_equal(watch->excerpts.now.live, loaded->excerpts.now.live);
    for (size_t i = 0; i < watch->now.n_bins; i++) {
        const struct gs_bin *bin = gs_pool_at(&watch->bins, watch->bin_order[i]);
        const struct gs_bin *same = gs_bin_get(loaded, bin->bin, false);
        assert_true(same == NULL
                        ? bin->n_excerpts == 0 && bin->shift == 0
                        : same->shift == bin->shift && same->n_excerpts == bin->n_excerpts);
        n_samples += bin->shift > 0;
    }
    assert_true(n_samples > 0);
    gs_state_log_done(&log);
    gs_watch_free(watch);
    gs_watch_free(loaded);
    stream_done(&stream);
}

/* ---- looking at one key ---- */

struct bins {
    struct gs_bin_look at[GS_DELAY_BINS + 16];
    size_t n;
};

static void keep_bin(void *arg, const struct gs_bin_look *bin)
{
    struct bins *bins = arg;

    assert_true(bins->n < GS_COUNT(bins->at));
    assert_true(bins->n == 0 || bin->from_ms > bins->at[bins->n - 1].from_ms);
    bins->at[bins->n++] = *bin;
}

static void sum_hour(const struct bins *bins, int64_t from_ms, struct gs_bin_look *ret)
{
    for (size_t i = 0; i < bins->n; i++) {
        if (!bins->at[i].open && bins->at[i].from_ms >= from_ms) {
            ret->n += bins->at[i].n;
            ret->negative += bins->at[i].negative;
        }
    }
}

static void test_a_key_is_looked_at(void **state)
{
    struct stream stream = {.rng = {5}};
    struct gs_key_look look;
    struct bins bins = {.n = 0};
    struct bins same = {.n = 0};
    struct gs_bin_look hour = {.n = 0};
    const struct gs_str key = gs_str("entity:AAA");

    (void)state;
    stream_fill(&stream, "entity:AAA", t0, t0 + 30 * HOUR_MS, 3000, 0.15);
    stream_sort(&stream);
    struct gs_watch *watch = watch_new(NULL);
    assert_false(gs_watch_look(watch, key, &look));
    play(watch, &stream, 500, NULL);
    assert_false(gs_watch_look(watch, gs_str("entity:AAB"), &look));
    assert_true(gs_watch_look(watch, key, &look));
    gs_watch_look_bins(watch, key, keep_bin, &bins);
    assert_true(bins.n > 0 && bins.at[bins.n - 1].open);
    assert_int_equal(look.seen_ms, bins.at[bins.n - 1].from_ms);
    sum_hour(&bins, gs_watch_watermark(watch) / BIN_MS * BIN_MS - HOUR_MS, &hour);
    assert_true(fabs(hour.n - look.view.n_hour) < 1e-9);
    assert_true(fabs(hour.negative / hour.n - look.view.observed) < 1e-9);
    assert_true(look.view.observed > 0.05 && look.view.observed < 0.4 && look.deviation > 0.0);

    watch = saved_and_loaded(watch, NULL);
    gs_watch_look_bins(watch, key, keep_bin, &same);
    assert_int_equal(same.n, bins.n);
    assert_memory_equal(same.at, bins.at, bins.n * sizeof bins.at[0]);
    gs_watch_free(watch);
    stream_done(&stream);
}

/* ---- what is refused ---- */

static enum gs_status load_status(struct gs_state_log *log, const struct gs_watch_options *options,
                                  struct gs_error *err)
{
    struct gs_watch_load load = {.watch = watch_new(options)};
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < log->n && status == GS_OK; i++) {
        const struct gs_state_record record = gs_state_log_at(log, i);
        status = gs_watch_load_record(&load, record.key, record.value, err);
    }
    status = status == GS_OK ? gs_watch_load_end(&load, err) : status;
    gs_watch_free(load.watch);
    return status;
}

static struct gs_state_log some_state(void)
{
    struct stream stream = make_stream(13);
    struct gs_state_log log = {0};
    struct gs_watch *watch = watch_new(NULL);

    stream.n = stream.n / 3;
    play(watch, &stream, 500, NULL);
    assert_int_equal(gs_watch_save(watch, to_log, &log, NULL), GS_OK);
    gs_state_log_settle(&log);
    gs_watch_free(watch);
    stream_done(&stream);
    return log;
}

/* The first record of this type. */
static struct gs_state_log_entry *entry_of(struct gs_state_log *log, char type)
{
    for (size_t i = 0; i < log->n; i++) {
        if (log->entries[i].bytes[0] == type) {
            return &log->entries[i];
        }
    }
    fail_msg("no record %c", type);
    return NULL;
}

static void test_refuses_what_does_not_fit(void **state)
{
    static const struct {
        const char *shows;
        char type;
        int at; /* byte of the value that is changed */
        unsigned char to;
        enum gs_status status;
        const char *says;
    } rows[] = {
        {"a newer version", 'k', 0, GS_STATE_VERSION + 1, GS_BAD_FORMAT, "newer program"},
        {"version 0", 'c', 0, 0, GS_BAD_FORMAT, "damaged"},
        {"bins of another length", 'c', 1, 0x11, GS_BAD_CONFIG, "watch.bin"},
        {"a watermark out of the bin", 'c', 13, 0xFF, GS_BAD_FORMAT, "damaged"},
        {"a bool that is none", 'c', 9, 2, GS_BAD_FORMAT, "damaged"},
        {"a kind's level that is no number", 'g', 18, 0xFF, GS_BAD_FORMAT, "damaged"},
        {"a key born in the future", 'k', 8, 0x7F, GS_BAD_FORMAT, "damaged"},
        {"a message of another length", 'x', 25, 0x7F, GS_BAD_FORMAT, "damaged"},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_state_log log = some_state();
        struct gs_error err = {0};
        struct gs_state_log_entry *entry = entry_of(&log, rows[i].type);
        char *value = entry->bytes + entry->key_len;
        if (rows[i].type == 'g') { /* NaN: sign, exponent and mantissa */
            memset(value + 15, 0xFF, 4);
        }
        value[rows[i].at] = (char)rows[i].to;
        const enum gs_status status = load_status(&log, NULL, &err);
        if (status != rows[i].status || strstr(err.message, rows[i].says) == NULL) {
            fail_msg("%s: %d, \"%s\"", rows[i].shows, (int)status, err.message);
        }
        gs_state_log_done(&log);
    }
}

static void test_each_cut_is_refused_or_whole(void **state)
{
    static const char types[] = "cgkx";

    (void)state;
    for (size_t t = 0; t + 1 < sizeof types; t++) {
        struct gs_state_log log = some_state();
        struct gs_state_log_entry *entry = entry_of(&log, types[t]);
        for (uint32_t cut = 0; cut < entry->value_len; cut += 7) {
            const uint32_t whole = entry->value_len;
            entry->value_len = cut;
            (void)load_status(&log, NULL, &(struct gs_error){0}); /* ASan looks on */
            entry->value_len = whole;
        }
        assert_int_equal(load_status(&log, NULL, NULL), GS_OK);
        gs_state_log_done(&log);
    }
}

static void test_a_record_is_missing(void **state)
{
    static const char types[] = "cg";

    (void)state;
    for (size_t t = 0; t + 1 < sizeof types; t++) {
        struct gs_state_log log = some_state();
        struct gs_error err = {0};
        struct gs_state_log_entry *entry = entry_of(&log, types[t]);
        entry->gone = true;
        gs_state_log_settle(&log);
        assert_int_equal(load_status(&log, NULL, &err), GS_BAD_FORMAT);
        gs_state_log_done(&log);
    }
}

static void test_fewer_keys_are_wanted(void **state)
{
    struct gs_watch_options options;
    struct gs_state_log log = some_state();
    struct gs_error err = {0};

    (void)state;
    gs_watch_options_default(&options);
    options.max_keys = 3;
    assert_int_equal(load_status(&log, &options, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "watch.max_keys"));
    gs_state_log_done(&log);
}

/* ---- alerts that fire ---- */

static void note_firing(void *arg, const struct gs_alert *alert)
{
    struct records *records = arg;
    assert_int_not_equal(alert->state, GS_ALERT_RESOLVED);
    keep_alert(records, alert);
}

static void test_firing_alerts_are_told_after_a_load(void **state)
{
    struct stream stream = {.rng = {5}};
    struct records *records = records_new();
    struct records *told = records_new();

    (void)state;
    stream_fill(&stream, "entity:AAA", t0, t0 + 30 * HOUR_MS, 3000, 0.15);
    stream_fill(&stream, "entity:AAA", t0 + 26 * HOUR_MS, t0 + 30 * HOUR_MS, 900, 0.9);
    stream_sort(&stream);
    struct gs_watch *watch = watch_new(NULL);
    play(watch, &stream, 500, records);
    assert_int_equal(count_state(records, NULL, GS_ALERT_FIRING), 1);
    assert_int_equal(count_state(records, NULL, GS_ALERT_RESOLVED), 0);
    watch = saved_and_loaded(watch, NULL);
    gs_watch_each_firing(watch, note_firing, told);
    assert_int_equal(told->n, 1);
    assert_string_equal(told->rows[0].id, records->rows[0].id);
    assert_true(told->rows[0].n_evidence > 0);
    gs_watch_free(watch);
    records_free(records);
    records_free(told);
    stream_done(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on_as_if_it_had_not_stopped),
        cmocka_unit_test(test_a_tier_is_kept),
        cmocka_unit_test(test_changes_add_up_to_the_whole),
        cmocka_unit_test(test_an_earlier_copy_takes_the_place),
        cmocka_unit_test(test_keys_that_made_room_are_gone),
        cmocka_unit_test(test_a_loaded_watch_is_the_same),
        cmocka_unit_test(test_a_key_is_looked_at),
        cmocka_unit_test(test_refuses_what_does_not_fit),
        cmocka_unit_test(test_each_cut_is_refused_or_whole),
        cmocka_unit_test(test_a_record_is_missing),
        cmocka_unit_test(test_fewer_keys_are_wanted),
        cmocka_unit_test(test_firing_alerts_are_told_after_a_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
