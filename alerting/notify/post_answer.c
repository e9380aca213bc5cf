/* Alertmanager answers a refusal with a JSON string, or with an object when its own checks of the
 * request refuse it (go-openapi's {"code":…,"message":…}); the chat services answer with objects of
 * their own, proxies with pages of HTML. */
#include "alerting/notify/post_answer.h"

#include "ingest/base/json_pull.h"
#include "ingest/base/utf8.h"

enum { MAX_DEPTH = 16, MAX_MEMORY = 64 * 1024 };

static bool is_text_member(struct gs_str key)
{
    static const char *const names[] = {"message", "error", "errmsg", "msg"};

    for (size_t i = 0; i < GS_COUNT(names); i++) {
        if (gs_str_equal(key, gs_str(names[i]))) {
            return true;
        }
    }
    return false;
}

/* The text in a JSON answer; {NULL, 0}: none. */
static struct gs_str json_text(struct gs_str answer, struct gs_arena *arena)
{
    const struct gs_str none = {NULL, 0};
    struct gs_str key = none;
    struct gs_str found = none;
    struct gs_json json;
    struct gs_json_value value;

    gs_json_init(&json, answer, MAX_DEPTH, true, arena);
    if (!gs_json_value(&json, &value)) {
        return none;
    }
    if (value.type == GS_JSON_STRING) {
        return gs_json_finish(&json) ? value.text : none;
    }
    if (value.type != GS_JSON_OBJECT) {
        return none;
    }
    while (gs_json_next(&json, &key)) {
        const bool wanted = found.bytes == NULL && is_text_member(key);
        const unsigned depth = json.depth;
        if (!wanted) {
            (void)gs_json_skip(&json);
        } else if (gs_json_value(&json, &value)) {
            found = value.type == GS_JSON_STRING ? value.text : none;
            (void)gs_json_leave(&json, depth);
        }
    }
    return gs_json_ok(&json) ? found : none;
}

/* One line: control characters become blanks, what is not UTF-8 "?". */
static void one_line(struct gs_str text, char ret[GS_POST_SAID])
{
    size_t len = 0;

    for (size_t i = 0; i < text.len;) {
        const size_t step = gs_utf8_valid_len(text.bytes + i, text.len - i);
        const unsigned char c = (unsigned char)text.bytes[i];
        if (len + (step > 0 ? step : 1) >= GS_POST_SAID) {
            break;
        }
        if (step == 0) {
            ret[len++] = '?';
        } else if (step == 1 && (c < ' ' || c == 0x7f)) {
            ret[len++] = ' ';
        } else {
            memcpy(ret + len, text.bytes + i, step);
            len += step;
        }
        i += step > 0 ? step : 1;
    }
    while (len > 0 && ret[len - 1] == ' ') {
        len--;
    }
    ret[len] = '\0';
}

void gs_post_answer_text(struct gs_str answer, char ret[GS_POST_SAID])
{
    struct gs_arena *arena = NULL;
    struct gs_str text = answer;

    if (gs_arena_new(MAX_MEMORY, &arena, NULL) == GS_OK) {
        const struct gs_str inside = json_text(answer, arena);
        text = inside.bytes != NULL ? inside : answer;
    }
    one_line(text, ret);
    gs_arena_free(arena);
}

static bool is_code_member(struct gs_str key)
{
    return gs_str_equal(key, gs_str("errcode")) || gs_str_equal(key, gs_str("code")) ||
           gs_str_equal(key, gs_str("StatusCode"));
}

/* The first number among its members. */
static bool json_code(struct gs_json *json, int64_t *ret)
{
    struct gs_str key = {NULL, 0};
    struct gs_json_value value;
    bool found = false;

    if (!gs_json_value(json, &value) || value.type != GS_JSON_OBJECT) {
        return false;
    }
    while (!found && gs_json_next(json, &key)) {
        const unsigned depth = json->depth;
        if (!is_code_member(key)) {
            (void)gs_json_skip(json);
        } else if (gs_json_value(json, &value)) {
            found = value.type == GS_JSON_INTEGER && gs_json_integer(value.text, ret);
            (void)gs_json_leave(json, depth);
        }
    }
    return found;
}

bool gs_post_answer_code(struct gs_str answer, int64_t *ret)
{
    struct gs_arena *arena = NULL;
    struct gs_json json;

    if (gs_arena_new(MAX_MEMORY, &arena, NULL) != GS_OK) {
        return false;
    }
    gs_json_init(&json, answer, MAX_DEPTH, true, arena);
    const bool found = json_code(&json, ret);
    gs_arena_free(arena);
    return found;
}
