/* The companies that the stream is about, and its publishers. No company, ticker, bank or newspaper
 * here exists. */
#include "deploy/daemon/demo/phrases.h"

#include "deploy/daemon/demo/stream.h"
#include "ingest/base/attr.h"

#include <string.h>

const char *gs_demo_topic_name(enum gs_demo_topic topic)
{
    static const char *const names[GS_DEMO_N_TOPICS] = {
        [GS_DEMO_COMPANY] = "company",
        [GS_DEMO_RESULTS] = "results",
        [GS_DEMO_STOCK_MOVE] = "stock_move",
        [GS_DEMO_COMMENTARY] = "commentary",
        [GS_DEMO_ANALYST] = "analyst",
        [GS_DEMO_DEALS] = "deals",
        [GS_DEMO_LEGAL] = "legal",
        [GS_DEMO_PERSONNEL] = "personnel",
        [GS_DEMO_MACRO] = "macro",
        [GS_DEMO_CENTRAL_BANK] = "central_bank",
        [GS_DEMO_MARKETS] = "markets",
        [GS_DEMO_ENERGY] = "energy",
        [GS_DEMO_REAL_ESTATE] = "real_estate",
        [GS_DEMO_INDUSTRY] = "industry",
        [GS_DEMO_COMMODITIES] = "commodities",
    };
    return names[topic];
}

/* Tickers have five letters and end in D, ids end in .DEMO: neither is anybody's. */
const struct gs_demo_company gs_demo_companies[] = {
    {"PELLAMERE.DEMO", "Pellamere Foods", "Pellamere", "ZPLMD", "ready meals", "plant", "food",
     GS_DEMO_EN},
    {"VELMORRA.DEMO", "Velmorra Biosciences", "Velmorra", "ZVLMD", "gene therapy", "laboratory",
     "biotech", GS_DEMO_EN},
    {"QUILLSTANE.DEMO", "Quillstane Bank", "Quillstane", "ZQLSD", "mortgage", "branch", "banking",
     GS_DEMO_EN},
    {"TARNWICK.DEMO", "Tarnwick Rail", "Tarnwick", "ZTNWD", "freight", "depot", "rail", GS_DEMO_EN},
    {"OSTRELLINE.DEMO", "Ostrelline Cosmetics", "Ostrelline", "ZOSTD", "skin care", "store",
     "cosmetics", GS_DEMO_EN},
    {"BRUNHALLOW.DEMO", "Brunhallow Mining", "Brunhallow", "ZBRHD", "copper", "mine", "mining",
     GS_DEMO_EN},
    {"KESTRIVANE.DEMO", "Kestrivane Aerospace", "Kestrivane", "ZKSVD", "engine", "hangar",
     "aerospace", GS_DEMO_EN},
    {"DUNMARROW.DEMO", "Dunmarrow Insurance", "Dunmarrow", "ZDMWD", "home policy", "office",
     "insurance", GS_DEMO_EN},
    {"FENLARQUE.DEMO", "Fenlarque Stores", "Fenlarque", "ZFNLD", "clothing", "store", "retail",
     GS_DEMO_EN},
    {"ZEPHRANDEL.DEMO", "Zephrandel Airlines", "Zephrandel", "ZZPHD", "ticket", "hub", "airline",
     GS_DEMO_EN},
    {"CORVALDINE.DEMO", "Corvaldine Motors", "Corvaldine", "ZCVDD", "electric van", "plant", "car",
     GS_DEMO_EN},
    {"HALCYDRA.DEMO", "Halcydra Pharma", "Halcydra", "ZHLCD", "asthma drug", "laboratory", "drug",
     GS_DEMO_EN},
    {"GRISTOMERE.DEMO", "Gristomere Energy", "Gristomere", "ZGRSD", "wind power", "terminal",
     "energy", GS_DEMO_EN},
    {"WEXOLITE.DEMO", "Wexolite Semiconductors", "Wexolite", "ZWXLD", "memory chip", "fab", "chip",
     GS_DEMO_EN},
    {"OMBRASOFT.DEMO", "Ombrasoft Systems", "Ombrasoft", "ZOMBD", "cloud service", "data centre",
     "software", GS_DEMO_EN},
    {"YANHE.DEMO", "砚禾地产", "砚禾", "ZYHDD", "住宅", "楼盘", "房地产", GS_DEMO_ZH},
    {"LANQIONG.DEMO", "澜穹科技", "澜穹", "ZLQKD", "云服务", "数据中心", "云计算", GS_DEMO_ZH},
    {"JICHUAN.DEMO", "霁川银行", "霁川", "ZJCYD", "零售贷款", "网点", "银行", GS_DEMO_ZH},
    {"SHUOMING.DEMO", "朔溟能源", "朔溟", "ZSMND", "风电", "基地", "风电", GS_DEMO_ZH},
    {"QINGWU.DEMO", "青梧岭药业", "青梧岭", "ZQWYD", "创新药", "研发中心", "医药", GS_DEMO_ZH},
    {"XIANGYUN.DEMO", "缃云乳业", "缃云", "ZXYRD", "酸奶", "牧场", "乳业", GS_DEMO_ZH},
    {"XIUFENG.DEMO", "岫峰矿业", "岫峰", "ZXFKD", "铜矿", "矿区", "有色金属", GS_DEMO_ZH},
    {"LIYAO.DEMO", "骊曜汽车", "骊曜", "ZLYQD", "电动车", "工厂", "新能源汽车", GS_DEMO_ZH},
    {"SHUYIN.DEMO", "漱音传媒", "漱音", "ZSYCD", "短剧", "演播中心", "传媒", GS_DEMO_ZH},
    {"LUYUHANG.DEMO", "鹭屿航空", "鹭屿", "ZLYHD", "国际航线", "机库", "航空", GS_DEMO_ZH},
    {"JINGYUAN.DEMO", "璟渊证券", "璟渊", "ZJYZD", "财富管理", "营业部", "券商", GS_DEMO_ZH},
    {"QIONGLI.DEMO", "穹砺半导体", "穹砺", "ZQLBD", "存储芯片", "晶圆厂", "半导体", GS_DEMO_ZH},
    {"LIAOTING.DEMO", "蓼汀食品", "蓼汀", "ZLTSD", "速冻食品", "工厂", "食品饮料", GS_DEMO_ZH},
    {"CHENGYU.DEMO", "铖屿机械", "铖屿", "ZCYJD", "工业机器人", "车间", "机械", GS_DEMO_ZH},
    {"YUNZE.DEMO", "昀泽纺织", "昀泽", "ZYZFD", "功能面料", "纺纱厂", "纺织", GS_DEMO_ZH},
};
const size_t gs_demo_n_companies = GS_COUNT(gs_demo_companies);

const struct gs_demo_publisher gs_demo_publishers[] = {
    {"Meridian Gate Wire", GS_DEMO_WIRE, GS_DEMO_EN, 24},
    {"Harbour Row Daily", GS_DEMO_PAPER, GS_DEMO_EN, 14},
    {"Greyhaven Business", GS_DEMO_HTML, GS_DEMO_EN, 12},
    {"Tickerhive", GS_DEMO_SOCIAL, GS_DEMO_EN, 22},
    {"Filings Lantern", GS_DEMO_FLASH, GS_DEMO_EN, 12},
    {"The Candlestick Post", GS_DEMO_PAPER, GS_DEMO_EN, 8},
    {"Squawkfinch", GS_DEMO_SOCIAL, GS_DEMO_EN, 8},
    {"汐报快讯", GS_DEMO_FLASH, GS_DEMO_ZH, 26},
    {"云棠财经报", GS_DEMO_PAPER, GS_DEMO_ZH, 16},
    {"衡道公告台", GS_DEMO_WIRE, GS_DEMO_ZH, 18},
    {"晓钟网", GS_DEMO_HTML, GS_DEMO_ZH, 12},
    {"股海茶寮", GS_DEMO_FORUM, GS_DEMO_ZH, 18},
    {"韭畦论坛", GS_DEMO_FORUM, GS_DEMO_ZH, 10},
};
const size_t gs_demo_n_publishers = GS_COUNT(gs_demo_publishers);

const struct gs_demo_company *gs_demo_company_of(enum gs_demo_story story)
{
    switch (story) {
    case GS_DEMO_STORY_CONTAMINATION:
        return &gs_demo_companies[0]; /* Pellamere Foods */
    case GS_DEMO_STORY_DEFAULT:
        return &gs_demo_companies[15]; /* 砚禾地产 */
    case GS_DEMO_STORY_COPIED:
        return &gs_demo_companies[8]; /* Fenlarque Stores */
    case GS_DEMO_STORY_NONE:
        break;
    }
    return NULL;
}

bool gs_demo_names_company(const struct gs_demo_line *line)
{
    return strstr(line->text, "{co}") != NULL || strstr(line->text, "{sh}") != NULL ||
           strstr(line->text, "{tk}") != NULL;
}

void gs_demo_watchlist(struct gs_buf *out)
{
    gs_buf_puts(out, "id,name,aliases,tickers,cues\n");
    for (size_t i = 0; i < gs_demo_n_companies; i++) {
        const struct gs_demo_company *company = &gs_demo_companies[i];
        gs_buf_printf(out, "%s,%s,%s,%s,%s|%s|%s\n", company->id, company->name, company->alias,
                      company->ticker, company->trade, company->product, company->site);
    }
}
