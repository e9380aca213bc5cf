/* Packed files, and those that are no files of lines. */
#include "tests/unit/ingest/files/files_fixture.h"

#include <unistd.h>
#include <zlib.h>

/* text as a gzip member. */
static size_t gzip(const char *text, char *out, size_t size)
{
    z_stream z = {0};
    char copy[4096];

    (void)snprintf(copy, sizeof copy, "%s", text);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)copy;
    z.avail_in = (unsigned)strlen(copy);
    z.next_out = (unsigned char *)out;
    z.avail_out = (unsigned)size;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&z);
    return size - z.avail_out;
}

static void gzip_is_known_by_its_magic(void **state)
{
    char packed[512];

    (void)state;
    write_file(path, (struct gs_str){packed, gzip("a\nb\n", packed, sizeof packed)});
    struct gs_source *source = open_source(path, 100);
    assert_string_equal(next(source), "1:a");
    assert_string_equal(next(source), "2:b");
    assert_string_equal(next(source), "CLOSED");
    gs_source_close(source);
}

static void gzip_members_in_a_row(void **state)
{
    char packed[512] = {0};
    size_t n = gzip("a\nb", packed, sizeof packed);

    (void)state;
    n += gzip("c\n", packed + n, sizeof packed - n);
    write_file(path, (struct gs_str){packed, n + 20}); /* and zeros behind */
    struct gs_source *source = open_source(path, 100);
    assert_string_equal(next(source), "1:a");
    assert_string_equal(next(source), "2:bc");
    assert_string_equal(next(source), "CLOSED");
    gs_source_close(source);
}

/* More output than input: inflate holds it back while there is nothing left to read. */
static void gzip_that_grows(void **state)
{
    static char plain[4096];
    char packed[512];
    int lines = 0;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof plain; i++) {
        plain[i] = i % 2 == 0 ? 'a' : '\n';
    }
    size_t n = 0;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 300; i++) { /* 1.2 MB in a few kB */
        n = gzip(plain, packed, sizeof packed);
        assert_int_equal(fwrite(packed, 1, n, file), n);
    }
    assert_int_equal(fclose(file), 0);
    struct gs_source *source = open_source(path, 100);
    struct gs_record record;
    while (gs_source_poll(source, 0, &record, NULL) == GS_OK) {
        lines++;
        if (lines % 1000 == 0) {
            assert_int_equal(gs_source_commit(source, NULL), GS_OK);
        }
    }
    assert_int_equal(lines, 300 * 2047 + 1);
    gs_source_close(source);
}

static void damaged_gzip(void **state)
{
    static const struct {
        const char *shows;
        int cut;   /* bytes taken off the end */
        int flip;  /* byte to damage; -1 none */
        int lines; /* given before the failure; -1: any */
        const char *why;
    } rows[] = {
        {"cut in the check sum", 4, -1, 3, "cut off"}, {"cut in the data", 12, -1, -1, "cut off"},
        {"a wrong check sum", 0, -5, 3, "damaged"},    {"a wrong length", 0, -2, 3, "damaged"},
        {"a wrong method", 0, 2, 0, "damaged"},        {"the header alone", 1000, -1, 0, "cut off"},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        char packed[512];
        struct gs_record record;
        struct gs_error err = {0};
        size_t n = gzip("a\nb\nc\n", packed, sizeof packed);
        print_message("  %s\n", rows[i].shows);
        n = rows[i].cut > (int)n ? 10 : n - (size_t)rows[i].cut;
        if (rows[i].flip != -1) {
            packed[rows[i].flip < 0 ? (int)n + rows[i].flip : rows[i].flip] ^= 0x55;
        }
        write_file(path, (struct gs_str){packed, n});
        struct gs_source *source = open_source(path, 100);
        enum gs_status status = GS_OK;
        int lines = 0;
        while ((status = gs_source_poll(source, 0, &record, &err)) == GS_OK) {
            lines++;
        }
        char after[32];
        (void)snprintf(after, sizeof after, "(after line %d)", lines);
        assert_int_equal(status, GS_IO);
        assert_true(rows[i].lines == -1 || rows[i].lines == lines);
        assert_non_null(strstr(err.message, path));
        assert_non_null(strstr(err.message, rows[i].why));
        assert_non_null(strstr(err.message, after));
        assert_int_equal(gs_source_poll(source, 0, &record, &err), GS_IO); /* it stays so */
        gs_source_close(source);
    }
}

static void gzip_with_rubbish_behind(void **state)
{
    char packed[512];
    const size_t n = gzip("a\n", packed, sizeof packed);

    (void)state;
    (void)snprintf(packed + n, sizeof packed - n, "rubbish!");
    write_file(path, (struct gs_str){packed, n + 8});
    struct gs_source *source = open_source(path, 100);
    assert_string_equal(next(source), "1:a");
    assert_string_equal(next(source), "IO");
    gs_source_close(source);
}

/* ---- what is no file of lines ---- */

static const struct {
    const char *shows;
    struct gs_str bytes;
    const char *want; /* part of the message; NULL: lines */
} kinds[] = {
    {"UTF-16, low byte first", TEXT("\xFF\xFE{\0\"\0"), "UTF-16"},
    {"UTF-16, high byte first", TEXT("\xFE\xFF\0{\0\""), "UTF-16"},
    {"UTF-16 without a mark", TEXT("{\0\"\0i\0d\0"), "iconv -f UTF-16"},
    {"UTF-16 without a mark, high byte first", TEXT("\0{\0\"\0i"), "UTF-16"},
    {"UTF-32", TEXT("\xFF\xFE\0\0{\0\0\0"), "UTF-32"},
    {"zstd", TEXT("\x28\xB5\x2F\xFD\x24\x00"), "zstd -dc"},
    {"xz",
     TEXT("\xFD"
          "7zXZ\0\0"),
     "xz -dc"},
    {"bzip2", TEXT("BZh91AY&SY\0"), "bzip2 -dc"},
    {"bzip2 of another block size", TEXT("BZh11AY&SY\0"), "bzip2"},
    {"lz4", TEXT("\x04\x22\x4D\x18\x64"), "lz4"},
    {"zip", TEXT("PK\x03\x04\x14"), "zip"},
    {"Parquet", TEXT("PAR1\x15\x04"), "Parquet"},
    {"Avro", TEXT("Obj\x01\x04"), "Avro"},
    {"text that begins like bzip2", TEXT("BZhang\n"), NULL},
    {"text that begins like a zip archive", TEXT("PK\n"), NULL},
    {"text that begins like Avro", TEXT("Object\n"), NULL},
    {"one NUL in a text", TEXT("a\0bc\n"), NULL},
    {"zeros alone", TEXT("\0\0\0\0"), NULL},
    {"one byte", TEXT("P"), NULL},
};

static void other_kinds_of_file_are_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(kinds); i++) {
        struct gs_record record;
        struct gs_error err = {0};
        print_message("  %s\n", kinds[i].shows);
        write_file(path, kinds[i].bytes);
        struct gs_source *source = open_source(path, 100);
        const enum gs_status status = gs_source_poll(source, 0, &record, &err);
        if (kinds[i].want == NULL) {
            assert_int_equal(status, GS_OK);
        } else {
            assert_int_equal(status, GS_BAD_FORMAT);
            assert_non_null(strstr(err.message, path));
            assert_non_null(strstr(err.message, kinds[i].want));
            assert_int_equal(gs_source_poll(source, 0, &record, &err), GS_BAD_FORMAT);
        }
        gs_source_close(source);
    }
}

/* A pipe that gives a byte at a time is asked for no more than it takes to tell. */
static void a_kind_is_told_from_few_bytes(void **state)
{
    int old = -1;
    const int in = pipe_to_stdin(&old);
    struct gs_source *source = open_source("-", 100);

    (void)state;
    for (const char *byte = "PK\n"; *byte != '\0'; byte++) {
        const char one[2] = {*byte, '\0'};
        assert_string_equal(next(source), "AGAIN");
        put_bytes(in, one);
    }
    assert_string_equal(next(source), "1:PK");
    gs_source_close(source);
    (void)close(in);
    assert_true(dup2(old, STDIN_FILENO) == STDIN_FILENO);
    (void)close(old);
}

static void what_is_inside_a_gzip_is_looked_at_too(void **state)
{
    char packed[512];
    struct gs_record record;
    struct gs_error err = {0};

    (void)state;
    write_file(path, (struct gs_str){packed, gzip("PAR1 and columns", packed, sizeof packed)});
    struct gs_source *source = open_source(path, 100);
    assert_int_equal(gs_source_poll(source, 0, &record, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "Parquet"));
    gs_source_close(source);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, make_dir, drop_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(gzip_is_known_by_its_magic),
        ROW(gzip_members_in_a_row),
        ROW(gzip_that_grows),
        ROW(damaged_gzip),
        ROW(gzip_with_rubbish_behind),
        ROW(other_kinds_of_file_are_named),
        ROW(a_kind_is_told_from_few_bytes),
        ROW(what_is_inside_a_gzip_is_looked_at_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
