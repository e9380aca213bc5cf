/* An alert as a record. */
#include "alerting/watch.h"
#include "base/buf.h"

static void put_text(struct gs_buf *out, const char *name, struct gs_str text)
{
    gs_buf_puts(out, name);
    gs_buf_json_str(out, text);
}

static void put_number(struct gs_buf *out, const char *name, double value)
{
    gs_buf_puts(out, name);
    gs_buf_json_number(out, value);
}

static void put_int(struct gs_buf *out, const char *name, int64_t value)
{
    gs_buf_puts(out, name);
    gs_buf_json_int(out, value);
}

static void put_time(struct gs_buf *out, const char *name, int64_t ms)
{
    gs_buf_puts(out, name);
    gs_buf_json_time(out, ms);
}

static void put_false_alarm(struct gs_buf *out, const struct gs_alert *alert)
{
    put_number(out, ",\"false_alarm\":{\"days\":", alert->false_alarm_days);
    gs_buf_printf(out,
                  ",\"means\":\"at this threshold a key whose negative share stays as expected "
                  "raises an alert at most once in %.3g days on average\"}",
                  alert->false_alarm_days);
}

static void put_evidence(struct gs_buf *out, const struct gs_alert *alert)
{
    gs_buf_puts(out, ",\"evidence\":[");
    for (size_t i = 0; i < alert->n_evidence; i++) {
        const struct gs_evidence_item *item = &alert->evidence[i];
        put_text(out, i == 0 ? "{\"id\":" : ",{\"id\":", item->id);
        put_time(out, ",\"ts\":", item->ts_ms);
        put_text(out, ",\"source\":", item->source);
        put_text(out, ",\"text\":", item->excerpt);
        put_number(out, ",\"weight\":", item->weight);
        gs_buf_putc(out, '}');
    }
    gs_buf_putc(out, ']');
}

void gs_alert_encode(const struct gs_alert *alert, struct gs_buf *out)
{
    static const char *const severities[] = {"info", "warning", "critical"};
    static const char *const states[] = {"firing", "updated", "resolved"};

    put_text(out, "{\"v\":1,\"id\":", gs_str(alert->id));
    put_text(out, ",\"rule\":", gs_str(alert->rule));
    put_text(out, ",\"key\":", alert->key);
    put_text(out, ",\"severity\":", gs_str(severities[alert->severity]));
    put_text(out, ",\"state\":", gs_str(states[alert->state]));
    put_time(out, ",\"starts_at\":", alert->starts_at_ms);
    put_time(out, ",\"fired_at\":", alert->fired_at_ms);
    if (alert->state == GS_ALERT_RESOLVED) {
        put_time(out, ",\"ends_at\":", alert->ends_at_ms);
    } else {
        gs_buf_puts(out, ",\"ends_at\":null");
    }
    put_int(out, ",\"window_s\":", alert->window_s);
    put_number(out, ",\"observed\":", alert->observed);
    put_number(out, ",\"expected\":", alert->expected);
    put_number(out, ",\"n\":", alert->n);
    put_int(out, ",\"stories\":", alert->stories);
    put_int(out, ",\"publishers\":", alert->publishers);
    put_int(out, ",\"reach\":", alert->reach);
    put_number(out, ",\"log10_evidence\":", alert->log10_evidence);
    put_false_alarm(out, alert);
    put_evidence(out, alert);
    put_text(out, ",\"reason\":", gs_str(alert->reason));
    gs_buf_putc(out, '}');
}
