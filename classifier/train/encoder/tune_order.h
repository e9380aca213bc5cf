/* Chooses the rows that an epoch sees and their order, as a function of seed and epoch.
 *
 * Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_TUNE_ORDER_H
#define GS_CLASSIFIER_TRAIN_ENCODER_TUNE_ORDER_H

#include "classifier/train/encoder/tune_data.h"

/* The most rows that an epoch can have. */
size_t gs_tune_order_most(const struct gs_tune_data *data);

/* Each row to train on as often as its set's weight says, a fraction by chance; shuffled. Within
 * runs of bucket batches rows are ordered by length, and the batches of a run are shuffled again.
 * ret [gs_tune_order_most()]; gives the number of rows, the same for every epoch. */
size_t gs_tune_order(const struct gs_tune_data *data, uint64_t seed, size_t epoch, size_t batch,
                     size_t bucket, uint32_t *ret);

#endif
