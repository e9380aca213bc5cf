/* The one door to both arithmetics: loads a folder, decides between fp32 and int8 (weights that are
 * int8 already cannot be fp32 again; GS_ARITH_AUTO takes what the folder holds), and passes
 * requests on to reference.c or engine_run.c, each with the workspace that belongs to it. */
#include "classifier/encoder/encoder.h"

#include "classifier/encoder/blas.h"
#include "classifier/encoder/folder.h"
#include "classifier/encoder/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gs_encoder {
    struct gs_encoder_config config;
    struct gs_encoder_weights weights; /* fp32; done with in int8 */
    struct gs_engine *engine;          /* int8; NULL in fp32 */
    struct gs_encoder_info info;
    uint64_t macs_a_token, macs_a_pair, macs_a_message;
    char sha256[65];
};

struct gs_encoder_workspace {
    size_t max_tokens, max_messages;
    struct gs_reference_workspace *reference; /* fp32 */
    struct gs_engine_workspace *engine;       /* int8 */
};

/* Multiplications of one message's products: those of each token with weights, of each pair of
 * tokens (its score, and its share in the mix), and of the head. */
static uint64_t count_macs(const struct gs_encoder *encoder, size_t n_tokens)
{
    const uint64_t n = n_tokens;
    return n * (encoder->macs_a_token + n * encoder->macs_a_pair) + encoder->macs_a_message;
}

static void describe(struct gs_encoder *encoder, const struct gs_encoder_weights *weights)
{
    const struct gs_encoder_config *c = &encoder->config;
    const uint64_t h = c->hidden;

    encoder->macs_a_token = c->layers * (4 * h * h + 2 * h * c->intermediate);
    encoder->macs_a_pair = c->layers * 2 * h;
    encoder->macs_a_message =
        c->classifies ? weights->dense.n * h + weights->out.k * c->n_labels : 0;
    memcpy(encoder->sha256, weights->sha256, sizeof encoder->sha256);
    encoder->info = (struct gs_encoder_info){
        .config = c,
        .arithmetic = GS_ARITH_FP32,
        .kernels = "openblas",
        .n_parameters = weights->n_parameters,
        .memory_bytes = sizeof *encoder + weights->bytes,
        .sha256 = encoder->sha256,
        .n_logits = weights->out.n,
        .macs = count_macs,
    };
}

enum gs_status gs_encoder_load(const char *dir, enum gs_arithmetic arithmetic,
                               struct gs_encoder **ret, struct gs_error *err)
{
    struct gs_encoder *encoder = calloc(1, sizeof *encoder);
    if (encoder == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "encoder");
    }
    enum gs_status status = gs_blas_init(err);
    if (status == GS_OK) {
        status = gs_encoder_config_read(dir, &encoder->config, err);
    }
    if (status == GS_OK) {
        status = gs_encoder_weights_read(dir, &encoder->config, &encoder->weights, err);
    }
    if (status != GS_OK) {
        goto done;
    }
    describe(encoder, &encoder->weights);
    const bool int8 = arithmetic == GS_ARITH_INT8 || encoder->weights.int8;
    if (int8 && arithmetic == GS_ARITH_FP32) {
        status =
            gs_fail(err, GS_BAD_CONFIG, "%s: holds int8 weights, which fp32 arithmetic cannot use",
                    gs_folder_shown(dir, "model.safetensors").text);
        goto done;
    }
    if (int8) {
        struct gs_error why = {0};
        status = gs_engine_new(&encoder->config, &encoder->weights, &encoder->engine, &why);
        if (status != GS_OK) {
            (void)gs_fail(err, status, "%s: %s", gs_folder_shown(dir, "model.safetensors").text,
                          why.message);
            goto done;
        }
        gs_encoder_weights_done(&encoder->weights);
        encoder->info.arithmetic = GS_ARITH_INT8;
        encoder->info.kernels = gs_engine_kernels(encoder->engine);
        encoder->info.memory_bytes = sizeof *encoder + gs_engine_bytes(encoder->engine);
    }
    *ret = encoder;
    encoder = NULL;

done:
    gs_encoder_free(encoder);
    return status;
}

void gs_encoder_free(struct gs_encoder *encoder)
{
    if (encoder != NULL) {
        gs_encoder_weights_done(&encoder->weights);
        gs_engine_free(encoder->engine);
        free(encoder);
    }
}

const struct gs_encoder_info *gs_encoder_info(const struct gs_encoder *encoder)
{
    return &encoder->info;
}

enum gs_status gs_encoder_workspace_new(const struct gs_encoder *encoder, size_t max_tokens,
                                        size_t max_messages, struct gs_encoder_workspace **ret,
                                        struct gs_error *err)
{
    if (max_tokens < encoder->config.max_tokens || max_messages == 0) {
        return gs_fail(err, GS_BAD_CONFIG,
                       "room for %zu tokens and %zu messages is too little: one message may have "
                       "%zu tokens",
                       max_tokens, max_messages, encoder->config.max_tokens);
    }
    struct gs_encoder_workspace *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "encoder's work");
    }
    *work = (struct gs_encoder_workspace){.max_tokens = max_tokens, .max_messages = max_messages};
    const enum gs_status status =
        encoder->engine != NULL
            ? gs_engine_workspace_new(encoder->engine, max_tokens, max_messages, &work->engine, err)
            : gs_reference_workspace_new(&encoder->config, max_tokens, max_messages,
                                         &work->reference, err);
    if (status != GS_OK) {
        free(work);
        return status;
    }
    *ret = work;
    return GS_OK;
}

void gs_encoder_workspace_free(struct gs_encoder_workspace *work)
{
    if (work != NULL) {
        gs_reference_workspace_free(work->reference);
        gs_engine_workspace_free(work->engine);
        free(work);
    }
}

static enum gs_status check_batch(const struct gs_encoder_config *config,
                                  const struct gs_encoder_workspace *work,
                                  const struct gs_encoder_batch *batch, struct gs_error *err)
{
    if (batch->n > work->max_messages) {
        return gs_fail(err, GS_BAD_FORMAT, "a batch of %zu messages, there is room for %zu",
                       batch->n, work->max_messages);
    }
    if (batch->n > 0 && batch->starts[0] != 0) {
        return gs_fail(err, GS_BAD_FORMAT, "a batch begins at token %zu", batch->starts[0]);
    }
    for (size_t i = 0; i < batch->n; i++) {
        const size_t from = batch->starts[i];
        const size_t to = batch->starts[i + 1];
        if (to <= from || to - from > config->max_tokens) {
            return gs_fail(err, GS_BAD_FORMAT,
                           "message %zu of a batch does not have 1 to %zu tokens", i,
                           config->max_tokens);
        }
        if (to > work->max_tokens) {
            return gs_fail(err, GS_BAD_FORMAT,
                           "a batch of more tokens than the %zu there is room "
                           "for",
                           work->max_tokens);
        }
        for (size_t t = from; t < to; t++) {
            if (batch->ids[t] < 0 || (size_t)batch->ids[t] >= config->vocab) {
                return gs_fail(err, GS_BAD_FORMAT, "id %d is not in the vocabulary of %zu",
                               (int)batch->ids[t], config->vocab);
            }
        }
    }
    return GS_OK;
}

/* Weights up to 1e6 stay finite on their way; should a sum not, there is no answer, never NaN. */
static bool finite(const float *x, size_t n)
{
    for (size_t i = 0; x != NULL && i < n; i++) {
        if (!isfinite(x[i])) {
            return false;
        }
    }
    return true;
}

enum gs_status gs_encoder_run(const struct gs_encoder *encoder, struct gs_encoder_workspace *work,
                              const struct gs_encoder_batch *batch, float *ret_pooled,
                              float *ret_logits, struct gs_error *err)
{
    const enum gs_status status = check_batch(&encoder->config, work, batch, err);
    if (status != GS_OK) {
        return status;
    }
    if (encoder->engine != NULL) {
        gs_engine_run(encoder->engine, work->engine, batch, ret_pooled, ret_logits);
    } else {
        gs_reference_run(&encoder->config, &encoder->weights, work->reference, batch, ret_pooled,
                         ret_logits);
    }
    if (!finite(ret_pooled, batch->n * encoder->config.hidden) ||
        !finite(ret_logits, batch->n * encoder->info.n_logits)) {
        return gs_fail(err, GS_BAD_FORMAT, "the model's own numbers overflow on this batch");
    }
    return GS_OK;
}
