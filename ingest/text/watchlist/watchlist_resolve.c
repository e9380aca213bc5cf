/* A name that a field gives, such as a feed's ticker or a forum's board: it is an entity or it is
 * none, and no text around it says which. So the ways to write one are tried in turn: an id or a
 * company's name by the letter, then the whole value as the search in texts takes it, then as a
 * ticker that is marked as one. */
#include "ingest/text/watchlist/watchlist_internal.h"

#include <stdlib.h>

static const uint64_t several = UINT64_MAX; /* a name of more than one company */

/* Ids come first: what is one company's id is not another's name. */
enum gs_status gs_watchlist_index(struct gs_watchlist *list, struct gs_error *err)
{
    enum gs_status status = gs_map_new((size_t)2 * GS_WATCHLIST_MAX_COMPANIES, &list->by_name, err);

    for (size_t i = 0; i < list->n_companies && status == GS_OK; i++) {
        status = gs_map_put(list->by_name, list->companies[i].id, i, err);
    }
    for (size_t i = 0; i < list->n_companies && status == GS_OK; i++) {
        const struct gs_str name = list->companies[i].name;
        uint64_t other = i;
        const bool taken = gs_map_get(list->by_name, name, &other);
        if (!taken) {
            status = gs_map_put(list->by_name, name, i, err);
        } else if (other != i && other != several &&
                   !gs_str_equal(list->companies[other].id, name)) {
            status = gs_map_put(list->by_name, name, several, err);
        }
    }
    return status;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct gs_str trim(struct gs_str text)
{
    while (text.len > 0 && is_blank(text.bytes[0])) {
        text.bytes++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.bytes[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* The value between `before` and `behind`, as a text that holds nothing else: one match that ends
 * with the value. */
static bool reads_as(const struct gs_watchlist *list, struct gs_str value, const char *before,
                     const char *behind, struct gs_match *ret)
{
    char text[GS_WATCHLIST_MAX_NAME + 4];
    const size_t head = strlen(before);
    const size_t tail = strlen(behind);

    /* NOLINTBEGIN(bugprone-not-null-terminated-result): a text has a length and no NUL */
    memcpy(text, before, head);
    memcpy(text + head, value.bytes, value.len);
    memcpy(text + head + value.len, behind, tail);
    /* NOLINTEND(bugprone-not-null-terminated-result) */
    const struct gs_str whole = {text, head + value.len + tail};
    return gs_watchlist_find(list, whole, (struct gs_str){NULL, 0}, ret, 1) == 1 &&
           ret->end == head + value.len;
}

/* Says whether what stands before the match is part of a ticker's writing: "$", "NASDAQ:". */
static bool is_market(struct gs_str value, size_t start)
{
    return start == 0 || (start == 1 && value.bytes[0] == '$') ||
           memchr(value.bytes, ':', start) != NULL;
}

bool gs_watchlist_resolve(const struct gs_watchlist *list, struct gs_str value,
                          struct gs_match *ret)
{
    uint64_t at = 0;

    value = trim(value);
    if (value.len == 0 || value.len > GS_WATCHLIST_MAX_NAME) {
        return false;
    }
    if (gs_map_get(list->by_name, value, &at) && at != several) {
        const struct gs_company *company = &list->companies[at];
        *ret = (struct gs_match){.id = company->id, .name = company->name, .tier = company->tier};
        return true;
    }
    return (reads_as(list, value, "", "", ret) && is_market(value, ret->start)) ||
           (reads_as(list, value, "$", "", ret) && ret->start <= 1) ||
           (reads_as(list, value, "(", ")", ret) && ret->start <= 1);
}
