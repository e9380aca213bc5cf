#include "deploy/daemon/stage_tag.h"

#include "base/clock.h"
#include "base/log.h"
#include "deploy/daemon/dlq.h"
#include "deploy/daemon/encoder_series.h"
#include "deploy/daemon/tag_tally.h"

#include <stdlib.h>

enum { MAX_OUTPUT_BYTES = 64 * 1024 * 1024 };

struct gs_stage_tag {
    struct gs_stage_tag_options options;
    struct gs_tagger *tagger;
    struct gs_buf tagged_json, observation_json;
    struct gs_tag_tally tally;
    struct gs_sink *sink; /* of the call in progress */
    int64_t record_ms;    /* the raw record's timestamp, which what is made of it keeps; -1: none */
    struct gs_answers_stats told; /* what the metrics have been told of the encoder */
    bool behind;                  /* what the log has been told */
    struct gs_encoder_series encoder;
};

static void packed(void *arg, size_t n_messages, size_t n_tokens, double seconds)
{
    struct gs_stage_tag *stage = arg;

    gs_encoder_series_packed(&stage->encoder, n_messages, n_tokens, seconds);
}

/* Of a model that a lane begins with or goes over to: what cannot be had with it. */
static void warn_of_deadline(const struct gs_stage_tag *stage)
{
    const struct gs_model_info *info = gs_model_info(gs_tagger_model(stage->tagger));

    if (stage->options.tagger.answers.deadline_ms > 0 && info->encodes && !info->fast) {
        gs_log(GS_LOG_WARNING, "tag",
               "model %s %s has no fast tier: model.encoder.deadline does nothing", info->name,
               info->version);
    }
}

static enum gs_status emit(void *arg, struct gs_tagging *tagging, struct gs_error *err);

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
    stage->options.tagger.done = emit;
    stage->options.tagger.done_arg = stage;
    stage->options.tagger.answers.packed = packed;
    stage->options.tagger.answers.packed_arg = stage;
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

static enum gs_status put(struct gs_stage_tag *stage, enum gs_stream stream,
                          const struct gs_output *output, struct gs_error *err)
{
    const enum gs_status status = gs_sink_put(stage->sink, stream, output, err);

    stage->tally.counts.produced[stream] += status == GS_OK;
    return status;
}

static enum gs_status reject_record(struct gs_stage_tag *stage, const struct gs_record *record,
                                    enum gs_reject reject, struct gs_error *err)
{
    char why[sizeof err->message];

    memcpy(why, err->message, sizeof why);
    gs_log(stage->options.log_rejects ? GS_LOG_WARNING : GS_LOG_DEBUG, "tag",
           "%.*s:%lld: %s: %s, refused", GS_STR_ARGS(record->topic), (long long)record->offset,
           gs_reject_name(reject), why);
    stage->tally.counts.rejected[reject]++;
    stage->tally.counts.produced[GS_STREAM_DLQ]++;
    return gs_dlq_put(stage->sink, record, reject, why, "tag", err);
}

static enum gs_status put_observation(void *arg, const struct gs_observation *observation,
                                      struct gs_error *err)
{
    struct gs_stage_tag *stage = arg;

    gs_buf_reset(&stage->observation_json);
    gs_observation_encode(observation, &stage->observation_json);
    if (!gs_buf_ok(&stage->observation_json)) {
        return gs_fail(err, GS_NO_MEMORY, "observation");
    }
    const struct gs_output output = {.key = observation->key,
                                     .value = gs_buf_str(&stage->observation_json),
                                     .timestamp_ms = stage->record_ms,
                                     .partition = -1};
    return put(stage, GS_STREAM_OBSERVATIONS, &output, err);
}

/* GS_BAD_FORMAT: the tagged record is refused, so the raw one goes to the DLQ. */
static enum gs_status put_tagged(struct gs_stage_tag *stage, const struct gs_record *record,
                                 const struct gs_tagged *tagged, struct gs_error *err)
{
    gs_buf_reset(&stage->tagged_json);
    gs_tagged_encode(tagged, &stage->tagged_json);
    if (!gs_buf_ok(&stage->tagged_json)) {
        return gs_fail(err, GS_BAD_FORMAT, "the tagged record is larger than %d bytes",
                       MAX_OUTPUT_BYTES);
    }
    const struct gs_output output = {.key = record->key.bytes != NULL ? record->key
                                                                      : tagged->message->id,
                                     .value = gs_buf_str(&stage->tagged_json),
                                     .headers = record->headers,
                                     .n_headers = record->n_headers,
                                     .timestamp_ms = stage->record_ms,
                                     .partition = -1};
    return put(stage, GS_STREAM_TAGGED, &output, err);
}

/* What the encoder has done is counted when it is done: also for a batch that is rolled back. */
static void tell_encoder(struct gs_stage_tag *stage)
{
    const struct gs_answers *answers = gs_tagger_answers(stage->tagger);
    const struct gs_answers_stats *now = gs_answers_stats(answers);
    const bool behind = gs_answers_behind(answers);

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

/* ---- the stage's calls ---- */

static void begin(void *self)
{
    struct gs_stage_tag *stage = self;
    bool swapped = false;

    gs_tagger_begin(stage->tagger, &swapped);
    if (swapped) {
        const struct gs_model_info *info = gs_model_info(gs_tagger_model(stage->tagger));
        stage->told = (struct gs_answers_stats){0};
        gs_tag_tally_model(&stage->tally, info);
        gs_log(GS_LOG_INFO, "tag", "goes on with model %s %s", info->name, info->version);
        warn_of_deadline(stage);
    }
    stage->tally.counts = (struct gs_tag_counts){0};
}

/* One message that is tagged: its outputs. Called from inside record, tick and finish. */
static enum gs_status emit(void *arg, struct gs_tagging *tagging, struct gs_error *err)
{
    struct gs_stage_tag *stage = arg;

    stage->record_ms = tagging->record.timestamp_ms;
    if (stage->options.write_tagged) {
        const enum gs_status status = put_tagged(stage, &tagging->record, &tagging->tagged, err);
        if (status == GS_BAD_FORMAT) {
            return reject_record(stage, &tagging->record, GS_REJECT_OUTPUT_TOO_LARGE, err);
        }
        if (status != GS_OK) {
            return status;
        }
    }
    gs_tag_tally_message(&stage->tally, gs_model_info(gs_tagger_model(stage->tagger)), tagging);
    const bool direct = stage->options.see != NULL;
    return gs_observe(&stage->options.observe, &tagging->tagged,
                      direct ? stage->options.see : put_observation,
                      direct ? stage->options.see_arg : stage, err);
}

static enum gs_status on_record(void *self, const struct gs_record *record, bool suspect,
                                struct gs_sink *sink, struct gs_error *err)
{
    struct gs_stage_tag *stage = self;
    enum gs_reject reject = GS_REJECT_NONE;

    stage->sink = sink;
    if (suspect) {
        (void)gs_fail(err, GS_BAD_FORMAT, "the broker refused what became of this record");
        return reject_record(stage, record, GS_REJECT_OUTPUT_TOO_LARGE, err);
    }
    const enum gs_status status =
        gs_tagger_run(stage->tagger, record, false, gs_clock_wall_ms(), &reject, err);
    return reject == GS_REJECT_NONE ? status : reject_record(stage, record, reject, err);
}

static int64_t due_ms(void *self)
{
    const struct gs_stage_tag *stage = self;

    return gs_answers_due_ms(gs_tagger_answers(stage->tagger));
}

static enum gs_status tick(void *self, struct gs_sink *sink, struct gs_error *err)
{
    struct gs_stage_tag *stage = self;

    stage->sink = sink;
    return gs_answers_tick(gs_tagger_answers(stage->tagger), err);
}

/* Never; but an input that is empty is in time, though no record comes to show it. */
static bool pending(void *self, const struct gs_source *source)
{
    struct gs_stage_tag *stage = self;

    if (stage->behind && gs_source_lag(source) == 0) {
        gs_answers_idle(gs_tagger_answers(stage->tagger), gs_clock_wall_ms());
        tell_encoder(stage);
    }
    return false;
}

static enum gs_status finish(void *self, const struct gs_source *source, struct gs_sink *sink,
                             struct gs_error *err)
{
    struct gs_stage_tag *stage = self;

    (void)source;
    stage->sink = sink;
    const enum gs_status status = gs_tagger_flush(stage->tagger, err);
    tell_encoder(stage);
    return status;
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

static void no_partition_state(void *self, struct gs_str topic, int32_t partition)
{
    (void)self;
    (void)topic;
    (void)partition;
}

const struct gs_stage_ops gs_stage_tag_ops = {
    .begin = begin,
    .record = on_record,
    .pending = pending,
    .due_ms = due_ms,
    .tick = tick,
    .finish = finish,
    .committed = committed,
    .undone = undone,
    .assigned = no_partition_state,
    .revoked = no_partition_state,
};
