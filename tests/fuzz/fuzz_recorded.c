/* Bytes become a file of records that an exhibit is held against. Properties:
 *   - every recorded change is of exactly one kind;
 *   - what is computed, put behind the bytes, is found in them byte for byte. */
#include "deploy/daemon/cli/replay_record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char firing[] = "{\"id\":\"00000000000000aa\",\"state\":\"firing\",\"updated_at\":"
                             "\"T1\",\"evidence\":[{\"id\":\"m\"}]}";
static const char resolved[] =
    "{\"id\":\"00000000000000aa\",\"state\":\"resolved\",\"updated_at\":\"T2\",\"evidence\":[]}";

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void run(struct gs_str text, struct gs_record_verdict *ret)
{
    const struct gs_str computed[] = {gs_str(firing), gs_str(resolved)};

    *ret = (struct gs_record_verdict){.path = "r"};
    check(gs_record_compare_text(text, "00000000000000aa", computed, 2, ret, NULL) == GS_OK);
    check(ret->n_recorded ==
          ret->n_same + ret->n_alike + ret->n_answered + ret->n_different + ret->n_missing);
    check((ret->n_differences > 0) == (ret->n_different > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gs_record_verdict alone;
    static struct gs_record_verdict with;
    const size_t len = size + 2 + sizeof firing;
    char *text = malloc(len);

    check(text != NULL);
    run((struct gs_str){(const char *)data, size}, &alone);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\n';
    memcpy(text + size + 1, firing, sizeof firing);
    run((struct gs_str){text, size + sizeof firing}, &with);
    check(with.n_recorded == alone.n_recorded + 1 && with.n_same == alone.n_same + 1);
    free(text);
    return 0;
}
