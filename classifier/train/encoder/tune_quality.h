/* Measures how good logits are on rows with labels, and finds what makes answers of them: a
 * temperature for each head and language, a threshold for each label of topics and risks.
 *
 * Temperatures make the likelihood of the validation rows largest (Guo et al. 2017,
 * arXiv:1706.04599); a language with few rows takes that of all. Thresholds make each label's F1
 * largest on the rows of sets that know it; a label with few examples keeps 0.5.
 *
 * Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_TUNE_QUALITY_H
#define GS_CLASSIFIER_TRAIN_ENCODER_TUNE_QUALITY_H

#include "classifier/train/encoder/tune_data.h"

struct gs_tune_calibration {
    float temperature[GS_N_HEADS][GS_N_MODEL_LANGS];
    float thresholds[GS_N_HEADS][GS_MAX_LABELS];
};

/* Validation rows and their logits [n][n_out]. */
struct gs_tune_answers {
    const struct gs_tune_data *data;
    const struct gs_loss *loss;
    const uint32_t *rows;
    size_t n;
    const float *logits;
};

GS_MUST_CHECK
enum gs_status gs_tune_calibrate(const struct gs_tune_answers *answers,
                                 struct gs_tune_calibration *ret, struct gs_error *err);

struct gs_tune_label_score {
    size_t support, said, hit;
};

/* Of topics and risks, micro and macro are over labels that the row's set knows; macro over labels
 * with at least 5 rows. Of sentiment, micro is accuracy. 0 where n is 0. */
struct gs_tune_quality {
    size_t n[GS_N_HEADS];
    double micro[GS_N_HEADS], macro[GS_N_HEADS];
    double negative_f1;
    struct gs_tune_label_score labels[GS_N_HEADS][GS_MAX_LABELS];
    double figure; /* what training is stopped by: the mean of sentiment's accuracy and macro-F1 and
                      of the others' micro-F1, over the heads that have rows */
};

void gs_tune_measure(const struct gs_tune_answers *answers,
                     const struct gs_tune_calibration *calibration, struct gs_tune_quality *ret);

#endif
