/* What the tests of whole tokenizers share: a folder with one file, and tokens as one line. */
#ifndef GS_TEST_TOKENIZER_FIXTURE_H
#define GS_TEST_TOKENIZER_FIXTURE_H

#include "tests/unit/gs_test.h"
#include "tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A new folder with these bytes as the named file; drop_folder() ends it. */
static inline const char *make_folder(const char *name, struct gs_str bytes, char *path,
                                      size_t size)
{
    char file[512];

    (void)snprintf(path, size, "/tmp/gs_tokenizer_XXXXXX");
    assert_non_null(mkdtemp(path));
    (void)snprintf(file, sizeof file, "%s/%s", path, name);
    FILE *out = fopen(file, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes.bytes, 1, bytes.len, out), bytes.len);
    assert_int_equal(fclose(out), 0);
    return path;
}

static inline void drop_folder(const char *path)
{
    static const char *const names[] = {"tokenizer.json", "vocab.txt", "tokenizer_config.json",
                                        "added_tokens.json", "special_tokens_map.json"};
    char file[512];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(file, sizeof file, "%s/%s", path, names[i]);
        (void)unlink(file);
    }
    (void)rmdir(path);
}

static inline struct gs_tokenizer *load(const char *dir)
{
    struct gs_tokenizer *tokenizer = NULL;
    struct gs_error err = {0};

    if (gs_tokenizer_load(dir, &tokenizer, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    return tokenizer;
}

static inline struct gs_tokenizer_workspace *new_work(const struct gs_tokenizer *tokenizer)
{
    struct gs_tokenizer_workspace *work = NULL;

    assert_int_equal(gs_tokenizer_workspace_new(tokenizer, &work, NULL), GS_OK);
    return work;
}

/* The text in a block of its own size, so that a sanitizer sees one byte read too far. */
static inline struct gs_encoding encode(const struct gs_tokenizer *tokenizer,
                                        struct gs_tokenizer_workspace *work, struct gs_str text,
                                        size_t max_tokens)
{
    struct gs_encoding encoding = {0};
    struct gs_error err = {0};
    char *exact = malloc(text.len == 0 ? 1 : text.len);

    assert_non_null(exact);
    if (text.len > 0) {
        memcpy(exact, text.bytes, text.len);
    }
    if (gs_tokenizer_encode(tokenizer, work, (struct gs_str){exact, text.len}, max_tokens,
                            &encoding, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    free(exact);
    return encoding;
}

/* "piece:start-end piece:start-end", and "..." where tokens were left out. */
static inline const char *encoding_line(const struct gs_tokenizer *tokenizer,
                                        const struct gs_encoding *encoding, char *line, size_t size)
{
    size_t n = 0;

    line[0] = '\0';
    for (size_t i = 0; i < encoding->n && n < size; i++) {
        const struct gs_str piece = gs_tokenizer_piece(tokenizer, encoding->ids[i]);
        n += (size_t)snprintf(line + n, size - n, "%s%.*s:%u-%u", i == 0 ? "" : " ",
                              GS_STR_ARGS(piece), encoding->starts[i], encoding->ends[i]);
    }
    if (encoding->truncated && n < size) {
        (void)snprintf(line + n, size - n, " ...");
    }
    return line;
}

#endif
