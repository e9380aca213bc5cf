/* The column not_beside of a watchlist: for a short name, the characters that make another word of
 * it. 京东 between 北 and 城 is a part of 北京东城; "[北 南 东]京东[城 路]" says so, and a match
 * that stands there is none. It takes no knowledge of words: a desk reads where its names are found
 * wrongly, and writes down what stood beside them. */
#include "ingest/text/watchlist/watchlist_load.h"

/* Takes "[...]" off an end of part. False: it begins there and does not end, or is too long. */
static bool take_list(struct gs_str *part, bool front, struct gs_str *ret)
{
    *ret = (struct gs_str){part->bytes, 0};
    if (part->len == 0 || part->bytes[front ? 0 : part->len - 1] != (front ? '[' : ']')) {
        return true;
    }
    size_t at = front ? 1 : part->len - 1; /* behind the list's last byte, or on its first */
    if (front) {
        while (at < part->len && part->bytes[at] != ']') {
            at++;
        }
        *ret = gs_load_trim((struct gs_str){part->bytes + 1, at - 1});
        const bool closed = at < part->len;
        at += closed;
        *part = gs_load_trim((struct gs_str){part->bytes + at, part->len - at});
        return closed;
    }
    while (at > 0 && part->bytes[at - 1] != '[') {
        at--;
    }
    *ret = gs_load_trim((struct gs_str){part->bytes + at, part->len - 1 - at});
    *part = gs_load_trim((struct gs_str){part->bytes, at == 0 ? 0 : at - 1});
    return at > 0;
}

static bool all_short(struct gs_str list)
{
    size_t n = 0;

    for (size_t i = 0; i < list.len; i++) {
        n = list.bytes[i] == ' ' ? 0 : n + 1;
        if (n > GS_NEIGHBOUR_MAX) {
            return false;
        }
    }
    return true;
}

/* Whose not_beside it is: all entries of the row with this string. */
static enum gs_status give(struct gs_load *load, struct gs_str name, size_t first_wanted)
{
    const struct gs_str folded = gs_load_fold(load, name);
    size_t n = 0;

    if (folded.bytes == NULL) {
        return gs_load_no_memory(load);
    }
    for (size_t i = first_wanted; i < load->n_wanted; i++) {
        struct gs_wanted *w = &load->wanted[i];
        if (w->entry.kind != GS_ENTRY_NAME || !gs_str_equal(w->folded, folded)) {
            continue;
        }
        if (w->entry.beside != 0) {
            return gs_load_fail(load, load->csv.line, "not_beside given twice", name);
        }
        w->entry.beside = (uint32_t)load->list->n_neighbours;
        n++;
    }
    return n > 0 ? GS_OK
                 : gs_load_fail(load, load->csv.line,
                                "not_beside of what is no name or alias of the company", name);
}

static enum gs_status add_part(struct gs_load *load, struct gs_str part, size_t first_wanted)
{
    struct gs_watchlist *list = load->list;
    struct gs_str name = part;
    struct gs_str before;
    struct gs_str behind;

    if (!take_list(&name, true, &before) || !take_list(&name, false, &behind) || name.len == 0 ||
        before.len + behind.len == 0 || !all_short(before) || !all_short(behind)) {
        return gs_load_fail(load, load->csv.line,
                            "not_beside is [strings before]name[strings behind], each string at "
                            "most 24 bytes",
                            part);
    }
    if (!gs_load_grow(&list->neighbours, list->n_neighbours, &load->max_neighbours,
                      sizeof *list->neighbours)) {
        return gs_load_no_memory(load);
    }
    struct gs_neighbours *to = &list->neighbours[list->n_neighbours++];
    to->before = gs_load_fold(load, before);
    to->behind = gs_load_fold(load, behind);
    return to->before.bytes == NULL || to->behind.bytes == NULL ? gs_load_no_memory(load)
                                                                : give(load, name, first_wanted);
}

enum gs_status gs_load_neighbours(struct gs_load *load, struct gs_str field, size_t first_wanted)
{
    enum gs_status status = GS_OK;
    struct gs_str part;

    while (status == GS_OK && gs_load_next_part(&field, &part)) {
        status = add_part(load, part, first_wanted);
    }
    return status;
}
