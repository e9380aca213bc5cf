/* Severity by consequence: what an alert would mean, beside how sure it is.
 *
 *     evidence          info, warning, critical                       (lifecycle.c; of a risk event: info)
 *     + 1  of a grave risk ("risk:default", "risk:default@3333.HK")
 *     - 1  of a mild topic ("topic:commentary", "topic_lang:commentary/zh")
 *     + 1  of a company of a high tier, - 1 of a low one
 *     + 1  so many messages that everybody has read of it
 *     = what people see: the sum moves it by one step at most
 *
 * Evidence thresholds and the budget are not touched: which alerts fire, and what they promise, is
 * as it was. An alert that consequence alone made critical was not among those of which e-BH bounds
 * the false ones; severity_reason says so.
 *
 * What people see only rises while an alert is on, as its severity by evidence does: a company that
 * drops off the news is no less serious for it. */
#include "alerting/detector/episodes.h"
#include "alerting/detector/events.h"
#include "alerting/detector/watch_internal.h"

#include <stdio.h>

enum because { GRAVE = 1, MILD = 2, HIGH_TIER = 4, LOW_TIER = 8, REACH = 16 };

/* The label of a key of this kind: what stands behind the colon, up to `end`; empty for others. */
static struct gs_str label_of(struct gs_str key, const char *kind, char end)
{
    const size_t len = strlen(kind);

    if (key.len <= len || memcmp(key.bytes, kind, len) != 0) {
        return (struct gs_str){"", 0};
    }
    const struct gs_str label = {key.bytes + len, key.len - len};
    const char *to = memchr(label.bytes, end, label.len);
    return (struct gs_str){label.bytes, to == NULL ? label.len : (size_t)(to - label.bytes)};
}

static struct gs_str topic_of(struct gs_str key)
{
    const struct gs_str topic = label_of(key, "topic:", '\0');
    return topic.len > 0 ? topic : label_of(key, "topic_lang:", '/');
}

static bool is_listed(struct gs_str label, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (gs_str_equal(label, gs_str(list[i]))) {
            return true;
        }
    }
    return false;
}

static unsigned because_of(const struct gs_watch *watch, const struct gs_episode *episode)
{
    const struct gs_watch_options *o = &watch->params.options;
    const struct gs_key *key = gs_pool_at(&watch->keys, episode->key);
    const struct gs_str text = gs_key_text(watch, key);
    unsigned because = 0;
    struct gs_hour hour;

    if (key->event) {
        gs_event_window(watch, key, &hour);
    } else {
        gs_watch_window(watch, key, episode->window, &hour);
    }
    because |=
        is_listed(label_of(text, "risk:", '@'), o->grave_risks, o->n_grave_risks) ? GRAVE : 0;
    because |= is_listed(topic_of(text), o->mild_topics, o->n_mild_topics) ? MILD : 0;
    because |= key->tier != 0 && key->tier <= o->tier_raises ? HIGH_TIER : 0;
    because |= key->tier != 0 && o->tier_lowers != 0 && key->tier >= o->tier_lowers ? LOW_TIER : 0;
    because |= o->reach_raises != 0 && hour.reach >= (double)o->reach_raises ? REACH : 0;
    return because;
}

static int step_of(unsigned because)
{
    const int sum = ((because & GRAVE) != 0) - ((because & MILD) != 0) +
                    ((because & HIGH_TIER) != 0) - ((because & LOW_TIER) != 0) +
                    ((because & REACH) != 0);
    return sum > 0 ? 1 : sum < 0 ? -1 : 0;
}

static uint8_t moved(uint8_t severity, int step)
{
    const int to = severity + step;
    return (uint8_t)(to < GS_SEVERITY_INFO       ? GS_SEVERITY_INFO
                     : to > GS_SEVERITY_CRITICAL ? GS_SEVERITY_CRITICAL
                                                 : to);
}

void gs_consequences_settle(struct gs_watch *watch)
{
    for (uint32_t i = watch->now.episodes; i != GS_NONE;) {
        const struct gs_episode *look = gs_pool_at(&watch->episodes, i);
        const uint32_t next = look->at.next;
        const unsigned because = because_of(watch, look);
        const uint8_t shown = moved(look->severity, step_of(because));
        if (look->state == GS_EPISODE_FIRING && (look->fresh || shown > look->shown)) {
            struct gs_episode *episode = gs_pool_save(&watch->episodes, &watch->undo, i);
            episode->shown = shown;
            episode->because = (uint8_t)because;
            episode->changed = true;
        }
        i = next;
    }
}

/* Appends a reason that counts in the direction of the step. */
static size_t add(char *ret, size_t size, size_t n, const char *reason)
{
    const int more = snprintf(ret + n, size - n, "%s%s", ret[n - 1] == ' ' ? "" : " and ", reason);
    return more < 0 || (size_t)more >= size - n ? size - 1 : n + (size_t)more;
}

void gs_consequence_write(char *ret, size_t size, const struct gs_watch *watch,
                          const struct gs_episode *episode)
{
    const struct gs_key *key = gs_pool_at(&watch->keys, episode->key);
    const unsigned because = episode->because;
    const int step = step_of(because);
    char reason[48];
    size_t n = (size_t)snprintf(ret, size, "%s by %s%s",
                                gs_severity_name((enum gs_severity)episode->severity),
                                key->event ? "its publishers" : "evidence",
                                step > 0   ? ", a step up: "
                                : step < 0 ? ", a step down: "
                                           : "");
    if (step > 0 && (because & GRAVE) != 0) {
        n = add(ret, size, n, "a grave risk");
    }
    if (step < 0 && (because & MILD) != 0) {
        n = add(ret, size, n, "a mild topic");
    }
    if (step != 0 && (because & (step > 0 ? HIGH_TIER : LOW_TIER)) != 0) {
        (void)snprintf(reason, sizeof reason, "a company of tier %u", key->tier);
        n = add(ret, size, n, reason);
    }
    if (step > 0 && (because & REACH) != 0) {
        (void)snprintf(reason, sizeof reason, "%u messages or more",
                       watch->params.options.reach_raises);
        (void)add(ret, size, n, reason);
    }
}
