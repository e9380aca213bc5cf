/* Reading what is kept (state_parts.h). The changelog is read a partition at a time, so that no more than one
 * partition's windows are in memory. */
#include "deploy/daemon/cli/state_parts.h"

#include "alerting/detector/state_log.h"
#include "deploy/daemon/cli/group_options.h"
#include "deploy/daemon/pipeline/stage_options.h"
#include "deploy/daemon/pipeline/stage_watch_state.h"
#include "deploy/daemon/pipeline/state_file.h"
#include "ingest/kafka/reader.h"

#include <stdio.h>
#include <sys/stat.h>

/* ---- counting ---- */

static void count(struct gs_state_part *part, const char *what, size_t bytes)
{
    size_t i = 0;

    while (i < part->n_sorts && strcmp(part->sorts[i].what, what) != 0) {
        i++;
    }
    if (i == part->n_sorts && i < GS_STATE_SORTS) {
        part->n_sorts++;
        (void)snprintf(part->sorts[i].what, sizeof part->sorts[i].what, "%s", what);
    }
    i = i < GS_STATE_SORTS ? i : GS_STATE_SORTS - 1; /* kinds of keys are 17 at most */
    part->sorts[i].n++;
    part->sorts[i].bytes += bytes;
    part->n++;
    part->bytes += bytes;
}

static void count_record(struct gs_state_part *part, struct gs_str key, struct gs_str value)
{
    static const struct {
        char type;
        const char *what;
    } sorts[] = {{'O', "offset"},  {'P', "clock"}, {'N', "incidents"}, {'F', "files"},
                 {'c', "watch"},   {'g', "kinds"}, {'x', "messages"},  {'i', "ids"},
                 {'s', "stories"}, {'b', "bands"}, {'l', "leaders"},   {'p', "waiting stories"}};
    const char *what = "(another)";
    char keys[48];

    if (key.bytes[0] == 'k') {
        const char *colon = memchr(key.bytes, ':', key.len);
        const size_t len = colon == NULL ? key.len - 1 : (size_t)(colon - key.bytes) - 1;
        (void)snprintf(keys, sizeof keys, "keys of %.*s", (int)(len < 32 ? len : 32),
                       key.bytes + 1);
        what = keys;
    }
    for (size_t i = 0; i < GS_COUNT(sorts); i++) {
        what = sorts[i].type == key.bytes[0] ? sorts[i].what : what;
    }
    count(part, what, key.len + value.len);
}

/* ---- a partition ---- */

static void begin(const struct gs_config *config, struct gs_state_part *part)
{
    *part = (struct gs_state_part){.counted = -1, .written_ms = -1};
    (void)snprintf(part->topic, sizeof part->topic, "%s",
                   config->output.topics[GS_STREAM_OBSERVATIONS] == NULL
                       ? ""
                       : config->output.topics[GS_STREAM_OBSERVATIONS]);
}

static enum gs_status load(const struct gs_config *config, struct gs_state_part *part,
                           struct gs_str key, struct gs_str value, struct gs_error *err)
{
    struct gs_stage_watch_options options;

    if (part->watch == NULL) {
        gs_stage_watch_options(config, 0, NULL, &options);
        const enum gs_status status = gs_watch_new(&options.watch, &part->watch, err);
        if (status != GS_OK) {
            return status;
        }
        part->loading = (struct gs_watch_load){.watch = part->watch};
    }
    return gs_watch_load_record(&part->loading, key, value, err);
}

/* Fields of the records that say of what the others are. */
static enum gs_status read_heads(struct gs_state_part *part, struct gs_str key, struct gs_str value,
                                 struct gs_error *err)
{
    struct gs_str text = {"", 0};
    enum gs_status status = GS_OK;

    if (gs_str_equal(key, gs_str("O"))) {
        status = gs_stage_watch_read_offset(value, &part->counted, &text, err);
        (void)snprintf(part->group, sizeof part->group, "%.*s", (int)text.len, text.bytes);
    } else if (gs_str_equal(key, gs_str("P"))) {
        status = gs_stage_watch_read_place(value, &text, &part->partition, err);
        (void)snprintf(part->topic, sizeof part->topic, "%.*s", (int)text.len, text.bytes);
    }
    return status;
}

/* After the first record that is damaged the others are only counted. */
static void take(const struct gs_config *config, struct gs_state_part *part, struct gs_str key,
                 struct gs_str value)
{
    count_record(part, key, value);
    if (part->why.status == GS_OK) {
        part->why.status = gs_watch_record_order(key) < 0
                               ? read_heads(part, key, value, &part->why)
                               : load(config, part, key, value, &part->why);
    }
}

static bool end(struct gs_state_part *part, gs_state_part_fn *visit, void *arg)
{
    if (part->watch != NULL && part->why.status == GS_OK) {
        part->why.status = gs_watch_load_end(&part->loading, &part->why);
    }
    if (part->why.status != GS_OK) {
        gs_watch_free(part->watch);
        part->watch = NULL;
    }
    const bool more = visit(arg, part);
    gs_watch_free(part->watch);
    part->watch = NULL;
    return more;
}

/* ---- a file ---- */

static int64_t written(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0
               ? (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000
               : -1;
}

enum gs_status gs_state_parts_in_file(const struct gs_config *config, gs_state_part_fn *visit,
                                      void *arg, struct gs_error *err)
{
    struct gs_state_part part;
    struct gs_state_file file;
    struct gs_str key, value;
    bool found = false;
    bool more = true;
    bool begun = false; /* a partition: what stands before the first is counted with it */

    enum gs_status status = gs_state_file_open(config->state.path, &file, &found, err);
    if (status != GS_OK || !found) {
        return status != GS_OK ? status
                               : gs_fail(err, GS_IO, "%s: there is no state", config->state.path);
    }
    const int64_t written_ms = written(config->state.path);
    begin(config, &part);
    while (more && gs_state_file_next(&file, &key, &value)) {
        const bool place = gs_str_equal(key, gs_str("P"));
        if (begun && place) {
            more = end(&part, visit, arg);
            begin(config, &part);
        }
        begun = begun || place;
        if (more) {
            part.written_ms = written_ms;
            take(config, &part, key, value);
        }
    }
    if (more) {
        (void)end(&part, visit, arg);
    }
    gs_state_file_done(&file);
    return GS_OK;
}

/* ---- the changelog ---- */

/* *ret_n: how many partitions there are. */
static enum gs_status read_log(const struct gs_kafka_options *options, const char *topic,
                               struct gs_state_part *part, struct gs_state_log *log, int32_t *ret_n,
                               struct gs_error *err)
{
    struct gs_kafka_reader *reader = NULL;
    struct gs_record record;
    int64_t low = 0;
    int64_t last = 0;

    enum gs_status status = gs_kafka_reader_open(options, topic, false, &reader, err);
    if (status != GS_OK) {
        return status;
    }
    *ret_n = gs_kafka_reader_partitions(reader);
    for (int32_t i = 0; i < *ret_n; i++) {
        gs_kafka_reader_bounds(reader, i, &low, &last);
        gs_kafka_reader_seek(reader, i, i == part->partition ? low : last);
    }
    while (status == GS_OK || status == GS_AGAIN) {
        status = gs_kafka_reader_next(reader, 100, &record, err);
        if (status == GS_OK) {
            part->written_ms =
                record.timestamp_ms > part->written_ms ? record.timestamp_ms : part->written_ms;
            status =
                record.key.len == 0 ? GS_OK : gs_state_log_add(log, record.key, record.value, err);
            gs_kafka_reader_release(reader);
        }
    }
    gs_kafka_reader_close(reader);
    return status == GS_CLOSED ? GS_OK : status;
}

enum gs_status gs_state_parts_in_topic(const struct gs_config *config, gs_state_part_fn *visit,
                                       void *arg, struct gs_error *err)
{
    const char *topic = config->output.topics[GS_STREAM_STATE];
    struct gs_group_options group;
    enum gs_status status = GS_OK;
    int32_t n = 1;
    bool more = true;

    if (topic == NULL) {
        return gs_fail(err, GS_BAD_CONFIG,
                       "nothing is kept with this configuration: output.topics.state is empty");
    }
    gs_group_options_reader(config, "state", &group);
    for (int32_t i = 0; i < n && more && status == GS_OK; i++) {
        struct gs_state_log log = {0};
        struct gs_state_part part;
        begin(config, &part);
        part.partition = i;
        status = read_log(&group.kafka, topic, &part, &log, &n, err);
        gs_state_log_settle(&log);
        for (size_t r = 0; r < log.n && status == GS_OK; r++) {
            const struct gs_state_record record = gs_state_log_at(&log, r);
            take(config, &part, record.key, record.value);
        }
        gs_state_log_done(&log);
        if (status == GS_OK) {
            more = end(&part, visit, arg);
        } else {
            gs_watch_free(part.watch);
        }
    }
    return status;
}
