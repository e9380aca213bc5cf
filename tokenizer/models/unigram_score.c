/* A score as the reference's JSON reader gives it, from the double nearest to the text.
 *
 * serde_json reads -3.4635426998138428 as 34635426998138428 / 10^16: the digits become a double,
 * the quotient another. Up to 15 digits both steps lose nothing and the result is the nearest
 * double; of 16 and 17 digits one in eight ends a bit beside it. The text is gone when a JSON
 * library hands out the number, but writers print the fewest digits that give the number back, so
 * they are found again here. */
#include "tokenizer/models/unigram.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 wide;

/* The fewest digits, 15 to 17 of them, that give value back: value is about whole / 10^places. */
struct digits {
    int n;
    uint64_t whole;
    int places;
};

static double from_digits(struct digits digits)
{
    char text[32];
    double value = (double)digits.whole;
    int exponent = -digits.places;

    while (exponent < -308 && value != 0) {
        value /= 1e308;
        exponent += 308;
    }
    snprintf(text, sizeof text, "1e%d", abs(exponent)); /* not pow(): that may be a bit off */
    const double power = strtod(text, NULL);
    return exponent < 0 ? value / power : value * power;
}

/* For every value, by printing and reading back. */
static struct digits print_digits(double value)
{
    struct digits ret = {0};
    char text[32];

    for (ret.n = 15; ret.n <= 17; ret.n++) {
        snprintf(text, sizeof text, "%.*e", ret.n - 1, value); /* d.ddde±x */
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at != '.') {
            ret.whole = ret.whole * 10 + (uint64_t)(*at - '0');
        }
    }
    ret.places = ret.n - 1 - (int)strtol(at + 1, NULL, 10);
    while (ret.whole != 0 && ret.whole % 10 == 0) {
        ret.whole /= 10; /* a 17th digit may be needed where the 16th is 0, never a last 0 */
        ret.places--;
    }
    if (ret.places <= 0 && value < 1e16) {
        ret.whole = (uint64_t)value * 10; /* written with ".0", and that is a digit too */
        ret.places = 1;
    }
    return ret;
}

/* The same for 1 <= value < 1000, where nearly all scores are: exact in whole numbers, a tenth of
 * the time. value is whole_bits / 2^shift. */
static struct digits count_digits(double value)
{
    static const uint64_t powers[] = {
        1U,
        10U,
        100U,
        1000U,
        10000U,
        100000U,
        1000000U,
        10000000U,
        100000000U,
        1000000000U,
        10000000000U,
        100000000000U,
        1000000000000U,
        10000000000000U,
        100000000000000U,
        1000000000000000U,
        10000000000000000U,
    };
    int exponent = 0;
    const uint64_t whole_bits = (uint64_t)ldexp(frexp(value, &exponent), 53);
    const int shift = 53 - exponent;
    const int before = value < 10 ? 1 : value < 100 ? 2 : 3; /* digits before the point */
    struct digits ret = {0};

    for (ret.n = 15; ret.n <= 17; ret.n++) {
        ret.places = ret.n - before;
        const wide scaled = (wide)whole_bits * powers[ret.places];
        const wide half = (wide)1 << (shift - 1);
        /* to the nearest, of two equally near ones to the even one */
        const wide odd = scaled >> shift & 1;
        ret.whole = (uint64_t)((scaled + half - 1 + odd) >> shift);
        const wide back = (wide)ret.whole << shift;
        const wide off = back > scaled ? back - scaled : scaled - back;
        /* less than half of what whole_bits' last bit is worth: read back, it is value */
        if (2 * off < powers[ret.places]) {
            break;
        }
    }
    return ret;
}

double gs_unigram_score(double nearest)
{
    const double size = fabs(nearest);

    if (size == 0) {
        return nearest;
    }
    const bool usual = size >= 1 && size < 1000;
    const struct digits digits = usual ? count_digits(size) : print_digits(size);
    const double value = usual && digits.n == 15 ? size : from_digits(digits);
    return nearest < 0 ? -value : value;
}
