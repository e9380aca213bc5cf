#include "tests/unit/ingest/text/text_rows.h"

#include <time.h>

static struct gs_out out;

static struct gs_str run(const char *bytes, size_t n)
{
    char *copy = heap_copy(bytes, n);
    uint32_t *origin = identity_origins(n);

    assert_int_equal(gs_html_run((struct gs_view){copy, origin, n}, false, &out, NULL), GS_OK);
    const struct gs_view view = gs_out_view(&out, (uint32_t)n);
    check_origins("origins", view.origin, view.len, n);
    free(copy);
    free(origin);
    return (struct gs_str){view.bytes, view.len};
}

static const struct text_row rows[] = {
    {"plain text", "no tags", "no tags"},
    {"inline tags give nothing", "<b>A</b>pple <i class=\"x\">up</i>", "Apple up"},
    {"block tags give a blank", "<p>one</p><p>two</p>", " one  two "},
    {"br in all its forms", "a<br>b<br/>c<BR />d", "a b c d"},
    {"table cells", "<tr><td>1</td><td>2</td></tr>", "  1  2  "},
    {"a less-than sign", "profit < 5% and 3<4 and a <- b", "profit < 5% and 3<4 and a <- b"},
    {"a comparison is no tag", "a<b and c>d <b class=x>e", "a<b and c>d e"},
    {"high digits stay high", "10<sup>9</sup> Acme<sup>TM</sup> x<sup>th</sup>",
     "10\u2079 Acme\u2122 xth"},
    {"references that lost their '&'", "It#39;s x#8195;y #039; a#999; #39",
     "It's x\u2003y ' a#999; #39"},
    {"escaped many times", "AT&amp;amp;amp;amp;T", "AT&T"},
    {"no element's name", "buy <AAPL> now <3", "buy <AAPL> now <3"},
    {"a mask is no element", "call <phone>", "call <phone>"},
    {"a known name that goes on", "<bold> <pxy>", "<bold> <pxy>"},
    {"an unclosed tag at the end", "see <a href=", "see <a href="},
    {"a '>' inside an attribute", "<a title=\"x > y\">z</a>", "z"},
    {"a quote that does not close", "<a title=\"x>y</a> z <b>w</b>", "y z w"},
    {"an apostrophe between attributes", "<em b'c>d</em>", "d"},
    {"comments", "a<!-- <b> x --> b<!---->c<!-->d", "a bcd"},
    {"a comment without end hides to the next '>'", "a<!-- b> c", "a c"},
    {"script goes with its content", "a<script>if (x<y) {}</script>b", "a b"},
    {"style too, in any case", "a<STYLE>p{}</Style >b", "a b"},
    {"a script without end swallows the rest", "a<script>var x;", "a "},
    {"CDATA markers go, the text stays", "<![CDATA[Profit <b>up</b>]]> now", "Profit up now"},
    {"]]> outside CDATA stays", "a]]>b", "a]]>b"},
    {"doctype and XML declaration", "<!DOCTYPE html><?xml version=\"1.0\"?>x", "x"},
    {"custom elements", "<o:p>a</o:p><my-tag>b</my-tag>", "ab"},
    {"named entities", "AT&amp;T &lt;5&gt; &quot;x&quot; &eacute;&euro;&hellip;&mdash;",
     "AT&T <5> \"x\" é€…—"},
    {"an entity's '<' begins no tag", "&lt;b&gt;", "<b>"},
    {"numeric entities", "&#8217;&#x2019;&#X4E2D;&#128512;", "’’中😀"},
    {"Windows-1252 by number", "don&#146;t &#128;5", "don’t €5"},
    {"numbers that are no character", "&#0;&#xD800;&#x110000;&#99999999999;",
     "\uFFFD\uFFFD\uFFFD\uFFFD"},
    {"without semicolon only old names", "&amp x &copy 2 &hellip x", "& x © 2 &hellip x"},
    {"a query string is no entity", "?a=1&copy=2&region=x", "?a=1&copy=2&region=x"},
    {"not an entity", "R&D, a & b, &; &#; &#x; &nosuch;", "R&D, a & b, &; &#; &#x; &nosuch;"},
    {"escaped twice", "&amp;#39;s &amp;nbsp;x &amp;amp;", "'s \u00A0x &"},
    {"names differ by case", "&Eacute;&eacute;", "Éé"},
    {"empty", "", ""},
    {"lone signs", "<&><", "<&><"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        check_text(rows[i].shows, run(rows[i].in, strlen(rows[i].in)), rows[i].out);
    }
}

static void test_every_cut_of_a_page_is_survived(void **state)
{
    static const char page[] = "<p class='a>b'>x<!-- y --><script>z</script>&amp;amp;&#x41;"
                               "<![CDATA[w]]><a href=\"q\">v</a></p>";

    (void)state;
    for (size_t from = 0; from < sizeof page; from++) {
        for (size_t n = 0; from + n < sizeof page; n++) {
            (void)run(page + from, n);
        }
    }
}

/* Each of these sent a careless reader back to the end of the text at every '<'. */
static void test_hostile_text_takes_linear_time(void **state)
{
    static const char *const pieces[] = {"<a ",      "<!-- >",    "<a =\">",   "<a ='\">",
                                         "<script>", "<![CDATA[", "<",         "&amp;",
                                         "</script", "<!--",      "<a b=\"c>", "]]>"};
    enum { LEN = 1 << 20 };
    char *text = malloc(LEN);

    (void)state;
    assert_non_null(text);
    for (size_t p = 0; p < GS_COUNT(pieces); p++) {
        const size_t n = strlen(pieces[p]);
        for (size_t i = 0; i < LEN; i++) {
            text[i] = pieces[p][i % n];
        }
        text[LEN - 1] = '>';
        const clock_t start = clock();
        (void)run(text, LEN);
        /* Quadratic would take minutes. */
        assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
    }
    free(text);
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
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_cut_of_a_page_is_survived),
        cmocka_unit_test(test_hostile_text_takes_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
