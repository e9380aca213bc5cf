/* What is said of a message, in the words that records, metrics, settings and model files share. The
 * modules do not include each other, so the enums that several of them speak live here, each with the
 * one function that spells it. The words are part of the formats: a word that changes breaks readers
 * (deploy/docs/records.md, metrics.md). */
#ifndef GS_BASE_WORDS_H
#define GS_BASE_WORDS_H

/* How a message feels about whom it is about; the order is that of the probabilities. */
enum gs_sentiment { GS_NEGATIVE, GS_NEUTRAL, GS_POSITIVE, GS_N_SENTIMENTS };
const char *gs_sentiment_name(enum gs_sentiment sentiment); /* "negative", "neutral", "positive" */

/* The language that a text is in, as far as the stages care; the order is that of a model's
 * temperatures. The words are listed for model files, NULL behind the last. */
enum gs_lang { GS_LANG_EN, GS_LANG_ZH, GS_LANG_MIXED, GS_LANG_OTHER, GS_N_LANGS };
extern const char *const gs_lang_names[GS_N_LANGS + 1];
const char *gs_lang_name(enum gs_lang lang); /* "en", "zh", "mixed", "other" */

/* The tiers that are asked for; the words are listed for settings and flags, NULL behind the last. */
enum gs_tier {
    GS_TIER_AUTO,    /* all that the folder has: gates decide, and without gates the encoder */
    GS_TIER_FAST,    /* the fast tier alone; an encoder is not even loaded */
    GS_TIER_ENCODER, /* the encoder for every message that it can read: no gates. Heads that it lacks
                        stay the fast tier's, and what is combined of both still is */
    GS_N_TIERS
};
extern const char *const gs_tier_names[GS_N_TIERS + 1]; /* "auto", "fast", "encoder" */

/* How an encoder calculates. */
enum gs_arithmetic {
    GS_ARITH_AUTO, /* int8 for a folder that `quantize` made, else fp32 */
    GS_ARITH_FP32, /* refused for a folder that holds int8 weights only */
    GS_ARITH_INT8, /* rounds fp32 weights at loading */
    GS_N_ARITHMETICS
};
extern const char *const gs_arithmetic_names[GS_N_ARITHMETICS + 1]; /* "auto", "fp32", "int8" */
const char *gs_arithmetic_name(enum gs_arithmetic arithmetic);

/* The tier that made a prediction. */
enum gs_prediction_tier {
    GS_PREDICTION_FAST,
    GS_PREDICTION_ENCODER,
    GS_PREDICTION_BOTH, /* some heads by each, or all by both */
    GS_N_PREDICTION_TIERS
};
const char *gs_prediction_tier_name(enum gs_prediction_tier tier); /* "fast", "encoder",
                                                                      "fast+encoder" */

#endif
