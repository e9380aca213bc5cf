/* The alerts of a demo: kept, and held against what was planted.
 *
 * An alert belongs to a planted event when most of its evidence (by weight) is messages of that
 * event. A surge is found when an alert of its own company or topic belongs to it; a control is
 * passed when no alert at all does.
 *
 * Threads: any; a lock guards what is kept. */
#ifndef GS_DEMO_ALERTS_H
#define GS_DEMO_ALERTS_H

#include "alerting/detector/watch.h"
#include "deploy/daemon/demo/stream.h"

enum { GS_DEMO_MAX_ALERTS = 512, GS_DEMO_MAX_EVENTS = 8, GS_DEMO_SHOWN_EVIDENCE = 3 };

/* One alert as it stands. */
struct gs_demo_alert {
    char id[17];
    char key[96];
    char name[104]; /* what people call the key; "" when nothing is known */
    enum gs_severity severity;
    enum gs_alert_state state; /* firing until resolved */
    int64_t starts_at_ms, fired_at_ms, ends_at_ms;
    bool event; /* a risk that several publishers tell, not a share */
    double observed, expected, n, log10_evidence, false_alarm_days;
    uint32_t stories, publishers, reach;
    enum gs_demo_plant
        plant;         /* the event it belongs to; GS_DEMO_ORDINARY when nothing planted is */
    size_t n_evidence; /* kept; <= GS_DEMO_SHOWN_EVIDENCE */
    struct {
        char source[48];
        char text[192];
    } evidence[GS_DEMO_SHOWN_EVIDENCE];
};

struct gs_demo_alerts; /* opaque */

/* For the messages of demo, of which there are n_messages; its events are copied. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_demo_alerts_new(const struct gs_demo *demo, size_t n_messages,
                                  struct gs_demo_alerts **ret, struct gs_error *err);
void gs_demo_alerts_free(struct gs_demo_alerts *alerts); /* NULL is fine */

/* Before a message is sent: what it is. */
void gs_demo_alerts_sent(struct gs_demo_alerts *alerts, const struct gs_demo_message *message);

/* An alert changed state; arg is the struct gs_demo_alerts. */
void gs_demo_alerts_take(void *arg, const struct gs_alert *alert);

/* Copies the kept alert number i in the order in which they fired; false past the last. */
bool gs_demo_alerts_get(struct gs_demo_alerts *alerts, size_t i, struct gs_demo_alert *ret);
/* Counts those that fired, those not kept any more included. */
size_t gs_demo_alerts_fired(struct gs_demo_alerts *alerts);

/* Says what became of one planted event. */
struct gs_demo_verdict {
    struct gs_demo_event event;
    bool passed;
    size_t n_alerts; /* that belong to it */
    char key[96]; /* a surge: the first alert of its own company or topic; a control: the first at
                     all */
    char name[104];
    int64_t delay_ms; /* event time from the event's start to that alert; -1 without one */
    double log10_evidence, observed, expected; /* of that alert */
};

/* Judges every event that had ended by until_ms; returns how many. */
size_t gs_demo_judge(struct gs_demo_alerts *alerts, int64_t until_ms,
                     struct gs_demo_verdict ret[GS_DEMO_MAX_EVENTS]);

#endif
