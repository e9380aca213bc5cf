/* The part that keys of one kind share: the level that a new key starts from, and the hours of the
 * day.
 *
 *     key's bin leaves its delay line ─► gs_kind_teach(): sums of its hour's cell
 *     end of the bin being closed     ─► gs_kind_settle(): b, v of the kind; s, s_v of the cell
 *
 * A cell is an hour of weekdays or of weekend days, 48 in all. An observed residual is divided
 * between the level b and the offset s of its cell in proportion to their variances v and s_v, as
 * in a Kalman filter with two states.
 *
 * Every bin that leaves a key's delay line says something about its kind, but no more than
 * 1/between: keys differ from each other, so a single busy key must not fix the level of all. The
 * sums are integers, so that the order of keys does not matter. */
#include "alerting/detector/betabin.h"
#include "alerting/detector/events.h"
#include "alerting/detector/watch_internal.h"

#include <math.h>
#include <xxhash.h>

enum { RESERVED_KINDS = 5 }; /* topic, topic_lang, risk, entity, risks of companies */

static const double between = 0.5; /* variance of log odds between keys of one kind */
static const double max_v = 0.5;
static const double max_season_v = 0.04;
static const double max_season = 0.6;
static const double one = 1048576.0; /* 2^20 */

static struct gs_str kind_name(struct gs_str key)
{
    const char *colon = memchr(key.bytes, ':', key.len);

    if (gs_key_is_event(key)) {
        return gs_str("risk@"); /* no risk's baseline learns from it */
    }
    return (struct gs_str){key.bytes, colon == NULL ? 0 : (size_t)(colon - key.bytes)};
}

static void kind_init(struct gs_kind *kind, uint64_t name_hash)
{
    *kind = (struct gs_kind){.name_hash = name_hash, .v = (float)max_v};
    for (size_t i = 0; i < GS_CELLS; i++) {
        kind->s_v[i] = (float)max_season_v;
    }
}

/* The level of a kind starts from that of all kinds, when its first bin with messages closes. */
void gs_kind_born(const struct gs_kind *all, struct gs_kind *kind)
{
    if (!kind->born) {
        kind->born = true;
        kind->b = all->b;
    }
}

/* Keys without a colon belong to kind 0, which all teach, and so do those of made-up kinds past the
 * eleventh: the rest of the places is for topics, risks and companies, whenever they come. */
uint32_t gs_kind_find(struct gs_watch *watch, struct gs_str key)
{
    struct gs_core *now = &watch->now;
    const struct gs_str name = kind_name(key);
    const uint64_t hash = XXH3_64bits(name.bytes, name.len);

    if (now->n_kinds == 0) {
        kind_init(&now->kinds[now->n_kinds++], 0);
        now->kinds[0].b = (float)gs_logit(watch->params.options.prior_negative_share);
        now->kinds[0].born = true;
    }
    if (name.len == 0) {
        return 0;
    }
    for (uint32_t i = 1; i < now->n_kinds; i++) {
        if (now->kinds[i].name_hash == hash) {
            return i;
        }
    }
    const enum gs_rank rank = gs_rank_of(name);
    if (now->n_kinds >= GS_MAX_KINDS - (rank == GS_RANK_OTHER ? RESERVED_KINDS : 0)) {
        return 0;
    }
    kind_init(&now->kinds[now->n_kinds], hash);
    now->kinds[now->n_kinds].rank = (uint8_t)rank;
    return now->n_kinds++;
}

void gs_kind_teach(struct gs_kind *kind, int cell, double n, double share, double rho)
{
    const double mu = gs_sigmoid((double)kind->b + (double)kind->s[cell]);
    const double w = mu * (1.0 - mu);
    const double n_eff = n / (1.0 + fmax(n - 1.0, 0.0) * rho);
    const double info = 1.0 / (1.0 / (n_eff * w) + between);
    const double most = 2.5 / sqrt(info);
    const double residual = fmin(fmax((share - mu) / w, -most), most);

    kind->info[cell] += llround(info * one);
    kind->residual[cell] += llround(info * residual * one);
    kind->touched |= (uint64_t)1 << cell;
}

static void settle_cell(struct gs_kind *kind, int cell)
{
    const double info = (double)kind->info[cell] / one;

    if (info > 0.0) {
        const double residual = (double)kind->residual[cell] / one / info;
        const double v = (double)kind->v;
        const double s_v = (double)kind->s_v[cell];
        const double sum = 1.0 / info + v + s_v;
        kind->b = (float)fmin(fmax((double)kind->b + v / sum * residual, -8.0), 8.0);
        kind->s[cell] = (float)fmin(fmax((double)kind->s[cell] + s_v / sum * residual, -max_season),
                                    max_season);
        kind->v = (float)(v - v * v / sum);
        kind->s_v[cell] = (float)(s_v - s_v * s_v / sum);
    }
    kind->info[cell] = 0;
    kind->residual[cell] = 0;
}

void gs_kind_settle(const struct gs_detector_params *params, struct gs_kind *kind, int32_t bin)
{
    const double gap = (double)bin - (double)kind->last;

    if (gap > 0.0) { /* before the first bin everything is at its ceiling already */
        kind->v = (float)fmin((double)kind->v + gap * params->drift, max_v);
        for (int i = 0; i < GS_CELLS; i++) {
            kind->s_v[i] =
                (float)fmin((double)kind->s_v[i] + gap * params->season_drift, max_season_v);
        }
    }
    kind->last = bin;
    while (kind->touched != 0) {
        const int cell = __builtin_ctzll(kind->touched);
        kind->touched &= kind->touched - 1;
        settle_cell(kind, cell);
    }
}
