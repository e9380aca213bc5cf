/* Chinese: lines by topic and tone, as news flashes, company notices and forum posts put things. */
#include "deploy/daemon/demo/phrases.h"

#include "ingest/base/attr.h"

#define WORDS(list) list, GS_COUNT(list)
#define NEG(topic, text)                                                                           \
    {                                                                                              \
        GS_DEMO_##topic, GS_DEMO_NEGATIVE, GS_DEMO_STORY_NONE, text                                \
    }
#define NEU(topic, text)                                                                           \
    {                                                                                              \
        GS_DEMO_##topic, GS_DEMO_NEUTRAL, GS_DEMO_STORY_NONE, text                                 \
    }
#define POS(topic, text)                                                                           \
    {                                                                                              \
        GS_DEMO_##topic, GS_DEMO_POSITIVE, GS_DEMO_STORY_NONE, text                                \
    }
#define SURGE(topic, text)                                                                         \
    {                                                                                              \
        GS_DEMO_##topic, GS_DEMO_NEGATIVE, GS_DEMO_STORY_DEFAULT, text                             \
    }

static const struct gs_demo_line lines[] = {
    /* company */
    NEG(COMPANY, "{co}：预计{half}净利润同比下降{p}%"),
    NEG(COMPANY, "{co}{half}亏损扩大至{m}，受{why-}拖累"),
    NEG(COMPANY, "{co}：控股股东拟减持不超过{d}.{d}{d}%股份"),
    NEG(COMPANY, "{co}信息披露违规收警示函，股价大跌{p}%，股东被套"),
    NEG(COMPANY, "{co}：子公司涉{m}合同纠纷，银行账户被冻结，或致亏损"),
    NEG(COMPANY, "{co}终止{m}收购，股价跌停，{n}万股东被套"),
    NEG(COMPANY, "{co}{role}{person}涉嫌内幕交易被立案调查，涉及{m}"),
    NEG(COMPANY, "{house}下调{co}评级至卖出，股价大跌{p}%"),
    NEU(COMPANY, "{co}：将于{month}{day}日召开股东大会，审议{n}项议案"),
    NEU(COMPANY, "{co}：{month}{day}日披露{half}报告，共{n}页"),
    NEU(COMPANY, "{co}：聘任{person}为公司{role}，自{month}{day}日起生效"),
    NEU(COMPANY, "{co}：{region}{site}搬迁至新址，{month}{day}日完成登记变更"),
    NEU(COMPANY, "{co}：目前经营情况无重大变化，{month}公告编号{n}{d}{d}"),
    NEU(COMPANY, "{co}回复{n}条投资者提问：{prod}业务按计划推进"),
    NEU(COMPANY, "{house}维持{co}中性评级，目标价{px}元"),
    POS(COMPANY, "{co}：预计{half}净利润同比增长{p}%"),
    POS(COMPANY, "{co}{half}净利{m}，同比增长{p}%，{why+}"),
    POS(COMPANY, "{co}中标{region}{m}{prod}项目"),
    POS(COMPANY, "{co}：拟投资{m}建设{region}{site}，扩大{prod}产能"),
    POS(COMPANY, "{co}：控股股东拟增持{m}公司股份"),
    POS(COMPANY, "{co}与{rival}签订{m}{prod}战略合作协议"),
    POS(COMPANY, "{house}上调{co}目标价至{px}元，重申买入评级"),
    POS(COMPANY, "{co}：拟10转{d}派{d}.{d}{d}元"),
    /* markets */
    NEG(MARKETS, "{index}收盘下跌{s}%，两市近{n}00只个股下跌"),
    NEG(MARKETS, "{index}跳水，跌幅扩大至{s}%，{n}股跌停"),
    NEG(MARKETS, "【{index}大跌{s}%】受{why-}影响，市场恐慌情绪升温"),
    NEU(MARKETS, "{index}早盘平开，报{n}{d}{d}.{d}点"),
    NEU(MARKETS, "{index}窄幅震荡，成交{n}00亿元，个股涨跌各半"),
    NEU(MARKETS, "两市成交额突破{n}00亿元，{index}报{n}{d}{d}点"),
    POS(MARKETS, "{index}收盘上涨{s}%，{n}只个股涨停"),
    POS(MARKETS, "{index}涨幅扩大至{s}%，创{n}个月新高"),
    POS(MARKETS, "【{index}大涨{s}%】{why+}，市场做多情绪高涨"),
    /* macro */
    NEG(MACRO, "{country}{month}出口下降{s}%，低于预期，经济衰退担忧加剧"),
    NEG(MACRO, "{country}{month}制造业指数跌至{n}，创{n}个月新低，衰退担忧加剧"),
    NEG(MACRO, "{country}失业率升至{s}%，股市下跌，衰退担忧加剧"),
    NEU(MACRO, "{country}{month}居民消费价格同比上涨{s}%，与预期持平"),
    NEU(MACRO, "{country}央行今日开展{n}0亿元逆回购操作，利率维持{s}%"),
    NEU(MACRO, "{country}统计局将于{month}{day}日公布{month}经济数据"),
    POS(MACRO, "{country}{month}出口同比增长{s}%，好于预期"),
    POS(MACRO, "{country}经济同比增长{s}%，复苏势头强劲"),
    POS(MACRO, "{country}{month}制造业指数升至{n}，创{n}个月新高"),
    /* real estate */
    NEG(REAL_ESTATE, "{region}房地产：{month}房价环比下跌{s}%，楼市低迷"),
    NEG(REAL_ESTATE, "{region}楼市低迷，{month}房地产销售下跌{p}%，跌幅扩大"),
    NEG(REAL_ESTATE, "房地产股大跌，{estate}跌{p}%，楼市低迷"),
    NEU(REAL_ESTATE, "{region}房地产：{month}挂牌{n}宗住宅用地，起始价{m}"),
    NEU(REAL_ESTATE, "{region}房地产：{month}新建住宅销售面积{n}万平方米，与上月持平"),
    NEU(REAL_ESTATE, "{region}房地产：{month}{day}日起调整住房公积金贷款额度"),
    NEU(REAL_ESTATE, "{country}{month}房价指数年率录得{s}%，与预期持平"),
    POS(REAL_ESTATE, "{region}楼市回暖，{month}房价环比上涨{s}%"),
    POS(REAL_ESTATE, "{estate}融资回暖，{month}房地产销售额同比增长{p}%"),
    POS(REAL_ESTATE, "房地产板块上涨，{estate}涨{p}%，楼市政策利好"),
    /* industry */
    NEG(INDUSTRY, "{trade}板块下挫，{co}跌超{p}%，{rival}跟跌"),
    NEG(INDUSTRY, "{trade}行业产能过剩，{n}家企业亏损，{co}跌{p}%"),
    NEU(INDUSTRY, "{trade}行业协会：{month}产量{n}万件，与上月持平"),
    NEU(INDUSTRY, "{trade}展会将于{month}{day}日在{region}举行，{n}家企业参展"),
    POS(INDUSTRY, "{trade}板块走强，{co}涨超{p}%，{rival}跟涨"),
    POS(INDUSTRY, "{trade}行业景气度回升，{house}预计全年增长{p}%"),
    /* commodities */
    NEG(COMMODITIES, "{future}期货主力合约大跌{s}%，跌破{n}0元关口"),
    NEG(COMMODITIES, "{future}期货大跌{s}%，创{n}个月新低，需求疲弱"),
    NEU(COMMODITIES, "{future}期货{month}合约保证金标准调整为{n}%"),
    NEU(COMMODITIES, "{future}库存{n}{d}万吨，与上周持平"),
    POS(COMMODITIES, "{future}期货主力合约涨超{s}%，站上{n}0元关口"),
    POS(COMMODITIES, "{future}期货大涨{s}%，创{n}个月新高，需求旺盛"),
    /* comments */
    NEG(COMMENTARY, "{sh}又跌了{p}%，套牢{n}天，割肉走人"),
    NEG(COMMENTARY, "{sh}垃圾股，庄家天天砸盘，{px}都守不住"),
    NEG(COMMENTARY, "{sh}明天还要跌，目标{px}，快跑"),
    NEG(COMMENTARY, "亏了{n}个点，{sh}太坑人了，再也不碰"),
    NEG(COMMENTARY, "{sh}放量下跌，主力出货，{px}接盘的都是韭菜"),
    NEU(COMMENTARY, "{sh}什么时候出{half}报？{month}{day}日吗"),
    NEU(COMMENTARY, "{sh}今天成交{n}万手，大家怎么看"),
    NEU(COMMENTARY, "{sh}的{prod}占比多少？有{n}%吗"),
    NEU(COMMENTARY, "先观望，{sh}{px}再说"),
    NEU(COMMENTARY, "{sh}股东户数{n}{d}{d}{d}，上期多少"),
    POS(COMMENTARY, "{sh}明天涨停，{px}不是梦，加油"),
    POS(COMMENTARY, "{sh}主力吸筹完毕，马上拉升，目标{px}"),
    POS(COMMENTARY, "恭喜{sh}的股东，今天赚了{p}%，继续持有"),
    POS(COMMENTARY, "看好{sh}，{prod}龙头，{px}加仓了"),
    POS(COMMENTARY, "{sh}大涨{p}%，牛气冲天，坚定持有"),
    /* the Chinese surge: a developer that defaults */
    SURGE(REAL_ESTATE, "房地产危机：{co}{m}债券违约，房价大跌{p}%"),
    SURGE(REAL_ESTATE, "{co}{region}{n}个楼盘停工，房价下跌{p}%，楼市低迷"),
    SURGE(REAL_ESTATE, "房地产债务危机：{co}违约{m}，{region}房价下跌{p}%"),
    SURGE(REAL_ESTATE, "房地产：{co}楼盘烂尾，{n}00名业主维权，房价大跌{p}%"),
    SURGE(REAL_ESTATE, "【{co}暴跌{p}%】房地产股大跌，{co}债务逾期{m}，楼市低迷"),
    SURGE(REAL_ESTATE, "房地产股下跌：{co}亏损{m}被申请破产，跌{p}%"),
    SURGE(COMPANY, "{co}：公司{m}银行账户被冻结，存在退市风险"),
    SURGE(COMPANY, "{co}{role}{person}失联，公司涉嫌财务造假{m}被立案调查"),
    SURGE(COMPANY, "{house}下调{co}评级至卖出，警告违约风险，股价跌超{p}%"),
    SURGE(COMPANY, "{co}跌停，成交{m}，债务违约引发恐慌，股东被套"),
    SURGE(COMPANY, "{co}股价跌超{p}%，被曝拖欠{n}个月工资"),
    SURGE(COMMENTARY, "{sh}暴雷了，{px}跌停板出不来，血本无归"),
    SURGE(COMMENTARY, "{sh}骗子公司，买的房子停工{n}个月了，退钱"),
    SURGE(COMMENTARY, "{sh}要退市了，亏了{n}万，谁来负责"),
    SURGE(COMMENTARY, "{sh}债务违约还说没问题，{person}把钱都卷跑了吧，跌到{px}"),
};

static const char *const bad_reasons[] = {
    "需求疲弱",     "成本上涨", "价格下跌", "订单减少",     "债务压力",
    "海外业务亏损", "资产减值", "行业低迷", "外围市场大跌", "销量下滑",
};
static const char *const good_reasons[] = {
    "订单大增", "产品涨价",     "需求旺盛", "毛利率提升",   "海外销售增长",
    "新品热销", "利好政策落地", "产销两旺", "行业景气回升",
};
static const char *const regions[] = {"云棠市", "澄泽市",   "临朔区", "东黎省", "北淮岭",
                                      "青黛市", "沅浦新区", "栖霞岭", "南屿市", "映川县"};
static const char *const countries[] = {"东黎",     "南屿国",       "北澜",
                                        "诺兰迪亚", "埃斯特拉维亚", "瓦尔多利亚"};
static const char *const indices[] = {"东黎综指", "云棠成份指数", "南屿300指数", "沅浦创业指数",
                                      "诺兰50指数"};
static const char *const months[] = {"1月", "2月", "3月", "4月",  "5月",  "6月",
                                     "7月", "8月", "9月", "10月", "11月", "12月"};
static const char *const halves[] = {"一季度", "上半年", "三季度", "前三季度", "年度", "四季度"};
static const char *const houses[] = {"璟岚证券", "衡朔研究", "沐川资本",
                                     "鹤汀证券", "逐光投研", "泊舟证券"};
static const char *const people[] = {"闻人澈", "祝怀瑾", "温时雨", "江疏桐", "裴远舟",
                                     "沈砚青", "陆听澜", "顾云岫", "秦望舒", "孟归远"};
static const char *const roles[] = {"董事长", "总经理", "财务总监", "副总裁", "董事会秘书"};
static const char *const futures[] = {"焦炭", "螺纹钢", "铁矿石", "沪镍", "豆粕",
                                      "棉花", "甲醇",   "玻璃",   "沪铜", "原油"};
static const char *const estates[] = {"泊云置业", "沐棠地产",     "岚洲城建",
                                      "砚禾地产", "{region}房企", "百强房企"};

static const struct gs_demo_words words[] = {
    {"why-", WORDS(bad_reasons)},  {"why+", WORDS(good_reasons)}, {"region", WORDS(regions)},
    {"country", WORDS(countries)}, {"index", WORDS(indices)},     {"month", WORDS(months)},
    {"half", WORDS(halves)},       {"house", WORDS(houses)},      {"person", WORDS(people)},
    {"role", WORDS(roles)},        {"future", WORDS(futures)},    {"estate", WORDS(estates)},
};

static const char *const bad_bodies[] = {
    "{house}表示，受{why-}影响，预计{half}继续下滑{p}%，风险较大。",
    "消息公布后，相关个股大跌{p}%，市值蒸发{m}。",
    "公告称，公司存在{m}损失的风险，敬请投资者注意。",
    "这是{month}以来第{n}次出现此类问题，投资者担忧加剧。",
    "业内人士称，{why-}，形势不容乐观，跌幅或达{p}%。",
};
static const char *const plain_bodies[] = {
    "公告编号{n}{d}{d}{d}，详见{month}{day}日公告。",
    "数据统计区间为{month}，样本共{n}个。",
    "相关负责人{person}表示，具体安排将于{month}{day}日另行通知。",
    "截至{month}{day}日，上述事项正在办理，共{n}项。",
};
static const char *const good_bodies[] = {
    "{house}表示，受益于{why+}，预计{half}继续增长{p}%，维持买入评级。",
    "消息公布后，相关个股大涨{p}%，市值增加{m}。",
    "公告称，{why+}，预计增加利润{m}。",
    "业内人士称，{why+}，前景看好，增幅有望达{p}%。",
};
static const char *const bad_openers[] = {"",         "",     "唉，",   "完了，",  "垃圾，",
                                          "气死了，", "晕，", "服了，", "心凉了，"};
static const char *const plain_openers[] = {"",       "",         "请问",    "问一下，",
                                            "路过，", "早上好，", "大家好，"};
static const char *const good_openers[] = {"",       "",       "好消息，", "哈哈，",
                                           "恭喜，", "稳了，", "牛，",     "兄弟们，"};
static const char *const bad_closers[] = {"",         "。",         "！！！", "[大哭]",    "，坑爹",
                                          "，亏惨了", "，跑了跑了", "[怒]",   "，太失望了"};
static const char *const plain_closers[] = {"",       "。",     "？",
                                            "，谢谢", "[思考]", "（{month}{day}日）"};
static const char *const good_closers[] = {"",       "！",   "！！！", "[鼓掌]", "，加仓",
                                           "，发财", "，冲", "[牛]",   "，必涨"};

const struct gs_demo_vocab gs_demo_vocab_zh = {
    .lines = lines,
    .n_lines = GS_COUNT(lines),
    .words = words,
    .n_words = GS_COUNT(words),
    .bodies = {bad_bodies, plain_bodies, good_bodies},
    .n_bodies = {GS_COUNT(bad_bodies), GS_COUNT(plain_bodies), GS_COUNT(good_bodies)},
    .openers = {bad_openers, plain_openers, good_openers},
    .n_openers = {GS_COUNT(bad_openers), GS_COUNT(plain_openers), GS_COUNT(good_openers)},
    .closers = {bad_closers, plain_closers, good_closers},
    .n_closers = {GS_COUNT(bad_closers), GS_COUNT(plain_closers), GS_COUNT(good_closers)},
    .topic_weight = {[GS_DEMO_COMPANY] = 30,
                     [GS_DEMO_COMMENTARY] = 26,
                     [GS_DEMO_MARKETS] = 11,
                     [GS_DEMO_MACRO] = 9,
                     [GS_DEMO_REAL_ESTATE] = 10,
                     [GS_DEMO_INDUSTRY] = 8,
                     [GS_DEMO_COMMODITIES] = 6},
};
