/* Bytes become a CSV of counts. Properties:
 *   - it is refused with a message, or each row has a finite score in [0, 1);
 *   - the same bytes give the same scores. */
#include "deploy/daemon/cli/replay_counts.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static char *run(struct gs_str csv, size_t *ret_len)
{
    struct gs_counts_totals totals = {0};
    struct gs_error err = {0};
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_len);

    check(out != NULL);
    const enum gs_status status = gs_replay_counts_run(csv, "c", out, NULL, &totals, &err);
    check(fclose(out) == 0);
    check(status == GS_OK || err.message[0] != '\0');
    size_t lines = 0;
    for (size_t i = 0; i < *ret_len; i++) {
        lines += text[i] == '\n';
    }
    check(lines == totals.rows + (*ret_len > 0));
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len[2];
    char *once = run((struct gs_str){(const char *)data, size}, &len[0]);
    char *again = run((struct gs_str){(const char *)data, size}, &len[1]);

    check(len[0] == len[1] && memcmp(once, again, len[0]) == 0);
    for (char *at = strchr(once, '\n'); at != NULL && at[1] != '\0'; at = strchr(at + 1, '\n')) {
        char *end = strchr(at + 1, '\n');
        char *comma = end - 1;
        while (*comma != ',') {
            comma--;
        }
        const double score = strtod(comma + 1, NULL);
        check(isfinite(score) && score >= 0.0 && score <= 1.0);
    }
    free(once);
    free(again);
    return 0;
}
