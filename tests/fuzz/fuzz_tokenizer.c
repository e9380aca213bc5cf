/* Any bytes through the small tokenizers of tests/golden/tokenizer: the first byte picks one, the
 * second the limit. BERT's short way and its long way say the same. */
#include "tokenizer_check.h"

#include "tokenizer/tokenizer_internal.h"

enum { N = 4 };

static struct gs_tokenizer *tokenizers[N];
static struct gs_tokenizer_workspace *works[N];
static struct gs_tokenizer *long_way;
static struct gs_tokenizer_workspace *long_work;

static void load_all(void)
{
    static const char *const folders[N] = {"golden/tokenizer/uncased", "golden/tokenizer/cased",
                                           "golden/tokenizer/unigram", "golden/tokenizer/bpe"};

    for (size_t i = 0; i < N; i++) {
        check(gs_tokenizer_load(folders[i], &tokenizers[i], NULL) == GS_OK);
        check(gs_tokenizer_workspace_new(tokenizers[i], &works[i], NULL) == GS_OK);
    }
    check(gs_tokenizer_load(folders[0], &long_way, NULL) == GS_OK);
    check(gs_tokenizer_workspace_new(long_way, &long_work, NULL) == GS_OK);
    gs_bert_free(long_way->bert);
    long_way->bert = NULL;
}

static void check_ways(struct gs_str text, size_t max_tokens)
{
    struct tokens one = encode_checked(tokenizers[0], works[0], text, max_tokens);
    struct tokens two = encode_checked(long_way, long_work, text, max_tokens);

    check(one.n == two.n && one.truncated == two.truncated && same_tokens(&one, &two, one.n));
    drop_tokens(&one);
    drop_tokens(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (tokenizers[0] == NULL) {
        load_all();
    }
    if (size < 2) {
        return 0;
    }
    const size_t which = data[0] % N;
    const size_t max_tokens = data[1] < 2 ? 0 : data[1];
    char *exact = copy_of(data + 2, size - 2); /* exact size: one byte read too far is seen */
    char *text = realloc(exact, size == 2 ? 1 : size - 2);
    check(text != NULL);
    check_text(tokenizers[which], works[which], (struct gs_str){text, size - 2}, max_tokens);
    if (which == 0) {
        check_ways((struct gs_str){text, size - 2}, max_tokens);
    }
    free(text);
    return 0;
}
