/* The tally of one batch, and the series that it goes to once the batch is committed. */
#include "deploy/daemon/pipeline/stage_tag_metrics.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/metrics.h"

#include <stdlib.h>

void gs_tag_tally_model(struct gs_tag_tally *tally, const struct gs_model_info *model)
{
    tally->n_topics = model->n_labels[GS_HEAD_TOPICS];
    for (size_t t = 0; t <= tally->n_topics; t++) {
        for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
            const char *const values[] = {t < tally->n_topics ? model->labels[GS_HEAD_TOPICS][t]
                                                              : "none",
                                          gs_sentiment_name((enum gs_sentiment)s)};
            tally->messages[t][s] = gs_metric_series(tally->shard, GS_M_MESSAGES, values);
        }
    }
}

static void find_series(struct gs_tag_tally *tally)
{
    struct gs_shard *shard = tally->shard;

    for (size_t i = 0; i < GS_N_PREDICTION_TIERS; i++) {
        const char *const tier = gs_prediction_tier_name((enum gs_prediction_tier)i);
        tally->tiers[i] = gs_metric_series(shard, GS_M_TIER_MESSAGES, &tier);
    }
    tally->degraded = gs_metric_series(shard, GS_M_DEGRADED, NULL);
    for (size_t i = 1; i < GS_N_REJECTS; i++) {
        const char *const code = gs_reject_name((enum gs_reject)i);
        tally->rejected[i] = gs_metric_series(shard, GS_M_REJECTED, &code);
    }
    for (size_t i = 0; i < GS_N_REPAIRS; i++) {
        const char *const repair = gs_repair_name((enum gs_repair)i);
        tally->repairs[i] = gs_metric_series(shard, GS_M_TEXT_REPAIRS, &repair);
    }
    for (size_t i = 0; i < GS_N_LANGS; i++) {
        const char *const lang = gs_lang_name((enum gs_lang)i);
        tally->languages[i] = gs_metric_series(shard, GS_M_LANGUAGES, &lang);
        tally->abstained[i] = gs_metric_series(shard, GS_M_ABSTAINED, &lang);
        for (size_t d = 0; d < GS_N_DECILES; d++) {
            const char *const values[] = {lang, gs_decile_name(d)};
            tally->deciles[i][d] = gs_metric_series(shard, GS_M_NEGATIVE_DECILES, values);
        }
    }
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        const char *const stream = gs_stream_name((enum gs_stream)i);
        tally->produced[i] = gs_metric_series(shard, GS_M_RECORDS_PRODUCED, &stream);
    }
    tally->entities = gs_metric_series(shard, GS_M_ENTITIES, NULL);
    tally->unread = gs_metric_series(shard, GS_M_ENTITIES_UNREAD, NULL);
    for (size_t i = 0; i < 2; i++) {
        const char *const result = i == 0 ? "known" : "unknown";
        tally->named[i] = gs_metric_series(shard, GS_M_ENTITIES_NAMED, &result);
    }
    tally->duplicates = gs_metric_series(shard, GS_M_DUPLICATES, NULL);
    static const char *const stage_name = "tag";
    tally->latency = gs_metric_series(shard, GS_M_LATENCY, &stage_name);
}

enum gs_status gs_tag_tally_init(struct gs_tag_tally *tally, struct gs_shard *shard,
                                 const struct gs_model_info *model, struct gs_error *err)
{
    tally->shard = shard;
    tally->arrived_ms = calloc(GS_TALLY_LATENCIES, sizeof *tally->arrived_ms);
    if (tally->arrived_ms == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "stage tag");
    }
    find_series(tally);
    gs_tag_tally_model(tally, model);
    return GS_OK;
}

void gs_tag_tally_done(struct gs_tag_tally *tally)
{
    free(tally->arrived_ms);
    tally->arrived_ms = NULL;
}

static size_t best_sentiment(const float p[GS_N_SENTIMENTS])
{
    size_t best = 0;

    for (size_t i = 1; i < GS_N_SENTIMENTS; i++) {
        best = p[i] > p[best] ? i : best;
    }
    return best;
}

static size_t decile_of(float p)
{
    const size_t decile = p > 0.0F ? (size_t)(p * (float)GS_N_DECILES) : 0;

    return decile < GS_N_DECILES ? decile : GS_N_DECILES - 1;
}

static size_t tier_of(const char *name)
{
    size_t tier = 0;

    while (tier + 1 < GS_N_PREDICTION_TIERS &&
           strcmp(gs_prediction_tier_name((enum gs_prediction_tier)tier), name) != 0) {
        tier++;
    }
    return tier;
}

void gs_tag_tally_message(struct gs_tag_tally *tally, const struct gs_model_info *model,
                          const struct gs_tagging *tagging)
{
    const struct gs_norm_counts *repairs = &tagging->repairs;
    const struct gs_tagged *tagged = &tagging->tagged;
    const struct gs_record *record = &tagging->record;
    const size_t n_topics = tally->n_topics;
    const size_t sentiment = best_sentiment(tagged->sentiment);
    struct gs_tag_counts *sum = &tally->counts;

    for (size_t i = 0; i < tagged->n_topics; i++) {
        for (size_t t = 0; t < n_topics; t++) {
            if (model->labels[GS_HEAD_TOPICS][t] == tagged->topics[i].label.bytes) {
                sum->messages[t][sentiment]++;
                break;
            }
        }
    }
    sum->messages[n_topics][sentiment] += tagged->n_topics == 0;
    sum->repairs[GS_REPAIR_BAD_BYTES] += repairs->bad_bytes;
    sum->repairs[GS_REPAIR_MOJIBAKE] += repairs->mojibake;
    sum->repairs[GS_REPAIR_CUT] += repairs->cut;
    sum->repairs[GS_REPAIR_RULE_LIMIT] += repairs->rule_limits;
    sum->repairs[GS_REPAIR_MASKED] += repairs->masked;
    sum->languages[tagged->lang]++;
    sum->abstained[tagged->lang] += tagged->abstained;
    sum->deciles[tagged->lang][decile_of(tagged->sentiment[GS_NEGATIVE])]++;
    sum->entities += (uint32_t)tagged->n_entities;
    sum->unread += (uint32_t)tagging->n_unmarked;
    sum->named[0] += (uint32_t)tagging->n_named_known;
    sum->named[1] += (uint32_t)tagging->n_named_unknown;
    sum->duplicates += tagged->copy > 1;
    sum->degraded += tagged->degraded;
    sum->tiers[tier_of(tagged->tier)]++;
    if (record->timestamp_ms >= 0 && sum->n_latencies < GS_TALLY_LATENCIES) {
        tally->arrived_ms[sum->n_latencies++] = record->timestamp_ms;
    }
}

static void add(struct gs_series *series, uint32_t n)
{
    if (n > 0) {
        gs_series_add(series, n);
    }
}

void gs_tag_tally_publish(struct gs_tag_tally *tally, int64_t now_ms)
{
    const struct gs_tag_counts *sum = &tally->counts;
    const size_t n_topics = tally->n_topics;

    for (size_t t = 0; t <= n_topics; t++) {
        for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
            add(tally->messages[t][s], sum->messages[t][s]);
        }
    }
    for (size_t i = 1; i < GS_N_REJECTS; i++) {
        add(tally->rejected[i], sum->rejected[i]);
    }
    for (size_t i = 0; i < GS_N_REPAIRS; i++) {
        add(tally->repairs[i], sum->repairs[i]);
    }
    for (size_t i = 0; i < GS_N_LANGS; i++) {
        add(tally->languages[i], sum->languages[i]);
        add(tally->abstained[i], sum->abstained[i]);
        for (size_t d = 0; d < GS_N_DECILES; d++) {
            add(tally->deciles[i][d], sum->deciles[i][d]);
        }
    }
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        add(tally->produced[i], sum->produced[i]);
    }
    add(tally->entities, sum->entities);
    add(tally->unread, sum->unread);
    add(tally->named[0], sum->named[0]);
    add(tally->named[1], sum->named[1]);
    add(tally->duplicates, sum->duplicates);
    add(tally->degraded, sum->degraded);
    for (size_t i = 0; i < GS_N_PREDICTION_TIERS; i++) {
        add(tally->tiers[i], sum->tiers[i]);
    }
    for (size_t i = 0; i < sum->n_latencies; i++) {
        gs_series_observe(tally->latency, (double)(now_ms - tally->arrived_ms[i]) / 1000);
    }
}
