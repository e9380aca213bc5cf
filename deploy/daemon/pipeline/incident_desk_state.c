/* Incidents over a restart: beside the windows of each gs_watch stand records of the incidents that
 * have keys of it. Written are those that differ from what was written last, which is known by a
 * hash; an incident that is gone gets a tombstone.
 *
 * Alerts become incidents after their commit, so a record goes into the batch behind the one whose
 * alerts made it, and never before what people are told of it (the stream incidents) is written. alerting/incidents/incident_state.c says what makes that sound. */
#include "deploy/daemon/pipeline/incident_desk_internal.h"

#include <stdlib.h>
#include <xxhash.h>

void gs_incident_marks_done(struct gs_incident_marks *marks)
{
    free(marks->at);
    *marks = (struct gs_incident_marks){.at = NULL};
}

/* NULL: not there, and no memory to add it. */
static struct gs_incident_mark *mark_of(struct gs_incident_marks *marks, const char *id)
{
    for (size_t i = 0; i < marks->n; i++) {
        if (strcmp(marks->at[i].id, id) == 0) {
            return &marks->at[i];
        }
    }
    if (marks->n == marks->capacity) {
        const size_t want = marks->capacity * 2 + 8;
        struct gs_incident_mark *bigger = realloc(marks->at, want * sizeof *bigger);
        if (bigger == NULL) {
            return NULL;
        }
        marks->at = bigger;
        marks->capacity = want;
    }
    struct gs_incident_mark *mark = &marks->at[marks->n++];
    *mark = (struct gs_incident_mark){.hash = 0};
    memcpy(mark->id, id, sizeof mark->id);
    return mark;
}

void gs_incident_marks_end(struct gs_incident_marks *marks, bool committed)
{
    size_t kept = 0;

    for (size_t i = 0; i < marks->n; i++) {
        struct gs_incident_mark mark = marks->at[i];
        const uint64_t hash = committed ? mark.next : mark.hash;
        mark.hash = hash;
        mark.next = hash;
        if (hash != 0) {
            marks->at[kept++] = mark;
        }
    }
    marks->n = kept;
    *(committed ? &marks->seen : &marks->seen_next) = committed ? marks->seen_next : marks->seen;
}

bool gs_incident_desk_unsaved(struct gs_incident_desk *desk, const struct gs_incident_marks *marks)
{
    if (desk == NULL) {
        return false;
    }
    (void)pthread_mutex_lock(&desk->lock);
    const bool unsaved = marks->seen_next != desk->changes;
    (void)pthread_mutex_unlock(&desk->lock);
    return unsaved;
}

/* ---- saving ---- */

struct saving {
    uint64_t origin;
    struct gs_incident_marks *marks;
    struct gs_buf bytes;
    gs_state_put_fn *put;
    void *arg;
    enum gs_status status;
    struct gs_error *err;
};

static enum gs_status put(struct saving *saving, const char *id, struct gs_str value)
{
    char key[1 + sizeof((struct gs_incident_mark *)NULL)->id];

    key[0] = 'N';
    memcpy(key + 1, id, sizeof key - 1);
    return saving->put(saving->arg, gs_str(key), value, saving->err);
}

static void save_one(void *arg, const struct gs_incident *incident)
{
    struct saving *saving = arg;

    if (saving->status != GS_OK) {
        return;
    }
    gs_buf_reset(&saving->bytes);
    if (!gs_incident_save(incident, saving->origin, &saving->bytes)) {
        return;
    }
    struct gs_incident_mark *mark = mark_of(saving->marks, incident->id);
    if (mark == NULL || !gs_buf_ok(&saving->bytes)) {
        saving->status = gs_fail(saving->err, GS_NO_MEMORY, "state: an incident");
        return;
    }
    const uint64_t hash = XXH3_64bits(saving->bytes.bytes, saving->bytes.len) | 1;
    mark->met = true;
    if (mark->next != hash) {
        mark->next = hash;
        saving->status = put(saving, incident->id, gs_buf_str(&saving->bytes));
    }
}

enum gs_status gs_incident_desk_save(struct gs_incident_desk *desk, size_t lane, uint64_t watch,
                                     struct gs_incident_marks *marks, gs_state_put_fn *to_put,
                                     void *arg, struct gs_error *err)
{
    struct saving saving = {.origin = gs_incident_desk_origin(lane, watch),
                            .marks = marks,
                            .bytes = {.max = 1U << 20},
                            .put = to_put,
                            .arg = arg,
                            .err = err};

    if (!gs_incident_desk_unsaved(desk, marks)) {
        return GS_OK;
    }
    for (size_t i = 0; i < marks->n; i++) {
        marks->at[i].met = false;
    }
    (void)pthread_mutex_lock(&desk->lock);
    const bool in_records = marks->ahead || desk->n_records == 0 ||
                            (desk->n_writing == desk->n_records && desk->writer == lane);
    if (in_records) {
        marks->seen_next = desk->changes;
        gs_incidents_each(desk->incidents, save_one, &saving);
    }
    (void)pthread_mutex_unlock(&desk->lock);
    if (!in_records) {
        return GS_OK; /* it stays unsaved, so that the next batch tries again */
    }
    for (size_t i = 0; i < marks->n && saving.status == GS_OK; i++) {
        struct gs_incident_mark *mark = &marks->at[i];
        if (!mark->met && mark->next != 0) {
            mark->next = 0;
            saving.status = put(&saving, mark->id, (struct gs_str){NULL, 0});
        }
    }
    gs_buf_done(&saving.bytes);
    return saving.status;
}

/* ---- loading ---- */

enum gs_status gs_incident_desk_load(struct gs_incident_desk *desk, size_t lane, uint64_t watch,
                                     struct gs_incident_marks *marks, struct gs_str key,
                                     struct gs_str value, struct gs_error *err)
{
    const struct gs_incident *incident = NULL;

    if (desk == NULL) {
        return GS_OK;
    }
    (void)pthread_mutex_lock(&desk->lock);
    enum gs_status status = gs_incidents_load(
        desk->incidents, gs_incident_desk_origin(lane, watch),
        (struct gs_str){key.bytes + 1, key.len > 0 ? key.len - 1 : 0}, value, &incident, err);
    if (status == GS_OK && incident != NULL) {
        struct gs_incident_mark *mark = mark_of(marks, incident->id);
        gs_incident_desk_answer(desk, incident); /* as people have answered it before */
        gs_incident_desk_show(desk, incident);
        if (desk->options.answered != NULL) { /* who is told the state of things is told it */
            desk->options.answered(desk->options.tell_arg, incident, false);
        }
        if (mark == NULL) {
            status = gs_fail(err, GS_NO_MEMORY, "state: an incident");
        } else {
            mark->hash = XXH3_64bits(value.bytes, value.len) | 1;
            mark->next = mark->hash;
        }
    }
    (void)pthread_mutex_unlock(&desk->lock);
    return status;
}

void gs_incident_desk_loaded(struct gs_incident_desk *desk, size_t lane, uint64_t watch,
                             int64_t watermark_ms)
{
    if (desk == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&desk->lock);
    gs_incidents_loaded(desk->incidents, lane, gs_incident_desk_origin(lane, watch), watermark_ms);
    (void)pthread_mutex_unlock(&desk->lock);
}
