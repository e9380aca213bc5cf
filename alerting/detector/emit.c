/* Makes the alert that goes out of an episode: its id, numbers, evidence, and the sentences for
 * people.
 *
 * Everything is read from the state at the close of the bin, so the same input gives the same
 * alert, and an alert that is made again after an undo has the same id and text. Texts are written
 * to watch->parts, which lives until the next alert. */
#include "alerting/detector/episodes.h"
#include "alerting/detector/events.h"
#include "alerting/detector/watch_internal.h"

#include <math.h>
#include <stdio.h>
#include <xxhash.h>

static const char share_rule[] = "negative_share";
static const char event_rule[] = "risk_event";

/* The same alert has the same id wherever it is computed: rule, key and start, each behind its
 * length. */
static void name_alert(char ret[17], const char *rule, struct gs_str key, int64_t starts_at_ms)
{
    char bytes[sizeof share_rule + GS_MAX_KEY_LEN + 8 + 2];
    size_t n = strlen(rule) + 1; /* its NUL too */

    memcpy(bytes, rule, n);
    bytes[n++] = (char)(key.len & 0xFF);
    bytes[n++] = (char)(key.len >> 8);
    memcpy(bytes + n, key.bytes, key.len);
    n += key.len;
    for (int i = 0; i < 8; i++) {
        bytes[n++] = (char)((uint64_t)starts_at_ms >> (8 * i) & 0xFF);
    }
    (void)snprintf(ret, 17, "%016llx", (unsigned long long)XXH3_64bits(bytes, n));
}

static size_t list_evidence(const struct gs_watch *watch, const struct gs_episode *episode,
                            int32_t bin, const struct gs_hour *hour,
                            struct gs_evidence_item items[GS_MAX_EVIDENCE])
{
    const struct gs_excerpt *picked[GS_MAX_EVIDENCE];
    const size_t n = gs_excerpts_pick(watch, episode->key, episode->starts, bin, picked);
    const double mu = hour->n > 0.0 ? hour->expected / hour->n : 0.0;
    const double excess = hour->k - hour->expected;
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        const struct gs_excerpt *from = picked[i];
        const double above = (double)from->p / GS_P_ONE - mu;
        if (above <= 0.0) {
            break; /* the rest is lighter */
        }
        const char *bytes = from->bytes;
        items[kept++] = (struct gs_evidence_item){
            .id = {bytes, from->id_len},
            .source = {bytes + from->id_len, from->source_len},
            .excerpt = {bytes + from->id_len + from->source_len, from->text_len},
            .url = {bytes + from->id_len + from->source_len + from->text_len, from->url_len},
            .ts_ms = from->ts_ms,
            .weight = above >= excess ? 1.0 : above / excess};
    }
    return kept;
}

/* The risk of an event's key: "default" of "risk:default@3333.HK". */
static struct gs_str risk_of(struct gs_str key)
{
    const char *from = (const char *)memchr(key.bytes, ':', key.len) + 1;
    const char *to = memchr(from, '@', key.len - (size_t)(from - key.bytes));
    return (struct gs_str){from, (size_t)(to - from)};
}

static int write_event(char *ret, size_t size, const struct gs_alert *alert)
{
    const long long minutes = alert->window_s / 60;

    if (alert->state == GS_ALERT_RESOLVED && alert->n <= 0.0) {
        return snprintf(ret, size, "%.*s: no new story for %lld minutes",
                        GS_STR_ARGS(risk_of(alert->key)), minutes);
    }
    return snprintf(ret, size, "%.*s: said by %u publishers within %lld minutes, %u stories",
                    GS_STR_ARGS(risk_of(alert->key)), alert->publishers, minutes, alert->stories);
}

static void write_reason(char *ret, size_t size, const struct gs_alert *alert, enum gs_end why)
{
    if (alert->state == GS_ALERT_RESOLVED && why == GS_END_NEW_NORMAL) {
        (void)snprintf(ret, size, "new_normal");
    } else if (alert->event) {
        (void)write_event(ret, size, alert);
    } else if (alert->state == GS_ALERT_RESOLVED && why == GS_END_SILENT) {
        (void)snprintf(ret, size, "no messages for %lld minutes",
                       (long long)(alert->window_s / 60));
    } else if (alert->state == GS_ALERT_RESOLVED) {
        (void)snprintf(ret, size, "negative share %.2f against %.2f expected: back to normal",
                       alert->observed, alert->expected);
    } else {
        (void)snprintf(ret, size,
                       "negative share %.2f against %.2f expected over %lld minutes: "
                       "%.0f of %.0f messages where %.0f were expected",
                       alert->observed, alert->expected, (long long)(alert->window_s / 60),
                       alert->observed * alert->n, alert->n, alert->expected * alert->n);
    }
}

static int write_share(char *ret, size_t size, const struct gs_alert *alert, const char *over)
{
    return snprintf(ret, size,
                    "%s%.0f %% of %.0f messages within %lld minutes are negative where %.0f %% are "
                    "usual (%u stories, %u publishers)",
                    over, 100.0 * alert->observed, alert->n, (long long)(alert->window_s / 60),
                    100.0 * alert->expected, alert->stories, alert->publishers);
}

/* One line for a person: who, what is off, how widely it is said, and the heaviest headline. */
static void write_summary(char *ret, size_t size, const struct gs_alert *alert)
{
    const char *const over = alert->state == GS_ALERT_RESOLVED ? "over: " : "";
    int n = 0;

    if (alert->name.len > 0) {
        n = snprintf(ret, size, "%.*s (%.*s): ", GS_STR_ARGS(alert->name), GS_STR_ARGS(alert->key));
    } else {
        n = snprintf(ret, size, "%.*s: ", GS_STR_ARGS(alert->key));
    }
    if (alert->event) {
        n += snprintf(ret + n, size - (size_t)n, "%s", over);
        n += write_event(ret + n, size - (size_t)n, alert);
    } else if (alert->n <= 0.0) {
        (void)snprintf(ret + n, size - (size_t)n, "%snobody writes about it any more", over);
        return;
    } else {
        n += write_share(ret + n, size - (size_t)n, alert, over);
    }
    if (alert->n_evidence > 0) {
        const struct gs_evidence_item *first = &alert->evidence[0];
        (void)snprintf(ret + n, size - (size_t)n, "; foremost \"%.*s\" (%.*s)",
                       GS_STR_ARGS(first->excerpt), GS_STR_ARGS(first->source));
    }
}

static uint32_t whole(double x)
{
    return x >= UINT32_MAX ? UINT32_MAX : (uint32_t)(x + 0.5);
}

/* The evidence, what was needed, and what that costs. */
static void put_cost(const struct gs_watch *watch, const struct gs_episode *episode,
                     const struct gs_key *key, struct gs_alert *alert)
{
    const bool over = episode->state == GS_EPISODE_OVER;
    struct gs_cost cost;

    alert->detectable_rise = gs_key_detectable_rise(
        &watch->params, &watch->now.kinds[key->kind], gs_key_habit(watch, key), key,
        gs_peers_threshold(watch, key, GS_SEVERITY_INFO));
    gs_peers_cost(watch, key, episode->severity, episode->threshold, &cost);
    alert->log10_evidence = over ? 0.0 : log10(fmax(gs_key_m(key), 1e-9));
    alert->log10_threshold = log10(episode->threshold);
    alert->false_alarms_promised = cost.promised;
    alert->false_alarms_measured = cost.measured;
    alert->measured_key_days = cost.key_days;
    alert->false_alarm_days = 1.0 / cost.promised;
}

void gs_alert_make(struct gs_watch *watch, uint32_t at, int32_t bin, struct gs_alert *ret)
{
    const struct gs_detector_params *params = &watch->params;
    const struct gs_episode *episode = gs_pool_at(&watch->episodes, at);
    const struct gs_key *key = gs_pool_at(&watch->keys, episode->key);
    const bool over = episode->state == GS_EPISODE_OVER;
    struct gs_alert alert = {.rule = key->event ? event_rule : share_rule,
                             .event = key->event,
                             .detectable_rise = (double)INFINITY,
                             .key = gs_key_text(watch, key),
                             .name = gs_key_name(watch, key)};
    struct gs_hour hour;

    if (key->event) {
        gs_event_window(watch, key, &hour);
    } else {
        gs_watch_window(watch, key, episode->window, &hour);
    }
    alert.severity = (enum gs_severity)episode->shown;
    gs_consequence_write(watch->parts.severity_reason, sizeof watch->parts.severity_reason, watch,
                         episode);
    alert.severity_reason = watch->parts.severity_reason;
    alert.state = over ? GS_ALERT_RESOLVED : episode->fresh ? GS_ALERT_FIRING : GS_ALERT_UPDATED;
    alert.routine = !episode->changed;
    alert.starts_at_ms = gs_bin_to_ms(params, episode->starts);
    alert.fired_at_ms = gs_bin_to_ms(params, episode->fired + 1);
    alert.updated_at_ms = gs_bin_to_ms(params, bin + 1);
    alert.ends_at_ms = over ? gs_bin_to_ms(params, episode->ended + 1) : -1;
    alert.window_s = episode->window * params->options.bin_ms / 1000;
    alert.observed = hour.n > 0.0 ? hour.k / hour.n : 0.0;
    alert.expected = hour.n > 0.0 ? hour.expected / hour.n : 0.0;
    alert.n = hour.n;
    alert.stories = whole(hour.stories);
    alert.publishers = whole(hour.publishers);
    alert.reach = whole(hour.reach);
    if (!key->event) {
        put_cost(watch, episode, key, &alert);
    }
    name_alert(alert.id, alert.rule, alert.key, alert.starts_at_ms);
    write_reason(watch->parts.reason, sizeof watch->parts.reason, &alert,
                 (enum gs_end)episode->why);
    alert.reason = watch->parts.reason;
    alert.evidence = watch->parts.evidence;
    alert.n_evidence = over ? 0 : list_evidence(watch, episode, bin, &hour, watch->parts.evidence);
    if (!over) {
        gs_excerpts_sample(watch, episode->key, episode->starts, bin, &watch->parts.sample);
        alert.sample = &watch->parts.sample;
    }
    write_summary(watch->parts.summary, sizeof watch->parts.summary, &alert);
    alert.summary = watch->parts.summary;
    *ret = alert;
}
