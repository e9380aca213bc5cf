/* Whatever vocab.txt and tokenizer_config.json say (the input has the latter before its first NUL,
 * if it has one): refused by name, or texts become ids. */
#include "tokenizer_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[64], vocab[128], config[128];
    const uint8_t *end = size == 0 ? NULL : memchr(data, 0, size);
    const size_t n_config = end == NULL ? 0 : (size_t)(end - data);
    const size_t skipped = end == NULL ? 0 : n_config + 1;

    if (folder[0] == '\0') {
        (void)snprintf(folder, sizeof folder, "/tmp/gs_fuzz_vocab_XXXXXX");
        check(mkdtemp(folder) != NULL);
        (void)snprintf(vocab, sizeof vocab, "%s/vocab.txt", folder);
        (void)snprintf(config, sizeof config, "%s/tokenizer_config.json", folder);
    }
    if (end != NULL) {
        put_file(config, data, n_config);
    }
    put_file(vocab, data + skipped, size - skipped);
    check_folder(folder);
    (void)unlink(config);
    (void)unlink(vocab);
    return 0;
}
