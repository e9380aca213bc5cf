/* replay --against: what two configurations make of the same data, held against each other.
 *
 * An alert is in both when each side has one of the same rule and key and their times overlap; an
 * incident, when they overlap and have a key in common. Ids are not asked: they hang on the start of
 * the excess, which another threshold may move. */
#ifndef GS_DEPLOY_REPLAY_COMPARE_H
#define GS_DEPLOY_REPLAY_COMPARE_H

#include "deploy/daemon/cli/replay_alerts.h"
#include "deploy/daemon/cli/replay_incidents.h"
#include "deploy/daemon/service/local.h"

/* One configuration, and what came of it. */
struct gs_replay_side {
    const char *path; /* of the configuration */
    const struct gs_config *config;
    struct gs_local_totals totals;
    struct gs_replay_alerts alerts;
    struct gs_replay_incidents incidents;
    struct gs_replay_nearest nearest;
};

/* Alerts (of a rule and kind of key) or incidents (rule NULL) that began on one day. */
struct gs_replay_day {
    int64_t day_ms;
    const char *rule;
    char kind[24];
    uint32_t n[2][GS_N_SEVERITIES]; /* before, after */
};

#define GS_REPLAY_ALONE SIZE_MAX /* has no counterpart */

struct gs_replay_compared {
    const struct gs_replay_side *sides; /* [2]: before, after */
    size_t *alerts[2];                  /* [rows of a side] its counterpart on the other */
    size_t *incidents[2];               /* the same */
    struct gs_replay_day *days;         /* in order of day, alerts before incidents */
    size_t n_days;
};

/* GS_NO_MEMORY. Borrows sides. */
GS_MUST_CHECK
enum gs_status gs_replay_compare(const struct gs_replay_side sides[2],
                                 struct gs_replay_compared *ret, struct gs_error *err);
void gs_replay_compared_done(struct gs_replay_compared *compared);

/* For people, and as one line of JSON (deploy/docs/cli.md). */
void gs_replay_compared_print(const struct gs_replay_compared *compared, FILE *out);
void gs_replay_compared_json(const struct gs_replay_compared *compared, struct gs_buf *out);

/* A side alone, as an object: what went in, what came of it, what came nearest. */
void gs_replay_side_json(const struct gs_replay_side *side, struct gs_buf *out);
/* "3 (1/2/0)": all, and those of info, warning and critical. */
void gs_replay_severities_write(char ret[48], const uint32_t n[GS_N_SEVERITIES]);
/* The days that the data spans. */
double gs_replay_days(const struct gs_local_totals *totals);
/* Incidents' notices of a side. */
unsigned gs_replay_notices(const struct gs_replay_incidents *incidents);

#endif
