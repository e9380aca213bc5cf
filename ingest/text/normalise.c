#include "ingest/text/normalise.h"

#include "base/utf8.h"
#include "ingest/text/nfkc_class.h"
#include "ingest/text/stage.h"

#include <stdlib.h>

enum {
    DEFAULT_TEXT_BYTES = 64 * 1024,
    MAX_TEXT_BYTES =
        64 * 1024 * 1024, /* origins are 32 bits wide, and NFKC may grow text 11-fold */
    MOJIBAKE_PASSES = 3,
};

struct gs_norm {
    const struct gs_scan *scan;
    struct gs_rule_work *rules; /* NULL without rules */
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
        return gs_fail(err, GS_NO_MEMORY, "normaliser");
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
        status = gs_rule_work_new(rules, norm->scan, &norm->rules, err);
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
    gs_rule_work_free(norm->rules);
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

/* The longest start of raw within the bound that does not end inside a character. */
static size_t cut_len(struct gs_str raw, size_t max)
{
    if (raw.len <= max) {
        return raw.len;
    }
    for (size_t back = 1; back <= 3 && back <= max; back++) {
        const size_t n = gs_utf8_valid_len(raw.bytes + max - back, raw.len - (max - back));
        if (n > 0) {
            return n > back ? max - back : max;
        }
    }
    return max;
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

static bool has_html(struct gs_view view)
{
    return memchr(view.bytes, '<', view.len) != NULL || memchr(view.bytes, '&', view.len) != NULL;
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

/* Everything in front of the rules, for text that is not plain ASCII. */
static enum gs_status clean(struct gs_norm *norm, struct gs_view *view,
                            struct gs_norm_counts *counts, struct gs_error *err)
{
    enum gs_status status = repair(norm, view, counts, err);

    if (status == GS_OK && norm->options.fix_mojibake) {
        status = fix_mojibake(norm, view, counts, err);
    }
    if (status == GS_OK && norm->options.html && has_html(*view)) {
        struct gs_out *out = other(norm, *view);
        status = gs_html_run(*view, out, err);
        if (status == GS_OK) {
            *view = gs_out_view(out, view->origin[view->len]);
        }
    }
    return status == GS_OK ? run_nfkc(norm, view, err) : status;
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

enum gs_status gs_norm_run(struct gs_norm *norm, struct gs_str raw, struct gs_norm_text *ret,
                           struct gs_error *err)
{
    struct gs_norm_counts counts = {0};
    const size_t len = cut_len(raw, norm->options.max_text_bytes);

    counts.cut = len < raw.len;
    enum gs_status status = identity(norm, len, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_view view = {len == 0 ? "" : raw.bytes, norm->identity, len};
    if (len > 0) {
        status =
            is_clean(norm, view) ? copy_clean(norm, &view, err) : clean(norm, &view, &counts, err);
    }
    if (status == GS_OK && norm->rules != NULL && view.len > 0) {
        status = gs_rules_run(norm->rules, &view, &norm->out[0], &norm->out[1], &counts, err);
    }
    if (status == GS_OK) {
        *ret = (struct gs_norm_text){text_of(view), view.origin, counts};
    }
    return status;
}
