/* The rules that protect people when the configuration has none.
 *
 * Made to be cheap: nearly every pattern begins with, or holds, a rare byte that PCRE2 can name
 * (see read_needs() in rules.c), runs are possessive, and a look-behind refuses to start in the
 * middle of a run. The order matters: a URL may hold an address, an address an '@'. */
#include "ingest/text/normalise.h"

/* Where a number may not begin: inside a number or behind a currency sign. */
#define START "(?<![0-9$€£¥])(?<![0-9][.,])"
/* Where it may not end: inside a number, before a unit of money or count. */
#define END "(?![0-9]|[.,][0-9]|%| ?(?:[元股万亿手吨份户]|[美港欧日]元|人民币|[Ss]hares|USD|RMB))"
#define MONTH_DAY "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"

/* The characters of RFC 3986 but for those that close a sentence around the URL. */
#define URL_TAIL "(?:[A-Za-z0-9\\-._~:/?#\\[\\]@!$&'()*+,;=%|]*[A-Za-z0-9\\-_~/#=&%$+])?"

static const struct gs_rule_spec defaults[] = {
    {"url", "(?i)(?<![a-z0-9])(?:https?|ftp)://" URL_TAIL, "http"},
    {"url_www", "(?i)(?<![a-z0-9.])www\\.[a-z0-9]" URL_TAIL, "http"},
    {"url_bare",
     "(?i)(?<![a-z0-9_@.\\-])(?:[a-z0-9][a-z0-9\\-]*+\\.)++"
     "(?:com|co|net|org|cn|hk|ly|me|io|gl|us|uk|de|fr|eu|tv|info|biz|to|be|al|tk|cc|in|im|st)"
     "/" URL_TAIL,
     "http"},
    {"email",
     "(?<![A-Za-z0-9._%+\\-])[A-Za-z0-9._%+\\-]++@[A-Za-z0-9\\-]++(?:\\.[A-Za-z0-9\\-]++)+",
     "<email>"},
    {"mention",
     "@(?!\\$?[0-9][0-9.,]*+(?:[kKmMbB%元块]|bn|mn|usd|cents?)?(?![A-Za-z_]))[\\w\\-]{1,30}",
     "@user"},
    {"resident_id",
     "(?<![0-9])(?<![0-9][.,])[1-9][0-9]{5}[ \\-]?(?:18|19|20)[0-9]{2}" MONTH_DAY
     "[ \\-]?[0-9]{3}[0-9Xx](?![0-9])",
     "<id>"},
    {"bank_card",
     START "(?:[3-6][0-9]{3}|9558|2[2-7][0-9]{2})"
           "(?:[0-9]{11,15}|(?:[ \\-][0-9]{4}){3}(?:[ \\-]?[0-9]{1,3})?|[ \\-][0-9]{6}[ "
           "\\-][0-9]{5})" END,
     "<card>"},
    {"phone_international",
     "(?<![0-9])\\+[1-9][0-9]{0,2}(?:(?=(?:[ ()\\-]{0,2}[0-9]){9,14}(?![0-9]))(?:[ "
     "\\-]?\\(?[0-9]{2,}\\)?){1,5}"
     "|(?:\\.[0-9]{1,4}){3,5})" END,
     "<phone>"},
    {"phone_cn", START "1[3-9][0-9](?:[ \\-]?[0-9]{4}){2}" END, "<phone>"},
    {"phone_cn_fixed", "\\(?" START "0[1-9][0-9]{1,2}[)\\-] ?[2-9][0-9]{6,7}(?![0-9])", "<phone>"},
    {"phone_us",
     "(?<![0-9.,\\-])(?:\\([2-9][0-9]{2}\\) "
     "?|(?:1-)?[2-9][0-9]{2}[\\-.])[2-9][0-9]{2}[\\-.][0-9]{4}(?![0-9])",
     "<phone>"},
};

const struct gs_rule_spec *gs_rules_default(size_t *ret_n)
{
    *ret_n = GS_COUNT(defaults);
    return defaults;
}
