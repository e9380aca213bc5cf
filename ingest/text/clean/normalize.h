/* Text cleaning: what a person reads, in one spelling.
 *
 *   raw → UTF-8 repair → mojibake → HTML to text → NFKC, controls, white space → masks, rules
 *
 * NFKC is Unicode 15.0 (utf8proc 2.8) without case folding: case is kept, since tickers and
 * shouting carry meaning; folding for features happens where features are made. A vector path takes
 * ASCII and Han text; everything else goes to utf8proc, which is also the oracle in the tests.
 *
 * Each output byte maps back to the byte of the input it came from (evidence, explain).
 *
 * Threads: rules are constant after loading; a gs_norm is owned by one thread. */
#ifndef GS_INGEST_NORMALIZE_H
#define GS_INGEST_NORMALIZE_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

struct gs_watchlist;

enum gs_bad_utf8 { GS_UTF8_REPAIR, GS_UTF8_REJECT };

struct gs_mask;
struct gs_mask_text;

/* One rule: matches of pattern are replaced. Applied in order, each to the output of the last. */
struct gs_rule_spec {
    const char *name;    /* for messages: "email" */
    const char *pattern; /* PCRE2, UTF and UCP on; NULL where a function finds the matches */
    const char *replace; /* literal text with $1..$9 groups; "" deletes; NULL beside a function */
    /* Instead of a pattern: see ingest/text/clean/mask.h. */
    bool (*find)(const struct gs_mask_text *text, size_t from, struct gs_mask *ret);
};

enum { GS_MAX_RULES = 64 };

struct gs_rules; /* opaque: compiled rules */

/* How rules are run. Both ways give the same texts; machine code is several times faster, and takes
 * memory that is written first and run then, which a hardened system refuses (PR_SET_MDWE,
 * systemd's MemoryDenyWriteExecute). */
enum gs_jit {
    GS_JIT_AUTO, /* machine code, where the system allows it; else the interpreter */
    GS_JIT_OFF   /* the interpreter */
};

/* Compiles n rules (0 is fine). GS_BAD_CONFIG names the rule, the position in its pattern and
 * why; GS_NO_MEMORY. specs are copied. */
GS_MUST_CHECK
enum gs_status gs_rules_compile(const struct gs_rule_spec *specs, size_t n, enum gs_jit jit,
                                struct gs_rules **ret, struct gs_error *err);
/* The number of them that are interpreted. */
size_t gs_rules_interpreted(const struct gs_rules *rules);
void gs_rules_free(struct gs_rules *rules); /* NULL is fine */

/* The masks that come with the program: link → "http", e-mail address, telephone number, Chinese
 * resident ID, bank card and IBAN → "<email>" and so on; mentions → "@user". Cashtags are kept, and
 * so are companies of the watchlist that are addressed ("@Tesla"). */
const struct gs_rule_spec *gs_rules_default(size_t *ret_n);

struct gs_norm_options {
    enum gs_bad_utf8 bad_utf8;
    bool html; /* strip tags and entities */
    bool
        fix_mojibake; /* repair UTF-8 read as Latin-1/Windows-1252 (and GBK mis-reads where safe) */
    size_t max_text_bytes; /* longer input is cut at a character boundary and counted */
    const struct gs_watchlist *addressed; /* companies whose "@name" stays; borrowed; may be NULL */
};

/* Counts of what was done to one text. */
struct gs_norm_counts {
    uint32_t bad_bytes;   /* repaired to U+FFFD */
    uint32_t mojibake;    /* runs repaired */
    uint32_t cut;         /* 1 when max_text_bytes cut it */
    uint32_t rule_limits; /* rules that met their limit and masked the rest of the text */
    uint32_t masked;      /* matches replaced */
};

struct gs_norm; /* opaque: one thread's buffers and match data */

/* rules is borrowed and must outlive it. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_norm_new(const struct gs_rules *rules, const struct gs_norm_options *options,
                           struct gs_norm **ret, struct gs_error *err);
void gs_norm_free(struct gs_norm *norm); /* NULL is fine */

struct gs_norm_text {
    struct gs_str text;     /* valid UTF-8, in norm's buffer until its next call */
    const uint32_t *origin; /* [text.len + 1] byte of the input each output byte came from, never
                             * falling; the last is the end of the input used */
    struct gs_norm_counts counts;
};

/* Cleans one text. Steady state does not allocate. On success *ret is filled.
 * GS_BAD_FORMAT: invalid UTF-8 under GS_UTF8_REJECT (the message says at which byte);
 * GS_NO_MEMORY. A rule that meets its limit masks the rest of the text behind its last match
 * ("<masked>") and is counted, since what it did not look through may hold what it is there to
 * hide; the next rule goes on with what is left. */
GS_MUST_CHECK
enum gs_status gs_norm_run(struct gs_norm *norm, struct gs_str raw, struct gs_norm_text *ret,
                           struct gs_error *err);

/* Exact-duplicate fingerprint of normalized text: XXH3-64 of it case-folded (ASCII), with URLs,
 * @mentions, a leading "RT" and all that is not a letter, digit or Han character left out, so that
 * a retweet or a copy with another link has the same one. 0 for a text with nothing left. */
uint64_t gs_fingerprint(struct gs_str normalized);

#endif
