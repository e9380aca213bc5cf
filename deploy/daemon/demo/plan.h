/* Decides what a message will say: topic, company, publisher, tone and line, drawn as the part of
 * the stream it belongs to asks. */
#ifndef GS_DEMO_PLAN_H
#define GS_DEMO_PLAN_H

#include "deploy/daemon/demo/compose.h"
#include "deploy/daemon/demo/stream.h"

enum { GS_DEMO_MAX_PICKS = 24 };

/* The lines of one topic and tone. */
struct gs_demo_picks {
    const struct gs_demo_line *lines[GS_DEMO_MAX_PICKS];
    size_t n;
};

struct gs_demo_plan {
    struct gs_demo_picks ordinary[GS_DEMO_N_LANGS][GS_DEMO_N_TOPICS][GS_DEMO_N_TONES];
    struct gs_demo_picks surge[GS_DEMO_N_LANGS];
    const struct gs_demo_line *copied;
    unsigned total_weight[GS_DEMO_N_LANGS];
    double mood[GS_DEMO_N_LANGS][GS_DEMO_N_TOPICS]; /* logit offset of the negative share */
};

void gs_demo_plan_init(struct gs_demo_plan *plan);

/* Share of ordinary messages that the English central bank topic has. */
double gs_demo_plan_burst_share(const struct gs_demo_plan *plan);

/* A minute passes: moods wander. */
void gs_demo_plan_minute(struct gs_demo_plan *plan, struct gs_demo_random *random);

void gs_demo_plan_draw(const struct gs_demo_plan *plan, struct gs_demo_random *random,
                       enum gs_demo_plant plant, struct gs_demo_brief *ret);

/* A brief for one more copy of the copied story: only the publisher differs. */
void gs_demo_plan_copy(const struct gs_demo_plan *plan, struct gs_demo_random *random,
                       struct gs_demo_brief *ret);

#endif
