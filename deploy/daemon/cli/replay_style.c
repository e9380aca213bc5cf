/* The style of a replay's page, behind that of all reports (classifier/eval/report_page.c). Colours
 * that carry a meaning are variables, so that light and dark each have one with enough contrast; --is
 * is the colour of the severity around. */
#include "deploy/daemon/cli/replay_page.h"

const char gs_replay_style[] =
    /* the page */
    "article{background:var(--soft);padding:.5rem .8rem;margin:1rem 0;overflow-wrap:anywhere}"
    "article.info,article.warning,article.critical{border-left:5px solid var(--is)}"
    "article h2{font-size:1.1rem;margin:.1rem 0}article h3{font-size:.95rem;margin:.8rem 0 .2rem}"
    "article p{margin:.3rem 0}.stories{margin:.4rem 0;padding-left:1.2rem}"
    ".badge{color:var(--is);font-weight:600;text-transform:uppercase;font-size:.8rem}"
    ".answer{font-size:1.15rem;margin:.4rem 0}"
    "td:last-child,th:last-child{text-align:left}"
    /* the line of time */
    ".timeline{width:100%;height:92px;display:block}.timeline text{font-size:12px}"
    ".lane{stroke:var(--soft);stroke-width:16}"
    ".marks{display:flex;gap:0 1.2rem;flex-wrap:wrap;list-style:none;padding:0;margin:.2rem 0;"
    "font-size:.85rem}.marks li{border:0;padding:0}.marks svg{width:12px;height:12px}"
    /* charts */
    ":root{--info:#1d5fa8;--warning:#8a5a00;--critical:#b3261e;--share:#b3261e;--proof:#1d5fa8}"
    "@media(prefers-color-scheme:dark){:root{--info:#8ec5ff;--warning:#ffc266;--critical:#ff8a80;"
    "--share:#ff8a80;--proof:#8ec5ff}}"
    ".charts{display:grid;gap:.5rem 1.5rem;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr))}"
    ".charts figure{display:block;margin:0;max-width:36rem}"
    ".charts svg{width:100%;height:auto;display:block}.charts figcaption{font-size:.9rem}"
    ".charts .legend{display:flex;flex-wrap:wrap;gap:0 1rem;font-size:.8rem}"
    ".charts .legend svg{display:inline;width:22px;height:10px;vertical-align:middle}"
    ".charts text{font-size:12px}"
    ".band{fill:#8886;stroke:none}.volume{fill:#8888;stroke:none}"
    ".usual,.needed{fill:none;stroke:currentColor;stroke-width:1.2;stroke-dasharray:4 3}"
    ".observed{fill:none;stroke:var(--share);stroke-width:2}"
    ".evidence{fill:none;stroke:var(--proof);stroke-width:2}"
    ".info{--is:var(--info)}.warning{--is:var(--warning)}.critical{--is:var(--critical)}"
    ".on,.mark{fill:var(--is)}.on{stroke:none;fill-opacity:.16}"
    ".fired{stroke:var(--is);stroke-width:1.5}";
