/* Chooses the format of /metrics from a client's Accept header (RFC 9110 section 12.5.1).
 *
 * Each range of the header is read for its type, version and weight q. OpenMetrics is chosen when
 * its weight is above 0 and not smaller than that of plain text, for which the most specific range
 * counts. */
#include "alerting/http/http.h"

#include <stdlib.h>
#include <strings.h>

/* One piece of text up to any of the ends, without the blanks around it; *at moves to the end. */
static struct gs_str next_piece(const char **at, const char *ends)
{
    const char *start = *at + strspn(*at, " \t");
    const char *end = start + strcspn(start, ends);

    *at = end;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    return (struct gs_str){start, (size_t)(end - start)};
}

static bool same(struct gs_str a, const char *b)
{
    return a.len == strlen(b) && strncasecmp(a.bytes, b, a.len) == 0;
}

/* "0", "1", or either with up to three decimals; anything else is the client's mistake and counts
 * as 0. */
static int thousandths(struct gs_str q)
{
    static const int places[] = {100, 10, 1};
    int value = 0;

    if (q.len == 0 || q.len > 5 || (q.bytes[0] != '0' && q.bytes[0] != '1') ||
        (q.len > 1 && q.bytes[1] != '.')) {
        return 0;
    }
    value = (q.bytes[0] - '0') * 1000;
    for (size_t i = 2; i < q.len; i++) {
        if (q.bytes[i] < '0' || q.bytes[i] > '9') {
            return 0;
        }
        value += (q.bytes[i] - '0') * places[i - 2];
    }
    return value > 1000 ? 0 : value;
}

struct range {
    struct gs_str type;
    struct gs_str version; /* {NULL, 0}: any */
    int q;                 /* in thousandths */
};

static struct gs_str unquoted(struct gs_str text)
{
    if (text.len >= 2 && text.bytes[0] == '"' && text.bytes[text.len - 1] == '"') {
        return (struct gs_str){text.bytes + 1, text.len - 2};
    }
    return text;
}

static struct range next_range(const char **at)
{
    struct range range = {.type = next_piece(at, ",;"), .q = 1000};

    while (**at == ';') {
        (*at)++;
        const struct gs_str name = next_piece(at, "=,;");
        struct gs_str value = {"", 0};
        if (**at == '=') {
            (*at)++;
            value = unquoted(next_piece(at, ",;"));
        }
        if (same(name, "q")) {
            range.q = thousandths(value);
        } else if (same(name, "version")) {
            range.version = value;
        }
    }
    if (**at == ',') {
        (*at)++;
    }
    return range;
}

bool gs_wants_open_metrics(const char *accept)
{
    int open_metrics = 0;
    int text = 0;
    int text_rank = 0; /* the most specific range that names plain text decides */

    while (accept != NULL && *accept != '\0') {
        const struct range range = next_range(&accept);
        const int rank = same(range.type, "text/plain") ? 3
                         : same(range.type, "text/*")   ? 2
                         : same(range.type, "*/*")      ? 1
                                                        : 0;
        if (same(range.type, "application/openmetrics-text") &&
            (range.version.bytes == NULL || same(range.version, "1.0.0"))) {
            open_metrics = range.q > open_metrics ? range.q : open_metrics;
        } else if (rank > text_rank) {
            text = range.q;
            text_rank = rank;
        } else if (rank > 0 && rank == text_rank) {
            text = range.q > text ? range.q : text;
        }
    }
    return open_metrics > 0 && open_metrics >= text;
}
