/* One model takes another's place while lanes work: each batch is one model's, nobody uses one that
 * is gone, a folder that is wrong changes nothing. */
#include "deploy/daemon/pipeline/stage_options.h"
#include "tests/unit/deploy/daemon/folder_fixture.h"

#include <time.h>

enum { LANES = 3, LINES = 12, SWAPS = 60 };

static const char *const folders[] = {GOLDEN_SENTIMENT, GOLDEN_TOPICS, SHIPPED_FAST};

static struct gs_config *configure(const char *model)
{
    char path[4300];
    const char *const sets[] = {path, "input.format=text", "input.kind=stdin", "output.kind=file"};
    struct gs_diagnostics diagnostics = {0};
    struct gs_config *config = NULL;
    struct gs_error err = {0};
    (void)snprintf(path, sizeof path, "model.path=%s", model);
    const enum gs_status status =
        gs_config_load(NULL, sets, GS_COUNT(sets), &config, &diagnostics, &err);
    gs_diagnostics_print(&diagnostics, stdout);
    gs_diagnostics_done(&diagnostics);
    assert_int_equal(status, GS_OK);
    return config;
}

struct lane {
    const struct gs_config *config;
    struct gs_assets *assets;
    _Atomic bool *stop;
    size_t n_batches;
    const char *model; /* of the batch; NULL: nothing was answered yet */
    size_t n_done, n_swaps, n_mixed, n_wrong;
    enum gs_status status;
    pthread_t thread;
};

static void take(struct lane *lane, const struct gs_tagging *tagging)
{
    const struct gs_tagged *tagged = &tagging->tagged;
    lane->n_mixed += lane->model != NULL && lane->model != tagged->model_name.bytes;
    lane->model = tagged->model_name.bytes;
    const bool fast = gs_str_equal(tagged->model_name, gs_str("finance-zh-en-fast"));
    lane->n_wrong += strcmp(tagged->tier, fast ? "fast" : "encoder") != 0;
    lane->n_done++;
}

static void take_ready(struct lane *lane, struct gs_tagger *tagger)
{
    struct gs_tagging *tagging = NULL;
    while (gs_tagger_next(tagger, &tagging)) {
        take(lane, tagging);
    }
}

static enum gs_status batch(struct lane *lane, struct gs_tagger *tagger, size_t k,
                            struct gs_error *err)
{
    enum gs_reject reject = GS_REJECT_NONE;
    enum gs_status status = GS_OK;
    char text[LINES][64];
    bool swapped = false;

    gs_tagger_begin(tagger, &swapped);
    lane->n_swaps += swapped;
    lane->model = NULL;
    for (size_t i = 0; i < LINES && status == GS_OK; i++) {
        (void)snprintf(text[i], sizeof text[i], "bank %zu falls %zu", k, i % 7);
        const struct gs_record record = {.topic = {"t", 1},
                                         .offset = (int64_t)i,
                                         .timestamp_ms = 1700000000000,
                                         .value = gs_str(text[i])};
        status = gs_tagger_add(tagger, &record, false, 1700000000000, &reject, err);
        take_ready(lane, tagger);
    }
    if (status == GS_OK) {
        status = gs_tagger_flush(tagger, err);
        take_ready(lane, tagger);
    }
    return status;
}

static void *work(void *arg)
{
    struct lane *lane = arg;
    struct gs_stage_tag_options options;
    struct gs_tagger *tagger = NULL;
    struct gs_error err = {0};

    gs_stage_tag_options(lane->config, lane->assets, NULL, &options);
    lane->status = gs_tagger_new(lane->assets, &options.tagger, &tagger, &err);
    while (lane->status == GS_OK && (lane->n_batches < 10 || !atomic_load(lane->stop))) {
        lane->status = batch(lane, tagger, lane->n_batches++, &err);
    }
    gs_tagger_free(tagger);
    return NULL;
}

static void lanes_go_over_between_batches(void **state)
{
    struct gs_config *config = configure(GOLDEN_SENTIMENT);
    struct gs_assets assets = {0};
    struct gs_error err = {0};
    struct lane lanes[LANES];
    struct gs_config *configs[GS_COUNT(folders)];
    struct gs_asset_set *loaded[GS_COUNT(folders)];
    const struct timespec pause = {0, 3000000};
    _Atomic bool stop = false;
    size_t n_swaps = 0;
    (void)state;
    assert_int_equal(gs_assets_load(config, &assets, &err), GS_OK);
    for (size_t i = 0; i < GS_COUNT(folders); i++) {
        configs[i] = configure(folders[i]);
        assert_int_equal(gs_asset_set_load(configs[i], &loaded[i], &err), GS_OK);
    }
    for (size_t i = 0; i < LANES; i++) {
        lanes[i] = (struct lane){.config = config, .assets = &assets, .stop = &stop};
        assert_int_equal(pthread_create(&lanes[i].thread, NULL, work, &lanes[i]), 0);
    }
    for (size_t i = 0; i < SWAPS; i++) {
        gs_assets_put(&assets, gs_asset_set_take(loaded[(i + 1) % 3]));
        (void)nanosleep(&pause, NULL);
    }
    atomic_store(&stop, true);
    for (size_t i = 0; i < LANES; i++) {
        assert_int_equal(pthread_join(lanes[i].thread, NULL), 0);
        assert_int_equal(lanes[i].status, GS_OK);
        assert_int_equal(lanes[i].n_done, lanes[i].n_batches * LINES);
        assert_int_equal(lanes[i].n_mixed, 0);
        assert_int_equal(lanes[i].n_wrong, 0);
        n_swaps += lanes[i].n_swaps;
    }
    assert_true(n_swaps > 0);
    for (size_t i = 0; i < GS_COUNT(folders); i++) { /* ours, and the slot's for the last */
        assert_int_equal(atomic_load(&loaded[i]->n_users), 1 + (i == SWAPS % 3));
        gs_asset_set_drop(loaded[i]);
        gs_config_free(configs[i]);
    }
    gs_assets_done(&assets);
    gs_config_free(config);
}

#define HEAD(labels)                                                                               \
    "{\"format\":\"groundswell-encoder\",\"format_version\":1,\"name\":\"n\",\"version\":\"1\","   \
    "\"fast\":\"fast\",\"heads\":{\"sentiment\":{\"labels\":[" labels "]}}}"
#define GOOD                                                                                       \
    "{\"id\":\"negative\",\"native\":\"Bearish\"},{\"id\":\"neutral\",\"native\":\"Neutral\"},"    \
    "{\"id\":\"positive\",\"native\":\"Bullish\"}"

static void a_wrong_folder_changes_nothing(void **state)
{
    char folder[] = "/tmp/gs-swap-XXXXXX";
    struct gs_assets assets = {0};
    struct gs_error err = {0};
    (void)state;
    cascade_make(folder, GOLDEN_SENTIMENT, HEAD(GOOD));
    struct gs_config *config = configure(folder);
    assert_int_equal(gs_assets_load(config, &assets, &err), GS_OK);
    struct gs_model_folder *before = gs_assets_folder(&assets);
    const uint64_t generation = gs_assets_generation(&assets);

    cascade_write(folder, HEAD("{\"id\":\"negative\"}"));
    assert_int_equal(gs_assets_reload(config, &assets, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, folder));
    struct gs_model_folder *after = gs_assets_folder(&assets);
    assert_ptr_equal(before, after);
    assert_true(gs_assets_generation(&assets) == generation);
    gs_model_folder_drop(after);

    cascade_write(folder, HEAD(GOOD));
    assert_int_equal(gs_assets_reload(config, &assets, &err), GS_OK);
    assert_true(gs_assets_generation(&assets) != generation);
    after = gs_assets_folder(&assets);
    assert_true(before != after);
    gs_model_folder_drop(after);
    gs_model_folder_drop(before);
    gs_assets_done(&assets);
    gs_config_free(config);
    cascade_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_go_over_between_batches),
        cmocka_unit_test(a_wrong_folder_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
