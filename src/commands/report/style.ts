/** The look of the report: on a phone and a desk, light and dark. */
export const REPORT_STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2026;--dim:#5b6573;--rule:#d9dee5;--line:#1464c0;--band:#1464c033;--up:#b3261e;--down:#1d7a3a;--limit:#8a5a00;--flag:#7a3fb5}
@media(prefers-color-scheme:dark){:root{--bg:#14171c;--fg:#e4e8ee;--dim:#9aa5b4;--rule:#333a45;--line:#6db1ff;--band:#6db1ff33;--up:#ff8a80;--down:#7bd88f;--limit:#e6b450;--flag:#cfa5ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:68rem;padding:1rem;background:var(--bg);color:var(--fg);font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .3rem;border-top:1px solid var(--rule);padding-top:1rem}
p{margin:.2rem 0}.dim,figcaption,.y,.x{color:var(--dim)}
nav{columns:12rem;margin:1rem 0}nav a{display:block}a{color:var(--line)}
.plot{margin:.8rem 0 1.6rem}figcaption{margin-bottom:1.3em}figcaption b{color:var(--fg)}th{white-space:nowrap}
.area{display:grid;grid-template-columns:4.2rem 1fr;font-size:.75rem;font-variant-numeric:tabular-nums}
.y{display:flex;flex-direction:column;justify-content:space-between;text-align:right;padding-right:.4rem;margin:-.5em 0}
.canvas{position:relative;height:9rem;border-left:1px solid var(--rule);border-bottom:1px solid var(--rule)}
svg{display:block;width:100%;height:100%;overflow:visible}
path,line{fill:none;vector-effect:non-scaling-stroke}
.line{stroke:var(--line);stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}.band{fill:var(--band)}
.mark{stroke-width:1;stroke-dasharray:5 4}.flag{stroke:var(--flag);stroke-width:1;opacity:.55}.flag.failed{stroke:var(--up);stroke-dasharray:2 2}
.mark.up{stroke:var(--up)}.mark.down{stroke:var(--down)}.mark.limit{stroke:var(--limit)}
.label{position:absolute;right:.2rem;transform:translateY(-50%);background:var(--bg);padding:0 .25rem;line-height:1.1;border-radius:3px;opacity:.9}
.label.up{color:var(--up)}.label.down{color:var(--down)}.label.limit{color:var(--limit)}
.number{position:absolute;top:-1.1em;transform:translateX(-50%);color:var(--flag);font-weight:600}.number.failed{color:var(--up)}
.x{grid-column:2;position:relative;height:1.6em;overflow:hidden}.x span{position:absolute;top:.2em;transform:translateX(-50%);white-space:nowrap}
table{border-collapse:collapse;width:100%;font-size:.85rem}td,th{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--rule)}
th{color:var(--dim);font-weight:500}td:nth-child(-n+3){white-space:nowrap}.failed td{color:var(--up)}
@media(max-width:40rem){body{padding:.7rem}.x .minor{display:none}.area{grid-template-columns:3.4rem 1fr}td,th{padding-right:.4rem}}
@media print{h2{break-after:avoid}.plot{break-inside:avoid}}
`;
