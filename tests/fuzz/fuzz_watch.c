/* Bytes become transactions of observations and watermarks; some are undone. Properties:
 *   - a watch that saw undone transactions gives the records of one that never saw them;
 *   - what it shows of its keys is finite and in range. */
#include "alerting/detector/watch.h"
#include "ingest/base/buf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at, *end;
};

static uint8_t byte(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void keep_alert(struct gs_buf *arg, const struct gs_alert *alert)
{
    check(isfinite(alert->observed) && isfinite(alert->expected) && isfinite(alert->n));
    check(isfinite(alert->log10_evidence) && alert->n_evidence <= GS_MAX_EVIDENCE);
    gs_alert_encode(alert, arg);
    gs_buf_putc(arg, '\n');
}

static void look(void *arg, const struct gs_key_view *view)
{
    (void)arg;
    check(view->observed >= 0.0 && view->observed <= 1.0001);
    check(view->expected >= 0.0 && view->expected <= 1.0);
    check(isfinite(view->n_hour) && isfinite(view->log10_evidence));
}

struct run {
    struct gs_watch *watch;
    struct gs_buf records;
};

static struct run start(const uint8_t settings)
{
    struct run run = {.records = {.max = 1U << 24}};
    struct gs_watch_options options;

    gs_watch_options_default(&options);
    options.dup_weight = (settings & 1U) != 0 ? 0.5 : 0.0;
    options.max_keys = (settings & 2U) != 0 ? 2 : 1000;
    options.max_ids = 100000;
    options.max_excerpts = 64;
    if ((settings & 32U) == 0) { /* else thresholds come from the budget */
        options.info_evidence = (settings & 8U) != 0 ? 1.0 : 10.0;
        options.warning_evidence = 120.0;
    }
    options.min_excess_count = (settings & 8U) != 0 ? 0.0 : 5.0;
    options.min_publishers = 0;
    options.cooldown_ms = (settings & 16U) != 0 ? 0 : 7200000;
    options.clear_after_ms = (settings & 16U) != 0 ? 0 : 1800000;
    check(gs_watch_new(&options, &run.watch, NULL) == GS_OK);
    return run;
}

/* Few keys, so that they meet again: of some kinds, of none, and a risk event's. */
static struct gs_str key_of(uint8_t who, char bytes[3])
{
    bytes[0] = (char)('a' + who % 4);
    bytes[1] = ':';
    bytes[2] = (char)('a' + who / 4 % 8);
    return who % 16 == 15 ? gs_str("risk:d@A") : (struct gs_str){bytes, who % 9 == 0 ? 1 : 3};
}

/* A transaction's messages and watermarks; the same for the same bytes. */
static void fill(struct run *run, struct input input, int64_t *now, struct gs_buf *records)
{
    static const int64_t steps[] = {0, 1000, 60000, 300000, 900000, 3600000, 86400000, 31536000000};
    const int n = byte(&input) % 32;

    for (int i = 0; i < n; i++) {
        const uint8_t what = byte(&input);
        const uint8_t who = byte(&input);
        const int repeat = (what & 8U) != 0 ? 12 : 1;
        char key[3];
        *now += steps[what & 7U];
        for (int r = 0; r < repeat; r++) {
            const char id[2] = {(char)byte(&input), (char)r};
            const char source[1] = {(char)('a' + r % 5)};
            (void)gs_watch_add(run->watch,
                               &(struct gs_observation){
                                   .key = key_of(who, key),
                                   .id = {id, (what & 16U) != 0 ? 0 : 2},
                                   .ts_ms = *now - (what & 32U ? 400000 : 0),
                                   .source = {source, 1},
                                   .p_negative = byte(&input) / 255.0,
                                   .story = (what & 64U) != 0 ? who : 0,
                                   .outline = {.bands = {who % 8U, who % 5U}, .cells = {who, 17}},
                                   .excerpt = {key, 3}});
        }
        if ((what & 128U) != 0) {
            struct gs_alert alert;
            gs_watch_advance(run->watch, *now - 600000);
            while (gs_watch_next(run->watch, &alert)) {
                keep_alert(records, &alert);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    const uint8_t settings = byte(&input);
    struct run plain = start(settings);
    struct run undone = start(settings);
    struct gs_buf trash = {.max = 1U << 24};
    int64_t now = 1767571200000;

    while (input.at < input.end) {
        const uint8_t len = byte(&input);
        const size_t left = (size_t)(input.end - input.at);
        const struct input part = {input.at, input.at + (len < left ? len : left)};
        int64_t then = now;
        gs_buf_reset(&trash);
        gs_watch_begin(undone.watch);
        fill(&undone, (struct input){data, data + (len < size ? len : size)}, &then,
             &trash); /* something else */
        then = now;
        fill(&undone, part, &then, &trash);
        gs_watch_undo(undone.watch);
        then = now;
        gs_watch_begin(undone.watch);
        fill(&undone, part, &then, &undone.records);
        gs_watch_commit(undone.watch);
        gs_watch_begin(plain.watch);
        fill(&plain, part, &now, &plain.records);
        gs_watch_commit(plain.watch);
        input.at = part.end;
    }
    gs_watch_each(undone.watch, look, NULL);
    if (plain.records.len != undone.records.len ||
        (plain.records.len > 0 &&
         memcmp(plain.records.bytes, undone.records.bytes, plain.records.len) != 0)) {
        (void)fprintf(stderr, "without undo:\n%.*s\nwith undo:\n%.*s\n",
                      GS_STR_ARGS(gs_buf_str(&plain.records)),
                      GS_STR_ARGS(gs_buf_str(&undone.records)));
        abort();
    }
    gs_watch_free(plain.watch);
    gs_watch_free(undone.watch);
    gs_buf_done(&plain.records);
    gs_buf_done(&undone.records);
    gs_buf_done(&trash);
    return 0;
}
