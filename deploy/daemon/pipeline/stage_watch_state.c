/* Saving and loading the windows of a stage. After a load the board shows the alerts that fire: they
 * were told before, so they are neither counted nor handed to the hook again. */
#include "deploy/daemon/pipeline/stage_watch_state.h"

#include "deploy/daemon/pipeline/stage_watch_internal.h"
#include "ingest/base/fields.h"

/* The step is the configuration's. A field that comes or goes: see
 * alerting/detector/state_fields.c. */
static const struct gs_field clock_fields[] = {
    GS_FIELD(struct gs_event_clock, max_ms),
    GS_FIELD(struct gs_event_clock, n_ahead),
    GS_FIELD(struct gs_event_clock, n_jumps),
    GS_FIELD(struct gs_event_clock, n_unnamed),
    GS_FIELD(struct gs_event_clock, n_marks_ahead),
    GS_FIELD(struct gs_event_clock, n_marks_in_time),
    GS_FIELD(struct gs_event_clock, n_leads),
    GS_FIELD(struct gs_event_clock, run),
};
static const struct gs_field mark_fields[] = {
    GS_FIELD(struct gs_clock_mark, source),
    GS_FIELD(struct gs_clock_mark, ts_ms),
};
static const struct gs_field lead_fields[] = {
    GS_FIELD(struct gs_clock_lead, source),
    GS_FIELD(struct gs_clock_lead, n),
    GS_FIELD(struct gs_clock_lead, lead_ms),
};
_Static_assert(sizeof(struct gs_event_clock) == 1008, "struct gs_event_clock has changed");
_Static_assert(sizeof(struct gs_clock_lead) == 88, "struct gs_clock_lead has changed");

/* ---- the clock ---- */

static void write_marks(const struct gs_clock_mark *marks, size_t n, struct gs_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        gs_fields_write(mark_fields, GS_COUNT(mark_fields), &marks[i], out);
    }
}

static void write_clock(const struct gs_event_clock *clock, struct gs_buf *out)
{
    gs_fields_write(clock_fields, GS_COUNT(clock_fields), clock, out);
    write_marks(clock->ahead, clock->n_marks_ahead, out);
    write_marks(clock->in_time, clock->n_marks_in_time, out);
    for (size_t i = 0; i < clock->n_leads; i++) {
        gs_fields_write(lead_fields, GS_COUNT(lead_fields), &clock->leads[i], out);
        gs_fields_put_str(out, gs_str(clock->leads[i].name));
    }
}

/* Times that can be subtracted from each other. */
static bool is_time(int64_t ms)
{
    const int64_t most = (int64_t)1 << 50;

    return ms > -most && ms < most;
}

static bool read_marks(unsigned version, struct gs_fields_in *in, struct gs_clock_mark *marks,
                       size_t n)
{
    bool good = n <= GS_CLOCK_SOURCES;

    for (size_t i = 0; i < n && good; i++) {
        good = gs_fields_read(mark_fields, GS_COUNT(mark_fields), version, in, &marks[i]) &&
               is_time(marks[i].ts_ms);
    }
    return good;
}

static bool read_leads(unsigned version, struct gs_fields_in *in, struct gs_event_clock *clock)
{
    bool good = clock->n_leads <= GS_CLOCK_SOURCES;

    for (size_t i = 0; i < clock->n_leads && good; i++) {
        struct gs_clock_lead *lead = &clock->leads[i];
        struct gs_str name;
        good = gs_fields_read(lead_fields, GS_COUNT(lead_fields), version, in, lead) &&
               is_time(lead->lead_ms) && gs_fields_take_str(in, &name) &&
               name.len < sizeof lead->name && memchr(name.bytes, 0, name.len) == NULL;
        if (good) {
            memcpy(lead->name, name.bytes, name.len);
            lead->name[name.len] = '\0';
        }
    }
    return good;
}

static bool read_clock(unsigned version, struct gs_fields_in *in, struct gs_event_clock *clock)
{
    return gs_fields_read(clock_fields, GS_COUNT(clock_fields), version, in, clock) &&
           (clock->max_ms == GS_NO_TIME || is_time(clock->max_ms)) &&
           read_marks(version, in, clock->ahead, clock->n_marks_ahead) &&
           read_marks(version, in, clock->in_time, clock->n_marks_in_time) &&
           read_leads(version, in, clock);
}

/* ---- saving ---- */

enum gs_status gs_stage_watch_put_clock(const struct gs_part *part, gs_state_put_fn *put, void *arg,
                                        struct gs_error *err)
{
    struct gs_buf value = {.max = 1U << 16};

    gs_buf_putc(&value, GS_STATE_VERSION);
    gs_fields_put_str(&value, gs_str(part->topic));
    gs_fields_put(&value, &part->partition, sizeof part->partition);
    write_clock(&part->clock, &value);
    const enum gs_status status = gs_buf_ok(&value) ? put(arg, gs_str("P"), gs_buf_str(&value), err)
                                                    : gs_fail(err, GS_NO_MEMORY, "state");
    gs_buf_done(&value);
    return status;
}

enum gs_status gs_stage_watch_save(struct gs_stage_watch *stage, gs_state_put_fn *put, void *arg,
                                   struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < stage->n_parts && status == GS_OK; i++) {
        status = gs_stage_watch_put_clock(&stage->parts[i], put, arg, err);
        if (status == GS_OK) {
            status = gs_watch_save(stage->parts[i].watch, put, arg, err);
        }
    }
    return status;
}

/* ---- loading ---- */

static void show_alert(void *arg, const struct gs_alert *alert)
{
    struct gs_stage_watch *stage = arg;

    gs_buf_reset(&stage->json);
    gs_alert_encode(alert, &stage->json);
    if (gs_buf_ok(&stage->json)) {
        gs_board_show_alert(stage->board, stage->showing, alert, gs_buf_str(&stage->json));
    }
}

void gs_stage_watch_show_alerts(struct gs_stage_watch *stage, const struct gs_part *part)
{
    stage->showing = part->number;
    gs_watch_each_firing(part->watch, show_alert, stage);
}

void gs_stage_watch_renew_watermark(struct gs_stage_watch *stage)
{
    int64_t lowest = GS_NO_TIME;

    for (size_t i = 0; i < stage->n_parts; i++) {
        const int64_t own = gs_watch_watermark(stage->parts[i].watch);
        lowest = i == 0 || own < lowest ? own : lowest;
    }
    stage->watermark_ms = lowest;
}

static enum gs_status end_part(struct gs_stage_watch_load *load, struct gs_error *err)
{
    struct gs_stage_watch *stage = load->stage;

    if (load->part == 0) {
        return GS_OK;
    }
    const enum gs_status status = gs_watch_load_end(&load->windows, err);
    if (status == GS_OK) {
        gs_stage_watch_show_alerts(stage, &stage->parts[load->part - 1]);
    }
    load->part = 0;
    return status;
}

/* *ret_rest: what stands behind them, the clock. */
static enum gs_status read_place(struct gs_str value, unsigned char *ret_version,
                                 struct gs_str *ret_topic, int32_t *ret_partition,
                                 struct gs_fields_in *ret_rest, struct gs_error *err)
{
    struct gs_fields_in in = {value.bytes, value.len};
    unsigned char version = 0;

    if (!gs_fields_take(&in, &version, sizeof version) || version == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "state: a record of a partition is damaged");
    }
    if (version > GS_STATE_VERSION) {
        return gs_fail(err, GS_BAD_FORMAT, "state: written by a newer program");
    }
    if (!gs_fields_take_str(&in, ret_topic) ||
        !gs_fields_take(&in, ret_partition, sizeof *ret_partition)) {
        return gs_fail(err, GS_BAD_FORMAT, "state: a record of a partition is damaged");
    }
    *ret_version = version;
    *ret_rest = in;
    return GS_OK;
}

enum gs_status gs_stage_watch_read_place(struct gs_str value, struct gs_str *ret_topic,
                                         int32_t *ret_partition, struct gs_error *err)
{
    unsigned char version = 0;
    struct gs_fields_in rest;

    return read_place(value, &version, ret_topic, ret_partition, &rest, err);
}

static enum gs_status begin_part(struct gs_stage_watch_load *load, struct gs_str value,
                                 struct gs_error *err)
{
    struct gs_stage_watch *stage = load->stage;
    struct gs_fields_in in;
    unsigned char version = 0;
    struct gs_str topic = {"", 0};
    int32_t partition = 0;

    const enum gs_status status = read_place(value, &version, &topic, &partition, &in, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_part *part = gs_stage_watch_find_part(stage, topic, partition);
    if (part == NULL) {
        return gs_fail(err, GS_BAD_FORMAT, "state: it is of a partition that is not read here");
    }
    if (!read_clock(version, &in, &part->clock) || in.left > 0) {
        return gs_fail(err, GS_BAD_FORMAT, "state: a record of a partition is damaged");
    }
    part->clock_was = part->clock;
    load->part = (size_t)(part - stage->parts) + 1;
    load->windows = (struct gs_watch_load){.watch = part->watch};
    return GS_OK;
}

enum gs_status gs_stage_watch_load_record(struct gs_stage_watch_load *load, struct gs_str key,
                                          struct gs_str value, struct gs_error *err)
{
    if (gs_str_equal(key, gs_str("P"))) {
        const enum gs_status status = end_part(load, err);
        return status == GS_OK ? begin_part(load, value, err) : status;
    }
    if (load->part == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "state: it does not say of which partition it is");
    }
    return gs_watch_load_record(&load->windows, key, value, err);
}

enum gs_status gs_stage_watch_load_end(struct gs_stage_watch_load *load, struct gs_error *err)
{
    const enum gs_status status = end_part(load, err);

    if (status == GS_OK) {
        gs_stage_watch_renew_watermark(load->stage);
    }
    return status;
}
