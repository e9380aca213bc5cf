/* A survey (survey.h): the client of inspect.c, and metadata requests. */
#include "ingest/kafka/survey.h"

#include "ingest/kafka/inspect_internal.h"

#include <stdlib.h>
#include <string.h>

/* A reason that lasts REASON_MS is the reason. */
enum { ANSWER_MS = 8000, REASON_MS = 2000, GROUP_MS = 8000 };

struct gs_kafka_survey {
    struct gs_kafka_inspector at;
    struct gs_kafka_options options;
    const struct rd_kafka_metadata *cluster;
};

/* Serves the client's errors, so that its last one is known. */
static void serve(struct gs_kafka_survey *survey)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(survey->at.client.rk, 0);

    if (message != NULL) {
        rd_kafka_message_destroy(message);
    }
}

static enum gs_status connect_to(struct gs_kafka_survey *survey, struct gs_error *err)
{
    const int64_t deadline = gs_kafka_deadline(ANSWER_MS);
    const int64_t soon = gs_kafka_deadline(REASON_MS);
    bool known = false;
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;

    while (code != RD_KAFKA_RESP_ERR_NO_ERROR && !gs_kafka_past(known ? soon : deadline)) {
        code = rd_kafka_metadata(survey->at.client.rk, 0, NULL, &survey->cluster, 500);
        serve(survey);
        known = survey->at.client.last_error[0] != '\0';
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return GS_OK;
    }
    char reason[GS_KAFKA_REASON];
    gs_kafka_reason(&survey->at.client, reason);
    return gs_fail(err, GS_AGAIN, "%s", reason);
}

enum gs_status gs_kafka_survey_open(const struct gs_kafka_options *options,
                                    struct gs_kafka_survey **ret, struct gs_error *err)
{
    struct gs_kafka_survey *survey = calloc(1, sizeof *survey);

    if (survey == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a survey");
    }
    survey->options = *options;
    enum gs_status status = gs_kafka_inspector_start(&survey->at, &survey->options, err);
    if (status == GS_OK) {
        status = connect_to(survey, err);
    }
    if (status != GS_OK) {
        gs_kafka_survey_close(survey);
        return status;
    }
    *ret = survey;
    return GS_OK;
}

void gs_kafka_survey_close(struct gs_kafka_survey *survey)
{
    if (survey == NULL) {
        return;
    }
    if (survey->cluster != NULL) {
        rd_kafka_metadata_destroy(survey->cluster);
    }
    gs_kafka_inspector_stop(&survey->at);
    free(survey);
}

bool gs_kafka_survey_broker(const struct gs_kafka_survey *survey, size_t i,
                            struct gs_kafka_broker_facts *ret)
{
    if (i >= (size_t)survey->cluster->broker_cnt) {
        return false;
    }
    const struct rd_kafka_metadata_broker *broker = &survey->cluster->brokers[i];
    *ret = (struct gs_kafka_broker_facts){broker->host, broker->port, broker->id};
    return true;
}

/* ---- topics ---- */

static void read_partitions(const struct rd_kafka_metadata_topic *topic,
                            struct gs_kafka_topic_facts *ret)
{
    ret->n_partitions = topic->partition_cnt;
    for (int i = 0; i < topic->partition_cnt; i++) {
        const struct rd_kafka_metadata_partition *here = &topic->partitions[i];
        const bool first = i == 0;
        ret->n_leaderless += here->leader < 0;
        ret->fewest_replicas = first || here->replica_cnt < ret->fewest_replicas
                                   ? here->replica_cnt
                                   : ret->fewest_replicas;
        ret->fewest_in_sync =
            first || here->isr_cnt < ret->fewest_in_sync ? here->isr_cnt : ret->fewest_in_sync;
    }
}

static void read_setting(void *arg, const char *name, const char *value)
{
    struct gs_kafka_topic_facts *facts = arg;

    if (strcmp(name, "max.message.bytes") == 0) {
        facts->max_message_bytes = strtoll(value, NULL, 10);
    } else if (strcmp(name, "min.insync.replicas") == 0) {
        facts->min_in_sync = (int)strtol(value, NULL, 10);
    } else if (strcmp(name, "cleanup.policy") == 0) {
        facts->compacted = strstr(value, "compact") != NULL;
        facts->deleted = strstr(value, "delete") != NULL;
    }
}

enum gs_status gs_kafka_survey_topic(struct gs_kafka_survey *survey, const char *topic,
                                     struct gs_kafka_topic_facts *ret, struct gs_error *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(survey->at.client.rk, topic, NULL);

    *ret = (struct gs_kafka_topic_facts){.max_message_bytes = -1, .min_in_sync = -1};
    if (rkt == NULL) {
        return gs_fail(err, GS_IO, "%s", rd_kafka_err2str(rd_kafka_last_error()));
    }
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(survey->at.client.rk, 0, rkt, &metadata, ANSWER_MS);
    rd_kafka_topic_destroy(rkt);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        code = metadata->topic_cnt == 1 ? metadata->topics[0].err
                                        : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            survey->at.client.broker_id = metadata->broker_cnt > 0 ? metadata->brokers[0].id : -1;
            read_partitions(&metadata->topics[0], ret);
        }
        rd_kafka_metadata_destroy(metadata);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return gs_fail(err, GS_IO, "%s", rd_kafka_err2str(code));
    }
    ret->told = gs_kafka_topic_settings(&survey->at.client, topic, read_setting, ret);
    return GS_OK;
}

/* ---- groups ---- */

enum gs_status gs_kafka_survey_group(struct gs_kafka_survey *survey, const char *group,
                                     size_t *ret_members, struct gs_error *err)
{
    struct gs_kafka_group found;
    const rd_kafka_resp_err_t code =
        gs_kafka_group_read(survey->at.client.rk, group, GROUP_MS, &found);

    *ret_members = found.n;
    gs_kafka_group_done(&found);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? GS_OK
                                              : gs_fail(err, GS_IO, "%s", rd_kafka_err2str(code));
}

int gs_kafka_client_version(void)
{
    return rd_kafka_version();
}

const char *gs_kafka_client_version_text(void)
{
    return rd_kafka_version_str();
}
