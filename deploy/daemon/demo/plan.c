/* Decides what happens in the demo's day and a half: which company has which event when, and how
 * the volume of messages goes with the hour. Everything follows from the seed. */
#include "deploy/daemon/demo/plan.h"

#include "ingest/base/attr.h"

#include <assert.h>
#include <math.h>

static const double base_negative = 0.22; /* of ordinary messages; half of the rest is positive */
static const double chinese_share = 0.45;
static const double surge_negative = 0.88;
/* Moods are an AR(1) walk with this sd and a memory of an hour: opinion is not a coin. */
static const double mood_sd = 0.15, mood_keep = 0.9834;

static const struct gs_demo_vocab *vocab_of(enum gs_demo_lang lang)
{
    return lang == GS_DEMO_ZH ? &gs_demo_vocab_zh : &gs_demo_vocab_en;
}

static void add_line(struct gs_demo_picks *picks, const struct gs_demo_line *line)
{
    assert(picks->n < GS_DEMO_MAX_PICKS);
    picks->lines[picks->n++] = line;
}

static void sort_line(struct gs_demo_plan *plan, enum gs_demo_lang lang,
                      const struct gs_demo_line *line)
{
    switch (line->story) {
    case GS_DEMO_STORY_NONE:
        add_line(&plan->ordinary[lang][line->topic][line->tone], line);
        break;
    case GS_DEMO_STORY_COPIED:
        plan->copied = line;
        break;
    case GS_DEMO_STORY_CONTAMINATION:
    case GS_DEMO_STORY_DEFAULT:
        add_line(&plan->surge[lang], line);
        break;
    }
}

void gs_demo_plan_init(struct gs_demo_plan *plan)
{
    *plan = (struct gs_demo_plan){0};
    for (int lang = 0; lang < GS_DEMO_N_LANGS; lang++) {
        const struct gs_demo_vocab *vocab = vocab_of((enum gs_demo_lang)lang);
        for (size_t i = 0; i < vocab->n_lines; i++) {
            sort_line(plan, (enum gs_demo_lang)lang, &vocab->lines[i]);
        }
        for (size_t topic = 0; topic < GS_DEMO_N_TOPICS; topic++) {
            plan->total_weight[lang] += vocab->topic_weight[topic];
        }
    }
}

double gs_demo_plan_burst_share(const struct gs_demo_plan *plan)
{
    return (1 - chinese_share) * gs_demo_vocab_en.topic_weight[GS_DEMO_CENTRAL_BANK] /
           plan->total_weight[GS_DEMO_EN];
}

static double gaussian(struct gs_demo_random *random) /* Box and Muller */
{
    const double u = 1 - gs_demo_unit(random);
    return sqrt(-2 * log(u)) * cos(2 * acos(-1) * gs_demo_unit(random));
}

void gs_demo_plan_minute(struct gs_demo_plan *plan, struct gs_demo_random *random)
{
    const double step = mood_sd * sqrt(1 - mood_keep * mood_keep);
    for (size_t lang = 0; lang < GS_DEMO_N_LANGS; lang++) {
        for (size_t topic = 0; topic < GS_DEMO_N_TOPICS; topic++) {
            plan->mood[lang][topic] = mood_keep * plan->mood[lang][topic] + step * gaussian(random);
        }
    }
}

static enum gs_demo_tone draw_tone(struct gs_demo_random *random, double negative)
{
    const double u = gs_demo_unit(random);
    if (u < negative) {
        return GS_DEMO_NEGATIVE;
    }
    return u < negative + (1 - negative) / 2 ? GS_DEMO_POSITIVE : GS_DEMO_NEUTRAL;
}

static enum gs_demo_topic draw_topic(const struct gs_demo_plan *plan, struct gs_demo_random *random,
                                     enum gs_demo_lang lang)
{
    size_t left = gs_demo_below(random, plan->total_weight[lang]);
    size_t topic = 0;
    while (left >= vocab_of(lang)->topic_weight[topic]) {
        left -= vocab_of(lang)->topic_weight[topic];
        topic++;
    }
    return (enum gs_demo_topic)topic;
}

/* The company of the copied story is seldom in the news otherwise: fifty votes instead of one would
 * be heard. */
static const struct gs_demo_company *draw_company(struct gs_demo_random *random,
                                                  enum gs_demo_lang lang)
{
    const struct gs_demo_company *quiet = gs_demo_company_of(GS_DEMO_STORY_COPIED);
    for (;;) {
        const struct gs_demo_company *company =
            &gs_demo_companies[gs_demo_below(random, gs_demo_n_companies)];
        if (company->lang == lang && (company != quiet || gs_demo_below(random, 3) == 0)) {
            return company;
        }
    }
}

/* Comments come from social media and forums, news from all but forums. */
static const struct gs_demo_publisher *draw_publisher(struct gs_demo_random *random,
                                                      enum gs_demo_lang lang, bool comment)
{
    for (;;) {
        const struct gs_demo_publisher *publisher =
            &gs_demo_publishers[gs_demo_below(random, gs_demo_n_publishers)];
        const bool talks = publisher->style == GS_DEMO_SOCIAL || publisher->style == GS_DEMO_FORUM;
        const bool reports = publisher->style != GS_DEMO_FORUM;
        if (publisher->lang == lang && (comment ? talks : reports) &&
            gs_demo_below(random, GS_DEMO_MAX_WEIGHT) < publisher->weight) {
            return publisher;
        }
    }
}

static double negative_share(const struct gs_demo_plan *plan, enum gs_demo_lang lang,
                             enum gs_demo_topic topic)
{
    return 1 / (1 + exp(-(log(base_negative / (1 - base_negative)) + plan->mood[lang][topic])));
}

static const struct gs_demo_line *draw_line(const struct gs_demo_picks *picks,
                                            struct gs_demo_random *random)
{
    assert(picks->n > 0);
    return picks->lines[gs_demo_below(random, picks->n)];
}

/* The company's share of negative messages in a surge; the rest of what is said about it goes on as
 * usual. */
static void draw_surge(const struct gs_demo_plan *plan, struct gs_demo_random *random,
                       struct gs_demo_brief *brief)
{
    const enum gs_demo_tone tone = draw_tone(random, surge_negative);
    brief->company = gs_demo_company_of(brief->lang == GS_DEMO_ZH ? GS_DEMO_STORY_DEFAULT
                                                                  : GS_DEMO_STORY_CONTAMINATION);
    brief->line =
        draw_line(tone == GS_DEMO_NEGATIVE ? &plan->surge[brief->lang]
                                           : &plan->ordinary[brief->lang][GS_DEMO_COMPANY][tone],
                  random);
}

void gs_demo_plan_draw(const struct gs_demo_plan *plan, struct gs_demo_random *random,
                       enum gs_demo_plant plant, struct gs_demo_brief *ret)
{
    const bool chinese = plant == GS_DEMO_SURGE_ZH ||
                         (plant == GS_DEMO_ORDINARY && gs_demo_unit(random) < chinese_share);
    ret->lang = chinese ? GS_DEMO_ZH : GS_DEMO_EN;
    if (plant == GS_DEMO_SURGE_EN || plant == GS_DEMO_SURGE_ZH) {
        draw_surge(plan, random, ret);
    } else {
        const enum gs_demo_topic topic =
            plant == GS_DEMO_BURST ? GS_DEMO_CENTRAL_BANK : draw_topic(plan, random, ret->lang);
        const enum gs_demo_tone tone = draw_tone(random, negative_share(plan, ret->lang, topic));
        ret->company = draw_company(random, ret->lang);
        ret->line = draw_line(&plan->ordinary[ret->lang][topic][tone], random);
    }
    ret->publisher = draw_publisher(random, ret->lang, ret->line->topic == GS_DEMO_COMMENTARY);
    do {
        ret->rival = draw_company(random, ret->lang);
    } while (ret->rival == ret->company);
}

void gs_demo_plan_copy(const struct gs_demo_plan *plan, struct gs_demo_random *random,
                       struct gs_demo_brief *ret)
{
    *ret = (struct gs_demo_brief){.lang = GS_DEMO_EN,
                                  .line = plan->copied,
                                  .company = gs_demo_company_of(GS_DEMO_STORY_COPIED),
                                  .rival = gs_demo_company_of(GS_DEMO_STORY_CONTAMINATION),
                                  .publisher = draw_publisher(random, GS_DEMO_EN, false)};
}
