/* Messages in several languages with entities marked: however micro-batches fall and whatever the
 * cache holds, each reply is that of its message read alone, entities included, in order. */
#include "classifier/model_internal.h"
#include "deploy/daemon/inference/batcher.h"
#include "tests/unit/classifier/combined_fixture.h"

enum { N_MESSAGES = 300, MOST = GS_MAX_READ_ENTITIES };

static char texts[N_MESSAGES][80];
static char marked_texts[N_MESSAGES][MOST][96];
static struct gs_str marked[N_MESSAGES][MOST];
static size_t n_marked[N_MESSAGES];
static struct gs_request requests[N_MESSAGES];
static const uint32_t hashes[] = {100, 201, 1003};

struct answers {
    size_t n;
    struct gs_prediction predictions[N_MESSAGES];
    float entities[N_MESSAGES][MOST][GS_N_SENTIMENTS];
    size_t n_entities[N_MESSAGES];
    bool degraded[N_MESSAGES];
};

/* Texts repeat, so that there are twins and what is cached; entities are words of them. */
static void make_messages(void)
{
    static const char *const words[] = {"shares", "profit", "bank", "公司", "falls", "业绩", "up"};
    for (size_t i = 0; i < N_MESSAGES; i++) {
        const size_t kind = i * 7 % 90;
        (void)snprintf(texts[i], sizeof texts[i], "%zu %s %s %s", kind, words[kind % 7],
                       words[(kind / 7 + 1) % 7], words[(kind / 3 + 2) % 7]);
        n_marked[i] = kind % 3 == 0 ? kind % 5 : 0;
        for (size_t m = 0; m < n_marked[i]; m++) {
            /* some of them are those of other messages: a twin of what is run before it joins */
            (void)snprintf(marked_texts[i][m], sizeof marked_texts[i][m], "«%s» falls %zu",
                           words[(kind + m) % 7], kind % 4);
            marked[i][m] = gs_str(marked_texts[i][m]);
        }
        requests[i] = (struct gs_request){.text = gs_str(texts[i]),
                                          .lang = kind % GS_N_LANGS,
                                          .hashes = hashes,
                                          .n_hashes = GS_COUNT(hashes),
                                          .marked = marked[i],
                                          .n_marked = n_marked[i],
                                          .age_ms = -1,
                                          .item = &requests[i]};
        requests[i].n_marked = kind % GS_N_LANGS == GS_LANG_OTHER ? 0 : n_marked[i];
    }
}

static void take(struct gs_batcher *batcher, struct answers *ret)
{
    struct gs_reply reply;
    while (gs_batcher_next(batcher, &reply)) {
        assert_ptr_equal(reply.item, &requests[ret->n]); /* in order */
        ret->predictions[ret->n] = *reply.prediction;
        ret->n_entities[ret->n] = reply.n_entities;
        ret->degraded[ret->n] = reply.degraded;
        for (size_t m = 0; m < reply.n_entities; m++) {
            memcpy(ret->entities[ret->n][m], reply.entities[m], sizeof reply.entities[m]);
        }
        ret->n++;
    }
}

/* alone: each message is flushed before the next. */
static void ask(struct gs_model_folder *folder, const struct gs_batcher_options *options,
                bool alone, struct answers *ret, struct gs_batcher_stats *ret_stats)
{
    struct gs_batcher *batcher = NULL;
    struct gs_error err = {0};
    ret->n = 0;
    assert_int_equal(gs_batcher_new(folder, options, &batcher, &err), GS_OK);
    for (size_t i = 0; i < N_MESSAGES; i++) {
        if (gs_batcher_add(batcher, &requests[i], &err) != GS_OK) {
            fail_msg("%s", err.message);
        }
        take(batcher, ret);
        if (alone) {
            assert_int_equal(gs_batcher_flush(batcher, &err), GS_OK);
            take(batcher, ret);
        }
    }
    assert_int_equal(gs_batcher_flush(batcher, &err), GS_OK);
    take(batcher, ret);
    assert_int_equal(ret->n, N_MESSAGES);
    *ret_stats = *gs_batcher_stats(batcher);
    gs_batcher_free(batcher);
}

static struct gs_model_folder *load(char folder[64], const char *gates)
{
    const struct gs_model_choice choice = {.tier = GS_TIER_AUTO};
    struct gs_model_folder *ret = NULL;
    struct gs_error err = {0};
    combined_make(folder);
    char *json = fixture_replaced(COMBINED, "\"gate\":0.75", gates);
    fixture_write(folder, "groundswell.json", json, strlen(json));
    free(json);
    if (gs_model_folder_load(folder, &choice, &ret, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    return ret;
}

static void replies_are_those_of_each_message_alone(void **state)
{
    static const struct gs_batcher_options options[] = {
        {.max_tokens = 24},
        {.max_tokens = 60, .cache_entries = 8, .cache_bytes = 1 << 12},
        {.max_tokens = 150, .cache_entries = 400, .cache_bytes = 1 << 16},
        {.max_tokens = 4096, .cache_entries = 400, .cache_bytes = 600}, /* hardly a text is kept */
        {.max_tokens = 4096},
    };
    static struct answers want, got;
    struct gs_batcher_stats stats;
    char folder[64];
    (void)state;
    struct gs_model_folder *loaded = load(folder, "\"gate\":null");
    make_messages();
    ask(loaded, &options[4], true, &want, &stats);
    size_t readings = 0;
    for (size_t i = 0; i < N_MESSAGES; i++) {
        const bool read = requests[i].lang != GS_LANG_OTHER;
        assert_int_equal(want.n_entities[i], requests[i].n_marked);
        assert_string_equal(want.predictions[i].tier, read ? "fast+encoder" : "fast");
        readings += read ? 1 + requests[i].n_marked : 0;
    }
    assert_int_equal(stats.encoded, readings);
    for (size_t k = 0; k < GS_COUNT(options); k++) {
        print_message("  micro-batches of %zu tokens, cache of %zu\n", options[k].max_tokens,
                      options[k].cache_entries);
        ask(loaded, &options[k], false, &got, &stats);
        for (size_t i = 0; i < N_MESSAGES; i++) {
            assert_memory_equal(got.predictions[i].p[0], want.predictions[i].p[0],
                                3 * sizeof(float));
            assert_memory_equal(got.predictions[i].p[1], want.predictions[i].p[1],
                                4 * sizeof(float));
            assert_int_equal(got.n_entities[i], want.n_entities[i]);
            assert_memory_equal(got.entities[i], want.entities[i],
                                want.n_entities[i] * sizeof want.entities[i][0]);
        }
        if (options[k].cache_entries == 400 && options[k].cache_bytes > 600) {
            assert_int_equal(stats.cache_hits + stats.cache_misses, readings);
            assert_true(stats.encoded < readings / 2);
        }
    }
    gs_model_folder_drop(loaded);
    combined_remove(folder);
}

/* Where the fast tier is sure enough, or takes over, no entity is read. */
static void entities_are_read_with_their_message(void **state)
{
    static const struct gs_batcher_options options = {
        .max_tokens = 100, .deadline_ms = 1000, .cache_entries = 400, .cache_bytes = 1 << 16};
    static struct answers got;
    struct gs_batcher_stats stats;
    char folder[64];
    (void)state;
    struct gs_model_folder *loaded = load(folder, "\"gate\":0");
    loaded->model->encoders[0]->heads[GS_HEAD_TOPICS].gate[GS_LANG_EN] = 0;
    make_messages();
    for (size_t i = 0; i < N_MESSAGES; i++) { /* the second half is late */
        requests[i].now_ms = (int64_t)i;
        requests[i].age_ms = i < N_MESSAGES / 2 ? 0 : 5000;
    }
    ask(loaded, &options, false, &got, &stats);
    size_t n_read = 0;
    for (size_t i = 0; i < N_MESSAGES; i++) {
        const bool encoder = strcmp(got.predictions[i].tier, "fast") != 0;
        const bool late = i >= N_MESSAGES / 2;
        assert_int_equal(got.n_entities[i], encoder && !late ? requests[i].n_marked : 0);
        assert_true(requests[i].lang != GS_LANG_EN || !encoder);
        assert_true(!got.degraded[i] || (late && !encoder));
        n_read += got.n_entities[i];
    }
    assert_true(n_read > 20);
    gs_model_folder_drop(loaded);
    combined_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_those_of_each_message_alone),
        cmocka_unit_test(entities_are_read_with_their_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
