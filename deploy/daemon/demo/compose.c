/* The publishers differ as they do in life: a wire sends a headline, a paper a headline and a
 * paragraph, a feed HTML with dates as in mail, social media cashtags, links and emoji. So the
 * stream goes through most of what decode and normalize can do. */
#include "deploy/daemon/demo/compose.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void put_number(struct gs_demo_random *random, enum gs_demo_lang lang, char kind,
                       struct gs_buf *out)
{
    static const unsigned steps[] = {10, 15, 20, 25, 30, 40, 50, 75, 100};
    switch (kind) {
    case 'n':
        gs_buf_printf(out, "%u", gs_demo_between(random, 2, 97));
        break;
    case 'd':
        gs_buf_printf(out, "%u", gs_demo_between(random, 1, 9));
        break;
    case 'q':
        gs_buf_printf(out, "%u", gs_demo_between(random, 1, 4));
        break;
    case 'b':
        gs_buf_printf(out, "%u", steps[gs_demo_below(random, GS_COUNT(steps))]);
        break;
    case 'p':
        gs_buf_printf(out, "%u.%u", gs_demo_between(random, 1, 28), gs_demo_between(random, 1, 9));
        break;
    case 's':
        gs_buf_printf(out, "%u.%u", gs_demo_between(random, 0, 5), gs_demo_between(random, 1, 9));
        break;
    case 'm':
        if (lang == GS_DEMO_ZH) {
            gs_buf_printf(out, "%u.%u%u亿元", gs_demo_between(random, 1, 89),
                          gs_demo_between(random, 0, 9), gs_demo_between(random, 1, 9));
        } else {
            gs_buf_printf(out, "$%u.%u million", gs_demo_between(random, 11, 980),
                          gs_demo_between(random, 1, 9));
        }
        break;
    default: /* x: a price */
        gs_buf_printf(out, lang == GS_DEMO_ZH ? "%u.%02u" : "$%u.%02u",
                      gs_demo_between(random, 3, 190), gs_demo_between(random, 1, 99));
        break;
    }
}

static bool put_company(const struct gs_demo_brief *brief, const char *slot, struct gs_buf *out)
{
    const struct gs_demo_company *company = brief->company;
    if (strcmp(slot, "co") == 0) {
        gs_buf_puts(out, company->name);
    } else if (strcmp(slot, "sh") == 0) {
        gs_buf_puts(out, company->alias);
    } else if (strcmp(slot, "tk") == 0) {
        gs_buf_printf(out, "$%s", company->ticker);
    } else if (strcmp(slot, "prod") == 0) {
        gs_buf_puts(out, company->product);
    } else if (strcmp(slot, "site") == 0) {
        gs_buf_puts(out, company->site);
    } else if (strcmp(slot, "trade") == 0) {
        gs_buf_puts(out, company->trade);
    } else if (strcmp(slot, "rival") == 0) {
        gs_buf_puts(out, brief->rival->name);
    } else {
        return false;
    }
    return true;
}

static const struct gs_demo_vocab *vocab_of(enum gs_demo_lang lang)
{
    return lang == GS_DEMO_ZH ? &gs_demo_vocab_zh : &gs_demo_vocab_en;
}

static const struct gs_demo_words *find_words(const struct gs_demo_vocab *vocab, const char *slot)
{
    for (size_t i = 0; i < vocab->n_words; i++) {
        if (strcmp(vocab->words[i].slot, slot) == 0) {
            return &vocab->words[i];
        }
    }
    return NULL;
}

/* Words hold slots of their own: two deep, as the vocabulary is written. */
// NOLINTNEXTLINE(misc-no-recursion)
static void put_slot(struct gs_demo_random *random, const struct gs_demo_brief *brief,
                     const char *slot, struct gs_buf *out)
{
    static const struct {
        const char *slot;
        char kind;
    } numbers[] = {{"n", 'n'}, {"d", 'd'}, {"q", 'q'}, {"b", 'b'},
                   {"p", 'p'}, {"s", 's'}, {"m", 'm'}, {"px", 'x'}};

    for (size_t i = 0; i < GS_COUNT(numbers); i++) {
        if (strcmp(slot, numbers[i].slot) == 0) {
            put_number(random, brief->lang, numbers[i].kind, out);
            return;
        }
    }
    if (strcmp(slot, "day") == 0) {
        gs_buf_printf(out, "%u", gs_demo_between(random, 1, 28));
        return;
    }
    if (put_company(brief, slot, out)) {
        return;
    }
    const struct gs_demo_words *words = find_words(vocab_of(brief->lang), slot);
    assert(words != NULL);
    gs_demo_fill(random, brief, words->words[gs_demo_below(random, words->n)], out);
}

// NOLINTNEXTLINE(misc-no-recursion)
void gs_demo_fill(struct gs_demo_random *random, const struct gs_demo_brief *brief,
                  const char *text, struct gs_buf *out)
{
    while (*text != '\0') {
        const char *open = strchr(text, '{');
        if (open == NULL) {
            gs_buf_puts(out, text);
            return;
        }
        gs_buf_put(out, (struct gs_str){text, (size_t)(open - text)});
        const char *close = strchr(open, '}');
        char slot[16];
        assert(close != NULL && (size_t)(close - open) <= sizeof slot);
        const size_t len = (size_t)(close - open) - 1;
        memcpy(slot, open + 1, len);
        slot[len] = '\0';
        put_slot(random, brief, slot, out);
        text = close + 1;
    }
}

static const char *one_of(struct gs_demo_random *random, const char *const *list, size_t n)
{
    return list[gs_demo_below(random, n)];
}

static void say_comment(struct gs_demo_random *random, const struct gs_demo_brief *brief,
                        struct gs_buf *out)
{
    const struct gs_demo_vocab *vocab = vocab_of(brief->lang);
    const enum gs_demo_tone tone = brief->line->tone;
    gs_demo_fill(random, brief, one_of(random, vocab->openers[tone], vocab->n_openers[tone]), out);
    gs_demo_fill(random, brief, brief->line->text, out);
    gs_demo_fill(random, brief, one_of(random, vocab->closers[tone], vocab->n_closers[tone]), out);
}

static void put_link(struct gs_demo_random *random, struct gs_buf *out)
{
    gs_buf_printf(out, " https://lnk.example/%07x", (unsigned)(gs_demo_random(random) >> 36));
}

/* A headline passed on: "Tickerhive" style. */
static void say_social(struct gs_demo_random *random, const struct gs_demo_brief *brief,
                       struct gs_buf *out)
{
    static const char *const tags[] = {"",          " #stocks", " #trading", " #investing #economy",
                                       " #finance", " #markets"};
    if (gs_demo_below(random, 4) == 0) {
        gs_buf_printf(out, "$%s - ", brief->company->ticker);
    }
    gs_demo_fill(random, brief, brief->line->text, out);
    gs_buf_puts(out, one_of(random, tags, GS_COUNT(tags)));
    put_link(random, out);
}

void gs_demo_say(struct gs_demo_random *random, const struct gs_demo_brief *brief,
                 struct gs_demo_said *out)
{
    const struct gs_demo_vocab *vocab = vocab_of(brief->lang);
    const enum gs_demo_tone tone = brief->line->tone;
    const enum gs_demo_style style = brief->publisher->style;

    gs_buf_reset(&out->title);
    gs_buf_reset(&out->text);
    if (brief->line->topic == GS_DEMO_COMMENTARY) {
        say_comment(random, brief, &out->text);
    } else if (style == GS_DEMO_SOCIAL) {
        say_social(random, brief, &out->text);
    } else if (style == GS_DEMO_FLASH) {
        gs_demo_fill(random, brief, brief->line->text, &out->text);
        gs_buf_puts(&out->text, brief->lang == GS_DEMO_ZH ? "。" : ".");
    } else {
        gs_demo_fill(random, brief, brief->line->text, &out->title);
        if (style != GS_DEMO_WIRE) {
            gs_demo_fill(random, brief, one_of(random, vocab->bodies[tone], vocab->n_bodies[tone]),
                         &out->text);
        }
    }
}

/* As HTML in a feed item: & and quotes as entities, a paragraph around it. */
static void put_html(struct gs_str text, struct gs_buf *out)
{
    gs_buf_puts(out, "<p>");
    for (size_t i = 0; i < text.len; i++) {
        switch (text.bytes[i]) {
        case '&':
            gs_buf_puts(out, "&amp;");
            break;
        case '"':
            gs_buf_puts(out, "&quot;");
            break;
        case '\'':
            gs_buf_puts(out, "&#39;");
            break;
        default:
            gs_buf_putc(out, text.bytes[i]);
        }
    }
    gs_buf_puts(out, "</p>");
}

/* Feeds date as mail does, social media in epoch ms, all others as RFC 3339. */
static void put_time(enum gs_demo_style style, int64_t ts_ms, struct gs_buf *out)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (style == GS_DEMO_HTML) {
        const time_t seconds = (time_t)(ts_ms / 1000);
        struct tm tm;
        gmtime_r(&seconds, &tm);
        gs_buf_printf(out, "\"%s, %02d %s %d %02d:%02d:%02d +0000\"", days[tm.tm_wday], tm.tm_mday,
                      names[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    } else if (style == GS_DEMO_SOCIAL) {
        gs_buf_json_int(out, ts_ms);
    } else {
        gs_buf_json_time(out, ts_ms);
    }
}

void gs_demo_wrap(struct gs_demo_random *random, const struct gs_demo_brief *brief, const char *id,
                  int64_t ts_ms, const struct gs_demo_said *said, struct gs_buf *out)
{
    const enum gs_demo_style style = brief->publisher->style;
    char scratch[1024];
    struct gs_buf html = {.bytes = scratch, .capacity = sizeof scratch, .max = sizeof scratch};

    gs_buf_printf(out, "{\"id\":\"%s\",\"ts\":", id);
    put_time(style, ts_ms, out);
    gs_buf_puts(out, ",\"source\":");
    gs_buf_json_str(out, gs_str(brief->publisher->name));
    if (said->title.len > 0) {
        gs_buf_puts(out, ",\"title\":");
        gs_buf_json_str(out, gs_buf_str(&said->title));
    }
    if (said->text.len > 0) {
        gs_buf_puts(out, ",\"text\":");
        if (style == GS_DEMO_HTML) {
            put_html(gs_buf_str(&said->text), &html);
        }
        gs_buf_json_str(out, style == GS_DEMO_HTML ? gs_buf_str(&html) : gs_buf_str(&said->text));
    }
    if (style == GS_DEMO_SOCIAL || style == GS_DEMO_FORUM) {
        gs_buf_printf(out, ",\"author\":\"user%u\"", gs_demo_between(random, 1000, 99999));
    } else {
        gs_buf_printf(out, ",\"url\":\"https://news.example/%s\"", id);
    }
    gs_buf_putc(out, '}');
}
