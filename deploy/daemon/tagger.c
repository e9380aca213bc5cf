#include "deploy/daemon/tagger.h"

#include "base/log.h"
#include "ingest/text/duplicates.h"

#include <stdlib.h>

enum { MAX_FEATURES = 16384, MAX_RECENT_STORIES = 65536 };

struct gs_tagger {
    const struct gs_assets *assets;
    struct gs_tagger_options options;
    struct gs_decoder *decoder, *text_decoder; /* text_decoder: made when it is needed */
    struct gs_norm *norm;
    struct gs_ngrams *ngrams;
    struct gs_answers *answers;
    uint64_t generation;              /* of the model in use */
    struct gs_duplicates *duplicates; /* NULL: copies are not counted */
    struct gs_arena *arena;

    /* Messages on their way, a ring: those that wait, and the one being taken in. */
    struct gs_tagging *taggings;
    size_t n_taggings, next;

    /* of the last message */
    const struct gs_feature *features;
    size_t n_features;
    uint32_t *hashes; /* [MAX_FEATURES] */
};

static enum gs_status answered(void *arg, const struct gs_answer *answer, struct gs_error *err);

/* Everything that depends on the model. */
static enum gs_status take_model(struct gs_tagger *tagger, struct gs_error *err)
{
    uint64_t generation = 0;
    struct gs_model_folder *folder = gs_model_slot_take(tagger->assets->models, &generation);
    struct gs_answers *answers = NULL;
    const size_t n = gs_model_info(folder->model)->encodes ? GS_ANSWERS_MAX_WAITING + 1 : 1;
    struct gs_tagging *taggings = calloc(n, sizeof *taggings);

    enum gs_status status = taggings == NULL
                                ? gs_fail(err, GS_NO_MEMORY, "%zu messages", n)
                                : gs_answers_new(folder, &tagger->options.answers, &answers, err);
    if (status == GS_OK) {
        gs_answers_free(tagger->answers);
        free(tagger->taggings);
        tagger->answers = answers;
        tagger->taggings = taggings;
        tagger->n_taggings = n;
        tagger->next = 0;
    } else {
        free(taggings);
    }
    tagger->generation = generation; /* one that there is no room for is not tried again */
    gs_model_folder_drop(folder);
    return status;
}

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
    tagger->options = *options;
    tagger->options.answers.done = answered;
    tagger->options.answers.done_arg = tagger;
    if ((status = gs_arena_new(options->max_batch_bytes, &tagger->arena, err)) != GS_OK ||
        (status = gs_decoder_new(&options->decode, &tagger->decoder, err)) != GS_OK ||
        (status = gs_norm_new(assets->rules, &options->norm, &tagger->norm, err)) != GS_OK ||
        (status = gs_ngrams_new(MAX_FEATURES, &tagger->ngrams, err)) != GS_OK ||
        (options->count_copies &&
         (status = gs_duplicates_new(MAX_RECENT_STORIES, &tagger->duplicates, err)) != GS_OK) ||
        (status = take_model(tagger, err)) != GS_OK) {
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
    gs_answers_free(tagger->answers);
    gs_duplicates_free(tagger->duplicates);
    gs_ngrams_free(tagger->ngrams);
    gs_norm_free(tagger->norm);
    gs_decoder_free(tagger->decoder);
    gs_decoder_free(tagger->text_decoder);
    gs_arena_free(tagger->arena);
    free(tagger->taggings);
    free(tagger->hashes);
    free(tagger);
}

void gs_tagger_begin(struct gs_tagger *tagger, bool *ret_swapped)
{
    struct gs_error err;
    bool swapped = false;

    gs_answers_clear(tagger->answers);
    if (gs_model_slot_generation(tagger->assets->models) != tagger->generation) {
        swapped = take_model(tagger, &err) == GS_OK;
        if (!swapped) {
            gs_log(GS_LOG_ERROR, "tag",
                   "the new model is not taken over, going on with the old: %s", err.message);
        }
    }
    gs_arena_reset(tagger->arena);
    if (tagger->duplicates != NULL) {
        gs_duplicates_begin(tagger->duplicates);
    }
    if (ret_swapped != NULL) {
        *ret_swapped = swapped;
    }
}

void gs_tagger_undo(struct gs_tagger *tagger)
{
    gs_answers_clear(tagger->answers);
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
static enum gs_reject clean(struct gs_tagger *tagger, struct gs_str raw,
                            struct gs_norm_counts *repairs, struct gs_str *ret,
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
    add_counts(repairs, &clean_text.counts);
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
static enum gs_reject join(struct gs_tagger *tagger, struct gs_tagging *tagging,
                           struct gs_error *err)
{
    const struct gs_tagged *tagged = &tagging->tagged;

    if (tagged->title.len == 0 && tagged->text.len == 0) {
        (void)gs_fail(err, GS_BAD_FORMAT, "nothing is left of title and text after cleaning");
        return GS_REJECT_NO_TEXT;
    }
    if (tagged->title.len == 0 || tagged->text.len == 0) {
        tagging->input = tagged->title.len == 0 ? tagged->text : tagged->title;
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
    tagging->input = (struct gs_str){both, len};
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

/* Labels at or above their threshold, best first; at most GS_MAX_TAGS, or the best one alone where
 * only one can hold. */
static size_t over_threshold(const struct gs_model_info *info, const struct gs_prediction *said,
                             enum gs_head head, struct gs_scored_label *ret)
{
    struct gs_scored_label sorted[GS_MAX_LABELS];
    size_t n = 0;

    for (size_t i = 0; i < info->n_labels[head]; i++) {
        const float p = said->p[head][i];
        if (p >= said->thresholds[head][i]) {
            size_t at = n++;
            for (; at > 0 && sorted[at - 1].p < p; at--) {
                sorted[at] = sorted[at - 1];
            }
            sorted[at] = (struct gs_scored_label){gs_str(info->labels[head][i]), p};
        }
    }
    const size_t most = info->single[head] ? 1 : GS_MAX_TAGS;
    n = n < most ? n : most;
    memcpy(ret, sorted, n * sizeof *ret);
    return n;
}

/* The answer into the record: called by answers, in input order. */
static enum gs_status answered(void *arg, const struct gs_answer *answer, struct gs_error *err)
{
    struct gs_tagger *tagger = arg;
    struct gs_tagging *tagging = answer->item;
    struct gs_tagged *tagged = &tagging->tagged;
    const struct gs_prediction *said = answer->said;
    const struct gs_model_info *info = gs_model_info(gs_tagger_model(tagger));

    memcpy(tagged->sentiment, said->p[GS_HEAD_SENTIMENT], sizeof tagged->sentiment);
    tagged->n_topics = over_threshold(info, said, GS_HEAD_TOPICS, tagged->topics);
    tagged->n_risks = over_threshold(info, said, GS_HEAD_RISKS, tagged->risks);
    tagged->tier = said->tier;
    tagged->degraded = answer->degraded;
    tagged->confidence = said->confidence;
    tagged->abstained = said->abstained;
    tagged->model_name = gs_str(info->name);
    tagged->model_version = gs_str(info->version);
    tagged->model_sha256 = gs_str(info->sha256);
    tagging->said = said;
    return tagger->options.done(tagger->options.done_arg, tagging, err);
}

/* The decoder of plain text is made when the first such line comes. */
static struct gs_decoder *decoder_for(struct gs_tagger *tagger, bool as_text, struct gs_error *err)
{
    if (as_text && tagger->text_decoder == NULL) {
        struct gs_decode_options decode = tagger->options.decode;
        decode.plain_text = true;
        if (gs_decoder_new(&decode, &tagger->text_decoder, err) != GS_OK) {
            return NULL;
        }
    }
    return as_text ? tagger->text_decoder : tagger->decoder;
}

enum gs_reject gs_tagger_read(struct gs_tagger *tagger, const struct gs_record *record,
                              bool as_text, int64_t now_ms, struct gs_tagging *ret,
                              struct gs_error *err)
{
    struct gs_tagged *tagged = &ret->tagged;
    struct gs_decoder *decoder = decoder_for(tagger, as_text, err);

    ret->record = *record;
    ret->repairs = (struct gs_norm_counts){0};
    tagged->message = &ret->message;
    tagged->appended = (struct gs_str){NULL, 0};
    enum gs_reject reject =
        decoder == NULL ? GS_REJECT_TOO_LARGE
                        : gs_decode(decoder, record, now_ms, tagger->arena, &ret->message, err);
    if (reject == GS_REJECT_NONE) {
        reject = clean(tagger, ret->message.title, &ret->repairs, &tagged->title, err);
    }
    if (reject == GS_REJECT_NONE) {
        reject = clean(tagger, ret->message.text, &ret->repairs, &tagged->text, err);
    }
    if (reject == GS_REJECT_NONE) {
        reject = join(tagger, ret, err);
    }
    if (reject == GS_REJECT_NONE) {
        tagged->lang = gs_lang_detect(ret->input);
    }
    return reject;
}

static enum gs_status ask(struct gs_tagger *tagger, struct gs_tagging *tagging, int64_t now_ms,
                          struct gs_error *err)
{
    const int64_t came_ms = tagging->record.timestamp_ms;

    tagger->n_features = 0;
    if (gs_model_info(gs_tagger_model(tagger))->fast) {
        tagger->n_features = gs_ngrams_extract(tagger->ngrams, tagging->input, &tagger->features);
        for (size_t i = 0; i < tagger->n_features; i++) {
            tagger->hashes[i] = tagger->features[i].hash;
        }
    }
    const struct gs_question question = {.text = tagging->input,
                                         .lang = (size_t)tagging->tagged.lang,
                                         .hashes = tagger->hashes,
                                         .n_hashes = tagger->n_features,
                                         .now_ms = now_ms,
                                         .age_ms = came_ms < 0        ? -1
                                                   : now_ms > came_ms ? now_ms - came_ms
                                                                      : 0,
                                         .item = tagging};
    tagger->next = (tagger->next + 1) % tagger->n_taggings;
    return gs_answers_ask(tagger->answers, &question, err);
}

enum gs_status gs_tagger_run(struct gs_tagger *tagger, const struct gs_record *record, bool as_text,
                             int64_t now_ms, enum gs_reject *ret_reject, struct gs_error *err)
{
    struct gs_tagging *tagging = &tagger->taggings[tagger->next];
    struct gs_tagged *tagged = &tagging->tagged;

    *ret_reject = gs_tagger_read(tagger, record, as_text, now_ms, tagging, err);
    if (*ret_reject != GS_REJECT_NONE) {
        return GS_OK;
    }
    tagged->n_entities = 0;
    tagged->dup_copy = 0;
    tagged->dup_group = gs_fingerprint(tagging->input);
    if (tagger->duplicates != NULL) {
        tagged->dup_copy = gs_duplicates_count(tagger->duplicates, tagged->dup_group);
    }
    find_entities(tagger->assets->watchlist, tagged);
    return ask(tagger, tagging, now_ms, err);
}

enum gs_status gs_tagger_flush(struct gs_tagger *tagger, struct gs_error *err)
{
    return gs_answers_flush(tagger->answers, err);
}

/* ---- readers ---- */

struct gs_answers *gs_tagger_answers(struct gs_tagger *tagger)
{
    return tagger->answers;
}

const struct gs_model *gs_tagger_model(const struct gs_tagger *tagger)
{
    return gs_answers_folder(tagger->answers)->model;
}

size_t gs_tagger_features(const struct gs_tagger *tagger, const struct gs_feature **ret,
                          const uint32_t **ret_hashes)
{
    *ret = tagger->features;
    *ret_hashes = tagger->hashes;
    return tagger->n_features;
}
