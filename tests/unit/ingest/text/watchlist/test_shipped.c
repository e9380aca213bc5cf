/* deploy/config/watchlist.csv, read as a desk would: names that cross two other words, cues that
 * every text has, other companies whose names begin alike; and the spellings that must be found. */
#include "tests/unit/ingest/text/text_rows.h"

#include "ingest/text/watchlist/watchlist.h"

#include <stdio.h>

static struct gs_watchlist *list;

static const struct text_row rows[] = {
    /* Across words. */
    {"Beijing's east", "北京东站周边商铺关门", ""},
    {"Nanjing's east", "南京东郊发现新矿", ""},
    {"Tokyo's east", "他从东京东部赶来", ""},
    {"BOE is another company", "京东方面板涨价, 京东方A涨停", "京东方A 京东方A"},
    {"and JD's side is JD", "京东方面回应称", "京东集团"},
    {"JD Health too", "京东健康涨超5%", "京东健康"},
    {"a team of two countries", "中美团队联合发布论文", ""},
    {"a delegation", "商务部访美团昨日启程", ""},
    {"a line of chemistry", "化工行业景气度下行, 银行收紧贷款", ""},
    {"what workers do", "员工行为守则发布, 银行客户须知", ""},
    {"a line of building", "基建行业回暖, 央行降准", ""},
    {"farmers' line", "三农行业补贴到位", ""},
    {"in the middle of it", "其中行业龙头领涨, 国有行跟涨", ""},
    {"a trick, and a bribe", "使出高招行骗的团伙落网, 银行提醒客户", ""},
    {"perfect", "完美的空调外机设计", ""},
    {"North America's", "北美的家电市场萎缩", ""},
    {"character", "他的人格力量感染众人, 空调坏了", ""},
    {"a price", "大股东以高价格力挺股价", ""},
    {"a thousand times", "众里寻他千百度", ""},
    {"degrees", "炉温接近百度高温", ""},
    {"banking in America", "美国银行业危机蔓延", ""},
    {"banking in China", "中国银行业协会发布报告", ""},
    {"two other companies", "蓝思科技与科思科技签约", ""},
    {"a drug maker, and production", "海思科公告, 加强生产管理", ""},
    {"a chancellor", "默克尔访华", ""},
    {"Christmas Eve", "平安夜餐厅爆满, 买份保险", ""},
    {"a wish", "愿大家岁岁平安, 存款多多", ""},
    {"a place in Tibet", "西藏阿里地区地震", ""},
    {"millet", "今天喝小米粥", ""},
    {"an orchard", "苹果园警方通报", ""},
    {"apple futures", "苹果期货主力合约跌停", ""},
    {"a town", "茅台镇酒厂停产", ""},
    {"a person", "主演哈里森·福特获奖", ""},
    {"pie", "Grandma's apple pie recipe is a hit", ""},
    {"a forest", "Fires in the Amazon rainforest spread", ""},
    {"a tag in mid-word", "What should I Do$T about my Sh$T", ""},
    /* Found. */
    {"JD", "京东营收不及预期", "京东集团"},
    {"a name written as a host, another behind it", "JD.com/Walmart deal collapses",
     "京东集团 Walmart"},
    {"JD in Beijing", "在北京,京东开店", "京东集团"},
    {"Meituan among others", "其中美团跌近9%", "美团"},
    {"ICBC", "工行行长辞职", "工商银行"},
    {"CCB and ABC", "建行、农行下调存款利率", "建设银行 农业银行"},
    {"Bank of China", "中国银行拟发债", "中国银行"},
    {"Bank of America", "美国银行上调目标价", "Bank of America"},
    {"Merchants Bank", "招行不良率上升", "招商银行"},
    {"Midea with Gree", "格力与美的打价格战, 空调降价", "格力电器 美的集团"},
    {"Apple", "苹果砍单, 供应链承压", "Apple"},
    {"Apple in lower case", "apple's guidance disappoints", "Apple"},
    {"traditional", "騰訊、阿里巴巴、小米與比亞迪下挫", "腾讯控股 阿里巴巴 小米集团 比亚迪"},
    {"traditional, foreign", "蘋果與臺積電簽約, 輝達沒有", "Apple 台积电"},
    {"HSBC in Hong Kong", "滙豐派息", "汇丰控股"},
    {"nicknames", "小摩下调美银评级", "JPMorgan Chase Bank of America"},
    {"cashtags", "$TSLA $fb $GOOG$AAPL", "Tesla Meta Alphabet Apple"},
    {"codes", "(00700) 0700.HK SH600519 9988.HK", "腾讯控股 腾讯控股 贵州茅台 阿里巴巴"},
    {"a typographic apostrophe", "McDonald’s sales fall", "McDonald's"},
    {"a hyphen that does not break", "Coca‑Cola and Wal‑Mart", "Coca-Cola Walmart"},
    {"short with an ampersand", "J&J and P&G beat, AT&T misses",
     "Johnson & Johnson Procter & Gamble AT&T"},
};

static void names_are_found_where_they_are_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_match matches[16];
        char found[512] = "";
        size_t len = 0;
        const size_t n = gs_watchlist_find(list, gs_str(rows[i].in), gs_str(""), matches, 16);
        for (size_t k = 0; k < n; k++) {
            len += (size_t)snprintf(found + len, sizeof found - len, "%s%.*s", k > 0 ? " " : "",
                                    GS_STR_ARGS(matches[k].name));
        }
        check_text(rows[i].shows, gs_str(found), rows[i].out);
    }
}

static int set_up(void **state)
{
    struct gs_error err;

    (void)state;
    if (gs_watchlist_load("../deploy/config/watchlist.csv", &list, &err) != GS_OK) {
        print_error("%s\n", err.message);
        return 1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gs_watchlist_free(list);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_where_they_are_meant),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
