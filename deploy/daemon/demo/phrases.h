/* The words of the demo's stream: companies that do not exist, and what is said about them.
 *
 * A line is a text with slots in braces. A slot is a number ({p}, {n}, {m} …), a piece of the
 * company the line is about ({co}, {sh}, {tk}, {prod}, {site}, {trade}), or a word list of the
 * language, whose words may hold slots themselves. Everything here is constant. */
#ifndef GS_DEMO_PHRASES_H
#define GS_DEMO_PHRASES_H

#include <stdbool.h>
#include <stddef.h>

/* In the order of enum gs_sentiment, whose words say them. */
enum gs_demo_tone { GS_DEMO_NEGATIVE, GS_DEMO_NEUTRAL, GS_DEMO_POSITIVE, GS_DEMO_N_TONES };

enum gs_demo_lang { GS_DEMO_EN, GS_DEMO_ZH, GS_DEMO_N_LANGS };

/* The topic that a line is meant to be about. The names are labels of the shipped model's topic
 * head where it has one; the model decides by itself, this is only what we had in mind. */
enum gs_demo_topic {
    GS_DEMO_COMPANY,
    GS_DEMO_RESULTS,
    GS_DEMO_STOCK_MOVE,
    GS_DEMO_COMMENTARY,
    GS_DEMO_ANALYST,
    GS_DEMO_DEALS,
    GS_DEMO_LEGAL,
    GS_DEMO_PERSONNEL,
    GS_DEMO_MACRO,
    GS_DEMO_CENTRAL_BANK,
    GS_DEMO_MARKETS,
    GS_DEMO_ENERGY,
    GS_DEMO_REAL_ESTATE,
    GS_DEMO_INDUSTRY,
    GS_DEMO_COMMODITIES,
    GS_DEMO_N_TOPICS
};
const char *gs_demo_topic_name(enum gs_demo_topic topic);

/* Marks lines that belong to what is planted: kept apart, so that a surge tells one story. */
enum gs_demo_story {
    GS_DEMO_STORY_NONE,
    GS_DEMO_STORY_CONTAMINATION, /* the English surge */
    GS_DEMO_STORY_DEFAULT,       /* the Chinese surge */
    GS_DEMO_STORY_COPIED,        /* one text, copied */
};

struct gs_demo_line {
    enum gs_demo_topic topic;
    enum gs_demo_tone tone;
    enum gs_demo_story story;
    const char *text;
};

struct gs_demo_company {
    const char *id; /* "PELLAMERE.DEMO": an exchange that does not exist */
    const char *name;
    const char *alias;  /* the short form that people use */
    const char *ticker; /* without the $ */
    const char *product, *site;
    const char *trade;
    enum gs_demo_lang lang;
};

struct gs_demo_words {
    const char *slot;
    const char *const *words;
    size_t n;
};

enum gs_demo_style {
    GS_DEMO_WIRE,   /* a headline, nothing else */
    GS_DEMO_PAPER,  /* headline and a paragraph */
    GS_DEMO_HTML,   /* the same as a feed item: HTML, entities, RFC 2822 dates */
    GS_DEMO_FLASH,  /* one line of text, 【】 in Chinese */
    GS_DEMO_SOCIAL, /* headlines passed on with cashtags and links, and comments */
    GS_DEMO_FORUM,  /* comments */
};

enum { GS_DEMO_MAX_WEIGHT = 32 };

struct gs_demo_publisher {
    const char *name;
    enum gs_demo_style style;
    enum gs_demo_lang lang;
    unsigned weight; /* how often it is chosen; <= GS_DEMO_MAX_WEIGHT */
};

/* Everything one language needs. */
struct gs_demo_vocab {
    const struct gs_demo_line *lines;
    size_t n_lines;
    const struct gs_demo_words *words;
    size_t n_words;
    const char *const *bodies[GS_DEMO_N_TONES]; /* second sentences */
    size_t n_bodies[GS_DEMO_N_TONES];
    const char *const *openers[GS_DEMO_N_TONES]; /* what a comment begins with; "" is one */
    size_t n_openers[GS_DEMO_N_TONES];
    const char *const *closers[GS_DEMO_N_TONES];
    size_t n_closers[GS_DEMO_N_TONES];
    unsigned topic_weight[GS_DEMO_N_TOPICS];
};
extern const struct gs_demo_vocab gs_demo_vocab_en, gs_demo_vocab_zh;

extern const struct gs_demo_company gs_demo_companies[];
extern const size_t gs_demo_n_companies;
extern const struct gs_demo_publisher gs_demo_publishers[];
extern const size_t gs_demo_n_publishers;

/* Tells whether the line is about a company at all. */
bool gs_demo_names_company(const struct gs_demo_line *line);

/* The companies that things are planted on. */
const struct gs_demo_company *gs_demo_company_of(enum gs_demo_story story);

#endif
