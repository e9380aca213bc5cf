/* A model's folder as one thing: the model and a tokenizer for each encoder, counted by those who
 * use them; the last one out frees it. */
#include "deploy/daemon/inference/model_folder.h"

#include <stdio.h>
#include <stdlib.h>

enum gs_status gs_model_folder_tokenizer(const char *dir, struct gs_tokenizer **ret,
                                         struct gs_error *err)
{
    bool simplified = false;
    enum gs_status status = gs_model_reads_simplified(dir, &simplified, err);

    if (status == GS_OK) {
        status = gs_tokenizer_load(dir, ret, err);
    }
    if (status == GS_OK) {
        gs_tokenizer_read_simplified(*ret, simplified);
    }
    return status;
}

/* The folder of the i-th encoder, and its tokenizer. */
static enum gs_status load_tokenizer(const char *dir, size_t i, struct gs_model_folder *folder,
                                     struct gs_error *err)
{
    const struct gs_model_encoder *encoder = &gs_model_info(folder->model)->encoders[i];
    char path[4096];

    const int n = snprintf(path, sizeof path, "%s%s%s", dir, encoder->folder[0] == '\0' ? "" : "/",
                           encoder->folder);
    if (n < 0 || (size_t)n >= sizeof path) {
        return gs_fail(err, GS_IO, "%s: path too long", dir);
    }
    const enum gs_status status = gs_model_folder_tokenizer(path, &folder->tokenizers[i], err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_tokenizer_info *tokens = gs_tokenizer_info(folder->tokenizers[i]);
    if (tokens->n_vocab > encoder->info->config->vocab) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: the tokenizer has %zu tokens, config.json's vocab_size is %zu", path,
                       tokens->n_vocab, encoder->info->config->vocab);
    }
    if (tokens->n_special >= encoder->max_tokens) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: the tokenizer adds %zu tokens to each text, the encoder reads %zu",
                       path, tokens->n_special, encoder->max_tokens);
    }
    return GS_OK;
}

enum gs_status gs_model_folder_load(const char *dir, const struct gs_model_choice *choice,
                                    struct gs_model_folder **ret, struct gs_error *err)
{
    struct gs_model_folder *folder = calloc(1, sizeof *folder);

    if (folder == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "model");
    }
    atomic_store(&folder->n_users, 1);
    enum gs_status status = gs_model_load_as(dir, choice, &folder->model, err);
    for (size_t i = 0; status == GS_OK && i < gs_model_info(folder->model)->n_encoders; i++) {
        status = load_tokenizer(dir, i, folder, err);
    }
    if (status != GS_OK) {
        gs_model_folder_drop(folder);
        return status;
    }
    *ret = folder;
    return GS_OK;
}

enum gs_status gs_model_folder_need_fast(const char *dir, const struct gs_model_folder *folder,
                                         struct gs_error *err)
{
    return gs_model_info(folder->model)->fast
               ? GS_OK
               : gs_fail(err, GS_BAD_FORMAT, "%s: the folder has no fast tier, only an encoder",
                         dir);
}

struct gs_model_folder *gs_model_folder_take(struct gs_model_folder *folder)
{
    atomic_fetch_add(&folder->n_users, 1);
    return folder;
}

void gs_model_folder_drop(struct gs_model_folder *folder)
{
    if (folder != NULL && atomic_fetch_sub(&folder->n_users, 1) == 1) {
        for (size_t i = 0; i < GS_MAX_ENCODERS; i++) {
            gs_tokenizer_free(folder->tokenizers[i]);
        }
        gs_model_free(folder->model);
        free(folder);
    }
}
