/* Each alert of the demo is held against the plan: was this event to alert, or not? Alerts come from
 * lane threads one at a time; the view reads them under a lock. */
#include "deploy/daemon/demo/alerts.h"

#include "ingest/base/utf8.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* The part of an alert's evidence that makes it a planted event's. Negative messages of no event
 * are in every window of a topic. */
static const double least_part = 0.25;

struct gs_demo_alerts {
    struct gs_demo_event events[GS_DEMO_MAX_EVENTS];
    size_t n_events;
    atomic_uchar *plants; /* [n_messages] by the number at the end of a message's id */
    size_t n_messages;
    pthread_mutex_t lock; /* guards what follows */
    struct gs_demo_alert kept[GS_DEMO_MAX_ALERTS];
    size_t n_kept, n_fired;
};

enum gs_status gs_demo_alerts_new(const struct gs_demo *demo, size_t n_messages,
                                  struct gs_demo_alerts **ret, struct gs_error *err)
{
    struct gs_demo_alerts *alerts = calloc(1, sizeof *alerts);
    if (alerts == NULL || pthread_mutex_init(&alerts->lock, NULL) != 0) {
        free(alerts);
        return gs_fail(err, GS_NO_MEMORY, "demo alerts");
    }
    alerts->plants = calloc(n_messages, sizeof *alerts->plants);
    if (alerts->plants == NULL) {
        gs_demo_alerts_free(alerts);
        return gs_fail(err, GS_NO_MEMORY, "demo alerts");
    }
    alerts->n_messages = n_messages;

    const struct gs_demo_event *events;
    alerts->n_events = gs_demo_events(demo, &events);
    assert(alerts->n_events <= GS_DEMO_MAX_EVENTS);
    memcpy(alerts->events, events, alerts->n_events * sizeof *events);
    *ret = alerts;
    return GS_OK;
}

void gs_demo_alerts_free(struct gs_demo_alerts *alerts)
{
    if (alerts != NULL) {
        pthread_mutex_destroy(&alerts->lock);
        free(alerts->plants);
        free(alerts);
    }
}

/* The number behind the last '-' of an id; SIZE_MAX when it is not one of ours. */
static size_t number_of(const struct gs_demo_alerts *alerts, struct gs_str id)
{
    size_t number = 0, digits = 0, place = 1;
    while (digits < id.len && digits < 18 && id.bytes[id.len - 1 - digits] >= '0' &&
           id.bytes[id.len - 1 - digits] <= '9') {
        number += place * (size_t)(id.bytes[id.len - 1 - digits] - '0');
        place *= 10;
        digits++;
    }
    return digits > 0 && number < alerts->n_messages ? number : SIZE_MAX;
}

void gs_demo_alerts_sent(struct gs_demo_alerts *alerts, const struct gs_demo_message *message)
{
    const size_t number = number_of(alerts, gs_str(message->id));
    if (number != SIZE_MAX) {
        atomic_store_explicit(&alerts->plants[number], (unsigned char)message->plant,
                              memory_order_relaxed);
    }
}

static enum gs_demo_plant plant_of(const struct gs_demo_alerts *alerts,
                                   const struct gs_alert *alert)
{
    double weight[GS_DEMO_N_PLANTS] = {0};
    double sum = 0;
    for (size_t i = 0; i < alert->n_evidence; i++) {
        const size_t number = number_of(alerts, alert->evidence[i].id);
        if (number != SIZE_MAX) {
            weight[atomic_load_explicit(&alerts->plants[number], memory_order_relaxed)] +=
                alert->evidence[i].weight;
        }
        sum += alert->evidence[i].weight;
    }
    enum gs_demo_plant best = GS_DEMO_ORDINARY;
    for (size_t plant = GS_DEMO_ORDINARY + 1; plant < GS_DEMO_N_PLANTS; plant++) {
        if (weight[plant] >= least_part * sum && weight[plant] > 0 &&
            (best == GS_DEMO_ORDINARY || weight[plant] > weight[best])) {
            best = (enum gs_demo_plant)plant;
        }
    }
    return best;
}

/* As much as fits, cut at a character, always terminated. */
static void copy_text(char *to, size_t size, struct gs_str text)
{
    const size_t len = gs_utf8_cut(text, size - 1).len;

    if (len > 0) {
        memcpy(to, text.bytes, len);
    }
    to[len] = '\0';
}

static void keep(const struct gs_demo_alerts *alerts, const struct gs_alert *alert,
                 struct gs_demo_alert *kept)
{
    memcpy(kept->id, alert->id, sizeof kept->id);
    copy_text(kept->key, sizeof kept->key, alert->key);
    copy_text(kept->name, sizeof kept->name, alert->name);
    kept->event = alert->event;
    kept->severity = alert->severity;
    kept->state = alert->state;
    kept->starts_at_ms = alert->starts_at_ms;
    kept->fired_at_ms = alert->fired_at_ms;
    kept->ends_at_ms = alert->ends_at_ms;
    if (alert->state == GS_ALERT_RESOLVED) {
        return; /* keep what it looked like at its height */
    }
    kept->observed = alert->observed;
    kept->expected = alert->expected;
    kept->n = alert->n;
    kept->log10_evidence = alert->log10_evidence;
    kept->false_alarm_days = alert->false_alarm_days;
    kept->stories = alert->stories;
    kept->publishers = alert->publishers;
    kept->reach = alert->reach;
    if (alert->n_evidence == 0) {
        return;
    }
    kept->plant = plant_of(alerts, alert);
    kept->n_evidence =
        alert->n_evidence < GS_DEMO_SHOWN_EVIDENCE ? alert->n_evidence : GS_DEMO_SHOWN_EVIDENCE;
    for (size_t i = 0; i < kept->n_evidence; i++) {
        copy_text(kept->evidence[i].source, sizeof kept->evidence[i].source,
                  alert->evidence[i].source);
        copy_text(kept->evidence[i].text, sizeof kept->evidence[i].text,
                  alert->evidence[i].excerpt);
    }
}

void gs_demo_alerts_take(void *arg, const struct gs_alert *alert)
{
    struct gs_demo_alerts *alerts = arg;
    struct gs_demo_alert *found = NULL;

    pthread_mutex_lock(&alerts->lock);
    for (size_t i = 0; i < alerts->n_kept && found == NULL; i++) {
        if (memcmp(alerts->kept[i].id, alert->id, sizeof alert->id) == 0) {
            found = &alerts->kept[i];
        }
    }
    if (found == NULL) {
        alerts->n_fired++;
        if (alerts->n_kept < GS_DEMO_MAX_ALERTS) {
            found = &alerts->kept[alerts->n_kept++];
        }
    }
    if (found != NULL) {
        keep(alerts, alert, found);
    }
    pthread_mutex_unlock(&alerts->lock);
}

bool gs_demo_alerts_get(struct gs_demo_alerts *alerts, size_t i, struct gs_demo_alert *ret)
{
    pthread_mutex_lock(&alerts->lock);
    const bool there = i < alerts->n_kept;
    if (there) {
        *ret = alerts->kept[i];
    }
    pthread_mutex_unlock(&alerts->lock);
    return there;
}

size_t gs_demo_alerts_fired(struct gs_demo_alerts *alerts)
{
    pthread_mutex_lock(&alerts->lock);
    const size_t n = alerts->n_fired;
    pthread_mutex_unlock(&alerts->lock);
    return n;
}

static bool is_key_of(const struct gs_demo_event *event, const char *key)
{
    for (size_t i = 0; i < GS_COUNT(event->keys) && event->keys[i] != NULL; i++) {
        if (strcmp(event->keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

static void judge(const struct gs_demo_alerts *alerts, const struct gs_demo_event *event,
                  struct gs_demo_verdict *ret)
{
    *ret = (struct gs_demo_verdict){.event = *event, .delay_ms = -1};
    for (size_t i = 0; i < alerts->n_kept; i++) {
        const struct gs_demo_alert *alert = &alerts->kept[i];
        if (alert->plant != event->plant) {
            continue;
        }
        ret->n_alerts++;
        const int64_t delay_ms = alert->fired_at_ms - event->from_ms;
        const bool counts = !event->must_alert || is_key_of(event, alert->key);
        if (counts && (ret->key[0] == '\0' || delay_ms < ret->delay_ms)) {
            memcpy(ret->key, alert->key, sizeof ret->key);
            memcpy(ret->name, alert->name, sizeof ret->name);
            ret->delay_ms = delay_ms;
            ret->log10_evidence = alert->log10_evidence;
            ret->observed = alert->observed;
            ret->expected = alert->expected;
        }
    }
    ret->passed = event->must_alert == (ret->key[0] != '\0');
}

size_t gs_demo_judge(struct gs_demo_alerts *alerts, int64_t until_ms,
                     struct gs_demo_verdict ret[GS_DEMO_MAX_EVENTS])
{
    size_t n = 0;
    pthread_mutex_lock(&alerts->lock);
    for (size_t i = 0; i < alerts->n_events; i++) {
        if (alerts->events[i].to_ms <= until_ms) {
            judge(alerts, &alerts->events[i], &ret[n++]);
        }
    }
    pthread_mutex_unlock(&alerts->lock);
    return n;
}
