#include "deploy/daemon/model_folder.h"

#include <stdlib.h>

static enum gs_status load_tokenizer(const char *dir, struct gs_model_folder *folder,
                                     struct gs_error *err)
{
    const struct gs_model_info *info = gs_model_info(folder->model);

    if (!info->encodes) {
        return GS_OK;
    }
    const enum gs_status status = gs_tokenizer_load(dir, &folder->tokenizer, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_tokenizer_info *tokens = gs_tokenizer_info(folder->tokenizer);
    if (tokens->n_vocab > info->encoder->config->vocab) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: the tokenizer has %zu tokens, config.json's vocab_size is %zu", dir,
                       tokens->n_vocab, info->encoder->config->vocab);
    }
    if (tokens->n_special >= info->max_tokens) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: the tokenizer adds %zu tokens to each text, the encoder reads %zu", dir,
                       tokens->n_special, info->max_tokens);
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
    if (status == GS_OK) {
        status = load_tokenizer(dir, folder, err);
    }
    if (status != GS_OK) {
        gs_model_folder_drop(folder);
        return status;
    }
    *ret = folder;
    return GS_OK;
}

struct gs_model_folder *gs_model_folder_take(struct gs_model_folder *folder)
{
    atomic_fetch_add(&folder->n_users, 1);
    return folder;
}

void gs_model_folder_drop(struct gs_model_folder *folder)
{
    if (folder != NULL && atomic_fetch_sub(&folder->n_users, 1) == 1) {
        gs_tokenizer_free(folder->tokenizer);
        gs_model_free(folder->model);
        free(folder);
    }
}

/* ---- the slot ---- */

void gs_model_slot_init(struct gs_model_slot *slot, struct gs_model_folder *folder)
{
    (void)pthread_mutex_init(&slot->lock, NULL);
    slot->folder = folder;
    atomic_store(&slot->generation, 1);
}

void gs_model_slot_done(struct gs_model_slot *slot)
{
    gs_model_folder_drop(slot->folder);
    slot->folder = NULL;
    (void)pthread_mutex_destroy(&slot->lock);
}

struct gs_model_folder *gs_model_slot_take(struct gs_model_slot *slot, uint64_t *ret_generation)
{
    (void)pthread_mutex_lock(&slot->lock);
    struct gs_model_folder *folder = gs_model_folder_take(slot->folder);
    if (ret_generation != NULL) {
        *ret_generation = atomic_load(&slot->generation);
    }
    (void)pthread_mutex_unlock(&slot->lock);
    return folder;
}

void gs_model_slot_put(struct gs_model_slot *slot, struct gs_model_folder *folder)
{
    (void)pthread_mutex_lock(&slot->lock);
    struct gs_model_folder *old = slot->folder;
    slot->folder = folder;
    atomic_fetch_add(&slot->generation, 1);
    (void)pthread_mutex_unlock(&slot->lock);
    gs_model_folder_drop(old);
}
