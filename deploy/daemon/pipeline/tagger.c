/* One record's way to a tagged message: decoded, cleaned field by field, joined to what the model
 * reads, language and companies found, copies counted, and into the batcher.
 *
 * Messages on their way lie in a ring with one place more than the batcher can hold, so the one that
 * is being taken in never meets one that waits. Their texts are in the batch's arena. What a reload
 * brought is taken over at the beginning of a batch only, when nothing waits. */
#include "deploy/daemon/pipeline/tagger_internal.h"

#include "ingest/base/log.h"
#include "ingest/text/duplicates.h"

#include <stdlib.h>

enum { MAX_FEATURES = 16384, MAX_RECENT_STORIES = 65536 };

struct gs_tagger {
    const struct gs_assets *assets;
    struct gs_tagger_options options;
    struct gs_decoder *decoder, *text_decoder; /* text_decoder: made when it is needed */
    struct gs_asset_set *set;                  /* in use: rules, watchlist, model */
    struct gs_norm *norm;
    struct gs_ngrams *ngrams;
    struct gs_batcher *batcher;
    uint64_t generation;              /* of the set in use */
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

/* Everything that depends on the rules, the watchlist or the model: all of it is made before any
 * takes the old one's place. */
static enum gs_status take_set(struct gs_tagger *tagger, struct gs_error *err)
{
    uint64_t generation = 0;
    struct gs_asset_set *set = gs_assets_take(tagger->assets, &generation);
    const struct gs_model_info *model = gs_model_info(set->folder->model);
    struct gs_norm_options norm_options = tagger->options.norm;
    struct gs_batcher *batcher = NULL;
    struct gs_norm *norm = NULL;
    const size_t n = model->encodes ? GS_BATCHER_MAX_WAITING + 1 : 1;
    struct gs_tagging *taggings = calloc(n, sizeof *taggings);

    norm_options.addressed = set->watchlist;
    enum gs_status status = taggings == NULL ? gs_fail(err, GS_NO_MEMORY, "%zu messages", n)
                                             : gs_norm_new(set->rules, &norm_options, &norm, err);
    if (status == GS_OK) {
        status = gs_batcher_new(set->folder, &tagger->options.batcher, &batcher, err);
    }
    tagger->generation = generation; /* one that there is no room for is not tried again */
    if (status != GS_OK) {
        gs_norm_free(norm);
        free(taggings);
        gs_asset_set_drop(set);
        return status;
    }
    gs_batcher_free(tagger->batcher);
    gs_norm_free(tagger->norm);
    free(tagger->taggings);
    gs_asset_set_drop(tagger->set);
    tagger->batcher = batcher;
    tagger->norm = norm;
    tagger->taggings = taggings;
    tagger->set = set;
    tagger->n_taggings = n;
    tagger->next = 0;
    gs_ngrams_read_simplified(tagger->ngrams, model->simplified);
    return GS_OK;
}

/* Everything that does not. */
static enum gs_status make_tools(struct gs_tagger *tagger, struct gs_error *err)
{
    const struct gs_tagger_options *options = &tagger->options;

    tagger->hashes = calloc(MAX_FEATURES, sizeof(uint32_t));
    if (tagger->hashes == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "tagger");
    }
    enum gs_status status = gs_arena_new(options->max_batch_bytes, &tagger->arena, err);
    if (status == GS_OK) {
        status = gs_decoder_new(&options->decode, &tagger->decoder, err);
    }
    if (status == GS_OK) {
        status = gs_ngrams_new(MAX_FEATURES, &tagger->ngrams, err);
    }
    if (status == GS_OK && options->count_copies) {
        status = gs_duplicates_new(MAX_RECENT_STORIES, &tagger->duplicates, err);
    }
    return status;
}

enum gs_status gs_tagger_new(const struct gs_assets *assets,
                             const struct gs_tagger_options *options, struct gs_tagger **ret,
                             struct gs_error *err)
{
    struct gs_tagger *tagger = calloc(1, sizeof *tagger);

    if (tagger == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "tagger");
    }
    tagger->assets = assets;
    tagger->options = *options;
    enum gs_status status = make_tools(tagger, err);
    if (status != GS_OK) {
        goto done;
    }
    status = take_set(tagger, err);
    if (status != GS_OK) {
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
    gs_batcher_free(tagger->batcher);
    gs_duplicates_free(tagger->duplicates);
    gs_ngrams_free(tagger->ngrams);
    gs_norm_free(tagger->norm);
    gs_asset_set_drop(tagger->set);
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

    gs_batcher_clear(tagger->batcher);
    if (gs_assets_generation(tagger->assets) != tagger->generation) {
        swapped = take_set(tagger, &err) == GS_OK;
        if (!swapped) {
            gs_log(
                GS_LOG_ERROR, "tag",
                "the new rules, watchlist and model are not taken over, going on with the old: %s",
                err.message);
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
    gs_batcher_clear(tagger->batcher);
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

/* The batch's arena gave nothing: the message is too large, or err->status says that memory was short. */
static enum gs_reject no_room(const struct gs_tagger *tagger, struct gs_error *err)
{
    (void)gs_fail(err, gs_arena_starved(tagger->arena) ? GS_NO_MEMORY : GS_BAD_FORMAT,
                  "the batch's memory is used up");
    return GS_REJECT_TOO_LARGE;
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
            return no_room(tagger, err);
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
    char *both = gs_arena_alloc(tagger->arena, len);
    if (both == NULL) {
        return no_room(tagger, err);
    }
    memcpy(both, tagged->title.bytes, tagged->title.len);
    both[tagged->title.len] = '\n';
    memcpy(both + tagged->title.len + 1, tagged->text.bytes, tagged->text.len);
    tagging->input = (struct gs_str){both, len};
    return GS_REJECT_NONE;
}

/* ---- in and out ---- */

bool gs_tagger_next(struct gs_tagger *tagger, struct gs_tagging **ret)
{
    struct gs_reply reply;

    if (!gs_batcher_next(tagger->batcher, &reply)) {
        return false;
    }
    *ret = reply.item;
    gs_tagging_fill(*ret, gs_model_info(gs_tagger_model(tagger)), &reply);
    return true;
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

static enum gs_reject read_record(struct gs_tagger *tagger, const struct gs_record *record,
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
        tagged->lang = gs_lang_detect(ret->input, ret->message.lang);
    }
    return reject;
}

enum gs_status gs_tagger_read(struct gs_tagger *tagger, const struct gs_record *record,
                              bool as_text, int64_t now_ms, struct gs_tagging *ret,
                              enum gs_reject *ret_reject, struct gs_error *err)
{
    *ret_reject = read_record(tagger, record, as_text, now_ms, ret, err);
    if (*ret_reject != GS_REJECT_NONE && err->status == GS_NO_MEMORY) {
        *ret_reject = GS_REJECT_NONE; /* whether it is good is not known */
        return GS_NO_MEMORY;
    }
    return GS_OK;
}

static enum gs_status request(struct gs_tagger *tagger, struct gs_tagging *tagging, int64_t now_ms,
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
    const struct gs_request wanted = {.text = tagging->input,
                                      .lang = (size_t)tagging->tagged.lang,
                                      .hashes = tagger->hashes,
                                      .n_hashes = tagger->n_features,
                                      .marked = tagging->marked,
                                      .n_marked = tagging->n_marked,
                                      .now_ms = now_ms,
                                      .age_ms = came_ms < 0        ? -1
                                                : now_ms > came_ms ? now_ms - came_ms
                                                                   : 0,
                                      .item = tagging};
    tagger->next = (tagger->next + 1) % tagger->n_taggings;
    return gs_batcher_add(tagger->batcher, &wanted, err);
}

enum gs_status gs_tagger_add(struct gs_tagger *tagger, const struct gs_record *record, bool as_text,
                             int64_t now_ms, enum gs_reject *ret_reject, struct gs_error *err)
{
    struct gs_tagging *tagging = &tagger->taggings[tagger->next];
    struct gs_tagged *tagged = &tagging->tagged;

    const enum gs_status status =
        gs_tagger_read(tagger, record, as_text, now_ms, tagging, ret_reject, err);
    if (status != GS_OK || *ret_reject != GS_REJECT_NONE) {
        return status;
    }
    tagged->n_entities = 0;
    tagged->copy = 0;
    tagged->story = gs_fingerprint(tagging->input);
    if (tagger->duplicates != NULL) {
        tagged->copy = gs_duplicates_count(tagger->duplicates, tagged->story);
    }
    gs_tagging_find_entities(tagging, tagger->set->watchlist);
    tagging->n_marked = 0;
    tagging->n_unmarked = 0;
    if (tagged->n_entities > 0 &&
        gs_model_reads_entities(gs_tagger_model(tagger), (size_t)tagged->lang)) {
        gs_tagging_mark_entities(tagging, gs_model_info(gs_tagger_model(tagger)), tagger->arena);
    }
    if (gs_arena_starved(tagger->arena)) { /* else a company would go without what is said of it */
        return gs_fail(err, GS_NO_MEMORY, "the texts of companies");
    }
    return request(tagger, tagging, now_ms, err);
}

enum gs_status gs_tagger_flush(struct gs_tagger *tagger, struct gs_error *err)
{
    return gs_batcher_flush(tagger->batcher, err);
}

/* ---- readers ---- */

struct gs_batcher *gs_tagger_batcher(struct gs_tagger *tagger)
{
    return tagger->batcher;
}

const struct gs_model *gs_tagger_model(const struct gs_tagger *tagger)
{
    return gs_batcher_folder(tagger->batcher)->model;
}
