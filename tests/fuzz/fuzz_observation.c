/* Our own records read back from a topic that anybody can write to. Checked:
 *  - an observation that is taken is in its ranges, and encodes and decodes to itself;
 *  - a tagged record that is taken has its mentions inside its texts, and its encoding decodes to
 * the same encoding again;
 *  - what jansson refuses is refused. */
#include "ingest/base/utf8.h"
#include "ingest/records/record.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) check((condition), #condition, __LINE__)

static void check(bool ok, const char *what, int line)
{
    if (!ok) {
        (void)fprintf(stderr, "fuzz_observation.c:%d: %s\n", line, what);
        abort();
    }
}

static void check_observation(const struct gs_observation *o, struct gs_arena *arena)
{
    struct gs_buf out = {.max = 1 << 20};
    struct gs_observation back;

    CHECK(o->key.len > 0 && o->key.len <= GS_MAX_KEY && o->excerpt.len <= GS_MAX_EXCERPT);
    CHECK(o->url.len <= GS_MAX_URL && memchr(o->key.bytes, '\0', o->key.len) == NULL);
    CHECK(o->p_negative >= 0 && o->p_negative <= 1);
    gs_observation_encode(o, &out);
    CHECK(gs_buf_ok(&out) && gs_utf8_check(gs_buf_str(&out)) == out.len);
    CHECK(gs_observation_decode(gs_buf_str(&out), arena, &back, NULL) == GS_OK);
    CHECK(gs_str_equal(o->key, back.key) && gs_str_equal(o->id, back.id));
    CHECK(gs_str_equal(o->source, back.source) && gs_str_equal(o->excerpt, back.excerpt));
    CHECK(gs_str_equal(o->url, back.url));
    CHECK(o->ts_ms == back.ts_ms && o->p_negative == back.p_negative && o->story == back.story);
    gs_buf_done(&out);
}

static void check_tagged(const struct gs_tagged *t, struct gs_arena *arena)
{
    struct gs_buf first = {.max = 1 << 20};
    struct gs_buf second = {.max = 1 << 20};
    struct gs_tagged back;
    struct gs_error err;

    for (size_t i = 0; i < t->n_entities; i++) {
        const struct gs_entity_mention *e = &t->entities[i];
        CHECK(e->in_field || e->start <= e->end);
        CHECK(e->in_field || e->end <= (e->in_title ? t->title.len : t->text.len));
    }
    gs_tagged_encode(t, &first);
    CHECK(gs_buf_ok(&first));
    /* A time outside of the years 0 to 9999 has no text. */
    if (t->message->ts_ms >= -62167219200000 && t->message->ts_ms <= 253402300799999) {
        if (gs_tagged_decode(gs_buf_str(&first), arena, &back, &err) != GS_OK) {
            (void)fprintf(stderr, "%s\n", err.message);
            abort();
        }
        gs_tagged_encode(&back, &second);
        CHECK(gs_str_equal(gs_buf_str(&first), gs_buf_str(&second)));
    }
    gs_buf_done(&first);
    gs_buf_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gs_str text = {(const char *)data, size};
    struct gs_arena *arena = NULL;
    struct gs_observation observation;
    struct gs_tagged tagged;
    struct gs_error err = {0};

    CHECK(gs_arena_new(8 << 20, &arena, NULL) == GS_OK);
    const bool is_observation = gs_observation_decode(text, arena, &observation, &err) == GS_OK;
    const bool is_tagged = gs_tagged_decode(text, arena, &tagged, NULL) == GS_OK;
    CHECK(is_observation || err.message[0] != '\0');
    json_error_t why = {0};
    json_t *json =
        json_loadb(text.bytes, text.len,
                   JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &why);
    CHECK(json != NULL || (!is_observation && !is_tagged) ||
          json_error_code(&why) == json_error_numeric_overflow); /* JSON's numbers have no bounds */
    json_decref(json);
    if (is_observation) {
        check_observation(&observation, arena);
    }
    if (is_tagged) {
        check_tagged(&tagged, arena);
    }
    gs_arena_free(arena);
    return 0;
}
