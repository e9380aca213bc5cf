/* Rises for studies of detectors: a stream of observations, windows in it, and which of their
 * messages turn negative. Every detector that is compared sees the same ones.
 *
 * Source:    no message is added and none moves; inside a window a message turns with a chance
 *            that raises the share by so many log odds over that of the day before. Copies of a
 *            story turn together.
 * Ownership: a stream owns its rows, texts and windows; stream_free() ends it.
 * Errors:    these are tools: what cannot be read ends the program, and says which line. */
#ifndef GS_BENCH_INJECT_H
#define GS_BENCH_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { MAX_KEYS = 4096, MAX_WINDOWS = 40000, DAY_MS = 86400000, HOUR_MS = 3600000 };

struct observation {
    uint32_t key;
    uint32_t id, source; /* in texts */
    int64_t ts_ms;
    uint64_t dup;
    double p;
};

struct window {
    uint32_t key;
    int64_t from_ms, to_ms;
    double mean; /* share of the 24 hours before */
    size_t n;    /* messages in it, as a replay counts them */
    bool taken;  /* an alert was on already when it began */
    int64_t fired_ms;
};

struct stream {
    struct observation *rows; /* in order of time */
    size_t n_rows, max_rows;
    char *texts;
    size_t n_texts, max_texts;
    char keys[MAX_KEYS][64];
    uint32_t n_keys;
    struct window *windows; /* of one round after the other */
    size_t n_windows;
    size_t first_window[MAX_KEYS + 1]; /* of each key in this round, in order of key and time */
};

/* Reads a file of observations, sorted by time; the stream is all zero before. */
void stream_read(struct stream *stream, const char *path);
void stream_free(struct stream *stream);

/* The number of a key; a name that is new gets the next one. */
uint32_t stream_key(struct stream *stream, const char *name);

/* When the first week is over, in which detectors learn and nothing counts. */
int64_t stream_warm_ms(const struct stream *stream);

/* Days on which a key has messages, over all keys. */
double stream_key_days(const struct stream *stream);

/* Appends a round: windows at random times of each key, with at least 5 messages in them and 10 in
 * the day before. The same seed gives the same windows. */
void stream_choose_windows(struct stream *stream, int64_t duration_ms, uint64_t seed);

/* The window of this round that the time lies in, or is at most grace_ms after; or NULL. */
struct window *stream_window_at(struct stream *stream, uint32_t key, int64_t ms, int64_t grace_ms);

/* What the row says in a window with a rise of this size. */
double stream_injected(const struct stream *stream, const struct observation *row,
                       const struct window *window, double log_odds);

/* All windows, a JSON object a line: {"log_odds", "minutes", "round", "key",
 * "from_ms", "to_ms", "turned"}. turned are the numbers of the lines, from 0, that turn to
 * INJECTED_P. */
#define INJECTED_P 0.95
void stream_write_windows(const struct stream *stream, double log_odds, uint64_t round, FILE *out);

#endif
