/* What people have answered so far, by the journal: who has which incident, what is muted, what was
 * found, and which notices there were.
 *
 * A mute is of an incident (by its id) or of a key ("entity:ACME", "topic:results"; what people call
 * the key may stand for its id: "entity:Acme"; a topic's mute is one of its languages too). By keys
 * an incident is muted when all its companies are; one without a company, when all its keys are. So
 * a muted topic says nothing of a company that falls in it.
 *
 * A mute that was broken, because the incident got worse than it ever was, is over for that
 * incident; a new one may follow.
 *
 * Bounded: GS_ANSWERS_MAX targets; lines about further ones are refused, and are to be counted.
 *
 * Threads: owned by one thread, or behind its owner's lock. */
#ifndef GS_DEPLOY_ANSWERS_H
#define GS_DEPLOY_ANSWERS_H

#include "deploy/daemon/journal/journal_line.h"

enum { GS_ANSWERS_MAX = 32768 };

/* All that is known of one target. */
struct gs_answered {
    char target[GS_INCIDENT_KEY_BYTES];
    bool acknowledged, muted; /* muted: until muted_until_ms, which may be over */
    int64_t acknowledged_at_ms, muted_at_ms, muted_until_ms;
    char acknowledged_by[GS_INCIDENT_NAME_BYTES], muted_by[GS_INCIDENT_NAME_BYTES];
    char muted_why[GS_INCIDENT_KEY_BYTES]; /* cut */
    uint8_t verdict;

    /* of an incident */
    uint32_t n_notices, n_told;
    int64_t opened_at_ms, noticed_at_ms; /* of the first and the last notice */
    uint8_t notice, severity;            /* the last notice; the highest severity of any */
    uint32_t n_risks;                    /* the most of any */
    int64_t broke_at_ms;                 /* 0: no mute of it was ever broken */
    char rule[GS_INCIDENT_RULE_BYTES];   /* of its foremost key's alert, at the last notice */
    char title[GS_INCIDENT_TITLE_BYTES];
};

struct gs_answers; /* opaque */

GS_MUST_CHECK enum gs_status gs_answers_new(struct gs_answers **ret, struct gs_error *err);
void gs_answers_free(struct gs_answers *answers);  /* NULL is fine */
void gs_answers_clear(struct gs_answers *answers); /* all is forgotten */

/* False: no room for one more target, or no memory. The same notice twice counts
 * once. */
bool gs_answers_apply(struct gs_answers *answers, const struct gs_journal_line *line);
void gs_answers_forget(struct gs_answers *answers, const char *target);

/* NULL: nothing is known of it. */
const struct gs_answered *gs_answers_find(const struct gs_answers *answers, const char *target);
/* In order of coming. */
void gs_answers_each(const struct gs_answers *answers,
                     void (*visit)(void *arg, const struct gs_answered *answered), void *arg);

/* Writes who has the incident and whether it is muted at now_ms (wall clock); silence and route
 * stay. */
void gs_answers_of(const struct gs_answers *answers, const struct gs_incident *incident,
                   int64_t now_ms, struct gs_incident_answer *ret);

/* Whether people are told of the incident's notice; *ret_broke: a mute is broken by it. quiet: these
 * are quiet hours. Its notice is not applied yet. */
enum gs_incident_silence gs_answers_decide(const struct gs_answers *answers,
                                           const struct gs_incident *incident,
                                           enum gs_mute_breaks breaks, int64_t now_ms, bool quiet,
                                           bool *ret_broke);

/* The incident's notice as a line; without silence and broke. */
void gs_answers_notice(const struct gs_incident *incident, int64_t now_ms,
                       struct gs_journal_line *ret);

/* The incidents of one rule and severity by what was found of them. */
enum { GS_VERDICT_ROWS = 24 };
struct gs_verdict_row {
    char rule[GS_INCIDENT_RULE_BYTES];
    uint8_t severity;
    uint32_t n[GS_N_INCIDENT_VERDICTS];
};
/* The number of rows, in order of coming; incidents of a row too many are left out. */
size_t gs_answers_verdicts(const struct gs_answers *answers,
                           struct gs_verdict_row ret[GS_VERDICT_ROWS]);
/* The part of those with a verdict that was right; NaN: none has one. */
double gs_verdict_precision(const struct gs_verdict_row *row);

#endif
