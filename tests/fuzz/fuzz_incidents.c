/* Bytes become alerts of a dozen keys. Properties:
 *   - alerts that come by one feed and by three make the same incidents, to the byte;
 *   - an incident begins once and ends once, its severity never falls, and it stays within bounds;
 *   - whatever texts are, what is written is one line. */
#include "alerting/incidents/incidents.h"
#include "ingest/base/buf.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEYS = 12, MAX_EVENTS = 512, MAX_SEEN = 1024, MIN_MS = 60000 };

struct event {
    int minute;
    uint8_t key, what, stories, n;
};

struct seen {
    char id[17];
    bool ended;
    uint8_t severity;
};

struct run {
    struct gs_incidents *incidents;
    struct gs_buf records;
    struct seen seen[MAX_SEEN];
    size_t n_seen;
};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void note(struct run *run, const struct gs_incident *change)
{
    size_t i = 0;

    check(change->n_keys >= 1 && change->n_keys <= GS_INCIDENT_KEYS);
    check(change->lead < change->n_keys && change->n_related <= GS_INCIDENT_RELATED);
    check(change->title[0] != '\0');
    while (i < run->n_seen && memcmp(run->seen[i].id, change->id, sizeof change->id) != 0) {
        i++;
    }
    if (i == run->n_seen) {
        check(change->notice == GS_NOTICE_OPENED && run->n_seen < MAX_SEEN);
        memcpy(run->seen[run->n_seen++].id, change->id, sizeof change->id);
    } else {
        check(change->notice != GS_NOTICE_OPENED && !run->seen[i].ended);
        check(change->severity >= run->seen[i].severity);
    }
    run->seen[i].ended = change->notice == GS_NOTICE_ENDED;
    run->seen[i].severity = change->severity;
    const size_t from = run->records.len;
    gs_incident_encode(change, &run->records);
    check(gs_buf_ok(&run->records));
    check(memchr(run->records.bytes + from, '\n', run->records.len - from) == NULL);
    gs_buf_putc(&run->records, '\n');
}

static void take(struct run *run)
{
    const struct gs_incident *change = NULL;

    while (gs_incidents_next(run->incidents, &change)) {
        note(run, change);
    }
}

static void give(struct run *run, size_t feed, const struct event *event, const uint8_t *text,
                 size_t text_len, int serial)
{
    static const char *const kinds[] = {"entity", "topic", "risk", "source"};
    const size_t len = text_len < 64 ? text_len : 64;
    struct gs_story_sample sample = {.limit = UINT64_MAX, .n = event->n % 40U};
    const struct gs_evidence_item first = {.excerpt = {(const char *)text, len},
                                           .source = {(const char *)text, len},
                                           .url = {(const char *)text, len},
                                           .weight = 0.5};
    char key[32];
    const int key_len =
        snprintf(key, sizeof key, "%s:%u", kinds[event->key % 4U], (unsigned)event->key);
    struct gs_alert alert = {.key = {key, (size_t)key_len},
                             .name = {(const char *)text, len},
                             .severity = (enum gs_severity)(event->what % 3U),
                             .state = (enum gs_alert_state)(event->what / 3U % 3U),
                             .starts_at_ms = (int64_t)event->minute * MIN_MS,
                             .fired_at_ms = (int64_t)event->minute * MIN_MS,
                             .updated_at_ms = (int64_t)event->minute * MIN_MS,
                             .ends_at_ms = (int64_t)event->minute * MIN_MS,
                             .observed = 0.9,
                             .expected = (event->what & 64U) != 0 ? 0.5 : 0.1,
                             .n = event->n,
                             .evidence = &first,
                             .n_evidence = 1,
                             .sample = &sample};

    (void)snprintf(alert.id, sizeof alert.id, "%016x", (unsigned)serial);
    alert.routine = alert.state == GS_ALERT_UPDATED && (event->what & 128U) != 0;
    for (uint32_t i = 0; i < sample.n; i++) {
        sample.hashes[i] = (uint64_t)(event->stories + i + 1U) << 40;
    }
    while (!gs_incidents_add(run->incidents, feed, feed, &alert)) {
        take(run);
    }
}

static void start(struct run *run, size_t n_feeds, uint8_t settings)
{
    const struct gs_incident_options options = {.hold_ms = (int64_t)(1 + settings % 60) * MIN_MS,
                                                .gap_ms = (settings & 64U) != 0 ? 15 * MIN_MS : 0,
                                                .repeat_ms =
                                                    (settings & 128U) != 0 ? 60 * MIN_MS : 0,
                                                .max_open = (settings & 32U) != 0 ? 3 : 64,
                                                .n_feeds = n_feeds};

    check(gs_incidents_new(&options, &run->incidents, NULL) == GS_OK);
    run->records.max = 1U << 28;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct event events[MAX_EVENTS];
    static struct run runs[2];
    int last[KEYS];
    size_t n = 0;
    int minute = 5;

    if (size < 1) {
        return 0;
    }
    for (size_t k = 0; k < KEYS; k++) {
        last[k] = 0;
    }
    for (size_t at = 1; at + 5 <= size && n < MAX_EVENTS; at += 5) {
        minute += 5 * (data[at] % 8);
        const uint8_t key = data[at + 1] % KEYS;
        if (last[key] != minute) { /* a key is looked at once a bin */
            last[key] = minute;
            events[n++] = (struct event){minute, key, data[at + 2], data[at + 3], data[at + 4]};
        }
    }
    memset(runs, 0, sizeof runs);
    for (size_t r = 0; r < 2; r++) {
        const size_t n_feeds = r == 0 ? 1 : 3;
        start(&runs[r], n_feeds, data[0]);
        for (size_t feed = 0; feed < n_feeds; feed++) { /* one feed far ahead of the next */
            for (size_t i = 0; i < n; i++) {
                if (events[i].key % n_feeds == feed) {
                    give(&runs[r], feed, &events[i], data, size, (int)i);
                    gs_incidents_reached(runs[r].incidents, feed,
                                         (int64_t)events[i].minute * MIN_MS - 1);
                    take(&runs[r]);
                }
            }
            gs_incidents_reached(runs[r].incidents, feed, (int64_t)(minute + 600) * MIN_MS);
            take(&runs[r]);
        }
    }
    check(runs[0].records.len == runs[1].records.len);
    check(runs[0].records.len == 0 ||
          memcmp(runs[0].records.bytes, runs[1].records.bytes, runs[0].records.len) == 0);
    for (size_t r = 0; r < 2; r++) {
        gs_incidents_free(runs[r].incidents);
        gs_buf_done(&runs[r].records);
    }
    return 0;
}
