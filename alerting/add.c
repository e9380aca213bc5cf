/* One sighting: is it valid, new, in time, a copy; and into its bin. */
#include "alerting/watch_parts.h"

#include <assert.h>
#include <xxhash.h>

/* Where a sighting goes. */
struct place {
    uint32_t key;
    int32_t bin;
    uint32_t offset_ms; /* in the bin */
    uint64_t id_hash;
    uint64_t story_hash; /* 0: stands alone */
    uint32_t p;
};

static struct gs_open_bin *touch_open(struct gs_watch *watch, uint32_t at)
{
    return gs_slab_touch(&watch->open_bins, &watch->undo, at);
}

static void count(struct gs_open_bin *open, uint32_t weight, uint32_t p)
{
    if (open->n <= UINT32_MAX - weight) { /* 16 million messages in a bin; then it is full */
        open->n += weight;
        open->k += (uint64_t)weight * p;
    }
}

/* An earlier message of a story stands for it now: the weight moves, so that the order of arrival
 * does not matter. The later one becomes the copy. */
static void move_weight(struct gs_watch *watch, const struct place *place,
                        const struct gs_story *story, uint32_t copy_weight)
{
    const uint32_t at = gs_open_get(watch, place->key, story->bin, false);

    if (at != GS_NONE) {
        struct gs_open_bin *old = touch_open(watch, at);
        if (old->n >= GS_WEIGHT_ONE) {
            old->n -= GS_WEIGHT_ONE;
            old->k -= (uint64_t)GS_WEIGHT_ONE * story->p;
        }
        count(old, copy_weight, story->p);
    }
    if (story->p >= GS_P_ONE / 2) {
        gs_excerpt_drop(watch, place->key, story->bin, place->story_hash);
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

/* The weight of a sighting in its bin: full for a story's first, by event time. */
static uint32_t weigh(struct gs_watch *watch, const struct place *place, bool *ret_copy)
{
    const struct gs_model *model = &watch->model;
    struct gs_story story;

    *ret_copy = false;
    if (place->story_hash == 0) {
        return GS_WEIGHT_ONE;
    }
    if (!gs_stories_get(watch, place->story_hash, &story) ||
        (int64_t)place->bin - story.bin > model->story_bins) {
        story =
            (struct gs_story){place->bin, place->offset_ms, (uint32_t)place->id_hash, place->p, 1};
        gs_stories_put(watch, place->story_hash, &story);
        return GS_WEIGHT_ONE;
    }
    if ((int64_t)story.bin - place->bin > model->story_bins) {
        return GS_WEIGHT_ONE; /* so long before that it is another story */
    }
    const bool open = !watch->now.started || story.bin >= watch->now.next_bin;
    const uint32_t copy_weight = model->weight[story.copies];
    uint32_t weight = copy_weight;
    *ret_copy = true;
    story.copies += story.copies < 255;
    if (open && comes_before(place, &story)) {
        move_weight(watch, place, &story, copy_weight);
        story = (struct gs_story){place->bin, place->offset_ms, (uint32_t)place->id_hash, place->p,
                                  story.copies};
        weight = GS_WEIGHT_ONE;
    }
    gs_stories_put(watch, place->story_hash, &story);
    return weight;
}

static bool is_valid(const struct gs_sighting *sighting)
{
    return sighting->p_negative >= 0.0 && sighting->p_negative <= 1.0 && sighting->key.len > 0 &&
           sighting->key.len <= GS_MAX_KEY_LEN && gs_bound_ms(sighting->ts_ms) == sighting->ts_ms;
}

static uint32_t find_or_add_key(struct gs_watch *watch, uint64_t hash, struct gs_str text)
{
    const uint32_t found = gs_table_find(watch, (uint32_t)hash, text);

    if (found != GS_NONE) {
        return found;
    }
    if (watch->keys.now.live >= watch->model.options.max_keys) {
        watch->now.refused_keys++;
        return GS_NONE;
    }
    return gs_table_add(watch, (uint32_t)hash, text);
}

/* The bin of a time, or the first that is open. */
static bool place_in_time(struct gs_watch *watch, int64_t ts_ms, struct place *place)
{
    struct gs_core *now = &watch->now;
    const int32_t bin = gs_ms_to_bin(&watch->model, ts_ms);

    if (!now->started && !now->sighted) {
        now->sighted = true;
        now->next_bin = bin;
    }
    if (now->started && bin < now->next_bin) {
        place->bin = now->next_bin;
        place->offset_ms = 0;
        return false;
    }
    place->bin = bin;
    place->offset_ms = (uint32_t)(ts_ms - gs_bin_to_ms(&watch->model, bin));
    return true;
}

static uint16_t hash_publisher(struct gs_str source)
{
    const uint64_t hash = XXH3_64bits(source.bytes, source.len);
    return (uint16_t)(hash >> 48 == 0 ? 1 : hash >> 48);
}

static bool count_sighting(struct gs_watch *watch, const struct gs_sighting *sighting,
                           const struct place *place, uint32_t at)
{
    bool copy = false;
    const uint32_t weight = weigh(watch, place, &copy);
    struct gs_open_bin *open = touch_open(watch, at);

    count(open, weight, place->p);
    open->reach += open->reach < UINT32_MAX;
    if (sighting->source.len > 0) {
        gs_pubs_add(open->pub, GS_BIN_PUBS, hash_publisher(sighting->source));
    }
    if (weight == GS_WEIGHT_ONE && place->p >= GS_P_ONE / 2) {
        gs_excerpt_add(watch, place->key, place->bin,
                       place->story_hash != 0 ? place->story_hash : place->id_hash, sighting);
    }
    return copy;
}

enum gs_sighting_result gs_watch_add(struct gs_watch *watch, const struct gs_sighting *sighting)
{
    struct place place = {0};

    assert(watch->open);
    if (!is_valid(sighting)) {
        return GS_SIGHTING_REFUSED;
    }
    if (watch->now.started &&
        sighting->ts_ms < watch->now.watermark_ms - watch->model.options.drop_after_ms) {
        return GS_SIGHTING_TOO_LATE;
    }
    const uint64_t key_hash = XXH3_64bits(sighting->key.bytes, sighting->key.len);
    place.id_hash = XXH3_64bits_withSeed(sighting->id.bytes, sighting->id.len, key_hash);
    if (sighting->id.len > 0 && gs_ids_has(watch, place.id_hash)) {
        return GS_SIGHTING_REPEATED;
    }
    place.key = find_or_add_key(watch, key_hash, sighting->key);
    if (place.key == GS_NONE) {
        return GS_SIGHTING_REFUSED;
    }
    const bool in_time = place_in_time(watch, sighting->ts_ms, &place);
    const uint32_t at = gs_open_get(watch, place.key, place.bin, true);
    if (at == GS_NONE) {
        return GS_SIGHTING_REFUSED;
    }
    if (sighting->id.len > 0) {
        gs_ids_add(watch, place.id_hash, place.bin);
    }
    if (sighting->dup_group != 0) {
        place.story_hash = XXH3_64bits_withSeed(&sighting->dup_group, 8, key_hash);
    }
    place.p = (uint32_t)(sighting->p_negative * GS_P_ONE + 0.5);
    if (count_sighting(watch, sighting, &place, at)) {
        return GS_SIGHTING_COPY;
    }
    return in_time ? GS_SIGHTING_COUNTED : GS_SIGHTING_LATE;
}
