/* Any bytes as a receiver's answer: what is said of it is one line of UTF-8 within its bound. */
#include "alerting/notify/post_answer.h"
#include "ingest/base/utf8.h"

#include <stdint.h>
#include <stdlib.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char said[GS_POST_SAID];
    int64_t code = 0;
    char *exact = malloc(size > 0 ? size : 1); /* its own block: ASan sees a byte read too far */

    if (exact == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(exact, data, size);
    }
    gs_post_answer_text((struct gs_str){exact, size}, said);
    (void)gs_post_answer_code((struct gs_str){exact, size}, &code);
    const struct gs_str line = gs_str(said);
    if (line.len >= GS_POST_SAID || gs_utf8_check(line) != line.len) {
        abort();
    }
    for (size_t i = 0; i < line.len; i++) {
        if ((unsigned char)said[i] < ' ' || said[i] == 0x7f) {
            abort();
        }
    }
    free(exact);
    return 0;
}
