#include "tests/unit/classifier/fixture.h"

#include "classifier/train/solve.h"

#include <math.h>

static size_t best_of(const float *p, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        best = p[i] > p[best] ? i : best;
    }
    return best;
}

static void test_learns_what_is_plain(void **state)
{
    struct gs_model *model = fixture_model(1);
    struct gs_model_work *work = NULL;
    uint32_t random = 99;
    (void)state;
    assert_int_equal(gs_model_work_new(model, &work, NULL), GS_OK);
    for (size_t i = 0; i < 60; i++) {
        const bool han = i % 2 != 0;
        uint32_t hashes[16];
        struct gs_prediction said;
        const size_t n = fixture_hashes(&random, han ? GS_HASH_HAN : 0, i % 3, i % 4, hashes);
        gs_model_predict(model, work, hashes, n, han ? 1 : 0, &said);
        assert_int_equal(best_of(said.p[GS_HEAD_SENTIMENT], 3), i % 3);
        assert_int_equal(best_of(said.p[GS_HEAD_TOPICS], 4), i % 4);
    }
    gs_model_work_free(work);
    gs_model_free(model);
}

static void test_same_seed_same_bytes(void **state)
{
    char one[64], two[64], three[64];
    size_t n = 0, m = 0;
    (void)state;
    char *const folders[] = {one, two, three};
    for (size_t i = 0; i < 3; i++) {
        struct gs_model *model = fixture_model(i < 2 ? 5 : 6);
        fixture_folder(folders[i]);
        assert_int_equal(gs_trainer_write(model, folders[i], (struct gs_str){"", 0}, NULL), GS_OK);
        gs_model_free(model);
    }
    char *a = fixture_read(one, "model.safetensors.gz", &n);
    char *b = fixture_read(two, "model.safetensors.gz", &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    free(b);
    b = fixture_read(three, "model.safetensors.gz", &m);
    assert_true(n != m || memcmp(a, b, n) != 0); /* the seed is used */
    free(a);
    free(b);
    a = fixture_read(one, "groundswell.json", &n);
    b = fixture_read(two, "groundswell.json", &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
    for (size_t i = 0; i < 3; i++) {
        fixture_remove(folders[i]);
    }
}

/* A set without a neutral class must not teach that there is none: the neutral problem has only the
 * rows of sets that know it. */
struct seen {
    size_t neutral_rows, negative_rows, topic_rows;
};

static void on_log(void *arg, const char *json)
{
    struct seen *seen = arg;
    const char *rows = strstr(json, "\"rows\":");
    if (rows == NULL || strstr(json, "\"phase\":\"final\"") == NULL ||
        strstr(json, "\"alphabetic\"") == NULL) {
        return;
    }
    const size_t n = strtoul(rows + 7, NULL, 10);
    seen->neutral_rows = strstr(json, "\"column\":\"neutral\"") != NULL ? n : seen->neutral_rows;
    seen->negative_rows = strstr(json, "\"column\":\"negative\"") != NULL ? n : seen->negative_rows;
    seen->topic_rows = strstr(json, "\"column\":\"topics/macro\"") != NULL ? n : seen->topic_rows;
}

static void test_what_a_set_does_not_know_is_masked(void **state)
{
    struct gs_trainer *trainer = fixture_trainer(1);
    struct gs_model *model = NULL;
    struct seen seen = {0};
    (void)state;
    assert_int_equal(gs_trainer_run(trainer, on_log, &seen, &model, NULL), GS_OK);
    assert_int_equal(seen.negative_rows, 2 * FIXTURE_ROWS); /* tweets and posts */
    assert_int_equal(seen.neutral_rows, FIXTURE_ROWS);      /* tweets only */
    assert_int_equal(seen.topic_rows, FIXTURE_ROWS);        /* posts have no topics */
    gs_trainer_free(trainer);
    gs_model_free(model);
}

static void test_a_label_known_by_name_only_makes_negatives(void **state)
{
    struct gs_train_options options = gs_train_defaults();
    struct gs_trainer *trainer = NULL;
    struct gs_model *model = NULL;
    struct gs_model_work *work = NULL;
    struct gs_prediction said;
    uint32_t random = 3;
    uint32_t hashes[16];
    size_t off_topic = 0;
    (void)state;
    options.name = "small";
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_OK);
    fixture_labels(trainer);
    assert_int_equal(gs_trainer_label(trainer, GS_HEAD_TOPICS, "off_topic", "", &off_topic, NULL),
                     GS_OK);
    const size_t finance = fixture_set(trainer, "tweet");
    fixture_add(trainer, finance, 0, false, true);
    gs_trainer_knows(trainer, finance, GS_HEAD_TOPICS, (uint64_t)1 << off_topic);
    const size_t other = fixture_set(trainer, "other");
    for (size_t i = 0; i < 100; i++) {
        struct gs_train_row row = {.hashes = hashes, .sentiment = GS_TRAIN_UNKNOWN};
        hashes[0] = 300;
        for (size_t k = 1; k < 6; k++) {
            hashes[k] = 1000U + fixture_random(&random) % 50U;
        }
        row.n = 6;
        row.has[GS_HEAD_TOPICS] = true;
        row.labels[GS_HEAD_TOPICS] = (uint64_t)1 << off_topic;
        assert_int_equal(gs_trainer_add(trainer, other, &row, NULL), GS_OK);
    }
    assert_int_equal(gs_trainer_run(trainer, NULL, NULL, &model, NULL), GS_OK);
    assert_int_equal(gs_model_work_new(model, &work, NULL), GS_OK);
    gs_model_predict(model, work, (const uint32_t[]){300}, 1, 0, &said);
    assert_true(said.p[GS_HEAD_TOPICS][off_topic] > 0.8F);
    const size_t n = fixture_hashes(&random, 0, 1, 1, hashes);
    gs_model_predict(model, work, hashes, n, 0, &said);
    assert_true(said.p[GS_HEAD_TOPICS][off_topic] < 0.2F);
    gs_model_work_free(work);
    gs_model_free(model);
    gs_trainer_free(trainer);
}

/* Two rows, by hand: with w = a (x1 - x2), b = 0 and C = 1 the minimum of w.w/2 + sum (1 -
 * margin)^2 is known. */
static void test_solver_by_hand(void **state)
{
    const uint32_t ids[] = {0, 1};
    const size_t at[] = {0, 1, 2};
    const float norms[] = {1, 1};
    const uint8_t squares[] = {1, 1};
    const uint32_t rows[] = {0, 1};
    const int8_t y[] = {1, -1};
    const float cost[] = {1, 1};
    const uint8_t domain[] = {0, 0};
    float weights[2];
    float bias[1];
    const struct gs_svm_problem problem = {.ids = ids,
                                           .at = at,
                                           .inverse_norm = norms,
                                           .squares = squares,
                                           .n_features = 2,
                                           .n = 2,
                                           .rows = rows,
                                           .y = y,
                                           .cost = cost,
                                           .domain = domain,
                                           .n_domains = 1,
                                           .share = 1.0F,
                                           .tolerance = 1e-6F,
                                           .max_passes = 250,
                                           .seed = 1};
    struct gs_solution solution = {.weights = weights, .bias = bias};
    (void)state;
    assert_int_equal(gs_solve(&problem, &solution, NULL), GS_OK);
    /* by symmetry b = 0, w = (v, -v): v^2 + 2 (1 - v)^2 is least at v = 2/3 */
    assert_float_equal(weights[0], 2.0F / 3.0F, 1e-3F);
    assert_float_equal(weights[1], -2.0F / 3.0F, 1e-3F);
    assert_float_equal(bias[0], 0.0F, 1e-3F);
}

static void test_prunes_to_what_was_asked(void **state)
{
    struct gs_train_options options = gs_train_defaults();
    struct gs_trainer *trainer = NULL;
    struct gs_model *model = NULL;
    (void)state;
    options.name = "small";
    options.max_rows[0] = 7;
    options.max_rows[1] = 0;
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_OK);
    fixture_labels(trainer);
    fixture_add(trainer, fixture_set(trainer, "tweet"), 0, false, true);
    fixture_add(trainer, fixture_set(trainer, "forum"), GS_HASH_HAN, false, true);
    assert_int_equal(gs_trainer_run(trainer, NULL, NULL, &model, NULL), GS_OK);
    assert_int_equal(model->profiles[GS_PROFILE_ALPHABETIC].n_rows, 7);
    assert_int_equal(model->profiles[GS_PROFILE_HAN].n_rows, 0);
    /* the seven that tell something are kept, the noise is not */
    for (size_t i = 0; i < 7; i++) {
        assert_true(model->profiles[GS_PROFILE_ALPHABETIC].keys[i] < 1000);
    }
    gs_model_free(model);
    gs_trainer_free(trainer);
}

static void test_refuses(void **state)
{
    struct gs_train_options options = gs_train_defaults();
    struct gs_trainer *trainer = NULL;
    struct gs_model *model = NULL;
    size_t number = 0;
    (void)state;
    options.name = "Not A Name";
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_BAD_FORMAT);
    options.name = "small";
    options.share = NAN;
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_BAD_FORMAT);
    options.share = 0.5F;
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_OK);
    assert_int_equal(gs_trainer_label(trainer, GS_HEAD_RISKS, "../x", "", &number, NULL),
                     GS_BAD_FORMAT);
    assert_int_equal(gs_trainer_run(trainer, NULL, NULL, &model, NULL), GS_BAD_FORMAT);
    gs_trainer_free(trainer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns_what_is_plain),
        cmocka_unit_test(test_same_seed_same_bytes),
        cmocka_unit_test(test_what_a_set_does_not_know_is_masked),
        cmocka_unit_test(test_a_label_known_by_name_only_makes_negatives),
        cmocka_unit_test(test_solver_by_hand),
        cmocka_unit_test(test_prunes_to_what_was_asked),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
