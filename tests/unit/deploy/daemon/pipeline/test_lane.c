#include "deploy/daemon/pipeline/lane.h"

#include "deploy/daemon/pipeline/dlq.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/log.h"
#include "tests/unit/deploy/daemon/fake_io.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>

/* A stage that copies values to the tagged stream and keeps a sum that undo must restore. */
struct copier {
    int sum, sum_was;
    int n_begun, n_committed, n_undone, n_assigned, n_revoked, n_suspects, n_ends;
    bool open;
};

static void begin(void *self)
{
    struct copier *copier = self;

    assert_false(copier->open);
    copier->open = true;
    copier->n_begun++;
    copier->sum_was = copier->sum;
}

static enum gs_status on_record(void *self, const struct gs_record *record, bool suspect,
                                struct gs_sink *sink, struct gs_error *err)
{
    struct copier *copier = self;
    const struct gs_output output = {.value = record->value, .timestamp_ms = -1, .partition = -1};

    assert_true(copier->open);
    copier->sum++;
    if (suspect) {
        copier->n_suspects++;
        const struct gs_rejection why = {GS_REJECT_OUTPUT_TOO_LARGE, "suspect", "test", true};
        return gs_dlq_put(sink, record, &why, err);
    }
    const enum gs_status status = gs_sink_put(sink, GS_STREAM_TAGGED, &output, err);
    const struct gs_rejection why = {GS_REJECT_OUTPUT_TOO_LARGE, "too large", "test", false};
    return status != GS_BAD_FORMAT ? status : gs_dlq_put(sink, record, &why, err);
}

static bool pending(void *self, const struct gs_source *source)
{
    (void)self;
    (void)source;
    return false;
}

static enum gs_status finish(void *self, const struct gs_source *source, struct gs_sink *sink,
                             struct gs_error *err)
{
    (void)source;
    (void)sink;
    (void)err;
    assert_true(((struct copier *)self)->open);
    return GS_OK;
}

static enum gs_status at_end(void *self, struct gs_sink *sink, struct gs_error *err)
{
    const struct gs_output output = {.value = gs_str("end"), .timestamp_ms = -1, .partition = -1};

    ((struct copier *)self)->n_ends++;
    return gs_sink_put(sink, GS_STREAM_ALERTS, &output, err);
}

static void committed(void *self)
{
    struct copier *copier = self;

    assert_true(copier->open);
    copier->open = false;
    copier->n_committed++;
}

static void undone(void *self)
{
    struct copier *copier = self;

    assert_true(copier->open);
    copier->open = false;
    copier->sum = copier->sum_was;
    copier->n_undone++;
}

static void assigned(void *self, struct gs_str topic, int32_t partition)
{
    (void)topic;
    (void)partition;
    assert_false(((struct copier *)self)->open);
    ((struct copier *)self)->n_assigned++;
}

static void revoked(void *self, struct gs_str topic, int32_t partition)
{
    (void)topic;
    assert_false(((struct copier *)self)->open);
    ((struct copier *)self)->n_revoked += partition != GS_EVERY_PARTITION;
}

static const struct gs_stage_ops copier_ops = {.begin = begin,
                                               .record = on_record,
                                               .pending = pending,
                                               .finish = finish,
                                               .end = at_end,
                                               .committed = committed,
                                               .undone = undone,
                                               .assigned = assigned,
                                               .revoked = revoked};

struct fixture {
    struct fake_io io;
    struct copier copier;
    struct gs_metrics *metrics;
    struct gs_lane *lane;
    char text[100][8];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct gs_shard *shard = NULL;

    if (f == NULL || gs_metrics_new(gs_metric_table, GS_N_METRICS, &f->metrics, NULL) != GS_OK ||
        gs_shard_new(f->metrics, &shard, NULL) != GS_OK) {
        return -1;
    }
    fake_io_init(&f->io);
    for (size_t i = 0; i < 100; i++) {
        (void)snprintf(f->text[i], sizeof f->text[i], "m%zu", i);
        f->io.values[i] = f->text[i];
    }
    f->io.n_values = 100;
    f->io.end = true;
    const struct gs_lane_options options = {.name = "test 0",
                                            .stage = "tag",
                                            .ops = &copier_ops,
                                            .self = &f->copier,
                                            .max_messages = 10,
                                            .max_time_ms = 10000,
                                            .open = fake_open,
                                            .open_arg = &f->io,
                                            .shard = shard};
    *state = f;
    return gs_lane_new(&options, &f->lane, NULL) == GS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    gs_lane_free(f->lane);
    gs_metrics_free(f->metrics);
    free(f);
    return 0;
}

/* Every record's copy is out once, in order. */
static void assert_all_once(const struct fixture *f)
{
    size_t next = 0;

    for (size_t i = 0; i < f->io.n_outputs; i++) {
        if (f->io.outputs[i].stream == GS_STREAM_TAGGED) {
            assert_true(next < f->io.n_values);
            assert_string_equal(f->io.outputs[i].value, f->io.values[next]);
            next++;
        }
    }
    assert_int_equal(next, f->io.n_values);
    assert_int_equal(f->copier.sum, f->io.n_values);
    assert_int_equal(f->io.committed, f->io.n_values);
}

static void a_run_copies_all_and_ends(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_all_once(f);
    assert_int_equal(f->copier.n_ends, 1);
    assert_int_equal(fake_count(&f->io, GS_STREAM_ALERTS), 1);
    assert_int_equal(atomic_load(&gs_lane_status(f->lane)->consumed), 100);
    assert_false(atomic_load(&gs_lane_status(f->lane)->failed));
}

static void an_aborted_batch_is_undone_and_read_again(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.commit_status[2] = GS_ABORTED;
    f->io.commit_status[3] = GS_ABORTED;
    f->io.n_commit_status = 4;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_all_once(f);
    assert_int_equal(f->copier.n_undone, 2);
    assert_int_equal(f->copier.n_begun, f->copier.n_committed + 2);
}

static void an_abort_of_the_last_batch_does_not_end_the_run(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.n_values = 5; /* one batch: its commit is the one at the end of the input */
    f->io.commit_status[0] = GS_ABORTED;
    f->io.n_commit_status = 1;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_all_once(f);
}

static void lost_clients_are_made_new(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.commit_status[1] = GS_FENCED;
    f->io.n_commit_status = 2;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_all_once(f);
    assert_int_equal(f->io.n_opens, 2);
    assert_int_equal(f->copier.n_undone, 1);
}

static void restarts_are_bounded(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    for (size_t i = 0; i < 16; i++) {
        f->io.commit_status[i] = GS_FENCED;
    }
    f->io.n_commit_status = 16;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_IO);
    assert_non_null(strstr(err.message, "10 restarts within 300 s"));
    assert_non_null(strstr(err.message, "the test wants this commit to fail")); /* the cause */
    assert_int_equal(f->io.n_opens, 11);
    assert_int_equal(f->io.n_outputs, 0);
    assert_true(atomic_load(&gs_lane_status(f->lane)->failed));
}

/* Nobody answers, far more often than clients may be lost: a lane that ran waits for its brokers. */
static void brokers_that_are_away_are_waited_for(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.commit_status[1] = GS_FENCED;
    f->io.n_commit_status = 2;
    f->io.n_open_status = 15;
    for (size_t i = 1; i < f->io.n_open_status; i++) {
        f->io.open_status[i] = GS_AGAIN;
    }
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_all_once(f);
    assert_int_equal(f->io.n_opens, 16);
}

/* A broker that has just come back may say that it knows no such topic: once is not for ever. */
static void an_open_that_fails_is_tried_again(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.commit_status[1] = GS_FENCED;
    f->io.n_commit_status = 2;
    f->io.n_open_status = 4;
    for (size_t i = 1; i < f->io.n_open_status; i++) {
        f->io.open_status[i] = GS_IO;
    }
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_all_once(f);
    assert_int_equal(f->io.n_opens, 5);
}

/* … and when it is for ever, the lane says what it was. */
static void an_open_that_fails_for_ever_ends_the_lane(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.commit_status[1] = GS_FENCED;
    f->io.n_commit_status = 2;
    f->io.n_open_status = 40;
    for (size_t i = 1; i < f->io.n_open_status; i++) {
        f->io.open_status[i] = GS_IO;
    }
    assert_int_equal(gs_lane_run(f->lane, &err), GS_IO);
    assert_non_null(strstr(err.message, "nobody answers"));
    assert_int_equal(f->io.n_opens, 11);
}

static void a_first_start_without_brokers_fails(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.open_status[0] = GS_AGAIN;
    f->io.n_open_status = 1;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_IO);
    assert_string_equal(err.message, "nobody answers");
    assert_int_equal(f->io.n_opens, 1);
    assert_true(atomic_load(&gs_lane_status(f->lane)->failed));
}

static void a_failure_stops_and_leaves_nothing_half_done(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.commit_status[1] = GS_IO;
    f->io.n_commit_status = 2;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_IO);
    assert_int_equal(fake_count(&f->io, GS_STREAM_TAGGED), 10);
    assert_int_equal(f->copier.sum, 10);
    assert_false(f->copier.open);
}

static void revoked_partitions_commit_what_is_open(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.revoke_at = 25;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_all_once(f);
    assert_int_equal(f->io.n_aborts, 0);
    assert_int_equal(f->copier.n_undone, 0);
    assert_int_equal(f->copier.n_revoked, 1);
    assert_int_equal(f->copier.n_assigned, 2);
}

static void lost_partitions_abort_what_is_open(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.revoke_at = 25;
    f->io.revoke_lost = true;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_all_once(f);
    assert_int_equal(f->io.n_aborts, 1);
    assert_int_equal(f->copier.n_undone, 1);
}

static void a_record_that_the_broker_refuses_is_found(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.poison = "m42";
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_int_equal(fake_count(&f->io, GS_STREAM_TAGGED), 99);
    assert_int_equal(fake_count(&f->io, GS_STREAM_DLQ), 1);
    assert_int_equal(f->copier.n_suspects, 1);
    for (size_t i = 0; i < f->io.n_outputs; i++) {
        if (f->io.outputs[i].stream == GS_STREAM_DLQ) {
            assert_string_equal(f->io.outputs[i].value, "m42");
            assert_string_equal(f->io.outputs[i].code, "output_too_large");
            assert_int_equal(f->io.outputs[i].n_headers, 6);
        }
    }
}

/* A member of the past has every batch refused, however small: that says nothing about its records,
 * and they are not suspect when they come again with the next assignment. */
static void a_new_assignment_suspects_nobody(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    for (size_t i = 0; i < 8; i++) { /* 10, 5, 2, then one at a time */
        f->io.commit_status[i] = GS_ABORTED;
    }
    f->io.commit_status[8] = GS_FENCED;
    f->io.n_commit_status = 9;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_int_equal(f->io.n_opens, 2);
    assert_int_equal(fake_count(&f->io, GS_STREAM_TAGGED), 100);
    assert_int_equal(fake_count(&f->io, GS_STREAM_DLQ), 0);
}

/* Ten records a batch, but no more than 32 MiB of them: 16 of 8 MiB make four batches. */
static void a_batch_is_bounded_in_bytes(void **state)
{
    enum { LARGE = 8 << 20 };
    struct fixture *f = *state;
    struct gs_error err = {0};
    char *large = malloc(LARGE + 1);

    assert_non_null(large);
    memset(large, 'x', LARGE);
    large[LARGE] = '\0';
    f->io.n_values = 16;
    for (size_t i = 0; i < f->io.n_values; i++) {
        f->io.values[i] = large;
    }
    const enum gs_status status = gs_lane_run(f->lane, &err);
    free(large);
    assert_int_equal(status, GS_OK);
    assert_int_equal(fake_count(&f->io, GS_STREAM_TAGGED), 16);
    assert_int_equal(f->copier.n_committed, 4 + 1); /* and the end of the input */
}

static void a_dlq_that_refuses_stops_the_lane(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.values[7] = "this value is too long for any of the topics";
    f->io.refuse_len = 20;
    f->io.refuse_dlq = true;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_IO);
    assert_non_null(strstr(err.message, "the DLQ refuses in[0] offset 7"));
    assert_int_equal(f->io.committed, 0);
    assert_int_equal(f->io.n_outputs, 0);
}

static void a_stop_finishes_what_is_in_flight(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.n_values = 95; /* 5 in the last batch, which is not due yet */
    f->io.end = false;
    f->io.stop_when_dry = f->lane;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_all_once(f);
    assert_int_equal(f->copier.n_committed, 10);
    assert_int_equal(f->copier.n_ends, 0);
}

/* The broker is gone: the last commit fails, and what then comes of closing the source finds no
 * batch to commit into a sink that is closed. */
static void a_stop_with_the_broker_gone_leaves_no_open_batch(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.n_values = 5;
    f->io.end = false;
    f->io.stop_when_dry = f->lane;
    f->io.commit_status[0] = GS_FENCED;
    f->io.n_commit_status = 1;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_OK);
    assert_false(f->copier.open);
    assert_int_equal(f->copier.n_undone, 1);
    assert_int_equal(f->io.n_commits, 1);
    assert_int_equal(f->io.n_outputs, 0);
}

/* 95 records, nine batches of ten and one of five that is open when the input breaks off. */
static void an_input_that_breaks_off_loses_nothing_before(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.n_values = 95;
    f->io.end = false;
    f->io.broken = true;
    f->io.ends_well = true;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_IO);
    assert_string_equal(err.message, "broken off");
    assert_all_once(f);
    assert_int_equal(f->copier.n_ends, 1);
    assert_true(atomic_load(&gs_lane_status(f->lane)->failed));
}

/* A source that does not say that what came before is good: the open batch is rolled back. */
static void a_source_that_fails_voids_the_open_batch(void **state)
{
    struct fixture *f = *state;
    struct gs_error err = {0};

    f->io.n_values = 95;
    f->io.end = false;
    f->io.broken = true;
    assert_int_equal(gs_lane_run(f->lane, &err), GS_IO);
    assert_int_equal(f->io.committed, 90);
    assert_int_equal(f->copier.sum, 90);
    assert_int_equal(f->copier.n_ends, 0);
}

int main(void)
{
    gs_log_configure(GS_LOG_ERROR + 1, false);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_copies_all_and_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_aborted_batch_is_undone_and_read_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_abort_of_the_last_batch_does_not_end_the_run, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(lost_clients_are_made_new, set_up, tear_down),
        cmocka_unit_test_setup_teardown(restarts_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(brokers_that_are_away_are_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_open_that_fails_is_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_open_that_fails_for_ever_ends_the_lane, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_first_start_without_brokers_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_stops_and_leaves_nothing_half_done, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(revoked_partitions_commit_what_is_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lost_partitions_abort_what_is_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_the_broker_refuses_is_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_new_assignment_suspects_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_is_bounded_in_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dlq_that_refuses_stops_the_lane, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stop_finishes_what_is_in_flight, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_input_that_breaks_off_loses_nothing_before, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_source_that_fails_voids_the_open_batch, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stop_with_the_broker_gone_leaves_no_open_batch, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("daemon/lane", tests, NULL, NULL);
}
