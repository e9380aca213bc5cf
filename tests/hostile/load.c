/* load DIR: loads an encoder's folder as the program does, and computes one message. Exit 0; or 3
 * and one line on stderr. */
#include "classifier/encoder/encoder.h"
#include "tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>

static enum gs_status compute(const struct gs_encoder *encoder, const struct gs_encoding *tokens,
                              struct gs_error *err)
{
    const struct gs_encoder_info *info = gs_encoder_info(encoder);
    const size_t starts[] = {0, tokens->n};
    const struct gs_encoder_batch batch = {tokens->ids, starts, 1};
    struct gs_encoder_workspace *work = NULL;
    float *pooled = calloc(info->config->hidden, sizeof *pooled);
    float *logits = calloc(info->n_logits + 1, sizeof *logits);

    enum gs_status status =
        pooled == NULL || logits == NULL
            ? gs_fail(err, GS_NO_MEMORY, "load")
            : gs_encoder_workspace_new(encoder, info->config->max_tokens, 1, &work, err);
    if (status == GS_OK) {
        status = gs_encoder_run(encoder, work, &batch, pooled, logits, err);
    }
    gs_encoder_workspace_free(work);
    free(pooled);
    free(logits);
    return status;
}

static enum gs_status answer(const struct gs_encoder *encoder, const struct gs_tokenizer *tokenizer,
                             struct gs_error *err)
{
    const size_t most = gs_encoder_info(encoder)->config->max_tokens;
    struct gs_tokenizer_workspace *work = NULL;
    struct gs_encoding tokens;

    if (gs_tokenizer_info(tokenizer)->n_vocab > gs_encoder_info(encoder)->config->vocab) {
        return gs_fail(
            err, GS_BAD_FORMAT,
            "tokenizer.json or vocab.txt: %zu pieces, but config.json's vocab_size is %zu",
            gs_tokenizer_info(tokenizer)->n_vocab, gs_encoder_info(encoder)->config->vocab);
    }
    enum gs_status status = gs_tokenizer_workspace_new(tokenizer, &work, err);
    if (status == GS_OK) {
        status = gs_tokenizer_encode(tokenizer, work, gs_str("The shares fall. 100"), most, &tokens,
                                     err);
    }
    if (status == GS_OK) {
        status = compute(encoder, &tokens, err);
    }
    gs_tokenizer_workspace_free(work);
    return status;
}

int main(int argc, char **argv)
{
    struct gs_encoder *encoder = NULL;
    struct gs_tokenizer *tokenizer = NULL;
    struct gs_error err = {0};

    if (argc != 2) {
        (void)fprintf(stderr, "usage: load DIR\n");
        return 2;
    }
    enum gs_status status = gs_encoder_load(argv[1], GS_ARITH_AUTO, &encoder, &err);
    if (status == GS_OK) {
        status = gs_tokenizer_load(argv[1], &tokenizer, &err);
    }
    if (status == GS_OK) {
        status = answer(encoder, tokenizer, &err);
    }
    gs_tokenizer_free(tokenizer);
    gs_encoder_free(encoder);
    if (status != GS_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 3;
    }
    return 0;
}
