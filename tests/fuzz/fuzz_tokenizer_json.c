/* Whatever tokenizer.json says: it is refused by name, or texts become ids of its vocabulary with
 * places in the text. */
#include "tokenizer_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[64], path[128];

    if (folder[0] == '\0') {
        (void)snprintf(folder, sizeof folder, "/tmp/gs_fuzz_json_XXXXXX");
        check(mkdtemp(folder) != NULL);
        (void)snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    }
    put_file(path, data, size);
    check_folder(folder);
    (void)unlink(path);
    return 0;
}
