/* A model folder from the fuzzer: groundswell.json up to the first NUL, then the weights file.
 * "@SHA@" in the JSON stands for the weights' right checksum, so that the fuzzer gets past it. What
 * loads answers with probabilities and explains itself completely; what does not load says why. */
#include "classifier/model.h"
#include "classifier/ngram/linear.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    struct gs_model_work *work = NULL;
    const uint32_t hashes[] = {1, 2, 3, 2, 0, 0x80000001U, 0x40000001U};
    float parts[GS_COUNT(hashes)];
    struct gs_prediction said;

    if (gs_model_work_new(model, &work, NULL) != GS_OK) {
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
    gs_model_work_free(work);
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
        made = true;
    }
    const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
    const size_t n = nul == NULL ? size : (size_t)(nul - data);
    const char *bytes = (const char *)data;
    const size_t rest = nul == NULL ? 0 : size - n - 1;
    const char *weights = nul == NULL ? "" : bytes + n + 1;
    gs_sha256_hex((struct gs_str){weights, rest}, sha);
    write_manifest(folder, bytes, n, sha);
    write_file(folder, "model.safetensors", weights, rest);
    const enum gs_status status = gs_model_load(folder, &model, &err);
    check((status == GS_OK) == (model != NULL));
    check(status == GS_OK || err.message[0] != '\0');
    if (model != NULL) {
        ask(model);
    }
    gs_model_free(model);
    return 0;
}
