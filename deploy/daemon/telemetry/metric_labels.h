/* What each label of each metric can be: the table that the second part of deploy/docs/metrics.md
 * comes from. */
#ifndef GS_DEPLOY_METRIC_LABELS_H
#define GS_DEPLOY_METRIC_LABELS_H

#include "deploy/daemon/telemetry/metric_table.h"

struct gs_metric_label {
    const char *name;
    enum gs_metric_id first, last; /* which metrics; GS_N_METRICS as the last: all other ones */
    const char *values;            /* "a, b, c": there are no others; NULL: there are */
    const char *meaning;
};

/* The row that says what a label of a metric can be; NULL: none does. */
const struct gs_metric_label *gs_metric_label(enum gs_metric_id id, const char *name);

/* Of the label's values, "a, b, c", as many as there are. */
bool gs_metric_label_has(const struct gs_metric_label *label, struct gs_str value);
size_t gs_metric_label_count(const struct gs_metric_label *label);

/* The table, for the reference page. */
void gs_metric_labels_write(struct gs_buf *out);

#endif
