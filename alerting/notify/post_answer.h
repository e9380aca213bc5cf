/* What a receiver's answer says, for people: a server of somebody else's wrote it. */
#ifndef GS_ALERTING_POST_ANSWER_H
#define GS_ALERTING_POST_ANSWER_H

#include "ingest/base/str.h"

#include <stdint.h>

enum { GS_POST_SAID = 200 };

/* The text of an answer: of a JSON string itself, of a JSON object its "message" (or "error",
 * "errmsg", "msg"), of anything else its first bytes. One line of UTF-8, cut to its bound, ends in
 * NUL; "" when it says nothing. Any bytes are fine. */
void gs_post_answer_text(struct gs_str answer, char ret[GS_POST_SAID]);

/* The number that a chat service's answer gives for how it went: "errcode", "code" or "StatusCode" of
 * its object, 0 for well. False: it gives none. */
bool gs_post_answer_code(struct gs_str answer, int64_t *ret);

#endif
