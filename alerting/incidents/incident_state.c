/* What is kept of incidents over a restart: for each, and each gs_watch that has keys of it, one
 * record, so that a partition which goes to another process takes its part along.
 *
 *     version │ the incident: state, severity, times, what people were told │ title │ related
 *             │ its keys of this watch: numbers, story, sample, texts
 *
 * A record is as old as the batch before the one that its windows are of, since incidents hear of
 * alerts after their commit. So the windows have the last word on which alerts are on: what they say
 * is put in as if it had just come, and keys of which they say nothing are over
 * (gs_incidents_loaded()).
 *
 * What people have answered is not in it: that is in the journal.
 *
 * The bytes may come from anywhere: each number is held to its range, texts to their length. */
#include "alerting/incidents/incidents_internal.h"

#include "ingest/base/fields.h"

#include <stdlib.h>

enum { VERSION = 1 };

/* A field that comes: its row goes to the end, `since` VERSION + 1; see
 * alerting/detector/state_fields.c. */
static const struct gs_field incident_fields[] = {
    GS_FIELD(struct gs_incident, severity),       GS_FIELD(struct gs_incident, told_severity),
    GS_FIELD(struct gs_incident, state),          GS_FIELD(struct gs_incident, pending),
    GS_FIELD_BOOL(struct gs_incident, was_worse), GS_FIELD(struct gs_incident, starts_at_ms),
    GS_FIELD(struct gs_incident, opened_at_ms),   GS_FIELD(struct gs_incident, updated_at_ms),
    GS_FIELD(struct gs_incident, told_at_ms),     GS_FIELD(struct gs_incident, eased_at_ms),
    GS_FIELD(struct gs_incident, keys_left_out),  GS_FIELD(struct gs_incident, n_related),
};
/* NOLINTBEGIN(bugprone-macro-parentheses): the name of a member */
#define NUMBERS(part)                                                                              \
    GS_FIELD(struct gs_incident_key, part.at_ms), GS_FIELD_REAL(struct gs_incident_key, part.n),   \
        GS_FIELD_REAL(struct gs_incident_key, part.observed),                                      \
        GS_FIELD_REAL(struct gs_incident_key, part.expected),                                      \
        GS_FIELD_REAL(struct gs_incident_key, part.log10_evidence),                                \
        GS_FIELD(struct gs_incident_key, part.stories),                                            \
        GS_FIELD(struct gs_incident_key, part.publishers),                                         \
        GS_FIELD(struct gs_incident_key, part.reach)
/* NOLINTEND(bugprone-macro-parentheses) */
static const struct gs_field key_fields[] = {
    GS_FIELD(struct gs_incident_key, kind),
    GS_FIELD(struct gs_incident_key, severity),
    GS_FIELD_BOOL(struct gs_incident_key, firing),
    GS_FIELD(struct gs_incident_key, starts_at_ms),
    GS_FIELD(struct gs_incident_key, fired_at_ms),
    GS_FIELD(struct gs_incident_key, ends_at_ms),
    GS_FIELD_REAL(struct gs_incident_key, excess_part),
    NUMBERS(now),
    NUMBERS(peak),
    GS_FIELD(struct gs_incident_key, sample.limit),
    GS_FIELD(struct gs_incident_key, sample.n),
    GS_FIELD_ARRAY(struct gs_incident_key, sample.hashes, sample.hashes[0]),
    GS_FIELD(struct gs_incident_key, story.ts_ms),
    GS_FIELD_REAL(struct gs_incident_key, story.weight),
};
_Static_assert(sizeof(struct gs_incident_key) == 3208, "struct gs_incident_key has changed");
_Static_assert(sizeof(struct gs_incident) == 103920, "struct gs_incident has changed");

/* ---- saving ---- */

static void write_key(const struct gs_incident_key *key, struct gs_buf *out)
{
    gs_fields_write(key_fields, GS_COUNT(key_fields), key, out);
    gs_fields_put_str(out, gs_str(key->key));
    gs_fields_put_str(out, gs_str(key->name));
    gs_fields_put_str(out, gs_str(key->alert));
    gs_fields_put_str(out, gs_str(key->rule));
    gs_fields_put_str(out, gs_str(key->story.id));
    gs_fields_put_str(out, gs_str(key->story.source));
    gs_fields_put_str(out, gs_str(key->story.text));
    gs_fields_put_str(out, gs_str(key->story.url));
}

bool gs_incident_save(const struct gs_incident *incident, uint64_t origin, struct gs_buf *out)
{
    bool any = false;

    for (uint32_t i = 0; i < incident->n_keys; i++) {
        const struct gs_incident_key *key = &incident->keys[i];
        if (key->origin != origin) {
            continue;
        }
        if (!any) {
            gs_buf_putc(out, VERSION);
            gs_fields_write(incident_fields, GS_COUNT(incident_fields), incident, out);
            gs_fields_put_str(out, gs_str(incident->title));
            for (uint32_t r = 0; r < incident->n_related; r++) {
                gs_fields_put_str(out, gs_str(incident->related[r]));
            }
        }
        write_key(key, out);
        any = true;
    }
    return any;
}

/* ---- loading ---- */

/* Times that can be subtracted from each other. */
static bool is_time(int64_t ms)
{
    const int64_t most = (int64_t)1 << 50;

    return ms > -most && ms < most;
}

static bool read_text(struct gs_fields_in *in, char *to, size_t size)
{
    struct gs_str text;

    if (!gs_fields_take_str(in, &text) || text.len >= size ||
        memchr(text.bytes, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(to, text.bytes, text.len);
    to[text.len] = '\0';
    return true;
}

static bool is_id(const char *id)
{
    return strlen(id) == 16 && strspn(id, "0123456789abcdef") == 16;
}

static bool read_incident(struct gs_fields_in *in, unsigned version, struct gs_incident *ret)
{
    bool good = gs_fields_read(incident_fields, GS_COUNT(incident_fields), version, in, ret) &&
                ret->severity < GS_N_SEVERITIES && ret->told_severity < GS_N_SEVERITIES &&
                ret->state < GS_INCIDENT_ENDED && ret->n_related <= GS_INCIDENT_RELATED &&
                is_time(ret->starts_at_ms) && is_time(ret->opened_at_ms) &&
                is_time(ret->updated_at_ms) && is_time(ret->told_at_ms) &&
                is_time(ret->eased_at_ms) && ret->eased_at_ms >= -1 &&
                (ret->state == GS_INCIDENT_EASING) == (ret->eased_at_ms >= 0) &&
                read_text(in, ret->title, sizeof ret->title);

    for (uint32_t i = 0; good && i < ret->n_related; i++) {
        good = read_text(in, ret->related[i], sizeof ret->related[i]) && is_id(ret->related[i]);
    }
    return good;
}

static bool sample_holds(const struct gs_story_sample *sample)
{
    bool holds = sample->n <= GS_STORY_SAMPLE;

    for (uint32_t i = 1; holds && i < sample->n; i++) {
        holds = sample->hashes[i - 1] < sample->hashes[i];
    }
    return holds;
}

static bool read_key(struct gs_fields_in *in, unsigned version, struct gs_incident_key *ret)
{
    return gs_fields_read(key_fields, GS_COUNT(key_fields), version, in, ret) &&
           ret->kind <= GS_KEY_OTHER && ret->severity < GS_N_SEVERITIES &&
           is_time(ret->starts_at_ms) && is_time(ret->fired_at_ms) && is_time(ret->ends_at_ms) &&
           is_time(ret->now.at_ms) && is_time(ret->peak.at_ms) && is_time(ret->story.ts_ms) &&
           sample_holds(&ret->sample) && read_text(in, ret->key, sizeof ret->key) &&
           read_text(in, ret->name, sizeof ret->name) &&
           read_text(in, ret->alert, sizeof ret->alert) && is_id(ret->alert) &&
           read_text(in, ret->rule, sizeof ret->rule) &&
           read_text(in, ret->story.id, sizeof ret->story.id) &&
           read_text(in, ret->story.source, sizeof ret->story.source) &&
           read_text(in, ret->story.text, sizeof ret->story.text) &&
           read_text(in, ret->story.url, sizeof ret->story.url);
}

static bool read_all(struct gs_str bytes, uint64_t origin, struct gs_incident *ret)
{
    struct gs_fields_in in = {bytes.bytes, bytes.len};
    unsigned char version = 0;
    bool good = gs_fields_take(&in, &version, sizeof version) && version == VERSION &&
                read_incident(&in, version, ret) && in.left > 0;

    while (good && in.left > 0) {
        struct gs_incident_key *key = &ret->keys[ret->n_keys];
        good = ret->n_keys < GS_INCIDENT_KEYS && read_key(&in, version, key);
        if (good) {
            key->origin = origin;
            ret->n_keys++;
        }
    }
    return good;
}

/* Two origins may have written at different times: what was written last is what people know. The
 * keys are those of both. */
static void merge(struct gs_incidents *incidents, struct gs_incident *old, struct gs_incident *more)
{
    struct gs_incident *newest = more->updated_at_ms > old->updated_at_ms ? more : old;
    const struct gs_incident *other = newest == more ? old : more;
    const uint32_t n = newest->n_keys;

    for (uint32_t i = 0; i < other->n_keys; i++) {
        bool known = newest->n_keys == GS_INCIDENT_KEYS;
        for (uint32_t j = 0; j < n && !known; j++) {
            known = strcmp(newest->keys[j].key, other->keys[i].key) == 0;
        }
        if (!known) {
            newest->keys[newest->n_keys++] = other->keys[i];
        } else {
            incidents->counts.left_out += newest->n_keys == GS_INCIDENT_KEYS;
        }
    }
    if (newest == more) {
        *old = *more;
    }
}

enum gs_status gs_incidents_load(struct gs_incidents *incidents, uint64_t origin, struct gs_str id,
                                 struct gs_str bytes, const struct gs_incident **ret,
                                 struct gs_error *err)
{
    struct gs_incident *incident = calloc(1, sizeof *incident);
    struct gs_incident *old = NULL;

    *ret = NULL;
    if (incident == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "an incident");
    }
    incident->ends_at_ms = -1;
    const bool named = id.len == sizeof incident->id - 1;
    if (named) {
        memcpy(incident->id, id.bytes, id.len);
    }
    if (!named || !is_id(incident->id) || !read_all(bytes, origin, incident)) {
        free(incident);
        return gs_fail(err, GS_BAD_FORMAT, "state: a record of an incident is damaged");
    }
    incidents->now_ms =
        incident->updated_at_ms > incidents->now_ms ? incident->updated_at_ms : incidents->now_ms;
    for (size_t i = 0; i < incidents->n_open && old == NULL; i++) {
        old = strcmp(incidents->open[i]->id, incident->id) == 0 ? incidents->open[i] : NULL;
    }
    if (old != NULL) {
        merge(incidents, old, incident);
        free(incident);
    } else if (incidents->n_open < incidents->options.max_open) {
        incidents->open[incidents->n_open++] = incident;
        old = incident;
    } else {
        incidents->counts.refused++;
        free(incident);
        return GS_OK;
    }
    gs_incident_lead(old);
    *ret = old;
    return GS_OK;
}

/* ---- the windows have the last word ---- */

static bool is_waiting(const struct gs_incidents *incidents, const struct gs_incident_key *key)
{
    for (size_t i = 0; i < incidents->n_waiting; i++) {
        if (strcmp(incidents->waiting[i].key.key, key->key) == 0) {
            return true;
        }
    }
    return false;
}

void gs_incidents_loaded(struct gs_incidents *incidents, size_t feed, uint64_t origin,
                         int64_t at_ms)
{
    for (size_t i = 0; i < incidents->n_open; i++) {
        const struct gs_incident *incident = incidents->open[i];
        for (uint32_t j = 0; j < incident->n_keys; j++) {
            const struct gs_incident_key *key = &incident->keys[j];
            if (key->origin == origin && key->firing && !is_waiting(incidents, key)) {
                gs_incident_over(incidents, feed, key, at_ms);
            }
        }
    }
}
