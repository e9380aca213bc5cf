/* What is kept of the windows in a changelog: the last of each batch writes what the batch has changed,
 * into the partition of the changelog that has the input partition's number, in the transaction that
 * commits the input's offsets; an assignment reads it back before the first record.
 *
 *     O                  the group, and the offset up to which all is counted
 *     N incident         an incident's keys of this partition (incident_desk_state.c)
 *     P c g k x i s      the windows (stage_watch_state.h)
 *
 * The offset says whether the windows go with where the group stands: the same, or behind it with
 * nothing in between but ends of transactions. Anything else means that somebody has moved the group,
 * or that the changelog was off for a while: on_mismatch says what then.
 *
 * A batch that is rolled back takes its records along, and a member that has lost its partitions
 * cannot write them: they are in the transaction whose offsets the broker then refuses. */
#include "deploy/daemon/pipeline/stage_watch_internal.h"

#include "deploy/daemon/pipeline/stage_watch_state.h"
#include "ingest/base/clock.h"
#include "ingest/base/fields.h"
#include "ingest/base/log.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- writing ---- */

void gs_part_begin_changes(struct gs_part *part)
{
    part->moved = false;
    part->counted_was = part->counted;
    part->watermark_was_ms = gs_watch_watermark(part->watch);
}

void gs_part_end_changes(struct gs_part *part, bool committed)
{
    if (!committed) {
        part->counted = part->counted_was;
    } else if (part->taken_out) {
        gs_state_log_done(&part->log);
    }
    part->taken_out = false;
    part->moved = false;
    gs_incident_marks_end(&part->marks, committed);
}

/* A record of it came, its windows closed a bin, or the changelog has what is not theirs. */
static bool has_changed(const struct gs_stage_watch *stage, const struct gs_part *part)
{
    const int64_t bin_ms = stage->options.watch.bin_ms;

    return part->moved || part->log.n > 0 ||
           part->watermark_was_ms / bin_ms != gs_watch_watermark(part->watch) / bin_ms;
}

bool gs_stage_watch_has_unsaved(const struct gs_stage_watch *stage)
{
    for (size_t i = 0; i < stage->n_parts && stage->options.changelog_group != NULL; i++) {
        const struct gs_part *part = &stage->parts[i];
        if (part->log.n > 0 || gs_incident_desk_unsaved(stage->options.desk, &part->marks)) {
            return true;
        }
    }
    return false;
}

struct writing {
    struct gs_stage_watch *stage;
    struct gs_sink *sink;
    int32_t partition;
};

static enum gs_status put(void *arg, struct gs_str key, struct gs_str value, struct gs_error *err)
{
    struct writing *to = arg;
    const struct gs_output output = {
        .key = key, .value = value, .timestamp_ms = -1, .partition = to->partition};
    struct gs_error why = {GS_OK, ""};
    const enum gs_status status = gs_sink_put(to->sink, GS_STREAM_STATE, &output, &why);

    to->stage->state_out += status == GS_OK;
    if (status == GS_BAD_FORMAT) { /* without this record the others mean nothing */
        return gs_fail(err, GS_IO, "stream state: %s", why.message);
    }
    return status == GS_OK ? GS_OK : gs_fail(err, status, "%s", why.message);
}

/* What was discarded is taken out with the first batch that has something in its place. */
static enum gs_status put_out(struct writing *to, struct gs_part *part, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    part->taken_out = part->log.n > 0;
    for (size_t i = 0; i < part->log.n && status == GS_OK; i++) {
        status = put(to, gs_state_log_at(&part->log, i).key, (struct gs_str){NULL, 0}, err);
    }
    return status;
}

static enum gs_status put_offset(struct writing *to, const struct gs_part *part,
                                 struct gs_error *err)
{
    struct gs_buf value = {.max = 4096};

    gs_buf_putc(&value, GS_STATE_VERSION);
    gs_fields_put(&value, &part->counted, sizeof part->counted);
    gs_fields_put_str(&value, gs_str(to->stage->options.changelog_group));
    const enum gs_status status = gs_buf_ok(&value) ? put(to, gs_str("O"), gs_buf_str(&value), err)
                                                    : gs_fail(err, GS_NO_MEMORY, "state");
    gs_buf_done(&value);
    return status;
}

static enum gs_status put_part(struct writing *to, struct gs_part *part, struct gs_error *err)
{
    enum gs_status status = put_out(to, part, err);
    if (status == GS_OK) {
        status = put_offset(to, part, err);
    }
    if (status == GS_OK) {
        status = gs_stage_watch_put_clock(part, put, to, err);
    }
    return status == GS_OK ? gs_watch_save_changes(part->watch, put, to, err) : status;
}

enum gs_status gs_stage_watch_put_changes(struct gs_stage_watch *stage, struct gs_sink *sink,
                                          struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (size_t i = 0; stage->options.changelog_group != NULL && i < stage->n_parts; i++) {
        struct gs_part *part = &stage->parts[i];
        struct writing to = {stage, sink, part->partition};
        /* Empty after an undo that had no memory: what is kept is what holds, and has to be read. */
        if (gs_watch_emptied(part->watch)) {
            return gs_fail(err, GS_FENCED,
                           "windows were lost for want of memory, reading them again");
        }
        status = has_changed(stage, part) ? put_part(&to, part, err) : GS_OK;
        if (status == GS_OK) {
            status = gs_incident_desk_save(stage->options.desk, (size_t)stage->options.lane,
                                           part->number, &part->marks, put, &to, err);
        }
        if (status != GS_OK) {
            break;
        }
    }
    return status;
}

/* ---- reading ---- */

enum gs_status gs_stage_watch_kept(void *self, struct gs_str topic, int32_t partition,
                                   struct gs_str key, struct gs_str value, struct gs_error *err)
{
    struct gs_part *part = gs_stage_watch_find_part(self, topic, partition);

    if (part == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no windows for %.*s[%d]", GS_STR_ARGS(topic),
                       (int)partition);
    }
    return gs_state_log_add(&part->log, key, value, err);
}

enum gs_status gs_stage_watch_read_offset(struct gs_str value, int64_t *ret,
                                          struct gs_str *ret_group, struct gs_error *err)
{
    struct gs_fields_in in = {value.bytes, value.len};
    unsigned char version = 0;

    if (gs_fields_take(&in, &version, sizeof version) && version > GS_STATE_VERSION) {
        return gs_fail(err, GS_BAD_FORMAT, "it was written by a newer program");
    }
    return version != 0 && gs_fields_take(&in, ret, sizeof *ret) &&
                   gs_fields_take_str(&in, ret_group) && in.left == 0 && *ret >= 0
               ? GS_OK
               : gs_fail(err, GS_BAD_FORMAT, "the record of its offset is damaged");
}

static enum gs_status read_offset(const struct gs_part *part, int64_t *ret,
                                  struct gs_str *ret_group, struct gs_error *err)
{
    for (size_t i = 0; i < part->log.n; i++) {
        const struct gs_state_record record = gs_state_log_at(&part->log, i);
        if (gs_str_equal(record.key, gs_str("O"))) {
            return gs_stage_watch_read_offset(record.value, ret, ret_group, err);
        }
    }
    return gs_fail(err, GS_BAD_FORMAT, "it does not say up to which offset it has counted");
}

/* Whether the windows go with where the group stands. GS_BAD_CONFIG: they do not. */
static enum gs_status check_offset(const struct gs_stage_watch *stage, struct gs_source *source,
                                   const struct gs_part *part, int64_t offset, struct gs_error *err)
{
    const char *group = stage->options.changelog_group;
    struct gs_str writer = {"", 0};
    int64_t counted = 0;
    bool holds = false;
    enum gs_status status = read_offset(part, &counted, &writer, err);

    if (status != GS_OK) {
        return status;
    }
    if (!gs_str_equal(writer, gs_str(group))) {
        return gs_fail(err, GS_BAD_CONFIG, "it is of group %.*s, this is %s", GS_STR_ARGS(writer),
                       group);
    }
    if (counted > offset) {
        return gs_fail(err, GS_BAD_CONFIG,
                       "it has counted up to offset %" PRId64
                       ", the group stands before that, at %" PRId64,
                       counted, offset);
    }
    if (counted < offset) {
        status = gs_source_holds(source, gs_str(part->topic), part->partition, counted, offset,
                                 &holds, err);
    }
    return status == GS_OK && holds
               ? gs_fail(err, GS_BAD_CONFIG,
                         "it has counted up to offset %" PRId64 ", the group stands at %" PRId64
                         ", and there are records in between",
                         counted, offset)
               : status;
}

static bool is_windows(struct gs_str key)
{
    return key.bytes[0] != 'O' && key.bytes[0] != 'N';
}

static void go_on_with(void *arg, const struct gs_alert *alert)
{
    struct gs_stage_watch *stage = arg;

    gs_incident_desk_alert(stage->options.desk, (size_t)stage->options.lane, stage->showing, alert);
}

/* Incidents come when the windows are there, which have the last word on alerts. */
enum gs_status gs_part_load_incidents(struct gs_stage_watch *stage, struct gs_part *part,
                                      struct gs_error *err)
{
    const size_t lane = (size_t)stage->options.lane;
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < part->log.n && status == GS_OK; i++) {
        const struct gs_state_record record = gs_state_log_at(&part->log, i);
        if (record.key.bytes[0] == 'N') {
            status = gs_incident_desk_load(stage->options.desk, lane, part->number, &part->marks,
                                           record.key, record.value, err);
        }
    }
    if (status == GS_OK) {
        stage->showing = part->number;
        gs_watch_each_firing(part->watch, go_on_with, stage);
        gs_incident_desk_loaded(stage->options.desk, lane, part->number,
                                gs_watch_watermark(part->watch));
    }
    return status;
}

static enum gs_status load(struct gs_stage_watch *stage, struct gs_part *part, struct gs_error *err)
{
    struct gs_stage_watch_load to = {.stage = stage};
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < part->log.n && status == GS_OK; i++) {
        const struct gs_state_record record = gs_state_log_at(&part->log, i);
        if (is_windows(record.key)) {
            status = gs_stage_watch_load_record(&to, record.key, record.value, err);
        }
    }
    if (status == GS_OK) {
        status = gs_stage_watch_load_end(&to, err);
    }
    return status == GS_OK ? gs_part_load_incidents(stage, part, err) : status;
}

static void tell(const struct gs_part *part)
{
    struct gs_buf time = {.max = 64};
    struct gs_watch_counts counts;

    gs_watch_counts(part->watch, &counts);
    gs_buf_json_time(&time, gs_watch_watermark(part->watch));
    gs_log(GS_LOG_INFO, "watch", "%s[%d]: going on at %.*s with %zu keys, %zu alerts on",
           part->topic, (int)part->partition, (int)time.len, time.len > 0 ? time.bytes : "",
           counts.keys, counts.firing);
    gs_buf_done(&time);
}

/* What is kept cannot be gone on with. */
static enum gs_status give_up(struct gs_stage_watch *stage, struct gs_part *part,
                              const struct gs_error *why, struct gs_error *err)
{
    if (stage->options.on_mismatch != GS_MISMATCH_DISCARD) {
        return gs_fail(err, GS_IO,
                       "the state of %s[%d]: %s; see state.on_mismatch (discard: begin anew)",
                       part->topic, (int)part->partition, why->message);
    }
    gs_log(GS_LOG_WARNING, "watch", "%s[%d]: the windows begin anew (state.on_mismatch): %s",
           part->topic, (int)part->partition, why->message);
    return gs_stage_watch_renew_part(stage, part, err);
}

enum gs_status gs_stage_watch_restore(void *self, struct gs_source *source, struct gs_str topic,
                                      int32_t partition, int64_t offset, struct gs_error *err)
{
    struct gs_stage_watch *stage = self;
    struct gs_part *part = gs_stage_watch_find_part(stage, topic, partition);
    struct gs_error why = {GS_OK, ""};

    if (part == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no windows for %.*s[%d]", GS_STR_ARGS(topic),
                       (int)partition);
    }
    if (stage->options.changelog_group == NULL) {
        return gs_stage_watch_unpark(stage, source, part, offset, err);
    }
    part->counted = offset;
    gs_state_log_settle(&part->log);
    if (part->log.n == 0) {
        gs_log(GS_LOG_INFO, "watch", "%s[%d]: nothing is kept of its windows, they begin anew",
               part->topic, (int)partition);
        gs_stage_watch_renew_watermark(stage);
        return GS_OK;
    }
    enum gs_status status = check_offset(stage, source, part, offset, &why);
    if (status == GS_BAD_CONFIG && stage->options.on_mismatch == GS_MISMATCH_KEEP) {
        gs_log(GS_LOG_WARNING, "watch", "%s[%d]: going on all the same (state.on_mismatch): %s",
               part->topic, (int)partition, why.message);
        status = GS_OK;
    }
    if (status == GS_OK) {
        status = load(stage, part, &why);
    }
    if (status == GS_BAD_FORMAT || status == GS_BAD_CONFIG) {
        why.status = status;
        return give_up(stage, part, &why, err);
    }
    if (status != GS_OK) {
        return gs_fail(err, status, "%s", why.message);
    }
    gs_state_log_done(&part->log);
    tell(part);
    gs_stage_watch_show(stage); /* its keys too are seen at once */
    return GS_OK;
}
