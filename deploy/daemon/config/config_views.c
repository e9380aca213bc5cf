/* The configuration as the modules' own options. */
#include "deploy/daemon/config/config.h"
#include "ingest/base/log.h"

void gs_config_decode_options(const struct gs_config *config, struct gs_decode_options *ret)
{
    *ret = (struct gs_decode_options){
        .id = config->input.pointers.id,
        .ts = config->input.pointers.ts,
        .source = config->input.pointers.source,
        .title = config->input.pointers.title,
        .text = config->input.pointers.text,
        .url = config->input.pointers.url,
        .lang = config->input.pointers.lang,
        .author = config->input.pointers.author,
        .entities = config->input.pointers.entities.items,
        .n_entities = config->input.pointers.entities.n,
        .plain_text = config->input.format == GS_FORMAT_TEXT,
        .keep_extra = config->input.keep_extra,
        .reject_bad_utf8 = config->input.bad_utf8 == GS_UTF8_REJECT,
        .max_record_bytes = config->input.max_record_bytes,
        .max_future_ms = config->input.max_future_ms,
        .default_source = config->input.default_source,
    };
}

void gs_config_norm_options(const struct gs_config *config, struct gs_norm_options *ret)
{
    *ret = (struct gs_norm_options){
        .bad_utf8 = config->input.bad_utf8,
        .html = config->text.html,
        .fix_mojibake = config->text.fix_mojibake,
        .max_text_bytes = config->text.max_bytes,
    };
}

void gs_config_kafka_options(const struct gs_config *config, struct gs_kafka_options *ret)
{
    *ret = (struct gs_kafka_options){
        .brokers = config->kafka.brokers,
        .delivery = config->kafka.delivery,
        .start = config->kafka.start,
        .strict = config->kafka.strict,
        .transaction_timeout_ms = config->kafka.transaction_timeout_ms,
        .shutdown_timeout_ms = config->kafka.shutdown_timeout_ms,
        .leave_on_stop = config->kafka.leave_on_stop,
        .properties = config->kafka.properties.items,
        .n_properties = config->kafka.properties.n,
    };
}

static void log_client(void *component, int level, const char *message)
{
    gs_log((enum gs_log_level)level, component, "kafka: %s", message);
}

void gs_config_log_kafka(struct gs_kafka_options *options, char *component)
{
    options->log = log_client;
    options->log_arg = component;
}
