/* Shared by local.c (assembly, scores, totals), local_stage.c (both stages as one), local_beside.c
 * (several configurations over one input) and local_state.c (what is kept from one run to the next). */
#ifndef GS_DEPLOY_LOCAL_INTERNAL_H
#define GS_DEPLOY_LOCAL_INTERNAL_H

#include "deploy/daemon/service/local.h"
#include "deploy/daemon/service/service_internal.h"

enum gs_line_kind { GS_LINE_RAW, GS_LINE_TAGGED, GS_LINE_OBSERVATION };

struct gs_local {
    const struct gs_local_options *options;
    struct gs_assets assets;
    struct gs_metrics *metrics;
    struct gs_shard *shard;
    struct gs_series *produced, *watched; /* observations */
    uint64_t n_observed;                  /* in this batch */
    struct gs_incident_desk *desk;        /* NULL: not stage watch */
    struct gs_notifier *notifier;         /* NULL: nobody is told */
    struct gs_server *server;             /* NULL: none */
    struct gs_stage_tag *tag;
    struct gs_stage_watch *watch; /* NULL: not this stage */
    struct gs_local_state *state; /* NULL: none is kept */
    struct gs_observe_options observe;
    struct gs_arena *arena; /* of one line that is not raw */
    struct gs_buf json;     /* an observation on its way to its file */
    char file[4096];        /* whose kind is known */
    enum gs_line_kind kind;
    int64_t first_ts_ms, first_wall_ns; /* for the pace; first_wall_ns 0: no line yet */
    size_t max_line;                    /* bytes; a longer line is refused */
    /* Of several configurations over one input (local_beside.c): all but the first are shadows,
     * nothing of which goes out; one that tags as the first does has no stage tag, and follows what
     * the first has tagged. */
    bool shadow, follows;
    struct gs_local *follower; /* the next of those that follow; NULL: none */
    struct gs_local_totals totals;
};

/* ---- local.c ---- */

/* Loads and makes all that a run needs, but for the lane. After a failure too: gs_local_done(). */
GS_MUST_CHECK enum gs_status gs_local_make(struct gs_local *local, struct gs_error *err);
/* Runs its files through ops, to the end of the input. */
GS_MUST_CHECK
enum gs_status gs_local_run_lane(struct gs_local *local, const struct gs_stage_ops *ops, void *self,
                                 struct gs_error *err);
/* What became of it; calls options->nearest. */
GS_MUST_CHECK
enum gs_status gs_local_total(struct gs_local *local, struct gs_local_totals *ret,
                              struct gs_error *err);
void gs_local_done(struct gs_local *local);

/* A sink that takes everything and keeps nothing. */
extern struct gs_sink gs_nowhere;

/* Stage tag and stage watch, one behind the other; self is a struct gs_local. */
extern const struct gs_stage_ops gs_local_ops;

/* ---- local_state.c; without a state all of it does nothing ---- */

/* Loads what state.path names, if it is there, into the stages. GS_BAD_FORMAT, GS_BAD_CONFIG, GS_IO,
 * GS_NO_MEMORY. */
GS_MUST_CHECK enum gs_status gs_local_state_load(struct gs_local *local, struct gs_error *err);
/* Writes it; between two batches. GS_IO, GS_NO_MEMORY. */
GS_MUST_CHECK enum gs_status gs_local_state_save(struct gs_local *local, struct gs_error *err);
void gs_local_state_done(struct gs_local *local);
/* A line is taken in: *ret_counted says that the state has it already. GS_BAD_FORMAT: the file is not
 * the one that the state has counted lines of. */
GS_MUST_CHECK enum gs_status gs_local_state_line(struct gs_local *local,
                                                 const struct gs_record *record, bool *ret_counted,
                                                 struct gs_error *err);
/* The file that was read last is at its end. */
GS_MUST_CHECK enum gs_status gs_local_state_leave_file(struct gs_local *local,
                                                       struct gs_error *err);
void gs_local_state_begin(struct gs_local *local);
void gs_local_state_undo(struct gs_local *local);
void gs_local_state_committed(struct gs_local *local);

#endif
