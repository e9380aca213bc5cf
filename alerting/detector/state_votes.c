/* The votes of an open bin as part of its key's record (events.c): their number, then each. They are
 * read in the order in which they were written, so that a state that was loaded is written again as
 * it was. */
#include "alerting/detector/events.h"
#include "ingest/base/buf.h"
#include "ingest/base/fields.h"

void gs_votes_write(const struct gs_watch *watch, const struct gs_open_bin *open,
                    struct gs_buf *out)
{
    uint32_t n = 0;

    for (uint32_t i = open->sketch; i != GS_NONE; n++) {
        i = ((const struct gs_vote *)gs_pool_at(&watch->votes, i))->at.next;
    }
    gs_fields_put(out, &n, sizeof n);
    for (uint32_t i = open->sketch; i != GS_NONE;) {
        const struct gs_vote *vote = gs_pool_at(&watch->votes, i);
        gs_fields_put(out, &vote->story, sizeof vote->story);
        gs_fields_put(out, &vote->pub, sizeof vote->pub);
        i = vote->at.next;
    }
}

bool gs_votes_read(struct gs_watch *watch, struct gs_fields_in *in, struct gs_open_bin *open)
{
    uint32_t n = 0;
    uint32_t *last = &open->sketch;

    if (!gs_fields_take(in, &n, sizeof n) || n == 0 || n > GS_OPEN_VOTES + 1) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = gs_pool_alloc(&watch->votes, &watch->undo);
        if (at == GS_NONE) {
            return false;
        }
        struct gs_vote *vote = gs_pool_at(&watch->votes, at);
        vote->at.next = GS_NONE;
        if (!gs_fields_take(in, &vote->story, sizeof vote->story) ||
            !gs_fields_take(in, &vote->pub, sizeof vote->pub) || vote->pub == 0) {
            return false;
        }
        *last = at;
        last = &vote->at.next;
    }
    return true;
}
