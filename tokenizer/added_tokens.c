/* The tokens that a tokenizer has beside its model's vocabulary: reading them, giving them their
 * ids, and sorting them for the search in added_tokens_find.c.
 *
 * Ids follow one rule, which is huggingface/tokenizers': a token that the model knows keeps the
 * model's id, any other gets the next free one, in the order of the file. A file that says
 * something else is refused, since the program that trained with it and this one would mean
 * different tokens.
 *
 * Patterns are kept in two sorted lists: those that are looked for in the text as it came, and
 * those that are looked for after normalization and are therefore normalized here, once. */
#include "tokenizer/added_tokens_internal.h"

#include "tokenizer/json.h"

#include <stdlib.h>

enum gs_status gs_added_tokens_new(size_t n_model, struct gs_added_tokens **ret,
                                   struct gs_error *err)
{
    struct gs_added_tokens *added = calloc(1, sizeof *added);

    if (added == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for the added tokens");
    }
    const enum gs_status status = gs_vocab_new(&added->by_content, err);
    if (status != GS_OK) {
        free(added);
        return status;
    }
    added->next_id = n_model;
    *ret = added;
    return GS_OK;
}

static void free_text(struct gs_str text)
{
    union { /* owned here, borrowed everywhere else */
        const char *in;
        char *out;
    } bytes = {.in = text.bytes};

    free(bytes.out);
}

static void free_patterns(struct gs_patterns *patterns)
{
    for (size_t i = 0; i < patterns->n; i++) {
        free_text(patterns->items[i].text);
    }
    free(patterns->items);
}

void gs_added_tokens_free(struct gs_added_tokens *added)
{
    if (added == NULL) {
        return;
    }
    for (size_t i = 0; i < added->n; i++) {
        free_text(added->tokens[i].content);
    }
    free(added->tokens);
    free_patterns(&added->raw);
    free_patterns(&added->normalized);
    gs_vocab_free(added->by_content);
    free(added);
}

static bool copy_text(struct gs_str text, struct gs_str *ret)
{
    char *copy = malloc(text.len == 0 ? 1 : text.len);

    if (copy == NULL) {
        return false;
    }
    if (text.len > 0) {
        memcpy(copy, text.bytes, text.len);
    }
    *ret = (struct gs_str){copy, text.len};
    return true;
}

static bool reserve_token(struct gs_added_tokens *added)
{
    if (added->n < added->capacity) {
        return true;
    }
    const size_t capacity = added->capacity == 0 ? 16 : added->capacity * 2;
    struct gs_added_token *tokens = realloc(added->tokens, capacity * sizeof *tokens);
    if (tokens == NULL) {
        return false;
    }
    added->tokens = tokens;
    added->capacity = capacity;
    return true;
}

static bool is_ascii_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Says whether cutting a text before a space could change where this token is found. */
static bool tears(struct gs_str content, bool right)
{
    for (size_t i = 0; i < content.len; i++) {
        if (content.bytes[i] == ' ') {
            return true;
        }
    }
    return right && is_ascii_alnum(content.bytes[content.len - 1]);
}

static bool has_replacement(struct gs_str content)
{
    for (size_t i = 0; i + 3 <= content.len; i++) {
        if (memcmp(content.bytes + i, "\xEF\xBF\xBD", 3) == 0) {
            return true;
        }
    }
    return false;
}

enum gs_status gs_added_tokens_add(struct gs_added_tokens *added, struct gs_added_token token,
                                   const struct gs_vocab *vocab, struct gs_error *err)
{
    if (token.content.len == 0 || token.content.len > GS_MAX_ADDED_LEN) {
        return gs_fail(err, GS_BAD_FORMAT, "added token %d has %zu bytes, which is not in 1 to %d",
                       (int)token.id, token.content.len, GS_MAX_ADDED_LEN);
    }
    if (added->n == GS_MAX_ADDED) {
        return gs_fail(err, GS_BAD_FORMAT, "more than %d added tokens", GS_MAX_ADDED);
    }
    if (gs_added_tokens_find(added, token.content) >= 0) {
        return gs_fail(err, GS_BAD_FORMAT, "added token %d is there twice", (int)token.id);
    }
    const int32_t own = gs_vocab_find(vocab, token.content.bytes, token.content.len);
    const int32_t id = own >= 0 ? own : (int32_t)added->next_id;
    if (id != token.id) {
        return gs_fail(err, GS_BAD_FORMAT, "added token %d would have the id %d in tokenizers",
                       (int)token.id, (int)id);
    }
    const enum gs_status status = gs_vocab_add(added->by_content, token.content, id, err);
    if (status != GS_OK) {
        return status;
    }
    if (!reserve_token(added) || !copy_text(token.content, &token.content)) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for the added tokens");
    }
    added->tokens[added->n++] = token;
    added->next_id += own >= 0 ? 0 : 1;
    added->bytes += token.content.len;
    added->n_ids = (size_t)id >= added->n_ids ? (size_t)id + 1 : added->n_ids;
    added->tears_at_space = added->tears_at_space || tears(token.content, token.right);
    added->has_replacement = added->has_replacement || has_replacement(token.content);
    return GS_OK;
}

static enum gs_status read_token(const json_t *json, struct gs_added_tokens *added,
                                 const struct gs_vocab *vocab, struct gs_error *err)
{
    static const char *const keys[] = {"id",     "content",    "single_word", "lstrip",
                                       "rstrip", "normalized", "special",     NULL};
    struct gs_added_token token = {.id = -1};
    size_t id = SIZE_MAX;
    struct {
        const char *key;
        bool *flag;
    } flags[] = {{"single_word", &token.single_word},
                 {"lstrip", &token.left},
                 {"rstrip", &token.right},
                 {"normalized", &token.normalized},
                 {"special", &token.special}};

    enum gs_status status = gs_json_only(json, "an added token", keys, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_count(json, "an added token", "id", GS_MAX_VOCAB - 1, &id, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_text(json, "an added token", "content", &token.content, err);
    if (status != GS_OK) {
        return status;
    }
    if (id == SIZE_MAX || token.content.bytes == NULL) {
        return gs_fail(err, GS_BAD_FORMAT, "an added token has no id or no content");
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (!json_is_boolean(json_object_get(json, flags[i].key))) {
            return gs_fail(err, GS_BAD_FORMAT, "added token %zu: \"%s\" is neither true nor false",
                           id, flags[i].key);
        }
        *flags[i].flag = json_is_true(json_object_get(json, flags[i].key));
    }
    token.id = (int32_t)id;
    return gs_added_tokens_add(added, token, vocab, err);
}

enum gs_status gs_added_tokens_read(const json_t *json, struct gs_added_tokens *added,
                                    const struct gs_vocab *vocab, struct gs_error *err)
{
    if (json == NULL || json_is_null(json)) {
        return GS_OK;
    }
    if (!json_is_array(json)) {
        return gs_fail(err, GS_BAD_FORMAT, "\"added_tokens\" is not a list");
    }
    for (size_t i = 0; i < json_array_size(json); i++) {
        const enum gs_status status = read_token(json_array_get(json, i), added, vocab, err);
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

static int compare_patterns(const void *a, const void *b)
{
    const struct gs_str x = ((const struct gs_pattern *)a)->text;
    const struct gs_str y = ((const struct gs_pattern *)b)->text;
    const int order = memcmp(x.bytes, y.bytes, x.len < y.len ? x.len : y.len);

    return order != 0 ? order : (x.len > y.len) - (x.len < y.len);
}

static enum gs_status add_pattern(struct gs_patterns *patterns, struct gs_str text, uint32_t token,
                                  struct gs_error *err)
{
    if (text.len == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "an added token is empty once it is normalized");
    }
    if (!copy_text(text, &patterns->items[patterns->n].text)) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for the added tokens");
    }
    patterns->items[patterns->n++].token = token;
    patterns->begins[(unsigned char)text.bytes[0]] = true;
    return GS_OK;
}

static enum gs_status sort_patterns(struct gs_patterns *patterns, struct gs_error *err)
{
    if (patterns->n > 0) {
        qsort(patterns->items, patterns->n, sizeof *patterns->items, compare_patterns);
    }
    for (size_t i = 1; i < patterns->n; i++) {
        if (compare_patterns(&patterns->items[i - 1], &patterns->items[i]) == 0) {
            return gs_fail(err, GS_BAD_FORMAT,
                           "two added tokens are the same once they are normalized");
        }
    }
    return GS_OK;
}

/* The content as normalized text. */
static enum gs_status normalize(const struct gs_normalizer *normalizer,
                                struct gs_normalizer_workspace *work, struct gs_str content,
                                struct gs_aligned *in, struct gs_aligned *out, struct gs_error *err)
{
    in->len = 0;
    out->len = 0;
    if (!gs_aligned_reserve(in, content.len)) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for the added tokens");
    }
    gs_aligned_put(in, content.bytes, content.len, 0, 0);
    return gs_normalizer_apply(normalizer, work, in, out, err);
}

enum gs_status gs_added_tokens_finish(struct gs_added_tokens *added,
                                      const struct gs_normalizer *normalizer, struct gs_error *err)
{
    struct gs_normalizer_workspace work = {0};
    struct gs_aligned in = {0}, out = {0};
    enum gs_status status = GS_OK;

    added->raw.items = calloc(added->n + 1, sizeof *added->raw.items);
    added->normalized.items = calloc(added->n + 1, sizeof *added->normalized.items);
    if (added->raw.items == NULL || added->normalized.items == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for the added tokens");
    }
    for (size_t i = 0; i < added->n && status == GS_OK; i++) {
        const struct gs_added_token *token = &added->tokens[i];
        struct gs_str text = token->content;
        if (token->normalized) {
            status = normalize(normalizer, &work, text, &in, &out, err);
            text = (struct gs_str){out.bytes, out.len};
            added->tears_at_space =
                added->tears_at_space || (text.len > 0 && tears(text, token->right));
        }
        if (status == GS_OK) {
            status = add_pattern(token->normalized ? &added->normalized : &added->raw, text,
                                 (uint32_t)i, err);
        }
    }
    if (status == GS_OK) {
        status = sort_patterns(&added->raw, err);
    }
    if (status == GS_OK) {
        status = sort_patterns(&added->normalized, err);
    }
    gs_normalizer_workspace_done(&work);
    gs_aligned_done(&in);
    gs_aligned_done(&out);
    return status;
}

int32_t gs_added_tokens_next_id(const struct gs_added_tokens *added)
{
    return (int32_t)added->next_id;
}

size_t gs_added_tokens_count(const struct gs_added_tokens *added)
{
    return added->n;
}

size_t gs_added_tokens_n_ids(const struct gs_added_tokens *added)
{
    return added->n_ids;
}

size_t gs_added_tokens_memory(const struct gs_added_tokens *added)
{
    return sizeof *added + added->capacity * sizeof *added->tokens +
           2 * (added->n + 1) * sizeof(struct gs_pattern) + 2 * added->bytes +
           gs_vocab_memory(added->by_content);
}

bool gs_added_tokens_any_normalized(const struct gs_added_tokens *added)
{
    return added->normalized.n > 0;
}

bool gs_added_tokens_tears_at_space(const struct gs_added_tokens *added)
{
    return added->tears_at_space;
}

bool gs_added_tokens_has_replacement(const struct gs_added_tokens *added)
{
    return added->has_replacement;
}

int32_t gs_added_tokens_find(const struct gs_added_tokens *added, struct gs_str content)
{
    return gs_vocab_find(added->by_content, content.bytes, content.len);
}

struct gs_str gs_added_tokens_piece(const struct gs_added_tokens *added, int32_t id)
{
    return gs_vocab_piece(added->by_content, id);
}
