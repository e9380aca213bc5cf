/* Whatever the bytes: places are inside the text and in it, all n-grams are of one profile, the
 * same text gives the same, and so does the text in capitals. */
#include "tokenizer/ngram/ngrams.h"

#include <stdlib.h>

enum { MAX = 2048 };

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static size_t extract(struct gs_ngrams *ngrams, const char *bytes, size_t n, uint32_t *hashes)
{
    const struct gs_feature *features = NULL;
    const size_t n_features = gs_ngrams_extract(ngrams, (struct gs_str){bytes, n}, &features);
    check(n_features <= MAX);
    for (size_t i = 0; i < n_features; i++) {
        check(features[i].start < features[i].end && features[i].end <= n);
        check(((features[i].hash ^ features[0].hash) & GS_NGRAMS_HAN) == 0);
        hashes[i] = features[i].hash;
    }
    return n_features;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint32_t first[MAX], second[MAX];
    struct gs_ngrams *ngrams = NULL;
    char *copy = malloc(size + 1); /* exact size: one byte read too far is seen */

    if (copy == NULL || gs_ngrams_new(MAX, &ngrams, NULL) != GS_OK) {
        abort();
    }
    char *exact = realloc(copy, size == 0 ? 1 : size);
    copy = exact == NULL ? copy : exact;
    for (size_t i = 0; i < size; i++) {
        copy[i] = (char)data[i];
    }
    const size_t n = extract(ngrams, copy, size, first);
    for (size_t i = 0; i < size; i++) {
        copy[i] = (char)(data[i] >= 'a' && data[i] <= 'z' ? data[i] - 32 : data[i]);
    }
    check(extract(ngrams, copy, size, second) == n);
    for (size_t i = 0; i < n; i++) {
        check(first[i] == second[i]);
    }
    gs_ngrams_free(ngrams);
    free(copy);
    return 0;
}
