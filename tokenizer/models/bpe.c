/* Loading the byte-level BPE model. Its file spells every byte as a printable character (GPT-2's
 * map: a byte that prints stands for itself, the other 68 are U+0100 to U+0143 in order); here
 * pieces are turned back into bytes once. */
#include "tokenizer/models/bpe.h"

#include "ingest/base/hash.h"
#include "ingest/base/utf8.h"
#include "tokenizer/models/word_cache.h"

#include <stdlib.h>

enum { MAX_ENTRIES = 16 << 20, MAX_PIECE = 65536, N_MOVED = 68 };

static bool prints(unsigned byte)
{
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xFF && byte != 0xAD);
}

/* The byte that a printable character stands for; -1: it stands for none. */
static int byte_of(uint32_t cp)
{
    if (cp < 256) {
        return prints(cp) ? (int)cp : -1;
    }
    if (cp >= 256 + N_MOVED) {
        return -1;
    }
    uint32_t n = cp - 256;
    for (unsigned byte = 0; byte < 256; byte++) {
        if (!prints(byte) && n-- == 0) {
            return (int)byte;
        }
    }
    return -1;
}

/* The piece in raw bytes, into out (no longer than the piece). False when a character of it stands
 * for no byte: then it can only be an added token. */
static bool raw_bytes(struct gs_str piece, const int16_t *byte_of_cp, char *out, size_t *ret_len)
{
    size_t n = 0;

    for (size_t i = 0; i < piece.len;) {
        const size_t len = gs_utf8_valid_len(piece.bytes + i, piece.len - i);
        const uint32_t cp = len == 0 ? UINT32_MAX : gs_utf8_decode(piece.bytes + i, len);
        if (cp >= 256 + N_MOVED || byte_of_cp[cp] < 0) {
            return false;
        }
        out[n++] = (char)byte_of_cp[cp];
        i += len;
    }
    *ret_len = n;
    return true;
}

static size_t table_size(size_t n)
{
    size_t size = 16;

    while (size < 2 * n) {
        size *= 2;
    }
    return size;
}

/* null and false are as good as absent; an empty text, for the affixes, is too. */
static bool is_off(const json_t *value)
{
    return value == NULL || json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static enum gs_status refuse_unsupported(const json_t *model, struct gs_error *err)
{
    static const char *const affixes[] = {"continuing_subword_prefix", "end_of_word_suffix"};
    static const char *const flags[] = {"fuse_unk", "byte_fallback", "ignore_merges"};
    const json_t *dropout = json_object_get(model, "dropout");

    if (!is_off(dropout) && !(json_is_number(dropout) && json_number_value(dropout) == 0)) {
        return gs_fail(err, GS_BAD_FORMAT, "model.dropout is not supported");
    }
    for (size_t i = 0; i < GS_COUNT(affixes); i++) {
        if (!is_off(json_object_get(model, affixes[i]))) {
            return gs_fail(err, GS_BAD_FORMAT, "model.%s is not supported", affixes[i]);
        }
    }
    for (size_t i = 0; i < GS_COUNT(flags); i++) {
        const json_t *flag = json_object_get(model, flags[i]);
        if (!is_off(flag) && !json_is_true(flag)) {
            return gs_fail(err, GS_BAD_FORMAT, "model.%s is neither true nor false", flags[i]);
        }
    }
    return GS_OK;
}

/* The id of one row of the vocabulary. */
static enum gs_status read_id(const char *piece, const json_t *value, int32_t *ret,
                              struct gs_error *err)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > INT32_MAX) {
        return gs_fail(err, GS_BAD_FORMAT, "model.vocab: the id of \"%.64s\" is no id", piece);
    }
    *ret = (int32_t)json_integer_value(value);
    return GS_OK;
}

static bool is_merge(const void *bpe, size_t slot)
{
    return ((const struct gs_bpe *)bpe)->tags[slot] != 0;
}

/* The map of pieces where whole words are looked up, and room for its keys; else room for one piece. */
static enum gs_status reserve_texts(struct gs_bpe *bpe, json_t *vocab, struct gs_error *err)
{
    size_t bytes = 0;
    const char *piece = NULL;
    json_t *value = NULL;

    json_object_foreach(vocab, piece, value)
    {
        const size_t len = strlen(piece);
        if (len > MAX_PIECE) {
            return gs_fail(err, GS_BAD_FORMAT, "model.vocab: a piece is longer than %d bytes",
                           MAX_PIECE);
        }
        bytes = bpe->ignore_merges ? bytes + len : bytes > len ? bytes : len;
    }
    if (bytes > UINT32_MAX) {
        return gs_fail(err, GS_BAD_FORMAT, "model.vocab is larger than 4 GiB");
    }
    bpe->texts = malloc(bytes + 1);
    if (bpe->texts == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a vocabulary of %zu bytes", bytes);
    }
    return bpe->ignore_merges ? gs_map_new(json_object_size(vocab), &bpe->pieces, err) : GS_OK;
}

static enum gs_status read_vocab(struct gs_bpe *bpe, json_t *vocab, struct gs_error *err)
{
    int16_t byte_of_cp[256 + N_MOVED];
    const char *piece = NULL;
    json_t *value = NULL;
    enum gs_status status = reserve_texts(bpe, vocab, err);

    for (uint32_t cp = 0; cp < GS_COUNT(byte_of_cp); cp++) {
        byte_of_cp[cp] = (int16_t)byte_of(cp);
    }
    for (size_t i = 0; i < 256; i++) {
        bpe->byte_ids[i] = -1;
    }
    if (status != GS_OK) {
        return status;
    }
    json_object_foreach(vocab, piece, value)
    {
        char *raw = bpe->texts + bpe->texts_len;
        int32_t id = 0;
        size_t len = 0;
        status = read_id(piece, value, &id, err);
        if (status != GS_OK) {
            return status;
        }
        if (!raw_bytes(gs_str(piece), byte_of_cp, raw, &len) || len == 0) {
            continue;
        }
        if (len == 1) {
            bpe->byte_ids[(unsigned char)raw[0]] = id;
        }
        if (bpe->ignore_merges) {
            status = gs_map_put(bpe->pieces, (struct gs_str){raw, len}, (uint64_t)id, err);
            if (status != GS_OK) {
                return status;
            }
            bpe->texts_len += len;
        }
    }
    return GS_OK;
}

/* What unk_token is, and whether that is enough for bytes that the vocabulary has not. */
static enum gs_status read_unknown(struct gs_bpe *bpe, const json_t *model, const json_t *vocab,
                                   struct gs_error *err)
{
    const json_t *unk = json_object_get(model, "unk_token");
    bool has_all = true;

    for (size_t i = 0; i < 256; i++) {
        has_all = has_all && bpe->byte_ids[i] >= 0;
    }
    bpe->unk_id = -1;
    if (unk != NULL && !json_is_null(unk)) {
        if (!json_is_string(unk)) {
            return gs_fail(err, GS_BAD_FORMAT, "model.unk_token is no text");
        }
        const json_t *id = json_object_get(vocab, json_string_value(unk));
        if (id == NULL && !has_all) {
            return gs_fail(err, GS_BAD_FORMAT, "model.unk_token is not in model.vocab");
        }
        bpe->unk_id = id == NULL ? -1 : (int32_t)json_integer_value(id);
    }
    if (json_is_true(json_object_get(model, "byte_fallback")) && !has_all) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "model.byte_fallback is not supported where model.vocab lacks bytes");
    }
    return GS_OK;
}

/* "a b" or ["a", "b"] as two texts. */
static bool split_merge(const json_t *row, struct gs_str *left, struct gs_str *right)
{
    if (json_is_string(row)) {
        const struct gs_str text = {json_string_value(row), json_string_length(row)};
        const char *space = memchr(text.bytes, ' ', text.len);
        if (space == NULL) {
            return false;
        }
        *left = (struct gs_str){text.bytes, (size_t)(space - text.bytes)};
        *right = (struct gs_str){space + 1, text.len - left->len - 1};
        return memchr(right->bytes, ' ', right->len) == NULL;
    }
    const json_t *a = json_array_get(row, 0), *b = json_array_get(row, 1);
    if (json_array_size(row) != 2 || !json_is_string(a) || !json_is_string(b)) {
        return false;
    }
    *left = (struct gs_str){json_string_value(a), json_string_length(a)};
    *right = (struct gs_str){json_string_value(b), json_string_length(b)};
    return true;
}

static bool find_id(const json_t *vocab, struct gs_str piece, int32_t *ret)
{
    const json_t *id = json_object_getn(vocab, piece.bytes, piece.len);

    if (id != NULL) {
        *ret = (int32_t)json_integer_value(id);
    }
    return id != NULL;
}

/* The last of equal pairs counts. */
static enum gs_status add_merge(struct gs_bpe *bpe, struct gs_bpe_merge merge, struct gs_error *err)
{
    const uint64_t hash = gs_bpe_hash(merge.pair);
    size_t i = (size_t)(hash >> 20) & bpe->merges_mask;

    while (bpe->tags[i] != 0 && bpe->merges[i].pair != merge.pair) {
        i = (i + 1) & bpe->merges_mask;
    }
    bpe->tags[i] = gs_bpe_tag(hash);
    bpe->merges[i] = merge;
    bpe->ids_by_rank[merge.rank] = merge.id;
    if (gs_hash_in_long_run(is_merge, bpe, bpe->merges_mask, i)) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "model.merges are made so that they collide: more than %d of them",
                       GS_HASH_MAX_RUN);
    }
    return GS_OK;
}

static enum gs_status read_merge(struct gs_bpe *bpe, const json_t *row, const json_t *vocab,
                                 size_t rank, struct gs_error *err)
{
    struct gs_str left = {NULL, 0}, right = {NULL, 0};
    int32_t a = 0, b = 0, both = 0;
    char joined[2 * MAX_PIECE];

    if (!split_merge(row, &left, &right)) {
        return gs_fail(err, GS_BAD_FORMAT, "model.merges[%zu] is not two pieces", rank);
    }
    if (left.len > MAX_PIECE || right.len > MAX_PIECE) {
        return gs_fail(err, GS_BAD_FORMAT, "model.merges[%zu] is too long", rank);
    }
    memcpy(joined, left.bytes, left.len);
    memcpy(joined + left.len, right.bytes, right.len);
    if (!find_id(vocab, left, &a) || !find_id(vocab, right, &b) ||
        !find_id(vocab, (struct gs_str){joined, left.len + right.len}, &both)) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "model.merges[%zu] has or makes a piece that is not in model.vocab", rank);
    }
    return add_merge(
        bpe, (struct gs_bpe_merge){(uint64_t)(uint32_t)a << 32 | (uint32_t)b, (uint32_t)rank, both},
        err);
}

/* Rows that begin with "#version" are comments of the merges.txt they came from. */
static bool is_comment(const json_t *row)
{
    return json_is_string(row) && strncmp(json_string_value(row), "#version", 8) == 0;
}

static enum gs_status read_merges(struct gs_bpe *bpe, const json_t *merges, const json_t *vocab,
                                  struct gs_error *err)
{
    const size_t n = json_array_size(merges), size = table_size(n);

    bpe->merges = calloc(size, sizeof *bpe->merges);
    bpe->tags = calloc(size, sizeof *bpe->tags);
    bpe->ids_by_rank = calloc(n + 1, sizeof *bpe->ids_by_rank);
    bpe->merges_mask = size - 1;
    if (bpe->merges == NULL || bpe->tags == NULL || bpe->ids_by_rank == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%zu merges", n);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(merges, i);
        if (is_comment(row)) {
            continue;
        }
        enum gs_status status = read_merge(bpe, row, vocab, bpe->n_ranks, err);
        if (status != GS_OK) {
            return status;
        }
        bpe->n_ranks++;
    }
    return GS_OK;
}

enum gs_status gs_bpe_new(const json_t *model, struct gs_bpe **ret, struct gs_error *err)
{
    json_t *vocab = json_object_get(model, "vocab");
    const json_t *merges = json_object_get(model, "merges");
    struct gs_bpe *bpe = NULL;
    enum gs_status status = refuse_unsupported(model, err);

    if (status != GS_OK) {
        return status;
    }
    if (!json_is_object(vocab) || json_object_size(vocab) > MAX_ENTRIES || !json_is_array(merges) ||
        json_array_size(merges) > MAX_ENTRIES) {
        return gs_fail(err, GS_BAD_FORMAT, "model.vocab and model.merges are not both there");
    }
    bpe = calloc(1, sizeof *bpe);
    if (bpe == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "BPE");
    }
    bpe->number = gs_word_cache_model();
    bpe->fuse_unk = json_is_true(json_object_get(model, "fuse_unk"));
    bpe->ignore_merges = json_is_true(json_object_get(model, "ignore_merges"));
    status = read_vocab(bpe, vocab, err);
    if (status == GS_OK) {
        status = read_unknown(bpe, model, vocab, err);
    }
    if (status == GS_OK) {
        status = read_merges(bpe, merges, vocab, err);
    }
    if (status == GS_OK) {
        *ret = bpe;
        bpe = NULL;
    }
    gs_bpe_free(bpe);
    return status;
}

void gs_bpe_free(struct gs_bpe *bpe)
{
    if (bpe != NULL) {
        free(bpe->merges);
        free(bpe->tags);
        free(bpe->ids_by_rank);
        gs_map_free(bpe->pieces);
        free(bpe->texts);
        free(bpe);
    }
}

size_t gs_bpe_memory(const struct gs_bpe *bpe)
{
    return sizeof *bpe + (bpe->merges_mask + 1) * (sizeof *bpe->merges + sizeof *bpe->tags) +
           bpe->n_ranks * sizeof *bpe->ids_by_rank + gs_map_memory(bpe->pieces) + bpe->texts_len;
}
