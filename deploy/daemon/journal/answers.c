/* A table of targets by name, to which lines are applied in the order of the journal. */
#include "deploy/daemon/journal/answers.h"

#include "ingest/base/map.h"
#include "ingest/base/utf8.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

struct gs_answers {
    struct gs_map *places; /* target → place */
    struct gs_answered **of;
    size_t n, max;
    size_t n_mutes; /* targets with a mute that nobody has lifted */
};

enum gs_status gs_answers_new(struct gs_answers **ret, struct gs_error *err)
{
    struct gs_answers *answers = calloc(1, sizeof *answers);

    if (answers == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "answers");
    }
    const enum gs_status status = gs_map_new(GS_ANSWERS_MAX, &answers->places, err);
    if (status != GS_OK) {
        free(answers);
        return status;
    }
    *ret = answers;
    return GS_OK;
}

void gs_answers_clear(struct gs_answers *answers)
{
    gs_map_clear(answers->places);
    for (size_t i = 0; i < answers->n; i++) {
        free(answers->of[i]);
    }
    answers->n = answers->n_mutes = 0;
}

void gs_answers_free(struct gs_answers *answers)
{
    if (answers != NULL) {
        gs_answers_clear(answers);
        gs_map_free(answers->places);
        free((void *)answers->of);
        free(answers);
    }
}

/* ---- the table ---- */

static struct gs_answered *find(const struct gs_answers *answers, struct gs_str target)
{
    uint64_t place = 0;

    return gs_map_get(answers->places, target, &place) ? answers->of[place] : NULL;
}

const struct gs_answered *gs_answers_find(const struct gs_answers *answers, const char *target)
{
    return find(answers, gs_str(target));
}

void gs_answers_each(const struct gs_answers *answers,
                     void (*visit)(void *arg, const struct gs_answered *answered), void *arg)
{
    for (size_t i = 0; i < answers->n; i++) {
        visit(arg, answers->of[i]);
    }
}

static bool make_room(struct gs_answers *answers)
{
    if (answers->n < answers->max) {
        return true;
    }
    const size_t max = answers->max == 0 ? 64 : 2 * answers->max;
    struct gs_answered **bigger =
        max <= GS_ANSWERS_MAX ? realloc((void *)answers->of, max * sizeof(void *)) : NULL;
    if (bigger == NULL) {
        return false;
    }
    answers->of = bigger;
    answers->max = max;
    return true;
}

/* NULL: no room. */
static struct gs_answered *find_or_make(struct gs_answers *answers, const char *target)
{
    struct gs_answered *answered = find(answers, gs_str(target));

    if (answered != NULL || !make_room(answers)) {
        return answered;
    }
    answered = calloc(1, sizeof *answered);
    if (answered == NULL) {
        return NULL;
    }
    (void)snprintf(answered->target, sizeof answered->target, "%s", target);
    if (gs_map_put(answers->places, gs_str(answered->target), answers->n, NULL) != GS_OK) {
        free(answered);
        return NULL;
    }
    answers->of[answers->n++] = answered;
    return answered;
}

void gs_answers_forget(struct gs_answers *answers, const char *target)
{
    uint64_t place = 0;

    if (!gs_map_get(answers->places, gs_str(target), &place)) {
        return;
    }
    answers->n_mutes -= answers->of[place]->muted;
    (void)gs_map_remove(answers->places, gs_str(target));
    free(answers->of[place]);
    answers->n--;
    memmove((void *)(answers->of + place), (void *)(answers->of + place + 1),
            (answers->n - place) * sizeof(void *));
    for (size_t i = place; i < answers->n; i++) {
        const enum gs_status moved =
            gs_map_put(answers->places, gs_str(answers->of[i]->target), i, NULL);
        assert(moved == GS_OK); /* it is there: that takes no room */
    }
}

/* ---- lines ---- */

static void copy(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%.*s", GS_STR_ARGS(gs_utf8_cut(gs_str(text), size - 1)));
}

static void apply_notice(struct gs_answered *answered, const struct gs_journal_line *line)
{
    if (answered->n_notices > 0 && line->at_ms == answered->noticed_at_ms &&
        line->notice == answered->notice) {
        return; /* the process's own, read again */
    }
    answered->opened_at_ms = answered->n_notices == 0 ? line->at_ms : answered->opened_at_ms;
    answered->n_notices++;
    answered->n_told += line->silence == GS_SILENCE_NONE;
    answered->noticed_at_ms = line->at_ms;
    answered->notice = line->notice;
    answered->severity = line->severity > answered->severity ? line->severity : answered->severity;
    answered->n_risks = line->n_risks > answered->n_risks ? line->n_risks : answered->n_risks;
    answered->broke_at_ms = line->broke ? line->at_ms : answered->broke_at_ms;
    copy(answered->title, sizeof answered->title, line->title);
    copy(answered->rule, sizeof answered->rule, line->rule);
}

static void set_muted(struct gs_answers *answers, struct gs_answered *answered, bool muted)
{
    answers->n_mutes += (size_t)muted - (size_t)answered->muted;
    answered->muted = muted;
}

bool gs_answers_apply(struct gs_answers *answers, const struct gs_journal_line *line)
{
    struct gs_answered *answered = find_or_make(answers, line->target);

    if (answered == NULL) {
        return false;
    }
    switch (line->action) {
    case GS_JOURNAL_ACK:
        answered->acknowledged = true;
        answered->acknowledged_at_ms = line->at_ms;
        copy(answered->acknowledged_by, sizeof answered->acknowledged_by, line->who);
        if (line->verdict != GS_VERDICT_NONE) {
            answered->verdict = line->verdict;
        }
        break;
    case GS_JOURNAL_UNACK:
        answered->acknowledged = false;
        answered->verdict = GS_VERDICT_NONE;
        break;
    case GS_JOURNAL_MUTE:
        set_muted(answers, answered, true);
        answered->muted_at_ms = line->at_ms;
        answered->muted_until_ms = line->until_ms;
        copy(answered->muted_by, sizeof answered->muted_by, line->who);
        copy(answered->muted_why, sizeof answered->muted_why, line->why);
        break;
    case GS_JOURNAL_UNMUTE:
        set_muted(answers, answered, false);
        break;
    default:
        apply_notice(answered, line);
        break;
    }
    return true;
}

/* ---- an incident's answers ---- */

static bool is_on(const struct gs_answered *mute, int64_t now_ms, int64_t broke_at_ms)
{
    return mute != NULL && mute->muted && mute->muted_at_ms > broke_at_ms &&
           (mute->muted_until_ms < 0 || now_ms < mute->muted_until_ms);
}

/* The mute of a key, under any of the names that it goes by. */
static const struct gs_answered *mute_of_key(const struct gs_answers *answers,
                                             const struct gs_incident_key *key, int64_t now_ms,
                                             int64_t broke_at_ms)
{
    const char *colon = strchr(key->key, ':');
    const char *slash = strchr(key->key, '/');
    char other[GS_INCIDENT_KEY_BYTES + GS_INCIDENT_NAME_BYTES];
    const struct gs_answered *mute = find(answers, gs_str(key->key));

    if (is_on(mute, now_ms, broke_at_ms) || colon == NULL) {
        return is_on(mute, now_ms, broke_at_ms) ? mute : NULL;
    }
    if (key->kind == GS_KEY_TOPIC_LANG && slash != NULL) {
        (void)snprintf(other, sizeof other, "topic%.*s", (int)(slash - colon), colon);
    } else {
        (void)snprintf(other, sizeof other, "%.*s%s", (int)(colon + 1 - key->key), key->key,
                       key->name);
    }
    mute = find(answers, gs_str(other));
    return is_on(mute, now_ms, broke_at_ms) ? mute : NULL;
}

/* The mute that ends first of those that together mute the incident; NULL: it is not muted. */
static const struct gs_answered *mute_by_keys(const struct gs_answers *answers,
                                              const struct gs_incident *incident, int64_t now_ms,
                                              int64_t broke_at_ms)
{
    const struct gs_answered *first = NULL;
    bool has_company = false;

    if (answers->n_mutes == 0 || incident->keys_left_out > 0) {
        return NULL; /* what those are about nobody knows any more */
    }
    for (uint32_t i = 0; i < incident->n_keys; i++) {
        has_company = has_company || incident->keys[i].kind == GS_KEY_ENTITY;
    }
    for (uint32_t i = 0; i < incident->n_keys; i++) {
        const struct gs_incident_key *key = &incident->keys[i];
        if (has_company && key->kind != GS_KEY_ENTITY) {
            continue;
        }
        const struct gs_answered *mute = mute_of_key(answers, key, now_ms, broke_at_ms);
        if (mute == NULL) {
            return NULL;
        }
        const bool sooner =
            first == NULL || first->muted_until_ms < 0 ||
            (mute->muted_until_ms >= 0 && mute->muted_until_ms < first->muted_until_ms);
        first = sooner ? mute : first;
    }
    return first;
}

void gs_answers_of(const struct gs_answers *answers, const struct gs_incident *incident,
                   int64_t now_ms, struct gs_incident_answer *ret)
{
    const struct gs_answered *own = gs_answers_find(answers, incident->id);
    const int64_t broke_at_ms = own == NULL ? 0 : own->broke_at_ms;
    const struct gs_answered *mute = is_on(own, now_ms, broke_at_ms)
                                         ? own
                                         : mute_by_keys(answers, incident, now_ms, broke_at_ms);
    struct gs_incident_answer answer = {.silence = ret->silence};

    memcpy(answer.route, ret->route, sizeof answer.route);
    if (own != NULL) {
        answer.verdict = own->verdict;
        answer.acknowledged = own->acknowledged;
        answer.acknowledged_at_ms = own->acknowledged_at_ms;
        memcpy(answer.acknowledged_by, own->acknowledged_by, sizeof answer.acknowledged_by);
    }
    if (mute != NULL) {
        answer.muted = true;
        answer.muted_until_ms = mute->muted_until_ms;
        memcpy(answer.muted_by, mute->muted_by, sizeof answer.muted_by);
        memcpy(answer.muted_why, mute->muted_why, sizeof answer.muted_why);
        memcpy(answer.muted_target, mute->target, sizeof answer.muted_target);
    }
    *ret = answer;
}

static uint32_t count_risks(const struct gs_incident *incident)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < incident->n_keys; i++) {
        n += incident->keys[i].kind == GS_KEY_RISK;
    }
    return n;
}

/* What was noted before counts, not what it was when it was muted: after a restart the same
 * incident rises once more to where it was. */
static bool breaks_mute(const struct gs_answered *own, const struct gs_incident *incident,
                        enum gs_mute_breaks breaks)
{
    if (incident->notice != GS_NOTICE_WORSE || own == NULL || own->n_notices == 0) {
        return false;
    }
    return (breaks >= GS_MUTE_BREAKS_ON_SEVERITY && incident->severity > own->severity) ||
           (breaks >= GS_MUTE_BREAKS_ON_RISK && count_risks(incident) > own->n_risks);
}

enum gs_incident_silence gs_answers_decide(const struct gs_answers *answers,
                                           const struct gs_incident *incident,
                                           enum gs_mute_breaks breaks, int64_t now_ms, bool quiet,
                                           bool *ret_broke)
{
    const struct gs_answered *own = gs_answers_find(answers, incident->id);
    const bool begun = incident->notice == GS_NOTICE_OPENED || incident->notice == GS_NOTICE_WORSE;
    struct gs_incident_answer answer = {0};

    gs_answers_of(answers, incident, now_ms, &answer);
    *ret_broke = answer.muted && breaks_mute(own, incident, breaks);
    if (answer.muted && !*ret_broke) {
        return GS_SILENCE_MUTED;
    }
    if (incident->notice == GS_NOTICE_REMINDER && answer.acknowledged) {
        return GS_SILENCE_ACKNOWLEDGED;
    }
    if (quiet && incident->severity < GS_SEVERITY_CRITICAL) {
        return GS_SILENCE_QUIET_HOURS;
    }
    return !begun && own != NULL && own->n_notices > 0 && own->n_told == 0 ? GS_SILENCE_UNTOLD
                                                                           : GS_SILENCE_NONE;
}

void gs_answers_notice(const struct gs_incident *incident, int64_t now_ms,
                       struct gs_journal_line *ret)
{
    *ret = (struct gs_journal_line){.action = GS_JOURNAL_NOTICE,
                                    .at_ms = now_ms,
                                    .until_ms = -1,
                                    .who = "groundswell",
                                    .notice = incident->notice,
                                    .severity = incident->severity,
                                    .n_risks = count_risks(incident)};
    memcpy(ret->target, incident->id, sizeof incident->id);
    copy(ret->title, sizeof ret->title, incident->title);
    copy(ret->rule, sizeof ret->rule, incident->keys[incident->lead].rule);
}

/* ---- what was found ---- */

size_t gs_answers_verdicts(const struct gs_answers *answers,
                           struct gs_verdict_row ret[GS_VERDICT_ROWS])
{
    size_t n = 0;

    for (size_t i = 0; i < answers->n; i++) {
        const struct gs_answered *answered = answers->of[i];
        size_t row = 0;
        while (row < n && (ret[row].severity != answered->severity ||
                           strcmp(ret[row].rule, answered->rule) != 0)) {
            row++;
        }
        if (answered->n_notices == 0 || row == GS_VERDICT_ROWS) {
            continue;
        }
        if (row == n) {
            ret[n] = (struct gs_verdict_row){.severity = answered->severity};
            memcpy(ret[n++].rule, answered->rule, sizeof answered->rule);
        }
        ret[row].n[answered->verdict]++;
    }
    return n;
}

double gs_verdict_precision(const struct gs_verdict_row *row)
{
    const uint32_t all =
        row->n[GS_VERDICT_RIGHT] + row->n[GS_VERDICT_DEBATABLE] + row->n[GS_VERDICT_WRONG];

    return all == 0 ? NAN : (double)row->n[GS_VERDICT_RIGHT] / all;
}
