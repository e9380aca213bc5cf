/* Names of models (model_name.h). */
#include "deploy/daemon/cli/model_name.h"

#include <stdio.h>
#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";

bool gs_model_name_is_fine(const char *name)
{
    const size_t len = strlen(name);

    return len > 0 && len < GS_MODEL_NAME_SIZE && name[0] != '.' && strspn(name, letters) == len;
}

void gs_model_name_after(const char *folder, const char *fallback, char ret[GS_MODEL_NAME_SIZE])
{
    size_t end = strlen(folder);
    while (end > 0 && folder[end - 1] == '/') {
        end--;
    }
    size_t start = end;
    while (start > 0 && folder[start - 1] != '/') {
        start--;
    }
    size_t n = 0;
    for (size_t i = start; i < end && n < GS_MODEL_NAME_SIZE - 1; i++) {
        const char c = folder[i];
        const char lower = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        const bool fine = strchr(letters, lower) != NULL && (n > 0 || lower != '.');
        ret[n++] = (char)(fine ? lower : '-');
    }
    ret[n] = '\0';
    if (n == 0) {
        (void)snprintf(ret, GS_MODEL_NAME_SIZE, "%s", fallback);
    }
}
