/* The built-in mix of `bench`: messages of about 100 bytes, written for it. */
#include "deploy/daemon/workbench/bench_texts.h"

const char *const gs_bench_texts[] = {
    "$NRVN - Norvane Systems cuts full-year outlook as European orders slow, shares fall 6% http",
    "Tessaro Energy beats profit estimates, raises dividend and announces $2 billion buyback plan",
    "Bravik Bank to pay 120 million to settle probe into mis-sold savings products, regulator says",
    "Fed officials see rates staying higher for longer as services inflation refuses to cool down",
    "Norvane shares rally for a fourth day after analysts at two brokers lift their price targets",
    "Oil slips below $80 as inventories rise and demand from refiners disappoints, traders calm",
    "@user loading up on $TSRO before earnings, this thing is not going down any time soon!!!",
    "Tessaro names former Bravik finance chief as its new CFO, effective first of next quarter",
    "云杉科技公告:预计上半年净利润同比下降45%至60%,主要因原材料涨价",
    "海澜新能源控股股东拟减持不超过3%股份,公司称不影响控制权稳定",
    "北辰银行因信息披露违规被证监局出具警示函,并记入诚信档案",
    "今天又是大涨,明天继续满仓干,主力资金还在流入,坚决不卖",
    "央行开展两千亿元逆回购操作,中标利率持平,市场流动性合理充裕",
    "白鹭药业重大资产重组终止,股票将于明日复牌,机构分歧明显",
    "这破股什么时候才能解套,天天阴跌,再也不相信庄家了",
    "国际油价收盘涨超2%,布伦特原油重回每桶八十五美元上方",
};

const size_t gs_n_bench_texts = sizeof gs_bench_texts / sizeof gs_bench_texts[0];
