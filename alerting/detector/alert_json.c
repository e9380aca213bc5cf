/* Writes an alert as JSON: one line of the alerts topic. Its members and their order are a contract
 * (deploy/docs/records.md). */
#include "alerting/detector/json_members.h"
#include "alerting/detector/watch.h"

#include <math.h>

static void put_false_alarm(struct gs_buf *out, const struct gs_alert *alert)
{
    gs_put_number(out, ",\"false_alarm\":{\"days\":", alert->false_alarm_days);
    if (isfinite(alert->false_alarm_days)) { /* "once in inf days" would be a promise */
        gs_buf_printf(out,
                      ",\"means\":\"at this threshold a key whose negative share stays as "
                      "expected raises an alert at most once in %.3g days on average\"",
                      alert->false_alarm_days);
    }
    gs_put_number(out, ",\"promised\":", alert->false_alarms_promised);
    gs_put_number(out, ",\"measured\":", alert->false_alarms_measured);
    gs_put_number(out, ",\"key_days\":", alert->measured_key_days);
    gs_buf_putc(out, '}');
}

static void put_evidence(struct gs_buf *out, const struct gs_alert *alert)
{
    gs_buf_puts(out, ",\"evidence\":[");
    for (size_t i = 0; i < alert->n_evidence; i++) {
        const struct gs_evidence_item *item = &alert->evidence[i];
        gs_put_text(out, i == 0 ? "{\"id\":" : ",{\"id\":", item->id);
        gs_put_time(out, ",\"ts\":", item->ts_ms);
        gs_put_text(out, ",\"source\":", item->source);
        gs_put_text(out, ",\"text\":", item->excerpt);
        if (item->url.len > 0) {
            gs_put_text(out, ",\"url\":", item->url);
        }
        gs_put_number(out, ",\"weight\":", item->weight);
        gs_buf_putc(out, '}');
    }
    gs_buf_putc(out, ']');
}

void gs_alert_encode(const struct gs_alert *alert, struct gs_buf *out)
{
    gs_put_text(out, "{\"v\":1,\"id\":", gs_str(alert->id));
    gs_put_text(out, ",\"rule\":", gs_str(alert->rule));
    gs_put_text(out, ",\"key\":", alert->key);
    if (alert->name.len > 0) {
        gs_put_text(out, ",\"name\":", alert->name);
    }
    gs_put_text(out, ",\"summary\":", gs_str(alert->summary));
    gs_put_text(out, ",\"severity\":", gs_str(gs_severity_name(alert->severity)));
    if (alert->severity_reason != NULL) {
        gs_put_text(out, ",\"severity_reason\":", gs_str(alert->severity_reason));
    }
    gs_put_text(out, ",\"state\":", gs_str(gs_alert_state_name(alert->state)));
    gs_put_time(out, ",\"starts_at\":", alert->starts_at_ms);
    gs_put_time(out, ",\"fired_at\":", alert->fired_at_ms);
    gs_put_time(out, ",\"updated_at\":", alert->updated_at_ms);
    if (alert->state == GS_ALERT_RESOLVED) {
        gs_put_time(out, ",\"ends_at\":", alert->ends_at_ms);
    } else {
        gs_buf_puts(out, ",\"ends_at\":null");
    }
    gs_put_int(out, ",\"window_s\":", alert->window_s);
    gs_put_number(out, ",\"observed\":", alert->observed);
    gs_put_number(out, ",\"expected\":", alert->event ? (double)NAN : alert->expected);
    gs_put_number(out, ",\"n\":", alert->n);
    gs_put_int(out, ",\"stories\":", alert->stories);
    gs_put_int(out, ",\"publishers\":", alert->publishers);
    gs_put_int(out, ",\"reach\":", alert->reach);
    if (alert->event) { /* no statistic, and nothing that could be promised */
        gs_buf_puts(out, ",\"log10_evidence\":null,\"log10_threshold\":null,\"false_alarm\":null");
    } else {
        gs_put_number(out, ",\"log10_evidence\":", alert->log10_evidence);
        gs_put_number(out, ",\"log10_threshold\":", alert->log10_threshold);
        put_false_alarm(out, alert);
    }
    gs_put_number(out, ",\"detectable_rise\":", alert->detectable_rise);
    put_evidence(out, alert);
    gs_put_text(out, ",\"reason\":", gs_str(alert->reason));
    gs_buf_putc(out, '}');
}
