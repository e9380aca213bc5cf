/* The labelled rows of a fine-tuning, as token ids: what each row knows, in one label space.
 *
 * A set knows a label when one of its rows carries it or it is said to know it; the other labels of
 * a head are masked in its rows, and so is a head that a row does not have. A set without a neutral
 * class ("binary") leaves that class out of the softmax. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_TUNE_DATA_H
#define GS_CLASSIFIER_TRAIN_ENCODER_TUNE_DATA_H

#include "classifier/model.h"
#include "classifier/train/encoder/loss.h"

enum { GS_TUNE_MAX_SETS = 64, GS_TUNE_NAME = 64 };

struct gs_tune_label {
    char id[GS_LABEL_SIZE], zh[GS_LABEL_SIZE];
};

struct gs_tune_set {
    char name[GS_TUNE_NAME];
    double weight;              /* how often each row is seen in an epoch: 1 once */
    uint64_t knows[GS_N_HEADS]; /* masks over labels */
    size_t n_rows;
};

struct gs_tune_row {
    size_t at; /* in ids */
    uint32_t n;
    uint32_t line; /* of the set's file, from 1; 0: not told */
    uint16_t set;
    uint8_t lang; /* the model's */
    bool binary;
    bool valid;       /* not trained on: chooses and calibrates */
    bool drawn;       /* valid by lot: given back where a label has no other row to train on */
    int8_t sentiment; /* -1: not known */
    bool has[GS_N_HEADS];
    uint64_t labels[GS_N_HEADS];
    size_t teacher; /* in teachers, in rows of n_out; SIZE_MAX: none */
};

struct gs_tune_data {
    struct gs_tune_label labels[GS_N_HEADS][GS_MAX_LABELS];
    size_t n_labels[GS_N_HEADS]; /* sentiment: 3 where a row has one, else 0 */
    bool closed[GS_N_HEADS];     /* the labels are given: others are errors */
    struct gs_tune_set sets[GS_TUNE_MAX_SETS];
    size_t n_sets;
    struct gs_tune_row *rows;
    size_t n_rows, max_rows;
    int32_t *ids;
    size_t n_ids, max_ids;
    float *teachers; /* logits in the label space, head after head; NAN: not given */
    size_t n_teachers, max_teachers;
    size_t longest;
};

/* The number of a label, new or known. GS_BAD_FORMAT: the labels are closed, or full. */
GS_MUST_CHECK
enum gs_status gs_tune_label(struct gs_tune_data *data, enum gs_head head, const char *id,
                             size_t *ret, struct gs_error *err);
/* Its id; sentiment's too. */
const char *gs_tune_label_id(const struct gs_tune_data *data, enum gs_head head, size_t label);
/* Adds a row; ids are copied. teacher: [3 + topics + risks] logits or NULL; only with closed
 * labels. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_tune_add(struct gs_tune_data *data, const struct gs_tune_row *row,
                           const int32_t *ids, const float *teacher, struct gs_error *err);
/* After the last row: heads that nobody knows are left out, a row that was drawn for validation comes
 * back where its label has no other, and what cannot be learnt is refused: no row to train on, a head
 * or a class without an example. GS_BAD_CONFIG. */
GS_MUST_CHECK
enum gs_status gs_tune_data_finish(struct gs_tune_data *data, struct gs_error *err);
void gs_tune_data_done(struct gs_tune_data *data);

struct gs_tune_targets {
    double smoothing;   /* of softmax targets */
    double temperature; /* of teachers */
    double teacher;     /* weight of a teacher beside a known label, 0 to 1 */
    bool balanced;      /* rare classes weigh more */
    double factors[GS_N_HEADS];
};

/* The heads as ranges of the logits. */
void gs_tune_loss(const struct gs_tune_data *data, const struct gs_tune_targets *options,
                  struct gs_loss *ret);

/* Weights of classes, for balanced: [n_out] of an example that has the label. All 1 otherwise. */
void gs_tune_class_weights(const struct gs_tune_data *data, bool balanced, float *ret);

/* One row's targets [n_out] and weights [n_out] → ret, each head's weight 1 where it is known. */
void gs_tune_row_targets(const struct gs_tune_data *data, const struct gs_loss *loss,
                         const struct gs_tune_targets *options, const float *class_weights,
                         const struct gs_tune_row *row, gs_real *targets, gs_real *weights,
                         struct gs_loss_row *ret);

#endif
