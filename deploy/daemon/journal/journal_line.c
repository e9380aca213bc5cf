/* A line is read member by member into a struct; what is missing or too long is said by name. */
#include "deploy/daemon/journal/journal_line.h"

#include "ingest/base/json_pull.h"
#include "ingest/base/utf8.h"
#include "ingest/records/record.h"

#include <ctype.h>

enum { MAX_DEPTH = 8 };

static const char *const action_names[GS_N_JOURNAL_ACTIONS] = {"ack", "unack", "mute", "unmute",
                                                               "notice"};

const char *gs_journal_action_name(enum gs_journal_action action)
{
    return action_names[action];
}

bool gs_journal_is_incident(const char *target)
{
    return strlen(target) == 16 && strspn(target, "0123456789abcdef") == 16;
}

/* ---- writing ---- */

static void put_text(struct gs_buf *out, const char *name, const char *text)
{
    gs_buf_puts(out, name);
    gs_buf_json_str(out, gs_str(text));
}

static void put_notice(const struct gs_journal_line *line, struct gs_buf *out)
{
    put_text(out, ",\"notice\":", gs_incident_notice_name((enum gs_incident_notice)line->notice));
    put_text(out, ",\"severity\":", gs_severity_name((enum gs_severity)line->severity));
    put_text(out,
             ",\"silence\":", gs_incident_silence_name((enum gs_incident_silence)line->silence));
    gs_buf_printf(out, ",\"risks\":%u,\"broke\":%s", line->n_risks, line->broke ? "true" : "false");
    put_text(out, ",\"rule\":", line->rule);
    put_text(out, ",\"title\":", line->title);
}

void gs_journal_line_encode(const struct gs_journal_line *line, struct gs_buf *out)
{
    gs_buf_puts(out, "{\"v\":1,\"at\":");
    gs_buf_json_time(out, line->at_ms);
    put_text(out, ",\"action\":", action_names[line->action]);
    put_text(out, ",\"target\":", line->target);
    put_text(out, ",\"who\":", line->who);
    if (line->why[0] != '\0') {
        put_text(out, ",\"why\":", line->why);
    }
    if (line->until_ms >= 0) {
        gs_buf_puts(out, ",\"until\":");
        gs_buf_json_time(out, line->until_ms);
    }
    if (line->verdict != GS_VERDICT_NONE) {
        put_text(out, ",\"verdict\":",
                 gs_incident_verdict_name((enum gs_incident_verdict)line->verdict));
    }
    if (line->action == GS_JOURNAL_NOTICE) {
        put_notice(line, out);
    }
    put_text(out, ",\"prev\":", line->prev);
    gs_buf_putc(out, '}');
}

/* ---- reading ---- */

typedef const char *name_fn(int i);

static const char *action_name(int i)
{
    return action_names[i];
}

static const char *verdict_name(int i)
{
    return gs_incident_verdict_name((enum gs_incident_verdict)i);
}

static const char *notice_name(int i)
{
    return gs_incident_notice_name((enum gs_incident_notice)i);
}

static const char *severity_name(int i)
{
    return gs_severity_name((enum gs_severity)i);
}

static const char *silence_name(int i)
{
    return gs_incident_silence_name((enum gs_incident_silence)i);
}

/* The members, by which bits say what was there. */
enum member {
    M_V,
    M_AT,
    M_ACTION,
    M_TARGET,
    M_WHO,
    M_WHY,
    M_UNTIL,
    M_VERDICT,
    M_NOTICE,
    M_SEVERITY,
    M_SILENCE,
    M_RISKS,
    M_BROKE,
    M_RULE,
    M_TITLE,
    M_PREV,
    N_MEMBERS
};
static const char *const member_names[N_MEMBERS] = {
    "v",      "at",       "action",  "target", "who",   "why",  "until", "verdict",
    "notice", "severity", "silence", "risks",  "broke", "rule", "title", "prev"};

static enum gs_status wrong(struct gs_error *err, enum member member, const char *why)
{
    return gs_fail(err, GS_BAD_FORMAT, "\"%s\" %s", member_names[member], why);
}

/* A text without control characters, which nobody types. */
static enum gs_status read_text(const struct gs_json_value *value, enum member member, size_t size,
                                char *ret, struct gs_error *err)
{
    if (value->type != GS_JSON_STRING) {
        return wrong(err, member, "is not a text");
    }
    if (value->text.len >= size) {
        return wrong(err, member, "is too long");
    }
    if (gs_utf8_check(value->text) != value->text.len) {
        return wrong(err, member, "is not UTF-8");
    }
    for (size_t i = 0; i < value->text.len; i++) {
        if (iscntrl((unsigned char)value->text.bytes[i])) {
            return wrong(err, member, "holds a control character");
        }
    }
    memcpy(ret, value->text.bytes, value->text.len);
    ret[value->text.len] = '\0';
    return GS_OK;
}

/* A title comes of a message: whatever is in it is no reason to refuse the line. */
static enum gs_status read_title(const struct gs_json_value *value, char *ret, struct gs_error *err)
{
    if (value->type != GS_JSON_STRING) {
        return wrong(err, M_TITLE, "is not a text");
    }
    const struct gs_str cut = gs_utf8_cut(value->text, GS_INCIDENT_TITLE_BYTES - 1);
    memcpy(ret, cut.bytes, cut.len);
    ret[cut.len] = '\0';
    return GS_OK;
}

static enum gs_status read_time(const struct gs_json_value *value, enum member member, int64_t *ret,
                                struct gs_error *err)
{
    struct gs_error why = {0};

    if (value->type != GS_JSON_STRING || gs_time_parse(value->text, ret, &why) != GS_OK ||
        *ret < 0) {
        return wrong(err, member, "is not a time, such as \"2026-11-21T09:30:00Z\"");
    }
    return GS_OK;
}

static enum gs_status read_name(const struct gs_json_value *value, enum member member,
                                name_fn *name, int n, int *ret, struct gs_error *err)
{
    for (int i = 0; i < n && value->type == GS_JSON_STRING; i++) {
        if (gs_str_equal(value->text, gs_str(name(i)))) {
            *ret = i;
            return GS_OK;
        }
    }
    return wrong(err, member, "is none of the words that may stand there");
}

static enum gs_status read_names(const struct gs_json_value *value, enum member member,
                                 struct gs_journal_line *line, struct gs_error *err)
{
    static const struct {
        name_fn *name;
        int n;
    } lists[N_MEMBERS] = {[M_ACTION] = {action_name, GS_N_JOURNAL_ACTIONS},
                          [M_VERDICT] = {verdict_name, GS_N_INCIDENT_VERDICTS},
                          [M_NOTICE] = {notice_name, GS_N_INCIDENT_NOTICES},
                          [M_SEVERITY] = {severity_name, GS_N_SEVERITIES},
                          [M_SILENCE] = {silence_name, GS_N_INCIDENT_SILENCES}};
    int i = 0;
    const enum gs_status status =
        read_name(value, member, lists[member].name, lists[member].n, &i, err);

    if (status != GS_OK) {
        return status;
    }
    if (member == M_ACTION) {
        line->action = (enum gs_journal_action)i;
    } else {
        uint8_t *const to = member == M_VERDICT    ? &line->verdict
                            : member == M_NOTICE   ? &line->notice
                            : member == M_SEVERITY ? &line->severity
                                                   : &line->silence;
        *to = (uint8_t)i;
    }
    return GS_OK;
}

static enum gs_status read_number(const struct gs_json_value *value, enum member member,
                                  int64_t least, int64_t most, int64_t *ret, struct gs_error *err)
{
    if (value->type != GS_JSON_INTEGER || !gs_json_integer(value->text, ret) || *ret < least ||
        *ret > most) {
        return wrong(err, member, "is not a number in its range");
    }
    return GS_OK;
}

static enum gs_status read_member(const struct gs_json_value *value, enum member member,
                                  struct gs_journal_line *line, struct gs_error *err)
{
    int64_t number = 0;

    switch (member) {
    case M_V:
        return read_number(value, member, 1, 1, &number, err);
    case M_AT:
        return read_time(value, member, &line->at_ms, err);
    case M_UNTIL:
        return read_time(value, member, &line->until_ms, err);
    case M_TARGET:
        return read_text(value, member, sizeof line->target, line->target, err);
    case M_WHO:
        return read_text(value, member, sizeof line->who, line->who, err);
    case M_WHY:
        return read_text(value, member, sizeof line->why, line->why, err);
    case M_RULE:
        return read_text(value, member, sizeof line->rule, line->rule, err);
    case M_TITLE:
        return read_title(value, line->title, err);
    case M_PREV:
        return read_text(value, member, sizeof line->prev, line->prev, err);
    case M_RISKS: {
        const enum gs_status status = read_number(value, member, 0, UINT32_MAX, &number, err);
        line->n_risks = (uint32_t)number;
        return status;
    }
    case M_BROKE:
        line->broke = value->type == GS_JSON_TRUE;
        return value->type == GS_JSON_TRUE || value->type == GS_JSON_FALSE
                   ? GS_OK
                   : wrong(err, member, "is neither true nor false");
    default:
        return read_names(value, member, line, err);
    }
}

static enum gs_status read_members(struct gs_json *json, struct gs_journal_line *line,
                                   unsigned *ret_there, struct gs_error *err)
{
    struct gs_str key;

    while (gs_json_next(json, &key)) {
        struct gs_json_value value;
        unsigned member = 0;
        while (member < N_MEMBERS && !gs_str_equal(key, gs_str(member_names[member]))) {
            member++;
        }
        if (member == N_MEMBERS) {
            (void)gs_json_skip(json);
            continue;
        }
        if (!gs_json_value(json, &value)) {
            break;
        }
        const enum gs_status status = read_member(&value, (enum member)member, line, err);
        if (status != GS_OK) {
            return status;
        }
        *ret_there |= 1U << member;
    }
    return GS_OK;
}

static enum gs_status check_there(const struct gs_journal_line *line, unsigned there,
                                  struct gs_error *err)
{
    const unsigned always =
        1U << M_V | 1U << M_AT | 1U << M_ACTION | 1U << M_TARGET | 1U << M_WHO | 1U << M_PREV;
    const unsigned notice = 1U << M_NOTICE | 1U << M_SEVERITY | 1U << M_SILENCE;
    const unsigned needed = line->action == GS_JOURNAL_NOTICE ? always | notice : always;

    for (unsigned member = 0; member < N_MEMBERS; member++) {
        if ((needed >> member & 1U) != 0 && (there >> member & 1U) == 0) {
            return wrong(err, (enum member)member, "is missing");
        }
    }
    if (line->target[0] == '\0') {
        return wrong(err, M_TARGET, "is empty");
    }
    if ((line->action == GS_JOURNAL_ACK || line->action == GS_JOURNAL_NOTICE) &&
        !gs_journal_is_incident(line->target)) {
        return wrong(err, M_TARGET, "is not an incident's id");
    }
    return GS_OK;
}

static enum gs_status read_line(struct gs_json *json, struct gs_journal_line *line,
                                struct gs_error *err)
{
    struct gs_json_value value;
    unsigned there = 0;

    if (gs_json_value(json, &value) && value.type != GS_JSON_OBJECT) {
        return gs_fail(err, GS_BAD_FORMAT, "it is not a JSON object");
    }
    const enum gs_status status = gs_json_ok(json) ? read_members(json, line, &there, err) : GS_OK;
    if (status != GS_OK) {
        return status;
    }
    if (!gs_json_ok(json) || !gs_json_finish(json)) {
        return json->problem == GS_JSON_MEMORY
                   ? gs_fail(err, GS_NO_MEMORY, "a line of the journal")
                   : gs_fail(err, GS_BAD_FORMAT, "byte %zu: %s",
                             (size_t)(json->at - json->start) + 1, json->why);
    }
    return check_there(line, there, err);
}

enum gs_status gs_journal_line_decode(struct gs_str text, struct gs_arena *arena,
                                      struct gs_journal_line *ret, struct gs_error *err)
{
    struct gs_journal_line line = {.until_ms = -1};
    struct gs_json json;

    if (text.len > GS_JOURNAL_LINE_BYTES) {
        return gs_fail(err, GS_BAD_FORMAT, "it has %zu bytes, more than %d", text.len,
                       GS_JOURNAL_LINE_BYTES);
    }
    gs_json_init(&json, text, MAX_DEPTH, false, arena);
    const enum gs_status status = read_line(&json, &line, err);
    gs_arena_reset(arena);
    if (status == GS_OK) {
        *ret = line;
    }
    return status;
}
