/* The parts of a watch. Private to alerting/; tests of its parts include it.
 *
 *     gs_watch_add ─► dedupe (is it new? a copy?) ─► open bin of (key, time) ─► excerpts
 *     gs_watch_advance, gs_watch_next, bin by bin in order of time:
 *         open bin ─► ring of the key ─► statistic (judge) ─► lifecycle (alerts)
 *                         └─ 3 h later ─► baseline of the key, and of its kind
 *
 * Sums that arrive in any order are integers, so that the order cannot show in the last bit. Bins
 * are numbered from the epoch. A key is brought up to date only when one of its bins with messages
 * closes or while it has an alert: empty bins have closed forms. */
#ifndef GS_ALERTING_WATCH_INTERNAL_H
#define GS_ALERTING_WATCH_INTERNAL_H

#include "alerting/detector/dedupe.h"
#include "alerting/detector/habits.h"
#include "alerting/detector/peers.h"
#include "alerting/detector/state_workspace.h"
#include "alerting/detector/undo.h"
#include "alerting/detector/watch.h"

enum {
    GS_DELAY_BINS = 36, /* a bin teaches the baseline when it is this old */
    GS_HOUR_BINS = 12,
    GS_SHIFTS = 3,
    GS_LARGEST_RISE = 5,  /* log odds; more is all messages anyway */
    GS_TERMS = 8,         /* of M: horizons and sizes of rise (statistic.c) */
    GS_DAY_BINS = 288,    /* of the long window */
    GS_LISTED_BINS = 250, /* how long a key's list knows a publisher */
    GS_PUBS = 8,          /* publishers that a key and an open bin list; more are sketched */
    GS_SKETCH_CELLS = 256,
    GS_LIVE_BINS = 288,
    GS_MAX_KINDS = 17,
    GS_WEIGHT_ONE = 256, /* weights are multiples of 1/256 */
    GS_SHARE_ONE = 255,
    GS_P_ONE = 1 << 23, /* probabilities of 2^-23 */
    GS_EXCERPT_BYTES = 600,
    GS_NAME_BYTES = 96
};

/* The options in the form that the loops use. */
struct gs_detector_params {
    struct gs_watch_options options;
    double drift; /* growth of a baseline's variance, a bin */
    double season_drift;
    double keep;          /* decay of the overdispersion's sums, a bin */
    uint32_t weight[256]; /* of the k-th copy */
    int32_t clear_bins, cooldown_bins, new_normal_bins, id_bins, story_bins;
    int32_t event_bins, event_cooldown_bins;
};

/* The shared part of keys of one kind ("topic", "entity", ...): where a new key starts, and the
 * hours. */
struct gs_kind {
    uint64_t name_hash;
    uint32_t n_keys;
    uint8_t rank; /* enum gs_rank (admit.c) */
    bool born;
    int32_t last; /* bins up to this one are in v */
    float b, v;   /* log odds of the negative share, and the variance of our knowledge of it */
    float s[GS_CELLS], s_v[GS_CELLS];
    /* The sums that the bin being closed teaches, as integers (2^-20). */
    int64_t info[GS_CELLS], residual[GS_CELLS];
    uint64_t touched; /* cells with something to learn */
};

struct gs_key {
    struct gs_link at; /* next: the first of its open bins */
    uint32_t text_at;  /* in the watch's pool of key texts */
    uint16_t text_len;
    uint8_t name_len; /* behind the text */
    uint8_t kind;
    uint32_t episode;
    int32_t last;        /* the last bin that is in the ring */
    int32_t seen;        /* the last bin with messages */
    int32_t excess_from; /* first bin of the run of evidence */
    float cusum;
    uint32_t n_total;
    float b, v;
    float rho_num, rho_den;
    float m[GS_TERMS];
    float long_n, long_k, long_e; /* what of the last day is left: messages, negative, expected */
    float hour_z, hour_var, ratio_sum, ratio_n; /* is an hour's variance what its bins say? */
    uint16_t n[GS_DELAY_BINS];                  /* gs_pack() */
    uint8_t share[GS_DELAY_BINS];               /* of GS_SHARE_ONE */
    uint16_t reach[GS_HOUR_BINS];
    /* Publishers (publishers.c): hashes, 0 for none; at bin `seen`, the bins since each was. */
    uint16_t pub[GS_PUBS];
    uint8_t pub_age[GS_PUBS];
    uint32_t sketch; /* item, or GS_NONE */
    uint32_t habit;  /* item once it has had an alert, else GS_NONE */
    struct gs_own_history own;
    bool born;    /* has a baseline */
    bool live;    /* counted in n_live: has been seen within a day, often enough to be detected */
    uint8_t tier; /* of its company on the watchlist, by its latest message; 0: none */
    bool event;   /* by its text: a risk of a company, for events.c alone */
};

struct gs_open_bin {
    struct gs_link at; /* next: the key's next open bin */
    uint64_t k;        /* sum of weight * p, in 1/256 * 2^-23 */
    uint32_t n;        /* sum of weights, in 1/256 */
    uint32_t reach;
    int32_t bin;
    uint32_t key;
    uint32_t next_in_bin;
    uint32_t sketch; /* of its publishers once they are more than GS_PUBS; else GS_NONE. Of an
                        event's key: the first of its votes */
    uint16_t pub[GS_PUBS];
};

/* Publishers of a key or of an open bin beyond those listed. 0: empty cell; else bins since a
 * publisher of the cell was seen, and 1. */
struct gs_sketch {
    struct gs_link at;
    uint8_t age[GS_SKETCH_CELLS];
};

/* One bin of event time: its open bins by key, and its excerpts. */
struct gs_bin {
    struct gs_link at; /* next: the first of its open bins */
    int32_t bin;
    uint32_t excerpts, n_excerpts;
    uint32_t shift;   /* excerpts with a priority under 2^(64 - shift) are kept */
    uint32_t pending; /* the first of the stories that wait for its close; GS_NONE: none */
};

struct gs_excerpt {
    struct gs_link at; /* next of the bin */
    uint64_t priority;
    int64_t ts_ms;
    uint32_t key, p;
    int32_t bin;
    uint32_t kept;    /* 1 while it is in its bin's list (state_changes.c) */
    uint64_t wording; /* hash of its words without numbers, signs and case: one for one story */
    uint16_t id_len, source_len, text_len, url_len;
    char bytes[GS_EXCERPT_BYTES];
};

enum gs_episode_state { GS_EPISODE_FIRING, GS_EPISODE_OVER };

/* One alert of one key, until its cool-down is over and its bins have left the delay line. */
struct gs_episode {
    struct gs_link at; /* next of the list */
    uint32_t key;
    int32_t starts, fired, ended; /* bins */
    int32_t frozen_from;          /* bins from here to the end do not teach; INT32_MAX: all do */
    int32_t calm;                 /* calm bins in a row */
    int32_t window;               /* bins of the window that fired */
    uint8_t state, severity, why; /* severity: by evidence; why: enum gs_end */
    uint8_t shown, because;       /* severity by consequence too, and why (consequence.c) */
    bool fresh;                   /* fired in this bin */
    bool changed;                 /* to be emitted at the end of this bin */
    double threshold;             /* M that its severity means */
};
enum gs_end { GS_END_CALM, GS_END_SILENT, GS_END_NEW_NORMAL };

/* A window of a key, up to and with key->last: the last hour, or as many bins as it says. */
struct gs_hour {
    double n, k, expected; /* expected: number of negatives by the baseline */
    double reach, stories, publishers;
    int32_t
        bins; /* its length: more than an hour where struct gs_hour stands for a longer window */
};

struct gs_watch {
    struct gs_detector_params params;
    struct gs_undo undo;
    bool open; /* in a transaction */
    struct gs_pool keys, open_bins, bins, excerpts, episodes, sketches, habits, votes, pendings;
    struct gs_key_slot {
        uint32_t hash, key; /* key + 1; 0: free */
    } * slots;
    size_t n_slots;
    struct gs_place_seed seed;
    char *texts;
    size_t max_texts;
    struct gs_state_workspace state;
    bool emptied;        /* an undo could not restore: what the changelog has of it is void */
    uint32_t *bin_order; /* items of bins, ascending in time */
    size_t max_bin_order;
    struct gs_seen_set ids, stories, bands, leaders;
    const struct gs_pending **waiting; /* workspace for the stories of a bin */
    size_t max_waiting;
    struct gs_ranked_episode { /* workspace for every episode, reserved when one fires */
        double m;
        uint32_t episode;
        struct gs_str key;
    } * ranked;
    size_t max_ranked;
    struct gs_closing { /* bins on their way between gs_watch_advance() and the last alert */
        bool active;
        bool bin_closed; /* ranked[given .. n] are the alerts of `bin` to come */
        int32_t bin, to;
        int64_t watermark_ms;
        size_t given, n;
    } closing;
    struct gs_alert_parts { /* the alert given last points at them */
        struct gs_evidence_item evidence[GS_MAX_EVIDENCE];
        struct gs_story_sample sample;
        char reason[192], summary[640], severity_reason[160];
    } parts;
    /* Everything else that a transaction can change; copied at its begin. */
    struct gs_core {
        bool started; /* watermark_ms and next_bin are set */
        int64_t watermark_ms;
        bool observed;
        int32_t next_bin; /* the first bin that is open; before the start the bin of the first
                             observation */
        int32_t live_at;  /* the bin that live[] is up to date with */
        size_t n_bins, n_texts, n_slots_used;
        uint64_t refused_keys, evicted_keys, forgotten;
        uint32_t n_others; /* keys of kinds without a reserve */
        uint32_t new_keys; /* of those, made in the bin new_at */
        int32_t new_at;
        uint32_t hand;        /* the key that is looked at next when room is needed */
        uint32_t texts_freed; /* bytes of texts whose keys are gone */
        uint32_t episodes;    /* list */
        struct gs_near {      /* the most evidence without an alert; m 0: none */
            double m, threshold;
            uint32_t key;
            int32_t bin;
            struct gs_hour hour;
        } near;
        struct gs_seen_chunk chunks[GS_N_SEEN]; /* that are written at present */
        uint32_t n_kinds;
        uint32_t n_live, live[GS_LIVE_BINS]; /* keys by the last bin they were seen in, modulo */
        struct gs_kind kinds[GS_MAX_KINDS];  /* 0: all kinds together */
        bool peers_set;
        int64_t peers_day; /* the day that peers[] is up to date with, since the epoch */
        struct gs_peers peers[GS_MAX_KINDS][GS_VOLUMES];
    } now, before;
};

/* ---- bins.c: small numbers ---- */

/* A count in 16 bits: 11 bits of mantissa, 5 of exponent, in 1/16: whole numbers to 127, then 2^-11
 * relative. */
uint16_t gs_pack(double n);
double gs_unpack(uint16_t packed);
int32_t gs_bin_mod(int32_t bin, int32_t n); /* 0 .. n-1 */
int gs_bin_cell(const struct gs_detector_params *params, int32_t bin);
int64_t gs_bin_day(const struct gs_detector_params *params, int32_t bin); /* since the epoch */

void gs_key_hour(const struct gs_detector_params *params, const struct gs_kind *kind,
                 const struct gs_habit *habit, const struct gs_key *key, struct gs_hour *ret);
/* The share that the baseline expects now. */
double gs_key_expected(const struct gs_detector_params *params, const struct gs_kind *kind,
                       const struct gs_habit *habit, const struct gs_key *key);
/* The standard deviation of the share of the last hour's messages, where mu is expected. */
double gs_key_expected_sd(const struct gs_key *key, double mu);
/* Messages of the whole delay line. */
double gs_key_delayed(const struct gs_key *key);
/* Puts a closed bin into the ring; key->last is that bin. */
void gs_key_absorb(struct gs_key *key, const struct gs_open_bin *bin);

/* ---- baseline.c ---- */
void gs_detector_params_init(struct gs_detector_params *params,
                             const struct gs_watch_options *options);
void gs_key_born(const struct gs_kind *all, const struct gs_kind *kind, struct gs_key *key,
                 int32_t bin);
double gs_key_rho(const struct gs_key *key);
double gs_key_eta(const struct gs_key *key);
/* Moves the key's clock to bin, whose place in the ring is then empty. Bins that leave the delay
 * line teach the baseline, and the kinds (NULL: they do not), unless they lie in [frozen_from,
 * frozen_to]. */
struct gs_teach {
    struct gs_kind *kind, *all; /* receive; NULL for a look */
    struct gs_habit *habit;     /* learns; NULL for a look, or when there is none */
    int32_t frozen_from, frozen_to;
};
void gs_key_advance(const struct gs_detector_params *params, const struct gs_kind *kind,
                    const struct gs_teach *teach, struct gs_key *key, int32_t bin);

/* ---- kinds.c ---- */
uint32_t gs_kind_find(struct gs_watch *watch, struct gs_str key);
void gs_kind_born(const struct gs_kind *all, struct gs_kind *kind);
void gs_kind_teach(struct gs_kind *kind, int cell, double n, double share, double rho);
void gs_kind_settle(const struct gs_detector_params *params, struct gs_kind *kind, int32_t bin);

/* ---- statistic.c ---- */
extern const double gs_shift[GS_SHIFTS];
double gs_key_m(const struct gs_key *key);
/* Expected starts of evidence a day: a threshold of c is crossed at most this / c times a day. */
double gs_starts_a_day(const struct gs_detector_params *params);
/* The log likelihood ratios (to the power eta) of one bin. v: variance of the baseline. */
void gs_log_ratios(const struct gs_detector_params *params, double log_odds, double v, double rho,
                   double eta, const double n_k[2], double ret[GS_SHIFTS]);
void gs_key_idle(struct gs_key *key, int64_t bins); /* bins without evidence, in closed form */
/* Adds the evidence of a closed bin, by its exact sums; key->last is bin->bin, and no M_j gets
 * above max_m. */
void gs_key_judge(const struct gs_detector_params *params, const struct gs_kind *kind,
                  const struct gs_habit *habit, struct gs_key *key, const struct gs_open_bin *bin,
                  double max_m);
bool gs_key_learning(const struct gs_kind *kind, const struct gs_key *key);
/* The smallest rise, in log odds (to a tenth, up to GS_LARGEST_RISE), that would be seen within three
 * hours at the volume of the last three; infinite: none. */
double gs_key_detectable_rise(const struct gs_detector_params *params, const struct gs_kind *kind,
                              const struct gs_habit *habit, const struct gs_key *key,
                              double threshold);

/* ---- habits.c ---- */
const struct gs_habit *gs_key_habit(const struct gs_watch *watch, const struct gs_key *key);
/* The log odds that the hour adds to a key's baseline. */
static inline double gs_season(const struct gs_kind *kind, const struct gs_habit *habit, int cell)
{
    return (double)kind->s[cell] + (habit == NULL ? 0.0 : gs_habit_offset(habit, cell));
}

/* ---- publishers.c ---- */
void gs_pubs_add(uint16_t *pubs, size_t n_pubs, uint16_t pub); /* keeps the smallest */
void gs_open_note_pub(struct gs_watch *watch, struct gs_open_bin *open, uint16_t pub);
/* Adds the publishers of a bin; key->last is bin->bin. */
void gs_key_absorb_pubs(struct gs_watch *watch, struct gs_key *key, const struct gs_open_bin *bin);
size_t gs_key_listed(const struct gs_key *key, int32_t bins); /* publishers in its list */
/* Bins since the one among them that was not seen for longest was; 0 when there is none. */
int32_t gs_key_listed_since(const struct gs_key *key, int32_t bins);
double gs_key_publishers(const struct gs_watch *watch, const struct gs_key *key);
/* The same of the window of so many bins: an hour, three hours (GS_DELAY_BINS) or a day, where older
 * messages count for less. */
void gs_watch_window(const struct gs_watch *watch, const struct gs_key *key, int32_t bins,
                     struct gs_hour *ret);
/* gs_key_hour() and the publishers. */
void gs_watch_hour(const struct gs_watch *watch, const struct gs_key *key, struct gs_hour *ret);

/* ---- table.c ---- */
/* The hash that places a key in the table. */
uint32_t gs_table_hash(const struct gs_watch *watch, uint64_t key_hash);
uint32_t gs_table_find(const struct gs_watch *watch, uint32_t hash, struct gs_str key);
/* Without a hash at hand. */
uint32_t gs_table_find_text(const struct gs_watch *watch, struct gs_str key);
/* name is cut at GS_NAME_BYTES. GS_NONE: no memory. */
uint32_t gs_table_add(struct gs_watch *watch, uint32_t hash, struct gs_str text,
                      struct gs_str name);
void gs_table_remove(struct gs_watch *watch, uint32_t hash, uint32_t key);
void gs_table_put(struct gs_watch *watch, uint32_t hash, uint32_t key);
/* At commit: gives back the room of texts whose keys are gone. */
void gs_texts_compact(struct gs_watch *watch);
struct gs_str gs_key_text(const struct gs_watch *watch, const struct gs_key *key);
struct gs_str gs_key_name(const struct gs_watch *watch, const struct gs_key *key);

/* ---- admit.c: who may have a place in the table ---- */
/* States hold the numbers. */
enum gs_rank { GS_RANK_OTHER, GS_RANK_ENTITY, GS_RANK_LABEL, GS_RANK_EVENT };
enum gs_rank gs_rank_of(struct gs_str kind);
/* Whether a new key of this text may be added, perhaps at the cost of an idle one. */
bool gs_key_admit(struct gs_watch *watch, struct gs_str key);
void gs_key_admitted(struct gs_watch *watch, uint32_t kind);

/* ---- open.c: bins of event time ---- */
/* NULL: none, or no memory. */
struct gs_bin *gs_bin_get(struct gs_watch *watch, int32_t bin, bool make);
uint32_t gs_open_get(struct gs_watch *watch, uint32_t key, int32_t bin, bool make);
/* In bin_order: the first bin that is not before it. */
size_t gs_bin_position(const struct gs_watch *watch, int32_t bin);
/* The first bin with messages from `from` on. */
bool gs_bins_next(const struct gs_watch *watch, int32_t from, int32_t *ret);
void gs_open_close(struct gs_watch *watch, struct gs_key *key, uint32_t i);
void gs_bins_undo_insert(struct gs_watch *watch, size_t position);
void gs_bins_prune(struct gs_watch *watch); /* at commit */

/* ---- excerpts.c ---- */
void gs_excerpt_add(struct gs_watch *watch, uint32_t key, int32_t at, uint64_t priority,
                    const struct gs_observation *observation);
void gs_excerpt_drop(struct gs_watch *watch, uint32_t key, int32_t at, uint64_t priority);
/* The heaviest of a key's excerpts in the bins [from, bin], at most three hours; returns how many. */
size_t gs_excerpts_pick(const struct gs_watch *watch, uint32_t key, int32_t from, int32_t bin,
                        const struct gs_excerpt *ret[GS_MAX_EVIDENCE]);
/* Excerpts of this key with a priority under 2^(64 - shift) are kept in the bin. */
uint32_t gs_excerpt_shift(const struct gs_watch *watch, const struct gs_bin *bin, uint32_t key);
/* The stories of the same excerpts (story_sample.c). */
void gs_excerpts_sample(const struct gs_watch *watch, uint32_t key, int32_t from, int32_t bin,
                        struct gs_story_sample *ret);

/* ---- advance.c ---- */
/* The bins of a key that an episode keeps from its baseline. */
struct gs_teach gs_key_teach(const struct gs_watch *watch, const struct gs_key *key);
void gs_live_leave(struct gs_core *core, struct gs_key *key, int32_t was_seen, int32_t bin);
void gs_live_note(struct gs_core *core, struct gs_key *key, int32_t bin);
double gs_max_m(const struct gs_watch *watch);
/* Whether a key has enough messages for any alert, whatever they say. */
bool gs_key_counts(const struct gs_detector_params *params, const struct gs_key *key);

/* Times that bins of any size can number, and JSON can write: the years 0 to 6000. */
int64_t gs_bound_ms(int64_t ms);
int32_t gs_ms_to_bin(const struct gs_detector_params *params, int64_t ms);
int64_t gs_bin_to_ms(const struct gs_detector_params *params, int32_t bin);

#endif
