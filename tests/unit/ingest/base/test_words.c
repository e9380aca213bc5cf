/* The words are part of the formats: readers and dashboards know them. */
#include "ingest/base/words.h"

#include "ingest/base/attr.h"
#include "tests/unit/gs_test.h"

static void every_value_has_its_word(void **state)
{
    static const char *const sentiments[] = {"negative", "neutral", "positive"};
    static const char *const langs[] = {"en", "zh", "mixed", "other"};
    static const char *const tiers[] = {"fast", "encoder", "fast+encoder"};

    (void)state;
    assert_int_equal(GS_COUNT(sentiments), GS_N_SENTIMENTS);
    assert_int_equal(GS_COUNT(langs), GS_N_LANGS);
    assert_int_equal(GS_COUNT(tiers), GS_N_PREDICTION_TIERS);
    for (unsigned i = 0; i < GS_N_SENTIMENTS; i++) {
        assert_string_equal(gs_sentiment_name((enum gs_sentiment)i), sentiments[i]);
    }
    for (unsigned i = 0; i < GS_N_LANGS; i++) {
        assert_string_equal(gs_lang_name((enum gs_lang)i), langs[i]);
    }
    for (unsigned i = 0; i < GS_N_PREDICTION_TIERS; i++) {
        assert_string_equal(gs_prediction_tier_name((enum gs_prediction_tier)i), tiers[i]);
    }
}

static void what_is_out_of_range_has_a_word_too(void **state)
{
    (void)state;
    assert_string_equal(gs_sentiment_name(GS_N_SENTIMENTS), "positive");
    assert_string_equal(gs_lang_name(GS_N_LANGS), "other");
    assert_string_equal(gs_prediction_tier_name(GS_N_PREDICTION_TIERS), "fast+encoder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_its_word),
        cmocka_unit_test(what_is_out_of_range_has_a_word_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
