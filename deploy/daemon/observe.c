#include "deploy/daemon/observe.h"

#include "base/utf8.h"

#include <stdio.h>

struct seen {
    const struct gs_observe_options *options;
    struct gs_observation observation;
    char key[GS_MAX_KEY];
    gs_observe_fn *see;
    void *arg;
    struct gs_error *err;
};

/* text, cut at a character to at most max bytes. */
static struct gs_str cut(struct gs_str text, size_t max)
{
    if (text.len <= max) {
        return text;
    }
    while (max > 0 && ((unsigned char)text.bytes[max] & 0xC0U) == 0x80U) {
        max--;
    }
    return (struct gs_str){text.bytes, max};
}

static char *append(char *to, struct gs_str text)
{
    memcpy(to, text.bytes, text.len);
    return to + text.len;
}

/* "kind:name" or "kind:name/part"; a name too long for a key is cut. */
static enum gs_status see_key(struct seen *seen, const char *kind, struct gs_str name,
                              const char *part)
{
    const struct gs_str head = gs_str(kind);
    const struct gs_str tail = gs_str(part == NULL ? "" : part);
    char *to = append(seen->key, head);

    *to++ = ':';
    to = append(to, cut(name, GS_MAX_KEY - head.len - tail.len - 2));
    if (part != NULL) {
        *to++ = '/';
        to = append(to, tail);
    }
    seen->observation.key = (struct gs_str){seen->key, (size_t)(to - seen->key)};
    return seen->see(seen->arg, &seen->observation, seen->err);
}

static enum gs_status see_labels(struct seen *seen, const char *kind,
                                 const struct gs_scored_label *labels, size_t n, const char *part)
{
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < n && status == GS_OK; i++) {
        if (labels[i].p >= seen->options->min_topic_p) {
            status = see_key(seen, kind, labels[i].label, part);
        }
    }
    return status;
}

/* A company counts once a message, however often it is named. */
static enum gs_status see_entities(struct seen *seen, const struct gs_tagged *tagged)
{
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < tagged->n_entities && status == GS_OK; i++) {
        bool again = false;
        for (size_t j = 0; j < i && !again; j++) {
            again = gs_str_equal(tagged->entities[i].id, tagged->entities[j].id);
        }
        if (!again) {
            status = see_key(seen, "entity", tagged->entities[i].id, NULL);
        }
    }
    return status;
}

enum gs_status gs_observe(const struct gs_observe_options *options, const struct gs_tagged *tagged,
                          gs_observe_fn *see, void *arg, struct gs_error *err)
{
    const struct gs_str shown = tagged->title.len > 0 ? tagged->title : tagged->text;
    struct seen seen = {.options = options, .see = see, .arg = arg, .err = err};
    enum gs_status status = GS_OK;

    seen.observation = (struct gs_observation){.id = tagged->message->id,
                                               .ts_ms = tagged->message->ts_ms,
                                               .source = tagged->message->source,
                                               .p_negative = tagged->sentiment[0],
                                               .dup_group = tagged->dup_group,
                                               .excerpt = cut(shown, GS_MAX_EXCERPT)};
    if (options->topics) {
        status = see_labels(&seen, "topic", tagged->topics, tagged->n_topics, NULL);
    }
    if (status == GS_OK && options->entities) {
        status = see_entities(&seen, tagged);
    }
    if (status == GS_OK && options->risks) {
        status = see_labels(&seen, "risk", tagged->risks, tagged->n_risks, NULL);
    }
    if (status == GS_OK && options->sources && tagged->message->source.len > 0) {
        status = see_key(&seen, "source", tagged->message->source, NULL);
    }
    if (status == GS_OK && options->topic_lang) {
        status = see_labels(&seen, "topic_lang", tagged->topics, tagged->n_topics,
                            gs_lang_name(tagged->lang));
    }
    return status;
}
