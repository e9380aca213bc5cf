/* A configuration from a text, and what was found wrong with it. */
#ifndef GS_TEST_CONFIG_FIXTURE_H
#define GS_TEST_CONFIG_FIXTURE_H

#include "deploy/daemon/config/config.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <string.h>

static inline enum gs_status parse(const char *yaml, const char *const *overrides, size_t n,
                                   struct gs_config **ret, struct gs_diagnostics *diagnostics)
{
    const struct gs_config_input input = {.yaml = gs_str(yaml),
                                          .name = "t.yaml",
                                          .dir = "/etc/gs",
                                          .overrides = overrides,
                                          .n_overrides = n};
    return gs_config_parse(&input, ret, diagnostics, NULL);
}

/* "line: text" of every finding, one a line. */
static inline void listed(const struct gs_diagnostics *diagnostics, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < diagnostics->n; i++) {
        const size_t at = strlen(text);
        (void)snprintf(text + at, size - at, "%s:%d: %s\n", diagnostics->items[i].place,
                       diagnostics->items[i].line, diagnostics->items[i].text);
    }
}

#endif
