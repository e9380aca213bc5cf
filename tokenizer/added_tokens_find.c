/* Contents lie sorted; a match narrows the range of those that still fit, byte by byte. Texts have
 * few bytes that a token begins with, so most places cost one look. */
#include "tokenizer/added_tokens_internal.h"

#include "ingest/base/utf8.h"
#include "tokenizer/unicode/unicode.h"

/* The longest pattern at bytes[at, to); NULL when none begins there. */
static const struct gs_pattern *match(const struct gs_patterns *patterns, const char *bytes,
                                      size_t at, size_t to)
{
    const struct gs_pattern *found = NULL;
    size_t low = 0, high = patterns->n;

    for (size_t depth = 0; low < high; depth++) {
        if (patterns->items[low].text.len == depth) { /* sorted before all that go on */
            found = &patterns->items[low++];
        }
        if (at + depth >= to) {
            break;
        }
        const unsigned char byte = (unsigned char)bytes[at + depth];
        size_t first = low, end = high;
        while (first < end) { /* the first with a byte that is not smaller */
            const size_t middle = first + (end - first) / 2;
            if ((unsigned char)patterns->items[middle].text.bytes[depth] < byte) {
                first = middle + 1;
            } else {
                end = middle;
            }
        }
        low = first;
        end = high;
        while (first < end) { /* the first with a greater one */
            const size_t middle = first + (end - first) / 2;
            if ((unsigned char)patterns->items[middle].text.bytes[depth] <= byte) {
                first = middle + 1;
            } else {
                end = middle;
            }
        }
        high = first;
    }
    return found;
}

/* The character that begins at bytes[at], < to; U+FFFD for a broken byte. */
static uint32_t char_at(const char *bytes, size_t at, size_t to, size_t *ret_len)
{
    const size_t len = gs_utf8_valid_len(bytes + at, to - at);

    *ret_len = len == 0 ? 1 : len;
    return len == 0 ? 0xFFFD : gs_utf8_decode(bytes + at, len);
}

/* The character that ends at bytes[at], > from. */
static uint32_t char_before(const char *bytes, size_t from, size_t at, size_t *ret_len)
{
    for (size_t len = 1; len <= 4 && len <= at - from; len++) {
        if (gs_utf8_valid_len(bytes + at - len, len) == len) {
            *ret_len = len;
            return gs_utf8_decode(bytes + at - len, len);
        }
    }
    *ret_len = 1;
    return 0xFFFD;
}

static bool is_word(uint32_t cp)
{
    return gs_char_is(GS_CLASS_WORD, cp);
}

static bool stands_alone(const char *bytes, size_t from, size_t start, size_t end, size_t to)
{
    size_t len = 0;

    return !(start > from && is_word(char_before(bytes, from, start, &len))) &&
           !(end < to && is_word(char_at(bytes, end, to, &len)));
}

bool gs_added_tokens_cut(const struct gs_added_tokens *added, bool normalized, const char *bytes,
                         size_t from, size_t to, struct gs_splits *out)
{
    const struct gs_patterns *patterns = normalized ? &added->normalized : &added->raw;
    size_t done = from, len = 0;

    for (size_t at = from; patterns->n > 0 && at < to;) {
        if (!patterns->begins[(unsigned char)bytes[at]]) {
            at++;
            continue;
        }
        const struct gs_pattern *pattern = match(patterns, bytes, at, to);
        if (pattern == NULL) {
            at++;
            continue;
        }
        const struct gs_added_token *token = &added->tokens[pattern->token];
        size_t start = at, end = at + pattern->text.len;
        at = end;
        if (token->single_word && !stands_alone(bytes, from, start, end, to)) {
            continue;
        }
        start = token->left && start < done ? done : start;
        while (token->left && start > done &&
               gs_char_is_space(char_before(bytes, from, start, &len))) {
            start -= len;
        }
        while (token->right && end < to && gs_char_is_space(char_at(bytes, end, to, &len))) {
            end += len;
        }
        if ((start > done && !gs_splits_add(out, done, start, -1)) ||
            !gs_splits_add(out, start, end, token->id)) {
            return false;
        }
        done = end;
    }
    return done >= to || gs_splits_add(out, done, to, -1);
}
