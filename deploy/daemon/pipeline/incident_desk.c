/* Every change of an incident goes to its record, its series and the listener in one place
 * (on_change()); incident_desk_records.c has the records until a lane has written them. */
#include "deploy/daemon/pipeline/incident_desk_internal.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/clock.h"
#include "ingest/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_JSON = 256 * 1024, LOOK_EVERY_MS = 1000 };

static struct gs_series *limit_series(struct gs_shard *shard, const char *limit)
{
    return gs_metric_series(shard, GS_M_INCIDENT_LIMITS, &limit);
}

static void find_series(struct gs_incident_desk *desk)
{
    struct gs_shard *shard = desk->options.shard;

    for (size_t i = 0; i < GS_N_SEVERITIES; i++) {
        const char *const severity = gs_severity_name((enum gs_severity)i);
        desk->open[i] = gs_metric_series(shard, GS_M_INCIDENTS_OPEN, &severity);
    }
    for (size_t i = GS_NOTICE_OPENED; i < GS_N_INCIDENT_NOTICES; i++) {
        const char *const notice = gs_incident_notice_name((enum gs_incident_notice)i);
        desk->notices[i] = gs_metric_series(shard, GS_M_INCIDENT_NOTICES, &notice);
    }
    desk->refused = limit_series(shard, "incidents");
    desk->left_out = limit_series(shard, "keys");
    desk->hurried = limit_series(shard, "waiting");
    desk->dropped = limit_series(shard, "records");
    desk->below = limit_series(shard, "severity");
}

enum gs_status gs_incident_desk_new(const struct gs_incident_desk_options *options,
                                    struct gs_incident_desk **ret, struct gs_error *err)
{
    struct gs_incident_desk *desk = calloc(1, sizeof *desk);

    if (desk == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "incidents");
    }
    (void)pthread_mutex_init(&desk->lock, NULL);
    desk->options = *options;
    desk->json.max = MAX_JSON;
    desk->changes = 1;
    desk->shown = calloc(options->incidents.max_open, sizeof *desk->shown);
    const int64_t now_ms = gs_clock_wall_ms();
    for (size_t i = 0; i < GS_INCIDENT_FEEDS; i++) {
        desk->reached_ms[i] = INT64_MIN;
        desk->moved_ms[i] = now_ms;
    }
    enum gs_status status = desk->shown == NULL
                                ? gs_fail(err, GS_NO_MEMORY, "incidents")
                                : gs_incidents_new(&options->incidents, &desk->incidents, err);
    if (status == GS_OK) {
        status = gs_incident_desk_answers_new(desk, err);
    }
    if (status != GS_OK) {
        gs_incident_desk_free(desk);
        return status;
    }
    find_series(desk);
    *ret = desk;
    return GS_OK;
}

void gs_incident_desk_free(struct gs_incident_desk *desk)
{
    if (desk == NULL) {
        return;
    }
    for (size_t i = 0; i < desk->n_records; i++) {
        free(desk->records[i].json);
    }
    gs_incident_desk_answers_done(desk);
    gs_incidents_free(desk->incidents);
    gs_buf_done(&desk->json);
    (void)pthread_mutex_destroy(&desk->lock);
    free(desk->shown);
    free(desk);
}

/* ---- series: two an open incident ---- */

static void copy_text(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%.*s", GS_STR_ARGS(gs_utf8_cut(gs_str(text), size - 1)));
}

static struct gs_series *info_series(struct gs_shard *shard, const struct gs_shown_incident *shown)
{
    const char *const values[] = {shown->id, shown->title, shown->key, shown->url};
    return gs_metric_series(shard, GS_M_INCIDENT_INFO, values);
}

static struct gs_series *active_series(struct gs_shard *shard,
                                       const struct gs_shown_incident *shown)
{
    const char *const values[] = {shown->id, shown->route};
    return gs_metric_series(shard, GS_M_INCIDENT_ACTIVE, values);
}

static struct gs_series *silenced_series(struct gs_shard *shard,
                                         const struct gs_shown_incident *shown)
{
    const char *const id = shown->id;
    return gs_metric_series(shard, GS_M_INCIDENT_SILENCED, &id);
}

static void hide(struct gs_incident_desk *desk, size_t i)
{
    struct gs_shard *shard = desk->options.shard;

    gs_series_drop(shard, info_series(shard, &desk->shown[i]));
    gs_series_drop(shard, active_series(shard, &desk->shown[i]));
    gs_series_drop(shard, silenced_series(shard, &desk->shown[i]));
    gs_series_add(desk->open[desk->shown[i].severity], -1);
    desk->shown[i] = desk->shown[--desk->n_shown];
}

static void hide_id(struct gs_incident_desk *desk, const char *id)
{
    for (size_t i = 0; i < desk->n_shown; i++) {
        if (strcmp(desk->shown[i].id, id) == 0) {
            hide(desk, i);
            return;
        }
    }
}

void gs_incident_desk_show(struct gs_incident_desk *desk, const struct gs_incident *incident)
{
    const struct gs_incident_key *lead = &incident->keys[incident->lead];
    struct gs_shard *shard = desk->options.shard;
    struct gs_shown_incident shown = {.severity = incident->severity};

    hide_id(desk, incident->id);
    if (incident->state == GS_INCIDENT_ENDED || desk->n_shown == desk->options.incidents.max_open) {
        return;
    }
    memcpy(shown.id, incident->id, sizeof shown.id);
    memcpy(shown.route, incident->answer.route, sizeof shown.route);
    copy_text(shown.title, sizeof shown.title, incident->title);
    copy_text(shown.key, sizeof shown.key, lead->key);
    copy_text(shown.url, sizeof shown.url, lead->story.url);
    desk->shown[desk->n_shown++] = shown;
    gs_series_set(info_series(shard, &shown), 1);
    gs_series_set(active_series(shard, &shown), 1 + shown.severity);
    gs_series_add(desk->open[shown.severity], 1);
    gs_incident_desk_silence(desk, incident);
}

void gs_incident_desk_silence(struct gs_incident_desk *desk, const struct gs_incident *incident)
{
    for (size_t i = 0; i < desk->n_shown; i++) {
        if (strcmp(desk->shown[i].id, incident->id) == 0) {
            gs_series_set(silenced_series(desk->options.shard, &desk->shown[i]),
                          incident->answer.silenced);
        }
    }
}

static void count_limits(struct gs_incident_desk *desk)
{
    struct gs_incident_counts now;

    gs_incidents_counts(desk->incidents, &now);
    gs_series_add(desk->refused, (double)(now.refused - desk->counts.refused));
    gs_series_add(desk->left_out, (double)(now.left_out - desk->counts.left_out));
    gs_series_add(desk->hurried, (double)(now.hurried - desk->counts.hurried));
    desk->counts = now;
}

/* ---- changes ---- */

static void on_change(struct gs_incident_desk *desk, const struct gs_incident *incident)
{
    desk->changes++;
    gs_incident_desk_answer(desk, incident);
    if (desk->options.records) {
        gs_incident_desk_queue(desk, incident);
    }
    gs_incident_desk_show(desk, incident);
    if (desk->options.tell != NULL) {
        desk->options.tell(desk->options.tell_arg, incident);
    }
}

static void take_changes(struct gs_incident_desk *desk)
{
    const struct gs_incident *incident = NULL;

    while (gs_incidents_next(desk->incidents, &incident)) {
        on_change(desk, incident);
    }
    count_limits(desk);
}

/* Lanes that bring nothing are not waited for; but somebody has to be there. */
static void leave_idle(struct gs_incident_desk *desk, int64_t now_ms)
{
    for (size_t i = 0; i < desk->options.incidents.n_feeds; i++) {
        if (now_ms - desk->moved_ms[i] > desk->options.idle_timeout_ms &&
            desk->options.incidents.n_feeds > 1) {
            gs_incidents_leave(desk->incidents, i);
        }
    }
    desk->looked_ms = now_ms;
}

void gs_incident_desk_alert(struct gs_incident_desk *desk, size_t lane, uint64_t watch,
                            const struct gs_alert *alert)
{
    if (desk == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&desk->lock);
    desk->changes++;
    if (!gs_least_severity_fits(&desk->options.least, alert->key, alert->severity)) {
        gs_series_add(desk->below, !alert->routine);
        (void)pthread_mutex_unlock(&desk->lock);
        return;
    }
    while (!gs_incidents_add(desk->incidents, lane, gs_incident_desk_origin(lane, watch), alert)) {
        take_changes(desk);
    }
    (void)pthread_mutex_unlock(&desk->lock);
}

void gs_incident_desk_reached(struct gs_incident_desk *desk, size_t lane, int64_t watermark_ms)
{
    if (desk == NULL) {
        return;
    }
    const int64_t now_ms = gs_clock_wall_ms();
    (void)pthread_mutex_lock(&desk->lock);
    if (watermark_ms > desk->reached_ms[lane]) {
        desk->reached_ms[lane] = watermark_ms;
        desk->moved_ms[lane] = now_ms;
        leave_idle(desk, now_ms);
        gs_incidents_reached(desk->incidents, lane, watermark_ms);
        take_changes(desk);
    }
    gs_incident_desk_look(desk, now_ms);
    (void)pthread_mutex_unlock(&desk->lock);
}

static void note_there(void *arg, const struct gs_incident *incident)
{
    struct gs_incident_desk *desk = arg;

    for (size_t i = 0; i < desk->n_shown; i++) {
        desk->shown[i].there |= strcmp(desk->shown[i].id, incident->id) == 0;
    }
}

/* The series of incidents that left without a word. */
static void hide_gone(struct gs_incident_desk *desk)
{
    for (size_t i = 0; i < desk->n_shown; i++) {
        desk->shown[i].there = false;
    }
    gs_incidents_each(desk->incidents, note_there, desk);
    for (size_t i = desk->n_shown; i > 0; i--) {
        if (!desk->shown[i - 1].there) {
            if (desk->options.gone != NULL) {
                desk->options.gone(desk->options.tell_arg, desk->shown[i - 1].id);
            }
            hide(desk, i - 1);
        }
    }
}

void gs_incident_desk_forget(struct gs_incident_desk *desk, size_t lane, uint64_t watch)
{
    if (desk == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&desk->lock);
    desk->changes++;
    gs_incidents_forget(desk->incidents, gs_incident_desk_origin(lane, watch));
    hide_gone(desk);
    desk->reached_ms[lane] = INT64_MIN; /* its next windows may begin at an earlier time */
    (void)pthread_mutex_unlock(&desk->lock);
}

bool gs_incident_desk_pending(struct gs_incident_desk *desk)
{
    if (desk == NULL) {
        return false;
    }
    const int64_t now_ms = gs_clock_wall_ms();
    (void)pthread_mutex_lock(&desk->lock);
    if (now_ms - desk->looked_ms >= LOOK_EVERY_MS) {
        leave_idle(desk, now_ms);
        take_changes(desk);
    }
    gs_incident_desk_look(desk, now_ms);
    const bool pending = desk->n_records > 0 && desk->n_writing == 0;
    (void)pthread_mutex_unlock(&desk->lock);
    return pending;
}

/* ---- readers ---- */

struct listing {
    struct gs_buf *out;
    size_t n, max;
};

static void list(void *arg, const struct gs_incident *incident)
{
    struct listing *listing = arg;

    if (listing->n < listing->max) {
        gs_buf_puts(listing->out, listing->n++ > 0 ? "," : "");
        gs_incident_encode(incident, listing->out);
    }
}

void gs_incident_desk_json(struct gs_incident_desk *desk, size_t max, struct gs_buf *out)
{
    struct listing listing = {.out = out, .max = max};

    if (desk == NULL) {
        return;
    }
    const int64_t now_ms = gs_clock_wall_ms();
    (void)pthread_mutex_lock(&desk->lock);
    gs_incident_desk_look(desk, now_ms);
    gs_incidents_each(desk->incidents, list, &listing);
    (void)pthread_mutex_unlock(&desk->lock);
}
