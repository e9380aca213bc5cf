/* Text → clean text → features, as the tagger does it, without a configuration. */
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/workbench/labelled.h"

#include "ingest/base/buf.h"
#include "ingest/text/clean/normalize.h"
#include "ingest/text/lang.h"

#include <stdlib.h>

enum { MAX_FEATURES = 16384, MAX_TEXT = 1 << 20 }; /* features: the tagger's number */

struct gs_featuriser {
    struct gs_rules *rules;
    struct gs_norm *norm;
    struct gs_ngrams *ngrams;
    struct gs_buf text;
    uint32_t *origin; /* [max_origin] */
    size_t max_origin;
    uint32_t *hashes; /* [MAX_FEATURES] */
};

enum gs_status gs_featuriser_new(bool simplified, struct gs_featuriser **ret, struct gs_error *err)
{
    const struct gs_norm_options options = {
        .bad_utf8 = GS_UTF8_REPAIR, .html = true, .fix_mojibake = true, .max_text_bytes = MAX_TEXT};
    size_t n_rules = 0;
    const struct gs_rule_spec *specs = gs_rules_default(&n_rules);
    struct gs_featuriser *f = calloc(1, sizeof *f);

    if (f == NULL || (f->hashes = malloc(MAX_FEATURES * sizeof *f->hashes)) == NULL) {
        free(f);
        return gs_fail(err, GS_NO_MEMORY, "featuriser");
    }
    f->text.max = 2 * (size_t)MAX_TEXT * 4 + 1;
    enum gs_status status = gs_rules_compile(specs, n_rules, GS_JIT_AUTO, &f->rules, err);
    if (status == GS_OK) {
        gs_rules_warn(f->rules, GS_JIT_AUTO);
        status = gs_norm_new(f->rules, &options, &f->norm, err);
    }
    if (status == GS_OK) {
        status = gs_ngrams_new(MAX_FEATURES, &f->ngrams, err);
    }
    if (status != GS_OK) {
        gs_featuriser_free(f);
        return status;
    }
    gs_ngrams_read_simplified(f->ngrams, simplified);
    *ret = f;
    return GS_OK;
}

void gs_featuriser_free(struct gs_featuriser *f)
{
    if (f != NULL) {
        gs_ngrams_free(f->ngrams);
        gs_norm_free(f->norm);
        gs_rules_free(f->rules);
        gs_buf_done(&f->text);
        free(f->origin);
        free(f->hashes);
        free(f);
    }
}

static bool room_for_origin(struct gs_featuriser *f, size_t n)
{
    if (n > f->max_origin) {
        uint32_t *bigger = realloc(f->origin, 2 * n * sizeof *bigger);
        if (bigger == NULL) {
            return false;
        }
        f->origin = bigger;
        f->max_origin = 2 * n;
    }
    return true;
}

/* One field behind what is there; at: where it begins in title LF text as given. */
static enum gs_status append(struct gs_featuriser *f, struct gs_str raw, size_t at,
                             struct gs_error *err)
{
    struct gs_norm_text clean;
    if (raw.len == 0) {
        return GS_OK;
    }
    const enum gs_status status = gs_norm_run(f->norm, raw, &clean, err);
    if (status != GS_OK || clean.text.len == 0) {
        return status;
    }
    if (!room_for_origin(f, f->text.len + clean.text.len + 2)) {
        return gs_fail(err, GS_NO_MEMORY, "a text of %zu bytes", raw.len);
    }
    if (f->text.len > 0) {
        f->origin[f->text.len] = (uint32_t)(at - 1);
        gs_buf_putc(&f->text, '\n');
    }
    for (size_t i = 0; i <= clean.text.len; i++) {
        f->origin[f->text.len + i] = (uint32_t)at + clean.origin[i];
    }
    gs_buf_put(&f->text, clean.text);
    return gs_buf_ok(&f->text) ? GS_OK : gs_fail(err, GS_NO_MEMORY, "a text of %zu bytes", raw.len);
}

enum gs_status gs_featuriser_run(struct gs_featuriser *f, struct gs_str title, struct gs_str text,
                                 struct gs_features *ret, struct gs_error *err)
{
    gs_buf_reset(&f->text);
    enum gs_status status = room_for_origin(f, 1) ? GS_OK : gs_fail(err, GS_NO_MEMORY, "a text");
    if (status == GS_OK) {
        f->origin[0] = 0;
        status = append(f, title, 0, err);
    }
    if (status == GS_OK) {
        status = append(f, text, title.len > 0 ? title.len + 1 : 0, err);
    }
    if (status != GS_OK) {
        return status;
    }
    *ret = (struct gs_features){.text = gs_buf_str(&f->text), .origin = f->origin};
    ret->lang = (size_t)gs_lang_detect(ret->text, gs_str(""));
    ret->n = gs_ngrams_extract(f->ngrams, ret->text, &ret->features);
    for (size_t i = 0; i < ret->n; i++) {
        f->hashes[i] = ret->features[i].hash;
    }
    ret->hashes = f->hashes;
    return GS_OK;
}
