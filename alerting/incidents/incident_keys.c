/* An alert as a key of an incident, the key that stands for all of them, and the incident's title. */
#include "alerting/incidents/incidents_internal.h"

#include "ingest/base/utf8.h"

#include <math.h>
#include <stdio.h>

enum { TITLE_NAMES = 2 };

enum gs_key_kind gs_key_kind(struct gs_str key)
{
    static const struct {
        const char *prefix;
        enum gs_key_kind kind;
    } kinds[] = {{"entity:", GS_KEY_ENTITY},
                 {"risk:", GS_KEY_RISK},
                 {"topic:", GS_KEY_TOPIC},
                 {"topic_lang:", GS_KEY_TOPIC_LANG},
                 {"source:", GS_KEY_SOURCE}};

    for (size_t i = 0; i < GS_COUNT(kinds); i++) {
        const size_t len = strlen(kinds[i].prefix);
        if (key.len >= len && memcmp(key.bytes, kinds[i].prefix, len) == 0) {
            return kinds[i].kind;
        }
    }
    return GS_KEY_OTHER;
}

/* As much as fits, cut at a character; a NUL inside would hide the rest, so it becomes '?'. */
static void copy_text(char *to, size_t size, struct gs_str text)
{
    const struct gs_str cut = gs_utf8_cut(text, size - 1);

    for (size_t i = 0; i < cut.len; i++) {
        to[i] = cut.bytes[i];
        if (to[i] == '\0') {
            to[i] = '?';
        }
    }
    to[cut.len] = '\0';
}

static void copy_story(struct gs_incident_story *to, const struct gs_evidence_item *from)
{
    copy_text(to->id, sizeof to->id, from->id);
    copy_text(to->source, sizeof to->source, from->source);
    copy_text(to->text, sizeof to->text, from->excerpt);
    if (from->url.len < sizeof to->url) { /* half a link is none */
        copy_text(to->url, sizeof to->url, from->url);
    }
    to->ts_ms = from->ts_ms;
    to->weight = from->weight;
}

static double or_zero(double value)
{
    return isfinite(value) ? value : 0.0;
}

static double excess(const struct gs_incident_numbers *numbers)
{
    return (numbers->observed - numbers->expected) * numbers->n;
}

void gs_incident_key_make(const struct gs_alert *alert, uint64_t origin,
                          struct gs_incident_key *ret)
{
    *ret = (struct gs_incident_key){.kind = (uint8_t)gs_key_kind(alert->key),
                                    .severity = (uint8_t)alert->severity,
                                    .firing = alert->state != GS_ALERT_RESOLVED,
                                    .origin = origin,
                                    .starts_at_ms = alert->starts_at_ms,
                                    .fired_at_ms = alert->fired_at_ms,
                                    .ends_at_ms = alert->ends_at_ms,
                                    .now = {.at_ms = alert->updated_at_ms,
                                            .observed = or_zero(alert->observed),
                                            .expected = or_zero(alert->expected),
                                            .n = or_zero(alert->n),
                                            .log10_evidence = or_zero(alert->log10_evidence),
                                            .stories = alert->stories,
                                            .publishers = alert->publishers,
                                            .reach = alert->reach}};
    copy_text(ret->key, sizeof ret->key, alert->key);
    copy_text(ret->name, sizeof ret->name, alert->name);
    memcpy(ret->alert, alert->id, sizeof ret->alert);
    copy_text(ret->rule, sizeof ret->rule, gs_str(alert->rule == NULL ? "" : alert->rule));
    ret->peak = ret->now;
    if (alert->sample != NULL) {
        ret->sample = *alert->sample;
        ret->excess_part = ret->now.observed > ret->now.expected && ret->now.observed > 0.0
                               ? 1.0 - ret->now.expected / ret->now.observed
                               : 0.0;
    }
    if (alert->n_evidence > 0) {
        copy_story(&ret->story, &alert->evidence[0]);
    }
}

void gs_incident_key_update(struct gs_incident_key *key, const struct gs_incident_key *now,
                            bool resolved)
{
    const struct gs_incident_key was = *key;

    *key = *now;
    key->firing = !resolved;
    key->severity = was.severity > now->severity ? was.severity : now->severity;
    key->starts_at_ms = was.starts_at_ms < now->starts_at_ms ? was.starts_at_ms : now->starts_at_ms;
    if (excess(&was.peak) >= excess(&now->now)) {
        key->peak = was.peak;
    }
    if (now->sample.n == 0) { /* over: what it was about stays known */
        key->sample = was.sample;
        key->excess_part = was.excess_part;
    }
    if (now->story.text[0] == '\0') {
        key->story = was.story;
    }
    if (now->name[0] == '\0') {
        memcpy(key->name, was.name, sizeof key->name);
    }
}

/* A company before all else, then the one with the largest excess at its height, then by name. */
static bool leads(const struct gs_incident_key *a, const struct gs_incident_key *b)
{
    const bool a_entity = a->kind == GS_KEY_ENTITY;
    const bool b_entity = b->kind == GS_KEY_ENTITY;
    const double a_excess = excess(&a->peak);
    const double b_excess = excess(&b->peak);

    if (a_entity != b_entity) {
        return a_entity;
    }
    if (a_excess > b_excess || a_excess < b_excess) {
        return a_excess > b_excess;
    }
    return strcmp(a->key, b->key) < 0;
}

void gs_incident_lead(struct gs_incident *incident)
{
    uint32_t lead = 0;

    for (uint32_t i = 1; i < incident->n_keys; i++) {
        lead = leads(&incident->keys[i], &incident->keys[lead]) ? i : lead;
    }
    incident->lead = lead;
}

static const char *name_of(const struct gs_incident_key *key)
{
    return key->name[0] != '\0' ? key->name : key->key;
}

void gs_incident_title(struct gs_incident *incident)
{
    const struct gs_incident_key *lead = &incident->keys[incident->lead];
    char title[2 * GS_INCIDENT_TITLE_BYTES];
    uint32_t entities = lead->kind == GS_KEY_ENTITY;
    int n = snprintf(title, sizeof title, "%s", name_of(lead));

    for (uint32_t i = 0; i < incident->n_keys && lead->kind == GS_KEY_ENTITY; i++) {
        const struct gs_incident_key *key = &incident->keys[i];
        if (i == incident->lead || key->kind != GS_KEY_ENTITY) {
            continue;
        }
        entities++;
        if (entities <= TITLE_NAMES) {
            n += snprintf(title + n, sizeof title - (size_t)n, ", %s", name_of(key));
        }
    }
    if (entities > TITLE_NAMES) {
        n += snprintf(title + n, sizeof title - (size_t)n, " and %u more", entities - TITLE_NAMES);
    }
    if (entities <= 1 && strstr(lead->story.text, name_of(lead)) != NULL) {
        (void)snprintf(title, sizeof title, "%s", lead->story.text); /* it says who */
    } else if (lead->story.text[0] != '\0') {
        (void)snprintf(title + n, sizeof title - (size_t)n, ": %s", lead->story.text);
    }
    copy_text(incident->title, sizeof incident->title, gs_str(title));
}
