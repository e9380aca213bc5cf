#include "tests/unit/ingest/text/text_rows.h"

#include "ingest/text/story_outline.h"

static const struct {
    const char *shows;
    const char *a;
    const char *b;
} copies[] = {
    {"a retweet", "RT @bob: Apple agrees to buy Beats for $3 billion",
     "Apple agrees to buy Beats for $3 billion"},
    {"a comment in front",
     "But will all of them be message addicts? \"@bob: An addict explains why it's worth so much",
     "An addict explains why it's worth so much"},
    {"a comment in front, Han", "垃圾公司就知道圈钱，散户都跑吧//@user:格林美再次公告增发股票",
     "格林美再次公告增发股票"},
    {"a copy that was cut",
     "GoPro appoints Tony Bates as president and member of the board of dire...",
     "GoPro appoints Tony Bates as president and member of the board of directors"},
    {"tags behind a link", "Our picks gained 4,000% in 4 months! http $AMZN $GOOG #stocks",
     "Our picks gained 4,000% in 4 months! http $TWO $KO"},
    {"a small edit", "Apple sends out invitations to its Sept. 9 event in San Francisco",
     "Apple sends out invitations for its Sept. 9 event in San Francisco"},
    {"Han with an edit", "五块一毛五在压制，明天看高一线", "五块一毛五压制，明天看高一线"},
    {"Han with a prefix", "特斯拉自己生产电池，锂电池前驱体供应商格林美属于重大利好",
     "锂电池前驱体供应商格林美属于重大利好"},
};

static const struct {
    const char *shows;
    const char *a;
    const char *b;
} others[] = {
    {"other numbers", "Twitter stock down 10% as it posts a loss for the first quarter",
     "Twitter stock down 12% as it posts a loss for the first quarter"},
    {"other decimals", "The share of the chip maker closes at 3.5 dollars in New York",
     "The share of the chip maker closes at 3.6 dollars in New York"},
    {"a counter behind it", "I saw it and watched it carefully! Pick me please 421",
     "I saw it and watched it carefully! Pick me please 673"},
    {"the same form, other companies", "Are you looking for winners like $PL $DE $JAH $AMZN",
     "Are you looking for winners like $CVX $DATA $SHW $SSO"},
    {"the same event in other words", "Larry Ellison steps down as Oracle CEO",
     "Oracle's Ellison gives up the chief executive's job, to be chairman"},
    {"too short to be compared", "up up and away", "up up and away"},
};

static struct gs_outline outline(const char *text)
{
    struct gs_outline got;
    char *copy = heap_copy(text, strlen(text));

    gs_outline((struct gs_str){NULL, 0}, (struct gs_str){copy, strlen(text)}, &got);
    free(copy);
    return got;
}

static void test_copies_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(copies); i++) {
        const struct gs_outline a = outline(copies[i].a);
        const struct gs_outline b = outline(copies[i].b);
        print_message("  %s\n", copies[i].shows);
        assert_true(gs_outlines_agree(&a, &b));
    }
}

static void test_others_do_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(others); i++) {
        const struct gs_outline a = outline(others[i].a);
        const struct gs_outline b = outline(others[i].b);
        print_message("  %s\n", others[i].shows);
        assert_false(gs_outlines_agree(&a, &b));
    }
}

/* In every process, on every machine: observations carry outlines from one to the other. */
static void test_it_is_the_same_for_ever(void **state)
{
    const struct gs_outline got = outline("Apple agrees to buy Beats for $3 billion 茅台涨停");
    uint64_t hash = 0xCBF29CE484222325U;

    (void)state;
    for (size_t i = 0; i < GS_OUTLINE_BANDS; i++) {
        hash = (hash ^ got.bands[i]) * 0x100000001B3U;
    }
    for (size_t i = 0; i < GS_OUTLINE_CELL_BYTES; i++) {
        hash = (hash ^ got.cells[i]) * 0x100000001B3U;
    }
    assert_true(hash == 0xFF1D2D33107AB2DU);
}

static void test_hostile_bytes(void **state)
{
    static const char *const texts[] = {"",      "$",          "#",     "@",          "...",
                                        "\xFF",  "\xE8\x8C",   "a\xFF", "$\xE8\x8C",  "rt rt rt",
                                        "5.5.5", "http://...", "1,2:3", "@\xFF$#...", "\xC3"};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(texts); i++) {
        const struct gs_outline got = outline(texts[i]);
        assert_true(gs_outline_is_empty(&got));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_agree),
        cmocka_unit_test(test_others_do_not),
        cmocka_unit_test(test_it_is_the_same_for_ever),
        cmocka_unit_test(test_hostile_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
