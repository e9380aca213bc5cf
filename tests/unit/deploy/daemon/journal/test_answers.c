/* Who is told of what: rows of what the journal says, and of the incident that it is asked for. */
#include "tests/unit/gs_test.h"

#include "deploy/daemon/journal/answers.h"

#include <math.h>
#include <stdio.h>

#define ID "d079ed74e16f34ff"
enum { NOW = 1000000 };

/* NOLINTBEGIN(bugprone-macro-parentheses): a text in parentheses initializes no array */
#define MUTE(what, at, until)                                                                      \
    {                                                                                              \
        .action = GS_JOURNAL_MUTE, .at_ms = (at), .until_ms = (until), .target = what,             \
        .who = "anna", .why = "known"                                                              \
    }
#define UNMUTE(what)                                                                               \
    {                                                                                              \
        .action = GS_JOURNAL_UNMUTE, .at_ms = 900, .target = what, .who = "anna"                   \
    }
#define ACK(found)                                                                                 \
    {                                                                                              \
        .action = GS_JOURNAL_ACK, .at_ms = 500, .target = ID, .who = "bo", .verdict = (found)      \
    }
#define UNACK                                                                                      \
    {                                                                                              \
        .action = GS_JOURNAL_UNACK, .at_ms = 900, .target = ID, .who = "bo"                        \
    }
#define NOTICE(what, grave, risks, quiet)                                                          \
    {                                                                                              \
        .action = GS_JOURNAL_NOTICE, .at_ms = 600 + GS_NOTICE_##what, .target = ID, .who = "g",    \
        .notice = GS_NOTICE_##what, .severity = GS_SEVERITY_##grave, .n_risks = (risks),           \
        .silence = GS_SILENCE_##quiet                                                              \
    }

/* NOLINTEND(bugprone-macro-parentheses) */

/* Keys are written as key=name; the kind follows from it. */
static const struct {
    const char *shows;
    struct gs_journal_line lines[4];
    const char *keys[4];
    enum gs_incident_notice notice;
    enum gs_severity severity;
    enum gs_mute_breaks breaks;
    bool quiet;
    enum gs_incident_silence silence;
    bool broke, muted, acknowledged;
} cases[] = {
    {"nothing is known: told",
     {{0}},
     {"entity:A"},
     GS_NOTICE_OPENED,
     0,
     1,
     false,
     0,
     false,
     false,
     false},
    {"its id is muted",
     {MUTE(ID, 1, -1)},
     {"entity:A"},
     GS_NOTICE_OPENED,
     2,
     1,
     false,
     GS_SILENCE_MUTED,
     false,
     true,
     false},
    {"its company is muted",
     {MUTE("entity:A", 1, NOW + 1)},
     {"entity:A", "topic:x", "risk:r"},
     GS_NOTICE_ENDED,
     1,
     1,
     false,
     GS_SILENCE_MUTED,
     false,
     true,
     false},
    {"by what people call it",
     {MUTE("entity:Acme", 1, NOW + 1)},
     {"entity:A=Acme"},
     GS_NOTICE_OPENED,
     1,
     1,
     false,
     GS_SILENCE_MUTED,
     false,
     true,
     false},
    {"the mute is over",
     {MUTE("entity:A", 1, NOW)},
     {"entity:A"},
     GS_NOTICE_OPENED,
     1,
     1,
     false,
     0,
     false,
     false,
     false},
    {"the mute was taken back",
     {MUTE("entity:A", 1, NOW + 1), UNMUTE("entity:A")},
     {"entity:A"},
     GS_NOTICE_OPENED,
     1,
     1,
     false,
     0,
     false,
     false,
     false},
    {"one of its two companies is muted",
     {MUTE("entity:A", 1, NOW + 1)},
     {"entity:A", "entity:B"},
     GS_NOTICE_OPENED,
     1,
     1,
     false,
     0,
     false,
     false,
     false},
    {"both are",
     {MUTE("entity:A", 1, NOW + 1), MUTE("entity:B", 1, NOW + 9)},
     {"entity:A", "entity:B"},
     GS_NOTICE_OPENED,
     1,
     1,
     false,
     GS_SILENCE_MUTED,
     false,
     true,
     false},
    {"a muted topic says nothing of a company",
     {MUTE("topic:x", 1, NOW + 1)},
     {"entity:A", "topic:x"},
     GS_NOTICE_OPENED,
     1,
     1,
     false,
     0,
     false,
     false,
     false},
    {"a muted topic and its language",
     {MUTE("topic:x", 1, NOW + 1)},
     {"topic:x", "topic_lang:x/zh"},
     GS_NOTICE_OPENED,
     1,
     1,
     false,
     GS_SILENCE_MUTED,
     false,
     true,
     false},
    {"another topic is in it",
     {MUTE("topic:x", 1, NOW + 1)},
     {"topic:x", "topic:y"},
     GS_NOTICE_OPENED,
     1,
     1,
     false,
     0,
     false,
     false,
     false},
    {"it is graver than it ever was: the mute breaks",
     {MUTE(ID, 1, -1), NOTICE(OPENED, INFO, 0, MUTED)},
     {"entity:A"},
     GS_NOTICE_WORSE,
     GS_SEVERITY_WARNING,
     GS_MUTE_BREAKS_ON_SEVERITY,
     false,
     0,
     true,
     true,
     false},
    {"never",
     {MUTE(ID, 1, -1), NOTICE(OPENED, INFO, 0, MUTED)},
     {"entity:A"},
     GS_NOTICE_WORSE,
     GS_SEVERITY_CRITICAL,
     GS_MUTE_BREAKS_NEVER,
     false,
     GS_SILENCE_MUTED,
     false,
     true,
     false},
    {"as grave as it was before a restart",
     {MUTE(ID, 1, -1), NOTICE(WORSE, WARNING, 0, NONE)},
     {"entity:A"},
     GS_NOTICE_WORSE,
     GS_SEVERITY_WARNING,
     GS_MUTE_BREAKS_ON_RISK,
     false,
     GS_SILENCE_MUTED,
     false,
     true,
     false},
    {"a risk more is no severity",
     {MUTE(ID, 1, -1), NOTICE(OPENED, INFO, 0, MUTED)},
     {"entity:A", "risk:r"},
     GS_NOTICE_WORSE,
     GS_SEVERITY_INFO,
     GS_MUTE_BREAKS_ON_SEVERITY,
     false,
     GS_SILENCE_MUTED,
     false,
     true,
     false},
    {"a risk more breaks it where that is asked for",
     {MUTE(ID, 1, -1), NOTICE(OPENED, INFO, 0, MUTED)},
     {"entity:A", "risk:r"},
     GS_NOTICE_WORSE,
     GS_SEVERITY_INFO,
     GS_MUTE_BREAKS_ON_RISK,
     false,
     0,
     true,
     true,
     false},
    {"a broken mute stays broken",
     {MUTE(ID, 1, -1),
      {.action = GS_JOURNAL_NOTICE,
       .at_ms = 700,
       .target = ID,
       .who = "g",
       .broke = true,
       .notice = GS_NOTICE_WORSE,
       .severity = GS_SEVERITY_CRITICAL}},
     {"entity:A"},
     GS_NOTICE_ENDED,
     GS_SEVERITY_CRITICAL,
     GS_MUTE_BREAKS_ON_SEVERITY,
     false,
     0,
     false,
     false,
     false},
    {"a new mute behind it holds",
     {MUTE(ID, 1, -1),
      {.action = GS_JOURNAL_NOTICE,
       .at_ms = 700,
       .target = ID,
       .who = "g",
       .broke = true,
       .notice = GS_NOTICE_WORSE,
       .severity = GS_SEVERITY_CRITICAL},
      MUTE("entity:A", 800, NOW + 1)},
     {"entity:A"},
     GS_NOTICE_ENDED,
     GS_SEVERITY_CRITICAL,
     GS_MUTE_BREAKS_ON_SEVERITY,
     false,
     GS_SILENCE_MUTED,
     false,
     true,
     false},
    {"acknowledged: no reminder",
     {ACK(0)},
     {"entity:A"},
     GS_NOTICE_REMINDER,
     1,
     1,
     false,
     GS_SILENCE_ACKNOWLEDGED,
     false,
     false,
     true},
    {"acknowledged: what gets worse is told",
     {ACK(0)},
     {"entity:A"},
     GS_NOTICE_WORSE,
     1,
     1,
     false,
     0,
     false,
     false,
     true},
    {"acknowledged: its end is told",
     {ACK(0)},
     {"entity:A"},
     GS_NOTICE_ENDED,
     1,
     1,
     false,
     0,
     false,
     false,
     true},
    {"not any more",
     {ACK(0), UNACK},
     {"entity:A"},
     GS_NOTICE_REMINDER,
     1,
     1,
     false,
     0,
     false,
     false,
     false},
    {"quiet hours hold a warning",
     {{0}},
     {"entity:A"},
     GS_NOTICE_OPENED,
     GS_SEVERITY_WARNING,
     1,
     true,
     GS_SILENCE_QUIET_HOURS,
     false,
     false,
     false},
    {"critical breaks through",
     {{0}},
     {"entity:A"},
     GS_NOTICE_OPENED,
     GS_SEVERITY_CRITICAL,
     1,
     true,
     0,
     false,
     false,
     false},
    {"the end of what nobody was told of",
     {NOTICE(OPENED, INFO, 0, MUTED)},
     {"entity:A"},
     GS_NOTICE_ENDED,
     0,
     1,
     false,
     GS_SILENCE_UNTOLD,
     false,
     false,
     false},
    {"the end of what people were told of",
     {NOTICE(OPENED, INFO, 0, NONE), NOTICE(WORSE, INFO, 0, MUTED)},
     {"entity:A"},
     GS_NOTICE_ENDED,
     0,
     1,
     false,
     0,
     false,
     false,
     false},
};

static struct gs_answers *make(void)
{
    struct gs_answers *answers = NULL;

    assert_int_equal(gs_answers_new(&answers, NULL), GS_OK);
    return answers;
}

static void add_key(struct gs_incident *incident, const char *text)
{
    static const struct {
        const char *begins;
        uint8_t kind;
    } kinds[] = {{"entity:", GS_KEY_ENTITY},
                 {"risk:", GS_KEY_RISK},
                 {"topic:", GS_KEY_TOPIC},
                 {"topic_lang:", GS_KEY_TOPIC_LANG}};
    struct gs_incident_key *key = &incident->keys[incident->n_keys++];
    const char *equals = strchr(text, '=');

    (void)snprintf(key->key, sizeof key->key, "%.*s",
                   equals == NULL ? (int)strlen(text) : (int)(equals - text), text);
    (void)snprintf(key->name, sizeof key->name, "%s", equals == NULL ? "" : equals + 1);
    for (size_t i = 0; i < GS_COUNT(kinds); i++) {
        if (strncmp(text, kinds[i].begins, strlen(kinds[i].begins)) == 0) {
            key->kind = kinds[i].kind;
        }
    }
}

static void test_cases(void **state)
{
    (void)state;
    static struct gs_incident incident;

    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_answers *answers = make();
        struct gs_incident_answer answer = {0};
        bool broke = false;
        print_message("  %s\n", cases[i].shows);
        for (size_t j = 0; j < 4 && cases[i].lines[j].target[0] != '\0'; j++) {
            assert_true(gs_answers_apply(answers, &cases[i].lines[j]));
        }
        memset(&incident, 0, sizeof incident);
        memcpy(incident.id, ID, sizeof incident.id);
        incident.notice = (uint8_t)cases[i].notice;
        incident.severity = (uint8_t)cases[i].severity;
        for (size_t j = 0; j < 4 && cases[i].keys[j] != NULL; j++) {
            add_key(&incident, cases[i].keys[j]);
        }
        assert_int_equal(
            gs_answers_decide(answers, &incident, cases[i].breaks, NOW, cases[i].quiet, &broke),
            cases[i].silence);
        assert_int_equal(broke, cases[i].broke);
        gs_answers_of(answers, &incident, NOW, &answer);
        assert_int_equal(answer.muted, cases[i].muted);
        assert_int_equal(answer.acknowledged, cases[i].acknowledged);
        incident.keys_left_out = 1; /* of those nothing is known: only its own id mutes it */
        gs_answers_of(answers, &incident, NOW, &answer);
        assert_int_equal(answer.muted, cases[i].muted && strcmp(answer.muted_target, ID) == 0);
        gs_answers_free(answers);
    }
}

static void test_the_end_of_a_mute_is_the_first(void **state)
{
    (void)state;
    static struct gs_incident incident = {.id = ID};
    struct gs_answers *answers = make();
    struct gs_incident_answer answer = {.silence = GS_SILENCE_MUTED};
    const struct gs_journal_line lines[] = {MUTE("entity:A", 1, NOW + 90),
                                            MUTE("entity:B", 1, NOW + 30)};

    add_key(&incident, "entity:A");
    add_key(&incident, "entity:B");
    assert_true(gs_answers_apply(answers, &lines[0]));
    assert_true(gs_answers_apply(answers, &lines[1]));
    gs_answers_of(answers, &incident, NOW, &answer);
    assert_int_equal(answer.muted_until_ms, NOW + 30);
    assert_string_equal(answer.muted_target, "entity:B");
    assert_string_equal(answer.muted_by, "anna");
    assert_string_equal(answer.muted_why, "known");
    assert_int_equal(answer.silence, GS_SILENCE_MUTED); /* of the last change: it stays */
    gs_answers_free(answers);
}

static void test_precision(void **state)
{
    (void)state;
    struct gs_answers *answers = make();
    struct gs_verdict_row rows[GS_VERDICT_ROWS];
    const enum gs_incident_verdict found[] = {GS_VERDICT_RIGHT, GS_VERDICT_RIGHT, GS_VERDICT_WRONG,
                                              GS_VERDICT_DEBATABLE, GS_VERDICT_NONE};

    for (size_t i = 0; i < GS_COUNT(found); i++) {
        struct gs_journal_line notice = NOTICE(OPENED, WARNING, 0, NONE),
                               ack = ACK((uint8_t)found[i]);
        notice.target[15] = ack.target[15] = (char)('0' + i);
        memcpy(notice.rule, "negative_share", sizeof "negative_share");
        assert_true(gs_answers_apply(answers, &notice));
        assert_true(gs_answers_apply(answers, &notice)); /* its own, read again */
        assert_true(gs_answers_apply(answers, &ack));
    }
    assert_int_equal(gs_answers_verdicts(answers, rows), 1);
    assert_string_equal(rows[0].rule, "negative_share");
    assert_int_equal(rows[0].severity, GS_SEVERITY_WARNING);
    assert_int_equal(rows[0].n[GS_VERDICT_RIGHT], 2);
    assert_int_equal(rows[0].n[GS_VERDICT_NONE], 1);
    assert_float_equal(gs_verdict_precision(&rows[0]), 0.5, 1e-12);
    memset(&rows[0], 0, sizeof rows[0]);
    assert_true(isnan(gs_verdict_precision(&rows[0])));
    const char *const first = "d079ed74e16f34f0";
    assert_int_equal(gs_answers_find(answers, first)->n_notices, 1);
    gs_answers_forget(answers, first);
    assert_null(gs_answers_find(answers, first));
    assert_string_equal(gs_answers_find(answers, "d079ed74e16f34f4")->target, "d079ed74e16f34f4");
    gs_answers_free(answers);
}

static void test_bound(void **state)
{
    (void)state;
    struct gs_answers *answers = make();
    struct gs_journal_line line = MUTE("", 1, -1);

    for (int i = 0; i < GS_ANSWERS_MAX; i++) {
        (void)snprintf(line.target, sizeof line.target, "topic:%d", i);
        assert_true(gs_answers_apply(answers, &line));
    }
    (void)snprintf(line.target, sizeof line.target, "topic:more");
    assert_false(gs_answers_apply(answers, &line));
    (void)snprintf(line.target, sizeof line.target, "topic:7");
    assert_true(gs_answers_apply(answers, &line)); /* it is there */
    gs_answers_clear(answers);
    (void)snprintf(line.target, sizeof line.target, "topic:more");
    assert_true(gs_answers_apply(answers, &line));
    gs_answers_free(answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_the_end_of_a_mute_is_the_first),
        cmocka_unit_test(test_precision), cmocka_unit_test(test_bound)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
