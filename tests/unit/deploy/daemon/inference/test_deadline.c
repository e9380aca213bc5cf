/* When a lane gives up on the encoder and when it comes back, at times that are given. */
#include "deploy/daemon/inference/deadline.h"
#include "ingest/base/attr.h"
#include "tests/unit/gs_test.h"

static const struct {
    const char *shows;
    int64_t deadline_ms;
    struct {
        int64_t now_ms, age_ms;
        bool behind;
    } seen[8];
} cases[] = {
    {"without a deadline never", 0, {{0, 1000000, false}, {1, INT64_MAX, false}}},
    {"an unknown age says nothing", 500, {{0, -1, false}, {1, 501, true}, {9000, -1, true}}},
    {"only past the deadline", 500, {{0, 500, false}, {1, 501, true}}},
    {"half of it ends it, not less",
     5000,
     {{0, 5001, true}, {9000, 2501, true}, {9001, 2500, false}}},
    {"not before the hold is over",
     5000,
     {{0, 6000, true}, {1000, 0, true}, {4999, 0, true}, {5000, 0, false}}},
    {"a short deadline holds a second", 10, {{0, 11, true}, {999, 0, true}, {1000, 0, false}}},
    {"a long one holds half a minute",
     3600000,
     {{0, 3600001, true}, {29999, 0, true}, {30000, 0, false}}},
    {"the hold counts anew each time",
     1000,
     {{0, 1001, true}, {1000, 0, false}, {1500, 2000, true}, {2400, 0, true}, {2500, 0, false}}},
};

static void it_falls_behind_and_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_overload overload = {.deadline_ms = cases[i].deadline_ms};
        print_message("  %s\n", cases[i].shows);
        for (size_t k = 0; k < GS_COUNT(cases[i].seen); k++) {
            const bool before = overload.behind;
            if (k > 0 && cases[i].seen[k].now_ms == 0) {
                break;
            }
            const bool changed =
                gs_overload_see(&overload, cases[i].seen[k].now_ms, cases[i].seen[k].age_ms);
            assert_int_equal(overload.behind, cases[i].seen[k].behind);
            assert_int_equal(changed, before != overload.behind);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_falls_behind_and_comes_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
