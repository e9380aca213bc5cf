/* What a record costs, one thread: decode of a raw message, encode of a tagged one, observations.
 * One JSON line a case: ns of CPU a record, minimum, median and maximum of REPETITIONS runs. */
#include "ingest/records/record.h"
#include "tests/unit/ingest/records/decode_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { REPETITIONS = 7, ROUNDS = 100000 };

static const char english[] =
    "{\"id\":\"a1b2c3d4e5f60718\",\"ts\":\"2026-11-21T09:30:00.000Z\",\"source\":\"wire\","
    "\"title\":\"Acme Corp shares fall after profit warning\",\"text\":\"Acme Corp said on Friday "
    "that its "
    "full-year profit would come in below expectations after weak demand in its main markets, "
    "sending the "
    "shares down as much as 12 percent in early trading. Analysts had expected a rise of about 4 "
    "percent. "
    "The company said it would cut costs and delay the opening of two plants until next year.\","
    "\"url\":\"https://example.com/a/b\",\"lang\":\"en\"}";

static const char chinese[] =
    "{\"id\":\"a1b2c3d4e5f60718\",\"ts\":\"2026-11-21T17:30:00+08:00\",\"source\":\"wire\","
    "\"title\":\"某某股份：公司负债率和质押率\",\"text\":"
    "\"公司有何数据证明公司的负债率和质押率不高呢？请明确说明！"
    "回复：据交易所官方微信号发布的《量增质提行稳致远》，上市公司平均资产负债率为67.11%"
    "。截至目前，公司资产负债率为"
    "58.82%，公司控股股东、实际控制人及一致行动人的股份质押率为58.67%\",\"lang\":\"zh\"}";

static const char escaped[] = "{\"id\":17,\"ts\":1795253400123,\"source\":\"wire\",\"x\":{\"y\":[1,"
                              "2,{\"z\":null}]},\"text\":\"\\u516c\\u53f8"
                              "\\u6709\\u4f55\\u6570\\u636e \\\"quoted\\\" text\\nwith lines\\n "
                              "and \\u00e9\\u00e8 \\ud83d\\ude00 at the end\"}";

struct work {
    struct gs_decoder *decoder;
    struct gs_arena *arena;
    struct gs_record record;
    struct gs_tagged tagged;
    struct gs_observation observation;
    struct gs_buf out;
    struct gs_str json;
};

static void check(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "bench_records: %s failed\n", what);
        abort();
    }
}

static void decode(struct work *w)
{
    struct gs_message message;

    gs_arena_reset(w->arena);
    check(gs_decode(w->decoder, &w->record, 1795253400000, w->arena, &message, NULL) ==
              GS_REJECT_NONE,
          "decode");
}

static void encode_tagged(struct work *w)
{
    gs_buf_reset(&w->out);
    gs_tagged_encode(&w->tagged, &w->out);
}

static void decode_tagged(struct work *w)
{
    struct gs_tagged tagged;

    gs_arena_reset(w->arena);
    check(gs_tagged_decode(w->json, w->arena, &tagged, NULL) == GS_OK, "tagged decode");
}

static void encode_observation(struct work *w)
{
    gs_buf_reset(&w->out);
    gs_observation_encode(&w->observation, &w->out);
}

static void decode_observation(struct work *w)
{
    struct gs_observation observation;

    gs_arena_reset(w->arena);
    check(gs_observation_decode(w->json, w->arena, &observation, NULL) == GS_OK,
          "observation decode");
}

/* Time this program had a core: others on the machine then disturb less. */
static int64_t cpu_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(const char *name, size_t bytes, void (*run)(struct work *), struct work *w)
{
    double ns[REPETITIONS];

    for (int i = 0; i < ROUNDS / 10; i++) {
        run(w);
    }
    for (int r = 0; r < REPETITIONS; r++) {
        const int64_t start = cpu_ns();
        for (int i = 0; i < ROUNDS; i++) {
            run(w);
        }
        ns[r] = (double)(cpu_ns() - start) / ROUNDS;
    }
    qsort(ns, REPETITIONS, sizeof ns[0], ascending);
    printf("{\"bench\":\"records\",\"case\":\"%s\",\"value\":%.0f,\"unit\":\"ns\",\"min\":%.0f,"
           "\"max\":%.0f,"
           "\"repetitions\":%d,\"bytes\":%zu}\n",
           name, ns[REPETITIONS / 2], ns[0], ns[REPETITIONS - 1], REPETITIONS, bytes);
}

static void fill_tagged(struct work *w, const struct gs_message *message)
{
    static const struct gs_str model[] = {
        {"finance-zh-en", 13},
        {"1.0.0", 5},
        {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64}};
    w->tagged = (struct gs_tagged){
        .message = message,
        .title = message->title,
        .text = message->text,
        .sentiment = {0.912345F, 0.0654321F, 0.0222229F},
        .topics = {{gs_str("results"), 0.8312345F}, {gs_str("markets"), 0.5123F}},
        .n_topics = 2,
        .risks = {{gs_str("profit_warning"), 0.77F}},
        .n_risks = 1,
        .entities =
            {{.id = gs_str("600519.SH"), .name = gs_str("Acme"), .in_title = true, .end = 4}},
        .n_entities = 1,
        .story = 0x9f3c00000000aaaa,
        .copy = 1,
        .tier = "fast",
        .confidence = 0.912345F,
        .model_name = model[0],
        .model_version = model[1],
        .model_sha256 = model[2],
    };
}

int main(void)
{
    struct gs_decode_options options = usual_decode_options;
    struct work w = {.out = {.max = 1 << 20}, .record = {.topic = {"news", 4}, .timestamp_ms = -1}};
    struct gs_buf kept = {.max = 1 << 20};
    struct gs_message message;

    options.keep_extra = true;
    options.max_record_bytes = 1 << 20;
    check(gs_decoder_new(&options, &w.decoder, NULL) == GS_OK &&
              gs_arena_new(1 << 20, &w.arena, NULL) == GS_OK,
          "set-up");
    w.record.value = gs_str(english);
    measure("decode, English", w.record.value.len, decode, &w);
    w.record.value = gs_str(chinese);
    measure("decode, Chinese", w.record.value.len, decode, &w);
    w.record.value = gs_str(escaped);
    measure("decode, escapes and extra", w.record.value.len, decode, &w);

    w.record.value = gs_str(english);
    check(gs_decode(w.decoder, &w.record, 1795253400000, w.arena, &message, NULL) == GS_REJECT_NONE,
          "decode");
    fill_tagged(&w, &message);
    gs_tagged_encode(&w.tagged, &kept);
    measure("tagged encode, English", kept.len, encode_tagged, &w);
    w.json = gs_buf_str(&kept);
    measure("tagged decode, English", kept.len, decode_tagged, &w);

    w.observation = (struct gs_observation){.key = gs_str("topic:results"),
                                            .id = message.id,
                                            .ts_ms = message.ts_ms,
                                            .source = message.source,
                                            .p_negative = 0.912345F,
                                            .story = 0x9f3c00000000aaaa,
                                            .excerpt = {message.text.bytes, GS_MAX_EXCERPT},
                                            .url = message.url,
                                            .outline = {.bands = {1}, .cells = {1}}};
    gs_buf_reset(&kept);
    gs_observation_encode(&w.observation, &kept);
    measure("observation encode", kept.len, encode_observation, &w);
    w.json = gs_buf_str(&kept);
    measure("observation decode", kept.len, decode_observation, &w);

    gs_buf_done(&w.out);
    gs_buf_done(&kept);
    gs_arena_free(w.arena);
    gs_decoder_free(w.decoder);
    return 0;
}
