/* What a published model's label names become: sentiment where they are words for it, else topics.
 */
#include "classifier/model_internal.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>

static struct gs_encoder_config *config_of(const char *const *labels, enum gs_problem problem)
{
    struct gs_encoder_config *config = calloc(1, sizeof *config);
    assert_non_null(config);
    config->classifies = true;
    config->problem = problem;
    for (; labels[config->n_labels] != NULL; config->n_labels++) {
        (void)snprintf(config->labels[config->n_labels], GS_LABEL_SIZE, "%s",
                       labels[config->n_labels]);
    }
    return config;
}

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order
static const struct {
    const char *shows;
    enum gs_problem problem;
    const char *labels[7];
    int logit[3]; /* of negative, neutral, positive; {-9}: topics */
} cases[] = {
    {"FinBERT's order", GS_SINGLE_LABEL, {"positive", "negative", "neutral"}, {1, 2, 0}},
    {"any case", GS_SINGLE_LABEL, {"NEUTRAL", "Positive", "negAtive"}, {2, 0, 1}},
    {"short", GS_SINGLE_LABEL, {"neg", "neu", "pos"}, {0, 1, 2}},
    {"a market's words", GS_SINGLE_LABEL, {"Bearish", "Bullish", "Neutral"}, {0, 2, 1}},
    {"Chinese", GS_SINGLE_LABEL, {"消极", "中性", "积极"}, {0, 1, 2}},
    {"other Chinese words", GS_SINGLE_LABEL, {"利好", "利空", "中立"}, {1, 2, 0}},
    {"blanks", GS_SINGLE_LABEL, {" Negative ", "Neutral", "Positive"}, {0, 1, 2}},
    {"two classes", GS_SINGLE_LABEL, {"POSITIVE", "NEGATIVE"}, {1, -1, 0}},
    {"without names", GS_SINGLE_LABEL, {"LABEL_0", "LABEL_1", "LABEL_2"}, {-9}},
    {"a word that is none", GS_SINGLE_LABEL, {"negative", "neutral", "great"}, {-9}},
    {"one sentiment twice", GS_SINGLE_LABEL, {"negative", "bearish", "positive"}, {-9}},
    {"positive or not", GS_SINGLE_LABEL, {"positive", "neutral"}, {-9}},
    {"several may hold", GS_MULTI_LABEL, {"negative", "neutral", "positive"}, {-9}},
    {"more than three",
     GS_SINGLE_LABEL,
     {"very negative", "negative", "neutral", "positive", "very positive"},
     {-9}},
    {"topics", GS_SINGLE_LABEL, {"Sports", "Business", "World", "Sci/Tech"}, {-9}},
    {"one label of several", GS_MULTI_LABEL, {"spam"}, {-9}},
};

static void names_decide(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_encoder_config *config = config_of(cases[i].labels, cases[i].problem);
        struct gs_model *model = calloc(1, sizeof *model);
        struct gs_encoder_head heads[GS_N_HEADS] = {{0}};
        struct gs_error err = {0};
        const bool topics = cases[i].logit[0] == -9;
        print_message("  %s\n", cases[i].shows);
        assert_non_null(model);
        if (gs_labels_adopt(config, "config.json", model, heads, &err) != GS_OK) {
            fail_msg("%s", err.message);
        }
        assert_int_equal(heads[GS_HEAD_SENTIMENT].n_labels, topics ? 0 : 3);
        assert_int_equal(heads[GS_HEAD_TOPICS].n_labels, topics ? config->n_labels : 0);
        const struct gs_encoder_head *head = &heads[topics ? GS_HEAD_TOPICS : GS_HEAD_SENTIMENT];
        assert_int_equal(head->single, cases[i].problem == GS_SINGLE_LABEL);
        for (size_t l = 0; l < head->n_labels; l++) {
            assert_int_equal(head->logit[l], topics ? (int)l : cases[i].logit[l]);
            if (topics) {
                assert_string_equal(model->labels[GS_HEAD_TOPICS][l].id, cases[i].labels[l]);
            }
        }
        for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
            assert_true(head->temperature[lang] == 1.0F && head->gate[lang] > 1.0F);
        }
        free(model);
        free(config);
    }
}

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order
static const struct {
    const char *shows;
    enum gs_problem problem;
    const char *labels[4], *says;
    bool no_head;
} refused[] = {
    {"no classification", GS_SINGLE_LABEL, {"a", "b"}, "ForSequenceClassification", true},
    {"no label", GS_SINGLE_LABEL, {NULL}, "ForSequenceClassification", false},
    {"a regression", GS_REGRESSION, {"LABEL_0"}, "regression", false},
    {"always the same label", GS_SINGLE_LABEL, {"LABEL_0"}, "single label", false},
    {"a label twice", GS_SINGLE_LABEL, {"a", "b", "a"}, "\"a\" twice", false},
    {"an empty name", GS_SINGLE_LABEL, {"a", ""}, "label 1 has no name", false},
    {"a line break", GS_SINGLE_LABEL, {"a", "b\nc"}, "control character", false},
};

static void what_cannot_be_told_apart_is_refused(void **state)
{
    struct gs_encoder_head heads[GS_N_HEADS] = {{0}};
    struct gs_model *model = calloc(1, sizeof *model);
    struct gs_error err = {0};
    (void)state;
    for (size_t i = 0; i < GS_COUNT(refused); i++) {
        struct gs_encoder_config *config = config_of(refused[i].labels, refused[i].problem);
        config->classifies = !refused[i].no_head;
        print_message("  %s\n", refused[i].shows);
        assert_int_equal(gs_labels_adopt(config, "dir/config.json", model, heads, &err),
                         GS_BAD_FORMAT);
        assert_non_null(strstr(err.message, "dir/config.json"));
        assert_non_null(strstr(err.message, refused[i].says));
        free(config);
    }
    struct gs_encoder_config *many = config_of((const char *const[]){NULL}, GS_MULTI_LABEL);
    for (; many->n_labels < GS_MAX_LABELS + 1; many->n_labels++) {
        (void)snprintf(many->labels[many->n_labels], GS_LABEL_SIZE, "l%zu", many->n_labels);
    }
    assert_int_equal(gs_labels_adopt(many, "x", model, heads, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "49 labels, at most 48"));
    many->n_labels = GS_MAX_LABELS;
    assert_int_equal(gs_labels_adopt(many, "x", model, heads, &err), GS_OK);
    free(many);
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_decide),
        cmocka_unit_test(what_cannot_be_told_apart_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
