/* Texts with one entity marked: of whom, how many, and what of a long text is kept. */
#include "deploy/daemon/pipeline/tagger_internal.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>

#define MAX_TEXT 12000

struct place {
    const char *id;
    bool in_title, in_field;
    size_t start, end;
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in reading order
static const struct {
    const char *shows, *title, *text;
    struct place places[8];
    const char *marked[5];
    size_t n_unmarked;
} cases[] = {
    {"each company once, at its first mention",
     "Tesla beats",
     "Ford falls, Tesla up",
     {{"TSLA", true, false, 0, 5}, {"F", false, false, 0, 4}, {"TSLA", false, false, 12, 17}},
     {"«Tesla» beats\nFord falls, Tesla up", "Tesla beats\n«Ford» falls, Tesla up"},
     0},
    {"no title", "", "Ford falls", {{"F", false, false, 0, 4}}, {"«Ford» falls"}, 0},
    {"no text", "Up: Ford", "", {{"F", true, false, 4, 8}}, {"Up: «Ford»"}, 0},
    {"one that a field names has no place",
     "",
     "Ford falls",
     {{"F", false, false, 0, 4}, {"GM", false, true, 0, 0}},
     {"«Ford» falls"},
     0},
    {"Han", "", "比亚迪跌", {{"002594.SZ", false, false, 0, 9}}, {"«比亚迪»跌"}, 0},
    {"four, and two that are counted",
     "",
     "a b c d e f",
     {{"A", false, false, 0, 1},
      {"B", false, false, 2, 3},
      {"A", false, false, 0, 1},
      {"C", false, false, 4, 5},
      {"D", false, false, 6, 7},
      {"E", false, false, 8, 9},
      {"F", false, false, 10, 11}},
     {"«a» b c d e f", "a «b» c d e f", "a b «c» d e f", "a b c «d» e f"},
     2},
    {"no entity", "", "shares fall", {{NULL, false, false, 0, 0}}, {NULL}, 0},
};

static const struct gs_model_info marks = {.open = "«", .close = "»"};

static void fill(struct gs_tagging *tagging, const char *title, const char *text, char *input)
{
    struct gs_tagged *tagged = &tagging->tagged;
    *tagged = (struct gs_tagged){.title = gs_str(title), .text = gs_str(text)};
    (void)snprintf(input, MAX_TEXT, "%s%s%s", title, *title != '\0' && *text != '\0' ? "\n" : "",
                   text);
    tagging->input = gs_str(input);
    tagging->n_marked = 0;
    tagging->n_unmarked = 0;
}

static void companies_are_marked(void **state)
{
    static struct gs_tagging tagging;
    static char input[MAX_TEXT];
    struct gs_arena *arena = NULL;
    (void)state;
    assert_int_equal(gs_arena_new(1 << 20, &arena, NULL), GS_OK);
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        size_t n = 0;
        print_message("  %s\n", cases[i].shows);
        fill(&tagging, cases[i].title, cases[i].text, input);
        for (; n < 8 && cases[i].places[n].id != NULL; n++) {
            const struct place *place = &cases[i].places[n];
            tagging.tagged.entities[n] = (struct gs_entity_mention){.id = gs_str(place->id),
                                                                    .in_field = place->in_field,
                                                                    .in_title = place->in_title,
                                                                    .start = place->start,
                                                                    .end = place->end};
        }
        tagging.tagged.n_entities = n;
        gs_tagging_mark_entities(&tagging, &marks, arena);
        for (n = 0; cases[i].marked[n] != NULL; n++) {
            assert_true(n < tagging.n_marked);
            print_message("    %.*s\n", GS_STR_ARGS(tagging.marked[n]));
            assert_true(gs_str_equal(tagging.marked[n], gs_str(cases[i].marked[n])));
        }
        assert_int_equal(tagging.n_marked, n);
        assert_int_equal(tagging.n_unmarked, cases[i].n_unmarked);
    }
    gs_arena_free(arena);
}

/* Wherever it stands in a text of words or of Han, an entity is near the beginning, and the marked
 * text is whole characters. */
static void a_long_text_is_cut_around_the_mention(void **state)
{
    static const char *const words[] = {"word ", "\xE5\x85\xAC"}; /* a character of three bytes */
    static struct gs_tagging tagging;
    static char text[MAX_TEXT], input[MAX_TEXT], copy[MAX_TEXT];
    struct gs_arena *arena = NULL;
    (void)state;
    assert_int_equal(gs_arena_new(1 << 20, &arena, NULL), GS_OK);
    for (size_t k = 0; k < 2; k++) {
        const size_t width = strlen(words[k]);
        for (size_t before = 0; before < 10000 / width; before += 37) {
            char *to = text;
            for (size_t i = 0; i < before; i++) {
                to = (char *)memcpy(to, words[k], width) + width;
            }
            const size_t start = (size_t)(to - text);
            to = (char *)memcpy(to, "Ford", 4) + 4;
            while ((size_t)(to - text) + width < 10500) {
                to = (char *)memcpy(to, words[k], width) + width;
            }
            *to = '\0';
            fill(&tagging, "", text, input);
            tagging.tagged.n_entities = 1;
            tagging.tagged.entities[0] =
                (struct gs_entity_mention){.id = gs_str("F"), .start = start, .end = start + 4};
            gs_arena_reset(arena);
            gs_tagging_mark_entities(&tagging, &marks, arena);
            const struct gs_str got = tagging.marked[0];
            assert_int_equal(tagging.n_marked, 1);
            assert_true(got.len <= 256 + 4 + 4096 + 4);
            memcpy(copy, got.bytes, got.len);
            copy[got.len] = '\0';
            const char *at = strstr(copy, "«Ford»");
            assert_non_null(at);
            const size_t kept = (size_t)(at - copy);
            assert_true(start <= 256 ? kept == start : kept > 100 && kept <= 128);
            assert_memory_equal(got.bytes, text + start - kept, kept);
            assert_true(((unsigned char)got.bytes[0] & 0xC0) != 0x80);
            assert_int_equal(kept % width, 0); /* whole words, whole characters */
        }
    }
    gs_arena_free(arena);
}

static void all_mentions_of_a_company_have_its_sentiment(void **state)
{
    static struct gs_tagging tagging;
    static const float said[2][GS_N_SENTIMENTS] = {{0.7F, 0.2F, 0.1F}, {0.1F, 0.1F, 0.8F}};
    static const char *const ids[] = {"TSLA", "F", "GM", "F", "TSLA"};
    struct gs_reply reply = {.entities = said, .n_entities = 2};
    (void)state;
    tagging.tagged.n_entities = GS_COUNT(ids);
    for (size_t i = 0; i < GS_COUNT(ids); i++) {
        tagging.tagged.entities[i] = (struct gs_entity_mention){.id = gs_str(ids[i])};
    }
    tagging.tagged.entities[4].in_field = true;
    tagging.marked_of[0] = 0;
    tagging.marked_of[1] = 1;
    tagging.n_marked = 2;
    tagging.n_unmarked = 1;
    gs_tagging_fill_entities(&tagging, &reply);
    for (size_t i = 0; i < GS_COUNT(ids); i++) {
        const struct gs_entity_mention *entity = &tagging.tagged.entities[i];
        assert_int_equal(entity->has_own, i != 2);
        if (entity->has_own) {
            assert_memory_equal(entity->sentiment, said[strcmp(ids[i], "F") == 0], sizeof said[0]);
        }
    }
    assert_int_equal(tagging.n_unmarked, 1);
    reply.n_entities = 0; /* the fast tier answered alone: the message's for all */
    gs_tagging_fill_entities(&tagging, &reply);
    for (size_t i = 0; i < GS_COUNT(ids); i++) {
        assert_false(tagging.tagged.entities[i].has_own);
    }
    assert_int_equal(tagging.n_unmarked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(companies_are_marked),
        cmocka_unit_test(a_long_text_is_cut_around_the_mention),
        cmocka_unit_test(all_mentions_of_a_company_have_its_sentiment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
