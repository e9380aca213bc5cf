/* Labelled lines as `combine` needs them: what a fast tier and the encoder of the line's language
 * say of each, alone, beside what is true of it. Threads: owned by one thread. */
#ifndef GS_DEPLOY_COMBINE_ROWS_H
#define GS_DEPLOY_COMBINE_ROWS_H

#include "classifier/train/combine.h"
#include "deploy/daemon/inference/model_folder.h"
#include "deploy/daemon/workbench/refusals.h"

struct gs_combine_tiers {
    const char *fast_dir, *encoder_dirs[GS_N_MODEL_LANGS]; /* NULL: none */
    struct gs_model_folder *fast;
    struct gs_model_folder *encoders[GS_N_MODEL_LANGS]; /* of one folder for several languages the
                                                           same */
};

/* Loads what the dirs name. Labels are the fast tier's: an encoder's label that it does not have, a
 * folder that is not the one tier, a head that says one topic at a time are GS_BAD_FORMAT; as
 * gs_model_folder_load(). */
GS_MUST_CHECK
enum gs_status gs_combine_tiers_load(struct gs_combine_tiers *tiers, enum gs_arithmetic arithmetic,
                                     struct gs_error *err);
void gs_combine_tiers_done(struct gs_combine_tiers *tiers); /* {0} is fine */

struct gs_combine_rows { /* {0} is empty */
    struct gs_combine_row *rows;
    float *fast, *encoder; /* [n][n_out] */
    size_t n, max, n_out;
    /* an encoder's own, as they came with its answers, in the order of the fast tier's labels; 0.5
     * of what it lacks */
    float thresholds[GS_N_MODEL_LANGS][GS_N_HEADS][GS_MAX_LABELS];
};

/* Adds the lines of spec (label_space.h). entities: only the sentiment, which is asked of the
 * encoder alone; the fast tier's logits are 0. Lines that cannot be read are refused. GS_BAD_CONFIG, GS_IO, GS_NO_MEMORY, GS_BAD_FORMAT of a tier. */
GS_MUST_CHECK
enum gs_status gs_combine_rows_read(const char *spec, const struct gs_combine_tiers *tiers,
                                    bool entities, struct gs_refusals *refusals,
                                    struct gs_combine_rows *rows, struct gs_error *err);
void gs_combine_rows_done(struct gs_combine_rows *rows);

/* The rows as the fit wants them; good as long as rows and tiers are. */
struct gs_combine_data gs_combine_rows_data(const struct gs_combine_rows *rows,
                                            const struct gs_combine_tiers *tiers);

#endif
