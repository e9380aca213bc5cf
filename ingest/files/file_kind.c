/* Recognizes a file by its first bytes: a table of magic numbers, and a guess at UTF-16 without a
 * byte order mark.
 *
 * A pipe may give its bytes one at a time, and a person types lines, so no more bytes are asked for
 * than the decision needs. The first byte or two of a text already rule out all of the others. */
#include "ingest/files/file_kind.h"

#include "ingest/base/attr.h"

struct kind {
    struct gs_str magic;
    const char *name, *remedy;
};

#define MAGIC(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const char iconv_16[] = "convert it first: iconv -f UTF-16 -t UTF-8";
static const char iconv_32[] = "convert it first: iconv -f UTF-32 -t UTF-8";
static const char columns[] = "write it out as JSON lines first";

/* The longer of two that begin alike stands first; a '?' is any byte. */
static const struct kind kinds[] = {
    {MAGIC("\x1F\x8B"), NULL, NULL}, /* gzip */
    {MAGIC("\xFF\xFE\x00\x00"), "UTF-32 text", iconv_32},
    {MAGIC("\x00\x00\xFE\xFF"), "UTF-32 text", iconv_32},
    {MAGIC("\xFF\xFE"), "UTF-16 text", iconv_16},
    {MAGIC("\xFE\xFF"), "UTF-16 text", iconv_16},
    {MAGIC("\x28\xB5\x2F\xFD"), "a zstd file", "unpack it first: zstd -dc FILE, into a pipe"},
    {MAGIC("\xFD"
           "7zXZ\x00"),
     "an xz file", "unpack it first: xz -dc FILE, into a pipe"},
    {MAGIC("BZh?1AY&SY"), "a bzip2 file", "unpack it first: bzip2 -dc FILE, into a pipe"},
    {MAGIC("\x04\x22\x4D\x18"), "an lz4 file", "unpack it first: lz4 -dc FILE, into a pipe"},
    {MAGIC("PK\x03\x04"), "a zip archive", "unpack it first: unzip -p FILE, into a pipe"},
    {MAGIC("7z\xBC\xAF\x27\x1C"), "a 7z archive", "unpack it first: 7z x -so FILE, into a pipe"},
    {MAGIC("PAR1"), "a Parquet file", columns},
    {MAGIC("ARROW1\x00"), "an Arrow file", columns},
    {MAGIC("Obj\x01"), "an Avro file", columns},
};

static bool begins_alike(struct gs_str begin, struct gs_str magic, size_t n)
{
    size_t i = 0;

    while (i < n && (begin.bytes[i] == magic.bytes[i] || magic.bytes[i] == '?')) {
        i++;
    }
    return i == n;
}

/* "{ 0 \" 0" or "0 { 0 \"": text of two bytes a character. */
static enum gs_file_kind utf16_without_mark(struct gs_str begin)
{
    const bool first = begin.bytes[0] == '\0';
    const bool second = begin.len > 1 && begin.bytes[1] == '\0';

    if (begin.len < 2 || first == second) {
        return GS_FILE_LINES;
    }
    if (begin.len < 4) {
        return GS_FILE_UNKNOWN;
    }
    return (begin.bytes[2] == '\0') == first && (begin.bytes[3] == '\0') == second ? GS_FILE_REFUSED
                                                                                   : GS_FILE_LINES;
}

enum gs_file_kind gs_file_kind(struct gs_str begin, const char **ret_name, const char **ret_remedy)
{
    bool could_be = begin.len < 2;

    for (size_t i = 0; i < GS_COUNT(kinds); i++) {
        const struct gs_str magic = kinds[i].magic;
        const size_t n = begin.len < magic.len ? begin.len : magic.len;
        if (!begins_alike(begin, magic, n)) {
            continue;
        }
        if (n < magic.len) {
            could_be = true;
            continue;
        }
        *ret_name = kinds[i].name;
        *ret_remedy = kinds[i].remedy;
        return could_be && begin.len < 4 ? GS_FILE_UNKNOWN
               : kinds[i].name == NULL   ? GS_FILE_GZIP
                                         : GS_FILE_REFUSED;
    }
    if (could_be) {
        return GS_FILE_UNKNOWN;
    }
    *ret_name = "UTF-16 text";
    *ret_remedy = iconv_16;
    return utf16_without_mark(begin);
}
