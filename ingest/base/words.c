/* The words of the shared enums. What is out of range has the last word, so that a name is never
 * NULL. */
#include "ingest/base/words.h"

const char *const gs_tier_names[GS_N_TIERS + 1] = {
    [GS_TIER_AUTO] = "auto", [GS_TIER_FAST] = "fast", [GS_TIER_ENCODER] = "encoder"};

const char *const gs_arithmetic_names[GS_N_ARITHMETICS + 1] = {
    [GS_ARITH_AUTO] = "auto", [GS_ARITH_FP32] = "fp32", [GS_ARITH_INT8] = "int8"};

const char *gs_arithmetic_name(enum gs_arithmetic arithmetic)
{
    return gs_arithmetic_names[(unsigned)arithmetic < GS_N_ARITHMETICS ? arithmetic
                                                                       : GS_ARITH_AUTO];
}

const char *gs_sentiment_name(enum gs_sentiment sentiment)
{
    static const char *const names[GS_N_SENTIMENTS] = {
        [GS_NEGATIVE] = "negative", [GS_NEUTRAL] = "neutral", [GS_POSITIVE] = "positive"};

    return names[(unsigned)sentiment < GS_N_SENTIMENTS ? sentiment : GS_N_SENTIMENTS - 1];
}

const char *const gs_lang_names[GS_N_LANGS + 1] = {
    [GS_LANG_EN] = "en", [GS_LANG_ZH] = "zh", [GS_LANG_MIXED] = "mixed", [GS_LANG_OTHER] = "other"};

const char *gs_lang_name(enum gs_lang lang)
{
    return gs_lang_names[(unsigned)lang < GS_N_LANGS ? lang : GS_N_LANGS - 1];
}

const char *gs_prediction_tier_name(enum gs_prediction_tier tier)
{
    static const char *const names[GS_N_PREDICTION_TIERS] = {[GS_PREDICTION_FAST] = "fast",
                                                             [GS_PREDICTION_ENCODER] = "encoder",
                                                             [GS_PREDICTION_BOTH] = "fast+encoder"};

    return names[(unsigned)tier < GS_N_PREDICTION_TIERS ? tier : GS_N_PREDICTION_TIERS - 1];
}
