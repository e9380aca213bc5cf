/* The whole of BERT's tokenization in one pass over the bytes: cleaning, lower case, accents, words,
 * punctuation and WordPiece, which tokenizer.json describes as four steps.
 *
 *     byte ─► ASCII letter or digit? ─► appended to the word, in a run
 *        └──► the table's fate of the character: gone · ends the word · a token of its own
 *                                                · appended as it is · appended as other characters
 *     end of a word ─► gs_wordpiece_cut() ─► ids, with their places in the text
 *
 * As long as a word's bytes are the text's own, one behind the other, only its start is known and no
 * place is written down; write_places() makes up for it when the first byte differs. Nearly all words
 * end without it, and that is half of the speed. */
#include "tokenizer/models/bert.h"

#include "tokenizer/models/bert_table.h"

#include "ingest/base/utf8.h"

#include <stdlib.h>

struct gs_bert {
    struct gs_bert_table table;
    const struct gs_wordpiece *wordpiece;
    size_t max_chars;
};

enum gs_status gs_bert_new(struct gs_bert_flags flags, const struct gs_wordpiece *wordpiece,
                           struct gs_bert **ret, struct gs_error *err)
{
    struct gs_bert *bert = calloc(1, sizeof *bert);

    if (bert == NULL || !gs_bert_table_fill(&bert->table, flags, wordpiece)) {
        gs_bert_free(bert);
        return gs_fail(err, GS_NO_MEMORY, "no memory for the table of characters");
    }
    bert->wordpiece = wordpiece;
    bert->max_chars = gs_wordpiece_max_chars(wordpiece);
    *ret = bert;
    return GS_OK;
}

void gs_bert_free(struct gs_bert *bert)
{
    if (bert != NULL) {
        gs_bert_table_done(&bert->table);
        free(bert);
    }
}

size_t gs_bert_memory(const struct gs_bert *bert)
{
    return sizeof *bert + gs_bert_table_memory(&bert->table);
}

/* The word that is being read. As long as its bytes are the text's own, one behind another, their
 * places are not written down. */
struct reading {
    struct gs_aligned *word;
    size_t n_chars;
    size_t start; /* of the word in the text */
    bool in_place;
};

static bool word_reserve(struct gs_aligned *word, size_t n)
{
    return word->capacity - word->len >= n || gs_aligned_reserve(word, n);
}

static void write_places(struct reading *reading)
{
    struct gs_aligned *word = reading->word;

    for (size_t i = 0; i < word->len; i++) { /* right where characters begin and end */
        word->starts[i] = (uint32_t)(reading->start + i);
        word->ends[i] = (uint32_t)(reading->start + i + 1);
    }
    reading->in_place = false;
}

/* Appends n bytes of n_chars characters that stand for the text's [at, end). */
static bool append(struct reading *reading, const char *bytes, size_t n, size_t n_chars, size_t at,
                   size_t end)
{
    struct gs_aligned *word = reading->word;

    if (!word_reserve(word, n)) {
        return false;
    }
    if (word->len == 0) {
        reading->start = at;
        reading->in_place = true;
    }
    if (reading->in_place && (at != reading->start + word->len || n != end - at)) {
        write_places(reading);
    }
    if (reading->in_place) {
        memcpy(word->bytes + word->len, bytes, n);
        word->len += n;
    } else {
        gs_aligned_put(word, bytes, n, (uint32_t)at, (uint32_t)end);
    }
    reading->n_chars += n_chars;
    return true;
}

/* A run of ASCII letters and digits of the text; returns where it ends, 0 without memory. */
static size_t append_ascii(const struct gs_bert *bert, struct reading *reading, const char *bytes,
                           size_t at, size_t to)
{
    struct gs_aligned *word = reading->word;
    const uint8_t *ascii = bert->table.ascii;
    size_t end = at + 1;

    while (end < to && ascii[(unsigned char)bytes[end]] != 0) {
        end++;
    }
    if (!word_reserve(word, end - at)) {
        return 0;
    }
    if (word->len == 0) {
        reading->start = at;
        reading->in_place = true;
    }
    if (reading->in_place && at != reading->start + word->len) {
        write_places(reading);
    }
    if (!reading->in_place) {
        for (size_t i = at; i < end; i++) {
            word->starts[word->len + i - at] = (uint32_t)i;
            word->ends[word->len + i - at] = (uint32_t)(i + 1);
        }
    }
    for (size_t i = at; i < end; i++) {
        word->bytes[word->len++] = (char)ascii[(unsigned char)bytes[i]];
    }
    reading->n_chars += end - at;
    return end;
}

static bool pieces_reserve(struct gs_pieces *out, size_t n)
{
    return out->capacity - out->n >= n || gs_pieces_reserve(out, n);
}

/* Cuts the word that has been read into pieces and begins a new one. */
static bool end_word(const struct gs_bert *bert, struct reading *reading, struct gs_pieces *out)
{
    const struct gs_aligned *word = reading->word;
    const size_t before = out->n;
    const size_t most = reading->n_chars > bert->max_chars ? 1 : reading->n_chars;

    if (word->len == 0) {
        return true;
    }
    if (!pieces_reserve(out, most + 1)) {
        return false;
    }
    gs_wordpiece_cut(bert->wordpiece, word->bytes, word->len, reading->n_chars, out);
    for (size_t i = before; i < out->n; i++) {
        if (reading->in_place) {
            out->starts[i] += (uint32_t)reading->start;
            out->ends[i] += (uint32_t)reading->start;
        } else {
            out->starts[i] = word->starts[out->starts[i]];
            out->ends[i] = word->ends[out->ends[i] - 1];
        }
    }
    reading->word->len = 0;
    reading->n_chars = 0;
    return true;
}

static bool put_alone(const struct gs_bert *bert, struct reading *reading, struct gs_pieces *out,
                      int32_t id, size_t at, size_t end)
{
    if (!end_word(bert, reading, out) || !pieces_reserve(out, 1)) {
        return false;
    }
    out->ids[out->n] = id;
    out->starts[out->n] = (uint32_t)at;
    out->ends[out->n] = (uint32_t)end;
    out->n++;
    return true;
}

/* One character, at bytes[at, end), that is no ASCII letter or digit. GS_AGAIN as above. */
static enum gs_status take_char(const struct gs_bert *bert, struct reading *reading,
                                struct gs_pieces *out, const char *bytes, size_t at, size_t end,
                                uint32_t cp)
{
    const uint32_t fate = gs_bert_table_get(&bert->table, cp);
    const uint32_t value = fate >> GS_FATE_BITS;
    bool ok = true;

    switch ((enum gs_fate)(fate & GS_FATE_MASK)) {
    case GS_FATE_GONE:
        break;
    case GS_FATE_SPACE:
        ok = end_word(bert, reading, out);
        break;
    case GS_FATE_ALONE:
        ok = put_alone(bert, reading, out, (int32_t)value, at, end);
        break;
    case GS_FATE_SELF:
        if (cp == 0xFFFD) { /* perhaps one broken byte */
            ok = append(reading, "\xEF\xBF\xBD", 3, 1, at, end);
        } else {
            ok = append(reading, bytes + at, end - at, 1, at, end);
        }
        break;
    case GS_FATE_WORD: {
        const unsigned char *text = bert->table.texts + value; /* length, characters, bytes */
        ok = append(reading, (const char *)text + 2, text[0], text[1], at, end);
        break;
    }
    default:
        return GS_AGAIN;
    }
    return ok ? GS_OK : GS_NO_MEMORY;
}

enum gs_status gs_bert_encode(const struct gs_bert *bert, struct gs_aligned *word,
                              const char *bytes, size_t from, size_t to, struct gs_pieces *out,
                              struct gs_error *err)
{
    struct reading reading = {.word = word};
    enum gs_status status = GS_OK;
    size_t at = from;

    word->len = 0;
    while (at < to && status == GS_OK && (out->limit == 0 || out->n < out->limit)) {
        const unsigned char byte = (unsigned char)bytes[at];
        if (bert->table.ascii[byte] != 0) {
            at = append_ascii(bert, &reading, bytes, at, to);
            status = at == 0 ? GS_NO_MEMORY : GS_OK;
            continue;
        }
        const size_t len = byte < 0x80 ? 1 : gs_utf8_valid_len(bytes + at, to - at);
        const uint32_t cp = len == 0 ? 0xFFFD : gs_utf8_decode(bytes + at, len);
        const size_t end = at + (len == 0 ? 1 : len);
        status = take_char(bert, &reading, out, bytes, at, end, cp);
        at = end;
    }
    if (status == GS_OK && !end_word(bert, &reading, out)) {
        status = GS_NO_MEMORY;
    }
    return status == GS_NO_MEMORY ? gs_fail(err, status, "no memory for the words of a text")
                                  : status;
}
