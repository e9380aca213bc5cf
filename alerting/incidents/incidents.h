/* Incidents: alerts of keys that are about the same stories are one thing to people.
 *
 *     alerts of all lanes ─► in order of event time ─► same key? same stories? ─► incident ─► changes
 *
 * An event is seen from several keys (the company, the topic, the risk, the source), and each of
 * them alerts. An incident has one id, one title and a bounded list of such keys; it grows and
 * shrinks, and says of each change whether people are to be told. deploy/docs/incidents.md has the
 * rule by which alerts join, adr/0050 says why it is so.
 *
 * Order: alerts come in by feeds (a lane is one), each in order of event time. What is at a time is
 * looked at when every feed has reached that time, entities first, then by key; so the same alerts
 * make the same incidents, with the same ids and bytes, however many feeds they come by. A feed
 * that is away is not waited for.
 *
 * Everything is bounded: GS_INCIDENT_KEYS keys an incident, max_open incidents, and the alerts that
 * wait for other feeds. struct gs_incident is plain: no pointers, texts end in NUL.
 *
 * Threads: owned by one thread, or behind its owner's lock. */
#ifndef GS_ALERTING_INCIDENTS_H
#define GS_ALERTING_INCIDENTS_H

#include "alerting/detector/watch.h"
#include "ingest/base/buf.h"

enum {
    GS_INCIDENT_KEYS = 32,
    GS_INCIDENT_RELATED = 4,
    GS_INCIDENT_FEEDS = 256,
    GS_INCIDENT_WAITING = 4096, /* alerts that wait for other feeds */
    GS_INCIDENT_KEY_BYTES = 200,
    GS_INCIDENT_NAME_BYTES = 104,
    GS_INCIDENT_TITLE_BYTES = 400,
    GS_INCIDENT_RULE_BYTES = 32,
    GS_INCIDENT_ROUTE_BYTES = 64
};

/* The kinds of keys, in the order in which alerts of one time are looked at. */
enum gs_key_kind {
    GS_KEY_ENTITY,
    GS_KEY_RISK,
    GS_KEY_TOPIC,
    GS_KEY_TOPIC_LANG,
    GS_KEY_SOURCE,
    GS_KEY_OTHER
};

enum gs_incident_state {
    GS_INCIDENT_OPEN,
    GS_INCIDENT_WORSE,  /* has become worse since it was opened */
    GS_INCIDENT_EASING, /* none of its alerts is on; ends unless one comes within `hold` */
    GS_INCIDENT_ENDED,
    GS_N_INCIDENT_STATES
};
const char *gs_incident_state_name(enum gs_incident_state state); /* "open" … */

/* Why people are told of a change. */
enum gs_incident_notice {
    GS_NOTICE_NONE, /* they are not: a key more or less */
    GS_NOTICE_OPENED,
    GS_NOTICE_WORSE,
    GS_NOTICE_REMINDER,
    GS_NOTICE_ENDED,
    GS_NOTICE_LATE, /* of what was held back, in a summary; no change of an incident has it */
    GS_N_INCIDENT_NOTICES
};
const char *gs_incident_notice_name(enum gs_incident_notice notice); /* "none", "opened" … */

/* Why people are not told of a change that has a notice. */
enum gs_incident_silence {
    GS_SILENCE_NONE, /* they are told */
    GS_SILENCE_MUTED,
    GS_SILENCE_ACKNOWLEDGED, /* somebody has it: no reminders */
    GS_SILENCE_QUIET_HOURS,  /* told together at their end */
    GS_SILENCE_UNTOLD,       /* its end, or a reminder, where nobody was told that it began */
    GS_N_INCIDENT_SILENCES
};
const char *gs_incident_silence_name(enum gs_incident_silence silence); /* "none", "muted" … */

/* When a muted incident is told of all the same. */
enum gs_mute_breaks {
    GS_MUTE_BREAKS_NEVER,
    GS_MUTE_BREAKS_ON_SEVERITY, /* its severity is higher than it ever was */
    GS_MUTE_BREAKS_ON_RISK,     /* that, or a risk has come to it */
    GS_N_MUTE_BREAKS
};
extern const char *const gs_mute_breaks_names[GS_N_MUTE_BREAKS + 1]; /* NULL behind the last */

/* What people found of an incident when they looked at it. */
enum gs_incident_verdict {
    GS_VERDICT_NONE,
    GS_VERDICT_RIGHT,
    GS_VERDICT_DEBATABLE,
    GS_VERDICT_WRONG,
    GS_N_INCIDENT_VERDICTS
};
const char *gs_incident_verdict_name(enum gs_incident_verdict verdict); /* "none", "right" … */

/* What people have answered to an incident. It comes by the wall clock, from outside: nothing in
 * here looks at it, so that incidents depend on event time alone. All zero: nothing was answered,
 * and people are told. */
struct gs_incident_answer {
    uint8_t silence; /* enum gs_incident_silence, of the last change that had a notice */
    uint8_t verdict; /* enum gs_incident_verdict */
    bool acknowledged, muted;
    bool silenced; /* people are not to be told of it now: muted, or not told in quiet hours yet */
    int64_t acknowledged_at_ms, muted_until_ms; /* until -1: as long as the incident lasts */
    char route[GS_INCIDENT_ROUTE_BYTES]; /* to whom it goes: of its first company that has one */
    char acknowledged_by[GS_INCIDENT_NAME_BYTES], muted_by[GS_INCIDENT_NAME_BYTES];
    char muted_target[GS_INCIDENT_KEY_BYTES], muted_why[GS_INCIDENT_KEY_BYTES];
};

/* What became worse, or'ed. */
enum { GS_WORSE_SEVERITY = 1, GS_WORSE_RISK = 2, GS_WORSE_ENTITY = 4 };

/* A key's last hour at the close of a bin. */
struct gs_incident_numbers {
    int64_t at_ms;
    double observed, expected, n, log10_evidence;
    uint32_t stories, publishers, reach;
};

struct gs_incident_story {
    char id[100], source[52], text[204], url[260]; /* text "": none */
    int64_t ts_ms;
    double weight;
};

/* One key of an incident, with its alert. */
struct gs_incident_key {
    char key[GS_INCIDENT_KEY_BYTES], name[GS_INCIDENT_NAME_BYTES];
    char alert[17]; /* id of its (last) alert */
    char rule[GS_INCIDENT_RULE_BYTES];
    uint8_t kind; /* enum gs_key_kind */
    uint8_t severity;
    bool firing;
    uint64_t origin; /* the gs_watch that it comes from */
    int64_t starts_at_ms, fired_at_ms, ends_at_ms;
    double excess_part; /* of its negative messages, the part above what is expected */
    struct gs_incident_numbers now, peak;
    struct gs_story_sample sample; /* of the last bin in which it fired */
    struct gs_incident_story story;
};

struct gs_incident {
    char id[17];
    char
        title[GS_INCIDENT_TITLE_BYTES]; /* company and heaviest story; changes only with a notice */
    uint8_t severity, told_severity;    /* the highest of any of its keys; never falls */
    uint8_t state, notice;              /* notice: of this change */
    uint8_t worse;                      /* with GS_NOTICE_WORSE: what */
    uint8_t pending;                    /* worse, and not told yet */
    bool was_worse;
    bool changed; /* its keys are others than at the last change */
    int64_t starts_at_ms, opened_at_ms, updated_at_ms, ends_at_ms; /* ends_at -1 until ended */
    int64_t told_at_ms, eased_at_ms;                               /* eased_at -1: is not easing */
    uint32_t lead;          /* the key whose numbers are the incident's */
    uint32_t n_keys;        /* in order of joining */
    uint32_t keys_left_out; /* past GS_INCIDENT_KEYS */
    uint32_t n_related;     /* incidents that some of its stories belong to as well */
    char related[GS_INCIDENT_RELATED][17];
    struct gs_incident_answer answer; /* gs_incidents_answer() */
    struct gs_incident_key keys[GS_INCIDENT_KEYS];
};

/* Whether people are to be told of this change: the one question for whoever tells them. Why not is
 * in answer.silence. */
static inline bool gs_incident_told(const struct gs_incident *incident)
{
    return incident->notice != GS_NOTICE_NONE && incident->answer.silence == GS_SILENCE_NONE;
}

/* JSON of one incident as in deploy/docs/records.md, no newline. */
void gs_incident_encode(const struct gs_incident *incident, struct gs_buf *out);

struct gs_incident_options {
    int64_t hold_ms;   /* from the end of its last alert to its own: 1,800,000 */
    int64_t gap_ms;    /* no two notices within it, but for critical and the end: 900,000 */
    int64_t repeat_ms; /* a reminder after so long without a notice; 0: never */
    size_t max_open;   /* 256; past it alerts stay without an incident and are counted */
    size_t n_feeds;    /* at most GS_INCIDENT_FEEDS */
};

struct gs_incidents; /* opaque */

GS_MUST_CHECK
enum gs_status gs_incidents_new(const struct gs_incident_options *options,
                                struct gs_incidents **ret, struct gs_error *err);
void gs_incidents_free(struct gs_incidents *incidents); /* NULL is fine */

/* One change of an alert, or a routine look at one; copied. False: too many wait. Then call
 * gs_incidents_next() until there is none, which takes some without waiting for other feeds, and
 * add it again. */
bool gs_incidents_add(struct gs_incidents *incidents, size_t feed, uint64_t origin,
                      const struct gs_alert *alert);
/* The feed has given all up to watermark_ms (of its bins' ends). */
void gs_incidents_reached(struct gs_incidents *incidents, size_t feed, int64_t watermark_ms);
/* The feed is not waited for until it reaches something again. */
void gs_incidents_leave(struct gs_incidents *incidents, size_t feed);
/* A gs_watch is gone, and what it watched is somebody else's now: its keys leave without a word, and
 * incidents that have no others with them. What waits of it goes too. Not while changes are left to
 * be given (asserted). */
void gs_incidents_forget(struct gs_incidents *incidents, uint64_t origin);

/* The next change, in order of event time, then of opening; false: none until more comes. *ret lives
 * until the next call of anything. */
bool gs_incidents_next(struct gs_incidents *incidents, const struct gs_incident **ret);

/* Notes what people have answered to an incident, as *answer says; also while changes are given, so
 * that the one in hand has it. False: there is no such incident. */
bool gs_incidents_answer(struct gs_incidents *incidents, const char *id,
                         const struct gs_incident_answer *answer);

/* ---- state: what a gs_watch keeps beside its own (incident_state.c) ---- */

/* Appends what is known of an incident, with its keys of this origin only. False: it has none. */
bool gs_incident_save(const struct gs_incident *incident, uint64_t origin, struct gs_buf *out);
/* An incident from such bytes, or more keys of one that another origin has brought already; what
 * people were told of it stays told. NULL in *ret: no room. GS_BAD_FORMAT, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_incidents_load(struct gs_incidents *incidents, uint64_t origin, struct gs_str id,
                                 struct gs_str bytes, const struct gs_incident **ret,
                                 struct gs_error *err);
/* After the loads and a gs_incidents_add() of each alert that the origin's gs_watch says is on: its
 * other keys are not any more, and will be told so, at at_ms. */
void gs_incidents_loaded(struct gs_incidents *incidents, size_t feed, uint64_t origin,
                         int64_t at_ms);

/* Calls visit for every incident that has not ended, in order of opening. */
void gs_incidents_each(const struct gs_incidents *incidents,
                       void (*visit)(void *arg, const struct gs_incident *incident), void *arg);

struct gs_incident_counts {
    size_t open;
    uint64_t refused;  /* alerts without an incident, because of max_open or no memory */
    uint64_t left_out; /* keys past GS_INCIDENT_KEYS */
    uint64_t hurried;  /* times that alerts were not kept waiting for a slow feed */
};
void gs_incidents_counts(const struct gs_incidents *incidents, struct gs_incident_counts *ret);

#endif
