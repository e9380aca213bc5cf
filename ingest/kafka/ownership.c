/* Partitions of the subscribed topics that no member of the group owns.
 *
 * A static member that comes back within its session gets the assignment that it had, and the broker
 * asks nobody anew. Were partitions or topics added meanwhile, they belong to no one, for as long as
 * nothing else makes the group form again: no error, no lag, no record.
 *
 *     the group's members and what they own     ListGroups, DescribeGroups (group.c)
 *     the partitions of the subscribed topics   metadata, once the group has answered
 *     what is in the second and not in the first is read by nobody
 *
 * That is looked at a second after each assignment, and every half minute. When it is found twice in
 * a row in a group that stands still, a member leaves the group and joins it again, which makes the
 * group form anew. All members see the same, so they wait in the order of their names, and one of
 * them does it. When it does not help, the next attempt waits twice as long.
 *
 * An assignment with topics that we have not subscribed to is the same fault seen from its other
 * side: they are left out (rebalance.c), and the member joins again at once.
 *
 * A broker that does not let us ask is asked again later; then nothing is known, which is not
 * "nothing is missing". Subscriptions by pattern are not looked at. */
#include "ingest/kafka/kafka_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_MS = 1000,  /* after an assignment */
    AGAIN_MS = 2000,  /* while something is missing */
    USUAL_MS = 30000, /* else; also the metadata that a consumer knows is refreshed late */
    TWICE = 2,        /* seen once may be a group that is about to form */
    SILENT_MS = 3000, /* a member sends heartbeats */
    MOST_RANK = 8,
    MOST_PATIENCE = 150,
};

/* ---- the subscription ---- */

enum gs_status gs_kafka_ownership_init(struct gs_kafka_source *source,
                                       const struct gs_kafka_options *options, struct gs_error *err)
{
    struct gs_kafka_ownership *own = &source->ownership;

    own->subscription = rd_kafka_topic_partition_list_new((int)options->n_topics);
    own->group = strdup(options->group);
    own->instance = strdup(options->instance == NULL ? "" : options->instance);
    own->patience = TWICE;
    own->due_ns = INT64_MAX;
    if (own->group == NULL || own->instance == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "Kafka source");
    }
    for (size_t i = 0; i < options->n_topics; i++) {
        rd_kafka_topic_partition_list_add(own->subscription, options->topics[i],
                                          RD_KAFKA_PARTITION_UA);
        own->patterns |= options->topics[i][0] == '^';
    }
    return GS_OK;
}

void gs_kafka_ownership_done(struct gs_kafka_ownership *own)
{
    if (own->subscription != NULL) {
        rd_kafka_topic_partition_list_destroy(own->subscription);
    }
    free(own->group);
    free(own->instance);
    *own = (struct gs_kafka_ownership){0};
}

enum gs_status gs_kafka_subscribe(struct gs_kafka_source *source, struct gs_error *err)
{
    const rd_kafka_resp_err_t code =
        rd_kafka_subscribe(source->client.rk, source->ownership.subscription);

    return code == RD_KAFKA_RESP_ERR_NO_ERROR
               ? GS_OK
               : gs_fail(err, GS_IO, "cannot subscribe: %s", rd_kafka_err2str(code));
}

bool gs_kafka_subscribed(const struct gs_kafka_source *source, const char *topic)
{
    const struct gs_kafka_ownership *own = &source->ownership;

    return own->patterns || rd_kafka_topic_partition_list_find(own->subscription, topic,
                                                               RD_KAFKA_PARTITION_UA) != NULL;
}

void gs_kafka_ownership_assigned(struct gs_kafka_source *source)
{
    source->ownership.due_ns = gs_kafka_deadline(FIRST_MS);
}

/* ---- who owns what ---- */

/* Takes the member's partitions out of the list of those without an owner. */
static void strike_out(rd_kafka_topic_partition_list_t *list,
                       const rd_kafka_topic_partition_list_t *owned)
{
    for (int i = 0; owned != NULL && i < owned->cnt; i++) {
        (void)rd_kafka_topic_partition_list_del(list, owned->elems[i].topic,
                                                owned->elems[i].partition);
    }
}

bool gs_kafka_list_partitions(struct gs_kafka_source *source, rd_kafka_topic_partition_list_t *list)
{
    const rd_kafka_topic_partition_list_t *subscription = source->ownership.subscription;
    bool complete = true;

    for (int i = 0; i < subscription->cnt && complete; i++) {
        const char *topic = subscription->elems[i].topic;
        if (topic[0] == '^') {
            continue;
        }
        rd_kafka_topic_t *rkt = rd_kafka_topic_new(source->client.rk, topic, NULL);
        const int n = rkt == NULL ? -1 : gs_kafka_topic_partitions(&source->client, rkt);
        complete = n > 0;
        if (complete) {
            rd_kafka_topic_partition_list_add_range(list, topic, 0, n - 1);
        }
        if (rkt != NULL) {
            rd_kafka_topic_destroy(rkt);
        }
    }
    return complete;
}

/* The place of this member in the order of names. */
static unsigned rank_of(const struct gs_kafka_ownership *own, const struct gs_kafka_group *group)
{
    unsigned rank = 0;

    for (size_t i = 0; i < group->n; i++) {
        rank += strcmp(group->at[i].name, own->instance) < 0;
    }
    return rank < MOST_RANK ? rank : MOST_RANK;
}

/* Records that wait in partitions without an owner; what cannot be had counts as nothing. */
static int64_t lag_of(struct gs_kafka_source *source, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_t *rk = source->client.rk;
    int64_t lag = 0;

    if (rd_kafka_committed(rk, list, gs_kafka_slice_ms(&source->client)) !=
        RD_KAFKA_RESP_ERR_NO_ERROR) {
        return 0;
    }
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *at = &list->elems[i];
        int64_t low = 0;
        int64_t high = 0;
        if (rd_kafka_query_watermark_offsets(rk, at->topic, at->partition, &low, &high,
                                             gs_kafka_slice_ms(&source->client)) ==
            RD_KAFKA_RESP_ERR_NO_ERROR) {
            const int64_t from = at->offset >= low ? at->offset : low;
            lag += high > from ? high - from : 0;
        }
    }
    return lag;
}

static void leave_and_join(struct gs_kafka_source *source, const char *why)
{
    struct gs_kafka_ownership *own = &source->ownership;

    gs_kafka_log(&source->client, GS_LOG_WARNING, "%s: joining the group %s anew", why, own->group);
    own->n_seen = 0;
    own->patience = own->patience * 2 < MOST_PATIENCE ? own->patience * 2 : MOST_PATIENCE;
    own->joining = true;
    own->foreign = false;
    /* A static member that unsubscribes leaves the group; one that closes does not. */
    (void)rd_kafka_unsubscribe(source->client.rk);
}

/* What was found in a group that stands still. */
static void judge(struct gs_kafka_source *source, rd_kafka_topic_partition_list_t *missing,
                  unsigned rank)
{
    struct gs_kafka_ownership *own = &source->ownership;
    char why[200];

    source->stats.unowned = (uint64_t)missing->cnt;
    if (missing->cnt == 0) {
        own->n_seen = 0;
        own->patience = TWICE;
        own->lag = 0;
        return;
    }
    own->due_ns = gs_kafka_deadline(AGAIN_MS);
    own->lag = rank == 0 ? lag_of(source, missing) : 0; /* told once, not by each member */
    (void)snprintf(why, sizeof why, "nobody reads %s[%d]%s", missing->elems[0].topic,
                   (int)missing->elems[0].partition,
                   missing->cnt > 1 ? " and other partitions of the input" : "");
    if (++own->n_seen >= own->patience + rank) {
        leave_and_join(source, why);
    } else if (own->n_seen == 1) {
        gs_kafka_log(&source->client, GS_LOG_WARNING, "%s (%d without an owner)", why,
                     missing->cnt);
    }
}

static void read_group(struct gs_kafka_source *source, const struct gs_kafka_group *group)
{
    if (!group->stable) {
        source->ownership.due_ns = gs_kafka_deadline(FIRST_MS); /* it forms just now */
        return;
    }
    rd_kafka_topic_partition_list_t *missing = rd_kafka_topic_partition_list_new(16);
    if (gs_kafka_list_partitions(source, missing)) {
        for (size_t i = 0; i < group->n; i++) {
            strike_out(missing, group->at[i].owned);
        }
        judge(source, missing, rank_of(&source->ownership, group));
    }
    rd_kafka_topic_partition_list_destroy(missing);
}

/* A broker that does not answer is not waited for again and again: then there is nothing to read. */
static bool is_silent(const struct gs_kafka_client *client)
{
    const _Atomic int64_t *heard_ns = atomic_load(&client->heard_ns);

    return heard_ns != NULL && gs_kafka_past(atomic_load(heard_ns) + SILENT_MS * INT64_C(1000000));
}

static void ask(struct gs_kafka_source *source)
{
    struct gs_kafka_ownership *own = &source->ownership;
    struct gs_kafka_group group = {.list = NULL};

    own->due_ns = gs_kafka_deadline(USUAL_MS);
    if (is_silent(&source->client)) {
        own->due_ns = gs_kafka_deadline(AGAIN_MS);
        return;
    }
    const rd_kafka_resp_err_t code = gs_kafka_group_read(
        source->client.rk, own->group, gs_kafka_slice_ms(&source->client), &group);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        read_group(source, &group);
    } else {
        gs_kafka_log(&source->client, GS_LOG_DEBUG, "who owns which partition is not known: %s",
                     rd_kafka_err2str(code));
    }
    gs_kafka_group_done(&group);
}

enum gs_status gs_kafka_ownership_check(struct gs_kafka_source *source, struct gs_error *err)
{
    struct gs_kafka_ownership *own = &source->ownership;

    if (own->joining) {
        if (source->positions.n > 0) {
            return GS_OK; /* they are revoked by a later poll */
        }
        own->joining = false;
        return gs_kafka_subscribe(source, err);
    }
    if (!source->assigned) {
        return GS_OK;
    }
    if (own->foreign) {
        leave_and_join(source, "the group gave us topics that are not in the configuration");
    } else if (!own->patterns && gs_kafka_past(own->due_ns)) {
        ask(source);
    }
    return GS_OK;
}
