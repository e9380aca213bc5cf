/* A model's folder, loaded: the model, and the tokenizers that make its ids. Counted by those who
 * use it, so that one can take another's place while lanes work with it (pipeline/assets.h).
 *
 * Threads: a folder is constant after loading; take and drop from any thread. */
#ifndef GS_DEPLOY_MODEL_FOLDER_H
#define GS_DEPLOY_MODEL_FOLDER_H

#include "classifier/model.h"
#include "tokenizer/tokenizer.h"

#include <stdatomic.h>

struct gs_model_folder {
    struct gs_model *model;
    struct gs_tokenizer *tokenizers[GS_MAX_ENCODERS]; /* of the model's encoders */
    _Atomic unsigned n_users;
};

/* One user: the caller. As gs_model_load_as(), and a tokenizer that makes ids which the encoder has
 * not is GS_BAD_FORMAT. */
GS_MUST_CHECK
enum gs_status gs_model_folder_load(const char *dir, const struct gs_model_choice *choice,
                                    struct gs_model_folder **ret, struct gs_error *err);
/* For who needs the fast tier: GS_BAD_FORMAT, in the words of gs_model_load_as(), where the folder
 * has none. */
GS_MUST_CHECK
enum gs_status gs_model_folder_need_fast(const char *dir, const struct gs_model_folder *folder,
                                         struct gs_error *err);

/* The tokenizer alone, as the folder's groundswell.json (if there is one) wants it. GS_BAD_FORMAT:
 * a combined folder, whose encoders have one each. */
GS_MUST_CHECK
enum gs_status gs_model_folder_tokenizer(const char *dir, struct gs_tokenizer **ret,
                                         struct gs_error *err);

struct gs_model_folder *gs_model_folder_take(struct gs_model_folder *folder);
void gs_model_folder_drop(struct gs_model_folder *folder); /* the last one frees; NULL is fine */

#endif
