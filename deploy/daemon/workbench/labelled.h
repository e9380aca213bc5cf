/* Labelled lines (JSON, or CSV in a file called .csv), and the way from a text to its features that
 * training, evaluation, explanation and benchmark share with tagging.
 *
 * Threads: owned by one thread. */
#ifndef GS_DEPLOY_LABELLED_H
#define GS_DEPLOY_LABELLED_H

#include "classifier/model.h"
#include "ingest/base/error.h"
#include "ingest/base/str.h"
#include "tokenizer/ngram/ngrams.h"

enum { GS_LABELLED_MAX_TAGS = 16, GS_LABELLED_MAX_LINE = 4 << 20 };

struct gs_record;
struct gs_refusals;
struct json_t;

/* One line. Strings are borrowed from the reader until its next call. */
struct gs_labelled {
    struct gs_str title, text, body; /* {NULL, 0}: absent */
    int sentiment;                   /* GS_NEGATIVE.. or -1 */
    bool binary;                     /* its set has no neutral class */
    bool has_topics, has_risks;
    const char *topics[GS_LABELLED_MAX_TAGS], *risks[GS_LABELLED_MAX_TAGS];
    size_t n_topics, n_risks;
    size_t line;                 /* from 1 */
    const struct gs_record *raw; /* the line as it came: path, number, bytes */
    const struct json_t *root;   /* the whole line; NULL: a plain text */
};

struct gs_labelled_reader; /* opaque */

/* plain_text: a line that does not begin with '{' is a text without labels. GS_IO names the path
 * ("-": stdin). */
GS_MUST_CHECK
enum gs_status gs_labelled_open(const char *path, bool plain_text, struct gs_labelled_reader **ret,
                                struct gs_error *err);
void gs_labelled_close(struct gs_labelled_reader *reader); /* NULL is fine */

/* The next line. GS_CLOSED at the end; GS_BAD_FORMAT for one line that cannot be read (the message
 * names it; call again for the next; ret->line and ret->raw are set); GS_IO. */
GS_MUST_CHECK
enum gs_status gs_labelled_next(struct gs_labelled_reader *reader, struct gs_labelled *ret,
                                struct gs_error *err);

/* Takes one line, which is good until it returns. Any status but GS_OK ends the reading. */
typedef enum gs_status gs_labelled_take_fn(void *arg, const struct gs_labelled *line,
                                           struct gs_error *err);

/* Gives take every line of a file of labelled rows. Lines that cannot be read are refused
 * (refusals.h). GS_IO, GS_NO_MEMORY, or what take has returned. */
GS_MUST_CHECK
enum gs_status gs_labelled_each(const char *path, struct gs_refusals *refusals,
                                gs_labelled_take_fn *take, void *arg, struct gs_error *err);

/* Takes "topics/NAME" or "risks/NAME", as knows= has them, apart. *ret_name is the end of text.
 * GS_BAD_CONFIG. */
GS_MUST_CHECK
enum gs_status gs_labelled_label(const char *text, enum gs_head *ret_head, const char **ret_name,
                                 struct gs_error *err);

struct gs_featuriser; /* opaque */
GS_MUST_CHECK
/* simplified: as the model wants it (gs_model_info); true for training, since what is written then
 * says so. */
enum gs_status gs_featuriser_new(bool simplified, struct gs_featuriser **ret, struct gs_error *err);
void gs_featuriser_free(struct gs_featuriser *featuriser); /* NULL is fine */

/* Holds what the model reads of a message. Everything is borrowed until the next call. */
struct gs_features {
    struct gs_str text;     /* cleaned: title, LF, text */
    const uint32_t *origin; /* [text.len + 1] byte of title LF text as given */
    size_t lang;
    const struct gs_feature *features;
    const uint32_t *hashes;
    size_t n;
};

/* Cleans with the rules that apply without a configuration. An error is about this text only. */
GS_MUST_CHECK
enum gs_status gs_featuriser_run(struct gs_featuriser *featuriser, struct gs_str title,
                                 struct gs_str text, struct gs_features *ret, struct gs_error *err);

#endif
