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
    struct gs_model_workspace *work = NULL;
    uint32_t random = 99;
    (void)state;
    assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
    for (size_t i = 0; i < 60; i++) {
        const bool han = i % 2 != 0;
        uint32_t hashes[16];
        struct gs_prediction said;
        const size_t n = fixture_hashes(&random, han ? GS_HASH_HAN : 0, i % 3, i % 4, hashes);
        gs_model_predict(model, work, hashes, n, han ? 1 : 0, &said);
        assert_int_equal(best_of(said.p[GS_HEAD_SENTIMENT], 3), i % 3);
        assert_int_equal(best_of(said.p[GS_HEAD_TOPICS], 4), i % 4);
    }
    gs_model_workspace_free(work);
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
    const struct gs_train_listener listener = {.log = on_log, .arg = &seen};
    assert_int_equal(gs_trainer_run(trainer, &listener, &model, NULL), GS_OK);
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
    struct gs_model_workspace *work = NULL;
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
    assert_int_equal(gs_trainer_run(trainer, NULL, &model, NULL), GS_OK);
    assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
    gs_model_predict(model, work, (const uint32_t[]){300}, 1, 0, &said);
    assert_true(said.p[GS_HEAD_TOPICS][off_topic] > 0.8F);
    const size_t n = fixture_hashes(&random, 0, 1, 1, hashes);
    gs_model_predict(model, work, hashes, n, 0, &said);
    assert_true(said.p[GS_HEAD_TOPICS][off_topic] < 0.2F);
    gs_model_workspace_free(work);
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
    assert_int_equal(gs_trainer_run(trainer, NULL, &model, NULL), GS_OK);
    assert_int_equal(model->profiles[GS_PROFILE_ALPHABETIC].n_rows, 7);
    assert_int_equal(model->profiles[GS_PROFILE_HAN].n_rows, 0);
    /* the seven that tell something are kept, the noise is not */
    for (size_t i = 0; i < 7; i++) {
        assert_true(model->profiles[GS_PROFILE_ALPHABETIC].keys[i] < 1000);
    }
    gs_model_free(model);
    gs_trainer_free(trainer);
}

/* Each refusal for its own reason: the messages are looked at, since the status is the same for
 * all. */
static void test_refuses(void **state)
{
    struct gs_train_options options = gs_train_defaults();
    struct gs_trainer *trainer = NULL;
    struct gs_model *model = NULL;
    struct gs_error err = {0};
    size_t number = 0;
    (void)state;
    options.name = "Not A Name";
    assert_int_equal(gs_trainer_new(&options, &trainer, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "name or version"));
    options.name = "small";
    options.share = NAN;
    assert_int_equal(gs_trainer_new(&options, &trainer, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "out of range"));
    options.share = 0.5F;
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_OK);
    assert_int_equal(gs_trainer_label(trainer, GS_HEAD_RISKS, "../x", "", &number, &err),
                     GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "\"../x\""));
    assert_int_equal(gs_trainer_label(trainer, GS_HEAD_RISKS, "x", "", &number, NULL), GS_OK);
    assert_int_equal(gs_trainer_run(trainer, NULL, &model, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "0 rows to train on"));
    gs_trainer_free(trainer);
}

/* ---- labels with few rows ---- */

/* English rows with a risk that all but a handful lack, and Chinese ones where it is common. Hash
 * 400 + r tells it. Returns a model whose trial may not have had enough of it to learn. */
static struct gs_model *model_with_a_rare_risk(size_t n_rare)
{
    struct gs_train_options options = gs_train_defaults();
    struct gs_trainer *trainer = NULL;
    struct gs_model *model = NULL;
    struct gs_error err = {0};
    uint32_t random = 5;
    size_t number = 0;
    options.name = "rare";
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_OK);
    assert_int_equal(gs_trainer_label(trainer, GS_HEAD_RISKS, "default", "", &number, NULL), GS_OK);
    assert_int_equal(gs_trainer_label(trainer, GS_HEAD_RISKS, "layoffs", "", &number, NULL), GS_OK);
    const size_t set = fixture_set(trainer, "desk");
    for (size_t i = 0; i < 1200; i++) {
        const uint32_t bits = i % 2 == 0 ? 0 : GS_HASH_HAN;
        const bool rare = i % 2 == 0 ? i / 2 < n_rare : i % 6 == 1;
        const bool common = i % 5 == 0;
        uint32_t hashes[16];
        struct gs_train_row row = {.hashes = hashes, .lang = i % 2, .sentiment = (int)(i % 3)};
        row.n = fixture_hashes(&random, bits, i % 3, 0, hashes);
        hashes[1] = bits | (rare ? 400U : common ? 401U : 402U);
        row.has[GS_HEAD_RISKS] = true;
        row.labels[GS_HEAD_RISKS] = rare ? 1 : common ? 2 : 0;
        assert_int_equal(gs_trainer_add(trainer, set, &row, NULL), GS_OK);
    }
    if (gs_trainer_run(trainer, NULL, &model, &err) != GS_OK) {
        print_error("%s\n", err.message);
        fail();
    }
    gs_trainer_free(trainer);
    return model;
}

/* Six English rows: enough for a column of the final model, too few for the trial that calibration
 * is fitted on. It was said of every English text, at p = 0.27. */
static void test_a_rare_label_is_not_said_of_every_text(void **state)
{
    (void)state;
    for (size_t n_rare = 6; n_rare <= 12; n_rare += 3) {
        struct gs_model *model = model_with_a_rare_risk(n_rare);
        struct gs_model_workspace *work = NULL;
        uint32_t random = 77;
        size_t n_said = 0;
        double sum = 0.0;
        assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
        for (size_t i = 0; i < 200; i++) {
            struct gs_prediction said;
            uint32_t hashes[16];
            const size_t n = fixture_hashes(&random, 0, i % 3, 0, hashes);
            hashes[1] = i % 5 == 0 ? 401U : 402U;
            gs_model_predict(model, work, hashes, n, 0, &said);
            sum += (double)said.p[GS_HEAD_RISKS][0];
            n_said += said.p[GS_HEAD_RISKS][0] >= said.thresholds[GS_HEAD_RISKS][0];
        }
        print_message("  %zu rows: mean p %.4f, said %zu of 200\n", n_rare, sum / 200, n_said);
        assert_true(sum / 200 < 0.04);
        assert_true(n_said <= 4);
        gs_model_workspace_free(work);
        gs_model_free(model);
    }
}

/* A label that is told apart only roughly does not get the threshold of one that is told exactly.
 */
static void test_thresholds_are_each_labels_own(void **state)
{
    struct gs_train_options options = gs_train_defaults();
    struct gs_trainer *trainer = NULL;
    struct gs_model *model = NULL;
    uint32_t random = 8;
    size_t number = 0;
    (void)state;
    options.name = "own";
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_OK);
    static const char *const ids[] = {"exact", "vague", "never"};
    for (size_t l = 0; l < GS_COUNT(ids); l++) {
        assert_int_equal(gs_trainer_label(trainer, GS_HEAD_TOPICS, ids[l], "", &number, NULL),
                         GS_OK);
    }
    const size_t set = fixture_set(trainer, "desk");
    gs_trainer_knows(trainer, set, GS_HEAD_TOPICS, 7);
    for (size_t i = 0; i < 3000; i++) {
        uint32_t hashes[16];
        struct gs_train_row row = {.hashes = hashes, .sentiment = (int)(i % 3)};
        row.n = fixture_hashes(&random, 0, i % 3, 0, hashes);
        const bool hint = fixture_random(&random) % 4 == 0;
        const bool vague = fixture_random(&random) % 100 < (hint ? 35U : 3U);
        hashes[1] = i % 3 == 0 ? 500U : 501U;
        hashes[2] = hint ? 510U : 511U;
        row.has[GS_HEAD_TOPICS] = true;
        row.labels[GS_HEAD_TOPICS] = (i % 3 == 0 ? 1U : 0U) | (vague ? 2U : 0U);
        assert_int_equal(gs_trainer_add(trainer, set, &row, NULL), GS_OK);
    }
    assert_int_equal(gs_trainer_run(trainer, NULL, &model, NULL), GS_OK);
    const float *thresholds = model->thresholds[GS_HEAD_TOPICS];
    print_message("  %.2f %.2f %.2f\n", (double)thresholds[0], (double)thresholds[1],
                  (double)thresholds[2]);
    assert_true(thresholds[1] < thresholds[0]);
    assert_true(thresholds[1] < 0.36F); /* above it nothing is said: F1 would be 0 */
    assert_true(thresholds[2] >= 0.1F && thresholds[2] <= 0.7F);
    const struct gs_eval_report *report = gs_trainer_held_out(trainer, GS_HEAD_TOPICS);
    assert_true(report->n > 300);
    assert_true(report->classes[0].f1 > 0.95 && report->classes[1].f1 > 0.3);
    gs_model_free(model);
    gs_trainer_free(trainer);
}

/* ---- few rows, short texts, no sentiment ---- */

/* Rows that are told apart without a mistake, and few of them: sure of what it has seen, not of one
 * stray n-gram that all rows of a class happen to share. 300 such rows gave a comma 0.99998. */
static void test_few_rows_do_not_make_it_sure(void **state)
{
    struct gs_train_options options = gs_train_defaults();
    struct gs_trainer *trainer = NULL;
    struct gs_model *model = NULL;
    struct gs_model_workspace *work = NULL;
    struct gs_prediction said;
    uint32_t random = 21;
    (void)state;
    options.name = "few";
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_OK);
    const size_t set = fixture_set(trainer, "tweet");
    for (size_t i = 0; i < 300; i++) {
        uint32_t hashes[32];
        struct gs_train_row row = {.hashes = hashes, .sentiment = (int)(i % 3)};
        row.n = fixture_hashes(&random, 0, i % 3, 0, hashes);
        for (size_t k = 0; k < 12; k++) {
            hashes[row.n++] = 600U + 100U * (uint32_t)(i % 3) + (uint32_t)k;
        }
        assert_int_equal(gs_trainer_add(trainer, set, &row, NULL), GS_OK);
    }
    assert_int_equal(gs_trainer_run(trainer, NULL, &model, NULL), GS_OK);
    assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
    for (uint32_t s = 0; s < 3; s++) {
        const uint32_t comma = 600U + 100U * s;
        gs_model_predict(model, work, &comma, 1, 0, &said);
        print_message("  one n-gram of class %u: %.4f\n", s, (double)said.p[0][s]);
        assert_true(said.p[GS_HEAD_SENTIMENT][s] < 0.7F);
        uint32_t hashes[32];
        size_t n = fixture_hashes(&random, 0, s, 0, hashes);
        for (size_t k = 0; k < 12; k++) {
            hashes[n++] = 600U + 100U * s + (uint32_t)k;
        }
        gs_model_predict(model, work, hashes, n, 0, &said);
        print_message("  a whole row of it: %.4f\n", (double)said.p[0][s]);
        assert_true(said.p[GS_HEAD_SENTIMENT][s] > 0.9F);
        assert_true(said.p[GS_HEAD_SENTIMENT][s] < 0.9995F);
    }
    gs_model_workspace_free(work);
    gs_model_free(model);
    gs_trainer_free(trainer);
}

static void on_warning(void *arg, const char *json)
{
    char *all = arg;
    if (strstr(json, "\"warning\"") != NULL) {
        (void)snprintf(all + strlen(all), 2000 - strlen(all), "%s\n", json);
    }
}

/* Topics only: no sentiment head, rather than a third of each; the folder reads back so. */
static void test_without_sentiment_there_is_no_sentiment_head(void **state)
{
    struct gs_train_options options = gs_train_defaults();
    struct gs_trainer *trainer = NULL;
    struct gs_model *model = NULL;
    struct gs_model *read = NULL;
    struct gs_model_workspace *work = NULL;
    struct gs_prediction said;
    char warnings[2000] = "";
    char folder[64];
    uint32_t random = 4;
    (void)state;
    options.name = "topics-only";
    assert_int_equal(gs_trainer_new(&options, &trainer, NULL), GS_OK);
    fixture_labels(trainer);
    const size_t set = fixture_set(trainer, "news");
    for (size_t i = 0; i < 400; i++) {
        uint32_t hashes[16];
        struct gs_train_row row = {.hashes = hashes, .sentiment = GS_TRAIN_UNKNOWN};
        row.n = fixture_hashes(&random, 0, 0, i % 4, hashes);
        row.has[GS_HEAD_TOPICS] = true;
        row.labels[GS_HEAD_TOPICS] = (uint64_t)1 << (i % 4);
        assert_int_equal(gs_trainer_add(trainer, set, &row, NULL), GS_OK);
    }
    const struct gs_train_listener listener = {.log = on_warning, .arg = warnings};
    assert_int_equal(gs_trainer_run(trainer, &listener, &model, NULL), GS_OK);
    assert_non_null(strstr(warnings, "no row has a sentiment"));
    assert_non_null(strstr(warnings, "400 rows are few"));
    assert_int_equal(gs_trainer_held_out(trainer, GS_HEAD_SENTIMENT)->n, 0);
    fixture_folder(folder);
    assert_int_equal(gs_trainer_write(model, folder, (struct gs_str){"", 0}, NULL), GS_OK);
    struct gs_error err = {0};
    if (gs_model_load(folder, &read, &err) != GS_OK) {
        print_error("%s\n", err.message);
        fail();
    }
    assert_int_equal(gs_model_info(read)->n_labels[GS_HEAD_SENTIMENT], 0);
    assert_int_equal(gs_model_workspace_new(read, &work, NULL), GS_OK);
    uint32_t hashes[16];
    const size_t n = fixture_hashes(&random, 0, 0, 2, hashes);
    gs_model_predict(read, work, hashes, n, 0, &said);
    assert_true(said.no_sentiment && said.abstained);
    assert_true(said.p[GS_HEAD_SENTIMENT][GS_NEGATIVE] == 0.0F);
    assert_int_equal(best_of(said.p[GS_HEAD_TOPICS], 4), 2);
    assert_true(said.confidence == said.p[GS_HEAD_TOPICS][2]);
    gs_model_workspace_free(work);
    gs_model_free(read);
    gs_model_free(model);
    gs_trainer_free(trainer);
    fixture_remove(folder);
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
        cmocka_unit_test(test_a_rare_label_is_not_said_of_every_text),
        cmocka_unit_test(test_thresholds_are_each_labels_own),
        cmocka_unit_test(test_few_rows_do_not_make_it_sure),
        cmocka_unit_test(test_without_sentiment_there_is_no_sentiment_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
