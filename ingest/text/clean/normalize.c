/* Cleaning a text, from the bytes of a record to what the model, the watchlist and a reader see.
 *
 *     raw ─► repair ─► mojibake ─► html ─► nfkc ─► masks, rules ─► cut ─► text
 *             │           ▲                  │
 *             UTF-8       └── once more, ◄───┘
 *                             while something changes
 *
 * Why in this order. Nothing can be decoded before the bytes are UTF-8. Mojibake goes before HTML,
 * since what it puts together may be a sign that HTML knows. HTML goes before NFKC, since entities
 * make characters of all kinds. The masks come last and see one spelling only: a telephone number
 * in full-width digits, with a zero-width space or a tag in it, is then a telephone number. The cut
 * comes behind the masks, or half of what they hide would slip past them.
 *
 * How it is fast. A stage says by a scan for the few bytes it cares about whether it has anything to
 * do, and most texts need none: plain ASCII without '<' and '&' is copied and masked. The stages
 * write by turns into two buffers that grow to the largest text met and stay.
 *
 * How one gets back. Beside every byte goes its origin, the byte of the raw text that it came from,
 * never falling. A stage copies origins along, and gives a replacement the origin of what it
 * replaced; evidence and `explain` point into the sender's own text with them.
 *
 * What holds. The outcome is valid UTF-8 without controls or two blanks in a row; cleaning it again
 * changes nothing, masks and rules aside (clean() says how that is kept); nothing is allocated once
 * the buffers have grown; the time taken is in proportion to the length, whatever the text holds. */
#include "ingest/text/clean/normalize.h"

#include "ingest/base/utf8.h"
#include "ingest/text/clean/nfkc_class.h"
#include "ingest/text/clean/stage.h"

#include <stdlib.h>

enum {
    DEFAULT_TEXT_BYTES = 64 * 1024,
    MAX_TEXT_BYTES =
        64 * 1024 * 1024, /* origins are 32 bits wide, and NFKC may grow text 11-fold */
    MOJIBAKE_PASSES = 3,  /* in one round */
    HTML_ROUNDS = 8,      /* from then on tags are broken up */
    MAX_ROUNDS = 32,
    MARGIN = 4096, /* bytes behind the cut that are read with the text, so that no mask is cut */
};

struct gs_norm {
    const struct gs_scan *scan;
    struct gs_rule_workspace *rules; /* NULL without rules */
    struct gs_norm_options options;
    uint32_t *identity; /* 0, 1, 2…: origins of the raw text */
    size_t n_identity;
    struct gs_out out[2]; /* the stages write into them in turn */
    struct gs_cps cps;
};

enum gs_status gs_norm_new(const struct gs_rules *rules, const struct gs_norm_options *options,
                           struct gs_norm **ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct gs_norm *norm = calloc(1, sizeof *norm);

    if (norm == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "normalizer");
    }
    gs_nfkc_init();
    norm->scan = gs_scan_pick();
    norm->options = *options;
    if (norm->options.max_text_bytes == 0) {
        norm->options.max_text_bytes = DEFAULT_TEXT_BYTES;
    } else if (norm->options.max_text_bytes > MAX_TEXT_BYTES) {
        norm->options.max_text_bytes = MAX_TEXT_BYTES;
    }
    for (size_t i = 0; i < GS_COUNT(norm->out) && status == GS_OK; i++) {
        status = gs_out_reserve(&norm->out[i], 4096, err);
    }
    if (status == GS_OK && rules != NULL) {
        status = gs_rule_workspace_new(rules, norm->scan, options->addressed, &norm->rules, err);
    }
    if (status == GS_OK) {
        *ret = norm;
        norm = NULL;
    }
    gs_norm_free(norm);
    return status;
}

void gs_norm_free(struct gs_norm *norm)
{
    if (norm == NULL) {
        return;
    }
    gs_rule_workspace_free(norm->rules);
    gs_out_done(&norm->out[0]);
    gs_out_done(&norm->out[1]);
    gs_cps_done(&norm->cps);
    free(norm->identity);
    free(norm);
}

/* Origins 0 to n, n included. */
static enum gs_status identity(struct gs_norm *norm, size_t n, struct gs_error *err)
{
    if (n < norm->n_identity) {
        return GS_OK;
    }
    const size_t want = n + n / 2 + 4096;
    uint32_t *bigger = realloc(norm->identity, want * sizeof *bigger);
    if (bigger == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "origins of %zu bytes", want);
    }
    for (size_t i = norm->n_identity; i < want; i++) {
        bigger[i] = (uint32_t)i;
    }
    norm->identity = bigger;
    norm->n_identity = want;
    return GS_OK;
}

static struct gs_str text_of(struct gs_view view)
{
    return (struct gs_str){view.bytes, view.len};
}

/* The buffer that view is not in. */
static struct gs_out *other(struct gs_norm *norm, struct gs_view view)
{
    return view.bytes == norm->out[0].bytes ? &norm->out[1] : &norm->out[0];
}

static enum gs_status repair(struct gs_norm *norm, struct gs_view *view,
                             struct gs_norm_counts *counts, struct gs_error *err)
{
    const size_t bad = gs_repair_find(norm->scan, text_of(*view));

    if (bad == view->len) {
        return GS_OK;
    }
    if (norm->options.bad_utf8 == GS_UTF8_REJECT) {
        return gs_fail(err, GS_BAD_FORMAT, "invalid UTF-8 at byte %zu", bad);
    }
    struct gs_out *out = other(norm, *view);
    const enum gs_status status = gs_repair_run(*view, out, &counts->bad_bytes, err);
    if (status == GS_OK) {
        *view = gs_out_view(out, view->origin[view->len]);
    }
    return status;
}

static enum gs_status fix_mojibake(struct gs_norm *norm, struct gs_view *view,
                                   struct gs_norm_counts *counts, struct gs_error *err)
{
    for (int pass = 0; pass < MOJIBAKE_PASSES; pass++) {
        const uint32_t before = counts->mojibake;
        struct gs_out *out = other(norm, *view);
        if (!gs_mojibake_suspect(norm->scan, text_of(*view))) {
            break;
        }
        const enum gs_status status = gs_mojibake_run(*view, out, &counts->mojibake, err);
        if (status != GS_OK) {
            return status;
        }
        if (counts->mojibake == before) {
            break;
        }
        *view = gs_out_view(out, view->origin[view->len]);
    }
    return GS_OK;
}

/* Says whether HTML may have something to do: a '<', a '&', or a '#' before a digit. */
static bool has_html(struct gs_view view)
{
    const char *end = view.bytes + view.len;
    const char *at = view.bytes;

    if (memchr(at, '<', view.len) != NULL || memchr(at, '&', view.len) != NULL) {
        return true;
    }
    while ((at = memchr(at, '#', (size_t)(end - at))) != NULL) {
        at++;
        if (at < end && *at >= '0' && *at <= '9') {
            return true;
        }
    }
    return false;
}

static enum gs_status run_nfkc(struct gs_norm *norm, struct gs_view *view, struct gs_error *err)
{
    struct gs_out *out = other(norm, *view);
    const enum gs_status status = gs_nfkc_run(norm->scan, *view, true, &norm->cps, out, err);

    if (status == GS_OK) {
        *view = gs_out_view(out, view->origin[view->len]);
    }
    return status;
}

static bool same(struct gs_view before, struct gs_view now)
{
    return before.len == now.len && memcmp(before.bytes, now.bytes, now.len) == 0;
}

static enum gs_status run_html(struct gs_norm *norm, bool defuse, struct gs_view *view,
                               bool *changed, struct gs_error *err)
{
    struct gs_out *out = other(norm, *view);
    const enum gs_status status = gs_html_run(*view, defuse, out, err);

    if (status == GS_OK) {
        const struct gs_view before = *view;
        *view = gs_out_view(out, view->origin[view->len]);
        *changed = *changed || !same(before, *view);
    }
    return status;
}

/* Says whether there may be something left for a stage. */
static bool has_more(const struct gs_norm *norm, struct gs_view view)
{
    return (norm->options.html && has_html(view)) ||
           (norm->options.fix_mojibake && gs_mojibake_suspect(norm->scan, text_of(view)));
}

/* Everything in front of the rules, for text that is not plain ASCII.
 *
 * What one stage makes may be another's: "&lt;b&gt;" is a tag once it is decoded, "＜b＞" once it
 * is narrow, and a tag that goes may leave the halves of another beside each other. So the stages
 * go round until nothing changes, which nearly always is at once. A text made to go round for ever
 * is broken up in the end, so that cleaning a clean text never changes it. */
static enum gs_status clean(struct gs_norm *norm, struct gs_view *view,
                            struct gs_norm_counts *counts, struct gs_error *err)
{
    const struct gs_norm_options *options = &norm->options;
    enum gs_status status = repair(norm, view, counts, err);

    for (int round = 0; status == GS_OK && round < MAX_ROUNDS; round++) {
        const uint32_t repaired = counts->mojibake;
        bool changed = false;
        if (options->fix_mojibake) {
            status = fix_mojibake(norm, view, counts, err);
        }
        if (status == GS_OK && options->html && has_html(*view)) {
            status = run_html(norm, round >= HTML_ROUNDS, view, &changed, err);
        }
        const struct gs_view before = *view;
        if (status == GS_OK) {
            status = run_nfkc(norm, view, err);
        }
        /* Nearly always nothing has changed but white space or a sign, and all is done. */
        if (status != GS_OK || !(changed || counts->mojibake > repaired || !same(before, *view)) ||
            !has_more(norm, *view)) {
            break;
        }
    }
    return status;
}

/* Most English messages: nothing in them changes. */
static bool is_clean(const struct gs_norm *norm, struct gs_view view)
{
    return view.bytes[0] != ' ' && view.bytes[view.len - 1] != ' ' &&
           norm->scan->plain((const uint8_t *)view.bytes, view.len) == view.len &&
           !(norm->options.html && has_html(view));
}

static enum gs_status copy_clean(struct gs_norm *norm, struct gs_view *view, struct gs_error *err)
{
    struct gs_out *out = &norm->out[0];

    out->len = 0;
    const enum gs_status status = gs_out_reserve(out, view->len, err);
    if (status == GS_OK) {
        memcpy(out->bytes, view->bytes, view->len);
        out->len = view->len;
        view->bytes = out->bytes; /* origins stay the identity */
    }
    return status;
}

/* How much of raw is read for a text that is cut at len: what stands across the cut has to be seen
 * whole to be masked. Bad bytes end it, so that only those of the text are counted or refused. */
static size_t read_len(const struct gs_norm *norm, struct gs_str raw, size_t len)
{
    if (len == raw.len) {
        return len;
    }
    const size_t more = gs_utf8_cut((struct gs_str){raw.bytes + len, raw.len - len}, MARGIN).len;

    return len + gs_repair_find(norm->scan, (struct gs_str){raw.bytes + len, more});
}

/* Takes off what came from behind len. A mask comes from where it began, so it stays whole. */
static void cut(struct gs_norm *norm, struct gs_view *view, size_t len)
{
    size_t n = view->len;

    while (n > 0 && (view->origin[n - 1] >= len || view->bytes[n - 1] == ' ')) {
        n--;
    }
    struct gs_out *out = view->origin == norm->out[0].origin   ? &norm->out[0]
                         : view->origin == norm->out[1].origin ? &norm->out[1]
                                                               : NULL;
    view->len = n;
    if (out != NULL) { /* else origins are the identity */
        out->len = n;
        *view = gs_out_view(out, (uint32_t)len);
    }
}

enum gs_status gs_norm_run(struct gs_norm *norm, struct gs_str raw, struct gs_norm_text *ret,
                           struct gs_error *err)
{
    struct gs_norm_counts counts = {0};
    const size_t len = gs_utf8_cut(raw, norm->options.max_text_bytes).len;

    const size_t n_read = read_len(norm, raw, len);

    counts.cut = len < raw.len;
    enum gs_status status = identity(norm, n_read, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_view view = {len == 0 ? "" : raw.bytes, norm->identity, len == 0 ? 0 : n_read};
    if (len > 0) {
        status =
            is_clean(norm, view) ? copy_clean(norm, &view, err) : clean(norm, &view, &counts, err);
    }
    if (status == GS_OK && norm->rules != NULL && view.len > 0) {
        status = gs_rules_run(norm->rules, &view, &norm->out[0], &norm->out[1], &counts, err);
    }
    if (status == GS_OK && counts.cut != 0) {
        cut(norm, &view, len);
    }
    if (status == GS_OK) {
        *ret = (struct gs_norm_text){text_of(view), view.origin, counts};
    }
    return status;
}
