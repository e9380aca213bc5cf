/* What holds for every text and every tokenizer that loads. */
#ifndef GS_FUZZ_TOKENIZER_CHECK_H
#define GS_FUZZ_TOKENIZER_CHECK_H

#include "ingest/base/utf8.h"
#include "tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Writes a file of a folder that is made once and lies in memory. */
static inline void put_file(const char *path, const void *bytes, size_t n)
{
    FILE *out = fopen(path, "wb");

    check(out != NULL && fwrite(bytes, 1, n, out) == n && fclose(out) == 0);
}

static inline bool begins_char(struct gs_str text, size_t place)
{
    size_t at = 0;

    while (at < place) {
        const size_t len = gs_utf8_valid_len(text.bytes + at, text.len - at);
        at += len == 0 ? 1 : len;
    }
    return at == place;
}

struct tokens {
    int32_t *ids;
    uint32_t *starts, *ends;
    size_t n;
    bool truncated;
};

static inline void *copy_of(const void *from, size_t n)
{
    void *to = malloc(n + 1);

    check(to != NULL);
    if (n > 0) {
        memcpy(to, from, n);
    }
    return to;
}

static inline void drop_tokens(struct tokens *tokens)
{
    free(tokens->ids);
    free(tokens->starts);
    free(tokens->ends);
}

/* Ids are ids, places are characters of the text in their order, and no more than asked for. */
static inline struct tokens encode_checked(const struct gs_tokenizer *tokenizer,
                                           struct gs_tokenizer_workspace *work, struct gs_str text,
                                           size_t max_tokens)
{
    const struct gs_tokenizer_info *info = gs_tokenizer_info(tokenizer);
    struct gs_encoding got = {0};
    uint32_t last = 0;

    check(gs_tokenizer_encode(tokenizer, work, text, max_tokens, &got, NULL) == GS_OK);
    check(max_tokens == 0 || got.n <= max_tokens);
    check(max_tokens > 0 || !got.truncated);
    for (size_t i = 0; i < got.n; i++) {
        check(got.ids[i] >= 0 && (size_t)got.ids[i] < info->n_vocab);
        check(got.starts[i] <= got.ends[i] && got.ends[i] <= text.len);
        check(begins_char(text, got.starts[i]) && begins_char(text, got.ends[i]));
        if (got.ends[i] > 0) { /* the template's tokens have no place */
            check(got.starts[i] >= last);
            last = got.starts[i];
        }
    }
    return (struct tokens){copy_of(got.ids, got.n * sizeof *got.ids),
                           copy_of(got.starts, got.n * sizeof *got.starts),
                           copy_of(got.ends, got.n * sizeof *got.ends), got.n, got.truncated};
}

static inline bool same_tokens(const struct tokens *a, const struct tokens *b, size_t n)
{
    return memcmp(a->ids, b->ids, n * sizeof *a->ids) == 0 &&
           memcmp(a->starts, b->starts, n * sizeof *a->starts) == 0 &&
           memcmp(a->ends, b->ends, n * sizeof *a->ends) == 0;
}

/* Twice with one work and once with another: the same; and cut, it is the beginning of the whole.
 */
static inline void check_text(const struct gs_tokenizer *tokenizer,
                              struct gs_tokenizer_workspace *work, struct gs_str text,
                              size_t max_tokens)
{
    struct gs_tokenizer_workspace *other = NULL;

    check(gs_tokenizer_workspace_new(tokenizer, &other, NULL) == GS_OK);
    struct tokens whole = encode_checked(tokenizer, work, text, 0);
    struct tokens again = encode_checked(tokenizer, work, text, 0);
    struct tokens fresh = encode_checked(tokenizer, other, text, 0);
    struct tokens cut = encode_checked(tokenizer, other, text, max_tokens);
    check(again.n == whole.n && same_tokens(&again, &whole, whole.n));
    check(fresh.n == whole.n && same_tokens(&fresh, &whole, whole.n));
    if (max_tokens > 0) {
        check(cut.n == (whole.n < max_tokens ? whole.n : max_tokens));
        check(cut.truncated == (whole.n > max_tokens));
    }
    drop_tokens(&whole);
    drop_tokens(&again);
    drop_tokens(&fresh);
    drop_tokens(&cut);
    gs_tokenizer_workspace_free(other);
}

/* A few texts that have something of everything, through a tokenizer from outside. */
static inline void check_some_texts(const struct gs_tokenizer *tokenizer)
{
    static const char *const texts[] = {
        "",
        "a b  Stocks' \xE8\x82\xA1\xE4\xBB\xB7 [CLS]<s>",
        "e\xCC\x81\xCC\x96 \xEA\xB0\x81\xFF\xE2\x80\x8D\xF0\x9F\x98\x80 \xE3\x80\x80.",
    };
    const size_t n_special = gs_tokenizer_info(tokenizer)->n_special;
    struct gs_tokenizer_workspace *work = NULL;

    check(gs_tokenizer_workspace_new(tokenizer, &work, NULL) == GS_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_text(tokenizer, work, gs_str(texts[i]), n_special + i);
    }
    gs_tokenizer_workspace_free(work);
}

/* Loads the folder: it tokenizes, or the reason is one line that begins with the file's name. */
static inline void check_folder(const char *folder)
{
    struct gs_tokenizer *tokenizer = NULL;
    struct gs_error err = {0};

    const enum gs_status status = gs_tokenizer_load(folder, &tokenizer, &err);
    if (status == GS_OK) {
        check_some_texts(tokenizer);
        gs_tokenizer_free(tokenizer);
    } else {
        check(status == GS_BAD_FORMAT || status == GS_NO_MEMORY);
        check(tokenizer == NULL && strncmp(err.message, folder, strlen(folder)) == 0);
        check(strchr(err.message, '\n') == NULL);
    }
}

#endif
