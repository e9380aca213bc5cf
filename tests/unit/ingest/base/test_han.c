#include "ingest/base/attr.h"
#include "ingest/base/han.h"
#include "ingest/base/utf8.h"
#include "tests/unit/gs_test.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *shows, *text, *folded;
} rows[] = {
    {"nothing", "", ""},
    {"ASCII stays", "EPS $1.25", "EPS $1.25"},
    {"simplified stays", "腾讯控股亏损扩大", "腾讯控股亏损扩大"},
    {"traditional becomes simplified", "騰訊控股虧損擴大", "腾讯控股亏损扩大"},
    {"some of each", "台積電 2330 漲停", "台积电 2330 涨停"},
    {"the form of Hong Kong", "衞生署 敍做貸款", "卫生署 叙做贷款"},
    {"the form of Taiwan", "裡面 裏面", "里面 里面"},
    {"one simplified form of two", "頭髮 發展", "头发 发展"},
    {"what simplified Chinese writes too", "著名品牌 着手", "著名品牌 着手"},
    {"kana and Hangul stay", "トヨタ 삼성", "トヨタ 삼성"},
    {"what is not UTF-8 stays", "\xE9\xA8 \xFF騰", "\xE9\xA8 \xFF腾"},
    {"four bytes stay", "𠮷🚀é", "𠮷🚀é"},
};

static void texts_are_folded_in_place_and_keep_their_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const size_t len = strlen(rows[i].text);
        char *exact = malloc(len + (len == 0));
        print_message("  %s\n", rows[i].shows);
        assert_non_null(exact);
        memcpy(exact, rows[i].text, len);
        gs_han_fold_text((struct gs_str){exact, len}, exact);
        assert_int_equal(len, strlen(rows[i].folded));
        assert_memory_equal(exact, rows[i].folded, len);
        free(exact);
    }
}

static void a_fold_of_a_fold_changes_nothing_and_has_three_bytes(void **state)
{
    const uint16_t *folds = gs_han_folds();
    size_t changed = 0;
    char bytes[4];

    (void)state;
    for (uint32_t cp = GS_HAN_FIRST; cp < GS_HAN_FIRST + GS_HAN_N; cp++) {
        const uint32_t folded = gs_han_fold(folds, cp);
        assert_int_equal(gs_han_fold(folds, folded), folded);
        assert_int_equal(gs_utf8_encode(folded, bytes), 3);
        changed += folded != cp;
    }
    assert_true(changed > 2500);
    assert_int_equal(gs_han_fold(folds, GS_HAN_FIRST - 1), GS_HAN_FIRST - 1);
    assert_int_equal(gs_han_fold(folds, GS_HAN_FIRST + GS_HAN_N), GS_HAN_FIRST + GS_HAN_N);
    assert_int_equal(gs_han_fold(folds, 0), 0);
}

static void every_character_has_one_kind(void **state)
{
    static const struct {
        const char *c;
        enum gs_han_kind kind;
    } kinds[] = {
        {"发", GS_HAN_SIMPLIFIED},  {"业", GS_HAN_SIMPLIFIED},  {"亏", GS_HAN_SIMPLIFIED},
        {"發", GS_HAN_TRADITIONAL}, {"東", GS_HAN_TRADITIONAL}, {"減", GS_HAN_TRADITIONAL},
        {"営", GS_HAN_JAPANESE},    {"円", GS_HAN_JAPANESE},    {"込", GS_HAN_JAPANESE},
        {"国", GS_HAN_SHARED},      {"会", GS_HAN_SHARED},      {"的", GS_HAN_SHARED},
        {"予", GS_HAN_SHARED},      {"著", GS_HAN_SHARED},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(kinds); i++) {
        print_message("  %s\n", kinds[i].c);
        assert_int_equal(gs_han_kinds()[gs_han_at(gs_utf8_decode(kinds[i].c, 3))], kinds[i].kind);
    }
    /* What is folded is no simplified character, and none that Japan made. */
    for (uint32_t i = 0; i < GS_HAN_N; i++) {
        const bool folds = gs_han_folds()[i] != GS_HAN_FIRST + i;
        assert_int_equal(folds, gs_han_kinds()[i] == GS_HAN_TRADITIONAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_folded_in_place_and_keep_their_length),
        cmocka_unit_test(a_fold_of_a_fold_changes_nothing_and_has_three_bytes),
        cmocka_unit_test(every_character_has_one_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
