/* bench_tokenizer [MODELS [TEXTS]]: texts to ids on one core, for each folder of MODELS
 * (build/differential, which tests/differential/tokenizers.sh makes; else the small ones of
 * tests/golden/tokenizer). TEXTS is a file of JSON lines with "text"; by default the headlines of
 * GROUNDSWELL_DATA. One JSON line a case; time is the thread's CPU time. */
#include "tokenizer/tokenizer.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 7, MAX_TEXTS = 1 << 20, MAX_MODELS = 64, MAX_PATH = 4096 };

struct texts {
    struct gs_str *items;
    char **owned;
    size_t n, bytes;
};

static double cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool add_text(struct texts *texts, const char *line)
{
    json_t *json = json_loads(line, 0, NULL);
    const json_t *text = json_object_get(json, "text");

    if (json_is_string(text) && texts->n < MAX_TEXTS) {
        const size_t len = json_string_length(text);
        char *copy = malloc(len + 1);
        if (copy == NULL) {
            return false;
        }
        memcpy(copy, json_string_value(text), len);
        texts->owned[texts->n] = copy;
        texts->items[texts->n++] = (struct gs_str){copy, len};
        texts->bytes += len;
    }
    json_decref(json);
    return true;
}

static bool read_texts(const char *path, struct texts *texts)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;

    texts->items = calloc(MAX_TEXTS, sizeof *texts->items);
    texts->owned = calloc(MAX_TEXTS, sizeof *texts->owned);
    while (file != NULL && texts->items != NULL && texts->owned != NULL &&
           getline(&line, &capacity, file) > 0) {
        if (!add_text(texts, line)) {
            break;
        }
    }
    free(line);
    if (file != NULL) {
        (void)fclose(file);
    }
    return texts->n > 0;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *name, const char *what, double *values, const char *unit)
{
    qsort(values, REPEATS, sizeof *values, by_value);
    printf("{\"bench\":\"tokenizer\",\"case\":\"%s, %s\",\"value\":%.4g,\"unit\":\"%s\","
           "\"min\":%.4g,\"max\":%.4g}\n",
           name, what, values[REPEATS / 2], unit, values[0], values[REPEATS - 1]);
    (void)fflush(stdout);
}

/* All texts once; the number of their tokens, 0 after a failure. */
static size_t encode_all(const struct gs_tokenizer *tokenizer, struct gs_tokenizer_workspace *work,
                         const struct texts *texts, size_t max_tokens)
{
    size_t n = 0;

    for (size_t i = 0; i < texts->n; i++) {
        struct gs_encoding encoding;
        struct gs_error err;
        if (gs_tokenizer_encode(tokenizer, work, texts->items[i], max_tokens, &encoding, &err) !=
            GS_OK) {
            (void)fprintf(stderr, "bench_tokenizer: %s\n", err.message);
            return 0;
        }
        n += encoding.n;
    }
    return n;
}

static void measure(const char *name, const struct gs_tokenizer *tokenizer,
                    struct gs_tokenizer_workspace *work, const struct texts *texts)
{
    double tokens[REPEATS], bytes[REPEATS], cut[REPEATS];

    (void)encode_all(tokenizer, work, texts, 0);
    for (size_t r = 0; r < REPEATS; r++) {
        double start = cpu_s();
        const size_t n = encode_all(tokenizer, work, texts, 0);
        double took = cpu_s() - start;
        tokens[r] = (double)n / took;
        bytes[r] = (double)texts->bytes / 1e6 / took;
        start = cpu_s();
        (void)encode_all(tokenizer, work, texts, 32);
        took = cpu_s() - start;
        cut[r] = (double)texts->n / took;
    }
    report(name, "all tokens", tokens, "tokens/s");
    report(name, "all bytes", bytes, "MB/s");
    report(name, "at most 32 tokens", cut, "texts/s");
}

static bool bench_model(const char *folder, const char *name, const struct texts *texts)
{
    struct gs_tokenizer *tokenizer = NULL;
    struct gs_tokenizer_workspace *work = NULL;
    struct gs_error err;
    char path[MAX_PATH];
    double load[REPEATS];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    for (size_t r = 0; r < REPEATS; r++) {
        gs_tokenizer_free(tokenizer);
        tokenizer = NULL;
        const double start = cpu_s();
        if (gs_tokenizer_load(path, &tokenizer, &err) != GS_OK) {
            return false;
        }
        load[r] = (cpu_s() - start) * 1e3;
    }
    if (gs_tokenizer_workspace_new(tokenizer, &work, &err) == GS_OK) {
        report(name, "load", load, "ms");
        measure(name, tokenizer, work, texts);
    }
    gs_tokenizer_workspace_free(work);
    gs_tokenizer_free(tokenizer);
    return true;
}

static size_t bench_models(const char *folder, const struct texts *texts)
{
    struct dirent **found = NULL;
    size_t n_models = 0;
    const int n = scandir(folder, &found, NULL, alphasort);

    for (int i = 0; i < n; i++) {
        if (found[i]->d_name[0] != '.' && n_models < MAX_MODELS) {
            n_models += bench_model(folder, found[i]->d_name, texts);
        }
        free(found[i]);
    }
    free(found);
    return n_models;
}

int main(int argc, char **argv)
{
    const char *data = getenv("GROUNDSWELL_DATA");
    struct texts texts = {0};
    char path[MAX_PATH];

    (void)snprintf(path, sizeof path, "%s/unlabelled/headlines.jsonl",
                   data == NULL ? "../shared/data" : data);
    if (!read_texts(argc > 2 ? argv[2] : path, &texts)) {
        (void)fprintf(stderr, "bench_tokenizer: skipped: there are no texts in %s\n",
                      argc > 2 ? argv[2] : path);
    } else if (bench_models(argc > 1 ? argv[1] : "build/differential", &texts) == 0) {
        (void)bench_models("tests/golden/tokenizer", &texts);
    }
    for (size_t i = 0; i < texts.n; i++) {
        free(texts.owned[i]);
    }
    free(texts.items);
    free(texts.owned);
    return 0;
}
