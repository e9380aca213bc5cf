/* Stage tag: what becomes of one raw record, and what is counted of it.
 *
 *     record ─► tagger ─► refused ──────────────────► dead-letter queue
 *                  └────► tagged messages, pulled ──► tagged record, then one observation a key
 *
 * With an encoder a record's message may come out during a later call, when its micro-batch has
 * run: so outputs belong to the batch, not to the call, and whatever still waits at its end is
 * flushed before the commit. Counts are kept for the batch and published once it is committed; what
 * the encoder did is counted when it is done, for it was done. */
#include "deploy/daemon/pipeline/stage_tag.h"

#include "deploy/daemon/pipeline/batcher_metrics.h"
#include "deploy/daemon/pipeline/dlq.h"
#include "deploy/daemon/pipeline/stage_tag_metrics.h"
#include "ingest/base/clock.h"
#include "ingest/base/log.h"

#include <stdlib.h>

enum { MAX_OUTPUT_BYTES = 64 * 1024 * 1024 };

struct gs_stage_tag {
    struct gs_stage_tag_options options;
    struct gs_tagger *tagger;
    struct gs_buf tagged_json, observation_json;
    struct gs_tag_tally tally;
    struct gs_batcher_stats told; /* what the metrics have been told of the encoder */
    bool behind;                  /* what the log has been told */
    struct gs_encoder_series encoder;
};

/* Of a model that a lane begins with or goes over to: what cannot be had with it. */
static void warn_of_deadline(const struct gs_stage_tag *stage)
{
    const struct gs_model_info *info = gs_model_info(gs_tagger_model(stage->tagger));

    if (stage->options.tagger.batcher.deadline_ms > 0 && info->encodes && !info->fast) {
        gs_log(GS_LOG_WARNING, "tag",
               "model %s %s has no fast tier: model.encoder.deadline does nothing", info->name,
               info->version);
    }
}

enum gs_status gs_stage_tag_new(const struct gs_stage_tag_options *options,
                                struct gs_stage_tag **ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct gs_stage_tag *stage = calloc(1, sizeof *stage);

    if (stage == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "stage tag");
    }
    stage->options = *options;
    stage->tagged_json.max = MAX_OUTPUT_BYTES;
    stage->observation_json.max = MAX_OUTPUT_BYTES;
    status = gs_tagger_new(options->assets, &stage->options.tagger, &stage->tagger, err);
    if (status == GS_OK) {
        status = gs_tag_tally_init(&stage->tally, options->shard,
                                   gs_model_info(gs_tagger_model(stage->tagger)), err);
    }
    if (status != GS_OK) {
        goto done;
    }
    gs_encoder_series_find(options->shard, &stage->encoder);
    warn_of_deadline(stage);
    *ret = stage;
    stage = NULL;

done:
    gs_stage_tag_free(stage);
    return status;
}

void gs_stage_tag_free(struct gs_stage_tag *stage)
{
    if (stage == NULL) {
        return;
    }
    gs_tagger_free(stage->tagger);
    gs_buf_done(&stage->tagged_json);
    gs_buf_done(&stage->observation_json);
    gs_tag_tally_done(&stage->tally);
    free(stage);
}

/* ---- outputs of one record ---- */

static enum gs_status put(struct gs_stage_tag *stage, struct gs_sink *sink, enum gs_stream stream,
                          const struct gs_output *output, struct gs_error *err)
{
    const enum gs_status status = gs_sink_put(sink, stream, output, err);

    stage->tally.counts.produced[stream] += status == GS_OK;
    return status;
}

static enum gs_status reject_record(struct gs_stage_tag *stage, const struct gs_record *record,
                                    enum gs_reject reject, bool suspect, struct gs_sink *sink,
                                    struct gs_error *err)
{
    char why[sizeof err->message];
    const struct gs_rejection rejection = {reject, why, "tag", suspect};

    memcpy(why, err->message, sizeof why);
    gs_log(stage->options.log_rejects ? GS_LOG_WARNING : GS_LOG_DEBUG, "tag",
           "%.*s:%lld: %s: %s, refused", GS_STR_ARGS(record->topic), (long long)record->offset,
           gs_reject_name(reject), why);
    stage->tally.counts.rejected[reject]++;
    stage->tally.counts.produced[GS_STREAM_DLQ]++;
    return gs_dlq_put(sink, record, &rejection, err);
}

static enum gs_status put_observation(struct gs_stage_tag *stage,
                                      const struct gs_observation *observation, int64_t record_ms,
                                      struct gs_sink *sink, struct gs_error *err)
{
    gs_buf_reset(&stage->observation_json);
    gs_observation_encode(observation, &stage->observation_json);
    if (!gs_buf_ok(&stage->observation_json)) {
        return gs_fail(err, GS_NO_MEMORY, "observation");
    }
    const struct gs_output output = {.key = observation->key,
                                     .value = gs_buf_str(&stage->observation_json),
                                     .timestamp_ms = record_ms,
                                     .partition = -1};
    return put(stage, sink, GS_STREAM_OBSERVATIONS, &output, err);
}

/* GS_BAD_FORMAT: the tagged record is refused, so the raw one goes to the DLQ. */
static enum gs_status put_tagged(struct gs_stage_tag *stage, const struct gs_record *record,
                                 const struct gs_tagged *tagged, struct gs_sink *sink,
                                 struct gs_error *err)
{
    gs_buf_reset(&stage->tagged_json);
    gs_tagged_encode(tagged, &stage->tagged_json);
    if (!gs_buf_ok(&stage->tagged_json)) {
        return stage->tagged_json.starved
                   ? gs_fail(err, GS_NO_MEMORY, "a tagged record")
                   : gs_fail(err, GS_BAD_FORMAT, "the tagged record is larger than %d bytes",
                             MAX_OUTPUT_BYTES);
    }
    const struct gs_output output = {.key = record->key.bytes != NULL ? record->key
                                                                      : tagged->message->id,
                                     .value = gs_buf_str(&stage->tagged_json),
                                     .headers = record->headers,
                                     .n_headers = record->n_headers,
                                     .timestamp_ms = record->timestamp_ms,
                                     .partition = -1};
    return put(stage, sink, GS_STREAM_TAGGED, &output, err);
}

/* The encoder's work is counted when it is done: also for a batch that is rolled back. */
static void tell_encoder(struct gs_stage_tag *stage)
{
    const struct gs_batcher *batcher = gs_tagger_batcher(stage->tagger);
    const struct gs_batcher_stats *now = gs_batcher_stats(batcher);
    const bool behind = gs_batcher_behind(batcher);

    gs_encoder_series_add(&stage->encoder, now, &stage->told);
    stage->told = *now;
    if (behind != stage->behind) {
        stage->behind = behind;
        gs_encoder_series_behind(&stage->encoder, behind);
        gs_log(GS_LOG_WARNING, "tag",
               behind ? "records are older than model.encoder.deadline: the fast tier answers, "
                        "records say degraded"
                      : "records are in time again: the encoder answers");
    }
}

/* ---- a batch begins ---- */

static void begin(void *self)
{
    struct gs_stage_tag *stage = self;
    bool swapped = false;

    gs_tagger_begin(stage->tagger, &swapped);
    if (swapped) {
        const struct gs_model_info *info = gs_model_info(gs_tagger_model(stage->tagger));
        stage->told = (struct gs_batcher_stats){0};
        gs_tag_tally_model(&stage->tally, info);
        gs_log(GS_LOG_INFO, "tag", "goes on with model %s %s", info->name, info->version);
        warn_of_deadline(stage);
    }
    stage->tally.counts = (struct gs_tag_counts){0};
}

/* ---- the parts of a call ---- */

enum gs_status gs_stage_tag_add(struct gs_stage_tag *stage, const struct gs_record *record,
                                bool suspect, struct gs_sink *sink, struct gs_error *err)
{
    enum gs_reject reject = GS_REJECT_NONE;

    if (suspect) {
        (void)gs_fail(err, GS_BAD_FORMAT, "the broker refused what became of this record");
        return reject_record(stage, record, GS_REJECT_OUTPUT_TOO_LARGE, true, sink, err);
    }
    const enum gs_status status =
        gs_tagger_add(stage->tagger, record, false, gs_clock_wall_ms(), &reject, err);
    if (reject != GS_REJECT_NONE) {
        return reject_record(stage, record, reject, false, sink, err);
    }
    gs_encoder_series_ran(&stage->encoder, gs_tagger_batcher(stage->tagger));
    return status;
}

enum gs_status gs_stage_tag_tick(struct gs_stage_tag *stage, struct gs_error *err)
{
    struct gs_batcher *batcher = gs_tagger_batcher(stage->tagger);
    const enum gs_status status = gs_batcher_tick(batcher, err);

    gs_encoder_series_ran(&stage->encoder, batcher);
    return status;
}

enum gs_status gs_stage_tag_flush(struct gs_stage_tag *stage, struct gs_error *err)
{
    const enum gs_status status = gs_tagger_flush(stage->tagger, err);

    gs_encoder_series_ran(&stage->encoder, gs_tagger_batcher(stage->tagger));
    tell_encoder(stage);
    return status;
}

bool gs_stage_tag_next(struct gs_stage_tag *stage, struct gs_tagging **ret)
{
    return gs_tagger_next(stage->tagger, ret);
}

enum gs_status gs_stage_tag_put(struct gs_stage_tag *stage, struct gs_tagging *tagging,
                                struct gs_sink *sink, bool *ret_observed, struct gs_error *err)
{
    *ret_observed = false;
    if (stage->options.write_tagged) {
        const enum gs_status status =
            put_tagged(stage, &tagging->record, &tagging->tagged, sink, err);
        if (status == GS_BAD_FORMAT) {
            return reject_record(stage, &tagging->record, GS_REJECT_OUTPUT_TOO_LARGE, true, sink,
                                 err);
        }
        if (status != GS_OK) {
            return status;
        }
    }
    gs_tag_tally_message(&stage->tally, gs_model_info(gs_tagger_model(stage->tagger)), tagging);
    *ret_observed = true;
    return GS_OK;
}

/* ---- the stage's calls ---- */

/* The outputs of one tagged message. */
static enum gs_status put_all(struct gs_stage_tag *stage, struct gs_tagging *tagging,
                              struct gs_sink *sink, struct gs_error *err)
{
    const struct gs_observation *observation = NULL;
    struct gs_observer observer;
    bool observed = false;
    enum gs_status status = gs_stage_tag_put(stage, tagging, sink, &observed, err);

    if (!observed) {
        return status;
    }
    gs_observer_start(&observer, &stage->options.observe, &tagging->tagged);
    while (gs_observer_next(&observer, &observation)) {
        status = put_observation(stage, observation, tagging->record.timestamp_ms, sink, err);
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

/* Those of all messages that are ready; status: how the call went that made them so. */
static enum gs_status put_ready(struct gs_stage_tag *stage, enum gs_status status,
                                struct gs_sink *sink, struct gs_error *err)
{
    struct gs_tagging *tagging = NULL;

    if (status != GS_OK) {
        return status;
    }
    while (gs_stage_tag_next(stage, &tagging)) {
        status = put_all(stage, tagging, sink, err);
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

static enum gs_status on_record(void *self, const struct gs_record *record, bool suspect,
                                struct gs_sink *sink, struct gs_error *err)
{
    struct gs_stage_tag *stage = self;

    return put_ready(stage, gs_stage_tag_add(stage, record, suspect, sink, err), sink, err);
}

static int64_t due_ms(void *self)
{
    const struct gs_stage_tag *stage = self;

    return gs_batcher_due_ms(gs_tagger_batcher(stage->tagger));
}

static enum gs_status tick(void *self, struct gs_sink *sink, struct gs_error *err)
{
    struct gs_stage_tag *stage = self;

    return put_ready(stage, gs_stage_tag_tick(stage, err), sink, err);
}

/* An input that is empty is in time again, though no record comes to show it. */
static void idle(void *self, const struct gs_source *source)
{
    struct gs_stage_tag *stage = self;

    if (stage->behind && gs_source_lag(source) == 0) {
        gs_batcher_idle(gs_tagger_batcher(stage->tagger), gs_clock_wall_ms());
        tell_encoder(stage);
    }
}

static enum gs_status finish(void *self, const struct gs_source *source, struct gs_sink *sink,
                             struct gs_error *err)
{
    struct gs_stage_tag *stage = self;

    (void)source;
    return put_ready(stage, gs_stage_tag_flush(stage, err), sink, err);
}

static void committed(void *self)
{
    struct gs_stage_tag *stage = self;

    gs_tag_tally_publish(&stage->tally, gs_clock_wall_ms());
}

static void undone(void *self)
{
    struct gs_stage_tag *stage = self;

    gs_tagger_undo(stage->tagger);
}

const struct gs_stage_ops gs_stage_tag_ops = {
    .begin = begin,
    .record = on_record,
    .idle = idle,
    .due_ms = due_ms,
    .tick = tick,
    .finish = finish,
    .committed = committed,
    .undone = undone,
};
