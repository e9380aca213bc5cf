/* Stands where the int8 engine is not built in. */
#include "classifier/encoder/weights.h"

enum gs_status gs_engine_new(const struct gs_encoder_config *config,
                             const struct gs_encoder_weights *weights, struct gs_engine **ret,
                             struct gs_error *err)
{
    (void)config;
    (void)weights;
    (void)ret;
    return gs_fail(err, GS_BAD_CONFIG, "int8 arithmetic is not built in");
}

void gs_engine_free(struct gs_engine *engine)
{
    (void)engine;
}

size_t gs_engine_bytes(const struct gs_engine *engine)
{
    (void)engine;
    return 0;
}

const char *gs_engine_kernels(const struct gs_engine *engine)
{
    (void)engine;
    return "";
}

enum gs_status gs_engine_work_new(const struct gs_engine *engine, size_t max_tokens,
                                  size_t max_messages, struct gs_engine_work **ret,
                                  struct gs_error *err)
{
    (void)engine;
    (void)max_tokens;
    (void)max_messages;
    (void)ret;
    return gs_fail(err, GS_BAD_CONFIG, "int8 arithmetic is not built in");
}

void gs_engine_work_free(struct gs_engine_work *work)
{
    (void)work;
}

void gs_engine_run(const struct gs_engine *engine, struct gs_engine_work *work,
                   const struct gs_encoder_batch *batch, float *ret_pooled, float *ret_logits)
{
    (void)engine;
    (void)work;
    (void)batch;
    (void)ret_pooled;
    (void)ret_logits;
}
