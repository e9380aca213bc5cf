/* The bytes make merges over eight byte pieces and a word. The heap must give what looking for the
 * best pair again after every join gives. */
#include "tokenizer/models/pieces.h"

#include <stdio.h>
#include <stdlib.h>

enum { LETTERS = 8, MAX_PIECES = 64, MAX_LEN = 12, MAX_WORD = 96 };

struct vocab {
    size_t n_pieces, n_merges;
    char texts[MAX_PIECES][MAX_LEN + 1];
    struct {
        int left, right, joined;
    } merges[MAX_PIECES];
};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void add_merge(struct vocab *vocab, int left, int right)
{
    char joined[2 * MAX_LEN + 1];
    int id = 0;

    const int len =
        snprintf(joined, sizeof joined, "%s%s", vocab->texts[left], vocab->texts[right]);
    if (len > MAX_LEN) {
        return;
    }
    while (id < (int)vocab->n_pieces && strcmp(vocab->texts[id], joined) != 0) {
        id++;
    }
    if (id == (int)vocab->n_pieces) {
        memcpy(vocab->texts[vocab->n_pieces++], joined, (size_t)len + 1);
    }
    vocab->merges[vocab->n_merges].left = left;
    vocab->merges[vocab->n_merges].right = right;
    vocab->merges[vocab->n_merges++].joined = id;
}

static struct vocab vocab_of(const uint8_t **data, size_t *size)
{
    struct vocab vocab = {.n_pieces = LETTERS};

    for (int i = 0; i < LETTERS; i++) {
        vocab.texts[i][0] = (char)('a' + i);
    }
    while (*size >= 2 && **data != 0xFF && vocab.n_pieces < MAX_PIECES &&
           vocab.n_merges < MAX_PIECES) {
        add_merge(&vocab, (int)((*data)[0] % vocab.n_pieces), (int)((*data)[1] % vocab.n_pieces));
        *data += 2;
        *size -= 2;
    }
    return vocab;
}

static struct gs_bpe *model_of(const struct vocab *vocab)
{
    struct gs_bpe *bpe = NULL;
    json_t *model = json_object(), *pieces = json_object(), *merges = json_array();

    for (size_t i = 0; i < vocab->n_pieces; i++) {
        json_object_set_new(pieces, vocab->texts[i], json_integer((json_int_t)i));
    }
    for (size_t i = 0; i < vocab->n_merges; i++) {
        json_array_append_new(merges, json_pack("[s,s]", vocab->texts[vocab->merges[i].left],
                                                vocab->texts[vocab->merges[i].right]));
    }
    json_object_set_new(model, "vocab", pieces);
    json_object_set_new(model, "merges", merges);
    check(gs_bpe_new(model, &bpe, NULL) == GS_OK);
    json_decref(model);
    return bpe;
}

/* The rank of the pair, of equal merges the last; SIZE_MAX: none. */
static size_t rank_of(const struct vocab *vocab, int left, int right)
{
    for (size_t i = vocab->n_merges; i-- > 0;) {
        if (vocab->merges[i].left == left && vocab->merges[i].right == right) {
            return i;
        }
    }
    return SIZE_MAX;
}

static size_t join_slowly(const struct vocab *vocab, int *ids, size_t n)
{
    for (;;) {
        size_t best = SIZE_MAX, at = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            const size_t rank = rank_of(vocab, ids[i], ids[i + 1]);
            if (rank < best) {
                best = rank;
                at = i;
            }
        }
        if (best == SIZE_MAX) {
            return n;
        }
        ids[at] = vocab->merges[best].joined;
        memmove(ids + at + 1, ids + at + 2, (n - at - 2) * sizeof *ids);
        n--;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct vocab vocab = vocab_of(&data, &size);
    struct gs_bpe *bpe = model_of(&vocab);
    static struct gs_bpe_workspace
        *work; /* one for all: a model must not see another one's words */
    struct gs_pieces pieces = {0};
    struct gs_aligned text = {0};
    int ids[MAX_WORD];
    size_t n = size < MAX_WORD ? size : MAX_WORD;

    check(gs_aligned_reserve(&text, n + 1));
    for (size_t i = 0; i < n; i++) {
        ids[i] = data[i] % LETTERS;
        text.bytes[i] = (char)('a' + ids[i]);
        text.starts[i] = (uint32_t)i;
        text.ends[i] = (uint32_t)i + 1;
    }
    text.len = n;
    check(work != NULL || gs_bpe_workspace_new(&work, NULL) == GS_OK);
    check(gs_bpe_encode(bpe, work, &text, 0, n, &pieces, NULL) == GS_OK);
    const size_t n_slow = join_slowly(&vocab, ids, n);
    uint32_t end = 0;
    check(pieces.n == n_slow);
    for (size_t i = 0; i < n_slow; i++) {
        check(pieces.ids[i] == ids[i] && pieces.starts[i] == end);
        end += (uint32_t)strlen(vocab.texts[ids[i]]);
        check(pieces.ends[i] == end);
    }
    /* the second time short words are looked up */
    pieces.n = 0;
    check(gs_bpe_encode(bpe, work, &text, 0, n, &pieces, NULL) == GS_OK);
    check(pieces.n == n_slow && (n_slow == 0 || pieces.ends[n_slow - 1] == end));
    for (size_t i = 0; i < n_slow; i++) {
        check(pieces.ids[i] == ids[i]);
    }
    gs_pieces_done(&pieces);
    gs_aligned_done(&text);
    gs_bpe_free(bpe);
    return 0;
}
