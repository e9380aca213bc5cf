/* Risk events: "this company defaults" is news at its first credible stories, long before a share
 * of anything rises.
 *
 * A key "risk:<label>@<company>" is counted like any other, but no share of it is ever tested. It
 * fires when event_publishers publishers have said it within event_window:
 *
 *     message ─► negative, and the first of its story? ─► vote of its publisher, in the open bin
 *     bin closes ─► its publishers ─► the key's list of publishers (publishers.c) ─► enough? alert
 *
 * One story, one vote: wire copies, retweets and small edits count for reach and say nothing more.
 * Which message of a story is the first is known only when its bin closes, since an earlier one may
 * come; so an open bin notes each story with its publisher, and the vote moves along with the
 * story's weight (add.c). What comes out does not depend on the order of arrival.
 *
 * One affair, one alert. It is over when nobody new has said so within the window, or after
 * new_normal_after; and then the key is silent until event_cooldown has passed without any vote. A
 * company of which it is said every day gives one alert, and then none.
 *
 * There is no statistic in this: how often it is wrong depends on the model and on the stream alone,
 * and no budget bounds it.
 *
 * Bounds: votes are kept while their bin is open, at most GS_OPEN_VOTES of a bin and max_excerpts in
 * all (`forgotten` counts the others); publishers as for any key. */
#include "alerting/detector/events.h"
#include "alerting/detector/episodes.h"
#include "alerting/detector/watch_internal.h"

#include <math.h>

/* Nothing of it teaches any baseline. */
static const struct gs_teach untaught = {.frozen_from = INT32_MIN, .frozen_to = INT32_MAX};

bool gs_key_is_event(struct gs_str key)
{
    static const char prefix[] = "risk:";
    const size_t len = sizeof prefix - 1;

    return key.len > len && memcmp(key.bytes, prefix, len) == 0 &&
           memchr(key.bytes + len, '@', key.len - len) != NULL;
}

/* ---- votes ---- */

void gs_vote_add(struct gs_watch *watch, struct gs_open_bin *open, uint32_t story, uint16_t pub)
{
    const bool full = open->n > GS_OPEN_VOTES * GS_WEIGHT_ONE ||
                      watch->votes.now.live >= watch->params.options.max_excerpts;
    const uint32_t at = full ? GS_NONE : gs_pool_alloc(&watch->votes, &watch->undo);

    if (at == GS_NONE) {
        watch->now.forgotten++;
        return;
    }
    struct gs_vote *vote = gs_pool_at(&watch->votes, at);
    vote->story = story;
    vote->pub = pub;
    vote->at.next = open->sketch;
    open->sketch = at;
}

void gs_vote_drop(struct gs_watch *watch, struct gs_open_bin *open, uint32_t story)
{
    uint32_t before = GS_NONE;

    for (uint32_t i = open->sketch; i != GS_NONE;) {
        const struct gs_vote *vote = gs_pool_at(&watch->votes, i);
        const uint32_t next = vote->at.next;
        if (vote->story == story) {
            if (before == GS_NONE) {
                open->sketch = next;
            } else {
                struct gs_vote *last = gs_pool_save(&watch->votes, &watch->undo, before);
                last->at.next = next;
            }
            gs_pool_release(&watch->votes, &watch->undo, i);
            return;
        }
        before = i;
        i = next;
    }
}

/* Votes become the open bin's publishers; false: there were none. */
static bool count_votes(struct gs_watch *watch, struct gs_open_bin *open)
{
    uint32_t i = open->sketch;

    open->sketch = GS_NONE;
    if (i == GS_NONE) {
        return false;
    }
    while (i != GS_NONE) {
        const struct gs_vote *vote = gs_pool_at(&watch->votes, i);
        const uint32_t next = vote->at.next;
        gs_open_note_pub(watch, open, vote->pub);
        gs_pool_release(&watch->votes, &watch->undo, i);
        i = next;
    }
    return true;
}

/* ---- the rule ---- */

void gs_event_window(const struct gs_watch *watch, const struct gs_key *key, struct gs_hour *ret)
{
    const int32_t bins = watch->params.event_bins;
    struct gs_hour said = {.bins = bins};

    for (int32_t i = 0; i < bins && i < GS_DELAY_BINS; i++) {
        const int32_t at = gs_bin_mod(key->last - i, GS_DELAY_BINS);
        const double n = gs_unpack(key->n[at]);
        said.n += n;
        said.k += n * key->share[at] / GS_SHARE_ONE;
    }
    for (int32_t i = 0; i < bins && i < GS_HOUR_BINS; i++) {
        said.reach += gs_unpack(key->reach[gs_bin_mod(key->last - i, GS_HOUR_BINS)]);
    }
    said.reach = fmax(said.reach, said.n);
    said.publishers = (double)gs_key_listed(key, bins);
    if (said.publishers >= GS_PUBS && bins >= GS_HOUR_BINS) {
        said.publishers = gs_key_publishers(watch, key);
    }
    /* Each has told one at least, also before the three hours that the ring knows. */
    said.stories = fmax(floor(said.n + 0.5), said.publishers);
    *ret = said;
}

static void step(struct gs_watch *watch, uint32_t key_at, struct gs_key *key, bool voted)
{
    const struct gs_detector_params *params = &watch->params;
    const size_t publishers = gs_key_listed(key, params->event_bins);
    const size_t enough = params->options.event_publishers;

    if (key->episode == GS_NONE) {
        if (voted && enough > 0 && publishers >= enough) {
            const int32_t since = gs_key_listed_since(key, params->event_bins);
            struct gs_episode *made = gs_episode_open(watch, key_at, key->last - since, 1.0);
            if (made != NULL) { /* else the next bin tries again */
                made->frozen_from = INT32_MAX;
                made->window = params->event_bins;
                made->severity = GS_SEVERITY_INFO; /* what it means decides (consequence.c) */
            }
        }
        return;
    }
    struct gs_episode *episode = gs_pool_save(&watch->episodes, &watch->undo, key->episode);
    if (episode->state == GS_EPISODE_OVER) {
        episode->ended = voted ? key->last : episode->ended; /* the affair goes on in silence */
    } else if (key->last - episode->fired >= params->new_normal_bins) {
        gs_episode_end(episode, key, GS_END_NEW_NORMAL);
    } else if (publishers == 0) {
        gs_episode_end(episode, key, GS_END_SILENT);
    }
}

void gs_event_close(struct gs_watch *watch, uint32_t at)
{
    struct gs_open_bin *open = gs_pool_save(&watch->open_bins, &watch->undo, at);
    const uint32_t key_at = open->key;
    struct gs_key *key = gs_pool_save(&watch->keys, &watch->undo, key_at);
    const struct gs_kind *kind = &watch->now.kinds[key->kind];

    if (!key->born) {
        gs_key_born(&watch->now.kinds[0], kind, key, open->bin);
    }
    gs_key_advance(&watch->params, kind, &untaught, key, open->bin);
    const bool voted = count_votes(watch, open);
    gs_key_absorb(key, open);
    gs_key_absorb_pubs(watch, key, open);
    gs_open_close(watch, key, at);
    step(watch, key_at, key, voted);
}

void gs_event_pass(struct gs_watch *watch, uint32_t key_at, int32_t bin)
{
    struct gs_key *key = gs_pool_save(&watch->keys, &watch->undo, key_at);

    gs_key_advance(&watch->params, &watch->now.kinds[key->kind], &untaught, key, bin);
    step(watch, key_at, key, false);
}
