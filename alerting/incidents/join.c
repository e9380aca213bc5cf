/* Which incident an alert belongs to: the one whose keys are about the same stories.
 *
 * Companies are narrow, all other keys are broad: a topic has every company's bad news in it. So
 * that a day on which the whole market falls does not become one heap, what two keys share is held
 * against the part that would have to be explained:
 *
 *     company and company   half of the stories of the one that has fewer
 *     company and broad     half of the broad key's excess: without the company's stories it would
 *                           hardly have fired
 *     broad and broad       half of the excess of either
 *
 * and at least two stories each time, since a single round-up names everybody. A company joins an
 * incident that has companies only by its stories with one of those, never through a topic between
 * them. A broad key that no incident explains alone but all companies' together do (two companies'
 * bad days add up in one topic) has nothing to say of its own either: it goes to the one that
 * explains most.
 *
 * The excess of a key is the part of its negative messages above what is expected, so the shared
 * part of its stories, divided by that, is how much of its excess is explained. */
#include "alerting/incidents/incidents_internal.h"

static const double enough = 0.5;
enum { MIN_SHARED = 2 };

static uint32_t count_under(const struct gs_story_sample *sample, uint64_t limit)
{
    uint32_t n = sample->n;

    while (n > 0 && limit != UINT64_MAX && sample->hashes[n - 1] >= limit) {
        n--;
    }
    return n;
}

struct gs_story_overlap gs_story_overlap(const struct gs_story_sample *a,
                                         const struct gs_story_sample *b)
{
    const uint64_t limit = a->limit < b->limit ? a->limit : b->limit;
    struct gs_story_overlap ret = {.of_a = count_under(a, limit), .of_b = count_under(b, limit)};

    for (uint32_t i = 0, j = 0; i < ret.of_a && j < ret.of_b;) {
        if (a->hashes[i] == b->hashes[j]) {
            ret.shared++;
            i++;
            j++;
        } else if (a->hashes[i] < b->hashes[j]) {
            i++;
        } else {
            j++;
        }
    }
    return ret;
}

static bool narrow(const struct gs_incident_key *key)
{
    return key->kind == GS_KEY_ENTITY;
}

/* The part of a key's excess that so many of its stories are. */
static double explained(const struct gs_incident_key *key, uint32_t shared, uint32_t of)
{
    if (of == 0 || key->excess_part <= 0.0) {
        return 0.0;
    }
    const double part = (double)shared / of / key->excess_part;
    return part < 1.0 ? part : 1.0;
}

/* How well two keys fit, in [0, 1]. */
static double fit(const struct gs_incident_key *a, const struct gs_incident_key *b)
{
    const struct gs_story_overlap overlap = gs_story_overlap(&a->sample, &b->sample);

    if (overlap.shared < MIN_SHARED) {
        return 0.0;
    }
    if (narrow(a) && narrow(b)) {
        const uint32_t fewer = overlap.of_a < overlap.of_b ? overlap.of_a : overlap.of_b;
        return (double)overlap.shared / fewer;
    }
    const double of_a = narrow(a) ? 0.0 : explained(a, overlap.shared, overlap.of_a);
    const double of_b = narrow(b) ? 0.0 : explained(b, overlap.shared, overlap.of_b);
    return of_a > of_b ? of_a : of_b;
}

static double fit_incident(const struct gs_incident *incident, const struct gs_incident_key *key)
{
    bool has_company = false;
    double best = 0.0;

    for (uint32_t i = 0; i < incident->n_keys; i++) {
        has_company |= narrow(&incident->keys[i]);
    }
    for (uint32_t i = 0; i < incident->n_keys; i++) {
        const struct gs_incident_key *other = &incident->keys[i];
        if (narrow(key) && has_company && !narrow(other)) {
            continue;
        }
        const double one = fit(key, other);
        best = one > best ? one : best;
    }
    return best;
}

static bool in_sample(const struct gs_story_sample *sample, uint64_t hash)
{
    for (uint32_t i = 0; i < sample->n && sample->hashes[i] <= hash; i++) {
        if (sample->hashes[i] == hash) {
            return true;
        }
    }
    return false;
}

static uint32_t shared_with(const struct gs_incident *incident, const struct gs_incident_key *key)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < incident->n_keys; i++) {
        const uint32_t shared = gs_story_overlap(&key->sample, &incident->keys[i].sample).shared;
        most = shared > most ? shared : most;
    }
    return most;
}

static bool of_a_company(const struct gs_incidents *incidents, uint64_t hash)
{
    for (size_t i = 0; i < incidents->n_open; i++) {
        const struct gs_incident *incident = incidents->open[i];
        for (uint32_t j = 0; j < incident->n_keys; j++) {
            if (narrow(&incident->keys[j]) && in_sample(&incident->keys[j].sample, hash)) {
                return true;
            }
        }
    }
    return false;
}

/* The part of a broad key's excess that the companies of all incidents explain together. */
static double explained_by_all(const struct gs_incidents *incidents,
                               const struct gs_incident_key *key)
{
    uint32_t shared = 0;

    for (uint32_t i = 0; i < key->sample.n; i++) {
        shared += of_a_company(incidents, key->sample.hashes[i]);
    }
    return shared < MIN_SHARED ? 0.0 : explained(key, shared, key->sample.n);
}

struct gs_incident *gs_incident_join(const struct gs_incidents *incidents,
                                     const struct gs_incident_key *key,
                                     struct gs_incident *ret_related[GS_INCIDENT_RELATED],
                                     size_t *ret_n_related)
{
    struct gs_incident *best = NULL;
    struct gs_incident *nearest = NULL; /* shares the most stories */
    double best_fit = 0.0;
    uint32_t most = 0;
    size_t n = 0;

    for (size_t i = 0; i < incidents->n_open; i++) {
        struct gs_incident *incident = incidents->open[i];
        if (incident->state == GS_INCIDENT_ENDED) {
            continue;
        }
        const double one = fit_incident(incident, key);
        const uint32_t shared = shared_with(incident, key);
        if (one >= enough && one > best_fit) { /* of equals the one that was opened first */
            best = incident;
            best_fit = one;
        }
        if (shared > most) {
            nearest = incident;
            most = shared;
        }
        if (shared >= MIN_SHARED && n < GS_INCIDENT_RELATED) {
            ret_related[n++] = incident;
        }
    }
    *ret_n_related = n;
    if (best == NULL && !narrow(key) && explained_by_all(incidents, key) >= enough) {
        best = nearest;
    }
    return best;
}
