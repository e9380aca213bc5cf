/* The ring of a key: what its bins were, in few bytes. */
#include "alerting/betabin.h"
#include "alerting/watch_parts.h"

#include <math.h>

enum { MANTISSA = 11, MAX_EXPONENT = 31 };

uint16_t gs_pack(double n)
{
    if (!(n > 0.0)) {
        return 0;
    }
    double sixteenths = n * 16.0;
    uint32_t exponent = 0;
    while (sixteenths >= (1 << MANTISSA) - 0.5 && exponent < MAX_EXPONENT) {
        sixteenths *= 0.5;
        exponent++;
    }
    uint32_t mantissa = (uint32_t)(fmin(sixteenths, (1 << MANTISSA) - 1) + 0.5);
    if (mantissa == 0) {
        mantissa = 1; /* there was something */
    }
    return (uint16_t)(exponent << MANTISSA | mantissa);
}

double gs_unpack(uint16_t packed)
{
    return ldexp((double)(packed & ((1 << MANTISSA) - 1)), (packed >> MANTISSA) - 4);
}

int32_t gs_bin_mod(int32_t bin, int32_t n)
{
    const int32_t r = bin % n;
    return r < 0 ? r + n : r;
}

int64_t gs_bin_to_ms(const struct gs_model *model, int32_t bin)
{
    return (int64_t)bin * model->options.bin_ms;
}

int64_t gs_bound_ms(int64_t ms)
{
    const int64_t first = -62167219200000; /* 0000-01-01 */
    const int64_t last = 127174492800000;  /* 6000-01-01 */
    return ms < first ? first : ms > last ? last : ms;
}

int32_t gs_ms_to_bin(const struct gs_model *model, int64_t ms)
{
    const int64_t bin = ms / model->options.bin_ms;
    return (int32_t)(ms % model->options.bin_ms < 0 ? bin - 1 : bin);
}

int gs_bin_cell(const struct gs_model *model, int32_t bin)
{
    const int64_t hour_ms = 3600000;
    const int64_t ms = gs_bin_to_ms(model, bin);
    const int64_t hours = ms >= 0 ? ms / hour_ms : -((-ms + hour_ms - 1) / hour_ms);
    const int64_t hour = (hours % 24 + 24) % 24;
    const int64_t day = (hours - hour) / 24;
    const int64_t weekday = ((day + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; 0 is Sunday */

    return (int)(hour + (weekday == 0 || weekday == 6 ? 24 : 0));
}

void gs_pubs_add(uint16_t *pubs, size_t n_pubs, uint16_t pub)
{
    size_t largest = 0;

    for (size_t i = 0; i < n_pubs; i++) {
        if (pubs[i] == pub) {
            return;
        }
        if (pubs[i] == 0) {
            pubs[i] = pub;
            return;
        }
        largest = pubs[i] > pubs[largest] ? i : largest;
    }
    if (pub < pubs[largest]) {
        pubs[largest] = pub;
    }
}

static bool pub_is_recent(const struct gs_key *key, size_t i)
{
    return key->pub[i] != 0 && (uint8_t)((uint8_t)key->last - key->pub_bin[i]) < GS_HOUR_BINS;
}

/* Like gs_pubs_add(), but those older than an hour give way first. */
static void key_sees_pub(struct gs_key *key, uint16_t pub)
{
    size_t place = GS_KEY_PUBS;
    size_t largest = 0;

    for (size_t i = 0; i < GS_KEY_PUBS; i++) {
        if (key->pub[i] == pub) {
            key->pub_bin[i] = (uint8_t)key->last;
            return;
        }
        if (!pub_is_recent(key, i)) {
            place = place == GS_KEY_PUBS ? i : place;
        }
        largest = key->pub[i] > key->pub[largest] ? i : largest;
    }
    if (place == GS_KEY_PUBS && pub < key->pub[largest]) {
        place = largest;
    }
    if (place < GS_KEY_PUBS) {
        key->pub[place] = pub;
        key->pub_bin[place] = (uint8_t)key->last;
    }
}

/* Exact to 7. From 8 on the hashes kept are the smallest seen, and how small they are says how many
 * there are (k minimum values, Bar-Yossef et al. 2002). */
static double count_pubs(const struct gs_key *key)
{
    size_t n = 0;
    uint16_t largest = 0;

    for (size_t i = 0; i < GS_KEY_PUBS; i++) {
        if (pub_is_recent(key, i)) {
            n++;
            largest = key->pub[i] > largest ? key->pub[i] : largest;
        }
    }
    return n < GS_KEY_PUBS ? (double)n : fmax((double)n, (GS_KEY_PUBS - 1) * 65536.0 / largest);
}

void gs_key_absorb(struct gs_key *key, const struct gs_open_bin *bin)
{
    const int32_t at = gs_bin_mod(key->last, GS_DELAY_BINS);

    for (size_t i = 0; i < GS_BIN_PUBS; i++) {
        if (bin->pub[i] != 0) {
            key_sees_pub(key, bin->pub[i]);
        }
    }
    key->reach[gs_bin_mod(key->last, GS_HOUR_BINS)] = gs_pack(bin->reach);
    key->n_total += bin->reach;
    if (bin->n > 0) {
        const double share = (double)bin->k / ((double)bin->n * GS_P_ONE);
        key->n[at] = gs_pack((double)bin->n / GS_WEIGHT_ONE);
        key->share[at] = (uint16_t)(share * 65535.0 + 0.5);
    }
}

void gs_key_hour(const struct gs_model *model, const struct gs_kind *kind, const struct gs_key *key,
                 struct gs_hour *ret)
{
    struct gs_hour hour = {0};
    int cell = -1;
    double mu = 0.0;

    for (int32_t i = 0; i < GS_HOUR_BINS; i++) {
        const int32_t bin = key->last - i;
        const int32_t at = gs_bin_mod(bin, GS_DELAY_BINS);
        hour.reach += gs_unpack(key->reach[gs_bin_mod(bin, GS_HOUR_BINS)]);
        if (key->n[at] == 0) {
            continue;
        }
        const int now = gs_bin_cell(model, bin);
        if (now != cell) { /* at most twice in an hour */
            cell = now;
            mu = gs_sigmoid((double)key->b + (double)kind->s[cell]);
        }
        const double n = gs_unpack(key->n[at]);
        hour.n += n;
        hour.k += n * key->share[at] / 65535.0;
        hour.expected += n * mu;
    }
    /* n = stories + dup_weight * second copies + less for third ones: exact when copies weigh
     * nothing, else a lower bound. */
    const double rho = model->options.dup_weight;
    hour.stories = fmax(0.0, floor((hour.n - rho * hour.reach) / (1.0 - rho) + 0.5));
    hour.publishers = count_pubs(key);
    *ret = hour;
}

double gs_key_expected(const struct gs_model *model, const struct gs_kind *kind,
                       const struct gs_key *key)
{
    return gs_sigmoid((double)key->b + (double)kind->s[gs_bin_cell(model, key->last)]);
}

double gs_key_delayed(const struct gs_key *key)
{
    double n = 0.0;

    for (size_t i = 0; i < GS_DELAY_BINS; i++) {
        n += gs_unpack(key->n[i]);
    }
    return n;
}
