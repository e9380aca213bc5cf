#include "tests/unit/ingest/files/files_fixture.h"

#include <unistd.h>

static const struct {
    const char *shows;
    struct gs_str bytes;
    size_t max_line;
    const char *want[6]; /* NULL: the end */
} inputs[] = {
    {"lines", TEXT("a\nbc\n"), 100, {"1:a", "2:bc"}},
    {"a last line without line feed", TEXT("a\nbc"), 100, {"1:a", "2:bc"}},
    {"CR LF", TEXT("a\r\nbc\r\n"), 100, {"1:a", "2:bc"}},
    {"CR alone is no end", TEXT("a\rb\n"), 100, {"1:a\rb"}},
    {"empty lines are counted", TEXT("\n\na\n\r\n\nb\n"), 100, {"3:a", "6:b"}},
    {"an empty file", TEXT(""), 100, {NULL}},
    {"line feeds alone", TEXT("\n\n"), 100, {NULL}},
    {"a byte order mark",
     TEXT("\xEF\xBB\xBF"
          "a\n\xEF\xBB\xBF"
          "b\n"),
     100,
     {"1:a", "2:b"}}, /* two files, one put behind the other */
    {"two byte order marks, and one inside a line",
     TEXT("\xEF\xBB\xBF\xEF\xBB\xBF"
          "a\nb\xEF\xBB\xBF\n"),
     100,
     {"1:\xEF\xBB\xBF"
      "a",
      "2:b\xEF\xBB\xBF"}},
    {"a byte order mark alone", TEXT("\xEF\xBB\xBF"), 100, {NULL}},
    {"the longest line", TEXT("abcd\nx\n"), 4, {"1:abcd", "2:x"}},
    {"the longest line with CR LF", TEXT("abcd\r\nx\n"), 4, {"1:abcd", "2:x"}},
    {"the longest line with all around it",
     TEXT("\xEF\xBB\xBF"
          "abcd\r\nx\n"),
     4,
     {"1:abcd", "2:x"}},
    {"a line too long by one is cut to max + 1", TEXT("abcde\nx\n"), 4, {"1:abcde", "2:x"}},
    {"a line too long by two", TEXT("abcdef\nx\n"), 4, {"1:abcde", "2:x"}},
    {"a line far too long", TEXT("abcdefghijklmnopqrstuvwxyz\nx\n"), 4, {"1:abcde", "2:x"}},
    {"a last line too long", TEXT("x\nabcdefghijklmnopqrstuvwxyz"), 4, {"1:x", "2:abcde"}},
    {"two lines too long",
     TEXT("abcdefghijkl\nmnopqrstuvwxyz\nx"),
     4,
     {"1:abcde", "2:mnopq", "3:x"}},
    {"one byte that looks like gzip", TEXT("\x1F"), 100, {"1:\x1F"}},
};

static void lines_of_a_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(inputs); i++) {
        print_message("  %s\n", inputs[i].shows);
        write_file(path, inputs[i].bytes);
        struct gs_source *source = open_source(path, inputs[i].max_line);
        for (size_t k = 0; inputs[i].want[k] != NULL; k++) {
            assert_false(gs_source_idle(source, gs_str(path), 0));
            assert_string_equal(next(source), inputs[i].want[k]);
        }
        assert_string_equal(next(source), "CLOSED");
        assert_string_equal(next(source), "CLOSED");
        assert_true(gs_source_idle(source, gs_str(path), 0));
        assert_int_equal(gs_source_lag(source), -1);
        gs_source_close(source);
    }
}

static void records_say_where_they_are_from(void **state)
{
    struct gs_record record;

    (void)state;
    write_file(path, gs_str("\na\n"));
    struct gs_source *source = open_source(path, 100);
    assert_int_equal(gs_source_poll(source, 0, &record, NULL), GS_OK);
    assert_true(gs_str_equal(record.topic, gs_str(path)));
    assert_int_equal(record.partition, 0);
    assert_int_equal(record.offset, 2);
    assert_int_equal(record.timestamp_ms, -1);
    assert_null(record.key.bytes);
    assert_int_equal(record.n_headers, 0);
    gs_source_close(source);
}

static void note_assigned(void *arg, struct gs_str topic, int32_t partition)
{
    char *text = arg;

    (void)partition;
    (void)strncat(text, "+", 2);
    (void)strncat(text, topic.bytes + topic.len - 1, 1);
}

static void several_files(void **state)
{
    char paths[3][128];
    const char *const list[] = {paths[0], paths[1], paths[2]};
    struct gs_source *source = NULL;
    char seen[32] = "";

    (void)state;
    for (int i = 0; i < 3; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "%s/%d", dir, i);
        write_file(paths[i], gs_str(i == 0 ? "a" : i == 1 ? "" : "b\nc\n"));
    }
    assert_int_equal(gs_file_source_new(list, 3, 100, &source, NULL), GS_OK);
    source->events = (struct gs_source_events){.arg = seen, .assigned = note_assigned};
    assert_string_equal(next(source), "1:a");
    assert_string_equal(seen, "+0");
    assert_string_equal(next(source), "1:b");
    assert_string_equal(next(source), "2:c");
    assert_string_equal(next(source), "CLOSED");
    assert_string_equal(seen, "+0+1+2");
    gs_source_close(source);
}

static void a_missing_file_is_known_at_once(void **state)
{
    const char *const paths[] = {"/dev/null", "/nowhere/file"};
    struct gs_source *source = NULL;
    struct gs_error err = {0};

    (void)state;
    assert_int_equal(gs_file_source_new(paths, 2, 100, &source, &err), GS_IO);
    assert_non_null(strstr(err.message, "/nowhere/file"));
    assert_null(source);
}

static void a_folder_is_no_file(void **state)
{
    (void)state;
    struct gs_source *source = open_source(dir, 100);
    assert_string_equal(next(source), "IO");
    gs_source_close(source);
}

static void a_rewind_gives_the_same_again(void **state)
{
    (void)state;
    write_file(path, gs_str("a\nb\nc\nd\n"));
    struct gs_source *source = open_source(path, 100);
    assert_string_equal(next(source), "1:a");
    assert_int_equal(gs_source_commit(source, NULL), GS_OK);
    assert_string_equal(next(source), "2:b");
    assert_string_equal(next(source), "3:c");
    assert_int_equal(gs_source_rewind(source, NULL), GS_OK);
    assert_string_equal(next(source), "2:b");
    assert_int_equal(gs_source_commit(source, NULL), GS_OK); /* 3 was read, but is not taken */
    assert_string_equal(next(source), "3:c");
    assert_string_equal(next(source), "4:d");
    assert_int_equal(gs_source_rewind(source, NULL), GS_OK);
    assert_false(gs_source_idle(source, gs_str(path), 0));
    assert_string_equal(next(source), "3:c");
    assert_string_equal(next(source), "4:d");
    assert_string_equal(next(source), "CLOSED");
    gs_source_close(source);
}

/* Lines of every length around the size of a chunk, with commits in between: what was borrowed
 * stays until the commit, what is rewound comes again. */
static void lines_across_chunks(void **state)
{
    enum { N = 3000, BATCH = 700 };
    static struct gs_str lines[BATCH];
    struct gs_record record;
    FILE *file = fopen(path, "wb");

    (void)state;
    assert_non_null(file);
    for (int i = 0; i < N; i++) {
        (void)fprintf(file, "%d %0*d\n", i, i * 7 % 2000 + 1, i);
    }
    assert_int_equal(fclose(file), 0);
    struct gs_source *source = open_source(path, 5000);
    for (int i = 0; i < N;) {
        const int end = i + BATCH < N ? i + BATCH : N;
        for (int round = 0; round < 2; round++) {
            for (int k = i; k < end; k++) {
                assert_int_equal(gs_source_poll(source, 0, &record, NULL), GS_OK);
                assert_int_equal(record.offset, k + 1);
                lines[k - i] = record.value;
            }
            for (int k = i; k < end; k++) {
                char want[4096];
                (void)snprintf(want, sizeof want, "%d %0*d", k, k * 7 % 2000 + 1, k);
                assert_true(gs_str_equal(lines[k - i], gs_str(want)));
            }
            if (round == 0) {
                assert_int_equal(gs_source_rewind(source, NULL), GS_OK);
            }
        }
        assert_int_equal(gs_source_commit(source, NULL), GS_OK);
        i = end;
    }
    assert_string_equal(next(source), "CLOSED");
    gs_source_close(source);
}

/* A line of 3 MB with a bound of 10 bytes goes by without being kept. */
static void a_giant_line_is_skipped(void **state)
{
    FILE *file = fopen(path, "wb");

    (void)state;
    assert_non_null(file);
    (void)fputs("a\n", file);
    for (int i = 0; i < 3000000; i++) {
        (void)fputc('x', file);
    }
    (void)fputs("\nb\n", file);
    assert_int_equal(fclose(file), 0);
    struct gs_source *source = open_source(path, 10);
    assert_string_equal(next(source), "1:a");
    assert_string_equal(next(source), "2:xxxxxxxxxxx");
    assert_string_equal(next(source), "3:b");
    assert_string_equal(next(source), "CLOSED");
    gs_source_close(source);
}

static void lines_kept_have_a_bound(void **state)
{
    enum { N = 2 * 1024 * 1024 };
    struct gs_record record;
    struct gs_error err = {0};
    char *bytes = malloc((size_t)2 * (N + 10));

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < N + 10; i++) {
        bytes[2 * i] = 'a';
        bytes[2 * i + 1] = '\n';
    }
    write_file(path, (struct gs_str){bytes, (size_t)2 * (N + 10)});
    free(bytes);
    struct gs_source *source = open_source(path, 100);
    for (int i = 0; i < N; i++) {
        if (gs_source_poll(source, 0, &record, &err) != GS_OK) {
            fail_msg("line %d: %s", i, err.message);
        }
    }
    assert_int_equal(gs_source_poll(source, 0, &record, &err), GS_NO_MEMORY);
    assert_non_null(strstr(err.message, "commit"));
    assert_int_equal(gs_source_commit(source, NULL), GS_OK);
    assert_int_equal(gs_source_poll(source, 0, &record, &err), GS_OK); /* and goes on */
    assert_int_equal(record.offset, N + 1);
    gs_source_close(source);
}

/* ---- stdin and pipes ---- */

static void stdin_comes_in_pieces(void **state)
{
    int old = -1;
    const int in = pipe_to_stdin(&old);
    struct gs_source *source = open_source("-", 100);

    (void)state;
    assert_string_equal(next(source), "AGAIN");
    put_bytes(in, "a");
    assert_string_equal(next(source), "AGAIN");
    put_bytes(in, "b\nc");
    assert_string_equal(next(source), "1:ab");
    assert_string_equal(next(source), "AGAIN");
    assert_false(gs_source_idle(source, gs_str("-"), 0));
    assert_int_equal(gs_source_rewind(source, NULL), GS_OK); /* a pipe, too */
    assert_string_equal(next(source), "1:ab");
    assert_int_equal(gs_source_commit(source, NULL), GS_OK);
    (void)close(in);
    assert_string_equal(next(source), "2:c");
    assert_string_equal(next(source), "CLOSED");
    gs_source_close(source);
    assert_true(dup2(old, STDIN_FILENO) == STDIN_FILENO);
    (void)close(old);
}

/* What ends a line too long may come later than the line. */
static void the_longest_line_in_pieces(void **state)
{
    static const struct {
        const char *shows, *first, *then, *want;
    } rows[] = {
        {"CR LF apart", "abcd\r", "\nx\n", "1:abcd"},
        {"a CR that is no end", "abcd\r", "z\n", "1:abcd\r"},
        {"a CR behind a byte order mark",
         "\xEF\xBB\xBF"
         "abcd\r",
         "z\n", "1:abcd\r"},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        int old = -1;
        const int in = pipe_to_stdin(&old);
        struct gs_source *source = open_source("-", 4);
        print_message("  %s\n", rows[i].shows);
        put_bytes(in, rows[i].first);
        assert_string_equal(next(source), "AGAIN");
        put_bytes(in, rows[i].then);
        assert_string_equal(next(source), rows[i].want);
        gs_source_close(source);
        (void)close(in);
        assert_true(dup2(old, STDIN_FILENO) == STDIN_FILENO);
        (void)close(old);
    }
}

/* ---- what does not end ---- */

/* A line without an end is given once, cut; after that poll comes back and says that nothing is
 * there, so that its caller hears a signal. So do line feeds without a line. */
static void an_endless_line_lets_the_caller_look_up(void **state)
{
    struct gs_record record;

    (void)state;
    struct gs_source *source = open_source("/dev/zero", 10);
    assert_int_equal(gs_source_poll(source, 0, &record, NULL), GS_OK);
    assert_int_equal(record.value.len, 11);
    assert_int_equal(gs_source_commit(source, NULL), GS_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gs_source_poll(source, 0, &record, NULL), GS_AGAIN);
    }
    gs_source_close(source);

    char *feeds = malloc((size_t)9 << 20);
    assert_non_null(feeds);
    memset(feeds, '\n', (size_t)9 << 20);
    write_file(path, (struct gs_str){feeds, (size_t)9 << 20});
    free(feeds);
    source = open_source(path, 10);
    assert_string_equal(next(source), "AGAIN");
    assert_string_equal(next(source), "CLOSED");
    gs_source_close(source);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(lines_of_a_file),
        ROW(records_say_where_they_are_from),
        ROW(several_files),
        ROW(a_missing_file_is_known_at_once),
        ROW(a_folder_is_no_file),
        ROW(a_rewind_gives_the_same_again),
        ROW(lines_across_chunks),
        ROW(a_giant_line_is_skipped),
        ROW(lines_kept_have_a_bound),
        ROW(stdin_comes_in_pieces),
        ROW(the_longest_line_in_pieces),
        ROW(an_endless_line_lets_the_caller_look_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
