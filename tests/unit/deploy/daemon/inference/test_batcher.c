/* Texts to answers: in order, in packs that are bounded, each text once, the fast tier where gates
 * or the deadline say so. The encoder of most tests is a stand-in that counts; time is given. */
#include "classifier/cascade.h"
#include "deploy/daemon/inference/batcher.h"
#include "tests/unit/deploy/daemon/folder_fixture.h"
#include "tokenizer/ngram/ngrams.h"

#include <string.h>

enum { MAX_ASKED = 4096, MAX_PACKS = 2048 };

struct world {
    struct gs_model_folder *folder;
    struct gs_batcher *batcher;
    int64_t now_ns, ns_per_token;
    bool broken; /* the encoder */

    size_t n_packs, pack_messages[MAX_PACKS], pack_tokens[MAX_PACKS];
    size_t n_done, items[MAX_ASKED];
    struct gs_prediction prediction[MAX_ASKED];
    bool degraded[MAX_ASKED];
    size_t fail_at; /* who takes fails at this one; SIZE_MAX: never */
};

/* Logits that follow from the ids alone. */
static enum gs_status stand_in(void *arg, const struct gs_model *model,
                               struct gs_model_workspace *work, const struct gs_model_input *inputs,
                               size_t n, float *ret, struct gs_error *err)
{
    struct world *w = arg;
    size_t tokens = 0;
    (void)work;
    if (w->broken) {
        return gs_fail(err, GS_IO, "the encoder is broken");
    }
    assert_int_equal(gs_model_info(model)->n_logits, 3);
    for (size_t i = 0; i < n; i++) {
        int32_t sum = 0;
        for (size_t k = 0; k < inputs[i].n; k++) {
            sum += inputs[i].ids[k] * (int32_t)(k + 1);
        }
        for (size_t l = 0; l < 3; l++) {
            ret[i * 3 + l] = (float)((sum * (int32_t)(l + 1)) % 17) / 4.0F;
        }
        tokens += inputs[i].n;
    }
    assert_true(w->n_packs < MAX_PACKS);
    w->pack_messages[w->n_packs] = n;
    w->pack_tokens[w->n_packs++] = tokens;
    w->now_ns += (int64_t)tokens * w->ns_per_token;
    return GS_OK;
}

static int64_t fake_clock(void *arg)
{
    return ((const struct world *)arg)->now_ns;
}

/* Takes what is ready; what a sink that fails would do is done by fail_at. */
static enum gs_status take_ready(struct world *w, struct gs_error *err)
{
    struct gs_reply reply;

    while (gs_batcher_next(w->batcher, &reply)) {
        if (w->n_done == w->fail_at) {
            return gs_fail(err, GS_ABORTED, "the sink is broken");
        }
        assert_true(w->n_done < MAX_ASKED);
        w->items[w->n_done] = (size_t)(uintptr_t)reply.item;
        w->prediction[w->n_done] = *reply.prediction;
        w->degraded[w->n_done++] = reply.degraded;
    }
    return GS_OK;
}

static struct world *world_make(const char *dir, struct gs_batcher_options options)
{
    static struct world world;
    struct gs_error err = {0};
    world = (struct world){.folder = folder_load(dir, GS_TIER_AUTO), .fail_at = SIZE_MAX};
    options.run = stand_in;
    options.run_arg = &world;
    options.clock_ns = fake_clock;
    options.clock_arg = &world;
    if (gs_batcher_new(world.folder, &options, &world.batcher, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    return &world;
}

static void world_end(struct world *w)
{
    gs_batcher_free(w->batcher);
    assert_int_equal(atomic_load(&w->folder->n_users), 1);
    gs_model_folder_drop(w->folder);
}

static enum gs_status ask_at(struct world *w, const char *text, size_t item, int64_t now_ms,
                             int64_t age_ms, struct gs_error *err)
{
    static struct gs_ngrams *ngrams;
    uint32_t hashes[4096];
    const struct gs_feature *features = NULL;
    if (ngrams == NULL) {
        assert_int_equal(gs_ngrams_new(4096, &ngrams, err), GS_OK);
    }
    const size_t n = gs_ngrams_extract(ngrams, gs_str(text), &features);
    for (size_t i = 0; i < n; i++) {
        hashes[i] = features[i].hash;
    }
    const struct gs_request request = {
        .text = gs_str(text),
        .lang = 0,
        .hashes = hashes,
        .n_hashes = n,
        .now_ms = now_ms,
        .age_ms = age_ms,
        // NOLINTNEXTLINE(performance-no-int-to-ptr): a number in place of an item
        .item = (void *)(uintptr_t)item};
    const enum gs_status status = gs_batcher_add(w->batcher, &request, err);
    return status == GS_OK ? take_ready(w, err) : status;
}

static void ask(struct world *w, const char *text, size_t item)
{
    struct gs_error err = {0};
    if (ask_at(w, text, item, 0, -1, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
}

static void flush(struct world *w)
{
    struct gs_error err = {0};
    assert_int_equal(gs_batcher_flush(w->batcher, &err), GS_OK);
    assert_int_equal(take_ready(w, &err), GS_OK);
    assert_int_equal(gs_batcher_waiting(w->batcher), 0);
}

static char texts[MAX_ASKED][48];

static void make_texts(size_t n)
{
    static const char *const words[] = {"shares", "profit", "loss", "up", "down", "bank", "falls"};
    for (size_t i = 0; i < n; i++) {
        char *to = texts[i];
        to += snprintf(to, sizeof texts[i], "%zu", i);
        for (size_t k = 0; k < i % 6; k++) {
            to += snprintf(to, 10, " %s", words[(i / 6 + k) % 7]);
        }
    }
}

static void assert_in_order(const struct world *w, size_t n)
{
    assert_int_equal(w->n_done, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(w->items[i], i);
    }
}

static void packs_are_bounded_and_answers_in_order(void **state)
{
    static const size_t limits[] = {1, 24, 64, 500, 4096};
    (void)state;
    make_texts(3000);
    for (size_t k = 0; k < GS_COUNT(limits); k++) {
        const size_t bound = limits[k] < 24 ? 24 : limits[k]; /* the longest message fits alone */
        struct world *w =
            world_make(GOLDEN_SENTIMENT, (struct gs_batcher_options){.max_tokens = limits[k]});
        size_t messages = 0;
        for (size_t i = 0; i < 2000; i++) {
            ask(w, texts[i], i);
            assert_true(gs_batcher_waiting(w->batcher) < GS_BATCHER_MAX_WAITING);
        }
        flush(w);
        assert_in_order(w, 2000);
        for (size_t i = 0; i < w->n_packs; i++) {
            assert_true(w->pack_tokens[i] <= bound);
            assert_true(i + 1 == w->n_packs || w->pack_tokens[i] + 24 > limits[k] ||
                        w->pack_messages[i] > 500); /* full */
            messages += w->pack_messages[i];
        }
        assert_int_equal(messages, 2000);
        assert_int_equal(gs_batcher_stats(w->batcher)->encoded, 2000);
        world_end(w);
    }
}

/* However they are put together, the answers are those of each text alone: with the encoder itself.
 */
static void a_pack_does_not_change_an_answer(void **state)
{
    static struct gs_prediction alone[200];
    (void)state;
    make_texts(200);
    for (size_t pass = 0; pass < 2; pass++) {
        static struct world world;
        struct gs_error err = {0};
        world = (struct world){.folder = folder_load(GOLDEN_SENTIMENT, GS_TIER_AUTO),
                               .fail_at = SIZE_MAX};
        const struct gs_batcher_options options = {
            .max_tokens = 300, .cache_entries = pass * 64, .cache_bytes = 1 << 16};
        assert_int_equal(gs_batcher_new(world.folder, &options, &world.batcher, &err), GS_OK);
        for (size_t i = 0; i < 200; i++) {
            ask(&world, texts[i], i);
            if (pass == 0) {
                flush(&world);
            }
        }
        flush(&world);
        assert_in_order(&world, 200);
        for (size_t i = 0; i < 200; i++) {
            if (pass == 0) {
                alone[i] = world.prediction[i];
            }
            assert_memory_equal(alone[i].p[0], world.prediction[i].p[0], sizeof alone[i].p[0]);
            assert_string_equal(world.prediction[i].tier, "encoder");
        }
        world_end(&world);
    }
}

static void a_text_is_asked_once(void **state)
{
    const struct gs_batcher_options options = {
        .max_tokens = 200, .cache_entries = 100, .cache_bytes = 1 << 16};
    struct world *w = world_make(GOLDEN_SENTIMENT, options);
    (void)state;
    make_texts(20);
    for (size_t i = 0; i < 40; i++) { /* each twice behind one another: a copy in the pack */
        ask(w, texts[i / 2], i);
    }
    flush(w);
    for (size_t i = 40; i < 60; i++) { /* and once more, from the cache, at once */
        ask(w, texts[i - 40], i);
        assert_int_equal(gs_batcher_waiting(w->batcher), 0);
    }
    assert_in_order(w, 60);
    for (size_t i = 0; i < 60; i++) {
        const size_t first = i < 40 ? i / 2 * 2 : (i - 40) * 2;
        assert_memory_equal(w->prediction[i].p[0], w->prediction[first].p[0],
                            sizeof w->prediction[i].p[0]);
    }
    const struct gs_batcher_stats *stats = gs_batcher_stats(w->batcher);
    assert_int_equal(stats->encoded, 20);
    assert_int_equal(stats->cache_misses, 20);
    assert_int_equal(stats->cache_hits, 40);
    world_end(w);

    w = world_make(GOLDEN_SENTIMENT, (struct gs_batcher_options){.max_tokens = 200});
    for (size_t i = 0; i < 40; i++) {
        ask(w, texts[i / 2], i);
    }
    flush(w);
    assert_int_equal(gs_batcher_stats(w->batcher)->encoded, 40);
    assert_int_equal(gs_batcher_stats(w->batcher)->cache_hits, 0);
    world_end(w);
}

static void nothing_waits_longer_than_it_may(void **state)
{
    struct world *w = world_make(GOLDEN_SENTIMENT, (struct gs_batcher_options){.max_wait_ms = 20});
    struct gs_error err = {0};
    (void)state;
    assert_int_equal(gs_batcher_due_ms(w->batcher), -1);
    w->now_ns = 1000000000;
    ask(w, "profit", 0);
    assert_int_equal(gs_batcher_due_ms(w->batcher), 20);
    w->now_ns += 12 * INT64_C(1000000);
    ask(w, "loss", 1);
    assert_int_equal(gs_batcher_due_ms(w->batcher), 8); /* the oldest counts */
    assert_int_equal(gs_batcher_tick(w->batcher, &err), GS_OK);
    assert_int_equal(take_ready(w, &err), GS_OK);
    assert_int_equal(w->n_done, 0);
    w->now_ns += 8 * INT64_C(1000000);
    assert_int_equal(gs_batcher_due_ms(w->batcher), 0);
    assert_int_equal(gs_batcher_tick(w->batcher, &err), GS_OK);
    assert_int_equal(take_ready(w, &err), GS_OK);
    assert_in_order(w, 2);
    assert_int_equal(gs_batcher_due_ms(w->batcher), -1);
    ask(w, "bank", 2);
    w->now_ns += 25 * INT64_C(1000000);
    ask(w, "up", 3); /* a text that comes late ends the waiting too */
    assert_in_order(w, 4);
    assert_int_equal(w->n_packs, 2);
    world_end(w);
}

/* 1 ms a token and 10 ms a pack: after the first, packs take no longer than that. */
static void packs_are_as_short_as_they_must_be(void **state)
{
    struct world *w = world_make(GOLDEN_SENTIMENT, (struct gs_batcher_options){.slice_ms = 40});
    (void)state;
    make_texts(600);
    w->ns_per_token = 1000000;
    for (size_t i = 0; i < 300; i++) {
        ask(w, texts[i], i);
    }
    flush(w);
    assert_true(w->pack_tokens[0] <= 64);
    for (size_t i = 1; i < w->n_packs; i++) {
        assert_true(w->pack_tokens[i] <= 40);
    }
    assert_true(w->n_packs > 40);
    w->ns_per_token = 1000; /* it gets faster: packs grow again, not all at once */
    const size_t before = w->n_packs;
    for (size_t i = 300; i < 600; i++) {
        ask(w, texts[i], i);
    }
    flush(w);
    assert_in_order(w, 600);
    assert_true(w->n_packs - before < 8);
    for (size_t i = before + 1; i < w->n_packs; i++) {
        assert_true(w->pack_tokens[i] <= w->pack_tokens[i - 1] * 4 + 24);
    }
    world_end(w);
}

#define HEADS                                                                                      \
    "\"heads\":{\"sentiment\":{\"labels\":[{\"id\":\"negative\",\"native\":\"Bearish\"},"          \
    "{\"id\":\"neutral\",\"native\":\"Neutral\"},{\"id\":\"positive\",\"native\":0}]}}"
#define FOLDER(more)                                                                               \
    "{\"format\":\"groundswell-encoder\",\"format_version\":1,\"name\":\"both\",\"version\":"      \
    "\"1\","                                                                                       \
    "\"fast\":\"fast\"," HEADS more "}"

static const char clear_text[] = "Shares plunge after profit warning and heavy losses";
static const char unclear_text[] = "Shares rise but profit falls short of estimates";

/* Between what the fast tier is sure of in the clear text and in the other. */
static double middle_gate(void)
{
    struct world *w = world_make(SHIPPED_FAST, (struct gs_batcher_options){.max_tokens = 100});
    float sure[2];
    ask(w, clear_text, 0);
    ask(w, unclear_text, 1);
    for (size_t i = 0; i < 2; i++) {
        sure[i] = gs_cascade_sureness(w->folder->model, &w->prediction[i], GS_HEAD_SENTIMENT);
    }
    assert_true(sure[0] > sure[1] + 0.01F);
    world_end(w);
    return ((double)sure[0] + (double)sure[1]) / 2;
}

static void gates_decide(void **state)
{
    static const struct {
        const char *shows, *json;
        const char *tiers[2]; /* of a clear text and of an unclear one */
    } cases[] = {
        {"no gate: the encoder always", FOLDER(""), {"fast+encoder", "fast+encoder"}},
        {"a gate for English",
         FOLDER(",\"cascade\":{\"sentiment\":{\"en\":@}}"),
         {"fast", "fast+encoder"}},
        {"a gate of another language",
         FOLDER(",\"cascade\":{\"sentiment\":{\"zh\":0.0}}"),
         {"fast+encoder", "fast+encoder"}},
        {"a gate that all pass",
         FOLDER(",\"cascade\":{\"sentiment\":{\"en\":0.0}}"),
         {"fast", "fast"}},
        {"one that hardly any does",
         FOLDER(",\"cascade\":{\"sentiment\":{\"en\":1}}"),
         {"fast+encoder", "fast+encoder"}},
    };
    const double gate = middle_gate();
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        char folder[] = "/tmp/gs-answers-XXXXXX";
        print_message("  %s\n", cases[i].shows);
        char json[1024];
        const char *at = strstr(cases[i].json, "@");
        (void)snprintf(json, sizeof json, "%s", cases[i].json);
        if (at != NULL) {
            (void)snprintf(json + (at - cases[i].json), 64, "%.4f}}}", gate);
        }
        cascade_make(folder, GOLDEN_SENTIMENT, json);
        struct world *w = world_make(folder, (struct gs_batcher_options){.max_tokens = 100});
        ask(w, clear_text, 0);
        ask(w, unclear_text, 1);
        flush(w);
        assert_in_order(w, 2);
        size_t n_fast = 0;
        for (size_t k = 0; k < 2; k++) {
            assert_string_equal(w->prediction[k].tier, cases[i].tiers[k]);
            assert_false(w->degraded[k]);
            n_fast += strcmp(cases[i].tiers[k], "fast") == 0;
        }
        assert_int_equal(gs_batcher_stats(w->batcher)->accepted, n_fast);
        assert_int_equal(gs_batcher_stats(w->batcher)->encoded, 2 - n_fast);
        world_end(w);
        cascade_remove(folder);
    }
}

/* The encoder has sentiment alone: topics and risks stay those of the fast tier, to the bit. */
static void heads_that_the_encoder_lacks_stay(void **state)
{
    char folder[] = "/tmp/gs-answers-XXXXXX";
    (void)state;
    cascade_make(folder, GOLDEN_SENTIMENT, FOLDER(""));
    struct world *w = world_make(folder, (struct gs_batcher_options){.max_tokens = 100});
    ask(w, clear_text, 0);
    flush(w);
    const struct gs_prediction both = w->prediction[0];
    world_end(w);
    w = world_make(SHIPPED_FAST, (struct gs_batcher_options){.max_tokens = 100});
    ask(w, clear_text, 0);
    assert_int_equal(w->n_done, 1); /* the fast tier alone does not wait */
    const struct gs_model_info *info = gs_model_info(w->folder->model);
    for (size_t head = GS_HEAD_TOPICS; head < GS_N_HEADS; head++) {
        assert_true(info->n_labels[head] > 0);
        assert_memory_equal(both.p[head], w->prediction[0].p[head],
                            info->n_labels[head] * sizeof(float));
    }
    assert_true(both.p[0][0] != w->prediction[0].p[0][0]);
    assert_string_equal(w->prediction[0].tier, "fast");
    world_end(w);
    cascade_remove(folder);
}

static void behind_the_deadline_the_fast_tier_answers(void **state)
{
    char folder[] = "/tmp/gs-answers-XXXXXX";
    struct gs_error err = {0};
    (void)state;
    cascade_make(folder, GOLDEN_SENTIMENT, FOLDER(""));
    const struct gs_batcher_options options = {
        .max_tokens = 100, .deadline_ms = 2000, .cache_entries = 16, .cache_bytes = 4096};
    struct world *w = world_make(folder, options);
    static const struct {
        const char *text;
        int64_t now_ms, age_ms;
        bool degraded;
    } asked[] = {
        {"profit up", 0, 100, false},    {"loss", 100, 2000, false},
        {"bank", 200, 2001, true},       {"market falls", 300, 1500, true},
        {"profit up", 400, 1500, false}, /* it is in the cache */
        {"shares", 2300, 500, false},
    };
    for (size_t i = 0; i < GS_COUNT(asked); i++) {
        assert_int_equal(ask_at(w, asked[i].text, i, asked[i].now_ms, asked[i].age_ms, &err),
                         GS_OK);
        if (i == 1) {
            flush(w);
        }
    }
    flush(w);
    assert_in_order(w, GS_COUNT(asked));
    for (size_t i = 0; i < GS_COUNT(asked); i++) {
        print_message("  %s\n", asked[i].text);
        assert_int_equal(w->degraded[i], asked[i].degraded);
        assert_string_equal(w->prediction[i].tier, asked[i].degraded ? "fast" : "fast+encoder");
    }
    assert_int_equal(gs_batcher_stats(w->batcher)->fallbacks, 1);
    assert_false(gs_batcher_behind(w->batcher));
    world_end(w);
    cascade_remove(folder);

    w = world_make(GOLDEN_SENTIMENT, options); /* no fast tier to fall back to */
    assert_int_equal(ask_at(w, "bank", 0, 0, 999999, &err), GS_OK);
    flush(w);
    assert_false(w->degraded[0]);
    assert_string_equal(w->prediction[0].tier, "encoder");
    world_end(w);
}

static void failures_are_handed_on(void **state)
{
    struct world *w = world_make(GOLDEN_SENTIMENT, (struct gs_batcher_options){.max_tokens = 100});
    struct gs_error err = {0};
    (void)state;
    make_texts(10);
    for (size_t i = 0; i < 5; i++) {
        ask(w, texts[i], i);
    }
    w->broken = true;
    assert_int_equal(gs_batcher_flush(w->batcher, &err), GS_IO);
    assert_string_equal(err.message, "the encoder is broken");
    assert_int_equal(w->n_done, 0);
    gs_batcher_clear(w->batcher);
    assert_int_equal(gs_batcher_waiting(w->batcher), 0);
    w->broken = false;
    w->fail_at = 3;
    for (size_t i = 0; i < 5; i++) {
        ask(w, texts[i], i);
    }
    assert_int_equal(gs_batcher_flush(w->batcher, &err), GS_OK);
    assert_int_equal(take_ready(w, &err), GS_ABORTED);
    assert_int_equal(w->n_done, 3);
    gs_batcher_clear(w->batcher);
    w->fail_at = SIZE_MAX;
    w->n_done = 0;
    for (size_t i = 0; i < 10; i++) { /* as if nothing had been */
        ask(w, texts[i], i);
    }
    flush(w);
    assert_in_order(w, 10);
    world_end(w);
}

static void long_texts_are_cut_and_counted(void **state)
{
    struct world *w = world_make(
        GOLDEN_SENTIMENT, (struct gs_batcher_options){.max_tokens = 100, .max_message_tokens = 8});
    static char long_text[3 << 20];
    (void)state;
    ask(w, "a b c d e f", 0);
    assert_int_equal(gs_batcher_stats(w->batcher)->truncated, 0);
    ask(w, "a b c d e f g", 1);
    assert_int_equal(gs_batcher_stats(w->batcher)->truncated, 1);
    memset(long_text, 'a', sizeof long_text - 1);
    for (size_t i = 1; i < sizeof long_text - 1; i += 2) {
        long_text[i] = ' ';
    }
    ask(w, long_text, 2);
    flush(w);
    assert_in_order(w, 3);
    assert_int_equal(gs_batcher_stats(w->batcher)->truncated, 2);
    assert_int_equal(w->pack_tokens[0], 24);
    world_end(w);
}

/* The golden vocabulary has single letters and no Cyrillic. */
static void unknown_tokens_are_counted(void **state)
{
    struct world *w = world_make(GOLDEN_SENTIMENT, (struct gs_batcher_options){.max_tokens = 100});
    (void)state;
    ask(w, "a b c", 0);
    assert_int_equal(gs_batcher_stats(w->batcher)->unknown_tokens, 0);
    ask(w, "a \xD0\x96 c \xD0\x96", 1);
    assert_int_equal(gs_batcher_stats(w->batcher)->unknown_tokens, 2);
    flush(w);
    assert_in_order(w, 2);
    world_end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_are_bounded_and_answers_in_order),
        cmocka_unit_test(a_pack_does_not_change_an_answer),
        cmocka_unit_test(a_text_is_asked_once),
        cmocka_unit_test(nothing_waits_longer_than_it_may),
        cmocka_unit_test(packs_are_as_short_as_they_must_be),
        cmocka_unit_test(gates_decide),
        cmocka_unit_test(heads_that_the_encoder_lacks_stay),
        cmocka_unit_test(behind_the_deadline_the_fast_tier_answers),
        cmocka_unit_test(failures_are_handed_on),
        cmocka_unit_test(long_texts_are_cut_and_counted),
        cmocka_unit_test(unknown_tokens_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
