/* Refused lines by reason. Two messages have the same reason when they differ in figures only (an
 * offset, a column) behind the place; so the figures are folded before they are compared. */
#include "deploy/daemon/workbench/refusals.h"

#include "ingest/base/escape.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The message without "PATH:LINE: ", which is not always in front: paths are escaped in messages.
 */
static const char *reason_of(const struct gs_record *line, const char *message)
{
    char place[4096];
    const int n = snprintf(place, sizeof place, "%.*s:%lld: ", GS_STR_ARGS(line->topic),
                           (long long)line->offset);
    const bool there = n > 0 && (size_t)n < sizeof place && strncmp(message, place, (size_t)n) == 0;
    return there ? message + n : message;
}

static void fold(const char *reason, char *to, size_t size)
{
    size_t n = 0;
    for (; *reason != '\0' && n + 1 < size; reason++) {
        const bool digit = isdigit((unsigned char)*reason) != 0;
        if (!digit || n == 0 || to[n - 1] != '#') {
            const char folded[] = {*reason, '#'};
            to[n++] = folded[digit];
        }
    }
    to[n] = '\0';
}

/* On stderr, or counted. */
static void say(struct gs_refusals *refusals, const char *reason, const char *message)
{
    char why[sizeof refusals->reasons[0].why];
    size_t i = 0;

    fold(reason, why, sizeof why);
    while (i < refusals->n_reasons && strcmp(refusals->reasons[i].why, why) != 0) {
        i++;
    }
    if (i == GS_MAX_REASONS) {
        refusals->n_other++;
        return;
    }
    if (i == refusals->n_reasons) {
        refusals->n_reasons++;
        memcpy(refusals->reasons[i].why, why, sizeof why);
        refusals->reasons[i].n = 0;
        refusals->reasons[i].n_said = 0;
    }
    if (refusals->reasons[i].n++ < GS_REFUSALS_SAID) {
        refusals->reasons[i].n_said++;
        gs_print_line(stderr, "groundswell %s: %s", refusals->rejects.command, message);
    }
}

enum gs_status gs_refusals_open(struct gs_refusals *refusals, const char *command,
                                const char *rejects, struct gs_error *err)
{
    *refusals = (struct gs_refusals){0};
    return gs_rejects_open(&refusals->rejects, command, rejects, err);
}

enum gs_status gs_refusals_close(struct gs_refusals *refusals, enum gs_status status,
                                 struct gs_error *err)
{
    struct gs_error unwritten = {0};
    const enum gs_status closed = gs_rejects_close(&refusals->rejects, &unwritten);

    if (status == GS_OK && closed != GS_OK) {
        *err = unwritten;
        return closed;
    }
    return status;
}

enum gs_status gs_refusals_add(struct gs_refusals *refusals, const struct gs_record *line,
                               const char *message, struct gs_error *err)
{
    const char *reason = reason_of(line, message);

    refusals->n++;
    say(refusals, reason, message);
    return refusals->rejects.path == NULL
               ? GS_OK
               : gs_rejects_put(&refusals->rejects, line, "bad_line", reason, err);
}

void gs_refusals_say_rest(struct gs_refusals *refusals)
{
    for (size_t i = 0; i < refusals->n_reasons; i++) {
        const size_t more = refusals->reasons[i].n - refusals->reasons[i].n_said;
        if (more > 0) {
            gs_print_line(stderr, "groundswell %s: and %zu more line%s: %s",
                          refusals->rejects.command, more, more == 1 ? "" : "s",
                          refusals->reasons[i].why);
        }
    }
    if (refusals->n_other > 0) {
        gs_print_line(stderr, "groundswell %s: and %zu more lines for other reasons",
                      refusals->rejects.command, refusals->n_other);
    }
    refusals->n_reasons = 0;
    refusals->n_other = 0;
}
