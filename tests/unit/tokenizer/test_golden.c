/* Ids and offsets of tests/golden/tokenizer: what huggingface/tokenizers said of 300 strings. */
#include "tokenizer_fixture.h"

#include "tokenizer/tokenizer_internal.h"

#include <jansson.h>

static const char *const names[] = {"uncased", "cased", "unigram", "bpe"};

static void check_places(const json_t *want, const struct gs_encoding *got, const char *name,
                         size_t line)
{
    for (size_t i = 0; i < got->n; i++) {
        const json_t *place = json_array_get(want, i);
        const json_int_t start = json_integer_value(json_array_get(place, 0));
        const json_int_t end = json_integer_value(json_array_get(place, 1));
        if (got->starts[i] != start || got->ends[i] != end) {
            fail_msg("%s, line %zu, token %zu: %u-%u, should be %d-%d", name, line, i,
                     got->starts[i], got->ends[i], (int)start, (int)end);
        }
    }
}

static void check_ids(const json_t *want, const struct gs_encoding *got, const char *name,
                      size_t line)
{
    if (got->n != json_array_size(want)) {
        fail_msg("%s, line %zu: %zu tokens, should be %zu", name, line, got->n,
                 json_array_size(want));
    }
    for (size_t i = 0; i < got->n; i++) {
        if (got->ids[i] != json_integer_value(json_array_get(want, i))) {
            fail_msg("%s, line %zu, token %zu: %d, should be %d", name, line, i, got->ids[i],
                     (int)json_integer_value(json_array_get(want, i)));
        }
    }
}

static void check_cut(const struct gs_encoding *got, const json_t *ids, const char *name,
                      size_t line)
{
    for (size_t i = 0; i + 1 < got->n; i++) {
        if (got->ids[i] != json_integer_value(json_array_get(ids, i))) {
            fail_msg("%s, line %zu, token %zu of %zu is another", name, line, i, got->n);
        }
    }
    assert_int_equal(got->ids[got->n - 1],
                     json_integer_value(json_array_get(ids, json_array_size(ids) - 1)));
}

/* The same text cut to each length is the same tokens, fewer of them. */
static void check_cuts(const struct gs_tokenizer *tokenizer, struct gs_tokenizer_workspace *work,
                       struct gs_str text, const json_t *ids, const char *name, size_t line)
{
    const size_t n = json_array_size(ids), step = n / 7 + 1;

    for (size_t most = 2; most <= n + 1; most += step) {
        const struct gs_encoding got = encode(tokenizer, work, text, most);
        assert_int_equal(got.n, most < n ? most : n);
        assert_int_equal(got.truncated, most < n);
        check_cut(&got, ids, name, line);
    }
}

static size_t check_file(const char *name, const struct gs_tokenizer *tokenizer)
{
    struct gs_tokenizer_workspace *work = new_work(tokenizer);
    char path[256], *line = NULL;
    size_t capacity = 0, n = 0;

    (void)snprintf(path, sizeof path, "golden/tokenizer/%s/golden.jsonl", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (getline(&line, &capacity, file) > 0) {
        json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
        const json_t *text = json_array_get(row, 0);
        const struct gs_str bytes = {json_string_value(text), json_string_length(text)};
        n++;
        assert_non_null(row);
        const struct gs_encoding got = encode(tokenizer, work, bytes, 0);
        check_ids(json_array_get(row, 1), &got, name, n);
        check_places(json_array_get(row, 2), &got, name, n);
        check_cuts(tokenizer, work, bytes, json_array_get(row, 1), name, n);
        json_decref(row);
    }
    free(line);
    (void)fclose(file);
    gs_tokenizer_workspace_free(work);
    return n;
}

static void test_golden(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "golden/tokenizer/%s", names[i]);
        struct gs_tokenizer *tokenizer = load(path);
        assert_int_equal(check_file(names[i], tokenizer), 300);
        gs_tokenizer_free(tokenizer);
    }
}

/* BERT's short way is there to be fast; the long one says the same. */
static void test_long_way(void **state)
{
    (void)state;
    struct gs_tokenizer *tokenizer = load("golden/tokenizer/uncased");
    assert_non_null(tokenizer->bert);
    gs_bert_free(tokenizer->bert);
    tokenizer->bert = NULL;
    assert_int_equal(check_file("uncased", tokenizer), 300);
    gs_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_long_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
