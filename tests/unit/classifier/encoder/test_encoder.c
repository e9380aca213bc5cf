/* The facade: what a folder says of itself, which batches are taken, and that nothing else is. */
#include "tests/unit/classifier/encoder/golden_fixture.h"

#include <pthread.h>

static const char bert[] = "golden/encoder/bert-cls";

static void test_info(void **state)
{
    struct gs_encoder *encoder = load(bert, GS_ARITH_AUTO);
    const struct gs_encoder_info *info = gs_encoder_info(encoder);
    (void)state;
    assert_int_equal(info->arithmetic, GS_ARITH_FP32);
    assert_string_equal(info->kernels, "openblas");
    assert_int_equal(info->n_logits, 3);
    assert_int_equal(strlen(info->sha256), 64);
    assert_true(info->memory_bytes >= info->n_parameters * 4);
    /* per token two layers of 4 squares and 2 wide products; per pair of tokens 2 widths a layer */
    const uint64_t h = 32;
    const uint64_t head = h * h + 3 * h;
    const uint64_t token = 2 * (4 * h * h + 2 * h * 48);
    assert_int_equal(info->macs(encoder, 0), head);
    assert_int_equal(info->macs(encoder, 10), (10 * token) + (400 * h) + head);
    gs_encoder_free(encoder);
    gs_encoder_free(NULL);
    gs_encoder_workspace_free(NULL);
}

static void test_int8_at_loading(void **state)
{
    struct gs_encoder *fp32 = load(bert, GS_ARITH_FP32);
    struct gs_encoder *int8 = load(bert, GS_ARITH_INT8);
    struct gs_encoder_workspace *a = work_for(fp32, 1);
    struct gs_encoder_workspace *b = work_for(int8, 1);
    const int32_t ids[] = {1, 2, 3, 4, 5};
    const size_t starts[] = {0, 5};
    const struct gs_encoder_batch batch = {ids, starts, 1};
    float exact[3] = {0};
    float rounded[3] = {0};
    (void)state;
    assert_int_equal(gs_encoder_info(int8)->arithmetic, GS_ARITH_INT8);
    assert_string_not_equal(gs_encoder_info(int8)->kernels, "openblas");
    assert_string_equal(gs_encoder_info(int8)->sha256, gs_encoder_info(fp32)->sha256);
    assert_int_equal(gs_encoder_run(fp32, a, &batch, NULL, exact, NULL), GS_OK);
    assert_int_equal(gs_encoder_run(int8, b, &batch, NULL, rounded, NULL), GS_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_true(fabsf(exact[i] - rounded[i]) < 0.1F);
    }
    gs_encoder_workspace_free(a);
    gs_encoder_workspace_free(b);
    gs_encoder_free(fp32);
    gs_encoder_free(int8);
}

/* Eight tokens and two messages of room; the vocabulary has 61 pieces, a message 24 tokens. */
static const struct {
    const char *shows;
    size_t n, starts[4];
    int32_t odd; /* the third id; the others are 7 */
    const char *words;
} batches[] = {
    {"nothing", 0, {0}, 7, NULL},
    {"one token", 1, {0, 1}, 7, NULL},
    {"as much as there is room for", 2, {0, 24, 48}, 7, NULL},
    {"the last id", 1, {0, 4}, 60, NULL},
    {"an id behind the last", 1, {0, 4}, 61, "id 61 is not in the vocabulary of 61"},
    {"a negative id", 1, {0, 4}, -1, "id -1 is not in the vocabulary"},
    {"an empty message", 2, {0, 4, 4}, 7, "message 1 of a batch does not have 1 to 24 tokens"},
    {"a message too long", 1, {0, 25}, 7, "message 0 of a batch does not have 1 to 24 tokens"},
    {"a message that ends before it begins", 2, {0, 5, 3}, 7, "message 1"},
    {"three messages", 3, {0, 1, 2, 3}, 7, "3 messages, there is room for 2"},
    {"not from the beginning", 1, {1, 2}, 7, "begins at token 1"},
};

static void test_batches(void **state)
{
    struct gs_encoder *encoder = load(bert, GS_ARITH_FP32);
    struct gs_encoder_workspace *work = work_for(encoder, 2);
    int32_t ids[64];
    (void)state;
    for (size_t i = 0; i < GS_COUNT(batches); i++) {
        float pooled[3 * 32];
        float logits[3 * 3];
        struct gs_error err = {0};
        const struct gs_encoder_batch batch = {ids, batches[i].starts, batches[i].n};
        memset(pooled, 0x55, sizeof pooled);
        memset(logits, 0x55, sizeof logits);
        for (size_t t = 0; t < GS_COUNT(ids); t++) {
            ids[t] = t == 2 ? batches[i].odd : 7;
        }
        const enum gs_status status = gs_encoder_run(encoder, work, &batch, pooled, logits, &err);
        print_message("  %s: %s\n", batches[i].shows, err.message);
        assert_int_equal(status, batches[i].words == NULL ? GS_OK : GS_BAD_FORMAT);
        if (batches[i].words != NULL) {
            assert_non_null(strstr(err.message, batches[i].words));
        }
        const size_t written = status == GS_OK ? batches[i].n : 0;
        for (size_t b = written * 32 * sizeof *pooled; b < sizeof pooled; b++) {
            assert_int_equal(((const char *)pooled)[b], 0x55);
        }
        for (size_t b = written * 3 * sizeof *logits; b < sizeof logits; b++) {
            assert_int_equal(((const char *)logits)[b], 0x55);
        }
    }
    gs_encoder_workspace_free(work);
    gs_encoder_free(encoder);
}

static void test_too_many_tokens(void **state)
{
    struct gs_encoder *encoder = load(bert, GS_ARITH_FP32);
    struct gs_encoder_workspace *work = NULL;
    struct gs_error err = {0};
    const int32_t ids[48] = {0};
    const size_t starts[] = {0, 24, 48};
    const struct gs_encoder_batch batch = {ids, starts, 2};
    float logits[6];
    (void)state;
    assert_int_equal(gs_encoder_workspace_new(encoder, 40, 8, &work, NULL), GS_OK);
    assert_int_equal(gs_encoder_run(encoder, work, &batch, NULL, logits, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "more tokens than the 40"));
    gs_encoder_workspace_free(work);
    work = NULL;
    assert_int_equal(gs_encoder_workspace_new(encoder, 23, 8, &work, NULL), GS_BAD_CONFIG);
    assert_int_equal(gs_encoder_workspace_new(encoder, 24, 0, &work, NULL), GS_BAD_CONFIG);
    assert_null(work);
    gs_encoder_free(encoder);
}

/* Weights as large as are taken, of changing signs. */
static void write_largest(const char *folder)
{
    static struct gs_safetensors all;
    struct gs_file file = golden_file("bert-cls", "model.safetensors");
    char *bytes = malloc(file.bytes.len);
    assert_non_null(bytes);
    memcpy(bytes, file.bytes.bytes, file.bytes.len);
    assert_int_equal(gs_safetensors_parse((struct gs_str){bytes, file.bytes.len}, &all, NULL),
                     GS_OK);
    for (size_t i = 0; i < all.n; i++) {
        char *values = bytes + (all.tensors[i].bytes.bytes - bytes);
        for (size_t b = 0; b < all.tensors[i].bytes.len; b += sizeof(float)) {
            const float large = (b * 2654435761U >> 7) % 2 == 0 ? 1e6F : -1e6F;
            memcpy(values + b, &large, sizeof large);
        }
    }
    write_bytes(folder, "model.safetensors", bytes, file.bytes.len);
    free(bytes);
    gs_file_done(&file);
}

static void test_largest_weights_stay_finite(void **state)
{
    static const enum gs_arithmetic both[] = {GS_ARITH_FP32, GS_ARITH_INT8};
    const int32_t ids[] = {1, 2, 3};
    const size_t starts[] = {0, 3};
    const struct gs_encoder_batch batch = {ids, starts, 1};
    char folder[64];
    (void)state;
    make_folder(folder);
    copy_golden("bert-cls", "config.json", folder);
    write_largest(folder);
    for (size_t a = 0; a < GS_COUNT(both); a++) {
        struct gs_encoder *encoder = load(folder, both[a]);
        struct gs_encoder_workspace *work = work_for(encoder, 1);
        float pooled[32];
        float logits[3];
        assert_int_equal(gs_encoder_run(encoder, work, &batch, pooled, logits, NULL), GS_OK);
        for (size_t i = 0; i < 32; i++) {
            assert_true(isfinite(pooled[i]) && isfinite(logits[i % 3]));
        }
        gs_encoder_workspace_free(work);
        gs_encoder_free(encoder);
    }
    remove_folder(folder);
}

enum { N_THREADS = 4, N_TURNS = 20 };

struct turn {
    const struct gs_encoder *encoder;
    struct gs_encoder_workspace *work;
    float logits[3];
    bool same;
};

/* The same message again and again gives the same bits, whatever other threads compute. */
static void *take_turns(void *arg)
{
    struct turn *turn = arg;
    const int32_t ids[] = {9, 8, 7, 6, 5, 4, 3};
    const size_t starts[] = {0, 7};
    const struct gs_encoder_batch batch = {ids, starts, 1};
    float again[3] = {0};

    turn->same =
        gs_encoder_run(turn->encoder, turn->work, &batch, NULL, turn->logits, NULL) == GS_OK;
    for (size_t i = 0; i < N_TURNS; i++) {
        turn->same =
            turn->same &&
            gs_encoder_run(turn->encoder, turn->work, &batch, NULL, again, NULL) == GS_OK &&
            // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): the same bits
            memcmp(again, turn->logits, sizeof again) == 0;
    }
    return NULL;
}

static void test_threads_share_an_encoder(void **state)
{
    static const enum gs_arithmetic both[] = {GS_ARITH_FP32, GS_ARITH_INT8};
    (void)state;
    for (size_t a = 0; a < GS_COUNT(both); a++) {
        struct gs_encoder *encoder = load(bert, both[a]);
        struct turn turns[N_THREADS];
        pthread_t threads[N_THREADS];
        for (size_t i = 0; i < N_THREADS; i++) {
            turns[i] = (struct turn){.encoder = encoder, .work = work_for(encoder, 1)};
            assert_int_equal(pthread_create(&threads[i], NULL, take_turns, &turns[i]), 0);
        }
        for (size_t i = 0; i < N_THREADS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            assert_true(turns[i].same);
            assert_memory_equal(turns[i].logits, turns[0].logits, sizeof turns[0].logits);
            gs_encoder_workspace_free(turns[i].work);
        }
        gs_encoder_free(encoder);
    }
}

static void test_refusals(void **state)
{
    struct gs_encoder *encoder = NULL;
    struct gs_error err = {0};
    (void)state;
    assert_int_equal(gs_encoder_load("/nonexistent", GS_ARITH_AUTO, &encoder, &err), GS_IO);
    assert_null(encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_int8_at_loading),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_too_many_tokens),
        cmocka_unit_test(test_largest_weights_stay_finite),
        cmocka_unit_test(test_threads_share_an_encoder),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
