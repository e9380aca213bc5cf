/* The desk with a journal: what people answer reaches incidents, notices, records and metrics, and
 * is there again behind a restart. */
#include "tests/unit/gs_test.h"

#include "deploy/daemon/journal/journal.h"
#include "deploy/daemon/pipeline/incident_desk_internal.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define START_MS INT64_C(1767571200000)
#define MIN INT64_C(60000)
enum { MAX_TOLD = 32 };

struct fixture {
    char folder[64], path[96];
    struct gs_metrics *metrics;
    struct gs_incident_desk *desk;
    char id[17];
    char told[MAX_TOLD][40]; /* "opened", "worse -muted" … */
    size_t n_told, n_answered, n_late;
    bool answered_silenced;             /* at the last one */
    struct gs_held_incident summary[4]; /* the last one */
    size_t n_summaries, n_in_summary;
};

static void on_change(void *arg, const struct gs_incident *incident)
{
    struct fixture *f = arg;
    const enum gs_incident_silence silence = (enum gs_incident_silence)incident->answer.silence;

    memcpy(f->id, incident->id, sizeof f->id);
    if (incident->notice != GS_NOTICE_NONE && f->n_told < MAX_TOLD) {
        const bool told = gs_incident_told(incident);
        (void)snprintf(f->told[f->n_told++], sizeof f->told[0], "%s%s%s",
                       gs_incident_notice_name((enum gs_incident_notice)incident->notice),
                       told ? "" : " -", told ? "" : gs_incident_silence_name(silence));
    }
}

static void on_answered(void *arg, const struct gs_incident *incident, bool late)
{
    struct fixture *f = arg;

    f->n_answered++;
    f->n_late += late;
    f->answered_silenced = incident->answer.silenced;
}

static void on_summary(void *arg, const struct gs_held_incident *held, size_t n, size_t n_more)
{
    struct fixture *f = arg;

    assert_true(n <= GS_COUNT(f->summary) && n_more == 0);
    memcpy(f->summary, held, n * sizeof *held);
    f->n_in_summary = n;
    f->n_summaries++;
}

static void start(struct fixture *f)
{
    struct gs_incident_desk_options options = {
        .incidents = {.hold_ms = 30 * MIN, .repeat_ms = 60 * MIN, .max_open = 16, .n_feeds = 1},
        .idle_timeout_ms = 30000,
        .records = true,
        .journal = f->path[0] == '\0' ? NULL : f->path,
        .mute_breaks = GS_MUTE_BREAKS_ON_SEVERITY,
        .tell = on_change,
        .answered = on_answered,
        .summarize = on_summary,
        .tell_arg = f};
    struct gs_error err = {0};

    assert_int_equal(gs_metrics_new(gs_metric_table, GS_N_METRICS, &f->metrics, NULL), GS_OK);
    assert_int_equal(gs_shard_new(f->metrics, &options.shard, NULL), GS_OK);
    if (gs_incident_desk_new(&options, &f->desk, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
}

static void stop(struct fixture *f)
{
    gs_incident_desk_free(f->desk);
    gs_metrics_free(f->metrics);
    f->desk = NULL;
    f->metrics = NULL;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    *state = f;
    (void)strcpy(f->folder, "/tmp/gs_desk.XXXXXX");
    if (mkdtemp(f->folder) == NULL) {
        return -1;
    }
    (void)snprintf(f->path, sizeof f->path, "%s/j", f->folder);
    start(f);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    stop(f);
    (void)unlink(f->path);
    (void)rmdir(f->folder);
    free(f);
    return 0;
}

/* An alert of a key at a minute; over: it ends. */
static void alert_of(struct fixture *f, const char *key, int minute, enum gs_severity severity,
                     bool over)
{
    const struct gs_evidence_item first = {.excerpt = gs_str("Probe opened")};
    struct gs_alert alert = {.id = "00000000000000aa",
                             .rule = "negative_share",
                             .key = gs_str(key),
                             .name = gs_str("Acme"),
                             .severity = severity,
                             .state = over ? GS_ALERT_RESOLVED : GS_ALERT_FIRING,
                             .updated_at_ms = START_MS + minute * MIN,
                             .ends_at_ms = over ? START_MS + minute * MIN : -1,
                             .evidence = &first,
                             .n_evidence = 1};

    memcpy(alert.id, key + strlen(key) - 4, 4); /* another key's is another's */
    gs_incident_desk_alert(f->desk, 0, 1, &alert);
    gs_incident_desk_reached(f->desk, 0, alert.updated_at_ms);
}

static void alert(struct fixture *f, int minute, enum gs_severity severity, bool over)
{
    alert_of(f, "entity:ACME", minute, severity, over);
}

/* A second passes. */
static void look(struct fixture *f)
{
    f->desk->journal_looked_ms = 0;
    (void)gs_incident_desk_pending(f->desk);
}

/* The hours around now, or none. */
static void set_quiet(struct fixture *f, bool quiet)
{
    const int minute = (int)(gs_clock_wall_ms() / MIN % 1440);

    f->desk->options.quiet =
        quiet ? (struct gs_quiet_hours){(minute + 1380) % 1440, (minute + 60) % 1440}
              : (struct gs_quiet_hours){0, 0};
}

/* Somebody does something, and a second passes. */
static void answer(struct fixture *f, enum gs_journal_action action, const char *target)
{
    struct gs_journal_line line = {.action = action,
                                   .at_ms = START_MS,
                                   .until_ms = INT64_C(4102444800000), /* 2100 */
                                   .who = "anna",
                                   .why = "known"};
    struct gs_error err = {0};

    (void)snprintf(line.target, sizeof line.target, "%s", target);
    if (gs_journal_append(f->path, &line, 1, 0, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    f->desk->journal_looked_ms = 0;
}

static void assert_told(const struct fixture *f, size_t i, const char *told)
{
    assert_true(f->n_told > i);
    assert_string_equal(f->told[i], told);
}

struct asked {
    enum gs_metric_id id;
    const char *label; /* of any of its values; NULL: all */
    double sum;
    size_t n;
};

static void add_value(void *arg, const struct gs_sample *sample)
{
    struct asked *asked = arg;
    bool wanted = sample->def == &gs_metric_table[asked->id] && sample->values != NULL;

    for (size_t i = 0; wanted && asked->label != NULL; i++) {
        if (i == GS_METRIC_MAX_LABELS || sample->def->labels[i] == NULL) {
            return;
        }
        if (gs_str_equal(sample->values[i], gs_str(asked->label))) {
            break;
        }
    }
    asked->sum += wanted ? sample->value : 0;
    asked->n += wanted;
}

static double metric(const struct fixture *f, enum gs_metric_id id, const char *label)
{
    struct asked asked = {.id = id, .label = label};

    assert_int_equal(gs_metrics_visit(f->metrics, add_value, &asked, NULL), GS_OK);
    return asked.sum;
}

static void assert_status_has(struct fixture *f, const char *text, bool there)
{
    struct gs_buf out = {.max = 1 << 20};

    gs_incident_desk_json(f->desk, 16, &out);
    gs_buf_putc(&out, '\0');
    if ((strstr(out.bytes, text) != NULL) != there) {
        fail_msg("%s: %s", text, out.bytes);
    }
    gs_buf_done(&out);
}

static void test_a_mute_silences_until_it_is_graver(void **state)
{
    struct fixture *f = *state;

    answer(f, GS_JOURNAL_MUTE, "entity:Acme");
    (void)gs_incident_desk_pending(f->desk);
    alert(f, 5, GS_SEVERITY_INFO, false);
    assert_told(f, 0, "opened -muted");
    assert_status_has(f,
                      "\"told\":false,\"silence\":\"muted\",\"acknowledged\":null,\"muted\":{"
                      "\"target\":\"entity:Acme\",\"by\":\"anna\",\"why\":\"known\"",
                      true);
    f->desk->journal_looked_ms = 0;
    (void)gs_incident_desk_pending(f->desk);
    assert_int_equal(metric(f, GS_M_INCIDENTS_MUTED, NULL), 1);
    assert_int_equal(metric(f, GS_M_INCIDENT_SILENCED, f->id), 1);
    assert_int_equal(metric(f, GS_M_NOTICES_SUPPRESSED, "muted"), 1);
    assert_int_equal(metric(f, GS_M_INCIDENT_NOTICES, "opened"), 0);

    alert(f, 30, GS_SEVERITY_WARNING, false);
    assert_told(f, 1, "worse");
    assert_int_equal(metric(f, GS_M_INCIDENT_NOTICES, "worse"), 1);
    f->desk->journal_looked_ms = 0;
    (void)gs_incident_desk_pending(f->desk);
    assert_int_equal(metric(f, GS_M_INCIDENT_SILENCED, f->id), 0);
    alert(f, 40, GS_SEVERITY_WARNING, true);
    gs_incident_desk_reached(f->desk, 0, START_MS + 90 * MIN);
    assert_told(f, 2, "ended");
}

static void test_an_ack_spares_reminders(void **state)
{
    struct fixture *f = *state;

    alert(f, 5, GS_SEVERITY_INFO, false);
    answer(f, GS_JOURNAL_ACK, f->id);
    gs_incident_desk_reached(f->desk, 0, START_MS + 6 * MIN);
    assert_status_has(f, "\"acknowledged\":{\"by\":\"anna\"", true);
    assert_int_equal(metric(f, GS_M_INCIDENTS_ACKNOWLEDGED, NULL), 1);
    gs_incident_desk_reached(f->desk, 0, START_MS + 66 * MIN);
    assert_told(f, 1, "reminder -acknowledged");
    alert(f, 90, GS_SEVERITY_CRITICAL, false);
    assert_told(f, 2, "worse");
    answer(f, GS_JOURNAL_UNACK, f->id);
    gs_incident_desk_reached(f->desk, 0, START_MS + 91 * MIN);
    gs_incident_desk_reached(f->desk, 0, START_MS + 151 * MIN);
    assert_told(f, 3, "reminder");
}

static void test_all_of_it_survives_a_restart(void **state)
{
    struct fixture *f = *state;

    alert(f, 5, GS_SEVERITY_INFO, false);
    answer(f, GS_JOURNAL_MUTE, f->id);
    struct gs_journal_line ack = {.action = GS_JOURNAL_ACK,
                                  .at_ms = START_MS,
                                  .until_ms = -1,
                                  .who = "bo",
                                  .verdict = GS_VERDICT_WRONG};
    memcpy(ack.target, f->id, sizeof f->id);
    assert_int_equal(gs_journal_append(f->path, &ack, 1, 0, NULL), GS_OK);
    stop(f);
    start(f);
    assert_int_equal(metric(f, GS_M_INCIDENT_VERDICTS, NULL), 0);
    alert(f, 5, GS_SEVERITY_INFO, false); /* the same windows again */
    assert_told(f, 1, "opened -muted");
    assert_status_has(f,
                      "\"acknowledged\":{\"by\":\"bo\",\"at\":\"2026-01-05T00:00:00.000Z\","
                      "\"verdict\":\"wrong\"}",
                      true);
    assert_int_equal(metric(f, GS_M_INCIDENT_VERDICTS, "wrong"), 1);
    assert_int_equal(metric(f, GS_M_INCIDENT_VERDICTS, "negative_share"), 1);
    answer(f, GS_JOURNAL_UNACK, f->id);
    (void)gs_incident_desk_pending(f->desk);
    assert_int_equal(metric(f, GS_M_INCIDENT_VERDICTS, "wrong"), 0);
}

static void test_a_journal_that_goes_away(void **state)
{
    struct fixture *f = *state;

    alert(f, 5, GS_SEVERITY_INFO, false);
    answer(f, GS_JOURNAL_MUTE, f->id);
    assert_status_has(f, "\"muted\":null", false);
    assert_int_equal(unlink(f->path), 0);
    f->desk->journal_looked_ms = 0;
    assert_status_has(f, "\"muted\":null", true);
    assert_int_equal(metric(f, GS_M_JOURNAL_PROBLEMS, "anew"), 1);
    answer(f, GS_JOURNAL_MUTE, f->id);
    FILE *file = fopen(f->path, "a");
    assert_non_null(file);
    assert_true(fputs("rubbish\n{}\n", file) >= 0 && fclose(file) == 0);
    assert_status_has(f, "\"muted\":null", false);
    assert_int_equal(metric(f, GS_M_JOURNAL_PROBLEMS, "broken_line"), 2);
}

static void test_an_untrusted_journal_changes_nothing(void **state)
{
    struct fixture *f = *state;

    alert(f, 5, GS_SEVERITY_INFO, false);
    answer(f, GS_JOURNAL_MUTE, f->id);
    assert_status_has(f, "\"muted\":null", false);
    FILE *file = fopen(f->path, "a");
    assert_non_null(file);
    assert_true(fputs("more\n", file) >= 0 && fclose(file) == 0);
    assert_int_equal(chmod(f->path, 0666), 0);
    for (int i = 0; i < 2; i++) {
        f->desk->journal_looked_ms = 0;
        assert_status_has(f, "\"muted\":null", false);
    }
    assert_int_equal(metric(f, GS_M_JOURNAL_PROBLEMS, "read"), 1); /* said once */
    assert_int_equal(metric(f, GS_M_JOURNAL_PROBLEMS, "broken_line"), 0);
    stop(f);

    const struct gs_incident_desk_options options = {.incidents = {.max_open = 16, .n_feeds = 1},
                                                     .journal = f->path};
    struct gs_incident_desk_options own = options;
    struct gs_error err = {0};
    assert_int_equal(gs_metrics_new(gs_metric_table, GS_N_METRICS, &f->metrics, NULL), GS_OK);
    assert_int_equal(gs_shard_new(f->metrics, &own.shard, NULL), GS_OK);
    assert_int_equal(gs_incident_desk_new(&own, &f->desk, &err), GS_IO);
    assert_non_null(strstr(err.message, "others may write"));
}

/* Every notice is in the journal, whoever was told. */
static void test_notices_are_written(void **state)
{
    struct fixture *f = *state;
    char text[8192];

    alert(f, 5, GS_SEVERITY_WARNING, false);
    alert(f, 10, GS_SEVERITY_WARNING, true);
    gs_incident_desk_reached(f->desk, 0, START_MS + 60 * MIN);
    f->desk->journal_looked_ms = 0;
    (void)gs_incident_desk_pending(f->desk);
    FILE *file = fopen(f->path, "r");
    assert_non_null(file);
    const size_t len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    assert_non_null(
        strstr(text, "\"notice\":\"opened\",\"severity\":\"warning\",\"silence\":\"none\""));
    assert_non_null(strstr(text, "\"notice\":\"ended\""));
    assert_non_null(strstr(text, "\"title\":\"Acme: Probe opened\""));
    assert_int_equal(metric(f, GS_M_JOURNAL_PROBLEMS, NULL), 0);
}

/* Whoever tells the state of things hears of a mute that comes between two changes. */
static void test_a_mute_between_changes(void **state)
{
    struct fixture *f = *state;

    alert(f, 5, GS_SEVERITY_INFO, false);
    (void)gs_incident_desk_pending(f->desk);
    assert_int_equal(f->n_answered, 0);
    answer(f, GS_JOURNAL_MUTE, f->id);
    (void)gs_incident_desk_pending(f->desk);
    assert_int_equal(f->n_answered, 1);
    assert_true(f->answered_silenced);
    f->desk->journal_looked_ms = 0;
    (void)gs_incident_desk_pending(f->desk);
    assert_int_equal(f->n_answered, 1);
    answer(f, GS_JOURNAL_UNMUTE, f->id);
    (void)gs_incident_desk_pending(f->desk);
    assert_int_equal(f->n_answered, 2);
    assert_false(f->answered_silenced);
    assert_int_equal(f->n_told, 1);
    assert_int_equal(f->n_late, 0); /* people know of it from before */
}

static void test_quiet_hours_end_in_one_summary(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(gs_quiet_hours_zone("UTC", NULL), GS_OK);
    alert(f, 5, GS_SEVERITY_INFO, false); /* before them */
    assert_told(f, 0, "opened");
    set_quiet(f, true);
    alert_of(f, "entity:BETA", 10, GS_SEVERITY_WARNING, false);
    assert_told(f, 1, "opened -quiet_hours");
    alert_of(f, "entity:GAMM", 11, GS_SEVERITY_INFO, false);
    assert_told(f, 2, "opened -quiet_hours");
    alert_of(f, "entity:DELT", 12, GS_SEVERITY_CRITICAL, false);
    assert_told(f, 3, "opened");
    look(f);
    assert_int_equal(metric(f, GS_M_INCIDENT_SILENCED, NULL), 2); /* what was on before is not */
    alert_of(f, "entity:GAMM", 20, GS_SEVERITY_INFO, true);
    gs_incident_desk_reached(f->desk, 0, START_MS + 55 * MIN);
    assert_told(f, 4, "ended -quiet_hours");
    look(f);
    assert_int_equal(f->n_summaries, 0);
    assert_int_equal(f->n_answered, 0);

    set_quiet(f, false);
    look(f);
    look(f);
    assert_int_equal(f->n_summaries, 1);
    assert_int_equal(f->n_in_summary, 2);
    assert_int_equal(f->summary[0].severity, GS_SEVERITY_WARNING);
    assert_false(f->summary[0].ended);
    assert_true(f->summary[1].ended);
    assert_string_equal(f->summary[1].title, "Acme: Probe opened");
    assert_int_equal(metric(f, GS_M_INCIDENT_NOTICES, "late"), 2);
    assert_int_equal(metric(f, GS_M_INCIDENT_SILENCED, NULL), 0);
    assert_int_equal(f->n_answered, 1); /* the one that is on: it may be pushed now */
    assert_int_equal(f->n_late, 1);
    assert_false(f->answered_silenced);
    alert_of(f, "entity:BETA", 60, GS_SEVERITY_WARNING, true);
    f->n_told = 0;
    gs_incident_desk_reached(f->desk, 0, START_MS + 95 * MIN);
    assert_told(f, f->n_told - 1, "ended"); /* people know of it by the summary */
}

static void test_a_mute_that_is_over_is_told_late(void **state)
{
    struct fixture *f = *state;

    answer(f, GS_JOURNAL_MUTE, "entity:ACME");
    answer(f, GS_JOURNAL_MUTE, "entity:BETA");
    (void)gs_incident_desk_pending(f->desk);
    alert(f, 5, GS_SEVERITY_INFO, false);
    alert_of(f, "entity:BETA", 6, GS_SEVERITY_INFO, false);
    assert_told(f, 1, "opened -muted");
    alert_of(f, "entity:BETA", 10, GS_SEVERITY_INFO, true);
    gs_incident_desk_reached(f->desk, 0, START_MS + 45 * MIN);
    assert_told(f, 2, "ended -muted");
    answer(f, GS_JOURNAL_UNMUTE, "entity:ACME");
    answer(f, GS_JOURNAL_UNMUTE, "entity:BETA");
    look(f);
    look(f);
    assert_int_equal(f->n_summaries, 1);
    assert_int_equal(f->n_in_summary, 1); /* what ended under its mute nobody hears of */
    assert_int_equal(f->desk->n_held, 0);
    assert_false(f->summary[0].ended);
}

/* Without a journal there are no answers, but there are quiet hours. */
static void test_quiet_hours_without_a_journal(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(gs_quiet_hours_zone("UTC", NULL), GS_OK);
    stop(f);
    f->path[0] = '\0';
    start(f);
    set_quiet(f, true);
    alert(f, 5, GS_SEVERITY_INFO, false);
    assert_told(f, 0, "opened -quiet_hours");
    gs_incident_desk_forget(f->desk, 0, 1); /* another process has it now */
    alert_of(f, "entity:BETA", 10, GS_SEVERITY_INFO, false);
    set_quiet(f, false);
    look(f);
    assert_int_equal(f->n_in_summary, 1);
    assert_int_equal(f->n_summaries, 1);
}

static void test_alerts_below_what_is_asked_for(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(gs_least_severity_parse("entity:BETA=info, entity:*=warning",
                                             &f->desk->options.least, NULL),
                     GS_OK);
    alert(f, 5, GS_SEVERITY_INFO, false);
    assert_int_equal(f->n_told, 0);
    assert_int_equal(metric(f, GS_M_INCIDENT_LIMITS, "severity"), 1);
    alert_of(f, "entity:BETA", 6, GS_SEVERITY_INFO, false);
    assert_told(f, 0, "opened");
    alert(f, 10, GS_SEVERITY_WARNING, false); /* now it is grave enough */
    assert_told(f, 1, "opened");
    alert(f, 15, GS_SEVERITY_WARNING, true);
    assert_int_equal(metric(f, GS_M_INCIDENT_LIMITS, "severity"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_mute_silences_until_it_is_graver, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_ack_spares_reminders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_of_it_survives_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_journal_that_goes_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_untrusted_journal_changes_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_mute_between_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_quiet_hours_end_in_one_summary, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_mute_that_is_over_is_told_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_quiet_hours_without_a_journal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alerts_below_what_is_asked_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_notices_are_written, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
