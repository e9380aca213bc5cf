/* What is kept of the windows, for people who look at it (`groundswell state`): a partition of the
 * input at a time, from the changelog or from a state's file. Nothing is written, no group is joined.
 *
 *     records ──► counted by what they are ──► loaded into a watch, as a start would
 *
 * Threads: one. */
#ifndef GS_DEPLOY_STATE_PARTS_H
#define GS_DEPLOY_STATE_PARTS_H

#include "alerting/detector/watch_state.h"
#include "deploy/daemon/config/config.h"

enum { GS_STATE_SORTS = 40 };

/* Records of one sort: "keys of entity", "ids", "messages" … */
struct gs_state_sort {
    char what[48];
    size_t n;
    uint64_t bytes;
};

struct gs_state_part {
    char topic[256]; /* the input's; "": files have none */
    int32_t partition;
    int64_t counted;    /* the offset up to which all is counted; -1: it does not say (files) */
    char group[256];    /* whose offset */
    int64_t written_ms; /* when the newest record was written; -1: not known */
    size_t n;
    uint64_t bytes;
    struct gs_state_sort sorts[GS_STATE_SORTS];
    size_t n_sorts;
    struct gs_watch *watch;       /* NULL: there is nothing, or it cannot be loaded: */
    struct gs_error why;          /* status GS_OK: it can */
    struct gs_watch_load loading; /* private */
};

/* Takes a partition, which is lent for the call; false: that is enough. */
typedef bool gs_state_part_fn(void *arg, struct gs_state_part *part);

/* Each partition of the changelog (output.topics.state). GS_IO, GS_AGAIN, GS_BAD_CONFIG: there is none;
 * GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_state_parts_in_topic(const struct gs_config *config, gs_state_part_fn *visit,
                                       void *arg, struct gs_error *err);
/* Each partition of the file state.path. GS_IO, GS_BAD_FORMAT, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_state_parts_in_file(const struct gs_config *config, gs_state_part_fn *visit,
                                      void *arg, struct gs_error *err);

#endif
