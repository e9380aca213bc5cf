#include "deploy/daemon/tagger.h"

#include "ingest/text/duplicates.h"

#include <stdlib.h>

enum { MAX_FEATURES = 16384, MAX_RECENT_STORIES = 65536 };

struct gs_tagger {
    const struct gs_assets *assets;
    struct gs_decoder *decoder;
    struct gs_norm *norm;
    struct gs_ngrams *ngrams;
    struct gs_model_work *work;
    struct gs_duplicates *duplicates; /* NULL: copies are not counted */
    struct gs_arena *arena;

    /* of the last message */
    struct gs_message message;
    struct gs_str input;
    const struct gs_feature *features;
    size_t n_features;
    uint32_t *hashes; /* [MAX_FEATURES] */
    struct gs_prediction prediction;
    struct gs_norm_counts repairs;
};

enum gs_status gs_tagger_new(const struct gs_assets *assets,
                             const struct gs_tagger_options *options, struct gs_tagger **ret,
                             struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct gs_tagger *tagger = calloc(1, sizeof *tagger);

    if (tagger == NULL || (tagger->hashes = calloc(MAX_FEATURES, sizeof(uint32_t))) == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "tagger");
        goto done;
    }
    tagger->assets = assets;
    if ((status = gs_arena_new(options->max_batch_bytes, &tagger->arena, err)) != GS_OK ||
        (status = gs_decoder_new(&options->decode, &tagger->decoder, err)) != GS_OK ||
        (status = gs_norm_new(assets->rules, &options->norm, &tagger->norm, err)) != GS_OK ||
        (status = gs_ngrams_new(MAX_FEATURES, &tagger->ngrams, err)) != GS_OK ||
        (options->count_copies &&
         (status = gs_duplicates_new(MAX_RECENT_STORIES, &tagger->duplicates, err)) != GS_OK) ||
        (status = gs_model_work_new(assets->model, &tagger->work, err)) != GS_OK) {
        goto done;
    }
    *ret = tagger;
    tagger = NULL;

done:
    gs_tagger_free(tagger);
    return status;
}

void gs_tagger_free(struct gs_tagger *tagger)
{
    if (tagger == NULL) {
        return;
    }
    gs_model_work_free(tagger->work);
    gs_duplicates_free(tagger->duplicates);
    gs_ngrams_free(tagger->ngrams);
    gs_norm_free(tagger->norm);
    gs_decoder_free(tagger->decoder);
    gs_arena_free(tagger->arena);
    free(tagger->hashes);
    free(tagger);
}

void gs_tagger_begin(struct gs_tagger *tagger)
{
    gs_arena_reset(tagger->arena);
    if (tagger->duplicates != NULL) {
        gs_duplicates_begin(tagger->duplicates);
    }
}

void gs_tagger_undo(struct gs_tagger *tagger)
{
    if (tagger->duplicates != NULL) {
        gs_duplicates_undo(tagger->duplicates);
    }
}

/* ---- cleaning ---- */

static void add_counts(struct gs_norm_counts *sum, const struct gs_norm_counts *more)
{
    sum->bad_bytes += more->bad_bytes;
    sum->mojibake += more->mojibake;
    sum->cut += more->cut;
    sum->rule_limits += more->rule_limits;
    sum->masked += more->masked;
}

/* Cleans one field into the arena. An absent field, or one with nothing left, is {NULL, 0}. */
static enum gs_reject clean(struct gs_tagger *tagger, struct gs_str raw, struct gs_str *ret,
                            struct gs_error *err)
{
    struct gs_norm_text clean_text;

    *ret = (struct gs_str){NULL, 0};
    if (raw.len == 0) {
        return GS_REJECT_NONE;
    }
    if (gs_norm_run(tagger->norm, raw, &clean_text, err) != GS_OK) {
        return err->status == GS_BAD_FORMAT ? GS_REJECT_BAD_UTF8 : GS_REJECT_TOO_LARGE;
    }
    add_counts(&tagger->repairs, &clean_text.counts);
    if (clean_text.text.len > 0) {
        *ret = gs_arena_copy(tagger->arena, clean_text.text);
        if (ret->bytes == NULL) {
            (void)gs_fail(err, GS_NO_MEMORY, "the batch's memory is used up");
            return GS_REJECT_TOO_LARGE;
        }
    }
    return GS_REJECT_NONE;
}

/* title + LF + text in one piece, and both fields pointing into it. */
static enum gs_reject join(struct gs_tagger *tagger, struct gs_tagged *tagged, struct gs_error *err)
{
    if (tagged->title.len == 0 && tagged->text.len == 0) {
        (void)gs_fail(err, GS_BAD_FORMAT, "nothing is left of title and text after cleaning");
        return GS_REJECT_NO_TEXT;
    }
    if (tagged->title.len == 0 || tagged->text.len == 0) {
        tagger->input = tagged->title.len == 0 ? tagged->text : tagged->title;
        return GS_REJECT_NONE;
    }
    const size_t len = tagged->title.len + 1 + tagged->text.len;
    char *both = gs_arena_take(tagger->arena, len);
    if (both == NULL) {
        (void)gs_fail(err, GS_NO_MEMORY, "the batch's memory is used up");
        return GS_REJECT_TOO_LARGE;
    }
    memcpy(both, tagged->title.bytes, tagged->title.len);
    both[tagged->title.len] = '\n';
    memcpy(both + tagged->title.len + 1, tagged->text.bytes, tagged->text.len);
    tagger->input = (struct gs_str){both, len};
    return GS_REJECT_NONE;
}

/* ---- what it is about ---- */

static size_t mention(const struct gs_watchlist *list, struct gs_str text, struct gs_str cue,
                      bool in_title, struct gs_entity_mention *mentions, size_t max)
{
    struct gs_match matches[GS_MAX_MENTIONS];
    const size_t n = gs_watchlist_find(list, text, cue, matches, max);

    for (size_t i = 0; i < n; i++) {
        mentions[i] = (struct gs_entity_mention){.id = matches[i].id,
                                                 .name = matches[i].name,
                                                 .in_title = in_title,
                                                 .start = matches[i].start,
                                                 .end = matches[i].end};
    }
    return n;
}

static void find_entities(const struct gs_watchlist *list, struct gs_tagged *tagged)
{
    if (list == NULL) {
        return;
    }
    tagged->n_entities =
        mention(list, tagged->title, tagged->text, true, tagged->entities, GS_MAX_MENTIONS);
    tagged->n_entities +=
        mention(list, tagged->text, tagged->title, false, tagged->entities + tagged->n_entities,
                GS_MAX_MENTIONS - tagged->n_entities);
}

/* Labels at or above their threshold, best first; at most GS_MAX_TAGS. */
static size_t over_threshold(const struct gs_model_info *info, const struct gs_prediction *said,
                             enum gs_head head, struct gs_scored_label *ret)
{
    struct gs_scored_label sorted[GS_MAX_LABELS];
    size_t n = 0;

    for (size_t i = 0; i < info->n_labels[head]; i++) {
        const float p = said->p[head][i];
        if (p >= info->thresholds[head][i]) {
            size_t at = n++;
            for (; at > 0 && sorted[at - 1].p < p; at--) {
                sorted[at] = sorted[at - 1];
            }
            sorted[at] = (struct gs_scored_label){gs_str(info->labels[head][i]), p};
        }
    }
    n = n < GS_MAX_TAGS ? n : GS_MAX_TAGS;
    memcpy(ret, sorted, n * sizeof *ret);
    return n;
}

static void classify(struct gs_tagger *tagger, struct gs_tagged *tagged)
{
    const struct gs_model_info *info = gs_model_info(tagger->assets->model);
    const struct gs_prediction *said = &tagger->prediction;

    tagger->n_features = gs_ngrams_extract(tagger->ngrams, tagger->input, &tagger->features);
    for (size_t i = 0; i < tagger->n_features; i++) {
        tagger->hashes[i] = tagger->features[i].hash;
    }
    gs_model_predict(tagger->assets->model, tagger->work, tagger->hashes, tagger->n_features,
                     (size_t)tagged->lang, &tagger->prediction);

    memcpy(tagged->sentiment, said->p[GS_HEAD_SENTIMENT], sizeof tagged->sentiment);
    tagged->n_topics = over_threshold(info, said, GS_HEAD_TOPICS, tagged->topics);
    tagged->n_risks = over_threshold(info, said, GS_HEAD_RISKS, tagged->risks);
    tagged->tier = said->tier;
    tagged->confidence = said->confidence;
    tagged->abstained = said->abstained;
    tagged->model_name = gs_str(info->name);
    tagged->model_version = gs_str(info->version);
    tagged->model_sha256 = gs_str(info->sha256);
}

enum gs_reject gs_tagger_run(struct gs_tagger *tagger, const struct gs_record *record,
                             int64_t now_ms, struct gs_tagged *ret, struct gs_error *err)
{
    *ret = (struct gs_tagged){.message = &tagger->message};
    tagger->repairs = (struct gs_norm_counts){0};

    enum gs_reject reject =
        gs_decode(tagger->decoder, record, now_ms, tagger->arena, &tagger->message, err);
    if (reject == GS_REJECT_NONE) {
        reject = clean(tagger, tagger->message.title, &ret->title, err);
    }
    if (reject == GS_REJECT_NONE) {
        reject = clean(tagger, tagger->message.text, &ret->text, err);
    }
    if (reject == GS_REJECT_NONE) {
        reject = join(tagger, ret, err);
    }
    if (reject != GS_REJECT_NONE) {
        return reject;
    }
    ret->lang = gs_lang_detect(tagger->input);
    ret->dup_group = gs_fingerprint(tagger->input);
    if (tagger->duplicates != NULL) {
        ret->dup_copy = gs_duplicates_count(tagger->duplicates, ret->dup_group);
    }
    find_entities(tagger->assets->watchlist, ret);
    classify(tagger, ret);
    return GS_REJECT_NONE;
}

/* ---- readers ---- */

const struct gs_prediction *gs_tagger_prediction(const struct gs_tagger *tagger)
{
    return &tagger->prediction;
}

struct gs_str gs_tagger_input(const struct gs_tagger *tagger)
{
    return tagger->input;
}

size_t gs_tagger_features(const struct gs_tagger *tagger, const struct gs_feature **ret,
                          const uint32_t **ret_hashes)
{
    *ret = tagger->features;
    *ret_hashes = tagger->hashes;
    return tagger->n_features;
}

const struct gs_norm_counts *gs_tagger_repairs(const struct gs_tagger *tagger)
{
    return &tagger->repairs;
}

struct gs_model_work *gs_tagger_model_work(struct gs_tagger *tagger)
{
    return tagger->work;
}
