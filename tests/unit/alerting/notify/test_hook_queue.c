/* The notices that wait for one webhook. */
#include "tests/unit/gs_test.h"

#include "alerting/notify/hook_queue.h"

#include <stdlib.h>
#include <string.h>

static struct gs_hook_queue *make(size_t max)
{
    struct gs_hook_queue *queue = NULL;

    assert_int_equal(gs_hook_queue_new(max, &queue, NULL), GS_OK);
    return queue;
}

static enum gs_hook_put put(struct gs_hook_queue *queue, const char *incident, const char *body,
                            char lost[17])
{
    return gs_hook_put(queue, incident, gs_str(body), 0, lost);
}

/* Takes all out and holds them to bodies, one letter each. */
static void takes(struct gs_hook_queue *queue, const char *bodies)
{
    for (; *bodies != '\0'; bodies++) {
        const struct gs_hook_notice *first = gs_hook_first(queue);
        assert_non_null(first);
        assert_int_equal(first->len, 1);
        assert_int_equal(first->body[0], *bodies);
        gs_hook_pop(queue);
    }
    assert_null(gs_hook_first(queue));
}

static void notices_stay_in_order(void **state)
{
    struct gs_hook_queue *queue = make(4);
    char lost[17];

    (void)state;
    assert_int_equal(put(queue, "x", "a", lost), GS_HOOK_IN);
    assert_int_equal(put(queue, "y", "b", lost), GS_HOOK_IN);
    assert_int_equal(put(queue, "x", "c", lost), GS_HOOK_IN);
    takes(queue, "abc");
    gs_hook_queue_free(queue);
}

static void the_oldest_of_the_incident_makes_room(void **state)
{
    struct gs_hook_queue *queue = make(3);
    char lost[17];

    (void)state;
    (void)put(queue, "w", "a", lost);
    (void)put(queue, "x", "b", lost);
    (void)put(queue, "x", "c", lost);
    assert_int_equal(put(queue, "x", "d", lost), GS_HOOK_REPLACED);
    assert_string_equal(lost, "x");
    assert_int_equal(put(queue, "y", "e", lost),
                     GS_HOOK_PUSHED); /* of y there is none: the oldest */
    assert_string_equal(lost, "w");
    takes(queue, "cde");
    gs_hook_queue_free(queue);
}

/* What is on its way may be taken by the receiver: it stays, and its place with it. */
static void what_is_on_its_way_stays(void **state)
{
    struct gs_hook_queue *queue = make(2);
    char lost[17];

    (void)state;
    (void)put(queue, "x", "a", lost);
    gs_hook_hold(queue, true);
    (void)put(queue, "y", "b", lost);
    assert_int_equal(put(queue, "x", "c", lost), GS_HOOK_PUSHED);
    assert_string_equal(lost, "y");
    takes(queue, "ac");
    (void)put(queue, "x", "d", lost);
    (void)put(queue, "x", "e", lost);
    assert_int_equal(put(queue, "x", "f", lost), GS_HOOK_REPLACED); /* not held any more */
    takes(queue, "ef");
    gs_hook_queue_free(queue);

    struct gs_hook_queue *one = make(1);
    (void)put(one, "x", "a", lost);
    gs_hook_hold(one, true);
    assert_int_equal(put(one, "x", "b", lost), GS_HOOK_FULL);
    assert_string_equal(lost, "x");
    takes(one, "a");
    gs_hook_queue_free(one);
}

static void bytes_are_bounded_too(void **state)
{
    struct gs_hook_queue *queue = make(100);
    const size_t len = GS_HOOK_BYTES / 4;
    char *body = malloc(len);
    char lost[17];

    (void)state;
    assert_non_null(body);
    memset(body, 'x', len);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(gs_hook_put(queue, "x", (struct gs_str){body, len}, i, lost), GS_HOOK_IN);
    }
    assert_int_equal(gs_hook_put(queue, "y", (struct gs_str){body, len}, 4, lost), GS_HOOK_PUSHED);
    assert_int_equal(gs_hook_count(queue), 4);
    assert_int_equal(gs_hook_first(queue)->since_ms, 1);
    free(body);
    gs_hook_queue_free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notices_stay_in_order),
        cmocka_unit_test(the_oldest_of_the_incident_makes_room),
        cmocka_unit_test(what_is_on_its_way_stays),
        cmocka_unit_test(bytes_are_bounded_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
