/* When things are said.
 *
 * The rate of each minute is a sum of parts: ordinary traffic and what is planted. Message number i
 * comes where the rate's integral reaches (i + u) / n of its whole, which gives exactly n messages
 * at any n; the part is drawn by its share of the minute's rate. */
#include "deploy/daemon/demo/stream.h"

#include "deploy/daemon/demo/compose.h"
#include "deploy/daemon/demo/plan.h"
#include "ingest/base/attr.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MINUTE_MS INT64_C(60000)
#define EPOCH_1990_MS INT64_C(631152000000)
enum {
    N_MINUTES = (int)(GS_DEMO_SPAN_MS / MINUTE_MS),
    N_PARTS =
        GS_DEMO_COPY, /* ordinary, two surges, burst; the copies have a timetable of their own */
    MAX_PART = 2048,
    MAX_JSON = 8192,
    N_SEEN = 1 << 18,
    MAX_TRIES = 8
};

static const double surge_rate =
    0.12; /* of the mean ordinary rate: about 32 messages in five minutes */
static const double burst_factor = 10;

/* Hours after the start. */
static const struct {
    enum gs_demo_plant plant;
    bool must_alert;
    double from_h, to_h;
    const char *what;
    const char *keys[4];
} timetable[] = {
    {GS_DEMO_SURGE_EN,
     true,
     15.5,
     18.5,
     "Pellamere Foods, contaminated ready meals (English)",
     {"entity:PELLAMERE.DEMO", "topic:legal", "topic_lang:legal/en", NULL}},
    {GS_DEMO_BURST,
     false,
     20.5,
     22,
     "central bank talk, ten times the volume at the usual share",
     {"topic:central_bank", "topic_lang:central_bank/en", NULL}},
    {GS_DEMO_COPY,
     false,
     23.5,
     24,
     "Fenlarque Stores, one negative story published 50 times",
     {"entity:FENLARQUE.DEMO", NULL}},
    {GS_DEMO_SURGE_ZH,
     true,
     27,
     30,
     "砚禾地产, bonds in default (Chinese)",
     {"entity:YANHE.DEMO", "topic:real_estate", "topic_lang:real_estate/zh", NULL}},
};

struct gs_demo {
    struct gs_demo_options options;
    struct gs_demo_random random;
    struct gs_demo_plan plan;
    struct gs_demo_event events[GS_COUNT(timetable)];
    size_t n_events;
    int minute;
    double rate[N_PARTS]; /* of minute */
    double before, whole; /* the rate's integral up to minute, and over all */
    size_t n_timed, n_copies, made_timed, made_copies;
    int64_t timed_ms, copy_ms; /* when the next of each comes; INT64_MAX: no more */
    struct gs_demo_said said;
    struct gs_buf copied; /* the story */
    struct gs_buf json;
    uint64_t *seen; /* hashes of recent texts: no story but the copied one comes twice */
};

/* Gives how much of a planted part there is at hour h: up over 20 minutes, down over 20. */
static double presence(enum gs_demo_plant plant, double h)
{
    for (size_t i = 0; i < GS_COUNT(timetable); i++) {
        if (timetable[i].plant == plant && h >= timetable[i].from_h && h < timetable[i].to_h) {
            return fmin(1, 3 * fmin(h - timetable[i].from_h, timetable[i].to_h - h));
        }
    }
    return 0;
}

/* The rates of a minute; returns their sum. */
static double rates_at(const struct gs_demo *demo, int minute, double rate[N_PARTS])
{
    const double h = (minute + 0.5) / 60;
    const double hourly = 1 + 0.4 * sin(2 * acos(-1) * (h - 7) / 24);
    const double planted = demo->options.plain ? 0 : 1;

    rate[GS_DEMO_ORDINARY] = hourly;
    rate[GS_DEMO_SURGE_EN] = planted * surge_rate * presence(GS_DEMO_SURGE_EN, h);
    rate[GS_DEMO_SURGE_ZH] = planted * surge_rate * presence(GS_DEMO_SURGE_ZH, h);
    rate[GS_DEMO_BURST] = planted * (burst_factor - 1) * gs_demo_plan_burst_share(&demo->plan) *
                          hourly * presence(GS_DEMO_BURST, h);
    return rate[GS_DEMO_ORDINARY] + rate[GS_DEMO_SURGE_EN] + rate[GS_DEMO_SURGE_ZH] +
           rate[GS_DEMO_BURST];
}

static enum gs_demo_plant draw_part(struct gs_demo *demo)
{
    double left = gs_demo_unit(&demo->random) * rates_at(demo, demo->minute, demo->rate);
    for (size_t part = 1; part < N_PARTS; part++) {
        if (left < demo->rate[part]) {
            return (enum gs_demo_plant)part;
        }
        left -= demo->rate[part];
    }
    return GS_DEMO_ORDINARY;
}

/* Finds the time of the next message that is not a copy, and its minute. */
static void schedule_timed(struct gs_demo *demo)
{
    demo->timed_ms = INT64_MAX;
    if (demo->made_timed == demo->n_timed) {
        return;
    }
    const double u = gs_demo_unit(&demo->random);
    const double target = demo->whole * ((double)demo->made_timed + u) / (double)demo->n_timed;
    double sum = rates_at(demo, demo->minute, demo->rate);
    while (demo->minute < N_MINUTES - 1 && demo->before + sum <= target) {
        demo->before += sum;
        demo->minute++;
        gs_demo_plan_minute(&demo->plan, &demo->random);
        sum = rates_at(demo, demo->minute, demo->rate);
    }
    const double part = fmin((target - demo->before) / sum, 0.99999);
    demo->timed_ms = demo->options.start_ms + (int64_t)((demo->minute + part) * (double)MINUTE_MS);
}

static void schedule_copy(struct gs_demo *demo)
{
    demo->copy_ms = INT64_MAX;
    for (size_t i = 0; i < demo->n_events && demo->made_copies < demo->n_copies; i++) {
        const struct gs_demo_event *event = &demo->events[i];
        if (event->plant == GS_DEMO_COPY) {
            demo->copy_ms = event->from_ms + (event->to_ms - event->from_ms) *
                                                 (int64_t)demo->made_copies /
                                                 (int64_t)demo->n_copies;
        }
    }
}

static uint64_t hash_of(struct gs_str text, uint64_t hash)
{
    for (size_t i = 0; i < text.len; i++) { /* FNV-1a */
        hash = (hash ^ (unsigned char)text.bytes[i]) * 0x100000001b3u;
    }
    return hash;
}

/* True when this text was not said lately; remembers it. */
static bool is_new(struct gs_demo *demo)
{
    uint64_t hash = hash_of(gs_buf_str(&demo->said.title), 0xcbf29ce484222325u);
    hash = hash_of(gs_buf_str(&demo->said.text), hash);
    uint64_t *slot = &demo->seen[(hash ^ hash >> 29) % N_SEEN];
    const bool new = *slot != hash;
    *slot = hash;
    return new;
}

/* The copied story as the k-th publisher has it: passed on, with a link of its own, or as it is. */
static void say_copy(struct gs_demo *demo, size_t k)
{
    gs_buf_reset(&demo->said.title);
    gs_buf_reset(&demo->said.text);
    if (k % 3 == 1) {
        gs_buf_printf(&demo->said.text, "RT @desk%zu: ", k);
    }
    gs_buf_put(&demo->said.text, gs_buf_str(&demo->copied));
    if (k % 2 == 1) {
        gs_buf_printf(&demo->said.text, " https://lnk.example/c%zu", k);
    }
}

/* Time since the message was written: feeds and forums are slower than wires. */
static int64_t draw_delay_ms(struct gs_demo *demo, enum gs_demo_style style)
{
    const size_t most = style == GS_DEMO_WIRE || style == GS_DEMO_FLASH ? 3000 : 60000;
    return (int64_t)gs_demo_below(&demo->random, most);
}

/* Wraps what was said. */
static void finish(struct gs_demo *demo, const struct gs_demo_brief *brief,
                   enum gs_demo_plant plant, int64_t send_ms, struct gs_demo_message *ret)
{
    *ret = (struct gs_demo_message){
        .ts_ms = send_ms - draw_delay_ms(demo, brief->publisher->style),
        .send_ms = send_ms,
        .lang = brief->lang,
        .tone = brief->line->tone,
        .topic = brief->line->topic,
        .plant = plant,
        .source = brief->publisher->name,
        .entity = gs_demo_names_company(brief->line) ? brief->company->id : NULL};
    if (brief->publisher->style == GS_DEMO_HTML) {
        ret->ts_ms -= ret->ts_ms % 1000; /* mail's dates have no fraction */
    }
    snprintf(ret->id, sizeof ret->id, "demo-%llx-%zu", (unsigned long long)demo->options.seed,
             demo->made_timed + demo->made_copies);
    gs_buf_reset(&demo->json);
    gs_demo_wrap(&demo->random, brief, ret->id, ret->ts_ms, &demo->said, &demo->json);
    assert(gs_buf_ok(&demo->json) && gs_buf_ok(&demo->said.title) && gs_buf_ok(&demo->said.text));
    ret->json = gs_buf_str(&demo->json);
    ret->title = gs_buf_str(&demo->said.title);
    ret->text = gs_buf_str(&demo->said.text);
}

static void next_copy(struct gs_demo *demo, struct gs_demo_message *ret)
{
    struct gs_demo_brief brief;
    gs_demo_plan_copy(&demo->plan, &demo->random, &brief);
    say_copy(demo, demo->made_copies);
    finish(demo, &brief, GS_DEMO_COPY, demo->copy_ms, ret);
    demo->made_copies++;
    schedule_copy(demo);
}

static void next_timed(struct gs_demo *demo, struct gs_demo_message *ret)
{
    struct gs_demo_brief brief;
    const enum gs_demo_plant plant = draw_part(demo);
    int tries = 0;
    do {
        gs_demo_plan_draw(&demo->plan, &demo->random, plant, &brief);
        gs_demo_say(&demo->random, &brief, &demo->said);
    } while (!is_new(demo) && ++tries < MAX_TRIES);
    finish(demo, &brief, plant, demo->timed_ms, ret);
    demo->made_timed++;
    schedule_timed(demo);
}

bool gs_demo_next(struct gs_demo *demo, struct gs_demo_message *ret)
{
    if (demo->copy_ms < demo->timed_ms) {
        next_copy(demo, ret);
    } else if (demo->timed_ms != INT64_MAX) {
        next_timed(demo, ret);
    } else {
        return false;
    }
    return true;
}

size_t gs_demo_events(const struct gs_demo *demo, const struct gs_demo_event **ret)
{
    *ret = demo->events;
    return demo->n_events;
}

static void plant_events(struct gs_demo *demo)
{
    for (size_t i = 0; i < GS_COUNT(timetable) && !demo->options.plain; i++) {
        struct gs_demo_event *event = &demo->events[demo->n_events++];
        *event = (struct gs_demo_event){
            .plant = timetable[i].plant,
            .must_alert = timetable[i].must_alert,
            .what = timetable[i].what,
            .from_ms =
                demo->options.start_ms + (int64_t)(timetable[i].from_h * (double)GS_DEMO_HOUR_MS),
            .to_ms =
                demo->options.start_ms + (int64_t)(timetable[i].to_h * (double)GS_DEMO_HOUR_MS)};
        memcpy(event->keys, timetable[i].keys, sizeof event->keys);
    }
    demo->n_copies = demo->n_events > 0 ? GS_DEMO_COPIES : 0;
    demo->n_timed = demo->options.n_messages - demo->n_copies;
}

static enum gs_status take_memory(struct gs_demo *demo, struct gs_error *err)
{
    struct gs_buf *const parts[] = {&demo->said.title, &demo->said.text, &demo->copied};
    for (size_t i = 0; i < GS_COUNT(parts); i++) {
        parts[i]->max = MAX_PART;
        gs_buf_reserve(parts[i], MAX_PART);
    }
    demo->json.max = MAX_JSON;
    gs_buf_reserve(&demo->json, MAX_JSON);
    demo->seen = calloc(N_SEEN, sizeof *demo->seen);
    if (demo->seen == NULL || !gs_buf_ok(&demo->json) || !gs_buf_ok(&demo->copied) ||
        !gs_buf_ok(&demo->said.title) || !gs_buf_ok(&demo->said.text)) {
        return gs_fail(err, GS_NO_MEMORY, "demo stream");
    }
    return GS_OK;
}

enum gs_status gs_demo_new(const struct gs_demo_options *options, struct gs_demo **ret,
                           struct gs_error *err)
{
    if (options->n_messages < GS_DEMO_MIN_MESSAGES) {
        return gs_fail(err, GS_BAD_CONFIG, "a demo stream has at least %d messages",
                       GS_DEMO_MIN_MESSAGES);
    }
    if (options->start_ms < EPOCH_1990_MS) {
        return gs_fail(err, GS_BAD_CONFIG, "a demo stream starts in 1990 or later");
    }
    struct gs_demo *demo = calloc(1, sizeof *demo);
    if (demo == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "demo stream");
    }
    const enum gs_status status = take_memory(demo, err);
    if (status != GS_OK) {
        gs_demo_free(demo);
        return status;
    }
    demo->options = *options;
    demo->random.state = options->seed;
    gs_demo_plan_init(&demo->plan);
    plant_events(demo);
    for (int minute = 0; minute < N_MINUTES; minute++) {
        demo->whole += rates_at(demo, minute, demo->rate);
    }
    struct gs_demo_brief brief;
    gs_demo_plan_copy(&demo->plan, &demo->random, &brief);
    gs_demo_fill(&demo->random, &brief, brief.line->text, &demo->copied);
    schedule_timed(demo);
    schedule_copy(demo);
    *ret = demo;
    return GS_OK;
}

void gs_demo_free(struct gs_demo *demo)
{
    if (demo != NULL) {
        gs_buf_done(&demo->said.title);
        gs_buf_done(&demo->said.text);
        gs_buf_done(&demo->copied);
        gs_buf_done(&demo->json);
        free(demo->seen);
        free(demo);
    }
}
