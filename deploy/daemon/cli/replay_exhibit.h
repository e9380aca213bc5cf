/* replay --alert ID: the examiner's exhibit. One alert or incident computed anew from kept data: its
 * records, the messages behind them as they stand in the input, and the hashes of all that decides
 * what is computed; held against the record that was kept, if there is one.
 *
 *     replay ─► every alert and incident ─► those of ID ─► evidence ─► lines of the input
 *     files ──► hashes, before and after the run
 *
 * Threads: one. */
#ifndef GS_DEPLOY_REPLAY_EXHIBIT_H
#define GS_DEPLOY_REPLAY_EXHIBIT_H

#include "deploy/daemon/cli/replay_provenance.h"
#include "deploy/daemon/cli/replay_record.h"
#include "deploy/daemon/service/local.h"

enum { GS_EXHIBIT_MODELS = 8 };

/* A message that an alert shows, and where it stands. */
struct gs_exhibit_message {
    char id[100], source[52], url[260], excerpt[204];
    int64_t ts_ms;
    double weight; /* in the first change that shows it */
    size_t file;   /* of the input; SIZE_MAX: not found */
    int64_t line;
    char *text; /* the whole line; NULL: not found */
    size_t len;
    char sha256[GS_SHA256_HEX]; /* of its bytes, without the line end */
};

/* One change of an alert, or of the incident. */
struct gs_exhibit_change {
    char id[17];
    char *json;
    size_t len;
    struct gs_exhibit_message *messages;
    size_t n_messages;
};

/* What tagged the messages, as tagged records say. */
struct gs_exhibit_model {
    char name[128], version[64], sha256[GS_SHA256_HEX];
};

struct gs_exhibit {
    char id[17];
    bool incident;                       /* the id is one of an incident */
    char part_of[17], part_title[400];   /* the incident that the alert is in; "": none */
    struct gs_exhibit_change *changes;   /* of the id, in order; of an incident its own first */
    size_t n_changes, n_own;             /* n_own: of the id itself, the first ones */
    struct gs_exhibit_message *messages; /* of all changes, each once, borrowed from them */
    size_t n_messages;
    struct gs_exhibit_model models[GS_EXHIBIT_MODELS];
    size_t n_models;
    bool tagged_here; /* the configuration's model was asked */
};

struct gs_exhibit_taker; /* opaque: what is kept while it runs */

/* GS_NO_MEMORY. files are borrowed. */
GS_MUST_CHECK
enum gs_status gs_exhibit_taker_new(const char *id, const char *const *files, size_t n_files,
                                    struct gs_exhibit_taker **ret, struct gs_error *err);
void gs_exhibit_taker_free(struct gs_exhibit_taker *taker); /* NULL is fine */
/* Hooks of gs_local_options; arg is the taker. */
void gs_exhibit_take_alert(void *arg, const struct gs_alert *alert);
void gs_exhibit_take_incident(void *arg, const struct gs_incident *incident);
void gs_exhibit_take_message(void *arg, const struct gs_local_message *message);

/* After the run: picks what is of the id, and reads the lines of its messages from the files again.
 * GS_NO_MEMORY, also where there were more alerts than can be kept; GS_IO. */
GS_MUST_CHECK
enum gs_status gs_exhibit_make(struct gs_exhibit_taker *taker, size_t max_line,
                               struct gs_exhibit *ret, struct gs_error *err);
void gs_exhibit_done(struct gs_exhibit *exhibit);

/* For people, and as one line of JSON. record: what it was held against; path NULL: nothing. */
void gs_exhibit_print(const struct gs_exhibit *exhibit, const struct gs_provenance *provenance,
                      const struct gs_record_verdict *record, FILE *out);
void gs_exhibit_json(const struct gs_exhibit *exhibit, const struct gs_provenance *provenance,
                     const struct gs_record_verdict *record, struct gs_buf *out);

#endif
