/// The whole style sheet. Paper is always white; a table's head is repeated on each of its pages.
pub(super) const STYLE: &str = "\
:root{color-scheme:light dark;--ground:#fff;--ink:#1b1f24;--faint:#5b6470;--line:#d5dae0;--good:#00684a;\
--bad:#a83200;--curve:#0b5cad;--fill:#0b5cad22;--fall:#a8320033;--buy:#0b5cad;--sell:#a83200}\
@media(prefers-color-scheme:dark){:root{--ground:#14171b;--ink:#dfe3e8;--faint:#98a2ae;--line:#343b44;\
--good:#4cc38a;--bad:#ff9a6b;--curve:#7ab8ff;--fill:#7ab8ff22;--fall:#ff9a6b33;--buy:#7ab8ff;--sell:#ff9a6b}}\
@media print{:root{color-scheme:light;--ground:#fff;--ink:#000;--faint:#444;--line:#bbb;--good:#00573d;\
--bad:#8a2900;--curve:#0b4a8a;--fill:#0b4a8a22;--fall:#8a290033;--buy:#0b4a8a;--sell:#8a2900}\
body{font-size:9pt;padding:0}figure,tr{break-inside:avoid}thead{display:table-header-group}\
.wide{overflow:visible!important}.wide table{font-size:6.5pt}}\
body{background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:auto;\
padding:1.5rem}\
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem;break-after:avoid}\
p,li{max-width:46rem}p.note,figcaption{color:var(--faint);font-size:.87rem;margin:.3rem 0}\
p.stopped{border-left:4px solid var(--bad);padding-left:.8rem}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.87rem}\
th,td{padding:.2rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}\
th{font-weight:600}td.n,th.n{text-align:right;white-space:nowrap}td.code{overflow-wrap:anywhere}\
.wide{overflow-x:auto}.good{color:var(--good)}.bad{color:var(--bad)}figure{margin:.5rem 0}\
svg{width:100%;height:auto;display:block}svg text{fill:var(--faint);font:11px system-ui,sans-serif}\
.grid{stroke:var(--line);stroke-width:1}.curve{fill:none;stroke:var(--curve);stroke-width:1.3;\
stroke-linejoin:round}.area{fill:var(--fill)}.fall{fill:var(--fall);stroke:var(--bad);stroke-width:1}\
.bar{fill:var(--good)}.bar.lost{fill:var(--bad)}.buy{fill:var(--buy);stroke:var(--ground);stroke-width:.6}\
.sell{fill:var(--sell);stroke:var(--ground);stroke-width:.6}.exit{fill:none;stroke:var(--ink);stroke-width:1.2}\
.stop{stroke:var(--bad);stroke-width:1.2;stroke-dasharray:3 2}";
