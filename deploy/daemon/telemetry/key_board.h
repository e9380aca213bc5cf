/* The board of a watch lane: the state of its keys and its firing alerts, as copies for other
 * threads (status page, terminal table) and as gauges.
 *
 * Threads: post from the lane's thread, read from any; the lock guards rows and alerts. */
#ifndef GS_DEPLOY_KEY_BOARD_H
#define GS_DEPLOY_KEY_BOARD_H

#include "alerting/detector/watch.h"
#include "ingest/base/buf.h"

enum {
    GS_BOARD_KEY = 200,
    GS_BOARD_NAME = 104,
    GS_BOARD_HEADLINE = 208,
    GS_BOARD_URL = 264, /* the detector keeps none longer than 256 */
};

struct gs_board_row {
    char key[GS_BOARD_KEY];   /* "topic:results", cut */
    char name[GS_BOARD_NAME]; /* what people call it; "" when nothing is known */
    uint64_t messages;
    double n_hour, observed, expected, log10_evidence;
    double expected_sd, log10_threshold;
    double detectable_rise; /* log odds */
    bool firing, detectable;
};

struct gs_board_alert {
    char key[GS_BOARD_KEY], name[GS_BOARD_NAME];
    char headline[GS_BOARD_HEADLINE], url[GS_BOARD_URL]; /* of the heaviest story; "" without */
    enum gs_severity severity;
    char *json;     /* the alert record; owned */
    uint64_t watch; /* which gs_watch it is of */
};

struct gs_shard;
struct gs_board; /* opaque */

GS_MUST_CHECK
enum gs_status gs_board_new(struct gs_shard *shard, size_t max_gauge_keys, struct gs_board **ret,
                            struct gs_error *err);
void gs_board_free(struct gs_board *board); /* NULL is fine */

/* Rows: begin, row for every key, end. Topics are always shown; of the other keys those that fire
 * and those with the most evidence, max_gauge_keys at most. Gauges of keys that are not shown any
 * more are dropped. */
void gs_board_begin(struct gs_board *board);
void gs_board_row(struct gs_board *board, const struct gs_key_view *view);
void gs_board_end(struct gs_board *board);

/* A change of an alert that has been committed, or (routine) its numbers at the close of a bin. watch: a number for the gs_watch it came from. */
void gs_board_alert(struct gs_board *board, uint64_t watch, const struct gs_alert *alert,
                    struct gs_str json);
/* The same without counting it: an alert of a state that was loaded, told before. */
void gs_board_show_alert(struct gs_board *board, uint64_t watch, const struct gs_alert *alert,
                         struct gs_str json);
/* A gs_watch is gone, its alerts with it (another owner goes on with them). */
void gs_board_forget(struct gs_board *board, uint64_t watch);

/* Copies rows, topics first, then by evidence; returns how many. */
size_t gs_board_rows(struct gs_board *board, struct gs_board_row *rows, size_t max);
/* Appends the firing alerts' records, separated by commas; true when there was one. comma: write
 * one first. */
bool gs_board_alerts_json(struct gs_board *board, bool comma, struct gs_buf *out);

#endif
