/* How a fast tier and an encoder for each language answer together: what is fitted on validation
 * rows, from the logits that each tier gives alone.
 *
 *     z = (encoder's logit + fast · fast tier's logit) / temperature      per head and language
 *
 * fast      where the rows are likeliest, at the temperature that is best with it (combine.c says
 *           why not by accuracy or F1)
 * temperature   by likelihood too
 * thresholds    for each label's F1, with counts lent to rare labels (threshold_fit.h)
 * gate      the least sureness of the fast tier alone at which it answers without the encoder: as
 *           many messages as can be, while no head of the whole loses more than a stated part
 *
 * A label that one of the two does not know (NaN) has the other's logit, as it is. Everything here
 * is a function of arrays. Threads: none shared. */
#ifndef GS_CLASSIFIER_COMBINE_H
#define GS_CLASSIFIER_COMBINE_H

#include "classifier/eval/classification_metrics.h"
#include "classifier/model.h"

/* Rows of a head and language below which nothing is fitted. */
enum { GS_COMBINE_LEAST_ROWS = 100 };

struct gs_combine_row {
    uint8_t lang;
    int8_t sentiment;            /* GS_NEGATIVE.. or -1: not said */
    bool binary;                 /* its set has no neutral class */
    bool has[GS_N_HEADS];        /* topics and risks are said */
    uint64_t labels[GS_N_HEADS]; /* bits */
    uint64_t knows[GS_N_HEADS];  /* of the labels that its file knows */
    float sureness[GS_N_HEADS];  /* of the fast tier alone (classifier/cascade.h); -1: no answer */
};

struct gs_combine_data {
    size_t n_labels[GS_N_HEADS];
    const struct gs_combine_row *rows;
    size_t n;
    /* [n][sum of n_labels]: heads behind one another. NaN: the tier does not know the label; all
     * of an encoder's are NaN in a language without one */
    const float *fast, *encoder;
    const float *fast_thresholds[GS_N_HEADS]; /* NULL of sentiment; as the two below of the tier
                                                 alone */
    const float *encoder_thresholds[GS_N_MODEL_LANGS][GS_N_HEADS];
    bool encodes[GS_N_MODEL_LANGS]; /* the language has an encoder */
};

struct gs_combine_head {
    float fast, temperature, margin;
    float gate; /* < 0: none, the encoder is always asked */
    float thresholds[GS_MAX_LABELS];
    size_t n; /* rows that it was fitted on */
    bool few; /* too few of them, or of one class: fast is .35, temperature 1 */
};

struct gs_combine_fit {
    struct gs_combine_head heads[GS_N_HEADS][GS_N_MODEL_LANGS];
    size_t n[GS_N_MODEL_LANGS], n_alone[GS_N_MODEL_LANGS]; /* rows; those that the fast tier answers
                                                              alone */
};

/* Fits all, of languages that have an encoder. loss: how much of sentiment's accuracy, of the
 * topics' and of the risks' micro-F1 the gates may cost, each. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_combine_fit(const struct gs_combine_data *data, double loss,
                              struct gs_combine_fit *ret, struct gs_error *err);

/* The steps of it, for one language. fit_head leaves the gate at none. */
GS_MUST_CHECK
enum gs_status gs_combine_fit_head(const struct gs_combine_data *data, enum gs_head head,
                                   size_t lang, struct gs_combine_head *ret, struct gs_error *err);
GS_MUST_CHECK
enum gs_status gs_combine_fit_gates(const struct gs_combine_data *data, size_t lang, double loss,
                                    struct gs_combine_fit *fit, struct gs_error *err);

/* The temperature of the encoder's sentiment alone on rows whose fast tier's logits are 0: of marked
 * entities, say. *ret_n: the rows; with too few of them it is 1. */
float gs_combine_fit_alone(const struct gs_combine_data *data, size_t lang, size_t *ret_n);

/* ---- what it is worth ---- */

enum gs_combine_system { GS_COMBINE_FAST, GS_COMBINE_ENCODER, GS_COMBINE_SUM, GS_COMBINE_CASCADE };
enum { GS_N_COMBINE_SYSTEMS = GS_COMBINE_CASCADE + 1 };
extern const char *const gs_combine_system_names[GS_N_COMBINE_SYSTEMS];

/* A row's answer of one system in one head: its probabilities p [n_labels], and of topics and risks
 * their thresholds. false: the system does not know it. */
bool gs_combine_answer(const struct gs_combine_data *data, const struct gs_combine_fit *fit,
                       size_t row, enum gs_head head, enum gs_combine_system system, float *p,
                       const float **ret_thresholds);

struct gs_combine_figures {
    size_t n;
    double micro; /* sentiment: accuracy; else micro-F1 */
    double macro; /* macro-F1; of topics and risks over labels with at least 5 rows */
    double ece;
};

/* On the rows that fit was made of: a little kind. */
GS_MUST_CHECK
enum gs_status gs_combine_measure(const struct gs_combine_data *data,
                                  const struct gs_combine_fit *fit, enum gs_head head, size_t lang,
                                  enum gs_combine_system system, struct gs_combine_figures *ret,
                                  struct gs_error *err);

#endif
