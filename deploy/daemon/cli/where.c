/* Conditions on a record (where.h): a walk over all of it that remembers, for each open container, how
 * many parts of the name lead to it. */
#include "deploy/daemon/cli/where.h"

#include "ingest/base/json_pull.h"

enum gs_status gs_where_parse(const char *text, struct gs_where *ret, struct gs_error *err)
{
    const char *equals = strchr(text, '=');

    *ret = (struct gs_where){.n_parts = 0};
    for (const char *at = text; equals != NULL && at <= equals;) {
        const size_t len = strcspn(at, ".=");
        if (len == 0 || ret->n_parts == GS_WHERE_MAX_PARTS) {
            equals = NULL;
            break;
        }
        ret->parts[ret->n_parts++] = (struct gs_str){at, len};
        at += len + 1;
    }
    if (equals == NULL) {
        return gs_fail(err, GS_BAD_CONFIG,
                       "a condition is MEMBER=VALUE, as sentiment.label=negative, with at most %d "
                       "members in each other; not %s",
                       GS_WHERE_MAX_PARTS, text);
    }
    ret->value = gs_str(equals + 1);
    return GS_OK;
}

static bool is_number(struct gs_str text)
{
    const size_t digits = text.len > 0 && text.bytes[0] == '-' ? 1 : 0;

    return text.len > digits && text.len < GS_JSON_MAX_NUMBER && text.bytes[digits] >= '0' &&
           text.bytes[digits] <= '9' &&
           strspn(text.bytes, "0123456789+-.eE") >= text.len; /* the value ends in a NUL */
}

static bool same(const struct gs_json_value *value, struct gs_str wanted)
{
    switch (value->type) {
    case GS_JSON_STRING:
        return gs_str_equal(value->text, wanted);
    case GS_JSON_INTEGER:
    case GS_JSON_REAL:
        return is_number(wanted) && gs_json_number(value->text) == gs_json_number(wanted);
    case GS_JSON_TRUE:
        return gs_str_equal(wanted, gs_str("true"));
    case GS_JSON_FALSE:
        return gs_str_equal(wanted, gs_str("false"));
    case GS_JSON_NULL:
        return gs_str_equal(wanted, gs_str("null"));
    default:
        return false;
    }
}

struct walk {
    const struct gs_where *where;
    struct gs_json json;
    size_t led[GS_JSON_MAX_DEPTH + 1]; /* parts that lead to the container open at a depth */
};

/* Moves to the next value that the name may lead to, over all others. False: there is none, or this is
 * no JSON. */
static bool next(struct walk *walk, struct gs_json_value *ret, size_t *ret_led)
{
    struct gs_json *json = &walk->json;
    struct gs_str key;

    while (json->depth > 0 && gs_json_ok(json)) {
        const bool object = json->frames[json->depth].is_object;
        const size_t led = walk->led[json->depth];
        if (!gs_json_next(json, &key)) {
            continue;
        }
        const bool leads =
            !object || (led < walk->where->n_parts && gs_str_equal(key, walk->where->parts[led]));
        if (leads) {
            *ret_led = led + object;
            return gs_json_value(json, ret);
        }
        (void)gs_json_skip(json);
    }
    return false;
}

bool gs_where_holds(const struct gs_where *where, struct gs_str text, struct gs_arena *arena)
{
    struct walk walk = {.where = where};
    struct gs_json_value value;
    size_t led = 0;
    bool found = false;

    gs_json_init(&walk.json, text, GS_JSON_MAX_DEPTH, true, arena);
    for (bool more = gs_json_value(&walk.json, &value); more; more = next(&walk, &value, &led)) {
        if (value.type == GS_JSON_OBJECT || value.type == GS_JSON_ARRAY) {
            walk.led[walk.json.depth] = led;
        } else {
            found = found || (led == where->n_parts && same(&value, where->value));
        }
    }
    return found && gs_json_ok(&walk.json) && gs_json_finish(&walk.json);
}
