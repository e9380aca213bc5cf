/* Raw records. The first byte chooses options, the rest is the value. Checked:
 *  - what jansson refuses is refused (but bytes and half surrogate pairs that we repair);
 *  - what jansson takes is taken, unless a stated rule of ours is against it;
 *  - a message has text, a time in range, and is valid UTF-8 where the header says so;
 *  - its tagged record is what jansson takes, and decodes and encodes to the same bytes. */
#include "ingest/base/json_pull.h"
#include "ingest/base/utf8.h"
#include "ingest/records/record.h"
#include "tests/unit/ingest/records/decode_options.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t now_ms = 1795253400000;

#define CHECK(condition) check((condition), #condition, __LINE__)

static void check(bool ok, const char *what, int line)
{
    if (!ok) {
        (void)fprintf(stderr, "fuzz_record.c:%d: %s\n", line, what);
        abort();
    }
}

static struct gs_arena *new_arena(void)
{
    struct gs_arena *arena = NULL;

    CHECK(gs_arena_new(8 << 20, &arena, NULL) == GS_OK);
    return arena;
}

static bool is_utf8(struct gs_str text)
{
    return gs_utf8_check(text) == text.len;
}

/* What jansson makes of text; *ret_unsure: it stopped at a number beyond its bounds, which JSON
 * does not have and we take. */
static json_t *oracle(struct gs_str text, size_t more, json_error_t *why, bool *ret_unsure)
{
    json_t *json =
        json_loadb(text.bytes, text.len,
                   JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL | more, why);

    *ret_unsure = json == NULL && json_error_code(why) == json_error_numeric_overflow;
    return json;
}

static void check_message(const struct gs_message *m, const struct gs_decode_options *options)
{
    CHECK(m->title.len + m->text.len > 0);
    CHECK(m->id.len > 0 && m->id.len <= GS_MAX_ID && is_utf8(m->id));
    CHECK(m->source.len > 0 && m->source.len <= GS_MAX_SOURCE && is_utf8(m->source));
    CHECK(m->ts_ms >= 631152000000 && m->ts_ms <= now_ms + options->max_future_ms);
    CHECK(memchr(m->id.bytes, '\0', m->id.len) == NULL);
    CHECK(memchr(m->source.bytes, '\0', m->source.len) == NULL);
    CHECK(is_utf8(m->url) && is_utf8(m->lang) && is_utf8(m->author) && is_utf8(m->extra));
    CHECK(m->extra.bytes == NULL || options->keep_extra);
    CHECK(m->n_named <= GS_MAX_NAMED && (m->n_named == 0) == (m->named == NULL));
    if (options->reject_bad_utf8) {
        CHECK(is_utf8(m->title) && is_utf8(m->text));
    }
    if (m->extra.bytes != NULL) {
        json_error_t why = {0};
        bool unsure = false;
        json_t *extra = oracle(m->extra, 0, &why, &unsure);
        CHECK(extra != NULL || unsure || !options->reject_bad_utf8); /* repair may join two keys */
        CHECK(memchr(m->extra.bytes, '\n', m->extra.len) == NULL);
        json_decref(extra);
    }
}

static void check_tagged(const struct gs_message *message)
{
    struct gs_tagged tagged = {.message = message, .title = message->title, .text = message->text};
    struct gs_tagged back;
    struct gs_buf first = {.max = 8 << 20};
    struct gs_buf second = {.max = 8 << 20};
    struct gs_arena *arena = new_arena();
    struct gs_error err;

    tagged.sentiment[0] = 0.7F;
    tagged.sentiment[1] = 0.2F;
    tagged.sentiment[2] = 0.1F;
    tagged.topics[0] = (struct gs_scored_label){message->source, 0.5F};
    tagged.n_topics = 1;
    tagged.entities[0] = (struct gs_entity_mention){.id = message->id, .name = message->source};
    tagged.n_entities = 1;
    tagged.story = (uint64_t)message->ts_ms;
    gs_tagged_encode(&tagged, &first);
    CHECK(gs_buf_ok(&first));
    json_error_t why = {0};
    bool unsure = false;
    json_t *json = oracle(gs_buf_str(&first), 0, &why, &unsure);
    if (json == NULL && message->extra.bytes != NULL) { /* see check_message() */
        goto done;
    }
    CHECK(json != NULL);
    if (gs_tagged_decode(gs_buf_str(&first), arena, &back, &err) != GS_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        abort();
    }
    CHECK(back.message->ts_ms == message->ts_ms);
    gs_tagged_encode(&back, &second);
    CHECK(gs_str_equal(gs_buf_str(&first), gs_buf_str(&second)));

done:
    json_decref(json);
    gs_buf_done(&first);
    gs_buf_done(&second);
    gs_arena_free(arena);
}

/* The oracle. repair: bytes and half pairs pass with us. */
static void check_against_jansson(struct gs_str value, enum gs_reject got, bool repair)
{
    json_error_t why = {0};
    bool unsure = false;
    const struct gs_str mark = {"\xEF\xBB\xBF", 3};

    if (value.len >= 3 && gs_str_equal((struct gs_str){value.bytes, 3}, mark)) {
        value = (struct gs_str){value.bytes + 3, value.len - 3};
    }
    json_t *json = oracle(value, JSON_DECODE_ANY, &why, &unsure);
    if (unsure) {
        return;
    }
    if (json == NULL) {
        const enum json_error_code code = json_error_code(&why);
        const bool repaired =
            repair && (code == json_error_invalid_utf8 || code == json_error_invalid_syntax);
        CHECK(got != GS_REJECT_NONE || repaired);
    } else if (memchr(value.bytes, '\0', value.len) == NULL) { /* jansson takes a NUL for the end */
        CHECK(got != GS_REJECT_BAD_UTF8);
        /* Our own bounds: a number of more than 512 bytes, which this input can hold. */
        CHECK(got != GS_REJECT_BAD_JSON || value.len > GS_JSON_MAX_NUMBER);
        CHECK((got == GS_REJECT_NOT_OBJECT) == !json_is_object(json) || got == GS_REJECT_TOO_DEEP ||
              got == GS_REJECT_BAD_JSON);
    }
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    static const char *const entities[] = {"/tickers", "/meta/0"};
    struct gs_decode_options options = usual_decode_options;
    if ((data[0] & 8) != 0) {
        options.title = "/a/0/title";
    }
    options.entities = entities;
    options.n_entities = GS_COUNT(entities);
    options.plain_text = (data[0] & 4) != 0;
    options.keep_extra = (data[0] & 1) != 0;
    options.reject_bad_utf8 = (data[0] & 2) != 0;
    options.max_record_bytes = 1 << 20;
    const struct gs_record record = {
        .topic = {"t", 1}, .timestamp_ms = -1, .value = {(const char *)data + 1, size - 1}};
    struct gs_arena *arena = new_arena();
    struct gs_decoder *decoder = NULL;
    struct gs_message message;
    struct gs_error err = {0};

    CHECK(gs_decoder_new(&options, &decoder, NULL) == GS_OK);
    const enum gs_reject got = gs_decode(decoder, &record, now_ms, arena, &message, &err);
    CHECK(got == GS_REJECT_NONE || err.message[0] != '\0');
    CHECK(is_utf8(gs_str(err.message)));
    if (!options.plain_text) {
        check_against_jansson(record.value, got, !options.reject_bad_utf8);
    }
    if (got == GS_REJECT_NONE) {
        check_message(&message, &options);
        check_tagged(&message);
    }
    gs_decoder_free(decoder);
    gs_arena_free(arena);
    return 0;
}
