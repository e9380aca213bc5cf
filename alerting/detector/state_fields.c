/* The fields of the detector's structs that are kept.
 *
 * Who changes a struct is told by the size that is asserted below its table. Then:
 *
 *     a field comes    its row goes to the end of the table, with `since` = GS_STATE_VERSION + 1
 *     a field goes     its row stays with `until` = GS_STATE_VERSION + 1, and at 0
 *     a meaning changes    both: the old one goes, another comes
 *     then GS_STATE_VERSION is raised, the size here is changed, and tests/golden/state gets a state
 *     that the version before wrote (its README says how)
 *
 * A field that is not read (an older state) is 0: if that is wrong, state_read.c is the place to say
 * what it is. Numbers of items, of pools and of places in tables are not kept: a load gives new
 * ones. */
#include "alerting/detector/state_fields.h"

#define TABLE(name, rows)                                                                          \
    const struct gs_field_table name = {rows, sizeof(rows) / sizeof((rows)[0])}
/* The size of the struct that the table above was made for. */
#define MADE_FOR(type, size)                                                                       \
    _Static_assert(sizeof(type) == (size), #type " has changed: see the top of this file")

static const struct gs_field core[] = {
    GS_FIELD_BOOL(struct gs_core, started),
    GS_FIELD(struct gs_core, watermark_ms),
    GS_FIELD_BOOL(struct gs_core, observed),
    GS_FIELD(struct gs_core, next_bin),
    GS_FIELD(struct gs_core, live_at),
    GS_FIELD(struct gs_core, refused_keys),
    GS_FIELD(struct gs_core, evicted_keys),
    GS_FIELD(struct gs_core, forgotten),
    GS_FIELD(struct gs_core, new_keys),
    GS_FIELD(struct gs_core, new_at),
    GS_FIELD(struct gs_core, hand),
    GS_FIELD_BOOL(struct gs_core, peers_set),
    GS_FIELD(struct gs_core, peers_day),
    GS_FIELD_REAL(struct gs_core, near.m),
    GS_FIELD_REAL(struct gs_core, near.threshold),
    GS_FIELD(struct gs_core, near.bin),
    GS_FIELD_REAL(struct gs_core, near.hour.n),
    GS_FIELD_REAL(struct gs_core, near.hour.k),
    GS_FIELD_REAL(struct gs_core, near.hour.expected),
    GS_FIELD_REAL(struct gs_core, near.hour.reach),
    GS_FIELD_REAL(struct gs_core, near.hour.stories),
    GS_FIELD_REAL(struct gs_core, near.hour.publishers),
    GS_FIELD(struct gs_core, near.hour.bins),
    GS_FIELD(struct gs_core, n_kinds),
    GS_FIELD(struct gs_core, chunks[0].bin),
    GS_FIELD(struct gs_core, chunks[0].n),
    GS_FIELD(struct gs_core, chunks[1].bin),
    GS_FIELD(struct gs_core, chunks[1].n),
    GS_FIELD_ROW_SINCE(struct gs_core, chunks[2].bin, chunks[2].bin, 1, GS_FIELD_IS_INT, 3),
    GS_FIELD_ROW_SINCE(struct gs_core, chunks[2].n, chunks[2].n, 1, GS_FIELD_IS_INT, 3),
    GS_FIELD_ROW_SINCE(struct gs_core, chunks[3].bin, chunks[3].bin, 1, GS_FIELD_IS_INT, 3),
    GS_FIELD_ROW_SINCE(struct gs_core, chunks[3].n, chunks[3].n, 1, GS_FIELD_IS_INT, 3),
};
TABLE(gs_core_fields, core);

/* The sums of the bin being closed are 0 between two bins; n_keys is counted by the load. */
static const struct gs_field kind[] = {
    GS_FIELD(struct gs_kind, name_hash),     GS_FIELD(struct gs_kind, rank),
    GS_FIELD_BOOL(struct gs_kind, born),     GS_FIELD(struct gs_kind, last),
    GS_FIELD_REAL(struct gs_kind, b),        GS_FIELD_REAL(struct gs_kind, v),
    GS_FIELD_REALS(struct gs_kind, s, s[0]), GS_FIELD_REALS(struct gs_kind, s_v, s_v[0]),
};
TABLE(gs_kind_fields, kind);

static const struct gs_field peers[] = {
    GS_FIELD_REAL(struct gs_peers, key_days),
    GS_FIELD_REAL(struct gs_peers, days),
    GS_FIELD_REAL(struct gs_peers, squares),
    GS_FIELD_REALS(struct gs_peers, events, events[0]),
    GS_FIELD(struct gs_peers, day_keys),
    GS_FIELD_ARRAY(struct gs_peers, day_events, day_events[0]),
    GS_FIELD_REALS(struct gs_peers, c, c[0]),
};
TABLE(gs_peers_fields, peers);
MADE_FOR(struct gs_peers, 216);
MADE_FOR(struct gs_kind, 1192);

static const struct gs_field key[] = {
    GS_FIELD_BOOL(struct gs_key, born),
    GS_FIELD_BOOL(struct gs_key, live),
    GS_FIELD(struct gs_key, last),
    GS_FIELD(struct gs_key, seen),
    GS_FIELD(struct gs_key, excess_from),
    GS_FIELD_REAL(struct gs_key, cusum),
    GS_FIELD(struct gs_key, n_total),
    GS_FIELD_REAL(struct gs_key, b),
    GS_FIELD_REAL(struct gs_key, v),
    GS_FIELD_REAL(struct gs_key, rho_num),
    GS_FIELD_REAL(struct gs_key, rho_den),
    GS_FIELD_REALS(struct gs_key, m, m[0]),
    GS_FIELD_REAL(struct gs_key, long_n),
    GS_FIELD_REAL(struct gs_key, long_k),
    GS_FIELD_REAL(struct gs_key, long_e),
    GS_FIELD_REAL(struct gs_key, hour_z),
    GS_FIELD_REAL(struct gs_key, hour_var),
    GS_FIELD_REAL(struct gs_key, ratio_sum),
    GS_FIELD_REAL(struct gs_key, ratio_n),
    GS_FIELD_ARRAY(struct gs_key, n, n[0]),
    GS_FIELD_ARRAY(struct gs_key, share, share[0]),
    GS_FIELD_ARRAY(struct gs_key, reach, reach[0]),
    GS_FIELD_ARRAY(struct gs_key, pub, pub[0]),
    GS_FIELD_ARRAY(struct gs_key, pub_age, pub_age[0]),
    GS_FIELD(struct gs_key, own.a_day),
    GS_FIELD(struct gs_key, own.today),
    GS_FIELD(struct gs_key, own.days),
    GS_FIELD(struct gs_key, own.volume),
    GS_FIELD(struct gs_key, own.peak),
    GS_FIELD_ARRAY(struct gs_key, own.runs, own.runs[0]),
    GS_FIELD_SINCE(struct gs_key, tier, 3),
};
TABLE(gs_key_fields, key);
MADE_FOR(struct gs_key, 300);

static const struct gs_field open_bin[] = {
    GS_FIELD(struct gs_open_bin, bin),
    GS_FIELD(struct gs_open_bin, k),
    GS_FIELD(struct gs_open_bin, n),
    GS_FIELD(struct gs_open_bin, reach),
    GS_FIELD_ARRAY(struct gs_open_bin, pub, pub[0]),
};
TABLE(gs_open_bin_fields, open_bin);
MADE_FOR(struct gs_open_bin, 56);

static const struct gs_field sketch[] = {GS_FIELD_ARRAY(struct gs_sketch, age, age[0])};
TABLE(gs_sketch_fields, sketch);
MADE_FOR(struct gs_sketch, 264);

static const struct gs_field habit[] = {
    GS_FIELD(struct gs_habit, hour),
    GS_FIELD_REAL(struct gs_habit, n),
    GS_FIELD_REAL(struct gs_habit, k),
    GS_FIELD_REAL(struct gs_habit, n_eff),
    GS_FIELD_REAL(struct gs_habit, odds),
    GS_FIELD(struct gs_habit, cell),
    GS_FIELD_ARRAY(struct gs_habit, above, above[0][0]),
    GS_FIELD_ARRAY(struct gs_habit, next, next[0]),
    GS_FIELD_ARRAY(struct gs_habit, days, days[0]),
    GS_FIELD_ARRAY(struct gs_habit, offset, offset[0]),
};
TABLE(gs_habit_fields, habit);
MADE_FOR(struct gs_habit, 424);

static const struct gs_field episode[] = {
    GS_FIELD(struct gs_episode, starts),
    GS_FIELD(struct gs_episode, fired),
    GS_FIELD(struct gs_episode, ended),
    GS_FIELD(struct gs_episode, frozen_from),
    GS_FIELD(struct gs_episode, calm),
    GS_FIELD(struct gs_episode, window),
    GS_FIELD(struct gs_episode, state),
    GS_FIELD(struct gs_episode, severity),
    GS_FIELD(struct gs_episode, why),
    GS_FIELD_REAL(struct gs_episode, threshold),
    GS_FIELD_SINCE(struct gs_episode, shown, 3),
    GS_FIELD_SINCE(struct gs_episode, because, 3),
};
TABLE(gs_episode_fields, episode);
MADE_FOR(struct gs_episode, 56);

/* Its texts stand behind them. */
static const struct gs_field excerpt[] = {
    GS_FIELD(struct gs_excerpt, ts_ms),      GS_FIELD(struct gs_excerpt, p),
    GS_FIELD(struct gs_excerpt, wording),    GS_FIELD(struct gs_excerpt, id_len),
    GS_FIELD(struct gs_excerpt, source_len), GS_FIELD(struct gs_excerpt, text_len),
    GS_FIELD(struct gs_excerpt, url_len),
};
TABLE(gs_excerpt_fields, excerpt);
MADE_FOR(struct gs_excerpt, 656);

static const struct gs_field pending[] = {
    GS_FIELD(struct gs_pending, story_hash),
    GS_FIELD(struct gs_pending, priority),
    GS_FIELD(struct gs_pending, offset_ms),
    GS_FIELD(struct gs_pending, id_hash),
    GS_FIELD_ARRAY(struct gs_pending, outline.bands, outline.bands[0]),
    GS_FIELD_ARRAY(struct gs_pending, outline.cells, outline.cells[0]),
};
TABLE(gs_pending_fields, pending);
MADE_FOR(struct gs_pending, 128);

/* ---- keys of records ---- */

void gs_record_key_start(struct gs_record_key *to, char type)
{
    to->bytes[0] = type;
    to->len = 1;
}

void gs_record_key_number(struct gs_record_key *to, uint64_t number, size_t bytes)
{
    for (size_t i = bytes; i > 0; i--) {
        to->bytes[to->len++] = (char)(number >> (8 * (i - 1)) & 0xFF);
    }
}

void gs_record_key_text(struct gs_record_key *to, struct gs_str text)
{
    memcpy(to->bytes + to->len, text.bytes, text.len);
    to->len += text.len;
}

uint64_t gs_record_key_take(const char *bytes, size_t n)
{
    uint64_t number = 0;

    for (size_t i = 0; i < n; i++) {
        number = number << 8 | (unsigned char)bytes[i];
    }
    return number;
}
