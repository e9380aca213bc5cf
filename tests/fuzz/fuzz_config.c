/* Any bytes as a configuration. The property: either it loads, and then every setting is within
 * what its row allows, or there is a finding with a line of the file. What comes behind a NUL byte
 * is one --set. */
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/config/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static uint64_t whole(const void *field, size_t size)
{
    uint8_t one = 0;
    uint32_t four = 0;
    uint64_t eight = 0;

    switch (size) {
    case sizeof one:
        memcpy(&one, field, size);
        return one;
    case sizeof four:
        memcpy(&four, field, size);
        return four;
    default:
        memcpy(&eight, field, sizeof eight);
        return eight;
    }
}

static void check_number(const struct gs_option *option, const void *field)
{
    double value = 0;
    size_t n = 0;

    if (option->type == GS_OPT_DOUBLE) {
        memcpy(&value, field, sizeof value);
    } else {
        value = (double)whole(field, option->size);
    }
    if (option->type == GS_OPT_BOOL) {
        must(value <= 1);
    } else if (option->type == GS_OPT_ENUM) {
        while (option->values[n] != NULL) {
            n++;
        }
        must(value < (double)n);
    } else {
        must(isfinite(value) && value >= option->min && value <= option->max);
    }
}

static void check_texts(const struct gs_option *option, const void *field)
{
    struct gs_strings strings;

    memcpy(&strings, field, sizeof strings);
    must(strings.n <= 1024 && (strings.n == 0) == (strings.items == NULL));
    for (size_t i = 0; i < strings.n; i++) {
        must(strings.items[i] != NULL && strings.items[i][0] != '\0');
        if (option->type == GS_OPT_URLS) {
            must(gs_notify_check_url(strings.items[i], NULL) == GS_OK);
        } else {
            must(option->type == GS_OPT_PATHS || strlen(strings.items[i]) <= 249);
        }
    }
}

static void check_text(const struct gs_option *option, const void *field)
{
    const char *text = NULL;

    memcpy((void *)&text, field, sizeof text);
    if (text == NULL) { /* the host's name stands in for kafka.instance */
        must((option->flags & GS_OPT_OPTIONAL) != 0);
        return;
    }
    must(text[0] != '\0');
    must(option->type != GS_OPT_NAME || strlen(text) <= 249);
    must(option->type != GS_OPT_POINTER || text[0] == '/');
}

static void check_option(const struct gs_option *option, const struct gs_config *config)
{
    const void *field = (const char *)config + option->offset;

    switch (option->type) {
    case GS_OPT_STRING:
    case GS_OPT_PATH:
    case GS_OPT_POINTER:
    case GS_OPT_NAME:
        check_text(option, field);
        break;
    case GS_OPT_PATHS:
    case GS_OPT_NAMES:
    case GS_OPT_URLS:
        check_texts(option, field);
        break;
    case GS_OPT_RULES:
        must(config->text.rules.n <= GS_MAX_RULES);
        for (size_t i = 0; i < config->text.rules.n; i++) {
            must(config->text.rules.items[i].name[0] != '\0');
            must(config->text.rules.items[i].pattern[0] != '\0');
            must(config->text.rules.items[i].replace != NULL);
        }
        break;
    case GS_OPT_PROPERTIES:
        for (size_t i = 0; i < config->kafka.properties.n; i++) {
            must(config->kafka.properties.items[i].name[0] != '\0');
            must(config->kafka.properties.items[i].value != NULL);
        }
        break;
    default:
        check_number(option, field);
        break;
    }
}

static void check_fit(const struct gs_config *config)
{
    must(3600000 % config->watch.options.bin_ms == 0);
    must(config->watch.options.warning_evidence >= config->watch.options.info_evidence);
    must(config->watch.options.warning_false_alarms <= config->watch.options.info_false_alarms);
    must(config->watch.options.drop_after_ms > config->watch.options.lateness_ms);
    must(config->kafka.transaction_timeout_ms > config->batch.max_time_ms);
    must(config->kafka.instance != NULL);
}

static void run(struct gs_str yaml, const char *const *overrides, size_t n, bool keep_bad)
{
    const struct gs_config_input input = {.yaml = yaml,
                                          .name = "fuzz.yaml",
                                          .dir = "/nonexistent",
                                          .overrides = overrides,
                                          .n_overrides = n,
                                          .keep_bad = keep_bad};
    struct gs_diagnostics diagnostics = {.n = 0};
    struct gs_config *config = NULL;
    struct gs_error err = {.status = GS_OK};
    const enum gs_status status = gs_config_parse(&input, &config, &diagnostics, &err);

    if (status == GS_OK) {
        must(keep_bad || gs_diagnostics_count(&diagnostics) == 0);
        for (size_t i = 0; i < gs_n_options; i++) {
            check_option(&gs_options[i], config);
        }
        if (!keep_bad) {
            check_fit(config);
        }
    } else {
        must(status == GS_BAD_CONFIG && !keep_bad && config == NULL);
        must(diagnostics.n > 0 && err.message[0] != '\0');
    }
    for (size_t i = 0; i < diagnostics.n; i++) {
        const struct gs_diagnostic *diagnostic = &diagnostics.items[i];
        must(diagnostic->text[0] != '\0');
        must(diagnostic->line > 0 || strcmp(diagnostic->place, "--set") == 0);
        must(strpbrk(diagnostic->text, "\n\r\x1b") == NULL);
    }
    gs_config_free(config);
    gs_diagnostics_done(&diagnostics);
}

// NOLINTBEGIN(readability-identifier-naming): the name is libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size == 0 ? NULL : memchr(data, '\0', size);
    const size_t len = nul == NULL ? size : (size_t)(nul - data);
    const size_t rest = size - len;
    char *override = malloc(rest + 1);
    const char *overrides[1];

    must(override != NULL);
    if (rest > 1) {
        memcpy(override, nul + 1, rest - 1);
        override[rest - 1] = '\0';
    }
    overrides[0] = override;
    const struct gs_str yaml = {size == 0 ? "" : (const char *)data, len};
    run(yaml, overrides, rest > 1 ? 1 : 0, false);
    run(yaml, overrides, rest > 1 ? 1 : 0, true);
    free(override);
    return 0;
}
// NOLINTEND(readability-identifier-naming)
