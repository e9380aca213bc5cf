/* Each normalizer and pre_tokenizer by itself: tests/golden/tokenizer/steps.jsonl has what
 * huggingface/tokenizers makes of some texts, and where in them. */
#include "tests/unit/gs_test.h"
#include "tests/unit/tokenizer/models/pieces_fixture.h"
#include "tokenizer/pretokenizer/pretokenizer.h"

#include <stdlib.h>

/* Piece, start and end: as in the file. */
static void check_piece(const json_t *want, struct gs_str piece, uint32_t start, uint32_t end,
                        size_t line)
{
    const json_t *text = json_array_get(want, 0);
    const struct gs_str bytes = {json_string_value(text), json_string_length(text)};

    if (!gs_str_equal(piece, bytes) || start != json_integer_value(json_array_get(want, 1)) ||
        end != json_integer_value(json_array_get(want, 2))) {
        fail_msg("line %zu: \"%.*s\" %u-%u, should be \"%.*s\" %d-%d", line, GS_STR_ARGS(piece),
                 start, end, GS_STR_ARGS(bytes), (int)json_integer_value(json_array_get(want, 1)),
                 (int)json_integer_value(json_array_get(want, 2)));
    }
}

static void check_normalizer(const json_t *step, struct gs_str text, const json_t *want,
                             size_t line)
{
    struct gs_normalizer normalizer = {.n = 0};
    struct gs_normalizer_workspace work = {.changes = {.n = 0}};
    struct gs_aligned in = as_it_is(text), out = {.len = 0};
    struct gs_bert_flags flags;
    bool is_bert = false;
    size_t at = 0, i = 0;

    assert_int_equal(gs_normalizer_read(step, &normalizer, &is_bert, &flags, NULL), GS_OK);
    assert_int_equal(gs_normalizer_apply(&normalizer, &work, &in, &out, NULL), GS_OK);
    for (; at < out.len; i++) {
        const size_t from = at;
        (void)gs_next_char(out.bytes, &at);
        check_piece(json_array_get(want, i), (struct gs_str){out.bytes + from, at - from},
                    out.starts[from], out.ends[at - 1], line);
    }
    assert_int_equal(i, json_array_size(want));
    gs_normalizer_done(&normalizer);
    gs_normalizer_workspace_done(&work);
    gs_aligned_done(&in);
    gs_aligned_done(&out);
}

/* GPT-2's words are written there in its letters for bytes: only their places are looked at. */
static void check_splitter(const json_t *step, struct gs_str text, const json_t *want, size_t line)
{
    struct gs_pretokenizer splitter = {.n = 0};
    struct gs_pretokenized cutting = {.texts = {as_it_is(text)}};

    assert_int_equal(gs_pretokenizer_read(step, &splitter, NULL), GS_OK);
    assert_true(gs_splits_add(&cutting.splits[0], 0, text.len, -1));
    assert_int_equal(gs_pretokenizer_apply(&splitter, &cutting, NULL), GS_OK);
    const struct gs_splits *parts = &cutting.splits[cutting.parts];
    const struct gs_aligned *words = &cutting.texts[cutting.text];
    for (size_t i = 0; i < parts->n; i++) {
        const struct gs_split part = parts->items[i];
        const json_t *row = json_array_get(want, i);
        const json_t *word = json_array_get(row, 0);
        struct gs_str piece = {words->bytes + part.from, part.to - part.from};
        if (splitter.byte_level) {
            piece = (struct gs_str){json_string_value(word), json_string_length(word)};
        }
        check_piece(row, piece, words->starts[part.from], words->ends[part.to - 1], line);
    }
    assert_int_equal(parts->n, json_array_size(want));
    gs_pretokenized_done(&cutting);
}

static void test_steps(void **state)
{
    FILE *file = fopen("golden/tokenizer/steps.jsonl", "r");
    char *line = NULL;
    size_t capacity = 0, n = 0;

    (void)state;
    assert_non_null(file);
    while (getline(&line, &capacity, file) > 0) {
        json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
        const json_t *text = json_array_get(row, 2);
        const struct gs_str bytes = {json_string_value(text), json_string_length(text)};
        assert_non_null(row);
        n++;
        if (strcmp(json_string_value(json_array_get(row, 0)), "normalizer") == 0) {
            check_normalizer(json_array_get(row, 1), bytes, json_array_get(row, 3), n);
        } else {
            check_splitter(json_array_get(row, 1), bytes, json_array_get(row, 3), n);
        }
        json_decref(row);
    }
    assert_int_equal(n, 667);
    free(line);
    (void)fclose(file);
}

/* A text that is nothing but marks is put in order without going over it again for each. */
static void test_many_marks(void **state)
{
    enum { N = 100000 };
    struct gs_aligned in = {.len = 0}, out = {.len = 0};
    struct gs_changes changes = {.n = 0};

    (void)state;
    assert_true(gs_aligned_reserve(&in, (size_t)2 * N));
    for (uint32_t i = 0; i < N; i++) { /* above and below in turn */
        gs_aligned_put(&in, i % 2 == 0 ? "\xCC\x81" : "\xCC\x96", 2, 2 * i, 2 * i + 2);
    }
    assert_int_equal(gs_form_apply(GS_NORMALIZE_NFD, &changes, &in, &out, NULL), GS_OK);
    assert_int_equal(out.len, (size_t)2 * N);
    for (size_t i = 0; i < N; i++) {
        assert_memory_equal(out.bytes + 2 * i, i < N / 2 ? "\xCC\x96" : "\xCC\x81", 2);
        assert_int_equal(out.starts[2 * i], 2 * i);
    }
    free(changes.cps);
    free(changes.kinds);
    free(changes.classes);
    gs_aligned_done(&in);
    gs_aligned_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_many_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
