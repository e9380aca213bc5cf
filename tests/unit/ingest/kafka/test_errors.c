#include "ingest/kafka/kafka_internal.h"
#include "tests/unit/gs_test.h"

/* What each class of error asks of a lane; a code belongs to one class at most. */
static const struct {
    const char *shows;
    rd_kafka_resp_err_t code;
    bool person, passes, membership, unreadable, record;
} cases[] = {
    {"a topic that refuses", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, true, 0, 0, 0, 0},
    {"a group that refuses", RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, true, 0, 0, 0, 0},
    {"wrong password", RD_KAFKA_RESP_ERR__AUTHENTICATION, true, 0, 0, 0, 0},
    {"a topic that is missing", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, true, 0, 0, 0, 0},
    {"a partition that is missing", RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, true, 0, 0, 0, 0},
    {"a record that is too large", RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 0, 0, 0, 0, true},
    {"a record without a key in a compacted topic", RD_KAFKA_RESP_ERR_INVALID_RECORD, 0, 0, 0, 0,
     true},
    {"a broker that is too old", RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, true, 0, 0, 0, 0},
    {"a connection that broke", RD_KAFKA_RESP_ERR__TRANSPORT, 0, true, 0, 0, 0},
    {"no broker is up", RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, 0, true, 0, 0, 0},
    {"a leader that moved", RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 0, true, 0, 0, 0},
    {"a coordinator that moved", RD_KAFKA_RESP_ERR_NOT_COORDINATOR, 0, true, 0, 0, 0},
    {"offsets in an open transaction", RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, 0, true, 0, 0, 0},
    {"too few replicas", RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 0, true, 0, 0, 0},
    {"an old generation", RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 0, 0, true, 0, 0},
    {"polled too late", RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, 0, 0, true, 0, 0},
    {"broken bytes", RD_KAFKA_RESP_ERR__BAD_MSG, 0, 0, 0, true, 0},
    {"an unknown compression", RD_KAFKA_RESP_ERR__BAD_COMPRESSION, 0, 0, 0, true, 0},
    {"a second instance", RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 0, 0, 0, 0, 0},
    {"a fenced producer", RD_KAFKA_RESP_ERR__FENCED, 0, 0, 0, 0, 0},
    {"no error", RD_KAFKA_RESP_ERR_NO_ERROR, 0, 0, 0, 0, 0},
};

static void codes_are_in_their_class(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        print_message("  %s\n", cases[i].shows);
        assert_int_equal(gs_kafka_needs_person(cases[i].code), cases[i].person);
        assert_int_equal(gs_kafka_passes(cases[i].code), cases[i].passes);
        assert_int_equal(gs_kafka_lost_membership(cases[i].code), cases[i].membership);
        assert_int_equal(gs_kafka_unreadable(cases[i].code), cases[i].unreadable);
        assert_int_equal(gs_kafka_refuses_record(cases[i].code), cases[i].record);
    }
}

static void no_code_is_in_two_classes(void **state)
{
    (void)state;
    for (int code = -200; code < 130; code++) {
        const rd_kafka_resp_err_t err = (rd_kafka_resp_err_t)code;
        assert_true(gs_kafka_needs_person(err) + gs_kafka_passes(err) +
                        gs_kafka_lost_membership(err) + gs_kafka_unreadable(err) +
                        gs_kafka_refuses_record(err) <=
                    1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_in_their_class),
        cmocka_unit_test(no_code_is_in_two_classes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
