/* What was recorded against what is computed: which changes are the same, and what is said of those
 * that are not. */
#include "deploy/daemon/cli/replay_record.h"

#include "tests/unit/gs_test.h"

#include <string.h>

#define FIRING                                                                                     \
    "{\"v\":1,\"id\":\"00000000000000aa\",\"state\":\"firing\",\"updated_at\":\"T1\",\"n\":12,"    \
    "\"evidence\":[{\"id\":\"m1\",\"weight\":0.5},{\"id\":\"m2\",\"weight\":0.25}],\"told\":true}"
#define RESOLVED                                                                                   \
    "{\"v\":1,\"id\":\"00000000000000aa\",\"state\":\"resolved\",\"updated_at\":\"T2\",\"n\":0,"   \
    "\"evidence\":[],\"told\":true}"

static const struct {
    const char *shows, *text;
    size_t recorded, same, alike, answered, different, missing;
    const char *member, *was, *is; /* of the first difference */
} cases[] = {
    {"all of it", FIRING "\n" RESOLVED "\n", 2, 2, 0, 0, 0, 0, NULL, NULL, NULL},
    {"a part of it, without a line end, with a carriage return", RESOLVED "\r\n" FIRING, 2, 2, 0, 0,
     0, 0, NULL, NULL, NULL},
    {"delivered twice", FIRING "\n" FIRING "\n", 2, 2, 0, 0, 0, 0, NULL, NULL, NULL},
    {"others between",
     "no JSON 00000000000000aa\n{\"id\":\"bb\",\"x\":\"00000000000000aa\"}\n" FIRING, 1, 1, 0, 0, 0,
     0, NULL, NULL, NULL},
    {"nothing of it", "{\"id\":\"bb\"}\n", 0, 0, 0, 0, 0, 0, NULL, NULL, NULL},
    {"no bytes", "", 0, 0, 0, 0, 0, 0, NULL, NULL, NULL},
    {"other bytes, the same values",
     "{\"id\": \"00000000000000aa\", \"v\":1,\"state\":\"resolved\",\"updated_at\":\"T2\",\"n\":0,"
     "\"evidence\":[],\"told\":true}",
     1, 0, 1, 0, 0, 0, NULL, NULL, NULL},
    {"people have answered",
     "{\"v\":1,\"id\":\"00000000000000aa\",\"state\":\"resolved\",\"updated_at\":\"T2\",\"n\":0,"
     "\"evidence\":[],\"told\":false,\"silence\":\"muted\"}",
     1, 0, 0, 1, 0, 0, NULL, NULL, NULL},
    {"a number",
     "{\"v\":1,\"id\":\"00000000000000aa\",\"state\":\"resolved\",\"updated_at\":\"T2\",\"n\":3,"
     "\"evidence\":[],\"told\":true}",
     1, 0, 0, 0, 1, 0, "n", "3", "0"},
    {"a weight inside",
     "{\"v\":1,\"id\":\"00000000000000aa\",\"state\":\"firing\",\"updated_at\":\"T1\",\"n\":12,"
     "\"evidence\":[{\"id\":\"m1\",\"weight\":0.5},{\"id\":\"m2\",\"weight\":0.75}],\"told\":true}",
     1, 0, 0, 0, 1, 0, "evidence[1].weight", "0.75", "0.25"},
    {"a message more",
     "{\"v\":1,\"id\":\"00000000000000aa\",\"state\":\"resolved\",\"updated_at\":\"T2\",\"n\":0,"
     "\"evidence\":[{\"id\":\"m9\"}],\"told\":true}",
     1, 0, 0, 0, 1, 0, "evidence[0]", "{\"id\":\"m9\"}", ""},
    {"another time",
     "{\"v\":1,\"id\":\"00000000000000aa\",\"state\":\"resolved\",\"updated_at\":\"T3\",\"n\":0,"
     "\"evidence\":[],\"told\":true}",
     1, 0, 0, 0, 1, 0, "updated_at", "\"T3\"", "\"T2\""},
    {"a member that it has not",
     "{\"v\":1,\"id\":\"00000000000000aa\",\"state\":\"resolved\",\"updated_at\":\"T2\","
     "\"evidence\":[],\"told\":true}",
     1, 0, 0, 0, 1, 0, "n", "", "0"},
    {"a state that is not computed",
     "{\"v\":1,\"id\":\"00000000000000aa\",\"state\":\"updated\",\"updated_at\":\"T1\"}", 1, 0, 0,
     0, 0, 1, NULL, NULL, NULL},
};

static void recorded_changes_meet_computed_ones(void **state)
{
    (void)state;
    const struct gs_str computed[] = {gs_str(FIRING), gs_str(RESOLVED)};
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_record_verdict verdict = {.path = "r"};
        print_message("  %s\n", cases[i].shows);
        assert_int_equal(gs_record_compare_text(gs_str(cases[i].text), "00000000000000aa", computed,
                                                2, &verdict, NULL),
                         GS_OK);
        assert_int_equal(verdict.n_recorded, cases[i].recorded);
        assert_int_equal(verdict.n_same, cases[i].same);
        assert_int_equal(verdict.n_alike, cases[i].alike);
        assert_int_equal(verdict.n_answered, cases[i].answered);
        assert_int_equal(verdict.n_different, cases[i].different);
        assert_int_equal(verdict.n_missing, cases[i].missing);
        assert_true(gs_record_holds(&verdict) ==
                    (cases[i].recorded > 0 && cases[i].different + cases[i].missing == 0));
        assert_int_equal(verdict.n_differences, cases[i].member == NULL ? 0 : 1);
        if (cases[i].member != NULL) {
            assert_string_equal(verdict.differences[0].member, cases[i].member);
            assert_string_equal(verdict.differences[0].recorded, cases[i].was);
            assert_string_equal(verdict.differences[0].computed, cases[i].is);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_changes_meet_computed_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
