/* The stream that the demo replays: news and comments about companies that do not exist, with known
 * events in it.
 *
 *     0 h ───────── 12 h ────────────────────────────────────────────── 36 h
 *     history       a day: English surge · burst · copies · Chinese surge
 *     (sent at once) (sent paced)
 *
 * Volume follows the hour, moods of topics wander a little, about 22 in 100 messages are negative.
 * In a surge a company gets extra messages that are mostly negative; in the burst one topic has ten
 * times its volume at its usual share; the copies are one negative story published fifty times.
 * The truth about each message is given beside it, so that tests and benchmarks can measure
 * what was found.
 *
 * Deterministic: seed, start and number of messages say everything.
 *
 * Threads: owned by one thread. Allocates in gs_demo_new() only. */
#ifndef GS_DEMO_STREAM_H
#define GS_DEMO_STREAM_H

#include "deploy/daemon/demo/phrases.h"
#include "ingest/base/buf.h"
#include "ingest/base/error.h"

#include <stdint.h>

#define GS_DEMO_HOUR_MS INT64_C(3600000)
#define GS_DEMO_HISTORY_MS (12 * GS_DEMO_HOUR_MS)
#define GS_DEMO_SPAN_MS (36 * GS_DEMO_HOUR_MS)
enum { GS_DEMO_MIN_MESSAGES = 1000, GS_DEMO_MESSAGES = 120000, GS_DEMO_COPIES = 50 };

struct gs_demo_options {
    uint64_t seed;
    int64_t start_ms;  /* event time of the first message, about */
    size_t n_messages; /* >= GS_DEMO_MIN_MESSAGES, spread over the whole span */
    bool plain;        /* nothing planted */
};

enum gs_demo_plant {
    GS_DEMO_ORDINARY,
    GS_DEMO_SURGE_EN,
    GS_DEMO_SURGE_ZH,
    GS_DEMO_BURST,
    GS_DEMO_COPY,
    GS_DEMO_N_PLANTS
};

struct gs_demo_message {
    struct gs_str json;        /* one raw message, no newline; borrowed until the next call */
    struct gs_str title, text; /* as a reader sees them; one may be empty */
    char id[40];
    int64_t ts_ms;   /* its own time */
    int64_t send_ms; /* when it reaches us: never falls, at most two minutes after ts_ms */
    enum gs_demo_lang lang;
    enum gs_demo_tone tone;
    enum gs_demo_topic topic;
    enum gs_demo_plant plant;
    const char *source;
    const char *entity; /* id of the company it is about, or NULL */
};

/* An event that was planted, and the alerts that would be about it. */
struct gs_demo_event {
    enum gs_demo_plant plant;
    bool must_alert;  /* a surge; else a control, which must not */
    const char *what; /* a sentence's beginning, "Pellamere Foods: …" */
    int64_t from_ms, to_ms;
    const char *keys[4]; /* alert keys that are this event; NULL behind the last */
};

struct gs_demo; /* opaque */

/* GS_NO_MEMORY, GS_BAD_CONFIG (too few messages, a start before 1990). */
GS_MUST_CHECK
enum gs_status gs_demo_new(const struct gs_demo_options *options, struct gs_demo **ret,
                           struct gs_error *err);
void gs_demo_free(struct gs_demo *demo); /* NULL is fine */

/* The next message in order of send_ms; false after the last. */
bool gs_demo_next(struct gs_demo *demo, struct gs_demo_message *ret);

/* The planted events, in order of time. Lives as long as demo; none when plain. */
size_t gs_demo_events(const struct gs_demo *demo, const struct gs_demo_event **ret);

/* Appends the companies as a watchlist (ingest/text/watchlist/watchlist.h), the one that
 * deploy/config/demo-watchlist.csv holds. */
void gs_demo_watchlist(struct gs_buf *out);

#endif
