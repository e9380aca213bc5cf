/* The ranges of what a state may hold. Its bytes may come from anywhere: what passes here cannot make
 * the detector read or write where it must not, loop for long, overflow, or give a number that is
 * none. What no check can see, such as a baseline that was never learnt, a checksum has to (that of
 * the file, or Kafka's own). */
#include "alerting/detector/state_fields.h"

bool gs_state_is_bin(const struct gs_watch *watch, int32_t bin)
{
    const int32_t margin = 64;

    return bin >= gs_ms_to_bin(&watch->params, gs_bound_ms(INT64_MIN)) - margin &&
           bin <= gs_ms_to_bin(&watch->params, gs_bound_ms(INT64_MAX));
}

static bool within(double x, double low, double high)
{
    return x >= low && x <= high;
}

bool gs_state_core_holds(const struct gs_watch *watch, const struct gs_core *core)
{
    return gs_state_is_bin(watch, core->next_bin) && gs_state_is_bin(watch, core->live_at) &&
           gs_state_is_bin(watch, core->near.bin) && gs_state_is_bin(watch, core->new_at) &&
           core->peers_day > -4000000 && core->peers_day < 4000000 && core->near.hour.bins >= 0 &&
           core->near.hour.bins <= GS_DAY_BINS &&
           gs_bound_ms(core->watermark_ms) == core->watermark_ms && core->n_kinds <= GS_MAX_KINDS &&
           core->near.m >= 0.0 &&
           (!core->started || gs_ms_to_bin(&watch->params, core->watermark_ms) == core->next_bin);
}

bool gs_state_kind_holds(const struct gs_watch *watch, const struct gs_kind *kind)
{
    bool holds = gs_state_is_bin(watch, kind->last) && kind->rank <= GS_RANK_EVENT &&
                 within((double)kind->b, -30, 30) && within((double)kind->v, 0, 1);

    for (size_t i = 0; i < GS_CELLS; i++) {
        holds = holds && within((double)kind->s[i], -10, 10) && within((double)kind->s_v[i], 0, 1);
    }
    return holds;
}

bool gs_state_peers_hold(const struct gs_peers *peers)
{
    bool hold = peers->key_days >= 0.0F && peers->days >= 0.0F && peers->squares >= 0.0F;

    for (size_t i = 0; i < GS_LEVELS; i++) {
        hold = hold && peers->events[i] >= 0.0F;
    }
    for (size_t i = 0; i < GS_BUDGETS; i++) {
        hold = hold && peers->c[i] >= 0.0F;
    }
    return hold;
}

bool gs_state_ages_hold(const uint8_t *ages, size_t n, uint8_t most)
{
    bool hold = true;

    for (size_t i = 0; i < n; i++) {
        hold = hold && ages[i] <= most;
    }
    return hold;
}

bool gs_state_key_holds(const struct gs_watch *watch, const struct gs_key *key)
{
    const struct gs_core *now = &watch->now;
    bool holds = gs_state_is_bin(watch, key->last) && gs_state_is_bin(watch, key->seen) &&
                 gs_state_is_bin(watch, key->excess_from) &&
                 gs_state_ages_hold(key->pub_age, GS_PUBS, GS_LISTED_BINS) &&
                 key->own.volume < GS_VOLUMES && key->tier <= 9 && key->own.peak <= GS_LEVELS &&
                 key->long_n >= 0.0F && key->long_k >= 0.0F && key->long_e >= 0.0F &&
                 within((double)key->b, -30, 30) && within((double)key->v, 0, 1) &&
                 key->rho_den >= 0.0F && key->hour_var >= 0.0F && key->ratio_n >= 0.0F &&
                 key->ratio_sum >= 0.0F && within((double)key->cusum, 0, 1e6);

    for (size_t i = 0; i < GS_TERMS; i++) {
        holds = holds && key->m[i] >= 0.0F;
    }
    if (key->born) {
        holds = holds && now->started && key->last < now->next_bin && key->seen <= now->live_at &&
                key->seen <= key->last && key->excess_from <= key->last;
    }
    return holds;
}

bool gs_state_episode_holds(const struct gs_watch *watch, const struct gs_key *key,
                            const struct gs_episode *episode)
{
    const int32_t most = 1 << 30;
    const int32_t starts[] = {episode->starts, episode->fired, episode->ended};
    bool holds =
        key->born && episode->state <= GS_EPISODE_OVER && episode->severity < GS_N_SEVERITIES &&
        episode->shown < GS_N_SEVERITIES && episode->why <= GS_END_NEW_NORMAL &&
        episode->calm >= 0 && episode->calm < most && episode->threshold >= 0.0 &&
        episode->window >= 1 &&
        (key->event ? episode->window <= GS_MAX_EVENT_BINS
                    : episode->window == GS_HOUR_BINS || episode->window == GS_DELAY_BINS ||
                          episode->window == GS_DAY_BINS) &&
        (gs_state_is_bin(watch, episode->frozen_from) || episode->frozen_from == INT32_MAX);

    for (size_t i = 0; i < GS_COUNT(starts); i++) {
        const bool counts = i < 2 || episode->state == GS_EPISODE_OVER;
        holds = holds && (!counts || (gs_state_is_bin(watch, starts[i]) && starts[i] <= key->last &&
                                      (int64_t)key->last - starts[i] < most));
    }
    return holds;
}

bool gs_state_habit_holds(const struct gs_habit *habit)
{
    bool holds =
        habit->cell < GS_CELLS && habit->n >= 0.0F && habit->k >= 0.0F && habit->n_eff >= 0.0F;

    for (size_t i = 0; i < GS_CELLS; i++) {
        holds = holds && habit->next[i] < GS_HABIT_DAYS && habit->days[i] <= GS_HABIT_DAYS;
    }
    return holds;
}

bool gs_state_open_bin_holds(const struct gs_watch *watch, const struct gs_open_bin *open)
{
    return gs_state_is_bin(watch, open->bin) && open->k <= (uint64_t)open->n * GS_P_ONE &&
           (!watch->now.started || open->bin >= watch->now.next_bin);
}
