/* Tokenizers and models, from their folders to an answer. */
#include "tests/allocation/scenarios.h"

#include "deploy/daemon/inference/model_folder.h"

static enum gs_status encode(const char *folder, struct gs_error *err)
{
    struct gs_tokenizer *tokenizer = NULL;
    struct gs_tokenizer_workspace *work = NULL;
    struct gs_encoding encoding;
    static const char *const texts[] = {"Shares of ACME plunge 12 % on a profit warning",
                                        "公司业绩大幅下滑，股价跌停"};

    enum gs_status status = gs_tokenizer_load(folder, &tokenizer, err);
    if (status == GS_OK) {
        status = gs_tokenizer_workspace_new(tokenizer, &work, err);
    }
    for (size_t i = 0; i < GS_COUNT(texts) && status == GS_OK; i++) {
        status = gs_tokenizer_encode(tokenizer, work, gs_str(texts[i]), 0, &encoding, err);
        if (status == GS_OK) {
            scenario_note(
                (struct gs_str){(const char *)encoding.ids, encoding.n * sizeof encoding.ids[0]});
        }
    }
    gs_tokenizer_workspace_free(work);
    gs_tokenizer_free(tokenizer);
    return status;
}

enum gs_status scenario_tokenizer(struct gs_error *err)
{
    static const char *const folders[] = {"golden/tokenizer/cased", "golden/tokenizer/bpe",
                                          "golden/tokenizer/unigram", "golden/folders/two-classes"};
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < GS_COUNT(folders) && status == GS_OK; i++) {
        status = encode(folders[i], err);
    }
    return status;
}

static void note_answer(const struct gs_prediction *said)
{
    for (size_t i = 0; i < GS_N_SENTIMENTS; i++) {
        scenario_note_number((double)said->p[GS_HEAD_SENTIMENT][i]);
    }
}

enum gs_status scenario_fast_tier(struct gs_error *err)
{
    static const uint32_t hashes[] = {1, 2, 3, 2, 0, 0x80000001U, 0x40000001U};
    struct gs_model *model = NULL;
    struct gs_model_workspace *work = NULL;
    struct gs_prediction said;

    enum gs_status status = gs_model_load("../classifier/models/finance-zh-en-fast", &model, err);
    if (status == GS_OK) {
        status = gs_model_workspace_new(model, &work, err);
    }
    if (status == GS_OK) {
        gs_model_predict(model, work, hashes, GS_COUNT(hashes), 0, &said);
        note_answer(&said);
    }
    gs_model_workspace_free(work);
    gs_model_free(model);
    return status;
}

enum gs_status scenario_encoder(struct gs_error *err)
{
    static const int32_t ids[] = {2, 5, 6, 3};
    static const struct gs_model_input input = {ids, GS_COUNT(ids), 0};
    const struct gs_model_choice choice = {.tier = GS_TIER_AUTO};
    struct gs_model_folder *folder = NULL;
    struct gs_model_workspace *work = NULL;
    struct gs_prediction said = {.tier = "none"};

    enum gs_status status = gs_model_folder_load("golden/folders/sentiment", &choice, &folder, err);
    if (status == GS_OK) {
        status = gs_model_workspace_new(folder->model, &work, err);
    }
    if (status == GS_OK) {
        status = gs_model_encode(folder->model, work, &input, 1, &said, err);
        note_answer(&said);
    }
    gs_model_workspace_free(work);
    gs_model_folder_drop(folder);
    return status;
}
