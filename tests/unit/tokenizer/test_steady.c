/* Once a work has seen its longest text, encoding does not allocate: malloc and its kin are counted
 * by the linker's --wrap. */
#include "tokenizer_fixture.h"

#include <jansson.h>

static size_t n_allocations;

void *real_malloc(size_t n) __asm__("__real_malloc");
void *real_calloc(size_t n, size_t size) __asm__("__real_calloc");
void *real_realloc(void *old, size_t n) __asm__("__real_realloc");
void *count_malloc(size_t n) __asm__("__wrap_malloc");
void *count_calloc(size_t n, size_t size) __asm__("__wrap_calloc");
void *count_realloc(void *old, size_t n) __asm__("__wrap_realloc");

void *count_malloc(size_t n)
{
    n_allocations++;
    return real_malloc(n);
}

void *count_calloc(size_t n, size_t size)
{
    n_allocations++;
    return real_calloc(n, size);
}

void *count_realloc(void *old, size_t n)
{
    n_allocations++;
    return real_realloc(old, n);
}

static void encode_lines(const char *name, const struct gs_tokenizer *tokenizer,
                         struct gs_tokenizer_workspace *work, size_t *ret_allocations)
{
    struct gs_encoding encoding;
    char path[256], *line = NULL;
    size_t capacity = 0;

    (void)snprintf(path, sizeof path, "golden/tokenizer/%s/golden.jsonl", name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    *ret_allocations = 0;
    while (getline(&line, &capacity, file) > 0) {
        json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
        const json_t *text = json_array_get(row, 0);
        const struct gs_str bytes = {json_string_value(text), json_string_length(text)};
        const size_t before = n_allocations;
        for (size_t most = 0; most < 6; most += 5) {
            assert_int_equal(gs_tokenizer_encode(tokenizer, work, bytes, most, &encoding, NULL),
                             GS_OK);
        }
        *ret_allocations += n_allocations - before;
        json_decref(row);
    }
    free(line);
    (void)fclose(file);
}

static void test_steady(void **state)
{
    static const char *const names[] = {"uncased", "cased", "unigram", "bpe"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        size_t first = 0, second = 0;
        (void)snprintf(path, sizeof path, "golden/tokenizer/%s", names[i]);
        struct gs_tokenizer *tokenizer = load(path);
        struct gs_tokenizer_workspace *work = new_work(tokenizer);
        encode_lines(names[i], tokenizer, work, &first);
        encode_lines(names[i], tokenizer, work, &second);
        print_message("  %s: %zu allocations, then %zu\n", names[i], first, second);
        assert_true(first > 0);
        assert_int_equal(second, 0);
        gs_tokenizer_workspace_free(work);
        gs_tokenizer_free(tokenizer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steady)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
