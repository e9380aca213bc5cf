/* What a run tells of how far it is. */
#include "tests/unit/classifier/fixture.h"

struct told {
    size_t n, problems_solved;
    size_t problems; /* as it was said last */
    double done;
    bool trial, final;
};

static void on_log(void *arg, const char *json)
{
    struct told *told = arg;

    told->problems_solved += strstr(json, "\"event\":\"problem\"") != NULL;
}

static void on_progress(void *arg, const struct gs_train_progress *progress)
{
    struct told *told = arg;

    told->n++;
    assert_int_equal(progress->problem, told->n);
    assert_in_range(progress->problem, 1, progress->problems);
    assert_true(progress->done > told->done && progress->done < 1.0 + 1e-9);
    assert_true(progress->loss >= 0.0);
    told->trial = told->trial || strcmp(progress->phase, "trial") == 0;
    told->final = told->final || strcmp(progress->phase, "final") == 0;
    told->problems = progress->problems;
    told->done = progress->done;
}

static void run(size_t max_rows, struct told *told)
{
    struct gs_train_options options = gs_train_defaults();
    struct gs_trainer *trainer = NULL;
    struct gs_model *model = NULL;
    const struct gs_train_listener listener = {on_log, on_progress, told};

    options.name = "small";
    options.max_rows[0] = max_rows;
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_OK);
    fixture_labels(trainer);
    fixture_add(trainer, fixture_set(trainer, "tweet"), 0, false, true);
    fixture_add(trainer, fixture_set(trainer, "forum"), GS_HASH_HAN, false, true);
    assert_int_equal(gs_trainer_run(trainer, &listener, &model, NULL), GS_OK);
    gs_model_free(model);
    gs_trainer_free(trainer);
}

static void test_every_problem_is_told_and_the_last_is_the_end(void **state)
{
    struct told told = {0};

    (void)state;
    run(1000, &told);
    assert_true(told.trial && told.final);
    assert_int_equal(told.n, told.problems_solved);
    assert_int_equal(told.n, told.problems);
    assert_float_equal(told.done, 1.0, 1e-9);
}

static void test_choosing_ngrams_is_work_too(void **state)
{
    struct told all = {0};
    struct told chosen = {0};

    (void)state;
    run(1000, &all);
    run(8, &chosen);
    assert_true(chosen.n > all.n);
    assert_int_equal(chosen.n, chosen.problems);
    assert_float_equal(chosen.done, 1.0, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_problem_is_told_and_the_last_is_the_end),
        cmocka_unit_test(test_choosing_ngrams_is_work_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
