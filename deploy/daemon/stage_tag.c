#include "deploy/daemon/stage_tag.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "deploy/daemon/dlq.h"
#include "deploy/daemon/encoder_series.h"
#include "deploy/daemon/metric_table.h"

#include <stdlib.h>

enum {
    MAX_OUTPUT_BYTES = 64 * 1024 * 1024,
    MAX_TOPICS = GS_MAX_LABELS + 1, /* the last: messages without a topic */
    N_REPAIRS = 5,
    N_TIERS = 3,
    MAX_LATENCIES = 65536,
};

/* What a batch adds to the metrics, kept apart until it is committed: a batch that is rolled back
 * is counted once, when it succeeds. */
struct tally {
    uint32_t messages[MAX_TOPICS][GS_N_SENTIMENTS];
    uint32_t rejected[GS_N_REJECTS];
    uint32_t repairs[N_REPAIRS];
    uint32_t languages[GS_N_LANGS], abstained[GS_N_LANGS];
    uint32_t entities, duplicates, degraded;
    uint32_t tiers[N_TIERS];
    uint32_t produced[GS_N_STREAMS];
    size_t n_latencies;
};

struct gs_stage_tag {
    struct gs_stage_tag_options options;
    struct gs_tagger *tagger;
    struct gs_buf tagged_json, observation_json;
    struct tally tally;
    int64_t *arrived_ms;  /* [MAX_LATENCIES] broker timestamps of the batch's records */
    struct gs_sink *sink; /* of the call in progress */
    int64_t record_ms;    /* the raw record's timestamp, which what is made of it keeps; -1: none */
    struct gs_answers_stats told; /* what the metrics have been told of the encoder */
    bool behind;                  /* what the log has been told */

    struct gs_series *messages[MAX_TOPICS][GS_N_SENTIMENTS];
    struct gs_series *rejected[GS_N_REJECTS], *repairs[N_REPAIRS];
    struct gs_series *languages[GS_N_LANGS], *abstained[GS_N_LANGS];
    struct gs_series *entities, *duplicates, *produced[GS_N_STREAMS], *latency;
    struct gs_series *tiers[N_TIERS], *degraded;
    struct gs_encoder_series encoder;
};

static const char *const tier_names[N_TIERS] = {"fast", "encoder", "fast+encoder"};

/* Those that depend on the model: found again when it changes. */
static void find_topics(struct gs_stage_tag *stage)
{
    static const char *const sentiments[] = {"negative", "neutral", "positive"};
    const struct gs_model_info *info = gs_model_info(gs_tagger_model(stage->tagger));
    const size_t n_topics = info->n_labels[GS_HEAD_TOPICS];

    for (size_t t = 0; t <= n_topics; t++) {
        for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
            const char *const values[] = {t < n_topics ? info->labels[GS_HEAD_TOPICS][t] : "none",
                                          sentiments[s]};
            stage->messages[t][s] = gs_metric_series(stage->options.shard, GS_M_MESSAGES, values);
        }
    }
}

static void find_series(struct gs_stage_tag *stage)
{
    static const char *const repair_kinds[N_REPAIRS] = {"bad_bytes", "mojibake", "cut",
                                                        "rule_limit", "masked"};
    struct gs_shard *shard = stage->options.shard;

    find_topics(stage);
    for (size_t i = 0; i < N_TIERS; i++) {
        stage->tiers[i] = gs_metric_series(shard, GS_M_TIER_MESSAGES, &tier_names[i]);
    }
    stage->degraded = gs_metric_series(shard, GS_M_DEGRADED, NULL);
    gs_encoder_series_find(shard, &stage->encoder);
    for (size_t i = 1; i < GS_N_REJECTS; i++) {
        const char *const code = gs_reject_name((enum gs_reject)i);
        stage->rejected[i] = gs_metric_series(shard, GS_M_REJECTED, &code);
    }
    for (size_t i = 0; i < N_REPAIRS; i++) {
        stage->repairs[i] = gs_metric_series(shard, GS_M_TEXT_REPAIRS, &repair_kinds[i]);
    }
    for (size_t i = 0; i < GS_N_LANGS; i++) {
        const char *const lang = gs_lang_name((enum gs_lang)i);
        stage->languages[i] = gs_metric_series(shard, GS_M_LANGUAGES, &lang);
        stage->abstained[i] = gs_metric_series(shard, GS_M_ABSTAINED, &lang);
    }
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        const char *const stream = gs_stream_name((enum gs_stream)i);
        stage->produced[i] = gs_metric_series(shard, GS_M_RECORDS_PRODUCED, &stream);
    }
    stage->entities = gs_metric_series(shard, GS_M_ENTITIES, NULL);
    stage->duplicates = gs_metric_series(shard, GS_M_DUPLICATES, NULL);
    static const char *const stage_name = "tag";
    stage->latency = gs_metric_series(shard, GS_M_LATENCY, &stage_name);
}

static void packed(void *arg, size_t n_messages, size_t n_tokens, double seconds)
{
    struct gs_stage_tag *stage = arg;

    gs_encoder_series_packed(&stage->encoder, n_messages, n_tokens, seconds);
}

static enum gs_status emit(void *arg, struct gs_tagging *tagging, struct gs_error *err);

enum gs_status gs_stage_tag_new(const struct gs_stage_tag_options *options,
                                struct gs_stage_tag **ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct gs_stage_tag *stage = calloc(1, sizeof *stage);

    if (stage == NULL || (stage->arrived_ms = calloc(MAX_LATENCIES, sizeof(int64_t))) == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "stage tag");
        goto done;
    }
    stage->options = *options;
    stage->tagged_json.max = MAX_OUTPUT_BYTES;
    stage->observation_json.max = MAX_OUTPUT_BYTES;
    stage->options.tagger.done = emit;
    stage->options.tagger.done_arg = stage;
    stage->options.tagger.answers.packed = packed;
    stage->options.tagger.answers.packed_arg = stage;
    status = gs_tagger_new(options->assets, &stage->options.tagger, &stage->tagger, err);
    if (status != GS_OK) {
        goto done;
    }
    find_series(stage);
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
    free(stage->arrived_ms);
    free(stage);
}

/* ---- outputs of one record ---- */

static enum gs_status put(struct gs_stage_tag *stage, enum gs_stream stream,
                          const struct gs_output *output, struct gs_error *err)
{
    const enum gs_status status = gs_sink_put(stage->sink, stream, output, err);

    stage->tally.produced[stream] += status == GS_OK;
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
    stage->tally.rejected[reject]++;
    stage->tally.produced[GS_STREAM_DLQ]++;
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

/* ---- counting ---- */

static size_t best_sentiment(const float p[GS_N_SENTIMENTS])
{
    size_t best = 0;

    for (size_t i = 1; i < GS_N_SENTIMENTS; i++) {
        best = p[i] > p[best] ? i : best;
    }
    return best;
}

static size_t tier_of(const char *name)
{
    size_t tier = 0;

    while (tier + 1 < N_TIERS && strcmp(tier_names[tier], name) != 0) {
        tier++;
    }
    return tier;
}

static void tally(struct gs_stage_tag *stage, const struct gs_tagging *tagging)
{
    const struct gs_model_info *info = gs_model_info(gs_tagger_model(stage->tagger));
    const struct gs_norm_counts *repairs = &tagging->repairs;
    const struct gs_tagged *tagged = &tagging->tagged;
    const struct gs_record *record = &tagging->record;
    const size_t n_topics = info->n_labels[GS_HEAD_TOPICS];
    const size_t sentiment = best_sentiment(tagged->sentiment);
    struct tally *sum = &stage->tally;

    for (size_t i = 0; i < tagged->n_topics; i++) {
        for (size_t t = 0; t < n_topics; t++) {
            if (info->labels[GS_HEAD_TOPICS][t] == tagged->topics[i].label.bytes) {
                sum->messages[t][sentiment]++;
                break;
            }
        }
    }
    sum->messages[n_topics][sentiment] += tagged->n_topics == 0;
    sum->repairs[0] += repairs->bad_bytes;
    sum->repairs[1] += repairs->mojibake;
    sum->repairs[2] += repairs->cut;
    sum->repairs[3] += repairs->rule_limits;
    sum->repairs[4] += repairs->masked;
    sum->languages[tagged->lang]++;
    sum->abstained[tagged->lang] += tagged->abstained;
    sum->entities += (uint32_t)tagged->n_entities;
    sum->duplicates += tagged->dup_copy > 1;
    sum->degraded += tagged->degraded;
    sum->tiers[tier_of(tagged->tier)]++;
    if (record->timestamp_ms >= 0 && sum->n_latencies < MAX_LATENCIES) {
        stage->arrived_ms[sum->n_latencies++] = record->timestamp_ms;
    }
}

static void add(struct gs_series *series, uint32_t n)
{
    if (n > 0) {
        gs_series_add(series, n);
    }
}

static void publish(struct gs_stage_tag *stage)
{
    const struct tally *sum = &stage->tally;
    const size_t n_topics = gs_model_info(gs_tagger_model(stage->tagger))->n_labels[GS_HEAD_TOPICS];
    const int64_t now = gs_clock_wall_ms();

    for (size_t t = 0; t <= n_topics; t++) {
        for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
            add(stage->messages[t][s], sum->messages[t][s]);
        }
    }
    for (size_t i = 1; i < GS_N_REJECTS; i++) {
        add(stage->rejected[i], sum->rejected[i]);
    }
    for (size_t i = 0; i < N_REPAIRS; i++) {
        add(stage->repairs[i], sum->repairs[i]);
    }
    for (size_t i = 0; i < GS_N_LANGS; i++) {
        add(stage->languages[i], sum->languages[i]);
        add(stage->abstained[i], sum->abstained[i]);
    }
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        add(stage->produced[i], sum->produced[i]);
    }
    add(stage->entities, sum->entities);
    add(stage->duplicates, sum->duplicates);
    add(stage->degraded, sum->degraded);
    for (size_t i = 0; i < N_TIERS; i++) {
        add(stage->tiers[i], sum->tiers[i]);
    }
    for (size_t i = 0; i < sum->n_latencies; i++) {
        gs_series_observe(stage->latency, (double)(now - stage->arrived_ms[i]) / 1000);
    }
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
        find_topics(stage);
        gs_log(GS_LOG_INFO, "tag", "goes on with model %s %s", info->name, info->version);
    }
    stage->tally = (struct tally){0};
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
    tally(stage, tagging);
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

static bool pending(void *self, const struct gs_source *source)
{
    (void)self;
    (void)source;
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
    publish(self);
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
