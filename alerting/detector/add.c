/* Counts one observation: checks it, finds its key and bin, and adds its weight there.
 *
 *     valid? ─► too late? ─► id seen before? ─► key ─► open bin ─► story: first, or a copy?
 *                                                                    └─► weight, publisher, excerpt
 *
 * A bin's sums are integers, so that the order of arrival cannot show in them. For the same reason
 * the first message of a story is the earliest by event time, not by arrival: when an earlier one
 * comes while the bin of the later one is still open, the weight moves to it (move_weight()). Those
 * that are no exact copies, but nearly, are found when the bin closes (near.c). */
#include "alerting/detector/events.h"
#include "alerting/detector/near.h"
#include "alerting/detector/watch_internal.h"

#include <assert.h>
#include <xxhash.h>

/* The place of an observation: its key, its bin, and what tells it from others. */
struct place {
    uint32_t key;
    int32_t bin;
    uint32_t offset_ms; /* in the bin */
    uint64_t id_hash;
    uint64_t story_hash; /* 0: stands alone */
    uint32_t p;
};

static struct gs_open_bin *save_open_bin(struct gs_watch *watch, uint32_t at)
{
    return gs_pool_save(&watch->open_bins, &watch->undo, at);
}

static void count(struct gs_open_bin *open, uint32_t weight, uint32_t p)
{
    if (open->n <= UINT32_MAX - weight) { /* 16 million messages in a bin; then it is full */
        open->n += weight;
        open->k += (uint64_t)weight * p;
    }
}

/* The same for a story in every key, so that keys whose bins keep a sample of their messages keep
 * those of the same stories (story_sample.c). */
static uint64_t excerpt_priority(const struct gs_observation *observation)
{
    return observation->story != 0 ? XXH3_64bits(&observation->story, sizeof observation->story)
                                   : XXH3_64bits(observation->id.bytes, observation->id.len);
}

/* An earlier message of a story stands for it now: the weight moves, and of a risk
 * event the vote, so that the order of arrival does not matter. The later one becomes the copy. */
static void move_weight(struct gs_watch *watch, const struct place *place,
                        const struct gs_observation *observation, const struct gs_story *story,
                        uint32_t copy_weight)
{
    const uint32_t at = gs_open_get(watch, place->key, story->bin, false);

    if (at != GS_NONE) {
        struct gs_open_bin *old = save_open_bin(watch, at);
        if (old->n >= GS_WEIGHT_ONE) {
            old->n -= GS_WEIGHT_ONE;
            old->k -= (uint64_t)GS_WEIGHT_ONE * story->p;
        }
        count(old, copy_weight, story->p);
        if (gs_is_event(watch, place->key) && story->p >= GS_P_ONE / 2) {
            gs_vote_drop(watch, old, (uint32_t)place->story_hash);
        }
    }
    if (story->p >= GS_P_ONE / 2) {
        gs_excerpt_drop(watch, place->key, story->bin, excerpt_priority(observation));
    }
}

static bool comes_before(const struct place *place, const struct gs_story *story)
{
    if (place->bin != story->bin) {
        return place->bin < story->bin;
    }
    if (place->offset_ms != story->offset_ms) {
        return place->offset_ms < story->offset_ms;
    }
    return (uint32_t)place->id_hash < story->id_hash;
}

/* The weight of an observation in its bin: full for a story's first, by event time. */
static uint32_t weigh(struct gs_watch *watch, const struct place *place,
                      const struct gs_observation *observation, bool *ret_copy)
{
    const struct gs_detector_params *params = &watch->params;
    struct gs_story story;

    *ret_copy = false;
    if (place->story_hash == 0) {
        return GS_WEIGHT_ONE;
    }
    if (!gs_stories_get(watch, place->story_hash, &story) ||
        (int64_t)place->bin - story.bin > params->story_bins) {
        story =
            (struct gs_story){place->bin, place->offset_ms, (uint32_t)place->id_hash, place->p, 1};
        gs_stories_put(watch, place->story_hash, &story);
        return GS_WEIGHT_ONE;
    }
    if ((int64_t)story.bin - place->bin > params->story_bins) {
        return GS_WEIGHT_ONE; /* so long before that it is another story */
    }
    const bool open = !watch->now.started || story.bin >= watch->now.next_bin;
    const uint32_t copy_weight = params->weight[story.copies];
    uint32_t weight = copy_weight;
    *ret_copy = true;
    story.copies += story.copies < 255;
    if (open && comes_before(place, &story)) {
        move_weight(watch, place, observation, &story, copy_weight);
        story = (struct gs_story){place->bin, place->offset_ms, (uint32_t)place->id_hash, place->p,
                                  story.copies};
        weight = GS_WEIGHT_ONE;
    }
    gs_stories_put(watch, place->story_hash, &story);
    return weight;
}

static bool is_valid(const struct gs_observation *observation)
{
    return observation->tier <= 9 && observation->p_negative >= 0.0 &&
           observation->p_negative <= 1.0 && observation->key.len > 0 &&
           observation->key.len <= GS_MAX_KEY_LEN &&
           gs_bound_ms(observation->ts_ms) == observation->ts_ms;
}

static uint32_t find_or_add_key(struct gs_watch *watch, uint64_t hash,
                                const struct gs_observation *observation)
{
    const struct gs_str text = observation->key;
    const uint32_t place = gs_table_hash(watch, hash);
    const uint32_t found = gs_table_find(watch, place, text);

    if (found != GS_NONE) {
        return found;
    }
    if (!gs_key_admit(watch, text)) {
        watch->now.refused_keys++;
        return GS_NONE;
    }
    const uint32_t made = gs_table_add(watch, place, text, observation->name);
    if (made != GS_NONE) {
        gs_key_admitted(watch, ((const struct gs_key *)gs_pool_at(&watch->keys, made))->kind);
    }
    return made;
}

/* Puts the observation into the bin of its time, or, when that is closed, into the first open one
 * (false: it is late). */
static bool place_in_time(struct gs_watch *watch, int64_t ts_ms, struct place *place)
{
    struct gs_core *now = &watch->now;
    const int32_t bin = gs_ms_to_bin(&watch->params, ts_ms);

    if (!now->started && !now->observed) {
        now->observed = true;
        now->next_bin = bin;
    }
    if (now->started && bin < now->next_bin) {
        place->bin = now->next_bin;
        place->offset_ms = 0;
        return false;
    }
    place->bin = bin;
    place->offset_ms = (uint32_t)(ts_ms - gs_bin_to_ms(&watch->params, bin));
    return true;
}

static void note_tier(struct gs_watch *watch, uint32_t at, uint8_t tier)
{
    if (((const struct gs_key *)gs_pool_at(&watch->keys, at))->tier != tier) {
        ((struct gs_key *)gs_pool_save(&watch->keys, &watch->undo, at))->tier = tier;
    }
}

static uint16_t hash_publisher(struct gs_str source)
{
    const uint64_t hash = XXH3_64bits(source.bytes, source.len);
    return (uint16_t)(hash >> 48 == 0 ? 1 : hash >> 48);
}

static bool count_observation(struct gs_watch *watch, const struct gs_observation *observation,
                              const struct place *place, uint32_t at)
{
    bool copy = false;
    const uint32_t weight = weigh(watch, place, observation, &copy);
    struct gs_open_bin *open = save_open_bin(watch, at);

    count(open, weight, place->p);
    open->reach += open->reach < UINT32_MAX;
    const bool negative_first = weight == GS_WEIGHT_ONE && place->p >= GS_P_ONE / 2;
    const bool event = gs_is_event(watch, place->key);
    if (observation->source.len > 0 && !event) {
        gs_open_note_pub(watch, open, hash_publisher(observation->source));
    }
    if (observation->source.len > 0 && event && negative_first) {
        gs_vote_add(watch, open, (uint32_t)place->story_hash, hash_publisher(observation->source));
    }
    if (weight == GS_WEIGHT_ONE && place->story_hash != 0) {
        gs_pending_add(watch, at,
                       &(struct gs_pending){.story_hash = place->story_hash,
                                            .priority = excerpt_priority(observation),
                                            .offset_ms = place->offset_ms,
                                            .id_hash = (uint32_t)place->id_hash,
                                            .outline = observation->outline});
    }
    if (negative_first) {
        gs_excerpt_add(watch, place->key, place->bin, excerpt_priority(observation), observation);
    }
    return copy;
}

enum gs_observation_result gs_watch_add(struct gs_watch *watch,
                                        const struct gs_observation *observation)
{
    struct place place = {0};

    assert(watch->open && !watch->closing.active);
    if (!is_valid(observation)) {
        return GS_OBSERVATION_REFUSED;
    }
    if (watch->now.started &&
        observation->ts_ms < watch->now.watermark_ms - watch->params.options.drop_after_ms) {
        return GS_OBSERVATION_TOO_LATE;
    }
    const uint64_t key_hash = XXH3_64bits(observation->key.bytes, observation->key.len);
    place.id_hash = XXH3_64bits_withSeed(observation->id.bytes, observation->id.len, key_hash);
    if (observation->id.len > 0 && gs_ids_has(watch, place.id_hash)) {
        return GS_OBSERVATION_REPEATED;
    }
    place.key = find_or_add_key(watch, key_hash, observation);
    if (place.key == GS_NONE) {
        return GS_OBSERVATION_REFUSED;
    }
    note_tier(watch, place.key, observation->tier);
    const bool in_time = place_in_time(watch, observation->ts_ms, &place);
    const uint32_t at = gs_open_get(watch, place.key, place.bin, true);
    if (at == GS_NONE) {
        return GS_OBSERVATION_REFUSED;
    }
    if (observation->id.len > 0) {
        gs_ids_add(watch, place.id_hash, place.bin);
    }
    if (observation->story != 0) {
        place.story_hash = XXH3_64bits_withSeed(&observation->story, 8, key_hash);
    }
    place.p = (uint32_t)(observation->p_negative * GS_P_ONE + 0.5);
    if (count_observation(watch, observation, &place, at)) {
        return GS_OBSERVATION_COPY;
    }
    return in_time ? GS_OBSERVATION_COUNTED : GS_OBSERVATION_LATE;
}
