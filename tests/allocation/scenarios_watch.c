/* The detector, and its state: to records and back, to a file and back. */
#include "tests/allocation/scenarios.h"

#include "alerting/detector/state_log.h"
#include "deploy/daemon/pipeline/state_file.h"
#include "ingest/base/buf.h"

#include <stdio.h>

static const int64_t start_ms = 1767571200000; /* a Monday, 2026-01-05 */

/* Hour by hour: two keys, a surge of one from hour 30 to 33. False: an observation was refused. */
static bool observe(struct gs_watch *watch, int hour)
{
    static const char *const keys[] = {"topic:legal", "entity:AAA", "risk:default@BBB"};
    bool counted = true;

    for (int i = 0; i < 60; i++) {
        char id[32];
        char source[16];
        (void)snprintf(id, sizeof id, "m%d-%d", hour, i);
        (void)snprintf(source, sizeof source, "s%d", i % 5);
        const bool bad = hour >= 30 && hour < 33 ? i % 10 < 9 : i % 5 == 0;
        const struct gs_observation observation = {.key = gs_str(keys[i % 3]),
                                                   .id = gs_str(id),
                                                   .ts_ms =
                                                       start_ms + hour * 3600000LL + i * 60000LL,
                                                   .source = gs_str(source),
                                                   .p_negative = bad ? 0.9 : 0.1,
                                                   .story = (uint64_t)(hour * 100 + i + 1),
                                                   .excerpt = gs_str("a story"),
                                                   .name = gs_str("a name")};
        counted = gs_watch_add(watch, &observation) != GS_OBSERVATION_REFUSED && counted;
    }
    return counted;
}

/* Until no more comes; each alert is noted. */
static void close_bins(struct gs_watch *watch, int64_t watermark_ms, bool note)
{
    struct gs_alert alert;

    gs_watch_advance(watch, watermark_ms);
    while (gs_watch_next(watch, &alert)) {
        if (note) {
            scenario_note(gs_str(alert.id));
            scenario_note_number((double)alert.state);
        }
    }
}

/* A transaction an hour; each third is undone first. */
static enum gs_status play(struct gs_watch *watch, int from, int to, struct gs_error *err)
{
    for (int hour = from; hour < to; hour++) {
        if (hour % 3 == 0) {
            gs_watch_begin(watch);
            (void)observe(watch, hour);
            close_bins(watch, start_ms + (hour + 1) * 3600000LL, false);
            gs_watch_undo(watch);
        }
        gs_watch_begin(watch);
        const bool counted = observe(watch, hour);
        close_bins(watch, start_ms + (hour + 1) * 3600000LL, counted);
        const bool whole = counted && !gs_watch_starved(watch) && !gs_watch_emptied(watch);
        if (!whole) {
            gs_watch_undo(watch);
            return gs_fail(err, GS_NO_MEMORY, "left out, or emptied");
        }
        gs_watch_commit(watch);
    }
    return GS_OK;
}

static enum gs_status make(struct gs_watch **ret, struct gs_error *err)
{
    struct gs_watch_options options;

    gs_watch_options_default(&options);
    options.max_excerpts = 256;
    options.max_ids = 4096;
    return gs_watch_new(&options, ret, err);
}

static void note_counts(const struct gs_watch *watch)
{
    struct gs_watch_counts counts;

    gs_watch_counts(watch, &counts);
    scenario_note_number((double)counts.keys);
    scenario_note_number((double)counts.firing);
}

enum gs_status scenario_detector(struct gs_error *err)
{
    struct gs_watch *watch = NULL;
    enum gs_status status = make(&watch, err);

    if (status == GS_OK) {
        status = play(watch, 0, 36, err);
    }
    if (status == GS_OK) {
        note_counts(watch);
    }
    gs_watch_free(watch);
    return status;
}

/* ---- its state ---- */

static enum gs_status to_log(void *arg, struct gs_str key, struct gs_str value,
                             struct gs_error *err)
{
    return gs_state_log_add(arg, key, value, err);
}

static enum gs_status write_file(struct gs_watch *watch, const char *path, struct gs_error *err)
{
    static const struct gs_state_header header = {{"0", 1}, {"m", 1}};
    struct gs_state_file_writer *to = NULL;

    enum gs_status status = gs_state_file_begin(path, &header, &to, err);
    if (status == GS_OK) {
        status = gs_watch_save(watch, gs_state_file_put, to, err);
    }
    if (status != GS_OK) {
        gs_state_file_drop(to);
        return status;
    }
    return gs_state_file_end(to, err);
}

/* The records of the file by way of a log, as of a changelog, into a watch. */
static enum gs_status read_back(const char *path, struct gs_watch *into, struct gs_error *err)
{
    struct gs_watch_load load = {.watch = into};
    struct gs_state_log log = {0};
    struct gs_state_file file;
    struct gs_str key, value;
    bool found = false;

    enum gs_status status = gs_state_file_open(path, &file, &found, err);
    if (status != GS_OK) {
        return status;
    }
    while (status == GS_OK && gs_state_file_next(&file, &key, &value)) {
        status = to_log(&log, key, value, err);
    }
    gs_state_file_done(&file);
    gs_state_log_settle(&log);
    for (size_t i = 0; i < log.n && status == GS_OK; i++) {
        const struct gs_state_record record = gs_state_log_at(&log, i);
        status = gs_watch_load_record(&load, record.key, record.value, err);
    }
    gs_state_log_done(&log);
    return status == GS_OK ? gs_watch_load_end(&load, err) : status;
}

enum gs_status scenario_state(struct gs_error *err)
{
    const char *path = scenario_path("watch.state");
    struct gs_watch *watch = NULL;
    struct gs_watch *again = NULL;

    enum gs_status status = make(&watch, err);
    if (status == GS_OK) {
        status = play(watch, 0, 32, err);
    }
    if (status == GS_OK) {
        status = write_file(watch, path, err);
    }
    if (status == GS_OK) {
        status = make(&again, err);
    }
    if (status == GS_OK) {
        status = read_back(path, again, err);
    }
    if (status == GS_OK) {
        note_counts(again);
        status = play(again, 32, 36, err);
    }
    gs_watch_free(watch);
    gs_watch_free(again);
    return status;
}
