/* What the tests of the models share: text that stands for itself, and pieces as one line. */
#ifndef GS_TEST_PIECES_FIXTURE_H
#define GS_TEST_PIECES_FIXTURE_H

#include "ingest/base/utf8.h"
#include "tests/unit/gs_test.h"
#include "tokenizer/models/pieces.h"

#include <stdio.h>

/* The text, each byte standing for the bytes of its character. */
static inline struct gs_aligned as_it_is(struct gs_str text)
{
    struct gs_aligned aligned = {0};

    assert_true(gs_aligned_reserve(&aligned, text.len + 1));
    for (size_t at = 0; at < text.len;) {
        const size_t valid = gs_utf8_valid_len(text.bytes + at, text.len - at);
        const size_t len = valid == 0 ? 1 : valid;
        for (size_t i = at; i < at + len; i++) {
            aligned.bytes[i] = text.bytes[i];
            aligned.starts[i] = (uint32_t)at;
            aligned.ends[i] = (uint32_t)(at + len);
        }
        at += len;
    }
    aligned.len = text.len;
    return aligned;
}

/* "id:start-end id:start-end" */
static inline const char *pieces_line(const struct gs_pieces *pieces, char *line, size_t size)
{
    size_t n = 0;

    line[0] = '\0';
    for (size_t i = 0; i < pieces->n && n < size; i++) {
        n += (size_t)snprintf(line + n, size - n, "%s%d:%u-%u", i == 0 ? "" : " ", pieces->ids[i],
                              pieces->starts[i], pieces->ends[i]);
    }
    return line;
}

static inline json_t *json_of(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);

    if (json == NULL) {
        fail_msg("%s in %s", error.text, text);
    }
    return json;
}

#endif
