/* A model folder from the fuzzer: groundswell.json up to the first NUL, then the weights file.
 * "@SHA@" in the JSON stands for the weights' right checksum, so that the fuzzer gets past it. What
 * loads answers with probabilities and explains itself completely; what does not load says why.
 *
 * A good fast tier stands in the subfolder "fast", so that a manifest of format
 * "groundswell-combined" is read to its end: what loads of that adds any logits up to
 * probabilities. */
#include "classifier/combined.h"
#include "classifier/model.h"
#include "classifier/ngram/ngram_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void write_file(const char *folder, const char *name, const char *bytes, size_t n)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    check(file != NULL && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
}

static void write_manifest(const char *folder, const char *json, size_t n, const char *sha)
{
    static const char mark[] = "@SHA@";
    char *out = malloc(n + GS_SHA256_HEX + 1);
    check(out != NULL);
    size_t at = 0;
    size_t len = 0;
    bool done = false;
    while (at < n) {
        if (!done && n - at >= 5 && memcmp(json + at, mark, 5) == 0) {
            memcpy(out + len, sha, GS_SHA256_HEX - 1);
            len += GS_SHA256_HEX - 1;
            at += 5;
            done = true;
        } else {
            out[len++] = json[at++];
        }
    }
    write_file(folder, "groundswell.json", out, len);
    free(out);
}

static void ask(const struct gs_model *model)
{
    const struct gs_model_info *info = gs_model_info(model);
    struct gs_model_workspace *work = NULL;
    const uint32_t hashes[] = {1, 2, 3, 2, 0, 0x80000001U, 0x40000001U};
    float parts[GS_COUNT(hashes)];
    struct gs_prediction said;

    if (gs_model_workspace_new(model, &work, NULL) != GS_OK) {
        return;
    }
    for (size_t n = 0; n <= GS_COUNT(hashes); n++) {
        gs_model_predict(model, work, hashes, n, n, &said);
        const float *p = said.p[GS_HEAD_SENTIMENT];
        check(fabsf(p[0] + p[1] + p[2] - 1.0F) < 1e-3F);
        for (size_t head = GS_HEAD_TOPICS; head < GS_N_HEADS; head++) {
            for (size_t l = 0; l < info->n_labels[head]; l++) {
                float bias = 0.0F;
                check(said.p[head][l] > 0.0F && said.p[head][l] < 1.0F);
                gs_model_explain(model, work, hashes, n, n, (enum gs_head)head, l, parts, &bias);
                double sum = (double)bias;
                for (size_t i = 0; i < n; i++) {
                    sum += (double)parts[i];
                }
                const double logit = (double)said.logits[head][l];
                check(fabs(sum - logit) <= 1e-3 * (1.0 + fabs(logit) + fabs((double)bias)));
            }
        }
    }
    gs_model_workspace_free(work);
}

/* Two topics, no n-gram. */
static void make_fast_tier(const char *folder)
{
    static const char *const columns[] = {"norm", "sentiment/x/negative", "sentiment/x/neutral",
                                          "sentiment/x/positive", "topics/a"};
    struct gs_model *model = calloc(1, sizeof *model);
    char path[128];

    (void)snprintf(path, sizeof path, "%s/fast", folder);
    check(model != NULL && mkdir(path, 0777) == 0);
    (void)snprintf(model->name, sizeof model->name, "fast");
    (void)snprintf(model->version, sizeof model->version, "1");
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
            model->temperature[h][lang] = 1.0F;
        }
    }
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        (void)snprintf(model->labels[GS_HEAD_SENTIMENT][s].id, GS_MAX_NAME, "%s",
                       gs_sentiment_name((enum gs_sentiment)s));
    }
    (void)snprintf(model->labels[GS_HEAD_TOPICS][0].id, GS_MAX_NAME, "a");
    (void)snprintf(model->labels[GS_HEAD_TOPICS][1].id, GS_MAX_NAME, "b");
    model->n_labels[GS_HEAD_SENTIMENT] = GS_N_SENTIMENTS;
    model->n_labels[GS_HEAD_TOPICS] = 2;
    model->unknown_logit = -5.0F;
    for (size_t i = 0; i < GS_N_PROFILES; i++) {
        struct gs_profile *profile = &model->profiles[i];
        profile->n_columns = GS_COUNT(columns);
        profile->width = gs_profile_width(profile->n_columns);
        for (size_t c = 0; c < GS_COUNT(columns); c++) {
            (void)snprintf(profile->names[c], sizeof profile->names[c], "%s", columns[c]);
            profile->scale[c] = 1.0F;
        }
    }
    check(gs_model_write(model, path, (struct gs_str){"", 0}, NULL) == GS_OK);
    gs_model_free(model);
}

/* An encoder that is not there knows all labels; its outputs are any floats. */
static void add_up(struct gs_model *model, const uint8_t *data, size_t size)
{
    static struct gs_encoder_tier tier;
    float raw[GS_N_SENTIMENTS + 2] = {0};

    memcpy(raw, data, size < sizeof raw ? size : sizeof raw);
    model->encoders[0] = &tier;
    model->n_encoders = 1;
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        struct gs_prediction said = {.tier = "fast"};
        model->encoder_of[lang] = 0;
        for (size_t h = 0; h <= GS_HEAD_TOPICS; h++) {
            struct gs_encoder_head *head = &tier.heads[h];
            const struct gs_combined_head *c = &model->combination->heads[h][lang];
            head->n_labels = model->n_labels[h];
            head->temperature[lang] = 0.01F;
            for (size_t l = 0; l < head->n_labels; l++) {
                head->logit[l] = (int)(h * GS_N_SENTIMENTS + l);
                check(c->thresholds[l] >= 0.0F && c->thresholds[l] <= 1.0F);
            }
            check(c->encoder >= 0.0F && c->encoder <= 100.0F && c->fast >= 0.0F &&
                  c->fast <= 100.0F && c->gate >= 0.0F && c->margin >= 0.0F && c->margin <= 1.0F);
        }
        if (model->combination->heads[0][lang].temperature == 0.0F) {
            continue; /* no encoder reads that language */
        }
        gs_combined_answer(model, raw, lang, &said);
        const float *p = said.p[GS_HEAD_SENTIMENT];
        check(fabsf(p[0] + p[1] + p[2] - 1.0F) < 1e-3F);
        for (size_t l = 0; l < 2; l++) {
            check(said.p[GS_HEAD_TOPICS][l] > 0.0F && said.p[GS_HEAD_TOPICS][l] < 1.0F);
        }
    }
    model->n_encoders = 0;
}

/* The encoders that a combined manifest names are not there: its fast tier alone loads. */
static void load_combined(const char *folder, const uint8_t *data, size_t size)
{
    const struct gs_model_choice fast = {.tier = GS_TIER_FAST};
    struct gs_model *model = NULL;

    if (gs_model_load_as(folder, &fast, &model, NULL) == GS_OK && model->combination != NULL) {
        ask(model);
        add_up(model, data, size);
    }
    gs_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[] = "/tmp/gs-fuzz-model-XXXXXX";
    static bool made;
    char sha[GS_SHA256_HEX];
    struct gs_model *model = NULL;
    struct gs_error err = {0};

    if (!made) {
        check(mkdtemp(folder) != NULL);
        make_fast_tier(folder);
        made = true;
    }
    const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
    const size_t n = nul == NULL ? size : (size_t)(nul - data);
    const char *bytes = (const char *)data;
    const size_t rest = nul == NULL ? 0 : size - n - 1;
    const char *weights = nul == NULL ? "" : bytes + n + 1;
    check(gs_sha256_hex((struct gs_str){weights, rest}, sha, NULL) == GS_OK);
    write_manifest(folder, bytes, n, sha);
    write_file(folder, "model.safetensors", weights, rest);
    const enum gs_status status = gs_model_load(folder, &model, &err);
    check((status == GS_OK) == (model != NULL));
    check(status == GS_OK || err.message[0] != '\0');
    if (model != NULL) {
        ask(model);
    } else {
        load_combined(folder, (const uint8_t *)weights, rest);
    }
    gs_model_free(model);
    return 0;
}
