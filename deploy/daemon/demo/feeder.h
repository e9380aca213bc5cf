/* Sends the demo's stream to the broker: the history at once, then the day paced by the clock. A
 * thread of its own.
 *
 * Threads: start, the questions and stop from one thread. */
#ifndef GS_DEMO_FEEDER_H
#define GS_DEMO_FEEDER_H

#include "deploy/daemon/demo/alerts.h"

struct gs_demo_feeder_options {
    const char *brokers, *topic;
    struct gs_demo *demo;          /* the feeder's until it is stopped */
    struct gs_demo_alerts *alerts; /* told what is sent */
    int64_t start_ms;              /* of the stream */
    size_t n_messages;
    int64_t lateness_ms; /* by which the watermark stays behind */
};

enum gs_demo_stage {
    GS_DEMO_SENDING_HISTORY,
    GS_DEMO_HISTORY_SENT, /* waits for gs_demo_feeder_begin_day() */
    GS_DEMO_SENDING_DAY,
    GS_DEMO_ALL_SENT,
    GS_DEMO_FEED_FAILED
};

struct gs_demo_feeder; /* opaque */

/* GS_NO_MEMORY, or why the broker's client could not be made. */
GS_MUST_CHECK
enum gs_status gs_demo_feeder_start(const struct gs_demo_feeder_options *options,
                                    struct gs_demo_feeder **ret, struct gs_error *err);

/* Tells the feeder how far the pipeline is: messages consumed, and its watermark (INT64_MIN: none
 * yet). Call often. */
void gs_demo_feeder_progress(struct gs_demo_feeder *feeder, uint64_t consumed,
                             int64_t watermark_ms);

/* Lets the day begin, to last day_ms. */
void gs_demo_feeder_begin_day(struct gs_demo_feeder *feeder, int64_t day_ms);

enum gs_demo_stage gs_demo_feeder_stage(const struct gs_demo_feeder *feeder);
uint64_t gs_demo_feeder_sent(const struct gs_demo_feeder *feeder);

/* Ends early if it must and frees; *ret says why when sending failed. NULL is fine. */
enum gs_status gs_demo_feeder_stop(struct gs_demo_feeder *feeder, struct gs_error *ret);

#endif
