/* Opens the pair of a lane, and gives its counters. The producer comes first: init_transactions
 * ends what an earlier life of the lane left open, so that the offsets which the consumer asks for
 * are settled. */
#include "ingest/kafka/kafka.h"

#include "ingest/kafka/kafka_internal.h"

static enum gs_status check_options(const struct gs_kafka_options *options, struct gs_error *err)
{
    if (options->n_topics == 0) {
        return gs_fail(err, GS_BAD_CONFIG, "no input topics given");
    }
    if (options->open_timeout_ms < 0) {
        return gs_fail(err, GS_BAD_CONFIG, "open timeout %d ms is negative",
                       options->open_timeout_ms);
    }
    for (size_t i = 0; i < options->n_topics; i++) {
        if (options->topics[i] == NULL || options->topics[i][0] == '\0') {
            return gs_fail(err, GS_BAD_CONFIG, "an input topic has no name");
        }
    }
    return GS_OK;
}

enum gs_status gs_kafka_open(const struct gs_kafka_options *options,
                             const struct gs_source_events *events, struct gs_source **ret_source,
                             struct gs_sink **ret_sink, struct gs_error *err)
{
    struct gs_kafka_source *source = NULL;
    struct gs_kafka_sink *sink = NULL;
    enum gs_status status = check_options(options, err);

    if (status == GS_OK) {
        /* Producer first: init_transactions ends what an earlier life left open, so that the
         * offsets which the consumer asks for are settled. */
        status = gs_kafka_sink_open(options, &sink, err);
    }
    if (status == GS_OK) {
        status = gs_kafka_source_open(options, events, &source, err);
    }
    if (status != GS_OK) {
        gs_kafka_sink_close(sink);
        return status;
    }
    source->sink = sink;
    sink->source = source;
    *ret_source = &source->base;
    *ret_sink = &sink->base;
    return GS_OK;
}

void gs_kafka_stats(const struct gs_source *source, const struct gs_sink *sink,
                    struct gs_kafka_stats *ret)
{
    const struct gs_kafka_stats none = {0};
    const struct gs_kafka_stats *in =
        source == NULL ? &none : &((const struct gs_kafka_source *)source)->stats;
    const struct gs_kafka_stats *out =
        sink == NULL ? &none : &((const struct gs_kafka_sink *)sink)->stats;

    *ret = (struct gs_kafka_stats){
        .consumed = in->consumed,
        .produced = out->produced,
        .commits = out->commits,
        .aborts = out->aborts,
        .rebalances = in->rebalances,
        .retries = in->retries + out->retries,
        .delivery_failures = out->delivery_failures,
        .fences = in->fences + out->fences,
        .unowned = in->unowned,
    };
}

bool gs_kafka_assigned(const struct gs_source *source)
{
    return ((const struct gs_kafka_source *)source)->assigned;
}
