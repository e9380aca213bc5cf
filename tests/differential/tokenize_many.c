/* tokenize_many DIR < texts > tokens: what the differential test compares.
 *
 * In:  for each text, u32 length, u32 max_tokens, the bytes.
 * Out: for each text, u32 count, u32 truncated, i32 ids[count], u32 starts[count], u32
 * ends[count]. Numbers are little-endian, as on every machine this is built for. */
#include "tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>

static bool write_encoding(const struct gs_encoding *encoding)
{
    const uint32_t head[2] = {(uint32_t)encoding->n, encoding->truncated ? 1 : 0};

    return fwrite(head, sizeof head, 1, stdout) == 1 &&
           fwrite(encoding->ids, 4, encoding->n, stdout) == encoding->n &&
           fwrite(encoding->starts, 4, encoding->n, stdout) == encoding->n &&
           fwrite(encoding->ends, 4, encoding->n, stdout) == encoding->n;
}

/* Each text lies in a block of its own size, so that a sanitizer sees one byte read too far. */
static enum gs_status tokenize(const struct gs_tokenizer *tokenizer,
                               struct gs_tokenizer_workspace *work, const uint32_t *head,
                               struct gs_error *err)
{
    struct gs_encoding encoding = {0};
    enum gs_status status = GS_OK;

    char *bytes = malloc(head[0] == 0 ? 1 : head[0]);
    if (bytes == NULL || fread(bytes, 1, head[0], stdin) != head[0]) {
        status = gs_fail(err, GS_IO, "a text ends early");
        goto done;
    }
    status = gs_tokenizer_encode(tokenizer, work, (struct gs_str){bytes, head[0]}, head[1],
                                 &encoding, err);
    if (status == GS_OK && !write_encoding(&encoding)) {
        status = gs_fail(err, GS_IO, "cannot write");
    }

done:
    free(bytes);
    return status;
}

int main(int argc, char **argv)
{
    struct gs_tokenizer *tokenizer = NULL;
    struct gs_tokenizer_workspace *work = NULL;
    struct gs_error err = {0};
    uint32_t head[2];

    if (argc != 2) {
        (void)fprintf(stderr, "usage: tokenize_many DIR < texts > tokens\n");
        return 2;
    }
    enum gs_status status = gs_tokenizer_load(argv[1], &tokenizer, &err);
    if (status == GS_OK) {
        status = gs_tokenizer_workspace_new(tokenizer, &work, &err);
    }
    while (status == GS_OK && fread(head, sizeof head, 1, stdin) == 1) {
        status = tokenize(tokenizer, work, head, &err);
    }
    if (status != GS_OK) {
        (void)fprintf(stderr, "tokenize_many: %s\n", err.message);
    }
    gs_tokenizer_workspace_free(work);
    gs_tokenizer_free(tokenizer);
    return status == GS_OK ? 0 : 1;
}
