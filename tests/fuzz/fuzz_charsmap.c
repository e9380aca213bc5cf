/* The first bytes are a precompiled map (its size in the first two), the rest is a text. Whatever
 * they are: a broken map is refused with a reason; one that is taken changes any text without
 * leaving its own bounds, the result stands for bytes of the text, and twice gives the same. */
#include "ingest/base/utf8.h"
#include "tokenizer/models/pieces.h"
#include "tokenizer/normalizer/charsmap_graphemes.h"

#include <stdlib.h>

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static char *base64_of(const uint8_t *bytes, size_t n, size_t *ret_len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc(n / 3 * 4 + 4);
    size_t len = 0;

    check(text != NULL);
    for (size_t i = 0; i < n; i += 3) {
        const uint32_t bits = (uint32_t)bytes[i] << 16 |
                              (i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0U) |
                              (i + 2 < n ? (uint32_t)bytes[i + 2] : 0U);
        text[len++] = digits[bits >> 18];
        text[len++] = digits[bits >> 12 & 63];
        text[len++] = (char)(i + 1 < n ? digits[bits >> 6 & 63] : '=');
        text[len++] = (char)(i + 2 < n ? digits[bits & 63] : '=');
    }
    *ret_len = len;
    return text;
}

/* Clusters cover the text, each begins where the one before ends, and looks no further back. */
static void check_clusters(const char *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        const size_t end = gs_grapheme_end(bytes, at, n);
        check(end > at && end <= n);
        check(gs_grapheme_end(bytes, at, end) == end);
        at = end;
    }
}

static struct gs_aligned as_it_is(const uint8_t *bytes, size_t n)
{
    struct gs_aligned text = {0};

    check(gs_aligned_reserve(&text, n + 1));
    for (size_t i = 0; i < n; i++) {
        text.bytes[i] = (char)bytes[i];
        text.starts[i] = (uint32_t)i;
        text.ends[i] = (uint32_t)i + 1;
    }
    text.len = n;
    return text;
}

static void check_apply(const struct gs_charsmap *map, const struct gs_aligned *in)
{
    const bool valid = gs_utf8_check((struct gs_str){in->bytes, in->len}) == in->len;
    struct gs_aligned once = {0}, twice = {0};

    check(gs_charsmap_apply(map, in, &once, NULL) == GS_OK);
    check(gs_charsmap_apply(map, in, &twice, NULL) == GS_OK);
    check(once.len == twice.len);
    check(!valid || gs_utf8_check((struct gs_str){once.bytes, once.len}) == once.len);
    for (size_t i = 0; i < once.len; i++) {
        check(once.bytes[i] == twice.bytes[i]);
        check(once.starts[i] < once.ends[i] && once.ends[i] <= in->len);
        check(i == 0 || once.starts[i] >= once.starts[i - 1]);
    }
    gs_aligned_done(&once);
    gs_aligned_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    size_t n = (size_t)data[0] | (size_t)data[1] << 8;
    data += 2;
    size -= 2;
    n = n < size ? n : size;

    struct gs_charsmap *map = NULL;
    struct gs_error err = {0};
    size_t len = 0;
    char *base64 = base64_of(data, n, &len);
    struct gs_aligned text = as_it_is(data + n, size - n);

    check_clusters(text.bytes, text.len);
    if (gs_charsmap_new((struct gs_str){base64, len}, &map, &err) == GS_OK) {
        check_apply(map, &text);
    } else {
        check(map == NULL && err.message[0] != '\0');
    }
    gs_charsmap_free(map);
    gs_aligned_done(&text);
    free(base64);
    return 0;
}
