/* What the brokers say of themselves, of topics and of groups, asked with the settings of a lane: for
 * `groundswell doctor`. Nothing is written, and no group is joined.
 *
 * Threads: owned by one. */
#ifndef GS_INGEST_SURVEY_H
#define GS_INGEST_SURVEY_H

#include "ingest/kafka/kafka.h"

struct gs_kafka_survey; /* opaque */

struct gs_kafka_broker_facts {
    const char *host; /* as the cluster tells its clients */
    int port;
    int32_t id;
};

struct gs_kafka_topic_facts {
    int n_partitions;
    int fewest_replicas, fewest_in_sync; /* of one partition */
    int n_leaderless;
    bool told;                 /* whether its settings may be seen; else those below are unknown */
    int64_t max_message_bytes; /* -1: unknown */
    int min_in_sync;           /* -1 */
    bool compacted, deleted;   /* cleanup.policy */
};

/* options: brokers, properties, group (any). Waits some ten seconds. GS_AGAIN: no broker can be talked
 * to, and the message says why; GS_BAD_CONFIG; GS_NO_MEMORY. Strings are borrowed. */
GS_MUST_CHECK
enum gs_status gs_kafka_survey_open(const struct gs_kafka_options *options,
                                    struct gs_kafka_survey **ret, struct gs_error *err);
void gs_kafka_survey_close(struct gs_kafka_survey *survey); /* NULL is fine */

/* The i-th broker; false: there is none. Lent until the close. */
bool gs_kafka_survey_broker(const struct gs_kafka_survey *survey, size_t i,
                            struct gs_kafka_broker_facts *ret);
/* GS_IO: there is no such topic, or no right to see it; the message says which. */
GS_MUST_CHECK
enum gs_status gs_kafka_survey_topic(struct gs_kafka_survey *survey, const char *topic,
                                     struct gs_kafka_topic_facts *ret, struct gs_error *err);
/* How many members a group has. GS_IO: it may not be seen. */
GS_MUST_CHECK
enum gs_status gs_kafka_survey_group(struct gs_kafka_survey *survey, const char *group,
                                     size_t *ret_members, struct gs_error *err);

/* librdkafka's own: as 0x020002ff, and as "2.0.2". */
int gs_kafka_client_version(void);
const char *gs_kafka_client_version_text(void);

#endif
