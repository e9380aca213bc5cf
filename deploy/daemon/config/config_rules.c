/* Rules: those that come with the program, and the user's own behind them. */
#include "deploy/daemon/config/config.h"

#include "ingest/base/log.h"

#include <stdatomic.h>
#include <string.h>

void gs_rules_warn(const struct gs_rules *rules, enum gs_jit jit)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;

    if (jit == GS_JIT_AUTO && gs_rules_interpreted(rules) > 0 && !atomic_flag_test_and_set(&said)) {
        gs_log(GS_LOG_WARNING, "text",
               "this system denies memory that is written and then run: the rules of cleaning are "
               "interpreted, which is slower; text.jit: off says that it is meant");
    }
}

enum gs_status gs_config_compile_rules(const struct gs_config *config, struct gs_rules **ret,
                                       struct gs_error *err)
{
    struct gs_rule_spec specs[GS_MAX_RULES];
    size_t n = 0;
    const struct gs_rule_spec *defaults =
        config->text.use_default_rules ? gs_rules_default(&n) : NULL;

    if (n + config->text.rules.n > GS_MAX_RULES) {
        return gs_fail(err, GS_BAD_CONFIG,
                       "text.rules: more than %d rules, %zu default ones included",
                       (int)GS_MAX_RULES, n);
    }
    if (n > 0) {
        memcpy(specs, defaults, n * sizeof *specs);
    }
    if (config->text.rules.n > 0) {
        memcpy(specs + n, config->text.rules.items, config->text.rules.n * sizeof *specs);
    }
    return gs_rules_compile(specs, n + config->text.rules.n, config->text.jit, ret, err);
}
