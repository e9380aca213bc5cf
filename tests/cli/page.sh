#!/bin/sh
# replay --html: the alerts of a replay without it, and a page that is one file without a script.
. "$(dirname "$0")/lib.sh"
model=$(model)

# Two days with a night of silence in each, so that event time jumps; a surge on the second.
python "
import sys; sys.path.insert(0, '$root/tests/e2e'); sys.dont_write_bytecode = True
import json, random, surge
with open('in.jsonl', 'w', encoding='utf-8') as out:
    at, first = 1_700_000_100_000, 0
    for seed, bins, share in ((1, 144, .15), (0, 144, 0), (4, 144, .15), (2, 8, .85), (3, 24, .15)):
        for line in surge.records(random.Random(seed), at, bins, share, first) if seed else ():
            out.write(json.loads(line)['value'] + '\n')
        first, at = first + bins * surge.PER_BIN, at + bins * surge.BIN_MS
"
printf 'id,name,aliases,tickers\nNRV,Norvane Holdings,Norvane,NRV\n' >watchlist.csv
cat >replay.yaml <<YAML
entities:
  watchlist: watchlist.csv
model:
  path: $model
YAML
exits 0 "without a page" replay -q -c replay.yaml in.jsonl
cp out alone
exits 0 "with a page" replay -c replay.yaml --html page.html in.jsonl
cmp -s out alone || fail "a page changes the alerts"
says err 'incident, and its alerts'
[ "$(stat -c %a page.html)" = 600 ] || fail "others may read what people wrote"
cat >look.py <<'PY'
import html.parser, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
VOID = {"meta", "br"}
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.ids, self.links = [], [], set(), []
    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("style", "src"), (tag, name)
            self.ids |= {value} if name == "id" else set()
            self.links += [value] if name == "href" else []
        if tag not in VOID:
            self.open.append(tag)
    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)
    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.getpos())
seen = Page()
seen.feed(page)
assert not seen.open, seen.open
assert not {"script", "img", "iframe", "object", "link", "form"} & set(seen.seen), seen.seen
assert all(link.startswith("#") and link[1:] in seen.ids for link in seen.links), seen.links
assert re.search(r"Content-Security-Policy. content=.default-src .none.; style-src", page)
assert not re.search(r"nan|inf[^o]|-0\.0,", re.sub(r"<style>.*?</style>", "", page, flags=re.S).replace("information", "")), "no number"
PY
python3 -B look.py page.html || fail "the page"
ok "the page is one whole, without a script, and its links lead into itself"
says page.html 'entity:NRV · Norvane Holdings'
says page.html '<b>[0-9]* %</b> of [0-9]* messages within [0-9]* minutes were negative'
[ "$(grep -o '<figure>' page.html | wc -l)" -ge 2 ] || fail "no charts"
exits 0 "nothing found" replay -q -c replay.yaml --set watch.min_publishers=900 --html page.html in.jsonl
says page.html '<b>0 incidents</b>'
says page.html 'too little: .*publishers'
python3 -B look.py page.html || fail "the page without incidents"
exits 2 "with a what-if" replay -c replay.yaml --html page.html --against replay.yaml in.jsonl
exits 3 "where nothing can be written" replay -q -c replay.yaml --html none/page.html in.jsonl
