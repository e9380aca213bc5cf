#include "tests/unit/gs_test.h"

#include "deploy/daemon/demo/compose.h"
#include "deploy/daemon/demo/stream.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_ENOUGH = 40000 }; /* a third of the usual: shares settle, and it takes a blink */

static const int64_t minute_ms = 60000;
static const int64_t start_ms = INT64_C(1760000000000);

static struct gs_demo *new_demo(uint64_t seed, size_t n, bool plain)
{
    const struct gs_demo_options options = {
        .seed = seed, .start_ms = start_ms, .n_messages = n, .plain = plain};
    struct gs_demo *demo = NULL;
    assert_int_equal(gs_demo_new(&options, &demo, NULL), GS_OK);
    return demo;
}

/* FNV-1a of everything a stream says. */
static uint64_t hash_of_stream(uint64_t seed)
{
    struct gs_demo *demo = new_demo(seed, 3000, false);
    struct gs_demo_message message;
    uint64_t hash = 0xcbf29ce484222325u;
    while (gs_demo_next(demo, &message)) {
        for (size_t i = 0; i < message.json.len; i++) {
            hash = (hash ^ (unsigned char)message.json.bytes[i]) * 0x100000001b3u;
        }
    }
    gs_demo_free(demo);
    return hash;
}

static void the_same_seed_says_the_same(void **state)
{
    (void)state;
    assert_true(hash_of_stream(7) == hash_of_stream(7));
    assert_true(hash_of_stream(7) != hash_of_stream(8));
}

static void options_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *shows;
        struct gs_demo_options options;
    } cases[] = {
        {"too few messages", {.seed = 1, .start_ms = INT64_C(1760000000000), .n_messages = 999}},
        {"a start before 1990", {.seed = 1, .start_ms = 5, .n_messages = 1000}},
    };
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_demo *demo = NULL;
        struct gs_error err = {0};
        print_message("  %s\n", cases[i].shows);
        assert_int_equal(gs_demo_new(&cases[i].options, &demo, &err), GS_BAD_CONFIG);
        assert_null(demo);
        assert_true(err.message[0] != '\0');
    }
}

static void exactly_as_many_messages_as_asked(void **state)
{
    (void)state;
    static const size_t sizes[] = {1000, 1001, 5000};
    for (size_t i = 0; i < GS_COUNT(sizes) * 2; i++) {
        struct gs_demo *demo = new_demo(3, sizes[i / 2], i % 2 == 1);
        struct gs_demo_message message;
        size_t n = 0;
        while (gs_demo_next(demo, &message)) {
            n++;
        }
        assert_int_equal(n, sizes[i / 2]);
        assert_false(gs_demo_next(demo, &message));
        gs_demo_free(demo);
    }
}

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static void check_json(const struct gs_demo_message *message)
{
    json_error_t error;
    json_t *object =
        json_loadb(message->json.bytes, message->json.len, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL) {
        fail_msg("%s in %.*s", error.text, GS_STR_ARGS(message->json));
    }
    assert_string_equal(text_of(object, "id"), message->id);
    assert_string_equal(text_of(object, "source"), message->source);
    assert_true(text_of(object, "title") != NULL || text_of(object, "text") != NULL);
    const json_t *ts = json_object_get(object, "ts");
    assert_true(json_is_string(ts) || json_is_integer(ts));
    if (json_is_integer(ts)) {
        assert_true(json_integer_value(ts) == message->ts_ms);
    }
    assert_null(memchr(message->json.bytes, '\n', message->json.len));
    json_decref(object);
}

static void every_message_is_one_json_object_on_one_line(void **state)
{
    (void)state;
    struct gs_demo *demo = new_demo(11, 5000, false);
    struct gs_demo_message message;
    while (gs_demo_next(demo, &message)) {
        check_json(&message);
        /* A slot that was not filled would show its brace. */
        assert_null(memchr(message.text.bytes, '{', message.text.len));
        assert_null(memchr(message.title.bytes, '{', message.title.len));
    }
    gs_demo_free(demo);
}

static void times_lie_within_the_span_and_do_not_fall(void **state)
{
    (void)state;
    struct gs_demo *demo = new_demo(5, 5000, false);
    struct gs_demo_message message;
    int64_t last_ms = start_ms;
    while (gs_demo_next(demo, &message)) {
        assert_true(message.send_ms >= last_ms);
        assert_true(message.ts_ms <= message.send_ms);
        assert_true(message.ts_ms > message.send_ms - 2 * minute_ms);
        last_ms = message.send_ms;
    }
    assert_true(last_ms < start_ms + GS_DEMO_SPAN_MS);
    assert_true(last_ms > start_ms + GS_DEMO_SPAN_MS - 5 * minute_ms);
    gs_demo_free(demo);
}

struct tally {
    size_t n[GS_DEMO_N_PLANTS], negative[GS_DEMO_N_PLANTS];
    size_t chinese, all;
    size_t burst_topic_inside, burst_topic_outside; /* English central bank messages */
};

static const struct gs_demo_event *event_of(const struct gs_demo *demo, enum gs_demo_plant plant)
{
    const struct gs_demo_event *events;
    const size_t n = gs_demo_events(demo, &events);
    for (size_t i = 0; i < n; i++) {
        if (events[i].plant == plant) {
            return &events[i];
        }
    }
    return NULL;
}

static bool within(const struct gs_demo_event *event, int64_t ms, int64_t margin_ms)
{
    return ms >= event->from_ms + margin_ms && ms < event->to_ms - margin_ms;
}

static void tally_up(struct gs_demo *demo, struct tally *ret)
{
    const struct gs_demo_event *burst = event_of(demo, GS_DEMO_BURST);
    struct gs_demo_message message;
    *ret = (struct tally){0};
    while (gs_demo_next(demo, &message)) {
        ret->all++;
        ret->n[message.plant]++;
        ret->negative[message.plant] += message.tone == GS_DEMO_NEGATIVE;
        ret->chinese += message.lang == GS_DEMO_ZH;
        if (burst != NULL && message.topic == GS_DEMO_CENTRAL_BANK) {
            /* the middle half hour, past the ramps; and two hours before and after */
            ret->burst_topic_inside += within(burst, message.send_ms, 30 * minute_ms);
            ret->burst_topic_outside += within(burst, message.send_ms, -120 * minute_ms) &&
                                        !within(burst, message.send_ms, 0);
        }
    }
}

static void assert_near(double value, double want, double tolerance)
{
    print_message("  %.3f\n", value);
    assert_true(value > want - tolerance && value < want + tolerance);
}

static double share(const struct tally *tally, enum gs_demo_plant plant)
{
    return (double)tally->negative[plant] / (double)tally->n[plant];
}

static void surges_are_negative_and_the_rest_is_not(void **state)
{
    (void)state;
    struct gs_demo *demo = new_demo(1, N_ENOUGH, false);
    struct tally tally;
    tally_up(demo, &tally);
    gs_demo_free(demo);

    assert_near(share(&tally, GS_DEMO_ORDINARY), 0.22, 0.01);
    assert_near(share(&tally, GS_DEMO_SURGE_EN), 0.88, 0.04);
    assert_near(share(&tally, GS_DEMO_SURGE_ZH), 0.88, 0.04);
    assert_in_range(tally.n[GS_DEMO_SURGE_EN], 270, 430);
    assert_in_range(tally.n[GS_DEMO_SURGE_ZH], 270, 430);
    const double chinese = (double)tally.chinese / (double)tally.all;
    assert_true(chinese > 0.43 && chinese < 0.47);
}

static void the_burst_is_ten_times_the_volume_at_the_same_share(void **state)
{
    (void)state;
    struct gs_demo *demo = new_demo(1, GS_DEMO_MESSAGES, false);
    struct tally tally;
    tally_up(demo, &tally);
    gs_demo_free(demo);

    const double ratio = 8.0 * (double)tally.burst_topic_inside / (double)tally.burst_topic_outside;
    print_message("  volume x%.1f, share %.3f\n", ratio, share(&tally, GS_DEMO_BURST));
    assert_true(ratio > 8 && ratio < 12.5);
    assert_near(share(&tally, GS_DEMO_BURST), 0.22, 0.06);
}

static void a_plain_stream_has_nothing_planted(void **state)
{
    (void)state;
    struct gs_demo *demo = new_demo(1, 20000, true);
    const struct gs_demo_event *events;
    assert_int_equal(gs_demo_events(demo, &events), 0);
    struct tally tally;
    tally_up(demo, &tally);
    gs_demo_free(demo);
    assert_int_equal(tally.n[GS_DEMO_ORDINARY], 20000);
}

/* What two copies have in common: without a leading "RT @name:" and without links. */
static void strip(struct gs_str text, char *to, size_t size)
{
    if (text.len > 4 && memcmp(text.bytes, "RT @", 4) == 0) {
        const char *colon = memchr(text.bytes, ':', text.len);
        const size_t skip = (size_t)(colon - text.bytes) + 2;
        text = (struct gs_str){text.bytes + skip, text.len - skip};
    }
    snprintf(to, size, "%.*s", GS_STR_ARGS(text));
    char *link = strstr(to, " https://");
    if (link != NULL) {
        *link = '\0';
    }
}

static void fifty_copies_are_one_story_from_several_publishers(void **state)
{
    (void)state;
    struct gs_demo *demo = new_demo(1, N_ENOUGH, false);
    const struct gs_demo_event *event = event_of(demo, GS_DEMO_COPY);
    struct gs_demo_message message;
    char first[512] = "", text[512];
    const char *sources[GS_DEMO_COPIES];
    size_t n = 0, n_sources = 0, n_different = 0;
    while (gs_demo_next(demo, &message)) {
        if (message.plant != GS_DEMO_COPY) {
            continue;
        }
        n++;
        assert_true(within(event, message.send_ms, 0));
        assert_int_equal(message.title.len, 0);
        assert_string_equal(message.entity, "FENLARQUE.DEMO");
        strip(message.text, text, sizeof text);
        if (first[0] == '\0') {
            memcpy(first, text, sizeof first);
        }
        assert_string_equal(text, first);
        n_different += message.text.len != strlen(first);
        size_t i = 0;
        while (i < n_sources && strcmp(sources[i], message.source) != 0) {
            i++;
        }
        if (i == n_sources) {
            sources[n_sources++] = message.source;
        }
    }
    gs_demo_free(demo);
    assert_int_equal(n, GS_DEMO_COPIES);
    assert_true(n_sources >= 4);
    assert_true(n_different >=
                20); /* with a link or passed on: the bytes differ, the story does not */
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Hash of what a fingerprint sees: letters, digits and everything beyond ASCII, case-folded, links
 * left out. */
static uint64_t hash_of_story(const struct gs_demo_message *message)
{
    const struct gs_str parts[] = {message->title, message->text};
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t p = 0; p < GS_COUNT(parts); p++) {
        for (size_t i = 0; i < parts[p].len; i++) {
            unsigned char c = (unsigned char)parts[p].bytes[i];
            if (parts[p].len - i > 8 && memcmp(parts[p].bytes + i, "https://", 8) == 0) {
                break;
            }
            c = c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
            if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) {
                hash = (hash ^ c) * 0x100000001b3u;
            }
        }
    }
    return hash;
}

/* Copies weigh nothing: were negative lines repeated more often than others, volume alone would
 * change the share. */
static void stories_are_told_once_whatever_their_tone(void **state)
{
    (void)state;
    struct gs_demo *demo = new_demo(1, N_ENOUGH, true);
    uint64_t *hashes[GS_DEMO_N_TONES];
    size_t n[GS_DEMO_N_TONES] = {0};
    for (size_t tone = 0; tone < GS_DEMO_N_TONES; tone++) {
        hashes[tone] = malloc(N_ENOUGH * sizeof *hashes[tone]);
        assert_non_null(hashes[tone]);
    }
    struct gs_demo_message message;
    while (gs_demo_next(demo, &message)) {
        hashes[message.tone][n[message.tone]++] = hash_of_story(&message);
    }
    gs_demo_free(demo);
    for (size_t tone = 0; tone < GS_DEMO_N_TONES; tone++) {
        size_t repeats = 0;
        qsort(hashes[tone], n[tone], sizeof **hashes, by_value);
        for (size_t i = 1; i < n[tone]; i++) {
            repeats += hashes[tone][i] == hashes[tone][i - 1];
        }
        print_message("  tone %zu: %zu of %zu repeated\n", tone, repeats, n[tone]);
        assert_true(repeats * 250 < n[tone]); /* under 0.4 % */
        free(hashes[tone]);
    }
}

static void companies_and_publishers_have_made_up_marks(void **state)
{
    (void)state;
    size_t n_en = 0, n_zh = 0, styles = 0;
    for (size_t i = 0; i < gs_demo_n_companies; i++) {
        const struct gs_demo_company *company = &gs_demo_companies[i];
        const size_t len = strlen(company->id);
        assert_true(len > 5 && strcmp(company->id + len - 5, ".DEMO") == 0);
        assert_int_equal(strlen(company->ticker), 5);
        assert_true(company->ticker[0] == 'Z' && company->ticker[4] == 'D');
        assert_non_null(strstr(company->name, company->alias));
        *(company->lang == GS_DEMO_EN ? &n_en : &n_zh) += 1;
    }
    for (size_t i = 0; i < gs_demo_n_publishers; i++) {
        styles |= (size_t)1 << gs_demo_publishers[i].style;
        assert_in_range(gs_demo_publishers[i].weight, 1, GS_DEMO_MAX_WEIGHT);
    }
    assert_true(n_en >= 12 && n_zh >= 12 && gs_demo_n_publishers >= 8);
    assert_int_equal(styles, 0x3f); /* each style has somebody */
}

/* Names that a generator like this would slip in by accident. */
static const char *const real_names[] = {
    "Apple",          "Tesla",    "Amazon",    "Google",    "Microsoft", "Goldman",
    "Morgan Stanley", "JPMorgan", "Reuters",   "Bloomberg", "Boeing",    "Walmart",
    "Nestle",         "Nasdaq",   "Dow Jones", "S&P",       "FTSE",      "Federal Reserve",
    "茅台",           "腾讯",     "阿里",      "华为",      "万科",      "恒大",
    "碧桂园",         "平安",     "上证",      "深证",      "沪深",      "证监会",
    "新浪",           "东方财富", "中信",      "小米",      "比亚迪",    "中国"};

static const char *real_name_in(const char *text)
{
    for (size_t i = 0; i < GS_COUNT(real_names); i++) {
        if (strstr(text, real_names[i]) != NULL) {
            return real_names[i];
        }
    }
    return NULL;
}

static void no_real_name_is_said(void **state)
{
    (void)state;
    struct gs_demo *demo = new_demo(2, 4000, false);
    struct gs_demo_message message;
    char text[8192];
    while (gs_demo_next(demo, &message)) {
        assert_true(message.json.len < sizeof text);
        snprintf(text, sizeof text, "%.*s", GS_STR_ARGS(message.json));
        const char *name = real_name_in(text);
        assert_string_equal(name == NULL ? "" : name, "");
    }
    gs_demo_free(demo);
}

static void enough_lines_in_both_languages(void **state)
{
    (void)state;
    const struct gs_demo_vocab *const vocabs[] = {&gs_demo_vocab_en, &gs_demo_vocab_zh};
    for (size_t v = 0; v < GS_COUNT(vocabs); v++) {
        size_t lines[GS_DEMO_N_TOPICS][GS_DEMO_N_TONES] = {{0}};
        assert_true(vocabs[v]->n_lines >= 60);
        for (size_t i = 0; i < vocabs[v]->n_lines; i++) {
            lines[vocabs[v]->lines[i].topic][vocabs[v]->lines[i].tone]++;
        }
        for (size_t topic = 0; topic < GS_DEMO_N_TOPICS; topic++) {
            for (size_t tone = 0; tone < GS_DEMO_N_TONES && vocabs[v]->topic_weight[topic] > 0;
                 tone++) {
                assert_true(lines[topic][tone] >= 2);
            }
        }
    }
}

static void the_watchlist_file_is_the_one_we_write(void **state)
{
    (void)state;
    static char file[16384];
    struct gs_buf made = {.max = 1 << 20};
    FILE *in = fopen("../deploy/config/demo-watchlist.csv", "rb");
    assert_non_null(in);
    const size_t n = fread(file, 1, sizeof file - 1, in);
    fclose(in);
    gs_demo_watchlist(&made);
    assert_true(gs_buf_ok(&made));
    assert_int_equal(n, made.len);
    assert_memory_equal(file, made.bytes, n);
    gs_buf_done(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_says_the_same),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(exactly_as_many_messages_as_asked),
        cmocka_unit_test(every_message_is_one_json_object_on_one_line),
        cmocka_unit_test(times_lie_within_the_span_and_do_not_fall),
        cmocka_unit_test(surges_are_negative_and_the_rest_is_not),
        cmocka_unit_test(the_burst_is_ten_times_the_volume_at_the_same_share),
        cmocka_unit_test(a_plain_stream_has_nothing_planted),
        cmocka_unit_test(fifty_copies_are_one_story_from_several_publishers),
        cmocka_unit_test(stories_are_told_once_whatever_their_tone),
        cmocka_unit_test(companies_and_publishers_have_made_up_marks),
        cmocka_unit_test(no_real_name_is_said),
        cmocka_unit_test(enough_lines_in_both_languages),
        cmocka_unit_test(the_watchlist_file_is_the_one_we_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
