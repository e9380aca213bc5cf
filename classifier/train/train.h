/* Trains the fast tier from labelled rows of hashed n-grams.
 *
 * Each column of the model is a linear SVM (squared hinge, L2) solved by dual coordinate descent;
 * what a set does not know is left out of a column's problem. The sentiment's columns of all
 * registers of a profile are one problem whose rows agree in part (share). Vocabulary by training
 * once on all n-grams and keeping those with the largest weights, then int8, then calibration on
 * rows held out.
 *
 * Sources: Hsieh et al., A dual coordinate descent method for large-scale linear SVM, ICML 2008,
 * algorithm 1 with shrinking; Daume, Frustratingly easy domain adaptation, ACL 2007; Platt 1999;
 * Guo et al. 2017 (temperature). Threads: owned by one thread, which also runs it; the same rows,
 * options and seed give the same bytes. */
#ifndef GS_CLASSIFIER_TRAIN_H
#define GS_CLASSIFIER_TRAIN_H

#include "classifier/eval/classification_metrics.h"
#include "classifier/model.h"

enum { GS_MAX_SETS = 64, GS_TRAIN_UNKNOWN = -1 };

struct gs_train_options {
    const char *name, *version; /* of the model: lower case, digits, "_", "-", "." */
    uint64_t seed;
    size_t max_rows[2]; /* n-grams kept: alphabetic, Han */
    size_t max_passes;  /* over a problem's rows */
    size_t min_df;      /* rows an n-gram must be in */
    float tolerance;    /* largest violation left */
    float share;        /* 0: registers learn apart; 1: as one */
    float holdout;      /* part of the rows that calibration is fitted on */
    float word_weight;  /* of words and pairs against runs of characters */
    bool idf[2];        /* alphabetic, Han: inverse document frequency for topics and risks */
};

/* The settings that `groundswell train` starts from. */
struct gs_train_options gs_train_defaults(void);

struct gs_train_set {
    const char *name;       /* for logs */
    const char *registr;    /* which expert learns its sentiment */
    float cost[GS_N_HEADS]; /* the SVM's C */
    bool valid;             /* held out whole: calibration and choosing only */
};

/* One row. Labels are bit masks of what gs_trainer_label() numbered. */
struct gs_train_row {
    const uint32_t *hashes;
    size_t n;
    size_t lang;                 /* as in model.h */
    int sentiment;               /* GS_NEGATIVE.. or GS_TRAIN_UNKNOWN */
    bool binary;                 /* its set has no neutral class */
    bool has[GS_N_HEADS];        /* topics, risks: labelled at all (an empty mask is an answer) */
    uint64_t labels[GS_N_HEADS]; /* topics, risks */
};

struct gs_trainer; /* opaque */

GS_MUST_CHECK
enum gs_status gs_trainer_new(const struct gs_train_options *options, struct gs_trainer **ret,
                              struct gs_error *err);
void gs_trainer_free(struct gs_trainer *trainer); /* NULL is fine */

/* The number of a topic or risk; new ids are added. GS_BAD_FORMAT: not a name, or more than
 * GS_MAX_LABELS. */
GS_MUST_CHECK
enum gs_status gs_trainer_label(struct gs_trainer *trainer, enum gs_head head, const char *id,
                                const char *zh, size_t *ret, struct gs_error *err);

/* A set knows the labels that its rows carry, and those added here. Strings are copied. */
GS_MUST_CHECK
enum gs_status gs_trainer_set(struct gs_trainer *trainer, const struct gs_train_set *set,
                              size_t *ret, struct gs_error *err);
void gs_trainer_knows(struct gs_trainer *trainer, size_t set, enum gs_head head, uint64_t labels);

/* Copies the row. GS_NO_MEMORY past 2^30 n-grams in all. */
GS_MUST_CHECK
enum gs_status gs_trainer_add(struct gs_trainer *trainer, size_t set,
                              const struct gs_train_row *row, struct gs_error *err);

/* One line of JSON without its line end: what a problem came to, what calibration found. */
typedef void gs_train_log_fn(void *arg, const char *json);

/* How far a run is. It solves a problem for each column: for a trial without the rows held out, then
 * of all rows ("final"), and for each of them once more, in fewer passes, where n-grams have to be
 * chosen ("trial-choose", "final-choose"). */
struct gs_train_progress {
    const char *phase;
    size_t problem, problems; /* from 1; of the whole run */
    double loss;              /* mean squared hinge as the problem's last pass met it */
    double done;              /* of the run's work, above 0 to 1: estimated from rows and passes */
};
/* After each problem. */
typedef void gs_train_progress_fn(void *arg, const struct gs_train_progress *progress);

/* Who is told of a run. Each function may be NULL. */
struct gs_train_listener {
    gs_train_log_fn *log;
    gs_train_progress_fn *progress;
    void *arg;
};

/* listener NULL: nobody. GS_BAD_FORMAT when there is nothing to learn. *ret is new: write it with
 * gs_trainer_write(). */
GS_MUST_CHECK
enum gs_status gs_trainer_run(struct gs_trainer *trainer, const struct gs_train_listener *listener,
                              struct gs_model **ret, struct gs_error *err);

/* After a run: how the trial did on the rows held out, which it had not seen, at the thresholds
 * that were chosen on them (so a little kindly). n = 0: no such row. The trainer's. */
const struct gs_eval_report *gs_trainer_held_out(const struct gs_trainer *trainer,
                                                 enum gs_head head);

/* The model's folder (which exists). notes: members of groundswell.json, as JSON text:
 * "\"provenance\": {}". */
GS_MUST_CHECK
enum gs_status gs_trainer_write(struct gs_model *model, const char *dir, struct gs_str notes,
                                struct gs_error *err);

#endif
