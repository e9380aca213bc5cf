/* Entities of HTML: "&amp;", "&#8217;", "&#x2019;". Names are looked up by bisection in the table of
 * html_entity_names.h; numbers follow HTML 5 in what they repair. */
#include "ingest/text/clean/stage.h"

#include "ingest/text/clean/html_entity_names.h"

#include <stdlib.h>

uint32_t gs_cp1252(uint8_t byte)
{
    static const uint16_t high[32] = {
        0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
    };

    return byte >= 0x80 && byte <= 0x9F ? high[byte - 0x80] : 0;
}

static int digit_of(char c, int base)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (base == 16 && c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return base == 16 && c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* HTML 5, section 13.2.5.80: what is no character becomes U+FFFD, 0x80 to 0x9F are meant as
 * Windows-1252, the semicolon may lack. */
static size_t read_number(struct gs_str text, uint32_t *cp)
{
    const int base = text.len > 2 && (text.bytes[2] == 'x' || text.bytes[2] == 'X') ? 16 : 10;
    const size_t start = base == 16 ? 3 : 2;
    uint32_t value = 0;
    size_t i = start;

    for (; i < text.len && digit_of(text.bytes[i], base) >= 0; i++) {
        if (value <= 0x10FFFF) {
            value = value * (uint32_t)base + (uint32_t)digit_of(text.bytes[i], base);
        }
    }
    if (i == start) {
        return 0;
    }
    if (value >= 0x80 && value <= 0x9F && gs_cp1252((uint8_t)value) != 0) {
        value = gs_cp1252((uint8_t)value);
    }
    const bool bad = value == 0 || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF);
    *cp = bad ? 0xFFFD : value;
    return i < text.len && text.bytes[i] == ';' ? i + 1 : i;
}

static const struct gs_entity *find_name(const char *name, size_t len)
{
    size_t low = 0;
    size_t high = GS_COUNT(entity_names);

    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        const char *other = entity_names[mid].name;
        int order = strncmp(other, name, len);
        if (order == 0 && other[len] != '\0') {
            order = 1;
        }
        if (order == 0) {
            return &entity_names[mid];
        }
        if (order < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Without its semicolon a name counts only when the whole word is a name that may stand so:
 * "AT&T", "R&D" and "?a=1&copyright=2" stay. */
static size_t read_name(struct gs_str text, uint32_t *cp)
{
    size_t len = 0;

    while (len + 1 < text.len && len <= GS_ENTITY_MAX_NAME && is_alnum(text.bytes[1 + len])) {
        len++;
    }
    const struct gs_entity *entity = len == 0 ? NULL : find_name(text.bytes + 1, len);
    if (entity == NULL) {
        return 0;
    }
    const bool closed = 1 + len < text.len && text.bytes[1 + len] == ';';
    const bool assigned = 1 + len < text.len && text.bytes[1 + len] == '=';
    if (!closed && (!entity->bare || assigned)) {
        return 0;
    }
    *cp = entity->cp;
    return 1 + len + (closed ? 1 : 0);
}

size_t gs_entity_read(struct gs_str text, uint32_t *ret_cp)
{
    if (text.len < 3) {
        return 0;
    }
    return text.bytes[1] == '#' ? read_number(text, ret_cp) : read_name(text, ret_cp);
}
