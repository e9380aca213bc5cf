/* One line of the journal: what a person did about an incident, or what people were told of one.
 *
 *     {"v":1,"at":"2026-11-21T09:30:00.000Z","action":"mute","target":"entity:ACME","who":"anna",
 *      "why":"known","until":"2026-11-21T13:30:00.000Z","prev":"5f1c…"}
 *
 * prev is the SHA-256 of the line before, its line feed left out, so that no line can be changed,
 * taken out or put in between without the next one showing it (journal.h). Members that an action
 * does not have are left out; members that are not known are passed over.
 *
 * Threads: no state; an arena belongs to its caller. */
#ifndef GS_DEPLOY_JOURNAL_LINE_H
#define GS_DEPLOY_JOURNAL_LINE_H

#include "alerting/incidents/incidents.h"
#include "classifier/format/sha256.h"
#include "ingest/base/arena.h"
#include "ingest/base/buf.h"

enum gs_journal_action {
    GS_JOURNAL_ACK,
    GS_JOURNAL_UNACK,
    GS_JOURNAL_MUTE,
    GS_JOURNAL_UNMUTE,
    GS_JOURNAL_NOTICE, /* people were told of a change of an incident, or were not, and why */
    GS_N_JOURNAL_ACTIONS
};
const char *gs_journal_action_name(enum gs_journal_action action); /* "ack", "unack" … */

enum {
    GS_JOURNAL_WHY_BYTES = 1004,
    GS_JOURNAL_LINE_BYTES = 16 * 1024, /* a longer one is refused */
    GS_JOURNAL_ARENA_BYTES = 256 * 1024
};

/* Texts end in NUL. */
struct gs_journal_line {
    enum gs_journal_action action;
    int64_t at_ms;
    int64_t until_ms;                   /* of a mute; -1: as long as the incident lasts */
    char target[GS_INCIDENT_KEY_BYTES]; /* an incident's id (16 hex digits), or a key */
    char who[GS_INCIDENT_NAME_BYTES], why[GS_JOURNAL_WHY_BYTES]; /* why "": not said */
    uint8_t verdict;                                             /* enum gs_incident_verdict */

    /* of a notice */
    uint8_t notice, severity, silence;
    bool broke; /* it is told although a mute is on, since it got worse */
    uint32_t n_risks;
    char rule[GS_INCIDENT_RULE_BYTES], title[GS_INCIDENT_TITLE_BYTES];

    char prev[GS_SHA256_HEX];
};

/* Tells an incident's id from a key. */
bool gs_journal_is_incident(const char *target);

/* Appends the line, without a line feed; at most GS_JOURNAL_LINE_BYTES. */
void gs_journal_line_encode(const struct gs_journal_line *line, struct gs_buf *out);

/* Reads a line without its line feed. GS_BAD_FORMAT: it is not one; err says what is wrong with it.
 * GS_NO_MEMORY. The arena is only used inside, and reset. */
GS_MUST_CHECK
enum gs_status gs_journal_line_decode(struct gs_str text, struct gs_arena *arena,
                                      struct gs_journal_line *ret, struct gs_error *err);

#endif
