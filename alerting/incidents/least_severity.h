/* How grave an alert has to be for people to hear of its key: rules of a pattern and a severity.
 *
 *     "entity:600519.SH=info, topic:*=warning, source:*=off"
 *
 * A pattern is a key, or the beginning of one with a "*" behind it. The first rule that fits counts;
 * a key that none fits is told from info on. As severities stand for budgets of false alarms, this
 * gives each topic or company its own; off: its alerts never become an incident.
 *
 * Threads: constant after parsing. */
#ifndef GS_ALERTING_LEAST_SEVERITY_H
#define GS_ALERTING_LEAST_SEVERITY_H

#include "alerting/incidents/incidents.h"

enum { GS_LEAST_RULES = 64 };

struct gs_least_severity {
    struct gs_least_rule {
        char pattern[GS_INCIDENT_KEY_BYTES]; /* without the "*" */
        bool begins;                         /* there was one */
        uint8_t severity;                    /* GS_N_SEVERITIES: off */
    } rules[GS_LEAST_RULES];
    size_t n;
};

/* NULL or "": no rules. GS_BAD_CONFIG says what is wrong. */
GS_MUST_CHECK
enum gs_status gs_least_severity_parse(const char *text, struct gs_least_severity *ret,
                                       struct gs_error *err);

/* Whether people may hear of an alert of that key and severity. */
bool gs_least_severity_fits(const struct gs_least_severity *least, struct gs_str key,
                            enum gs_severity severity);

#endif
