#include "tests/unit/ingest/text/text_rows.h"

#include "ingest/base/utf8.h"

static struct gs_out out;

static struct gs_str run(struct gs_str text, uint32_t *runs)
{
    char *copy = heap_copy(text.bytes, text.len);
    uint32_t *origin = identity_origins(text.len);

    assert_int_equal(gs_mojibake_run((struct gs_view){copy, origin, text.len}, &out, runs, NULL),
                     GS_OK);
    const struct gs_view view = gs_out_view(&out, (uint32_t)text.len);
    check_origins("origins", view.origin, view.len, text.len);
    free(copy);
    free(origin);
    return (struct gs_str){view.bytes, view.len};
}

static const struct {
    const char *shows;
    const char *in;
    const char *out;
    uint32_t runs;
} repaired[] = {
    {"apostrophe", "donâ€™t", "don’t", 1},
    {"quotes: the closing one lost its last byte", "â€œsellâ€ he said", "“sell” he said", 2},
    {"dash", "Exchange â€“ Boerse", "Exchange – Boerse", 1},
    {"umlaut inside a word", "Deutsche BÃ¶rse", "Deutsche Börse", 1},
    {"umlaut at a word's start", "Ã¶l", "öl", 1},
    {"pound", "seals Â£22 billion", "seals £22 billion", 1},
    {"no-break space", "theirÂ\u00A0r", "their\u00A0r", 1},
    {"no-break space that became a blank", "theirÂ r", "their r", 1},
    {"euro", "â‚¬510", "€510", 1},
    {"trade mark", "Fooâ„¢", "Foo™", 1},
    {"Chinese, one run", "ä¸­å›½ å¹³å®‰", "中国 平安", 2},
    {"full-width comma", "aï¼Œb", "a，b", 1},
    {"emoji", "ðŸ˜€", "😀", 1},
    {"read as Latin-1: controls",
     "don\u00E2\xC2\x80"
     "\xC2\x99"
     "t",
     "don’t", 1},
    {"a lone control is Windows-1252",
     "don\xC2\x92"
     "t \xC2\x80"
     "10",
     "don’t €10", 2},
    {"Polish", "PoznaÅ„ SkÅ‚odowska", "Poznań Skłodowska", 2},
    {"Cyrillic", "Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет", 1},
    {"Greek", "Î±Î²Î³", "αβγ", 1},
    {"replacement characters", "ï¿½ï¿½", "\uFFFD\uFFFD", 1},
    {"GBK: quotes and apostrophes", "it鈥檚 鈥淗ello", "it’s “Hello", 2},
    {"GBK: replacement characters", "锟斤拷锟斤拷", "\uFFFD\uFFFD\uFFFD\uFFFD", 1},
};

static void test_garbled_text_is_repaired_and_counted(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(repaired); i++) {
        uint32_t runs = 0;
        assert_true(gs_mojibake_suspect(gs_scan_pick(), gs_str(repaired[i].in)));
        check_text(repaired[i].shows, run(gs_str(repaired[i].in), &runs), repaired[i].out);
        assert_int_equal(runs, repaired[i].runs);
    }
}

static const char *const sound[] = {
    "Le « Société » a gagné »",
    "voilà…” dit-il, « à l’été » — été…",
    "Qualité\u00A0» et résumé”.",
    "NESTLÉ® CAFÉ™ DÉJÀ VU… É»",
    "ÂGE, Âme, château, JOÃO, IRMÃ” SÃO Paulo, AÇÃO, MAÇÃ…",
    "daß“ er groß… ß®",
    "Ä, Ö und Ü: Ärger, ÄÖÜ“ und Å…",
    "ESPAÑA… Ñ® niño",
    "3×” 5×… 2 × 3",
    "25°C, £5, ¥100, §3, ½, ²³, ©2020, ®, «x»",
    "Ð and Þ in Þór, Ðe",
    "é和ü是拼音",
    "中文·间隔号“引号”——破折号……",
    "银行·中国平安（６００５１９）",
    "锟是一个字，鈥也是",
    "naïve façade Dvořák Łódź İstanbul",
    "Tiếng Việt: Ă Â Đ Ê Ô Ơ Ư, CHÂU Á, Ấ",
    "\xC2\x85",
};

static void test_sound_text_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(sound); i++) {
        uint32_t runs = 0;
        check_text(sound[i], run(gs_str(sound[i]), &runs), sound[i]);
        assert_int_equal(runs, 0);
    }
}

static void test_no_pair_of_chinese_characters_is_touched(void **state)
{
    uint32_t seed = 7;
    uint32_t runs = 0;
    char text[4096];

    (void)state;
    for (int round = 0; round < 500; round++) {
        size_t len = 0;
        while (len < 4000) {
            seed = seed * 1664525U + 1013904223U;
            const uint32_t cp = 0x4E00 + (seed >> 8) % 0x5200;
            if (cp != 0x9225 && cp != 0x951F) { /* 鈥 and 锟 have rows of their own */
                len += gs_utf8_encode(cp, text + len);
            }
        }
        assert_false(gs_mojibake_suspect(gs_scan_pick(), (struct gs_str){text, len}));
        const struct gs_str got = run((struct gs_str){text, len}, &runs);
        assert_true(gs_str_equal(got, (struct gs_str){text, len}));
    }
    assert_int_equal(runs, 0);
}

/* Whatever is written as UTF-8, read as Windows-1252 and written again comes back. */
static void test_round_trip(void **state)
{
    static const char *const texts[] = {"中国平安保险股份有限公司公布年报，净利润增长。",
                                        "“Quotes” – dashes — and the company’s €5 offer…",
                                        "Zürich, Köln und Genève: größte Übernahme für Société",
                                        "日本銀行が金利を",
                                        "한국은행 금리",
                                        "Ελλάδα",
                                        "Россия"};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(texts); i++) {
        char garbled[512];
        size_t len = 0;
        uint32_t runs = 0;
        for (const char *c = texts[i]; *c != '\0'; c++) {
            const uint8_t byte = (uint8_t)*c;
            const uint32_t cp = gs_cp1252(byte) != 0 ? gs_cp1252(byte) : byte;
            len += gs_utf8_encode(cp, garbled + len);
        }
        check_text("round trip", run((struct gs_str){garbled, len}, &runs), texts[i]);
        assert_true(runs > 0);
    }
}

static int tear_down(void **state)
{
    (void)state;
    gs_out_done(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_garbled_text_is_repaired_and_counted),
        cmocka_unit_test(test_sound_text_stays),
        cmocka_unit_test(test_no_pair_of_chinese_characters_is_touched),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
