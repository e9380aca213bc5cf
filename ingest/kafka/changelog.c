/* Reads back what is kept of the state of the input's partitions: a compacted topic, whose partition N
 * has the state of the input's partition N. It is written in the same transactions as the offsets up
 * to which it has counted.
 *
 *     1. the group's offsets           have been had without an error (rebalance.c), so no
 *                                      transaction that holds any of them is open any more
 *     2. the end of each partition     by a client that reads uncommitted records. One that reads
 *                                      committed ones would be told the last stable offset, which
 *                                      lies before all that an open transaction has written behind:
 *                                      reading up to there would bring an old state, silently
 *     3. records up to that end        by a client that reads committed ones, until its position,
 *                                      not its last record, is there: ends of transactions and what
 *                                      was rolled back are passed over without a record
 *     4. `restore`, then assign
 *
 * A dead member's open transaction may stand before the end; the broker ends it when its time is up.
 * Reading that stands still for longer than that stops the lane: windows that are half read would be
 * an all-clear that nobody gave.
 *
 * All of it happens inside the rebalance callback, while librdkafka's own thread keeps the membership
 * alive; max.poll.interval.ms (5 minutes) is what it may take in all. */
#include "ingest/kafka/kafka_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A part of a partition: records from at on, before end. */
struct range {
    const char *topic;
    int32_t partition;
    int64_t at, end;
    struct gs_str of; /* the input's topic */
};

/* Takes one record; *ret_enough: no more are wanted. */
typedef enum gs_status visit_fn(void *arg, const struct range *range,
                                const rd_kafka_message_t *message, bool *ret_enough,
                                struct gs_error *err);

enum gs_status gs_kafka_changelog_init(struct gs_kafka_changelog *changelog,
                                       const struct gs_kafka_options *options, struct gs_error *err)
{
    struct gs_kafka_options own = *options;

    own.instance = NULL; /* its clients join nothing */
    changelog->patience_ms = 3 * options->transaction_timeout_ms > GS_KAFKA_RESTORE_MS
                                 ? 3 * options->transaction_timeout_ms
                                 : GS_KAFKA_RESTORE_MS;
    if (options->output[GS_STREAM_STATE] != NULL) {
        changelog->topic = strdup(options->output[GS_STREAM_STATE]);
        if (changelog->topic == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "Kafka source");
        }
    }
    return gs_kafka_conf_consumer(&own, &changelog->conf, err);
}

void gs_kafka_changelog_done(struct gs_kafka_changelog *changelog)
{
    if (changelog->conf != NULL) {
        rd_kafka_conf_destroy(changelog->conf);
    }
    free(changelog->topic);
    *changelog = (struct gs_kafka_changelog){.topic = NULL};
}

/* ---- the clients ---- */

/* NULL is fine. A client that does not end is left behind, its struct with it. */
static void stop(struct gs_kafka_client *client)
{
    if (client != NULL && gs_kafka_client_stop(client)) {
        free(client);
    }
}

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, struct gs_error *err)
{
    char why[160];

    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK) {
        return true;
    }
    (void)gs_fail(err, GS_BAD_CONFIG, "%s: %s", name, why);
    return false;
}

static enum gs_status start(struct gs_kafka_source *source, const char *isolation,
                            struct gs_kafka_client **ret, struct gs_error *err)
{
    const struct gs_kafka_client *like = &source->client;
    const struct gs_kafka_options options = {.brokers = like->brokers,
                                             .shutdown_timeout_ms = like->shutdown_ms,
                                             .stop_ns = like->stop_ns,
                                             .heard_ns = atomic_load(&like->heard_ns),
                                             .log = atomic_load(&like->log),
                                             .log_arg = like->log_arg};
    struct gs_kafka_client *client = calloc(1, sizeof *client);

    if (client == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "Kafka client");
    }
    gs_kafka_client_init(client, source, &options);
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(source->changelog.conf);
    /* The end shows in an answer that has nothing in it, for which a broker takes its time. */
    if (!set(conf, "isolation.level", isolation, err) ||
        !set(conf, "fetch.wait.max.ms", "20", err)) {
        rd_kafka_conf_destroy(conf);
        free(client);
        return GS_BAD_CONFIG;
    }
    const enum gs_status status = gs_kafka_client_start(client, RD_KAFKA_CONSUMER, conf, err);
    if (status != GS_OK) {
        free(client);
        return status;
    }
    (void)rd_kafka_poll_set_consumer(client->rk);
    *ret = client;
    return GS_OK;
}

static bool no_such_partition(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

/* ---- ends ---- */

/* Asks for the first offset and the end. GS_AGAIN: not now; *ret_missing: there is no such
 * partition, as far as it is known. */
static enum gs_status ask_ends(struct gs_kafka_client *client, struct range *range,
                               bool *ret_missing, struct gs_error *err)
{
    int64_t low = 0;
    int64_t high = 0;
    const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
        client->rk, range->topic, range->partition, &low, &high, gs_kafka_slice_ms(client));

    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        range->at = low > range->at ? low : range->at;
        range->end = high < range->end ? high : range->end;
        return GS_OK;
    }
    *ret_missing = no_such_partition(code);
    return gs_fail(err, gs_kafka_needs_person(code) && !*ret_missing ? GS_IO : GS_AGAIN,
                   "%s [%d]: %s", range->topic, (int)range->partition, rd_kafka_err2str(code));
}

/* A topic that has just been made may not be known everywhere, so a partition that is missing is
 * asked for again for a while. */
static enum gs_status find_ends(struct gs_kafka_client *client, struct range *range,
                                int64_t deadline_ns, struct gs_error *err)
{
    const int64_t patience = gs_kafka_deadline(GS_KAFKA_MISSING_MS);
    struct gs_error why = {GS_OK, ""};

    for (unsigned attempt = 0;; attempt++) {
        bool missing = false;
        const enum gs_status status = ask_ends(client, range, &missing, &why);
        if (status != GS_AGAIN) {
            return status == GS_OK ? GS_OK : gs_fail(err, status, "%s", why.message);
        }
        if (gs_kafka_give_up(client, deadline_ns) || (missing && gs_kafka_past(patience))) {
            break;
        }
        gs_kafka_back_off(attempt);
    }
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(client->rk, range->topic, NULL);
    const int n = rkt == NULL ? -1 : gs_kafka_topic_partitions(client, rkt);
    if (rkt != NULL) {
        rd_kafka_topic_destroy(rkt);
    }
    if (n >= 0 && n <= range->partition) {
        return gs_fail(err, GS_IO,
                       "topic \"%s\" has %d partitions and no partition %d: what is kept of the "
                       "windows needs as many as the input has; add them",
                       range->topic, n, (int)range->partition);
    }
    return gs_fail(err, GS_FENCED, "%s", why.message);
}

/* ---- records ---- */

static struct range *find(struct range *ranges, size_t n, const rd_kafka_message_t *message)
{
    for (size_t i = 0; i < n; i++) {
        if (ranges[i].partition == message->partition &&
            strcmp(ranges[i].topic, rd_kafka_topic_name(message->rkt)) == 0) {
            return &ranges[i];
        }
    }
    return NULL;
}

static struct range *first_unread(struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (ranges[i].at < ranges[i].end) {
            return &ranges[i];
        }
    }
    return NULL;
}

/* GS_OK: it moved a range; GS_AGAIN: it did not. */
static enum gs_status take(struct range *ranges, size_t n, const rd_kafka_message_t *message,
                           visit_fn *visit, void *arg, bool *ret_enough, struct gs_error *err)
{
    const bool ends = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    struct range *range = message->rkt == NULL ? NULL : find(ranges, n, message);

    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && !ends) {
        const bool fatal = gs_kafka_needs_person(message->err) || gs_kafka_unreadable(message->err);
        return fatal ? gs_fail(err, GS_IO, "%s [%d] at %lld: %s",
                               range == NULL ? "state" : range->topic, (int)message->partition,
                               (long long)message->offset, rd_kafka_message_errstr(message))
                     : GS_AGAIN;
    }
    const int64_t at = message->offset + (ends ? 0 : 1);
    if (range == NULL || at <= range->at) {
        return GS_AGAIN;
    }
    const bool inside = !ends && message->offset < range->end;
    const enum gs_status status = inside ? visit(arg, range, message, ret_enough, err) : GS_OK;
    range->at = at;
    return status;
}

static enum gs_status stands_still(struct gs_kafka_client *client, const struct range *range,
                                   int patience_ms, struct gs_error *err)
{
    struct range look = *range;
    bool missing = false;

    if (gs_kafka_stopping(client)) {
        return gs_fail(err, GS_FENCED, "asked to stop while the windows were being restored");
    }
    if (ask_ends(client, &look, &missing, err) !=
        GS_OK) { /* brokers that are away are waited for */
        return gs_fail(err, GS_FENCED, "no answer while the windows were being restored");
    }
    return gs_fail(err, GS_IO,
                   "%s [%d] cannot be read past %lld, its end is %lld: nothing came for %d s. Does "
                   "somebody leave a transaction open for longer than that?",
                   range->topic, (int)range->partition, (long long)range->at, (long long)range->end,
                   patience_ms / 1000);
}

/* Reads all ranges to their ends. */
static enum gs_status read_ranges(struct gs_kafka_client *client, int patience_ms,
                                  struct range *ranges, size_t n, visit_fn *visit, void *arg,
                                  struct gs_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)n);
    int64_t deadline = gs_kafka_deadline(patience_ms);
    bool enough = false;
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < n && list != NULL; i++) {
        if (ranges[i].at < ranges[i].end) {
            rd_kafka_topic_partition_list_add(list, ranges[i].topic, ranges[i].partition)->offset =
                ranges[i].at;
        }
    }
    if (list == NULL || rd_kafka_assign(client->rk, list) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        status = gs_fail(err, GS_FENCED, "the changelog cannot be read");
    }
    while (status == GS_OK && !enough && first_unread(ranges, n) != NULL) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client->rk, 100);
        const enum gs_status moved =
            message == NULL ? GS_AGAIN : take(ranges, n, message, visit, arg, &enough, err);
        if (message != NULL) {
            rd_kafka_message_destroy(message);
        }
        if (moved == GS_OK) {
            deadline = gs_kafka_deadline(patience_ms);
        } else if (moved != GS_AGAIN) {
            status = moved;
        } else if (gs_kafka_give_up(client, deadline)) {
            status = stands_still(client, first_unread(ranges, n), patience_ms, err);
        }
    }
    (void)rd_kafka_assign(client->rk, NULL);
    if (list != NULL) {
        rd_kafka_topic_partition_list_destroy(list);
    }
    return status;
}

/* Ends by a client of its own, then the records by another. */
static enum gs_status find_and_read(struct gs_kafka_source *source, struct range *ranges, size_t n,
                                    visit_fn *visit, void *arg, struct gs_error *err)
{
    struct gs_kafka_client *client = NULL;
    const int64_t deadline = gs_kafka_deadline(GS_KAFKA_OPEN_MS);
    enum gs_status status = start(source, "read_uncommitted", &client, err);

    for (size_t i = 0; client != NULL && i < n && status == GS_OK; i++) {
        status = find_ends(client, &ranges[i], deadline, err);
    }
    stop(client);
    if (status != GS_OK || first_unread(ranges, n) == NULL) {
        return status;
    }
    client = NULL;
    status = start(source, "read_committed", &client, err);
    if (client != NULL && status == GS_OK) {
        status = read_ranges(client, source->changelog.patience_ms, ranges, n, visit, arg, err);
    }
    stop(client);
    return status;
}

/* ---- the state ---- */

static enum gs_status give(void *arg, const struct range *range, const rd_kafka_message_t *message,
                           bool *ret_enough, /* NOLINT(readability-non-const-parameter) */
                           struct gs_error *err)
{
    const struct gs_kafka_source *source = arg;
    const struct gs_source_events *events = &source->base.events;

    (void)ret_enough;
    return events->kept(events->arg, range->of, range->partition,
                        (struct gs_str){message->key, message->key_len},
                        (struct gs_str){message->payload, message->len}, err);
}

enum gs_status gs_kafka_changelog_restore(struct gs_kafka_source *source,
                                          const rd_kafka_topic_partition_list_t *list,
                                          struct gs_error *err)
{
    const struct gs_source_events *events = &source->base.events;
    const size_t n = (size_t)list->cnt;

    if (n == 0) {
        return GS_OK;
    }
    struct range *ranges = calloc(n, sizeof *ranges);
    if (ranges == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%zu partitions to restore", n);
    }
    for (size_t i = 0; i < n; i++) {
        ranges[i] = (struct range){.topic = source->changelog.topic,
                                   .partition = list->elems[i].partition,
                                   .end = INT64_MAX,
                                   .of = gs_str(list->elems[i].topic)};
    }
    enum gs_status status = source->changelog.topic == NULL
                                ? GS_OK
                                : find_and_read(source, ranges, n, give, source, err);
    for (size_t i = 0; i < n && status == GS_OK; i++) {
        status = events->restore(events->arg, ranges[i].of, ranges[i].partition,
                                 list->elems[i].offset, err);
    }
    free(ranges);
    return status;
}

/* ---- records of the input ---- */

static enum gs_status note(void *arg, const struct range *range, const rd_kafka_message_t *message,
                           bool *ret_enough, struct gs_error *err)
{
    bool *found = arg;

    (void)range, (void)message, (void)err;
    *found = true;
    *ret_enough = true;
    return GS_OK;
}

enum gs_status gs_kafka_source_holds(struct gs_source *base, struct gs_str topic, int32_t partition,
                                     int64_t from, int64_t to, bool *ret, struct gs_error *err)
{
    struct gs_kafka_source *source = gs_kafka_source_of(base);
    char *name = gs_str_copy(topic);
    struct range range = {.topic = name, .partition = partition, .at = from, .end = to};
    bool found = false;

    if (name == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a topic's name");
    }
    const enum gs_status status = find_and_read(source, &range, 1, note, &found, err);
    *ret = found;
    free(name);
    return status;
}
