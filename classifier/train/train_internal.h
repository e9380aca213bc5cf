/* The trainer's own structs and the steps of a training, a file each. Internal to the trainer. */
#ifndef GS_CLASSIFIER_TRAIN_INTERNAL_H
#define GS_CLASSIFIER_TRAIN_INTERNAL_H

#include "classifier/ngram/ngram_internal.h"
#include "classifier/train/solve.h"
#include "classifier/train/train.h"
#include "ingest/base/buf.h"

struct gs_set {
    char name[GS_MAX_NAME];
    int registr; /* number among the trainer's registers; -1: no row with a sentiment */
    char register_name[GS_MAX_NAME];
    float cost[GS_N_HEADS];
    bool valid;
    uint64_t knows[GS_N_HEADS];
    bool seen_neutral;
    size_t n_rows;
};

struct gs_row {
    uint8_t set, profile, lang;
    int8_t sentiment;
    bool binary, held;
    bool has[GS_N_HEADS];
    uint64_t labels[GS_N_HEADS];
};

/* The n-grams of one profile. The rows' ids index hashes and squares. */
struct gs_vocabulary {
    size_t n;
    uint32_t *hashes;    /* [n] ascending */
    uint32_t *df;        /* [n] rows that hold it */
    uint8_t *squares[2]; /* [n] for sentiment; for topics and risks */
};

/* The problems of a run, and what they cost: rows times the passes that they are likely to take. */
struct gs_train_plan {
    size_t problems, solved;
    double work, done;
};

struct gs_trainer {
    struct gs_train_options options;
    struct gs_label labels[GS_N_HEADS][GS_MAX_LABELS];
    size_t n_labels[GS_N_HEADS];
    struct gs_set sets[GS_MAX_SETS];
    size_t n_sets;
    struct gs_row *rows;
    size_t n_rows, max_rows;
    size_t *at;       /* [n_rows + 1] where a row's ids begin */
    uint32_t *hashes; /* distinct in a row, ascending: what was added */
    uint32_t *ids;    /* the same places, in the vocabulary's numbers; packed at id_at */
    size_t *id_at;    /* [n_rows + 1] */
    size_t n_hashes, max_hashes;
    float *inverse_norm[2];
    uint32_t least_squares[GS_N_PROFILES][2]; /* norms of short rows are held at this */
    struct gs_vocabulary vocabulary[GS_N_PROFILES];
    struct gs_eval_report held_out[GS_N_HEADS];
    const char *label_ids[GS_N_HEADS][GS_MAX_LABELS]; /* what the reports borrow */
    struct gs_train_listener listener;
    struct gs_train_plan plan;
};

/* Gives the one of the two sets of squares that a head uses. */
static inline size_t gs_squares_of(size_t head)
{
    return head == GS_HEAD_SENTIMENT ? 0 : 1;
}

/* Vocabularies from the rows that train (held_too: those held out as well), and all rows in their
 * numbers. Replaces what was there. */
GS_MUST_CHECK
enum gs_status gs_vocabulary_build(struct gs_trainer *t, bool held_too, struct gs_error *err);
void gs_vocabulary_forget(struct gs_trainer *t);

/* Keeps the n-grams of a profile with the largest importance, at most max, and renumbers the
 * rows. */
GS_MUST_CHECK
enum gs_status gs_vocabulary_prune(struct gs_trainer *t, size_t profile, const double *importance,
                                   size_t max, struct gs_error *err);

/* Every column of a profile, in float. */
struct gs_columns {
    size_t n;
    char names[GS_MAX_WIDTH][2 * GS_MAX_NAME];
    int squares[GS_MAX_WIDTH]; /* -1: a column of weights; 0, 1: the norm column of these squares */
    float *weights;            /* [n][vocabulary.n] folded */
    float bias[GS_MAX_WIDTH];
};

/* Adds to the plan what gs_columns_solve() would solve. */
GS_MUST_CHECK
enum gs_status gs_columns_plan(struct gs_trainer *t, size_t profile, bool held_too,
                               size_t max_passes, struct gs_error *err);

/* Solves every column of a profile. held_too: the rows held out (but not valid sets) learn as well.
 * max_passes bounds each problem. phase is for the log. */
GS_MUST_CHECK
enum gs_status gs_columns_solve(struct gs_trainer *t, size_t profile, bool held_too,
                                size_t max_passes, const char *phase, struct gs_columns *ret,
                                struct gs_error *err);
void gs_columns_done(struct gs_columns *columns);

/* Rounds the columns of both profiles into a model whose calibration is the identity. */
GS_MUST_CHECK
enum gs_status gs_model_assemble(const struct gs_trainer *t, const struct gs_columns *columns,
                                 struct gs_model **ret, struct gs_error *err);

/* Factor and offset of each column's score; columns of another model are found by their names. A
 * label that the trial had too few rows to learn is no column of it: in the final model it takes
 * its head's factor, and an offset from how common the label is. */
struct gs_calibration {
    const struct gs_model *of;
    float factor[GS_N_PROFILES][GS_MAX_WIDTH];
    float offset[GS_N_PROFILES][GS_MAX_WIDTH];
    float head_factor[GS_N_PROFILES][GS_N_HEADS];
    float priors[GS_N_PROFILES][GS_N_HEADS][GS_MAX_LABELS]; /* above 0, below 1 */
    float temperature[GS_N_HEADS][GS_N_MODEL_LANGS];
    float thresholds[GS_N_HEADS][GS_MAX_LABELS];
    float margin;
};

/* Fits it on the rows held out, which trial was not trained on; trial is calibrated with it. */
GS_MUST_CHECK
enum gs_status gs_trainer_calibrate(struct gs_trainer *t, struct gs_model *trial,
                                    struct gs_calibration *ret, struct gs_error *err);
void gs_calibration_apply(const struct gs_calibration *calibration, struct gs_model *model);

/* Logs one line of JSON; the second form takes a line that is built already, and ends it. */
void gs_train_say_line(struct gs_trainer *t, struct gs_buf *line);
GS_PRINTF(2, 3) void gs_train_say(struct gs_trainer *t, const char *fmt, ...);

#endif
