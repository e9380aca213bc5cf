/* The texts in which one entity of a message is marked, for the sentiment toward it alone: its first
 * mention in title and text, once for each company.
 *
 *     Tesla beats, Ford falls ─┬─► «Tesla» beats, Ford falls
 *                              └─► Tesla beats, «Ford» falls
 *
 * An encoder reads the beginning of a text, so the marked one begins near a mention that is far
 * behind, at a blank where there is one, and ends some way behind it: all marked texts are short,
 * whatever the message's length. */
#include "deploy/daemon/pipeline/tagger_internal.h"

enum {
    FAR = 256,    /* bytes before a mention from which on the text is cut before it */
    BEFORE = 128, /* bytes that are then kept of them, about */
    BEHIND = 4096 /* bytes behind a mention: more than an encoder reads */
};

static bool is_inside(struct gs_str text, size_t at)
{
    return at < text.len && ((unsigned char)text.bytes[at] & 0xC0U) == 0x80U;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n';
}

/* Where the text of a mention begins: behind the first blank in what is kept, or at a character. */
static size_t first_byte(struct gs_str text, size_t start)
{
    if (start <= FAR) {
        return 0;
    }
    for (size_t at = start - BEFORE; at < start; at++) {
        if (is_blank(text.bytes[at])) {
            return at + 1;
        }
    }
    size_t at = start - BEFORE;
    while (is_inside(text, at)) {
        at++;
    }
    return at;
}

static size_t last_byte(struct gs_str text, size_t end)
{
    size_t at = text.len - end > BEHIND ? end + BEHIND : text.len;

    while (is_inside(text, at)) {
        at--;
    }
    return at;
}

static char *put(char *to, const char *bytes, size_t n)
{
    memcpy(to, bytes, n);
    return to + n;
}

/* False without memory. */
static bool mark(struct gs_arena *arena, struct gs_str text, size_t start, size_t end,
                 const struct gs_model_info *info, struct gs_str *ret)
{
    const size_t first = first_byte(text, start);
    const size_t last = last_byte(text, end);
    const struct gs_str open = gs_str(info->open);
    const struct gs_str close = gs_str(info->close);
    const size_t len = last - first + open.len + close.len;
    char *bytes = gs_arena_alloc(arena, len);

    if (bytes == NULL) {
        return false;
    }
    char *to = put(bytes, text.bytes + first, start - first);
    to = put(to, open.bytes, open.len);
    to = put(to, text.bytes + start, end - start);
    to = put(to, close.bytes, close.len);
    (void)put(to, text.bytes + end, last - end);
    *ret = (struct gs_str){bytes, len};
    return true;
}

/* The first mention of its company, which has a place in the text. */
static bool is_first(const struct gs_tagged *tagged, size_t i)
{
    bool first = !tagged->entities[i].in_field;

    for (size_t k = 0; k < i && first; k++) {
        first = !gs_str_equal(tagged->entities[k].id, tagged->entities[i].id);
    }
    return first;
}

void gs_tagging_mark_entities(struct gs_tagging *tagging, const struct gs_model_info *info,
                              struct gs_arena *arena)
{
    const struct gs_tagged *tagged = &tagging->tagged;
    /* of the text in the input, which is title + LF + text */
    const size_t behind = tagged->title.len > 0 ? tagged->title.len + 1 : 0;

    for (size_t i = 0; i < tagged->n_entities; i++) {
        const struct gs_entity_mention *entity = &tagged->entities[i];
        const size_t from = entity->in_title ? 0 : behind;
        if (!is_first(tagged, i)) {
            continue;
        }
        if (tagging->n_marked < GS_MAX_READ_ENTITIES &&
            mark(arena, tagging->input, from + entity->start, from + entity->end, info,
                 &tagging->marked[tagging->n_marked])) {
            tagging->marked_of[tagging->n_marked++] = i;
        } else {
            tagging->n_unmarked++;
        }
    }
}

/* All mentions of a company have its sentiment, those in fields too. */
void gs_tagging_fill_entities(struct gs_tagging *tagging, const struct gs_reply *reply)
{
    struct gs_tagged *tagged = &tagging->tagged;

    for (size_t i = 0; i < tagged->n_entities; i++) {
        tagged->entities[i].has_own = false;
    }
    for (size_t m = 0; m < reply->n_entities; m++) {
        const struct gs_str id = tagged->entities[tagging->marked_of[m]].id;
        for (size_t i = 0; i < tagged->n_entities; i++) {
            struct gs_entity_mention *entity = &tagged->entities[i];
            if (gs_str_equal(entity->id, id)) {
                entity->has_own = true;
                memcpy(entity->sentiment, reply->entities[m], sizeof entity->sentiment);
            }
        }
    }
    tagging->n_unmarked = reply->n_entities > 0 ? tagging->n_unmarked : 0;
}
