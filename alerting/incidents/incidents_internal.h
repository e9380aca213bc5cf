/* Shared by the files of incidents: incidents.c (feeds, time, the table), incident_tick.c (the alerts
 * of a time), join.c (which incident an alert belongs to), settle.c (state and notices),
 * incident_keys.c (an alert as a key; titles), incident_state.c (what is kept over a restart). */
#ifndef GS_ALERTING_INCIDENTS_INTERNAL_H
#define GS_ALERTING_INCIDENTS_INTERNAL_H

#include "alerting/incidents/incidents.h"

#define GS_NOT_TOLD INT64_MIN /* told_at_ms of an incident that was just opened */

/* An alert that waits until every feed has reached its time. */
struct gs_waiting_alert {
    int64_t at_ms;
    bool resolved, routine;
    struct gs_incident_key key;
};

struct gs_incidents {
    struct gs_incident_options options;
    struct gs_incident_feed {
        bool away;
        int64_t reached_ms;
    } feeds[GS_INCIDENT_FEEDS];
    struct gs_waiting_alert *waiting;
    size_t n_waiting, max_waiting;
    int64_t forced_ms; /* up to here nobody is waited for; INT64_MIN: not forced */
    int64_t now_ms;
    struct gs_incident **open; /* [max_open] in order of opening; ended ones until they are given */
    bool *touched;             /* [max_open] by place in open, in the tick */
    size_t n_open;
    size_t given; /* place of the next one to look at for a change */
    bool giving;
    struct gs_incident_counts counts;
};

/* ---- incidents.c ---- */
/* Puts the end of a key's alert with what waits. */
void gs_incident_over(struct gs_incidents *incidents, size_t feed,
                      const struct gs_incident_key *key, int64_t at_ms);

/* ---- incident_keys.c ---- */
enum gs_key_kind gs_key_kind(struct gs_str key);
/* resolved, numbers, sample and story as the alert has them; peak is now. */
void gs_incident_key_make(const struct gs_alert *alert, uint64_t origin,
                          struct gs_incident_key *ret);
/* The same key again: what it was gives way to what it is. */
void gs_incident_key_update(struct gs_incident_key *key, const struct gs_incident_key *now,
                            bool resolved);
/* Finds the key that stands for all. */
void gs_incident_lead(struct gs_incident *incident);
void gs_incident_title(struct gs_incident *incident);

/* ---- join.c ---- */
/* The stories that two keys share, of those that both samples can tell of. */
struct gs_story_overlap {
    uint32_t shared, of_a, of_b;
};
struct gs_story_overlap gs_story_overlap(const struct gs_story_sample *a,
                                         const struct gs_story_sample *b);
/* The incident that a key which is in none belongs to; NULL: a new one. Also links those that it
 * shares stories with to *ret_related (at most GS_INCIDENT_RELATED; the number is returned). */
struct gs_incident *gs_incident_join(const struct gs_incidents *incidents,
                                     const struct gs_incident_key *key,
                                     struct gs_incident *ret_related[GS_INCIDENT_RELATED],
                                     size_t *ret_n_related);

/* ---- incident_tick.c ---- */
/* Applies all that waits up to now_ms, and settles what it touched or what is due; the changes are
 * then to be given. */
void gs_incidents_tick(struct gs_incidents *incidents, int64_t now_ms);

/* ---- settle.c ---- */
/* After all alerts of a time: state, severity, notice. */
void gs_incident_settle(const struct gs_incident_options *options, struct gs_incident *incident,
                        int64_t now_ms);
/* When it has to be settled again though no alert comes; INT64_MAX: never. */
int64_t gs_incident_due(const struct gs_incident_options *options,
                        const struct gs_incident *incident);

#endif
