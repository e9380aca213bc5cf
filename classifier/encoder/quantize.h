/* The parts of gs_quantize(), which are a file each:
 *
 *     weights ─► the engine runs calibration texts,       quantize_calibrate.c
 *                rows of each product's inputs are kept
 *             ─► inputs are centred and smoothed          quantize_smooth.c
 *             ─► weights are rounded                      quantize.c
 *             ─► the folder is written                    quantize_write.c, quantize_copy.c
 *
 * Internal to the classifier. */
#ifndef GS_CLASSIFIER_ENCODER_QUANTIZE_H
#define GS_CLASSIFIER_ENCODER_QUANTIZE_H

#include "classifier/encoder/engine.h"

enum { GS_CALIBRATION_ROWS = 512 };

/* Of one product's inputs: some rows, drawn evenly from all, and each input's bounds. */
struct gs_calibration {
    size_t k, n_seen, n_rows;
    float *rows;      /* [GS_CALIBRATION_ROWS][k] */
    float *min, *max; /* [k], of rows that were kept at some time */
};

/* Runs the calibration texts and sets ret [layers][GS_N_PRODUCTS], whose memory is weights'. */
GS_MUST_CHECK
enum gs_status gs_calibrate(const struct gs_encoder_config *config,
                            struct gs_encoder_weights *weights,
                            const struct gs_encoder_batch *texts, struct gs_calibration *ret,
                            struct gs_error *err);

/* Says what was done to one product. */
struct gs_smoothing {
    const char *recipe;   /* how s was made; NULL: a product left as it was */
    bool centred;         /* the middle of the inputs moved into biases */
    double before, after; /* expected error of the outputs, relative to their size; squared */
};

/* Moves the inputs' middles into biases and divides weights by smoothing vectors. alpha in (0, 1]:
 * SmoothQuant's for all products; below 0: for each product what has the least expected error. ret
 * [layers][GS_N_PRODUCTS]. */
GS_MUST_CHECK
enum gs_status gs_smooth(const struct gs_encoder_config *config, struct gs_encoder_weights *weights,
                         const struct gs_calibration *calibrations, float alpha,
                         struct gs_smoothing *ret, struct gs_error *err);

typedef void gs_log_line_fn(void *arg, const char *line);

/* Writes the folder from rounded weights. */
GS_MUST_CHECK
enum gs_status gs_quantize_write(const struct gs_encoder_config *config,
                                 const struct gs_encoder_weights *weights, const char *dir,
                                 const char *out, gs_log_line_fn *log, void *log_arg,
                                 struct gs_error *err);

/* The new folder, which is not the old one; then, behind the weights, the files that go with them. */
GS_MUST_CHECK
enum gs_status gs_quantize_make_folder(const char *dir, const char *out, struct gs_error *err);
GS_MUST_CHECK
enum gs_status gs_quantize_copy(const char *dir, const char *out, struct gs_error *err);

#endif
