/* The dead-letter queue of a configuration, read letter by letter: for the three actions of
 * `groundswell dlq`. */
#ifndef GS_DEPLOY_DLQ_QUEUE_H
#define GS_DEPLOY_DLQ_QUEUE_H

#include "deploy/daemon/config/config.h"
#include "deploy/daemon/pipeline/dead_letter.h"
#include "deploy/daemon/pipeline/redrive_ledger.h"
#include "ingest/kafka/reader.h"

/* Which letters are meant. */
struct gs_dlq_filter {
    bool picks, reasons[GS_N_REJECTS]; /* only these; !picks: any */
    int64_t since_ms, until_ms;        /* of the record's time: since <= t < until */
    unsigned max_redrives;             /* a letter that was sent again so often is not once more */
};

struct gs_dlq_queue {
    const struct gs_config *config;
    const struct gs_dlq_filter *filter;
    const char *topic;
    char name[256]; /* of the group that keeps the ledgers, and of the transfer */
    struct gs_kafka_options kafka;
    struct gs_kafka_reader *reader;
    int32_t n; /* partitions */
    struct gs_ledger *ledgers;
    int64_t *before;       /* the letter read last of each partition; -1: none */
    struct gs_error fault; /* of a ledger */
};

/* Names the group and fills in the options; nothing is connected. GS_BAD_CONFIG: dead letters go to
 * a file. The queue must stay where it is, and is ended with gs_dlq_queue_done(). */
GS_MUST_CHECK
enum gs_status gs_dlq_queue_init(const struct gs_config *config, const struct gs_dlq_filter *filter,
                                 struct gs_dlq_queue *ret, struct gs_error *err);
/* Connects and reads the ledgers. As gs_kafka_reader_open(); GS_IO: a ledger cannot be read. */
GS_MUST_CHECK
enum gs_status gs_dlq_queue_open(struct gs_dlq_queue *queue, struct gs_error *err);
void gs_dlq_queue_done(struct gs_dlq_queue *queue);

/* GS_OK and a letter, *ret_before is the one before it in its partition (-1: none); GS_CLOSED: that
 * were all; GS_ABORTED: a signal came; GS_IO. Lent until gs_kafka_reader_release(). */
GS_MUST_CHECK
enum gs_status gs_dlq_queue_next(struct gs_dlq_queue *queue, struct gs_record *record,
                                 struct gs_dead_letter *ret, int64_t *ret_before,
                                 struct gs_error *err);

bool gs_dlq_matches(const struct gs_dlq_filter *filter, const struct gs_dead_letter *letter);
/* GS_BAD_FORMAT and the reason, when a letter is not to be sent again. */
GS_MUST_CHECK
enum gs_status gs_dlq_may_go(const struct gs_dlq_queue *queue, const struct gs_dead_letter *letter,
                             struct gs_error *why);

/* A time of the command line: as messages have it, or 90s, 15m, 2h, 3d: so long before now_ms. */
GS_MUST_CHECK bool gs_dlq_time(const char *text, int64_t now_ms, int64_t *ret_ms);

/* A line of JSON on stdout: what a letter is, its state, its new partition (-1: by key), and
 * why (NULL: no member). */
void gs_dlq_tell(const struct gs_dead_letter *letter, const char *state, int32_t to,
                 const char *why);

#endif
