/* What comes in: the configuration, records, cleaning, the watchlist. */
#include "tests/allocation/scenarios.h"

#include "deploy/daemon/config/config.h"
#include "ingest/base/arena.h"
#include "ingest/base/buf.h"
#include "ingest/records/record.h"
#include "ingest/text/clean/normalize.h"
#include "ingest/text/watchlist/watchlist.h"
#include "tests/unit/ingest/records/decode_options.h"

static const int64_t now_ms = 1795253400000;

/* ---- configuration ---- */

enum gs_status scenario_configuration(struct gs_error *err)
{
    static const char *const sets[] = {
        "kafka.properties={security.protocol: sasl_ssl, sasl.password: x}",
        "text.rules=[{name: a, pattern: \"b+\", replace: c}]",
        "notify.alertmanager.urls=http://127.0.0.1:1,http://127.0.0.1:2",
        "watch.grave_risks=[default]"};
    struct gs_diagnostics diagnostics = {0};
    struct gs_config *config = NULL;

    const enum gs_status status = gs_config_load("../deploy/config/groundswell.yaml", sets,
                                                 GS_COUNT(sets), &config, &diagnostics, err);
    if (status == GS_OK) {
        scenario_note(gs_str(config->kafka.brokers));
        scenario_note_number((double)config->kafka.properties.n);
        scenario_note_number((double)config->text.rules.n);
        scenario_note_number((double)config->input.topics.n);
    }
    gs_config_free(config);
    gs_diagnostics_done(&diagnostics);
    return status;
}

/* ---- records ---- */

static const char *const values[] = {
    ("{\"id\":\"1\",\"ts\":\"2024-01-01T00:00:00Z\",\"source\":\"a\",\"title\":\"Profit \\u00e4 "
     "warning\","
     "\"text\":\"Shares "
     "fall\",\"url\":\"https://x.example/1\",\"lang\":\"en\",\"more\":{\"a\":[1,2,3]}}"),
    "{\"text\":\"公司业绩大幅下滑\",\"ts\":1704067200000,\"author\":\"b\"}",
    "{\"ts\":1704067200000,\"text\":",
    "[1]",
    "{\"text\":\"\\ud800 half\",\"ts\":\"2024-01-01 00:00:00+08:00\"}",
};

/* A tagged record, written and read back. */
static enum gs_status round_trip(const struct gs_message *message, struct gs_arena *arena,
                                 struct gs_error *err)
{
    const struct gs_tagged tagged = {
        .message = message, .text = message->text, .sentiment = {1.0F}};
    struct gs_tagged back;
    struct gs_buf json = {.max = 1 << 20};
    enum gs_status status = GS_OK;

    gs_tagged_encode(&tagged, &json);
    if (!gs_buf_ok(&json)) {
        status = gs_fail(err, GS_NO_MEMORY, "JSON");
    } else {
        scenario_note(gs_buf_str(&json));
        status = gs_tagged_decode(gs_buf_str(&json), arena, &back, err);
    }
    gs_buf_done(&json);
    return status;
}

enum gs_status scenario_records(struct gs_error *err)
{
    struct gs_decode_options options = usual_decode_options;
    struct gs_decoder *decoder = NULL;
    struct gs_arena *arena = NULL;
    struct gs_message message;

    options.default_source = "feed";
    options.keep_extra = true;
    enum gs_status status = gs_decoder_new(&options, &decoder, err);
    if (status == GS_OK) {
        status = gs_arena_new(1 << 20, &arena, err);
    }
    for (size_t i = 0; i < GS_COUNT(values) && status == GS_OK; i++) {
        const struct gs_record record = {
            .topic = gs_str("news"), .offset = 7, .timestamp_ms = -1, .value = gs_str(values[i])};
        const enum gs_reject reject = gs_decode(decoder, &record, now_ms, arena, &message, err);
        if (reject == GS_REJECT_TOO_LARGE) { /* none of them is */
            status = err->status;
        } else if (reject == GS_REJECT_NONE) {
            scenario_note(message.id);
            status = round_trip(&message, arena, err);
        }
        scenario_note_number((double)reject);
        gs_arena_reset(arena);
    }
    gs_arena_free(arena);
    gs_decoder_free(decoder);
    return status;
}

/* ---- cleaning ---- */

enum gs_status scenario_cleaning(struct gs_error *err)
{
    static const char *const texts[] = {
        "Shares of <b>Acme</b> &amp; Co. fell 5&nbsp;% http://x.example/a @bob",
        "caf\xc3\x83\xc2\xa9 \xff\xfe", "ＡＢＣ公司 电话 13800138000 跌停",
        "mail me: joe@example.com, IBAN DE89370400440532013000"};
    const struct gs_norm_options options = {GS_UTF8_REPAIR, true, true, 4096, NULL};
    struct gs_rules *rules = NULL;
    struct gs_norm *norm = NULL;
    struct gs_norm_text out;
    size_t n = 0;
    const struct gs_rule_spec *specs = gs_rules_default(&n);

    enum gs_status status = gs_rules_compile(specs, n, GS_JIT_OFF, &rules, err);
    if (status == GS_OK) {
        status = gs_norm_new(rules, &options, &norm, err);
    }
    for (size_t i = 0; i < GS_COUNT(texts) && status == GS_OK; i++) {
        status = gs_norm_run(norm, gs_str(texts[i]), &out, err);
        if (status == GS_OK) {
            scenario_note(out.text);
        }
    }
    gs_norm_free(norm);
    gs_rules_free(rules);
    return status;
}

/* ---- watchlist ---- */

enum gs_status scenario_watchlist(struct gs_error *err)
{
    struct gs_watchlist *list = NULL;
    struct gs_match matches[8];

    const enum gs_status status = gs_watchlist_load("../deploy/config/watchlist.csv", &list, err);
    if (status == GS_OK) {
        const struct gs_str text = gs_str("Apple (AAPL) and 贵州茅台 fell, Tesla rose");
        const size_t n = gs_watchlist_find(list, text, gs_str(""), matches, GS_COUNT(matches));
        scenario_note_number((double)n);
        for (size_t i = 0; i < n; i++) {
            scenario_note(matches[i].id);
        }
    }
    gs_watchlist_free(list);
    return status;
}
