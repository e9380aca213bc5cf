/* Refused lines by reason. Two messages have the same reason when they differ in figures only (an
 * offset, a column) behind the place; so the figures are folded before they are compared. */
#include "deploy/daemon/workbench/refusals.h"

#include "ingest/base/escape.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The message without "PATH:LINE: ", which is not always in front: paths are escaped in messages.
 */
static const char *reason_of(const char *path, size_t line, const char *message)
{
    char place[4096];
    const int n = snprintf(place, sizeof place, "%s:%zu: ", path, line);
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

void gs_refusals_add(struct gs_refusals *refusals, const char *path, size_t line,
                     const char *message)
{
    char why[sizeof refusals->reasons[0].why];
    size_t i = 0;

    fold(reason_of(path, line, message), why, sizeof why);
    refusals->n++;
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
        gs_print_line(stderr, "groundswell %s: %s", refusals->command, message);
    }
}

void gs_refusals_say_rest(struct gs_refusals *refusals)
{
    for (size_t i = 0; i < refusals->n_reasons; i++) {
        const size_t more = refusals->reasons[i].n - refusals->reasons[i].n_said;
        if (more > 0) {
            gs_print_line(stderr, "groundswell %s: and %zu more line%s: %s", refusals->command,
                          more, more == 1 ? "" : "s", refusals->reasons[i].why);
        }
    }
    if (refusals->n_other > 0) {
        gs_print_line(stderr, "groundswell %s: and %zu more lines for other reasons",
                      refusals->command, refusals->n_other);
    }
    refusals->n_reasons = 0;
    refusals->n_other = 0;
}
