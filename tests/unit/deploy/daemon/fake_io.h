/* A source and a sink made for tests: a list of records in, a log of calls out, failures on demand.
 *
 * They keep what a real pair promises: records come again after an abort, outputs of a batch count
 * only once it is committed. */
#ifndef GS_TEST_FAKE_IO_H
#define GS_TEST_FAKE_IO_H

#include "ingest/records/source.h"

enum { FAKE_MAX_RECORDS = 8192, FAKE_MAX_OUTPUTS = 4096, FAKE_MAX_FAILURES = 1024 };

struct fake_output {
    enum gs_stream stream;
    char key[64];
    char value[4096];
    char code[32]; /* header groundswell.error.code */
    size_t n_headers;
};

/* A record of the state stream, in the order of writing. */
struct fake_kept {
    char *bytes; /* key, value; owned */
    size_t key_len, value_len;
    bool gone;
};

struct fake_io {
    struct gs_source source; /* first: the ops cast back */
    struct gs_sink sink;

    const char *values[FAKE_MAX_RECORDS]; /* NULL: a null value */
    size_t n_values;
    size_t position, committed;    /* next record to give; where a rewind goes */
    struct gs_lane *stop_when_dry; /* stopped at the first GS_AGAIN */
    bool end;                      /* GS_CLOSED behind the last, else GS_AGAIN */
    bool broken, ends_well;        /* … or GS_IO, and what came before is good */

    /* The k-th call of commit gives commit_status[k]; GS_OK behind the last. */
    enum gs_status commit_status[FAKE_MAX_FAILURES];
    size_t n_commit_status;
    /* … and of open. */
    enum gs_status open_status[FAKE_MAX_FAILURES];
    size_t n_open_status;
    bool sink_closed; /* a commit is then a use after free */
    bool holds;       /* there are records between what was counted and where the group stands */
    size_t n_commits, n_aborts, n_begins, n_opens, n_closes;

    int64_t timestamp_ms; /* of every record; 0: they have none */
    size_t revoke_at;     /* before giving this record partitions are revoked and assigned again; 0:
                             never */
    bool revoke_lost, revoked_once;

    size_t refuse_len;  /* put gives GS_BAD_FORMAT for a longer value; 0: never */
    bool refuse_dlq;    /* ... for every record of the DLQ, however short */
    const char *poison; /* a commit whose batch holds an output with this value gives GS_ABORTED */

    /* What is written to GS_STREAM_STATE is read back when the clients are opened. */
    struct fake_kept *kept;
    size_t n_kept, n_kept_pending, max_kept;
    struct fake_output outputs[FAKE_MAX_OUTPUTS];
    size_t n_outputs, n_pending; /* committed; behind them those of the open batch */
};

void fake_io_init(struct fake_io *io);
void fake_io_done(struct fake_io *io); /* of what is kept */

/* For gs_lane_options.open; arg is the fake_io. Opening again keeps the committed position. */
enum gs_status fake_open(void *arg, const struct gs_source_events *events,
                         struct gs_source **ret_source, struct gs_sink **ret_sink,
                         struct gs_error *err);

/* Committed outputs of one stream. */
size_t fake_count(const struct fake_io *io, enum gs_stream stream);

#endif
