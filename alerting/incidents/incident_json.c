/* Writes an incident as JSON: one line of the incidents topic, and of the status page's list. Its
 * members and their order are a contract (deploy/docs/records.md). */
#include "alerting/incidents/incidents.h"

#include "alerting/detector/json_members.h"

static void put_text(struct gs_buf *out, const char *name, const char *text)
{
    gs_put_text(out, name, gs_str(text));
}

/* A time that is not there is null. */
static void put_time(struct gs_buf *out, const char *name, int64_t ms)
{
    if (ms < 0) {
        gs_buf_puts(out, name);
        gs_buf_puts(out, "null");
    } else {
        gs_put_time(out, name, ms);
    }
}

static void put_numbers(struct gs_buf *out, const char *name,
                        const struct gs_incident_numbers *numbers)
{
    gs_buf_puts(out, name);
    put_time(out, "{\"at\":", numbers->at_ms);
    gs_put_number(out, ",\"observed\":", numbers->observed);
    gs_put_number(out, ",\"expected\":", numbers->expected);
    gs_put_number(out, ",\"n\":", numbers->n);
    gs_put_int(out, ",\"stories\":", numbers->stories);
    gs_put_int(out, ",\"publishers\":", numbers->publishers);
    gs_put_int(out, ",\"reach\":", numbers->reach);
    gs_put_number(out, ",\"log10_evidence\":", numbers->log10_evidence);
    gs_buf_putc(out, '}');
}

static void put_story(struct gs_buf *out, const struct gs_incident_story *story)
{
    put_text(out, ",\"story\":{\"id\":", story->id);
    put_time(out, ",\"ts\":", story->ts_ms);
    put_text(out, ",\"source\":", story->source);
    put_text(out, ",\"text\":", story->text);
    if (story->url[0] != '\0') {
        put_text(out, ",\"url\":", story->url);
    }
    gs_put_number(out, ",\"weight\":", story->weight);
    gs_buf_putc(out, '}');
}

static void put_key(struct gs_buf *out, const struct gs_incident_key *key)
{
    put_text(out, "{\"key\":", key->key);
    if (key->name[0] != '\0') {
        put_text(out, ",\"name\":", key->name);
    }
    put_text(out, ",\"alert\":", key->alert);
    put_text(out, ",\"severity\":", gs_severity_name((enum gs_severity)key->severity));
    put_text(out,
             ",\"state\":", gs_alert_state_name(key->firing ? GS_ALERT_FIRING : GS_ALERT_RESOLVED));
    put_time(out, ",\"starts_at\":", key->starts_at_ms);
    put_time(out, ",\"fired_at\":", key->fired_at_ms);
    put_time(out, ",\"ends_at\":", key->firing ? -1 : key->ends_at_ms);
    put_numbers(out, ",\"now\":", &key->now);
    put_numbers(out, ",\"peak\":", &key->peak);
    if (key->story.text[0] != '\0') {
        put_story(out, &key->story);
    }
    gs_buf_putc(out, '}');
}

static void put_worse(struct gs_buf *out, unsigned worse)
{
    static const char *const names[] = {"severity", "risk", "entity"};
    const char *comma = "";

    gs_buf_puts(out, ",\"worse\":[");
    for (unsigned i = 0; i < GS_COUNT(names); i++) {
        if ((worse >> i & 1U) != 0) {
            gs_buf_printf(out, "%s\"%s\"", comma, names[i]);
            comma = ",";
        }
    }
    gs_buf_putc(out, ']');
}

/* What people answered: null where they have not. */
static void put_answer(struct gs_buf *out, const struct gs_incident *incident)
{
    const struct gs_incident_answer *answer = &incident->answer;

    gs_buf_puts(out, gs_incident_told(incident) ? ",\"told\":true" : ",\"told\":false");
    if (incident->notice != GS_NOTICE_NONE && answer->silence != GS_SILENCE_NONE) {
        put_text(out, ",\"silence\":",
                 gs_incident_silence_name((enum gs_incident_silence)answer->silence));
    }
    if (answer->route[0] != '\0') {
        put_text(out, ",\"route\":", answer->route);
    }
    if (answer->acknowledged) {
        put_text(out, ",\"acknowledged\":{\"by\":", answer->acknowledged_by);
        put_time(out, ",\"at\":", answer->acknowledged_at_ms);
        if (answer->verdict != GS_VERDICT_NONE) {
            put_text(out, ",\"verdict\":",
                     gs_incident_verdict_name((enum gs_incident_verdict)answer->verdict));
        }
        gs_buf_putc(out, '}');
    } else {
        gs_buf_puts(out, ",\"acknowledged\":null");
    }
    if (answer->muted) {
        put_text(out, ",\"muted\":{\"target\":", answer->muted_target);
        put_text(out, ",\"by\":", answer->muted_by);
        put_text(out, ",\"why\":", answer->muted_why);
        put_time(out, ",\"until\":", answer->muted_until_ms);
        gs_buf_putc(out, '}');
    } else {
        gs_buf_puts(out, ",\"muted\":null");
    }
}

void gs_incident_encode(const struct gs_incident *incident, struct gs_buf *out)
{
    put_text(out, "{\"v\":1,\"id\":", incident->id);
    put_text(out, ",\"title\":", incident->title);
    put_text(out, ",\"severity\":", gs_severity_name((enum gs_severity)incident->severity));
    put_text(out, ",\"state\":", gs_incident_state_name((enum gs_incident_state)incident->state));
    put_text(out,
             ",\"notice\":", gs_incident_notice_name((enum gs_incident_notice)incident->notice));
    put_worse(out, incident->worse);
    put_answer(out, incident);
    put_time(out, ",\"starts_at\":", incident->starts_at_ms);
    put_time(out, ",\"opened_at\":", incident->opened_at_ms);
    put_time(out, ",\"updated_at\":", incident->updated_at_ms);
    put_time(out, ",\"ends_at\":", incident->ends_at_ms);
    gs_put_int(out, ",\"lead\":", incident->lead);
    gs_buf_puts(out, ",\"keys\":[");
    for (uint32_t i = 0; i < incident->n_keys; i++) {
        gs_buf_puts(out, i > 0 ? "," : "");
        put_key(out, &incident->keys[i]);
    }
    gs_put_int(out, "],\"keys_left_out\":", incident->keys_left_out);
    gs_buf_puts(out, ",\"related\":[");
    for (uint32_t i = 0; i < incident->n_related; i++) {
        put_text(out, i > 0 ? "," : "", incident->related[i]);
    }
    gs_buf_puts(out, "]}");
}
