#include "tests/unit/ingest/text/text_rows.h"

#include "ingest/text/watchlist/csv.h"

#include <stdio.h>

/* Fields joined by '_', records by '~', so that a row shows everything. */
static const struct text_row good[] = {
    {"plain", "a,b\nc,d\n", "a_b~c_d~"},
    {"CRLF", "a,b\r\nc,d\r\n", "a_b~c_d~"},
    {"no line end at the end", "a,b\nc,d", "a_b~c_d~"},
    {"empty fields", ",\na,,\n", "_~a__~"},
    {"quoted comma, quote and line end", "\"a,\"\"b\"\"\",\"c\nd\"\n", "a,\"b\"_c\nd~"},
    {"a quoted empty field", "\"\",x\n", "_x~"},
    {"empty lines are no records", "\na\n\n\r\nb\n", "a~b~"},
    {"blanks are kept", " a , b \n", " a _ b ~"},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "a\n",
     "a~"},
    {"a lone CR is text", "a\rb\n", "a\rb~"},
    {"nothing", "", ""},
    {"a comma at the end", "a,", "a_~"},
};

static const struct text_row bad[] = {
    {"a quote inside", "x\na\"b\n", "f:2: a quote inside a field that does not begin with one"},
    {"text behind a quote", "\"a\"b\n", "f:1: text behind a closing quote"},
    {"no closing quote", "a\n\"b\nc\n", "f:2: a quoted field does not end"},
    {"a quote alone", "\"", "f:1: a quoted field does not end"},
    {"two quotes and an end", "\"\"\"", "f:1: a quoted field does not end"},
    {"too many fields", "a,b,c,d,e,f,g,h,i\n", "f:1: more than 8 fields"},
    {"lines inside quotes count", "\"a\n\n\"\nb\"\n",
     "f:4: a quote inside a field that does not begin with one"},
};

static enum gs_status read_all(const char *text, char *joined, struct gs_error *err)
{
    struct gs_str fields[8];
    struct gs_csv csv;
    size_t n = 0;
    char *copy = heap_copy(text, strlen(text));
    enum gs_status status = GS_OK;

    gs_csv_init(&csv, (struct gs_str){copy, strlen(text)}, "f");
    *joined = '\0';
    while ((status = gs_csv_next(&csv, fields, GS_COUNT(fields), &n, err)) == GS_OK) {
        for (size_t i = 0; i < n; i++) {
            joined += sprintf(joined, "%s%.*s", i > 0 ? "_" : "", GS_STR_ARGS(fields[i]));
        }
        joined += sprintf(joined, "~");
    }
    gs_csv_done(&csv);
    free(copy);
    return status;
}

static void test_records(void **state)
{
    char joined[256];
    struct gs_error err;

    (void)state;
    for (size_t i = 0; i < GS_COUNT(good); i++) {
        assert_int_equal(read_all(good[i].in, joined, &err), GS_CLOSED);
        check_text(good[i].shows, gs_str(joined), good[i].out);
    }
}

static void test_faults_name_their_line(void **state)
{
    char joined[256];
    struct gs_error err;

    (void)state;
    for (size_t i = 0; i < GS_COUNT(bad); i++) {
        assert_int_equal(read_all(bad[i].in, joined, &err), GS_BAD_CONFIG);
        check_text(bad[i].shows, gs_str(err.message), bad[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_faults_name_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
