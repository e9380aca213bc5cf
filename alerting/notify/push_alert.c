/* An incident as an Alertmanager's alert. Texts come from the stream, so every one of them is cut to
 * its bound, at a character; an address that is not http or https is left out, since people click on
 * it (and one that is no address makes an Alertmanager refuse the whole request). */
#include "alerting/notify/push_alert.h"

#include "alerting/detector/json_members.h"
#include "ingest/base/utf8.h"

#include <stdio.h>

const char *gs_key_kind_name(enum gs_key_kind kind)
{
    static const char *const names[] = {
        [GS_KEY_ENTITY] = "entity",         [GS_KEY_RISK] = "risk",     [GS_KEY_TOPIC] = "topic",
        [GS_KEY_TOPIC_LANG] = "topic_lang", [GS_KEY_SOURCE] = "source", [GS_KEY_OTHER] = "other"};

    return names[kind];
}

static void copy_text(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%.*s", GS_STR_ARGS(gs_utf8_cut(gs_str(text), size - 1)));
}

/* Only what stands in an address as it is: anything else would have to be escaped, by whoever made
 * it. */
static bool is_link(const char *url)
{
    const bool web = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;

    for (const char *c = url; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f || strchr("\"<>\\^`{|}", *c) != NULL) {
            return false;
        }
    }
    return web;
}

/* "68 % of 120 messages are negative, 21 % expected; 34 stories by 12 publishers; 3 keys: …". */
static void summarize(const struct gs_incident *incident, char *ret, size_t size)
{
    const struct gs_incident_numbers *now = &incident->keys[incident->lead].now;
    struct gs_buf text = {.max = 16384}; /* all keys, each as long as can be */

    gs_buf_printf(&text,
                  "%.0f %% of %.0f messages in the last hour are negative, %.0f %% are expected; "
                  "%u stories by %u publishers; ",
                  now->observed * 100, now->n, now->expected * 100, now->stories, now->publishers);
    for (uint32_t i = 0; i < incident->n_keys; i++) {
        gs_buf_printf(&text, "%s%s", i > 0 ? ", " : "", incident->keys[i].key);
    }
    if (incident->keys_left_out > 0) {
        gs_buf_printf(&text, " and %u more", incident->keys_left_out);
    }
    gs_buf_putc(&text, '\0');
    copy_text(ret, size, text.bytes != NULL && gs_buf_ok(&text) ? text.bytes : incident->title);
    gs_buf_done(&text);
}

void gs_push_alert_of(const struct gs_incident *incident, const char *external_url, int64_t now_ms,
                      struct gs_push_alert *ret)
{
    const struct gs_incident_key *lead = &incident->keys[incident->lead];

    *ret = (struct gs_push_alert){
        .kind = lead->kind,
        .severity = incident->told_severity,
        .at_ms = now_ms,
        .starts_at_ms = incident->starts_at_ms < now_ms ? incident->starts_at_ms : now_ms,
        .ended_at_ms = incident->state == GS_INCIDENT_ENDED ? now_ms : -1};
    memcpy(ret->incident, incident->id, sizeof ret->incident);
    copy_text(ret->route, sizeof ret->route, incident->answer.route);
    copy_text(ret->key, sizeof ret->key, lead->key);
    copy_text(ret->name, sizeof ret->name, lead->name[0] != '\0' ? lead->name : lead->key);
    copy_text(ret->title, sizeof ret->title, incident->title);
    summarize(incident, ret->summary, sizeof ret->summary);
    if (external_url != NULL) {
        (void)snprintf(ret->source, sizeof ret->source, "%s#incident-%s", external_url,
                       incident->id);
    }
    if (is_link(lead->story.url)) {
        copy_text(ret->link, sizeof ret->link, lead->story.url);
    } else {
        memcpy(ret->link, ret->source, sizeof ret->link);
    }
}

bool gs_push_same_labels(const struct gs_push_alert *a, const struct gs_push_alert *b)
{
    return a->severity == b->severity && a->kind == b->kind && strcmp(a->key, b->key) == 0 &&
           strcmp(a->name, b->name) == 0 && strcmp(a->incident, b->incident) == 0 &&
           strcmp(a->route, b->route) == 0;
}

static void put(struct gs_buf *out, const char *name, const char *text)
{
    gs_put_text(out, name, gs_str(text));
}

void gs_push_alert_encode(const struct gs_push_alert *alert, int64_t ends_at_ms, struct gs_buf *out)
{
    gs_buf_puts(out, "{\"labels\":{\"alertname\":\"NegativeIncident\",\"category\":\"opinion\"");
    put(out, ",\"incident\":", alert->incident);
    put(out, ",\"kind\":", gs_key_kind_name((enum gs_key_kind)alert->kind));
    put(out, ",\"key\":", alert->key);
    put(out, ",\"name\":", alert->name);
    if (alert->route[0] != '\0') { /* an empty label is none */
        put(out, ",\"route\":", alert->route);
    }
    put(out, ",\"severity\":", gs_severity_name((enum gs_severity)alert->severity));
    put(out, "},\"annotations\":{\"title\":", alert->title);
    put(out, ",\"summary\":", alert->summary);
    if (alert->link[0] != '\0') {
        put(out, ",\"link\":", alert->link);
    }
    gs_put_time(out, "},\"startsAt\":", alert->starts_at_ms);
    gs_put_time(out, ",\"endsAt\":", alert->ended_at_ms >= 0 ? alert->ended_at_ms : ends_at_ms);
    if (alert->source[0] != '\0') {
        put(out, ",\"generatorURL\":", alert->source);
    }
    gs_buf_putc(out, '}');
}
