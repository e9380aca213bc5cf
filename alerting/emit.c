/* What an alert says. */
#include "alerting/watch_parts.h"

#include <math.h>
#include <stdio.h>
#include <xxhash.h>

static const char rule[] = "negative_share";

/* The same alert has the same id wherever it is computed: rule, key and start, each behind its
 * length. */
static void name_alert(char ret[17], struct gs_str key, int64_t starts_at_ms)
{
    char bytes[sizeof rule + GS_MAX_KEY_LEN + 8 + 2];
    size_t n = sizeof rule; /* its NUL too */

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
            .ts_ms = from->ts_ms,
            .weight = above >= excess ? 1.0 : above / excess};
    }
    return kept;
}

static void say_reason(char *ret, size_t size, const struct gs_alert *alert, enum gs_end why)
{
    if (alert->state == GS_ALERT_RESOLVED && why == GS_END_NEW_NORMAL) {
        (void)snprintf(ret, size, "new_normal");
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

static uint32_t whole(double x)
{
    return x >= UINT32_MAX ? UINT32_MAX : (uint32_t)(x + 0.5);
}

void gs_alert_emit(struct gs_watch *watch, uint32_t at, int32_t bin, gs_alert_fn *emit, void *arg)
{
    const struct gs_model *model = &watch->model;
    const struct gs_episode *episode = gs_slab_at(&watch->episodes, at);
    const struct gs_key *key = gs_slab_at(&watch->keys, episode->key);
    const bool over = episode->state == GS_EPISODE_OVER;
    struct gs_evidence_item items[GS_MAX_EVIDENCE];
    struct gs_alert alert = {.rule = rule, .key = gs_key_text(watch, key), .evidence = items};
    struct gs_hour hour;
    char reason[192];

    if (emit == NULL) {
        return;
    }
    gs_key_hour(model, &watch->now.kinds[key->kind], key, &hour);
    alert.severity = (enum gs_severity)episode->severity;
    alert.state = over ? GS_ALERT_RESOLVED : episode->fresh ? GS_ALERT_FIRING : GS_ALERT_UPDATED;
    alert.starts_at_ms = gs_bin_to_ms(model, episode->starts);
    alert.fired_at_ms = gs_bin_to_ms(model, episode->fired + 1);
    alert.ends_at_ms = over ? gs_bin_to_ms(model, episode->ended + 1) : -1;
    alert.window_s = GS_HOUR_BINS * model->options.bin_ms / 1000;
    alert.observed = hour.n > 0.0 ? hour.k / hour.n : 0.0;
    alert.expected = hour.n > 0.0 ? hour.expected / hour.n : 0.0;
    alert.n = hour.n;
    alert.stories = whole(hour.stories);
    alert.publishers = whole(hour.publishers);
    alert.reach = whole(hour.reach);
    alert.log10_evidence = over ? 0.0 : log10(fmax(gs_key_m(key), 1e-9));
    alert.false_alarm_days = episode->threshold * 72.0 * (double)model->options.bin_ms / 86400000.0;
    name_alert(alert.id, alert.key, alert.starts_at_ms);
    say_reason(reason, sizeof reason, &alert, (enum gs_end)episode->why);
    alert.reason = reason;
    alert.n_evidence = over ? 0 : list_evidence(watch, episode, bin, &hour, items);
    emit(arg, &alert);
}
