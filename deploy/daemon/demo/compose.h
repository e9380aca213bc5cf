/* Puts a message together: fills a line's slots and dresses it as its publisher would. */
#ifndef GS_DEMO_COMPOSE_H
#define GS_DEMO_COMPOSE_H

#include "deploy/daemon/demo/phrases.h"
#include "deploy/daemon/demo/random.h"
#include "ingest/base/buf.h"

#include <stdint.h>

/* The message that is to be put into words; everything borrowed. */
struct gs_demo_brief {
    enum gs_demo_lang lang;
    const struct gs_demo_line *line;
    const struct gs_demo_company *company; /* what {co} and its like stand for; rival is {rival} */
    const struct gs_demo_company *rival;
    const struct gs_demo_publisher *publisher;
};

/* The two parts of a message, in plain text: what a reader would see. */
struct gs_demo_said {
    struct gs_buf title, text;
};

/* Fills slots: appends text with every {slot} replaced. A slot that nobody knows is a mistake in
 * the vocabulary (asserted). */
void gs_demo_fill(struct gs_demo_random *random, const struct gs_demo_brief *brief,
                  const char *text, struct gs_buf *out);

/* Says it: resets and fills title and text (one may stay empty). */
void gs_demo_say(struct gs_demo_random *random, const struct gs_demo_brief *brief,
                 struct gs_demo_said *out);

/* Wraps it as raw message in (deploy/docs/records.md), one JSON object without newline, appended to
 * out. */
void gs_demo_wrap(struct gs_demo_random *random, const struct gs_demo_brief *brief, const char *id,
                  int64_t ts_ms, const struct gs_demo_said *said, struct gs_buf *out);

#endif
