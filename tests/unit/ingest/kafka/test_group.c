/* The bytes of a member's assignment, which other members of the group write. */
#include "ingest/kafka/kafka_internal.h"
#include "tests/unit/gs_test.h"

#include <stdlib.h>
#include <string.h>

static const char two_topics[] = "\0\1"                            /* version */
                                 "\0\0\0\2"                        /* topics */
                                 "\0\3raw\0\0\0\2\0\0\0\0\0\0\0\3" /* raw: 0, 3 */
                                 "\0\1b\0\0\0\1\0\0\0\1"           /* b: 1 */
                                 "\0\0\0\0";                       /* nothing more */

static void the_partitions_are_read(void **state)
{
    (void)state;
    rd_kafka_topic_partition_list_t *list =
        gs_kafka_assignment_read(two_topics, sizeof two_topics - 1);
    assert_int_equal(list->cnt, 3);
    assert_non_null(rd_kafka_topic_partition_list_find(list, "raw", 0));
    assert_non_null(rd_kafka_topic_partition_list_find(list, "raw", 3));
    assert_non_null(rd_kafka_topic_partition_list_find(list, "b", 1));
    rd_kafka_topic_partition_list_destroy(list);
}

/* Cut anywhere, in a block of its own so that a sanitizer sees one byte too many. */
static void what_is_cut_off_ends_it(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof two_topics - 1; n++) {
        char *bytes = malloc(n + 1);
        assert_non_null(bytes);
        memcpy(bytes + 1, two_topics, n);
        rd_kafka_topic_partition_list_t *list = gs_kafka_assignment_read(bytes + 1, n);
        assert_in_range(list->cnt, 0, 3);
        rd_kafka_topic_partition_list_destroy(list);
        free(bytes);
    }
}

/* Lengths and counts that claim more than there is. */
static void what_lies_about_its_length_is_no_assignment(void **state)
{
    static const struct {
        const char *shows;
        const char *bytes;
        size_t n;
    } rows[] = {
        {"nothing", "", 0},
        {"many topics", "\0\1\xff\xff\xff\xff", 6},
        {"a topic of 65535 bytes", "\0\1\0\0\0\1\xff\xffraw", 11},
        {"many partitions", "\0\1\0\0\0\1\0\1b\xff\xff\xff\xff", 13},
        {"a negative partition", "\0\1\0\0\0\1\0\1b\0\0\0\1\xff\xff\xff\xff", 17},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].shows);
        rd_kafka_topic_partition_list_t *list = gs_kafka_assignment_read(rows[i].bytes, rows[i].n);
        assert_int_equal(list->cnt, 0);
        rd_kafka_topic_partition_list_destroy(list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_partitions_are_read),
        cmocka_unit_test(what_is_cut_off_ends_it),
        cmocka_unit_test(what_lies_about_its_length_is_no_assignment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
