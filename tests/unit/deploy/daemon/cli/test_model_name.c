#include "deploy/daemon/cli/model_name.h"

#include "ingest/base/attr.h"
#include "tests/unit/gs_test.h"

#define LONG "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-123456789" /* 63 letters */

static void test_names_that_a_manifest_takes(void **state)
{
    static const struct {
        const char *shows;
        const char *name;
        bool fine;
    } cases[] = {
        {"letters, digits and signs", "finance-zh_en.v3", true},
        {"the longest", LONG, true},
        {"one letter too many", LONG "x", false},
        {"nothing", "", false},
        {"a hidden file", ".model", false},
        {"upper case", "Model", false},
        {"a path", "a/b", false},
        {"Han", "模型", false},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        print_message("  %s\n", cases[i].shows);
        assert_int_equal(gs_model_name_is_fine(cases[i].name), cases[i].fine);
    }
}

static void test_names_after_a_folder(void **state)
{
    static const struct {
        const char *shows;
        const char *folder;
        const char *name;
    } cases[] = {
        {"the last part", "models/finance.v3", "finance.v3"},
        {"slashes at the end are not a part", "models/finance//", "finance"},
        {"upper case", "Mine", "mine"},
        {"what a name may not have", "my model!", "my-model-"},
        {"a hidden folder", "/x/.mine", "-mine"},
        {"a byte of UTF-8 at a time", "\xe6\xa8\xa1", "---"},
        {"too long", LONG "xyz", LONG},
        {"the root has no name", "/", "fallback"},
        {"neither has nothing", "", "fallback"},
    };
    char name[GS_MODEL_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        print_message("  %s\n", cases[i].shows);
        gs_model_name_after(cases[i].folder, "fallback", name);
        assert_string_equal(name, cases[i].name);
        assert_true(gs_model_name_is_fine(name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_that_a_manifest_takes),
        cmocka_unit_test(test_names_after_a_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
