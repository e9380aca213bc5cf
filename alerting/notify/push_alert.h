/* What an Alertmanager is told of an incident: one alert, and its JSON (API v2, postableAlert).
 *
 * Labels say which alert it is, so they are few, bounded, always the same ones, and change only when
 * people are told: alertname and category as the shipped Prometheus rules have them, incident, kind,
 * key, name, route, severity. When one changes it is another alert, and the one before has ended. What may
 * change at any time is in annotations. */
#ifndef GS_ALERTING_PUSH_ALERT_H
#define GS_ALERTING_PUSH_ALERT_H

#include "alerting/incidents/incidents.h"
#include "ingest/base/buf.h"

enum { GS_PUSH_SUMMARY_BYTES = 512, GS_PUSH_LINK_BYTES = 320 };

struct gs_push_alert {
    char incident[17];
    char key[GS_INCIDENT_KEY_BYTES], name[GS_INCIDENT_NAME_BYTES];
    char route[GS_INCIDENT_ROUTE_BYTES];
    uint8_t kind, severity;
    char title[GS_INCIDENT_TITLE_BYTES], summary[GS_PUSH_SUMMARY_BYTES];
    char link[GS_PUSH_LINK_BYTES];   /* where to read more; "": nowhere */
    char source[GS_PUSH_LINK_BYTES]; /* our own page; "": none */
    int64_t at_ms;                   /* wall clock, as the other two: of this change */
    int64_t starts_at_ms;            /* not later than at_ms */
    int64_t ended_at_ms;             /* -1: it is on */
};

/* Labels by the incident's foremost key and the severity that people were told. external_url: of our
 * status page, or NULL. now_ms: wall clock; event time may be ahead of it. */
void gs_push_alert_of(const struct gs_incident *incident, const char *external_url, int64_t now_ms,
                      struct gs_push_alert *ret);
bool gs_push_same_labels(const struct gs_push_alert *a, const struct gs_push_alert *b);

/* One postableAlert; ends_at_ms: of one that is on. */
void gs_push_alert_encode(const struct gs_push_alert *alert, int64_t ends_at_ms,
                          struct gs_buf *out);

const char *gs_key_kind_name(enum gs_key_kind kind); /* "entity", "risk" … */

#endif
