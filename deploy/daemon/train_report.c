/* report.html of a training: the log's lines between this head and this tail, drawn by the page
 * itself. */

extern const char gs_train_report_head[], gs_train_report_tail[];

const char gs_train_report_head[] =
    "<!doctype html><html lang=en><meta charset=utf-8><title>Training report</title>\n"
    "<style>body{font:14px system-ui,sans-serif;margin:2em;max-width:70em}svg{background:#f7f7f7}"
    "td,th{padding:.15em .7em;text-align:right}td:first-child,th:first-child{text-align:left}"
    "figure{display:inline-block;margin:.5em}</style>\n"
    "<h1>Training report</h1><p>Loss of each problem, as each pass over its rows met it "
    "(mean squared hinge), by phase. Below: what calibration found.</p><div id=curves></div>"
    "<h2>Problems</h2><table id=problems></table><h2>Calibration</h2><table id=other></table>\n"
    "<script type=application/jsonl id=log>\n";

const char gs_train_report_tail[] =
    "</script><script>\n"
    "const log=document.getElementById('log').textContent.trim().split('\\n').map(JSON.parse);\n"
    "const el=(t,x)=>{const e=document.createElement(t);if(x!==undefined)e.textContent=x;return "
    "e};\n"
    "const row=(t,cells,tag)=>{const "
    "r=el('tr');cells.forEach(c=>r.append(el(tag||'td',c)));t.append(r)};\n"
    "const groups={};\n"
    "for(const p of log.filter(l=>l.event==='problem')){const k=p.phase+', '+p.profile;"
    "(groups[k]=groups[k]||[]).push(p)}\n"
    "for(const k in groups){const "
    "ns='http://www.w3.org/2000/svg',s=document.createElementNS(ns,'svg');\n"
    " s.setAttribute('width',420);s.setAttribute('height',240);const "
    "n=Math.max(...groups[k].map(p=>p.loss.length));\n"
    " const top=Math.max(...groups[k].flatMap(p=>p.loss));\n"
    " groups[k].forEach((p,i)=>{const "
    "l=document.createElementNS(ns,'polyline');l.setAttribute('fill','none');\n"
    "  l.setAttribute('stroke','hsl('+i*47%360+' 60% 45%)');\n"
    "  "
    "l.setAttribute('points',p.loss.map((y,x)=>(10+400*x/Math.max(1,n-1))+','+(230-220*y/"
    "top)).join(' '));\n"
    "  const "
    "t=document.createElementNS(ns,'title');t.textContent=p.column;l.append(t);s.append(l)});\n"
    " const f=el('figure');f.append(el('figcaption',k+': '+n+' passes, loss up to "
    "'+top.toFixed(3)),s);\n"
    " document.getElementById('curves').append(f)}\n"
    "const t=document.getElementById('problems');\n"
    "row(t,['column','phase','profile','rows','positive','passes','last loss'],'th');\n"
    "for(const p of "
    "log.filter(l=>l.event==='problem'))row(t,[p.column,p.phase,p.profile,p.rows,p.positive,"
    "p.passes,p.loss.length?p.loss[p.loss.length-1].toFixed(4):'']);\n"
    "const o=document.getElementById('other');\n"
    "for(const l of log.filter(l=>l.event!=='problem'))row(o,[JSON.stringify(l)]);\n"
    "</script></html>\n";
