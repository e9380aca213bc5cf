/* The masks that apply unless the configuration says otherwise. The order matters: a link may hold
 * an address, and an address or a mention a number.
 *
 * A row may also be a pattern (struct gs_rule_spec, normalize.h), and a text's `masked` counts the
 * matches of either. */
#include "ingest/text/clean/mask.h"
#include "ingest/text/clean/normalize.h"

static const struct gs_rule_spec defaults[] = {
    {"url", NULL, NULL, gs_mask_url},
    {"email and mention", NULL, NULL, gs_mask_at},
    {"number", NULL, NULL, gs_mask_number},
};

const struct gs_rule_spec *gs_rules_default(size_t *ret_n)
{
    *ret_n = GS_COUNT(defaults);
    return defaults;
}
