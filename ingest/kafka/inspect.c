/* A group's positions from outside (inspect.h): a consumer that joins no group asks for the group's
 * members, its committed offsets and the ends of the partitions, and reads one record where it wants
 * to know since when records wait. reader.c stands on the same client. */
#include "ingest/kafka/inspect.h"

#include "ingest/kafka/inspect_internal.h"

#include <stdlib.h>
#include <string.h>

enum { ASK_MS = 10000, READ_MS = 3000 };

/* ---- the client ---- */

enum gs_status gs_kafka_inspector_start(struct gs_kafka_inspector *at,
                                        struct gs_kafka_options *options, struct gs_error *err)
{
    rd_kafka_conf_t *conf = NULL;

    options->instance = NULL; /* it joins nothing */
    options->heard_ns = NULL;
    at->options = options;
    at->deadline_ns = gs_kafka_deadline(ASK_MS);
    at->list = rd_kafka_topic_partition_list_new(16);
    gs_kafka_client_init(&at->client, at, options);
    enum gs_status status = gs_kafka_conf_consumer(options, &conf, err);
    if (status == GS_OK) {
        status = gs_kafka_client_start(&at->client, RD_KAFKA_CONSUMER, conf, err);
    }
    if (status == GS_OK) { /* so that whoever polls hears of connections that fail */
        (void)rd_kafka_poll_set_consumer(at->client.rk);
    }
    return status;
}

void gs_kafka_inspector_stop(struct gs_kafka_inspector *at)
{
    gs_kafka_group_done(&at->group);
    if (at->list != NULL) {
        rd_kafka_topic_partition_list_destroy(at->list);
    }
    (void)gs_kafka_client_stop(&at->client);
}

/* ---- questions ---- */

enum gs_status gs_kafka_inspector_add_topic(struct gs_kafka_inspector *at, const char *topic,
                                            struct gs_error *err)
{
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(at->client.rk, topic, NULL);

    if (rkt == NULL) {
        return gs_fail(err, GS_BAD_CONFIG, "topic \"%s\": %s", topic,
                       rd_kafka_err2str(rd_kafka_last_error()));
    }
    enum gs_status status = gs_kafka_topic_check(&at->client, "input", rkt, at->deadline_ns, err);
    const int n = status == GS_OK ? gs_kafka_topic_partitions(&at->client, rkt) : 0;
    if (n > 0) {
        rd_kafka_topic_partition_list_add_range(at->list, topic, 0, n - 1);
    }
    rd_kafka_topic_destroy(rkt);
    return status;
}

/* While a transaction holds an offset the broker makes us wait: that is not "none". */
enum gs_status gs_kafka_inspector_committed(struct gs_kafka_inspector *at, struct gs_error *err)
{
    for (unsigned attempt = 0;; attempt++) {
        rd_kafka_resp_err_t code = rd_kafka_committed(at->client.rk, at->list, GS_KAFKA_SLICE_MS);
        for (int i = 0; i < at->list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
            code = at->list->elems[i].err;
        }
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return GS_OK;
        }
        if (gs_kafka_needs_person(code) || gs_kafka_past(at->deadline_ns)) {
            return gs_fail(err, GS_IO, "cannot read the offsets of group %s: %s",
                           at->options->group, rd_kafka_err2str(code));
        }
        gs_kafka_back_off(attempt);
    }
}

static enum gs_status ask_members(struct gs_kafka_inspector *at, struct gs_error *err)
{
    const rd_kafka_resp_err_t code =
        gs_kafka_group_read(at->client.rk, at->options->group, ASK_MS, &at->group);

    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? GS_OK
               : gs_fail(err, GS_IO, "cannot see the members of group %s: %s", at->options->group,
                         rd_kafka_err2str(code));
}

enum gs_status gs_kafka_inspector_ends(struct gs_kafka_inspector *at,
                                       const rd_kafka_topic_partition_t *partition,
                                       int64_t *ret_low, int64_t *ret_end, struct gs_error *err)
{
    const rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(at->client.rk, partition->topic, partition->partition,
                                         ret_low, ret_end, 2 * GS_KAFKA_SLICE_MS);

    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? GS_OK
               : gs_fail(err, GS_IO, "%s [%d]: %s", partition->topic, (int)partition->partition,
                         rd_kafka_err2str(code));
}

static const char *owner_of(const struct gs_kafka_group *group,
                            const rd_kafka_topic_partition_t *partition)
{
    for (size_t i = 0; i < group->n; i++) {
        if (rd_kafka_topic_partition_list_find(group->at[i].owned, partition->topic,
                                               partition->partition) != NULL) {
            return group->at[i].name;
        }
    }
    return NULL;
}

/* The time of the first record at or behind an offset; -1: none came in time. */
static int64_t time_at(struct gs_kafka_inspector *at, const rd_kafka_topic_partition_t *partition,
                       int64_t offset)
{
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    const int64_t deadline = gs_kafka_deadline(READ_MS);
    int64_t ms = -1;
    bool over = false;

    rd_kafka_topic_partition_list_add(one, partition->topic, partition->partition)->offset = offset;
    over = rd_kafka_assign(at->client.rk, one) != RD_KAFKA_RESP_ERR_NO_ERROR;
    while (!over && !gs_kafka_past(deadline)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(at->client.rk, 100);
        rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        if (message != NULL) {
            over = message->err == RD_KAFKA_RESP_ERR_NO_ERROR ||
                   message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
            ms = message->err == RD_KAFKA_RESP_ERR_NO_ERROR
                     ? rd_kafka_message_timestamp(message, &type)
                     : -1;
            rd_kafka_message_destroy(message);
        }
    }
    (void)rd_kafka_assign(at->client.rk, NULL);
    rd_kafka_topic_partition_list_destroy(one);
    return ms;
}

/* ---- lag ---- */

static enum gs_status tell_each(struct gs_kafka_inspector *at,
                                void (*each)(void *, const struct gs_kafka_standing *), void *arg,
                                struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (int i = 0; i < at->list->cnt && status == GS_OK; i++) {
        const rd_kafka_topic_partition_t *here = &at->list->elems[i];
        struct gs_kafka_standing standing = {.topic = here->topic,
                                             .partition = here->partition,
                                             .committed = here->offset >= 0 ? here->offset : -1,
                                             .since_ms = -1,
                                             .owner = owner_of(&at->group, here)};
        status = gs_kafka_inspector_ends(at, here, &standing.low, &standing.end, err);
        const int64_t from = standing.committed > standing.low ? standing.committed : standing.low;
        standing.lag = standing.end > from ? standing.end - from : 0;
        if (status == GS_OK && standing.lag > 0) {
            standing.since_ms = time_at(at, here, from);
        }
        if (status == GS_OK) {
            each(arg, &standing);
        }
    }
    return status;
}

enum gs_status gs_kafka_standings(const struct gs_kafka_options *given,
                                  void (*each)(void *arg, const struct gs_kafka_standing *standing),
                                  void *arg, size_t *ret_members, struct gs_error *err)
{
    struct gs_kafka_options options = *given;
    struct gs_kafka_inspector at = {.list = NULL};
    enum gs_status status = gs_kafka_inspector_start(&at, &options, err);

    for (size_t i = 0; i < options.n_topics && status == GS_OK; i++) {
        status = gs_kafka_inspector_add_topic(&at, options.topics[i], err);
    }
    if (status == GS_OK) {
        status = gs_kafka_inspector_committed(&at, err);
    }
    if (status == GS_OK) {
        status = ask_members(&at, err);
    }
    if (status == GS_OK) {
        *ret_members = at.group.n;
        status = tell_each(&at, each, arg, err);
    }
    gs_kafka_inspector_stop(&at);
    return status;
}

/* ---- moves ---- */

static enum gs_status find_target(struct gs_kafka_inspector *at, struct gs_kafka_move *move,
                                  struct gs_error *err)
{
    const rd_kafka_topic_partition_t *here = &at->list->elems[0];
    int64_t low = 0;
    int64_t end = 0;
    const enum gs_status status = gs_kafka_inspector_ends(at, here, &low, &end, err);

    if (status != GS_OK) {
        return status;
    }
    move->from = here->offset >= 0 ? here->offset : -1;
    const int64_t base = move->from > low ? move->from : low; /* deleted records are behind us */
    switch (move->kind) {
    case GS_MOVE_TO:
        move->to = move->offset;
        break;
    case GS_MOVE_BY:
        move->to = move->from >= 0 && move->from < low ? low : base + move->offset;
        break;
    case GS_MOVE_TO_FIRST:
        move->to = low;
        break;
    case GS_MOVE_TO_END:
        move->to = end;
        break;
    }
    return move->to >= low && move->to <= end
               ? GS_OK
               : gs_fail(err, GS_BAD_CONFIG,
                         "%s [%d] has the offsets %lld to %lld; %lld is not one of them",
                         move->topic, (int)move->partition, (long long)low, (long long)end,
                         (long long)move->to);
}

static enum gs_status must_rest(struct gs_kafka_inspector *at, struct gs_error *err)
{
    const enum gs_status status = ask_members(at, err);

    return status != GS_OK || at->group.n == 0
               ? status
               : gs_fail(err, GS_BAD_CONFIG,
                         "group %s has %zu members, %s among them: stop every process of it first "
                         "(one that was killed is gone after its session, 10 s)",
                         at->options->group, at->group.n, at->group.at[0].name);
}

static enum gs_status write_move(struct gs_kafka_inspector *at, const struct gs_kafka_move *move,
                                 struct gs_error *err)
{
    at->list->elems[0].offset = move->to;
    const rd_kafka_resp_err_t code = rd_kafka_commit(at->client.rk, at->list, 0);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? GS_OK
               : gs_fail(err, GS_IO, "the offset cannot be set: %s", rd_kafka_err2str(code));
}

enum gs_status gs_kafka_move(const struct gs_kafka_options *given, struct gs_kafka_move *move,
                             struct gs_error *err)
{
    struct gs_kafka_options options = *given;
    struct gs_kafka_inspector at = {.list = NULL};
    enum gs_status status = gs_kafka_inspector_start(&at, &options, err);

    if (status == GS_OK) {
        status = gs_kafka_inspector_add_topic(&at, move->topic, err);
    }
    if (status == GS_OK && (move->partition < 0 || move->partition >= at.list->cnt)) {
        status = gs_fail(err, GS_BAD_CONFIG, "topic \"%s\" has the partitions 0 to %d", move->topic,
                         at.list->cnt - 1);
    }
    if (status == GS_OK) {
        rd_kafka_topic_partition_list_destroy(at.list);
        at.list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(at.list, move->topic, move->partition);
        status = must_rest(&at, err);
    }
    if (status == GS_OK) {
        status = gs_kafka_inspector_committed(&at, err);
    }
    if (status == GS_OK) {
        status = find_target(&at, move, err);
    }
    if (status == GS_OK) {
        status = write_move(&at, move, err);
    }
    gs_kafka_inspector_stop(&at);
    return status;
}
