/* Who is in a consumer group, and what they own.
 *
 * By rd_kafka_list_groups(), which gives a member's assignment as the bytes that its leader wrote.
 * The newer rd_kafka_DescribeConsumerGroups() reads them itself, but in librdkafka 2.0 an error on
 * the way to the coordinator (a broker that has just come back, one that does not know the request)
 * ends the process in an assertion.
 *
 *     int16 version
 *     int32 n × { int16 length, topic; int32 n × { int32 partition } }
 *     int32 length, what the assignor adds
 *
 * Big-endian. The bytes come from other members: what does not fit is no assignment. */
#include "ingest/kafka/kafka_internal.h"
#include "ingest/kafka/wire.h"

#include <stdlib.h>
#include <string.h>

static void read_topic(struct gs_wire *bytes, rd_kafka_topic_partition_list_t *list)
{
    char topic[256];
    const struct gs_str name = gs_wire_text(bytes, (size_t)gs_wire_number(bytes, 2));

    if (bytes->wrong || name.len >= sizeof topic) {
        bytes->wrong = true;
        return;
    }
    memcpy(topic, name.bytes, name.len);
    topic[name.len] = '\0';
    const uint32_t n = (uint32_t)gs_wire_number(bytes, 4);
    for (uint32_t i = 0; i < n && !bytes->wrong; i++) {
        const uint32_t partition = (uint32_t)gs_wire_number(bytes, 4);
        if (!bytes->wrong && partition <= INT32_MAX) {
            rd_kafka_topic_partition_list_add(list, topic, (int32_t)partition);
        }
    }
}

rd_kafka_topic_partition_list_t *gs_kafka_assignment_read(const void *assignment, size_t size)
{
    struct gs_wire bytes = {assignment, size, false};
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);

    (void)gs_wire_number(&bytes, 2);
    const uint32_t n = (uint32_t)gs_wire_number(&bytes, 4);
    for (uint32_t i = 0; i < n && !bytes.wrong; i++) {
        read_topic(&bytes, list);
    }
    return list;
}

rd_kafka_resp_err_t gs_kafka_group_read(rd_kafka_t *rk, const char *name, int timeout_ms,
                                        struct gs_kafka_group *ret)
{
    *ret = (struct gs_kafka_group){.list = NULL};
    rd_kafka_resp_err_t code = rd_kafka_list_groups(rk, name, &ret->list, timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR || ret->list->group_cnt == 0) {
        return code; /* nobody has heard of it: a group without members */
    }
    const struct rd_kafka_group_info *group = &ret->list->groups[0];
    if (group->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return group->err;
    }
    ret->at = calloc((size_t)group->member_cnt + 1, sizeof *ret->at);
    if (ret->at == NULL) {
        return RD_KAFKA_RESP_ERR__FAIL;
    }
    ret->stable = group->state != NULL && strcmp(group->state, "Stable") == 0;
    for (int i = 0; i < group->member_cnt; i++) {
        const struct rd_kafka_group_member_info *member = &group->members[i];
        const int size = member->member_assignment_size;
        ret->at[ret->n++] =
            (struct gs_kafka_member){.name = member->client_id == NULL ? "" : member->client_id,
                                     .owned = gs_kafka_assignment_read(
                                         member->member_assignment, size < 0 ? 0 : (size_t)size)};
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void gs_kafka_group_done(struct gs_kafka_group *group)
{
    for (size_t i = 0; i < group->n; i++) {
        rd_kafka_topic_partition_list_destroy(group->at[i].owned);
    }
    free(group->at);
    if (group->list != NULL) {
        rd_kafka_group_list_destroy(group->list);
    }
    *group = (struct gs_kafka_group){.list = NULL};
}
