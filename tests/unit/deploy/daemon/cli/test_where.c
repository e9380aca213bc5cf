/* Conditions on a record. */
#include "deploy/daemon/cli/where.h"

#include "tests/unit/gs_test.h"

#include <stdio.h>

#define TAGGED                                                                                     \
    "{\"id\":\"a=b\",\"n\":3,\"share\":0.50,\"sentiment\":{\"label\":\"negative\",\"p\":{\"x\":1}" \
    "},"                                                                                           \
    "\"topics\":[{\"label\":\"legal\",\"p\":0.9},{\"label\":\"debt\",\"p\":0.5}],\"keys\":["       \
    "\"k1\",\"k2\"],"                                                                              \
    "\"late\":true,\"none\":null,\"deep\":[[{\"a\":[1,2]}]],\"label\":\"outer\"}"

static const struct {
    const char *where;
    bool holds;
} rows[] = {
    {"n=3", true},
    {"n=3.0", true},
    {"n=30", false},
    {"n=", false},
    {"n=-", false},
    {"share=0.5", true},
    {"share=5e-1", true},
    {"id=a=b", true}, /* the first sign of equality ends the name */
    {"id=a", false},
    {"sentiment.label=negative", true},
    {"sentiment.label=positive", false},
    {"sentiment=negative", false}, /* an object is no text */
    {"sentiment.p.x=1", true},
    {"label=negative", false}, /* not inside another */
    {"label=outer", true},
    {"topics.label=legal", true},
    {"topics.label=debt", true}, /* any element */
    {"topics.label=tax", false},
    {"topics.p=0.9", true},
    {"keys=k2", true},
    {"keys=k3", false},
    {"late=true", true},
    {"late=false", false},
    {"none=null", true},
    {"deep.a=2", true},
    {"absent=1", false},
};

static void conditions_on_a_record(void **state)
{
    struct gs_arena *arena = NULL;

    (void)state;
    assert_int_equal(gs_arena_new(1 << 20, &arena, NULL), GS_OK);
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_where where;
        print_message("  %s\n", rows[i].where);
        assert_int_equal(gs_where_parse(rows[i].where, &where, NULL), GS_OK);
        assert_int_equal(gs_where_holds(&where, gs_str(TAGGED), arena), rows[i].holds);
        gs_arena_reset(arena);
    }
    gs_arena_free(arena);
}

static void a_name_of_all_parts_looks_no_deeper(void **state)
{
    static const char record[] =
        "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":[{\"i\":1},2]}}}}}}}}";
    struct gs_arena *arena = NULL;
    struct gs_where where;

    (void)state;
    assert_int_equal(gs_arena_new(1 << 20, &arena, NULL), GS_OK);
    assert_int_equal(gs_where_parse("a.b.c.d.e.f.g.h=2", &where, NULL), GS_OK);
    assert_true(gs_where_holds(&where, gs_str(record), arena));
    where.value = gs_str("1");
    assert_false(gs_where_holds(&where, gs_str(record), arena));
    gs_arena_free(arena);
}

static void what_is_no_json_does_not_hold(void **state)
{
    static const char *const texts[] = {
        "",        "{\"n\":3", "{\"n\":3}x", "{\"n\":3,\"n\":3}", "{\"n\":3,}",
        "\"n\":3", "[3]",      "3",          "{\"n\":3,\"m\":[}", "\xff{\"n\":3}"};
    struct gs_arena *arena = NULL;
    struct gs_where where;

    (void)state;
    assert_int_equal(gs_arena_new(1 << 20, &arena, NULL), GS_OK);
    assert_int_equal(gs_where_parse("n=3", &where, NULL), GS_OK);
    for (size_t i = 0; i < GS_COUNT(texts); i++) {
        print_message("  %s\n", texts[i]);
        assert_false(gs_where_holds(&where, gs_str(texts[i]), arena));
    }
    gs_arena_free(arena);
}

static void conditions_that_are_none(void **state)
{
    static const char *const wrong[] = {"",     "n",    "=3",     ".=3",
                                        "a.=3", ".a=3", "a..b=3", "a.b.c.d.e.f.g.h.i=3"};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(wrong); i++) {
        struct gs_where where;
        struct gs_error err = {GS_OK, ""};
        print_message("  %s\n", wrong[i]);
        assert_int_equal(gs_where_parse(wrong[i], &where, &err), GS_BAD_CONFIG);
        assert_non_null(strstr(err.message, "MEMBER=VALUE"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_on_a_record),
        cmocka_unit_test(a_name_of_all_parts_looks_no_deeper),
        cmocka_unit_test(what_is_no_json_does_not_hold),
        cmocka_unit_test(conditions_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
