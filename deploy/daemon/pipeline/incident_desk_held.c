/* What people were not told and are told late: one summary of it, once nothing keeps it from them any
 * more, at the end of quiet hours or of a mute.
 *
 *     a notice of a muted incident ──┐                        ┌─► over, and not told of: one summary
 *     a notice in quiet hours ───────┴─► held, one an incident ┴─► ended under its mute, or left: dropped
 *
 * What breaks through (critical, graver than ever) is told at once, and then there is nothing left to
 * tell late. */
#include "deploy/daemon/pipeline/incident_desk_internal.h"

#include "ingest/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

static struct gs_held_incident *find(struct gs_incident_desk *desk, const char *id)
{
    for (size_t i = 0; i < desk->n_held; i++) {
        if (strcmp(desk->held[i].id, id) == 0) {
            return &desk->held[i];
        }
    }
    return NULL;
}

static void drop(struct gs_incident_desk *desk, struct gs_held_incident *held)
{
    const size_t behind = (size_t)(desk->held + desk->n_held - (held + 1));

    memmove(held, held + 1, behind * sizeof *held);
    desk->n_held--;
}

/* NULL: too many; what comes of it is counted. */
static struct gs_held_incident *find_or_make(struct gs_incident_desk *desk, const char *id)
{
    struct gs_held_incident *held = find(desk, id);

    if (held != NULL) {
        return held;
    }
    if (desk->n_held == GS_INCIDENT_HELD) {
        desk->n_held_more++;
        return NULL;
    }
    held = &desk->held[desk->n_held++];
    memset(held, 0, sizeof *held);
    (void)snprintf(held->id, sizeof held->id, "%s", id);
    return held;
}

void gs_incident_desk_hold(struct gs_incident_desk *desk, const struct gs_incident *incident)
{
    const uint8_t silence = incident->answer.silence;
    const bool ended = incident->notice == GS_NOTICE_ENDED;
    struct gs_held_incident *held = find(desk, incident->id);

    if (silence == GS_SILENCE_NONE || (silence == GS_SILENCE_MUTED && ended)) {
        if (held != NULL) {
            drop(desk, held);
        }
        return;
    }
    if (silence == GS_SILENCE_MUTED || silence == GS_SILENCE_QUIET_HOURS) {
        held = find_or_make(desk, incident->id);
    }
    if (held != NULL) { /* also where its end is not told for another reason */
        held->severity = incident->severity;
        held->ended = ended;
        held->muted = silence == GS_SILENCE_MUTED;
        (void)snprintf(held->title, sizeof held->title, "%s", incident->title);
    }
}

static bool is_kept(const struct gs_incident_desk *desk, const struct gs_held_incident *held)
{
    return held->muted || (desk->quiet && held->severity < GS_SEVERITY_CRITICAL);
}

bool gs_incident_desk_note_held(struct gs_incident_desk *desk, const struct gs_incident *incident)
{
    struct gs_held_incident *held = find(desk, incident->id);

    if (held == NULL) {
        return false;
    }
    held->there = true;
    held->muted = incident->answer.muted;
    return !is_kept(desk, held);
}

void gs_incident_desk_release(struct gs_incident_desk *desk, int64_t now_ms)
{
    size_t n_kept = 0, n_released = 0;

    for (size_t i = 0; i < desk->n_held; i++) {
        struct gs_held_incident held = desk->held[i];
        const bool left = !held.there && !held.ended;
        held.there = false; /* until the next look */
        if (left) {
            continue;
        }
        if (is_kept(desk, &held)) {
            desk->held[n_kept++] = held;
        } else {
            desk->released[n_released++] = held;
        }
    }
    desk->n_held = n_kept;
    for (size_t i = 0; i < n_released; i++) {
        gs_incident_desk_told_late(desk, &desk->released[i], now_ms);
    }
    if (n_released > 0 && desk->options.summarize != NULL) {
        desk->options.summarize(desk->options.tell_arg, desk->released, n_released,
                                desk->n_held_more);
    }
    if (n_kept == 0) {
        desk->n_held_more = 0;
    }
}
