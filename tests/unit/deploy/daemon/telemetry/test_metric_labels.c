#include "deploy/daemon/telemetry/metric_labels.h"

#include "alerting/incidents/incidents.h"
#include "alerting/notify/notify.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <string.h>

static void every_label_is_explained(void **state)
{
    (void)state;
    for (size_t id = 0; id < GS_N_METRICS; id++) {
        const struct gs_metric_def *def = &gs_metric_table[id];
        for (size_t j = 0; j < GS_METRIC_MAX_LABELS && def->labels[j] != NULL; j++) {
            print_message("  %s{%s}\n", def->name, def->labels[j]);
            assert_non_null(gs_metric_label((enum gs_metric_id)id, def->labels[j]));
        }
    }
}

/* ---- what the code counts with ---- */

/* The values of a label that series have, each once. */
struct used {
    const struct gs_metric_label *label;
    struct gs_str values[32];
    size_t n;
};

struct all {
    struct used rows[2 * GS_N_METRICS];
    size_t n;
};

static struct used *row_of(struct all *all, const struct gs_metric_label *label)
{
    size_t i = 0;

    while (i < all->n && all->rows[i].label != label) {
        i++;
    }
    if (i == all->n) {
        all->rows[all->n++].label = label;
    }
    return &all->rows[i];
}

static void look(void *arg, const struct gs_sample *sample)
{
    const enum gs_metric_id id = (enum gs_metric_id)(sample->def - gs_metric_table);

    for (size_t j = 0; j < GS_METRIC_MAX_LABELS && sample->def->labels[j] != NULL; j++) {
        const struct gs_metric_label *label = gs_metric_label(id, sample->def->labels[j]);
        if (label->values == NULL || sample->values == NULL) {
            continue;
        }
        if (!gs_metric_label_has(label, sample->values[j])) {
            fail_msg("%s{%s=\"%.*s\"} is not in the table", sample->def->name, label->name,
                     GS_STR_ARGS(sample->values[j]));
        }
        struct used *used = row_of(arg, label);
        size_t i = 0;
        while (i < used->n && !gs_str_equal(used->values[i], sample->values[j])) {
            i++;
        }
        if (i == used->n) {
            assert_true(used->n < GS_COUNT(used->values));
            used->values[used->n++] = sample->values[j];
        }
    }
}

static void series_known_beforehand_have_these_values_and_all_of_them(void **state)
{
    static struct all all;
    static const char *const topics[] = {"legal"};
    const struct gs_metric_known known = {
        .topics = topics, .n_topics = 1, .version = "1", .model = "m"};
    struct gs_metrics *metrics = NULL;
    struct gs_shard *shard = NULL;

    (void)state;
    assert_int_equal(gs_metrics_new(gs_metric_table, GS_N_METRICS, &metrics, NULL), GS_OK);
    assert_int_equal(gs_shard_new(metrics, &shard, NULL), GS_OK);
    gs_metrics_init_known(shard, &known);
    assert_int_equal(gs_metrics_visit(metrics, look, &all, NULL), GS_OK);
    assert_true(all.n > 15);
    for (size_t i = 0; i < all.n; i++) {
        print_message("  %s: %s\n", all.rows[i].label->name, all.rows[i].label->values);
        assert_int_equal(all.rows[i].n, gs_metric_label_count(all.rows[i].label));
    }
    gs_metrics_free(metrics);
}

/* ---- labels whose series come with a receiver or a verdict ---- */

typedef const char *name_fn(int i);

static const char *kind_name(int i)
{
    return gs_notify_kind_name((enum gs_notify_kind)i);
}

static const char *failure_name(int i)
{
    return gs_notify_failure_name((enum gs_notify_failure)i);
}

static const char *drop_name(int i)
{
    return gs_notify_drop_name((enum gs_notify_drop)i);
}

static const char *verdict_name(int i)
{
    return gs_incident_verdict_name((enum gs_incident_verdict)i);
}

static void enums_have_these_names(void **state)
{
    static const struct {
        enum gs_metric_id id;
        const char *label;
        name_fn *name;
        int first, end;
    } enums[] = {
        {GS_M_NOTIFY_SENT, "kind", kind_name, 0, GS_N_NOTIFY_KINDS},
        {GS_M_NOTIFY_FAILED, "reason", failure_name, GS_NOTIFY_FINE + 1, GS_N_NOTIFY_FAILURES},
        {GS_M_NOTIFY_DROPPED, "reason", drop_name, 0, GS_N_NOTIFY_DROPS},
        {GS_M_INCIDENT_VERDICTS, "verdict", verdict_name, GS_VERDICT_RIGHT, GS_N_INCIDENT_VERDICTS},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(enums); i++) {
        const struct gs_metric_label *label = gs_metric_label(enums[i].id, enums[i].label);
        print_message("  %s: %s\n", label->name, label->values);
        for (int j = enums[i].first; j < enums[i].end; j++) {
            assert_true(gs_metric_label_has(label, gs_str(enums[i].name(j))));
        }
        assert_int_equal(gs_metric_label_count(label), enums[i].end - enums[i].first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_label_is_explained),
        cmocka_unit_test(series_known_beforehand_have_these_values_and_all_of_them),
        cmocka_unit_test(enums_have_these_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
