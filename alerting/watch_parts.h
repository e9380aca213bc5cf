/* What a watch is made of. Private to alerting/; tests of its parts include it.
 *
 *     gs_watch_add ─► dedupe (is it new? a copy?) ─► open bin of (key, time) ─► excerpts
 *     gs_watch_advance, bin by bin in order of time:
 *         open bin ─► ring of the key ─► statistic (judge) ─► lifecycle (alerts)
 *                         └─ 3 h later ─► baseline of the key, and of its kind
 *
 * Sums that arrive in any order are integers, so that the order cannot show in the last bit. Bins
 * are numbered from the epoch. A key is brought up to date only when one of its bins with messages
 * closes or while it has an alert: empty bins have closed forms. */
#ifndef GS_ALERTING_WATCH_PARTS_H
#define GS_ALERTING_WATCH_PARTS_H

#include "alerting/undo.h"
#include "alerting/watch.h"

enum {
    GS_DELAY_BINS = 36, /* a bin teaches the baseline when it is this old */
    GS_HOUR_BINS = 12,
    GS_SHIFTS = 3,
    GS_KEY_PUBS = 8, /* publishers remembered a key */
    GS_BIN_PUBS = 4, /* and a bin */
    GS_LIVE_BINS = 288,
    GS_CELLS = 48, /* hours of a weekday, hours of a weekend day */
    GS_MAX_KINDS = 16,
    GS_WEIGHT_ONE = 256, /* weights are multiples of 1/256 */
    GS_P_ONE = 1 << 23,  /* probabilities of 2^-23 */
    GS_EXCERPT_BYTES = 344
};

/* The options as the loops want them. */
struct gs_model {
    struct gs_watch_options options;
    double drift; /* growth of a baseline's variance, a bin */
    double season_drift;
    double keep;          /* decay of the overdispersion's sums, a bin */
    uint32_t weight[256]; /* of the k-th copy */
    int32_t clear_bins, cooldown_bins, new_normal_bins, id_bins, story_bins;
};

/* The shared part of keys of one kind ("topic", "entity", ...): where a new key starts, and the
 * hours. */
struct gs_kind {
    uint64_t name_hash;
    bool born;
    int32_t last; /* bins up to this one are in v */
    float b, v;   /* log odds of the negative share, and the variance of our knowledge of it */
    float s[GS_CELLS], s_v[GS_CELLS];
    /* What the bin being closed teaches, added up as integers (2^-20). */
    int64_t info[GS_CELLS], residual[GS_CELLS];
    uint64_t touched; /* cells with something to learn */
};

struct gs_key {
    struct gs_link at; /* next: the first of its open bins */
    uint32_t hash;
    uint32_t text_at; /* in the watch's pool of key texts */
    uint16_t text_len;
    uint8_t kind;
    bool born; /* has a baseline */
    uint32_t episode;
    int32_t last;        /* the last bin that is in the ring */
    int32_t seen;        /* the last bin with messages */
    int32_t excess_from; /* first bin of the run of evidence */
    float cusum;
    uint64_t n_total;
    float b, v;
    float rho_num, rho_den;
    float m[GS_SHIFTS];
    float hour_z, hour_var, ratio_sum, ratio_n;      /* is an hour's variance what its bins say? */
    uint16_t n[GS_DELAY_BINS], share[GS_DELAY_BINS]; /* gs_pack(), and 1/65535 */
    uint16_t reach[GS_HOUR_BINS];
    uint16_t pub[GS_KEY_PUBS]; /* hash; 0: none */
    uint8_t pub_bin[GS_KEY_PUBS];
};

struct gs_open_bin {
    struct gs_link at; /* next: the key's next open bin */
    uint64_t k;        /* sum of weight * p, in 1/256 * 2^-23 */
    uint32_t n;        /* sum of weights, in 1/256 */
    uint32_t reach;
    int32_t bin;
    uint32_t key;
    uint32_t next_in_bin;
    uint16_t pub[GS_BIN_PUBS];
};

/* One bin of event time: its open bins by key, and its excerpts. */
struct gs_bin {
    struct gs_link at; /* next: the first of its open bins */
    int32_t bin;
    uint32_t excerpts, n_excerpts;
    uint32_t shift; /* excerpts with a priority under 2^(64 - shift) are kept */
    uint32_t pad;
};

struct gs_excerpt {
    struct gs_link at; /* next of the bin */
    uint64_t priority;
    int64_t ts_ms;
    uint32_t key, p;
    uint16_t id_len, source_len, text_len, pad;
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
    uint8_t state, severity, why; /* enum gs_end */
    bool fresh;                   /* fired in this bin */
    bool changed;                 /* to be emitted at the end of this bin */
    double threshold;             /* M that its severity means */
};
enum gs_end { GS_END_CALM, GS_END_SILENT, GS_END_NEW_NORMAL };

/* Ids and stories seen. Open addressing on the tag; entries expire by comparison, never by
 * deletion. */
struct gs_set {
    uint32_t id;  /* for the log */
    size_t words; /* uint64 an entry: 2 for ids, 3 for stories */
    uint64_t *slots;
    size_t capacity, n, max_n;
    int32_t ttl; /* bins */
    bool full; /* nothing could be forgotten when the time stood at full_at: no use to look again */
    int32_t full_at;
    bool aged; /* aged_at is set */
    int32_t aged_at;
};

struct gs_watch {
    struct gs_model model;
    struct gs_undo undo;
    bool open; /* in a transaction */
    struct gs_slab keys, open_bins, bins, excerpts, episodes;
    struct gs_slot {
        uint32_t hash, key; /* key + 1; 0: free */
    } * slots;
    size_t n_slots;
    char *texts;
    size_t max_texts;
    uint32_t *bin_order; /* items of bins, ascending in time */
    size_t max_bin_order;
    struct gs_set ids, stories;
    struct gs_work { /* room for every episode, kept by gs_episode_new() */
        double m;
        uint32_t episode;
        struct gs_str key;
    } * work;
    size_t max_work;
    /* Everything else that a transaction can change; copied at its begin. */
    struct gs_core {
        bool started; /* watermark_ms and next_bin are set */
        int64_t watermark_ms;
        bool sighted;
        int32_t next_bin; /* the first bin that is open; before the start the bin of the first
                             sighting */
        int32_t live_at;  /* the bin that live[] is up to date with */
        size_t n_bins, n_texts, n_slots_used;
        uint64_t refused_keys, forgotten;
        uint32_t episodes; /* list */
        uint32_t n_kinds;
        uint32_t n_live, live[GS_LIVE_BINS]; /* keys by the last bin they were seen in, modulo */
        struct gs_kind kinds[GS_MAX_KINDS];  /* 0: all kinds together */
    } now, before;
};

/* ---- bins.c: small numbers ---- */

/* A count in 16 bits: 11 bits of mantissa, 5 of exponent, in 1/16: whole numbers to 127, then 2^-11
 * relative. */
uint16_t gs_pack(double n);
double gs_unpack(uint16_t packed);
int32_t gs_bin_mod(int32_t bin, int32_t n); /* 0 .. n-1 */
int gs_bin_cell(const struct gs_model *model, int32_t bin);
void gs_pubs_add(uint16_t *pubs, size_t n_pubs, uint16_t pub); /* keeps the smallest */

/* What a key's last hour, up to and with key->last, looks like. */
struct gs_hour {
    double n, k, expected; /* expected: number of negatives by the baseline */
    double reach, stories, publishers;
};
void gs_key_hour(const struct gs_model *model, const struct gs_kind *kind, const struct gs_key *key,
                 struct gs_hour *ret);
/* The share that the baseline expects now. */
double gs_key_expected(const struct gs_model *model, const struct gs_kind *kind,
                       const struct gs_key *key);
/* Messages of the whole delay line. */
double gs_key_delayed(const struct gs_key *key);
/* Puts a closed bin into the ring; key->last is that bin. */
void gs_key_absorb(struct gs_key *key, const struct gs_open_bin *bin);

/* ---- baseline.c ---- */
void gs_model_init(struct gs_model *model, const struct gs_watch_options *options);
void gs_key_born(const struct gs_kind *all, const struct gs_kind *kind, struct gs_key *key,
                 int32_t bin);
double gs_key_rho(const struct gs_key *key);
double gs_key_eta(const struct gs_key *key);
/* Moves the key's clock to bin, whose place in the ring is then empty. Bins that leave the delay
 * line teach the baseline, and the kinds (NULL: they do not), unless they lie in [frozen_from,
 * frozen_to]. */
struct gs_teach {
    struct gs_kind *kind, *all; /* receive; NULL for a look */
    int32_t frozen_from, frozen_to;
};
void gs_key_advance(const struct gs_model *model, const struct gs_kind *kind,
                    const struct gs_teach *teach, struct gs_key *key, int32_t bin);

/* ---- kinds.c ---- */
uint32_t gs_kind_find(struct gs_watch *watch, struct gs_str key);
void gs_kind_born(const struct gs_kind *all, struct gs_kind *kind);
void gs_kind_teach(struct gs_kind *kind, int cell, double n, double share, double rho);
void gs_kind_settle(const struct gs_model *model, struct gs_kind *kind, int32_t bin);

/* ---- statistic.c ---- */
extern const double gs_shift[GS_SHIFTS];
double gs_key_m(const struct gs_key *key);
/* The log likelihood ratios (to the power eta) of one bin. v: variance of the baseline. */
void gs_log_ratios(const struct gs_model *model, double log_odds, double v, double rho, double eta,
                   const double n_k[2], double ret[GS_SHIFTS]);
void gs_key_idle(struct gs_key *key, int64_t bins); /* bins without evidence, in closed form */
/* Takes bin (exact sums) into the evidence; key->last is bin->bin. max_m: M stays at or under it.
 */
void gs_key_judge(const struct gs_model *model, const struct gs_kind *kind, struct gs_key *key,
                  const struct gs_open_bin *bin, double max_m);
bool gs_key_learning(const struct gs_kind *kind, const struct gs_key *key);
bool gs_key_detectable(const struct gs_model *model, const struct gs_kind *kind,
                       const struct gs_key *key);

/* ---- table.c ---- */
uint32_t gs_table_find(const struct gs_watch *watch, uint32_t hash, struct gs_str key);
uint32_t gs_table_add(struct gs_watch *watch, uint32_t hash,
                      struct gs_str text); /* GS_NONE: no memory */
void gs_table_remove(struct gs_watch *watch, uint32_t hash, uint32_t key);
struct gs_str gs_key_text(const struct gs_watch *watch, const struct gs_key *key);

/* ---- dedupe.c ---- */
struct gs_story {
    int32_t bin;
    uint32_t offset_ms; /* of the message that stands for it */
    uint32_t id_hash;   /* for ties */
    uint32_t p, copies; /* copies: how many so far, at most 255 */
};
void gs_set_init(struct gs_set *set, uint32_t id, size_t words, size_t max_n, int32_t ttl);
void gs_set_done(struct gs_set *set);
bool gs_ids_has(const struct gs_watch *watch, uint64_t hash);
void gs_ids_add(struct gs_watch *watch, uint64_t hash, int32_t bin);
bool gs_stories_get(const struct gs_watch *watch, uint64_t hash, struct gs_story *ret);
void gs_stories_put(struct gs_watch *watch, uint64_t hash, const struct gs_story *story);
/* After a commit (watch->before is what it left): drops what is old before its bin's number comes
 * round. */
void gs_set_age(struct gs_watch *watch, struct gs_set *set);
void gs_set_undo(struct gs_set *set, const void *payload);

/* ---- open.c: bins of event time ---- */
struct gs_bin *gs_bin_get(struct gs_watch *watch, int32_t bin,
                          bool make); /* NULL: none, or no memory */
uint32_t gs_open_get(struct gs_watch *watch, uint32_t key, int32_t bin, bool make);
size_t gs_bin_position(const struct gs_watch *watch,
                       int32_t bin); /* in bin_order: the first not before it */
bool gs_bins_next(const struct gs_watch *watch, int32_t from,
                  int32_t *ret); /* with messages, from on */
void gs_open_close(struct gs_watch *watch, struct gs_key *key, uint32_t i);
void gs_bins_undo_insert(struct gs_watch *watch, size_t position);
void gs_bins_prune(struct gs_watch *watch); /* at commit */

/* ---- excerpts.c ---- */
void gs_excerpt_add(struct gs_watch *watch, uint32_t key, int32_t at, uint64_t priority,
                    const struct gs_sighting *sighting);
void gs_excerpt_drop(struct gs_watch *watch, uint32_t key, int32_t at, uint64_t priority);
/* The heaviest of a key's excerpts in the bins [from, bin], at most an hour; returns how many. */
size_t gs_excerpts_pick(const struct gs_watch *watch, uint32_t key, int32_t from, int32_t bin,
                        const struct gs_excerpt *ret[GS_MAX_EVIDENCE]);

/* ---- lifecycle.c, emit.c ---- */
/* Looks at a key whose bin has closed: fires, or moves its episode on. traffic: the bin had
 * messages. */
void gs_episode_step(struct gs_watch *watch, uint32_t key, bool traffic);
/* At the end of a bin: settles severities, emits what changed, lets go of what is long over. */
void gs_episodes_close(struct gs_watch *watch, int32_t bin, gs_alert_fn *emit, void *arg);
/* How many of n e-values (descending) e-BH rejects at level q among n_live hypotheses. */
size_t gs_e_bh(const struct gs_work *descending, size_t n, double n_live, double q);
void gs_alert_emit(struct gs_watch *watch, uint32_t at, int32_t bin, gs_alert_fn *emit, void *arg);
bool gs_episode_calm(const struct gs_hour *hour, double m);
bool gs_episode_gates(const struct gs_watch_options *options, const struct gs_hour *hour);

/* ---- advance.c ---- */
/* The bins of a key that an episode keeps from its baseline. */
struct gs_teach gs_key_teach(const struct gs_watch *watch, const struct gs_key *key);
void gs_live_note(struct gs_core *core, struct gs_key *key, int32_t bin, bool newborn);
double gs_max_m(const struct gs_watch *watch);

/* Times that bins of any size can number, and JSON can write: the years 0 to 6000. */
int64_t gs_bound_ms(int64_t ms);
int32_t gs_ms_to_bin(const struct gs_model *model, int64_t ms);
int64_t gs_bin_to_ms(const struct gs_model *model, int32_t bin);

#endif
