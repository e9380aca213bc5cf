/* Entities from two sides: names found in the cleaned title and text, with the place they stand at,
 * and names that fields of the record give (a feed's tickers, a forum's board), which have none. */
#include "deploy/daemon/pipeline/tagger_internal.h"

#include "ingest/text/watchlist/watchlist.h"

#include <string.h>

static size_t mention(const struct gs_watchlist *list, struct gs_str text, struct gs_str cue,
                      bool in_title, struct gs_entity_mention *mentions, size_t max)
{
    struct gs_match matches[GS_MAX_MENTIONS];
    const size_t n = gs_watchlist_find(list, text, cue, matches, max);

    for (size_t i = 0; i < n; i++) {
        mentions[i] = (struct gs_entity_mention){.id = matches[i].id,
                                                 .name = matches[i].name,
                                                 .tier = matches[i].tier,
                                                 .in_title = in_title,
                                                 .start = matches[i].start,
                                                 .end = matches[i].end};
    }
    return n;
}

/* Adds the entities that fields name, each once. Those that the watchlist does not know are
 * counted. */
static size_t resolve_named(const struct gs_watchlist *list, struct gs_tagging *tagging,
                            struct gs_entity_mention ret[GS_MAX_NAMED])
{
    const struct gs_message *message = &tagging->message;
    size_t n = 0;

    tagging->n_named_unknown = 0;
    for (size_t i = 0; i < message->n_named; i++) {
        struct gs_match match = {0};
        if (list == NULL || !gs_watchlist_resolve(list, message->named[i], &match)) {
            tagging->n_named_unknown++;
            continue;
        }
        size_t k = 0;
        while (k < n && !gs_str_equal(ret[k].id, match.id)) {
            k++;
        }
        if (k == n) {
            ret[n++] = (struct gs_entity_mention){
                .id = match.id, .name = match.name, .tier = match.tier, .in_field = true};
        }
    }
    tagging->n_named_known = message->n_named - tagging->n_named_unknown;
    return n;
}

/* Those of title and text in order, then those of fields, for which there is always room. */
void gs_tagging_find_entities(struct gs_tagging *tagging, const struct gs_watchlist *list)
{
    struct gs_tagged *tagged = &tagging->tagged;
    struct gs_entity_mention named[GS_MAX_NAMED];
    const size_t n = resolve_named(list, tagging, named);
    const size_t max = GS_MAX_MENTIONS - n;

    tagged->n_entities = 0;
    if (list != NULL) {
        size_t found = mention(list, tagged->title, tagged->text, true, tagged->entities, max);
        found += mention(list, tagged->text, tagged->title, false, tagged->entities + found,
                         max - found);
        tagged->n_entities = found;
    }
    if (n > 0) {
        memcpy(tagged->entities + tagged->n_entities, named, n * sizeof *named);
        tagged->n_entities += n;
    }
}
