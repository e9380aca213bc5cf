/* A model folder's settings from the fuzzer: config.json up to the first NUL, modules.json up to
 * the second, 1_Pooling/config.json behind it. What is read is in range and agrees with itself, and
 * is what a second reading gives; what is not read names its file in one line. */
#include "classifier/encoder/config_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void write_file(const char *folder, const char *name, const uint8_t *bytes, size_t n)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n == 0) {
        (void)unlink(path);
        return;
    }
    FILE *file = fopen(path, "wb");
    check(file != NULL && fwrite(bytes, 1, n, file) == n && fclose(file) == 0);
}

/* The part up to the next NUL; moves behind it. */
static size_t next_part(const uint8_t **data, size_t *size, const uint8_t **ret)
{
    const uint8_t *nul = *size > 0 ? memchr(*data, 0, *size) : NULL;
    const size_t n = nul == NULL ? *size : (size_t)(nul - *data);
    const size_t step = nul == NULL ? n : n + 1;
    *ret = *data;
    *data += step;
    *size -= step;
    return n;
}

static void check_config(const struct gs_encoder_config *c)
{
    check(c->hidden > 0 && c->heads > 0 && c->hidden % c->heads == 0 && c->hidden <= 16384);
    check(c->layers > 0 && c->layers <= 128 && c->intermediate > 0 && c->vocab > 0);
    check(c->intermediate <= GS_Q8_MAX_K && c->vocab <= 1 << 22);
    check(c->max_tokens > 0 && c->first_position + c->max_tokens == c->positions);
    check((c->first_position > 0) == (c->family == GS_FAMILY_ROBERTA));
    check((c->types == 0) == (c->family == GS_FAMILY_DISTILBERT));
    check(c->eps > 0.0F && c->eps <= 0.1F);
    check(c->activation > GS_ACT_NONE && c->activation <= GS_ACT_GELU_TANH);
    check(c->classifies == (c->n_labels > 0) && c->n_labels <= GS_ENCODER_MAX_LABELS);
    check(c->problem <= GS_REGRESSION && c->pooling <= GS_POOL_POOLER);
    check(!(c->pooling == GS_POOL_POOLER && c->family == GS_FAMILY_DISTILBERT));
    for (size_t i = 0; i < c->n_labels; i++) {
        const size_t n = strnlen(c->labels[i], GS_LABEL_SIZE);
        check(n > 0 && n < GS_LABEL_SIZE);
        for (size_t j = 0; j < i; j++) {
            check(strcmp(c->labels[i], c->labels[j]) != 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[64];
    static struct gs_encoder_config config;
    static struct gs_encoder_config again;
    static const char *const names[] = {"config.json", "modules.json", "1_Pooling/config.json"};
    struct gs_error err = {0};
    const uint8_t *part = NULL;

    if (folder[0] == '\0') {
        char sub[80];
        const char *root =
            access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* in memory: fast */
        (void)snprintf(folder, sizeof folder, "%s/gs-fuzz-config-XXXXXX", root);
        check(mkdtemp(folder) != NULL);
        (void)snprintf(sub, sizeof sub, "%s/1_Pooling", folder);
        check(mkdir(sub, 0700) == 0);
    }
    for (size_t i = 0; i < 3; i++) {
        const size_t n = i < 2 ? next_part(&data, &size, &part) : size;
        write_file(folder, names[i], i < 2 ? part : data, n);
    }
    const enum gs_status status = gs_encoder_config_read(folder, &config, &err);
    if (status == GS_OK) {
        check_config(&config);
        check(gs_encoder_config_read(folder, &again, NULL) == GS_OK);
        check(config.hidden == again.hidden && config.layers == again.layers);
        check(config.max_tokens == again.max_tokens && config.n_labels == again.n_labels);
        check(memcmp(config.labels, again.labels, sizeof config.labels) == 0);
    } else {
        check(status == GS_BAD_FORMAT || status == GS_IO);
        check(strstr(err.message, ".json: ") != NULL && strchr(err.message, '\n') == NULL);
    }
    return 0;
}
