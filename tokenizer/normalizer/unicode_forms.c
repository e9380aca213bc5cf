/* NFC, NFD, NFKC and NFKD with places carried over as `tokenizers` does it: the text becomes a row
 * of characters that each replace the next of the old ones, or are new, or swallow some. Sorting
 * marks moves the characters and not their places; that is so there, and so here. */
#include "tokenizer/normalizer/normalizer.h"

#include "ingest/base/utf8.h"
#include "tokenizer/unicode/unicode.h"

#include <stdlib.h>

uint32_t gs_next_char(const char *bytes, size_t *at)
{
    const unsigned char lead = (unsigned char)bytes[*at];
    const size_t len = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const uint32_t cp = gs_utf8_decode(bytes + *at, len);

    *at += len;
    return cp;
}

static bool reserve(struct gs_changes *changes, size_t n)
{
    if (changes->capacity - changes->n >= n) {
        return true;
    }
    size_t capacity = changes->capacity == 0 ? 256 : changes->capacity;
    while (capacity - changes->n < n) {
        capacity *= 2;
    }
    uint32_t *cps = realloc(changes->cps, capacity * sizeof *cps);
    changes->cps = cps == NULL ? changes->cps : cps;
    int32_t *kinds = realloc(changes->kinds, capacity * sizeof *kinds);
    changes->kinds = kinds == NULL ? changes->kinds : kinds;
    uint8_t *classes = realloc(changes->classes, capacity);
    changes->classes = classes == NULL ? changes->classes : classes;
    if (cps == NULL || kinds == NULL || classes == NULL) {
        return false;
    }
    changes->capacity = capacity;
    return true;
}

/* Stable, by combining class, in place: for the few marks that a character has. */
static void sort_few(struct gs_changes *changes, size_t from)
{
    for (size_t i = from + 1; i < changes->n; i++) {
        const uint8_t class = changes->classes[i];
        const uint32_t cp = changes->cps[i];
        const int32_t kind = changes->kinds[i];
        size_t to = i;
        for (; to > from && changes->classes[to - 1] > class; to--) {
            changes->classes[to] = changes->classes[to - 1];
            changes->cps[to] = changes->cps[to - 1];
            changes->kinds[to] = changes->kinds[to - 1];
        }
        changes->classes[to] = class;
        changes->cps[to] = cp;
        changes->kinds[to] = kind;
    }
}

/* The same for a text that is nothing but marks: counted, and the room behind the row is used. */
static bool sort_marks(struct gs_changes *changes, size_t from)
{
    enum { FEW = 32 };
    const size_t n = changes->n - from;
    size_t places[257] = {0};

    if (n <= FEW) {
        sort_few(changes, from);
        return true;
    }
    if (!reserve(changes, n)) {
        return false;
    }
    for (size_t i = from; i < changes->n; i++) {
        places[changes->classes[i] + 1]++;
    }
    for (size_t class = 1; class < 257; class ++) {
        places[class] += places[class - 1];
    }
    for (size_t i = from; i < changes->n; i++) {
        const size_t to = changes->n + places[changes->classes[i]]++;
        changes->cps[to] = changes->cps[i];
        changes->kinds[to] = changes->kinds[i];
        changes->classes[to] = changes->classes[i];
    }
    memcpy(changes->cps + from, changes->cps + changes->n, n * sizeof *changes->cps);
    memcpy(changes->kinds + from, changes->kinds + changes->n, n * sizeof *changes->kinds);
    memcpy(changes->classes + from, changes->classes + changes->n, n);
    return true;
}

static bool decompose(struct gs_changes *changes, const struct gs_aligned *in, bool compatible)
{
    size_t marks = 0; /* where the run of marks at the end begins */

    changes->n = 0;
    for (size_t at = 0; at < in->len;) {
        uint32_t parts[GS_MAX_DECOMPOSED];
        const size_t n = gs_char_decompose(gs_next_char(in->bytes, &at), compatible, parts);
        if (!reserve(changes, n)) {
            return false;
        }
        for (size_t i = 0; i < n; i++) {
            const uint8_t class = gs_char_combining_class(parts[i]);
            if (class == 0 && (!sort_marks(changes, marks) || !reserve(changes, n))) {
                return false;
            }
            changes->cps[changes->n] = parts[i];
            changes->kinds[changes->n] = i == 0 ? 0 : 1;
            changes->classes[changes->n] = class;
            changes->n++;
            marks = class == 0 ? changes->n : marks;
        }
    }
    return sort_marks(changes, marks);
}

/* In place: a character that joins the last starter is taken out of the row. */
static void compose(struct gs_changes *changes)
{
    size_t starter = SIZE_MAX, n = 0;
    int last = -1; /* class of the last character behind the starter; -1: there is none */

    for (size_t i = 0; i < changes->n; i++) {
        const uint32_t cp = changes->cps[i];
        const uint8_t class = changes->classes[i];
        const bool blocked = last >= class;
        const uint32_t joined =
            starter == SIZE_MAX || blocked ? 0 : gs_char_compose(changes->cps[starter], cp);
        if (joined != 0) {
            changes->cps[starter] = joined;
            changes->kinds[starter] += changes->kinds[i] - 1;
            continue;
        }
        if (class == 0) {
            starter = n;
            last = -1;
        } else if (starter != SIZE_MAX) {
            last = class;
        }
        changes->cps[n] = cp;
        changes->kinds[n] = changes->kinds[i];
        changes->classes[n] = class;
        n++;
    }
    changes->n = n;
}

/* Writes the row with the places of what it replaces. */
static bool write(const struct gs_changes *changes, const struct gs_aligned *in,
                  struct gs_aligned *out)
{
    size_t at = 0;

    if (in->len == 0) {
        return true;
    }
    if (!gs_aligned_reserve(out, changes->n * 4)) {
        return false;
    }
    for (size_t i = 0; i < changes->n; i++) {
        const int32_t kind = changes->kinds[i];
        char bytes[4];
        uint32_t start = in->starts[0], end = in->starts[0]; /* new, before all else */
        if (kind <= 0 || at > 0) {
            const size_t like = kind > 0 ? at - 1 : at < in->len ? at : in->len - 1;
            start = in->starts[like];
            end = in->ends[like];
        }
        for (int32_t taken = 0; kind <= 0 && taken <= -kind && at < in->len; taken++) {
            (void)gs_next_char(in->bytes, &at);
        }
        gs_aligned_put(out, bytes, gs_utf8_encode(changes->cps[i], bytes), start, end);
    }
    return true;
}

enum gs_status gs_form_apply(enum gs_normalizer_kind form, struct gs_changes *changes,
                             const struct gs_aligned *in, struct gs_aligned *out,
                             struct gs_error *err)
{
    size_t ascii = 0;

    while (ascii < in->len && (unsigned char)in->bytes[ascii] < 0x80) {
        ascii++;
    }
    if (ascii == in->len) { /* nothing to do, and the common case */
        if (!gs_aligned_reserve(out, in->len)) {
            return gs_fail(err, GS_NO_MEMORY, "no memory for a text's normal form");
        }
        gs_aligned_copy(out, in, 0, in->len);
        return GS_OK;
    }
    const bool compatible = form == GS_NORMALIZE_NFKC || form == GS_NORMALIZE_NFKD;
    if (!decompose(changes, in, compatible)) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for a text's normal form");
    }
    if (form == GS_NORMALIZE_NFC || form == GS_NORMALIZE_NFKC) {
        compose(changes);
    }
    if (!write(changes, in, out)) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for a text's normal form");
    }
    return GS_OK;
}
