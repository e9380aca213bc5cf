/* replay --html: what a replay found, as one page for people: when, how grave, who, why, and how far
 * it was from the usual. One file without a script; everything that comes from messages is escaped
 * (classifier/eval/report_page.h).
 *
 * Threads: a buffer has one owner. */
#ifndef GS_DEPLOY_REPLAY_PAGE_H
#define GS_DEPLOY_REPLAY_PAGE_H

#include "deploy/daemon/cli/replay_compare.h"
#include "deploy/daemon/cli/replay_series.h"

enum { GS_STORIES = 5 };

struct gs_replay_story {
    char source[52], text[204];
    int64_t ts_ms;
    double weight;
};

/* What an alert said when its evidence was largest. */
struct gs_replay_words {
    char alert[17];
    double log10_evidence;
    struct gs_replay_story stories[GS_STORIES];
    size_t n_stories;
};

/* A side of a replay that is shown as a page; charts: its gs_replay_series_take(). */
struct gs_replay_page {
    struct gs_replay_side *side;
    struct gs_replay_series *series;
    struct gs_replay_words *words;
    size_t n_words;
    const char *const *files;
    size_t n_files;
};

/* A gs_alert_fn that keeps the alert in its side too; arg is a struct gs_replay_page. */
void gs_replay_page_alert(void *arg, const struct gs_alert *alert);
void gs_replay_page_done(struct gs_replay_page *page); /* its words and series */
extern const char gs_replay_style[];
void gs_replay_page_write(const struct gs_replay_page *page, struct gs_buf *out);

#endif
