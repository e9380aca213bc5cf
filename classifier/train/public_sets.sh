# The public sets that a fast tier is trained on, for the scripts beside this one: sets the arguments of the shell
# that reads it. Needs $data, the data folder. No Financial PhraseBank row is among them.
s=$data/sentiment
t=$data/topic
set -- \
    --data "$s/tfns/train.jsonl,name=tfns,register=tweet,c=0.9" \
    --data "$s/sentfin/train.jsonl,name=sentfin,register=headline,c=0.4" \
    --data "$s/stockemotions/train.jsonl,name=stockemotions,register=stocktwits,c=0.25" \
    --data "$s/stockemotions/val.jsonl,name=stockemotions-val,register=stocktwits,valid" \
    --data "$s/finfe/train.jsonl,name=finfe,register=forum,c=0.5,knows=topics/off_topic" \
    --data "$s/finfe/dev.jsonl,name=finfe-dev,register=forum,valid" \
    --data "$s/guba3/train.jsonl,name=guba3,register=guba,c=0.8,knows=topics/off_topic" \
    --data "$s/algosenses/train.jsonl,name=algosenses,register=comment,c=0.3,knows=topics/off_topic" \
    --data "$s/zh_news/train.jsonl,name=zh_news,register=company,c=0.8,knows=topics/off_topic" \
    --data "$t/tfn_topic/train.jsonl,name=tfn_topic,c=2" \
    --data "$t/finnl/train.jsonl,name=finnl,c=0.7,knows=topics/off_topic" \
    --data "$t/finnl/dev.jsonl,name=finnl-dev,valid,knows=topics/off_topic" \
    --data "$t/off_topic_zh/train.jsonl,name=off_topic_zh,c=0.5,knows=topics/company+topics/macro+topics/markets+topics/debt+topics/commodities" \
    --data "$data/risk/finese/train.jsonl,name=finese,c=2.5,knows=topics/off_topic"
