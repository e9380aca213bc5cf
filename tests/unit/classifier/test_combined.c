/* A fast tier and an encoder for each language: loaded as one model, its logits the sums that the
 * folder asks for, to the number; and refused when anything in the folder is wrong. */
#include "classifier/cascade.h"
#include "classifier/combined.h"
#include "tests/unit/classifier/combined_fixture.h"

#include <math.h>

static struct gs_model *load_as(const char *folder, enum gs_tier tier)
{
    const struct gs_model_choice choice = {.tier = tier};
    struct gs_model *model = NULL;
    struct gs_error err = {0};
    if (gs_model_load_as(folder, &choice, &model, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    return model;
}

static void the_folder_is_told_of(void **state)
{
    char folder[64];
    (void)state;
    combined_make(folder);
    struct gs_model *model = load_as(folder, GS_TIER_AUTO);
    const struct gs_model_info *info = gs_model_info(model);
    assert_string_equal(info->name, "pair");
    assert_string_equal(info->version, "7");
    assert_true(info->fast && info->encodes && info->combined && info->cascades);
    assert_int_equal(info->n_encoders, 2);
    assert_string_equal(info->encoders[0].folder, "en");
    assert_string_equal(info->encoders[1].folder, "zh");
    const size_t of[GS_N_MODEL_LANGS] = {0, 1, 1, 2}; /* two languages name one folder */
    assert_memory_equal(info->encoder_of, of, sizeof of);
    assert_int_equal(gs_model_encoder_of(info, 99), 2); /* out of range is other */
    assert_true(info->encoders[0].n_logits == 4 && info->encoders[1].n_logits == 3);
    assert_int_equal(info->n_logits, 4);
    assert_true(!info->encoders[0].simplified && info->encoders[1].simplified);
    assert_true(info->encoders[0].answers[GS_HEAD_TOPICS]);
    assert_false(info->encoders[1].answers[GS_HEAD_TOPICS]);
    assert_int_equal(info->n_labels[GS_HEAD_TOPICS], 4); /* the fast tier's, in its order */
    assert_string_equal(info->labels[GS_HEAD_TOPICS][2], "energy");
    assert_true(model->combination->marks_entities);
    assert_string_equal(model->combination->open, "«");
    assert_float_equal(model->combination->entity_temperature[0], 0.5F, 0.0F);
    assert_float_equal(model->combination->entity_temperature[1], 1.0F, 0.0F);

    struct gs_model *fast = load_as(folder, GS_TIER_FAST);
    assert_true(gs_model_info(fast)->fast && !gs_model_info(fast)->encodes);
    assert_string_equal(gs_model_info(fast)->name, "pair");
    assert_string_not_equal(gs_model_info(fast)->sha256, info->sha256);
    assert_string_not_equal(info->encoders[0].info->sha256, info->sha256);
    gs_model_free(fast);
    gs_model_free(model);
    combined_remove(folder);
}

/* ---- answers ---- */

enum { NEG, NEU, POS };

/* NAN: the tier does not have it; of f: the fast tier has no sentiment there. The encoders' own
 * temperatures are 2 (English sentiment), 0.5 (English topics) and 4 (Chinese sentiment). */
static const struct {
    const char *shows;
    size_t lang;
    float raw[4];
    double sentiment[3], topics[4]; /* the fast tier's logits */
    double want_sentiment[3], want_topics[4];
    bool abstains;
} sums[] = {
    {"both tiers, labels matched by their ids",
     GS_LANG_EN,
     {3, -1, 0.5F, 4},
     {0.2, 1.5, -2},
     {1, -3, 0.5, 2},
     {(1 * 4 / 2.0 + 0.35 * 0.2) / 1.25, (1 * -1 / 2.0 + 0.35 * 1.5) / 1.25,
      (1 * 0.5 / 2 + 0.35 * -2) / 1.25},
     {(1.5 * 0.5 / 0.5 + 0.25 * 1) / 0.8, -3, (1.5 * 3 / 0.5 + 0.25 * 0.5) / 0.8, 2},
     false},
    {"the fast tier has no sentiment: the encoder's alone",
     GS_LANG_EN,
     {0, 1, 2, 3},
     {NAN, NAN, NAN},
     {0, 0, 0, 0},
     {3 / 2.0, 1 / 2.0, 2 / 2.0},
     {1.5 * 2 / 0.5 / 0.8, 0, 0, 0},
     true}, /* .506 and .307 are closer than the margin */
    {"an encoder without topics, which does not know neutral",
     GS_LANG_ZH,
     {-2, 7, 6, 0},
     {1, 0.25, -1},
     {1, -3, 0.5, 2},
     {0.5 * 6 / 4 + 2 * 1, 0.25, 0.5 * -2 / 4 + 2 * -1},
     {1, -3, 0.5, 2},
     false},
    {"a fast tier without weight",
     GS_LANG_MIXED,
     {-2, 7, 6, 0},
     {9, -20, 9},
     {0, 0, 0, 0},
     {3 * 6.0, -20, 3 * -2.0},
     {0, 0, 0, 0},
     false},
};

static void assert_close(double got, double want)
{
    assert_true(fabs(got - want) <= 1e-6 * (1 + fabs(want)));
}

static void assert_softmax(const float *p, const double *z)
{
    const double top = fmax(z[0], fmax(z[1], z[2]));
    const double sum = exp(z[0] - top) + exp(z[1] - top) + exp(z[2] - top);
    for (size_t s = 0; s < 3; s++) {
        assert_close((double)p[s], exp(z[s] - top) / sum);
    }
}

static void logits_are_added_up(void **state)
{
    char folder[64];
    (void)state;
    combined_make(folder);
    struct gs_model *model = load_as(folder, GS_TIER_AUTO);
    for (size_t i = 0; i < GS_COUNT(sums); i++) {
        struct gs_prediction said = {
            .tier = "fast", .no_sentiment = isnan(sums[i].sentiment[0]), .abstained = true};
        print_message("  %s\n", sums[i].shows);
        for (size_t s = 0; s < 3; s++) {
            said.logits[GS_HEAD_SENTIMENT][s] = (float)sums[i].sentiment[s];
        }
        for (size_t l = 0; l < 4; l++) {
            said.logits[GS_HEAD_TOPICS][l] = (float)sums[i].topics[l];
            said.p[GS_HEAD_TOPICS][l] = gs_squash(said.logits[GS_HEAD_TOPICS][l]);
        }
        said.thresholds[GS_HEAD_TOPICS] = model->thresholds[GS_HEAD_TOPICS];
        gs_model_answer(model, sums[i].raw, sums[i].lang, &said);
        for (size_t s = 0; s < 3; s++) {
            assert_close((double)said.logits[GS_HEAD_SENTIMENT][s], sums[i].want_sentiment[s]);
        }
        assert_softmax(said.p[GS_HEAD_SENTIMENT], sums[i].want_sentiment);
        for (size_t l = 0; l < 4; l++) {
            const double z = sums[i].want_topics[l];
            assert_close((double)said.logits[GS_HEAD_TOPICS][l], z);
            assert_close((double)said.p[GS_HEAD_TOPICS][l], 1 / (1 + exp(-z)));
        }
        /* thresholds of the language, where the sum answers */
        assert_float_equal(said.thresholds[GS_HEAD_TOPICS][3],
                           sums[i].lang == GS_LANG_EN ? 0.4F : model->thresholds[GS_HEAD_TOPICS][3],
                           0.0F);
        assert_int_equal(said.abstained, sums[i].abstains);
        assert_false(said.no_sentiment);
        assert_string_equal(said.tier, "fast+encoder");
    }
    gs_model_free(model);
    combined_remove(folder);
}

/* Weights as large as may be, of logits that are as large as floats are. */
static void sums_are_numbers(void **state)
{
    const float raw[4] = {3e38F, -3e38F, INFINITY, NAN};
    char folder[64];
    (void)state;
    combined_make(folder);
    struct gs_model *model = load_as(folder, GS_TIER_AUTO);
    struct gs_combined_head *c = &model->combination->heads[GS_HEAD_TOPICS][GS_LANG_EN];
    c->encoder = 100;
    c->temperature = 0.01F;
    struct gs_prediction said = {.tier = "fast"};
    gs_model_answer(model, raw, GS_LANG_EN, &said);
    const float *p = said.p[GS_HEAD_SENTIMENT];
    assert_float_equal(p[0] + p[1] + p[2], 1.0F, 1e-6F);
    for (size_t l = 0; l < 4; l++) {
        assert_true(isfinite(said.logits[GS_HEAD_TOPICS][l]));
    }
    gs_model_free(model);
    combined_remove(folder);
}

/* ---- entities ---- */

/* The encoder's own temperatures are 2 and 4, the entities' 0.5 and 1; the Chinese one does not know
 * neutral. */
static void an_entity_has_the_encoders_sentiment_alone(void **state)
{
    const float raw[4] = {3, -1, 0.5F, 4};
    const double en[3] = {4 / 2.0 / 0.5, -1 / 2.0 / 0.5, 0.5 / 2 / 0.5};
    const float wild[4] = {3e38F, NAN, INFINITY, 3e38F};
    float p[GS_N_SENTIMENTS];
    char folder[64];
    (void)state;
    combined_make(folder);
    struct gs_model *model = load_as(folder, GS_TIER_AUTO);
    assert_true(gs_model_reads_entities(model, GS_LANG_EN));
    assert_true(gs_model_reads_entities(model, GS_LANG_MIXED));
    assert_false(gs_model_reads_entities(model, GS_LANG_OTHER));
    gs_model_entity(model, raw, GS_LANG_EN, p);
    assert_softmax(p, en);
    gs_model_entity(model, raw, GS_LANG_ZH, p);
    assert_close((double)p[NEG], 1 / (1 + exp((3 - 0.5) / 4)));
    assert_float_equal(p[NEU], 0, 0);
    gs_model_entity(model, wild, GS_LANG_EN, p);
    assert_float_equal(p[NEG] + p[NEU] + p[POS], 1, 1e-6F);
    gs_model_free(model);
    model = load_as(folder, GS_TIER_FAST);
    assert_false(gs_model_reads_entities(model, GS_LANG_EN));
    gs_model_free(model);
    char *without = fixture_replaced(COMBINED, "\"entities\":", "\"metrics\":");
    fixture_write(folder, "groundswell.json", without, strlen(without));
    free(without);
    model = load_as(folder, GS_TIER_AUTO);
    assert_false(gs_model_reads_entities(model, GS_LANG_EN));
    assert_null(gs_model_info(model)->open);
    gs_model_free(model);
    combined_remove(folder);
}

/* ---- gates ---- */

static void gates_look_at_the_fast_tier_alone(void **state)
{
    // NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order
    static const struct {
        const char *shows;
        enum gs_tier tier;
        size_t lang;
        float p[3], topic; /* of the fast tier; the other topics are far from their thresholds */
        bool no_sentiment, accepts;
    } rows[] = {
        {"sure in both heads", GS_TIER_AUTO, GS_LANG_EN, {0.9F, 0.05F, 0.05F}, 0.99F, false, true},
        {"sentiment below its gate",
         GS_TIER_AUTO,
         GS_LANG_EN,
         {0.8F, 0.1F, 0.1F},
         0.99F,
         false,
         false},
        {"a topic below its gate",
         GS_TIER_AUTO,
         GS_LANG_EN,
         {0.9F, 0.05F, 0.05F},
         0.7F,
         false,
         false},
        {"no sentiment is not sure", GS_TIER_AUTO, GS_LANG_EN, {0, 1, 0}, 0.99F, true, false},
        {"a gate of null", GS_TIER_AUTO, GS_LANG_ZH, {1, 0, 0}, 0.99F, false, false},
        {"no gate", GS_TIER_AUTO, GS_LANG_MIXED, {1, 0, 0}, 0.99F, false, false},
        {"a language without an encoder",
         GS_TIER_AUTO,
         GS_LANG_OTHER,
         {0.4F, 0.3F, 0.3F},
         0.5F,
         false,
         true},
        {"the encoder is asked for", GS_TIER_ENCODER, GS_LANG_EN, {1, 0, 0}, 1, false, false},
        {"and cannot be", GS_TIER_ENCODER, GS_LANG_OTHER, {1, 0, 0}, 1, false, true},
        {"the fast tier is", GS_TIER_FAST, GS_LANG_EN, {0.4F, 0.3F, 0.3F}, 0.5F, false, true},
    };
    static const float thresholds[4] = {0.5F, 0.5F, 0.5F, 0.5F};
    char folder[64];
    (void)state;
    combined_make(folder);
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_model *model = load_as(folder, rows[i].tier);
        struct gs_prediction said = {.tier = "fast", .no_sentiment = rows[i].no_sentiment};
        print_message("  %s\n", rows[i].shows);
        memcpy(said.p[GS_HEAD_SENTIMENT], rows[i].p, sizeof rows[i].p);
        said.p[GS_HEAD_TOPICS][1] = rows[i].topic;
        said.thresholds[GS_HEAD_TOPICS] = thresholds;
        assert_int_equal(gs_model_accepts(model, &said, rows[i].lang), rows[i].accepts);
        assert_int_equal(gs_model_info(model)->cascades, rows[i].tier == GS_TIER_AUTO);
        gs_model_free(model);
    }
    combined_remove(folder);
}

/* ---- logits of messages in several languages ---- */

enum { N_MESSAGES = 40, LONGEST = 24 };

static void messages_reach_their_encoder(void **state)
{
    static int32_t ids[N_MESSAGES][LONGEST];
    static float got[N_MESSAGES][4];
    struct gs_model_input inputs[N_MESSAGES];
    struct gs_model *alone[2] = {NULL, NULL};
    struct gs_model_workspace *work = NULL, *works[2] = {NULL, NULL};
    struct gs_error err = {0};
    uint32_t random = 3;
    char folder[64], path[128];
    (void)state;
    combined_make(folder);
    struct gs_model *model = load_as(folder, GS_TIER_AUTO);
    for (size_t e = 0; e < 2; e++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, e == 0 ? "en" : "zh");
        alone[e] = load_as(path, GS_TIER_AUTO);
        assert_int_equal(gs_model_workspace_new(alone[e], &works[e], &err), GS_OK);
    }
    for (size_t i = 0; i < N_MESSAGES; i++) {
        inputs[i] = (struct gs_model_input){.ids = ids[i],
                                            .n = 1 + fixture_random(&random) % LONGEST,
                                            .lang = fixture_random(&random) % 3};
        for (size_t k = 0; k < inputs[i].n; k++) {
            ids[i][k] = (int32_t)(fixture_random(&random) % 100);
        }
    }
    for (size_t room = 1; room < 5; room++) { /* packs of few messages and of many */
        assert_int_equal(gs_model_workspace_new_for(model, 50 * room, 3 * room, &work, &err),
                         GS_OK);
        memset(got, 0x7F, sizeof got);
        assert_int_equal(gs_model_logits(model, work, inputs, N_MESSAGES, got[0], &err), GS_OK);
        for (size_t i = 0; i < N_MESSAGES; i++) {
            float want[4] = {0};
            const size_t e = inputs[i].lang == GS_LANG_EN ? 0 : 1;
            assert_int_equal(gs_model_logits(alone[e], works[e], &inputs[i], 1, want, &err), GS_OK);
            assert_memory_equal(got[i], want, sizeof want); /* three outputs are filled up with 0 */
        }
        gs_model_workspace_free(work);
    }
    inputs[7].lang = GS_LANG_OTHER;
    assert_int_equal(gs_model_workspace_new_for(model, 200, 50, &work, &err), GS_OK);
    assert_int_equal(gs_model_logits(model, work, inputs, N_MESSAGES, got[0], &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "no encoder reads"));
    gs_model_workspace_free(work);
    for (size_t e = 0; e < 2; e++) {
        gs_model_workspace_free(works[e]);
        gs_model_free(alone[e]);
    }
    gs_model_free(model);
    combined_remove(folder);
}

/* ---- hostile folders ---- */

static const struct {
    const char *shows, *from, *to, *says;
} broken[] = {
    {"a later format", "\"name\":", "\"format_version\":2,\"name\":", "format_version"},
    {"a member that is misspelt", "\"provenance\"", "\"provenence\"", "\"provenence\""},
    {"no name", "\"name\":\"pair\",", "", "name or version"},
    {"no fast tier", "\"fast\":\"fast\",", "", "fast: not the plain name"},
    {"a fast tier outside", "\"fast\":\"fast\"", "\"fast\":\"../fast\"",
     "fast: not the plain name"},
    {"a fast tier that is not there", "\"fast\":\"fast\"", "\"fast\":\"slow\"",
     "slow/groundswell.json"},
    {"an encoder for a fast tier", "\"fast\":\"fast\"", "\"fast\":\"en\"", "format is not"},
    {"no encoders", "\"encoders\":{\"en\":\"en\",\"zh\":\"zh\",\"mixed\":\"zh\"}",
     "\"encoders\":{}", "encoders: not an object with a language"},
    {"encoders in a list", "\"encoders\":{\"en\":\"en\",\"zh\":\"zh\",\"mixed\":\"zh\"}",
     "\"encoders\":[\"en\"]", "encoders: not an object"},
    {"a language that is none", "\"mixed\":\"zh\"", "\"fr\":\"zh\"", "\"fr\""},
    {"an encoder outside", "\"en\":\"en\"", "\"en\":\"../en\"", "encoders.en: not the plain name"},
    {"the folder itself", "\"en\":\"en\"", "\"en\":\".\"", "encoders.en: not the plain name"},
    {"an encoder of null", "\"en\":\"en\"", "\"en\":null", "encoders.en: not the plain name"},
    {"an encoder that is not there", "\"en\":\"en\"", "\"en\":\"de\"", "de/groundswell.json"},
    {"a fast tier for an encoder", "\"en\":\"en\"", "\"en\":\"fast\"",
     "fast/groundswell.json: format is not \"groundswell-encoder\""},
    {"no heads", "\"heads\":", "\"metrics\":", "heads: missing"},
    {"an unknown head", "\"heads\":{", "\"heads\":{\"mood\":{},", "\"mood\""},
    {"a head that the fast tier lacks", "\"heads\":{", "\"heads\":{\"risks\":{},", "\"risks\""},
    {"a head of the fast tier that is missing", "\"topics\":{", "\"topic\":{", "\"topic\""},
    {"a head of null", "\"heads\":{\"sentiment\":{", "\"heads\":{\"sentiment\":null,\"x\":{",
     "\"x\""},
    {"an encoder's language that is missing", "\"mixed\":{\"encoder\":3,\"fast\":0}",
     "\"mixed\":null", "heads.sentiment.mixed: missing"},
    {"a language without an encoder", "\"mixed\":{\"encoder\":3",
     "\"other\":{},\"mixed\":{\"encoder\":3", "heads.sentiment.other: no encoder"},
    {"no weight of the encoder", "\"encoder\":1,\"fast\":0.35", "\"fast\":0.35",
     "heads.sentiment.en: encoder or fast"},
    {"no weight of the fast tier", "\"fast\":0.35,", "", "heads.sentiment.en: encoder or fast"},
    {"a weight below 0", "\"fast\":0.35", "\"fast\":-0.01", "heads.sentiment.en: encoder or fast"},
    {"a weight above 100", "\"encoder\":1.5", "\"encoder\":100.1",
     "heads.topics.en: encoder or fast"},
    {"a weight that is text", "\"encoder\":1.5", "\"encoder\":\"1.5\"",
     "heads.topics.en: encoder or fast"},
    {"a weight without end", "\"encoder\":1.5", "\"encoder\":1e999", "JSON"},
    {"no weight at all", "\"encoder\":3,\"fast\":0", "\"encoder\":0,\"fast\":0",
     "heads.sentiment.mixed: encoder and fast are both 0"},
    {"a temperature of 0", "\"temperature\":1.25", "\"temperature\":0",
     "heads.sentiment.en.temperature"},
    {"a temperature above 100", "\"temperature\":1.25", "\"temperature\":101",
     "heads.sentiment.en.temperature"},
    {"a margin above 1", "\"margin\":0.3", "\"margin\":1.01", "heads.sentiment.en.margin"},
    {"a margin of topics", "\"temperature\":0.8", "\"margin\":0.1", "\"margin\""},
    {"a gate below 0", "\"gate\":0.75", "\"gate\":-1", "heads.sentiment.en.gate"},
    {"a gate that is text", "\"gate\":0.75", "\"gate\":\"never\"", "heads.sentiment.en.gate"},
    {"a threshold too few", "[0.1,0.2,0.3,0.4]", "[0.1,0.2,0.3]",
     "heads.topics.en.thresholds: 3 numbers, the fast tier has 4"},
    {"a threshold too many", "[0.1,0.2,0.3,0.4]", "[0.1,0.2,0.3,0.4,0.5]", "5 numbers"},
    {"no thresholds", ",\"thresholds\":[0.5,0.5,0.5,0.5]}", "}",
     "heads.topics.zh.thresholds: 0 numbers"},
    {"a threshold above 1", "[0.1,0.2,0.3,0.4]", "[0.1,1.2,0.3,0.4]", "number 1 is not in 0 to 1"},
    {"a threshold that is none", "[0.1,0.2,0.3,0.4]", "[0.1,0.2,null,0.4]",
     "number 2 is not in 0 to 1"},
    {"thresholds of sentiment", "\"margin\":0.3", "\"thresholds\":[0,0,0]", "\"thresholds\""},
    {"a member of an entry that is misspelt", "\"gate\":0.5", "\"gates\":0.5", "\"gates\""},
    {"entities in a list", "\"entities\":{", "\"entities\":[{}],\"metrics\":{",
     "entities: not an object"},
    {"no mark", "\"open\":\"«\",", "", "entities: open or close"},
    {"an empty mark", "\"close\":\"»\"", "\"close\":\"\"", "entities: open or close"},
    {"a line break for a mark", "\"close\":\"»\"", "\"close\":\"\\n\"", "entities: open or close"},
    {"a member of entities that is misspelt", "\"open\"", "\"opens\"", "\"opens\""},
    {"a temperature of entities", "\"temperature\":{\"en\":0.5}", "\"temperature\":{\"en\":0}",
     "entities.temperature.en"},
    {"not JSON", "{", "", "JSON"},
    {"a key twice", "\"fast\":\"fast\"", "\"fast\":\"fast\",\"fast\":\"fast\"", "duplicate"},
};

static void assert_refused(const char *folder, enum gs_tier tier, const char *says)
{
    const struct gs_model_choice choice = {.tier = tier};
    struct gs_model *model = NULL;
    struct gs_error err = {0};
    const enum gs_status status = gs_model_load_as(folder, &choice, &model, &err);
    assert_true(status == GS_BAD_FORMAT || status == GS_IO);
    assert_null(model);
    if (strstr(err.message, says) == NULL || strstr(err.message, "groundswell.json") == NULL ||
        strstr(err.message, folder) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.message, says);
    }
    for (const char *c = err.message; *c != '\0'; c++) {
        assert_true((unsigned char)*c >= ' ');
    }
}

static void broken_manifests_are_refused(void **state)
{
    char folder[64];
    (void)state;
    combined_make(folder);
    for (size_t i = 0; i < GS_COUNT(broken); i++) {
        char *bad = fixture_replaced(COMBINED, broken[i].from, broken[i].to);
        print_message("  %s\n", broken[i].shows);
        fixture_write(folder, "groundswell.json", bad, strlen(bad));
        assert_refused(folder, GS_TIER_AUTO, broken[i].says);
        free(bad);
    }
    combined_remove(folder);
}

static const struct {
    const char *shows, *from, *to, *says;
} broken_encoders[] = {
    {"a label that the fast tier lacks", "\"id\":\"energy\"", "\"id\":\"sports\"",
     "heads.topics.labels: \"sports\" is no label of the fast tier"},
    {"a head that the fast tier lacks", "\"topics\":{", "\"risks\":{",
     "heads.risks.labels: \"energy\" is no label"},
    {"one topic at a time", "\"kind\":\"multi\"", "\"kind\":\"single\"",
     "heads.topics: one label at a time"},
    {"a fast tier of its own", "\"name\":\"en\"", "\"fast\":\"fast\",\"name\":\"en\"",
     "fast tier of its own"},
    {"a combined folder in a combined one", "groundswell-encoder", "groundswell-combined",
     "format is not \"groundswell-encoder\""},
    {"no heads", "\"heads\"", "\"metrics\"", "heads"},
};

static void broken_encoders_are_refused(void **state)
{
    char folder[64];
    (void)state;
    combined_make(folder);
    for (size_t i = 0; i < GS_COUNT(broken_encoders); i++) {
        char *bad = fixture_replaced(COMBINED_EN, broken_encoders[i].from, broken_encoders[i].to);
        print_message("  %s\n", broken_encoders[i].shows);
        fixture_write(folder, "en/groundswell.json", bad, strlen(bad));
        assert_refused(folder, GS_TIER_AUTO, broken_encoders[i].says);
        struct gs_model *fast = load_as(folder, GS_TIER_FAST); /* which does not look at encoders */
        gs_model_free(fast);
        free(bad);
    }
    combined_remove(folder);
}

/* A folder that leads back to itself ends. */
static void a_circle_is_refused(void **state)
{
    char folder[64], path[128];
    (void)state;
    combined_make(folder);
    (void)snprintf(path, sizeof path, "%s/loop", folder);
    assert_int_equal(symlink(".", path), 0);
    char *bad = fixture_replaced(COMBINED, "\"en\":\"en\"", "\"en\":\"loop\"");
    fixture_write(folder, "groundswell.json", bad, strlen(bad));
    free(bad);
    assert_refused(folder, GS_TIER_AUTO, "loop/groundswell.json: format is not");
    assert_int_equal(unlink(path), 0);
    combined_remove(folder);
}

static void what_needs_one_encoder_says_so(void **state)
{
    const struct gs_model_choice vectors = {.vectors = true};
    struct gs_model *model = NULL;
    struct gs_error err = {0};
    bool simplified = false;
    char folder[64];
    (void)state;
    combined_make(folder);
    assert_int_equal(gs_model_load_as(folder, &vectors, &model, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "name the subfolder of one"));
    assert_int_equal(gs_model_reads_simplified(folder, &simplified, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "name the subfolder of one"));
    combined_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_folder_is_told_of),
        cmocka_unit_test(logits_are_added_up),
        cmocka_unit_test(sums_are_numbers),
        cmocka_unit_test(an_entity_has_the_encoders_sentiment_alone),
        cmocka_unit_test(gates_look_at_the_fast_tier_alone),
        cmocka_unit_test(messages_reach_their_encoder),
        cmocka_unit_test(broken_manifests_are_refused),
        cmocka_unit_test(broken_encoders_are_refused),
        cmocka_unit_test(a_circle_is_refused),
        cmocka_unit_test(what_needs_one_encoder_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
