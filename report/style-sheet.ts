import { shades } from "../synth/picture/paint";

/** The picture's colours, and those of success and failure. */
const colours = {
  ...shades,
  good: { light: "#17683a", dark: "#56c98a" },
  "good-fill": { light: "#e2f4e9", dark: "#0f2c1d" },
  bad: { light: "#b3261e", dark: "#ff9a90" },
  "bad-fill": { light: "#fdeceb", dark: "#3a1614" },
};

const properties = (surrounding: "light" | "dark") =>
  Object.entries(colours)
    .map(([name, shade]) => `--${name}:${shade[surrounding]}`)
    .join(";");

/**
 * For screen and print. Its classes differ from those of the picture, which has its own style sheet.
 */
export const styleSheet = `
:root{color-scheme:light dark;${properties("light")}}
@media (prefers-color-scheme:dark){:root{${properties("dark")}}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
code,pre{font:0.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
header,nav,main,footer{padding-inline:max(1rem,(100% - 72rem)/2)}
h1,h2,h3,h4,p,ul,dl,figure,pre{margin:0;padding:0}
ul{list-style:none}
a{color:var(--blue)}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
.aside{color:var(--muted);font-weight:400;font-size:0.875rem}

.is-bad{--tone:var(--bad);--tone-fill:var(--bad-fill)}
.is-warned{--tone:var(--trust);--tone-fill:var(--trustFill)}
.is-good{--tone:var(--good);--tone-fill:var(--good-fill)}
.is-info{--tone:var(--blue);--tone-fill:var(--blueFill)}
.is-unjudged{--tone:var(--muted);--tone-fill:var(--panel)}
.mark{display:inline-flex;align-items:center;gap:0.4em;color:var(--tone);font-size:0.875rem;font-weight:600;white-space:nowrap}
.sign{display:inline-grid;place-items:center;flex:none;width:1.5em;height:1.5em;border-radius:50%;background:var(--tone);color:var(--page);font-size:0.8em;font-weight:700;line-height:1}

header{background:var(--tone-fill);border-top:6px solid var(--tone);border-bottom:1px solid var(--edge);padding-block:1.5rem 1.25rem}
h1{line-height:1.2;margin-block:0.25rem 1.25rem}
h1 .mark{color:inherit;font-size:clamp(1.5rem,1rem + 2.5vw,2.25rem);white-space:normal;gap:0.5em}
.facts{display:flex;flex-wrap:wrap;gap:0.75rem 2.25rem}
.facts dt{color:var(--muted);font-size:0.8125rem}
.facts dd{margin:0;font-weight:600}
.counts{display:flex;flex-wrap:wrap;gap:0.5rem 1.25rem;margin-top:1.25rem}

nav{border-bottom:1px solid var(--edge);background:var(--panel)}
nav ul{display:flex;flex-wrap:wrap;gap:0 1.25rem;padding-block:0.25rem}
nav a{display:inline-block;padding-block:0.375rem;font-size:0.9375rem;text-decoration:none}
nav a:hover{text-decoration:underline}

main{padding-block:0.5rem 2rem}
section{padding-top:2rem}
h2{font-size:1.375rem;line-height:1.3;margin-bottom:1rem}
h3{font-size:1rem;line-height:1.4}
h4{font-size:0.9375rem;line-height:1.4}

.finding{border:1px solid var(--edge);border-inline-start:5px solid var(--tone);border-radius:8px;background:var(--panel);padding:1rem 1.25rem;margin-bottom:1rem;display:grid;gap:0.75rem}
.finding h3{font-size:1.0625rem;display:flex;flex-wrap:wrap;gap:0.25rem 0.75rem;align-items:center}
.place{display:grid;gap:0.5rem}
.place + .place,.finding details .place{border-top:1px solid var(--edge);padding-top:0.75rem}
.place > div,.checks dl > div{display:grid;grid-template-columns:9rem minmax(0,1fr);gap:0.125rem 1rem}
.place dt{color:var(--muted);font-size:0.9375rem}
.place dd,.checks dd{margin:0}
.evidence{display:grid;gap:0.125rem}
.evidence li{white-space:pre-wrap}
pre{white-space:pre-wrap;background:var(--page);border:1px solid var(--edge);border-radius:6px;padding:0.375rem 0.75rem;user-select:all}
pre + pre{margin-top:0.375rem}

summary{cursor:pointer}
summary:hover{background:var(--panel)}
.finding summary,.chart summary{color:var(--blue);padding-block:0.25rem}

.scrollable{overflow:auto;max-height:min(56rem,90vh);border:1px solid var(--edge);border-radius:8px}
.scrollable > svg{display:block;margin-inline:auto;height:auto;max-width:100%}

table{border-collapse:collapse;width:100%}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{text-align:start;vertical-align:top}
thead th{color:var(--muted);font-size:0.8125rem;font-weight:600}
time{white-space:nowrap}
.rows{border:1px solid var(--edge);border-radius:8px;border-spacing:0;border-collapse:separate;font-size:0.9375rem}
.rows th,.rows td{padding:0.625rem 0.875rem;min-width:6.5em}
.rows thead th{overflow-wrap:normal}
.rows tbody th{min-width:9em}
.rows td:last-child{min-width:14.5em}
.rows tbody tr > *{border-top:1px solid var(--edge)}
.rows tbody th .aside{display:block}

.scrollable > .rows{border:0}
.scrollable thead th{position:sticky;top:0;background:var(--panel)}

.chart{margin-bottom:1.5rem}
.clients{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem;margin-block:1rem}
.client{border:1px solid var(--edge);border-radius:8px;padding:0.875rem 1rem;background:var(--panel);position:relative}
.client h4{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0.25rem 0.75rem}
.bar{position:relative;padding-block:5px;margin-block:0.5rem}
.parts{display:flex;height:1.75rem;border-radius:4px;overflow:hidden;background:var(--edge)}
.parts span{color:var(--page);font-size:0.8125rem;font-weight:600;line-height:1.75rem;padding-inline-start:0.5em;overflow:hidden;white-space:nowrap}
.parts span + span{box-shadow:inset 2px 0 var(--panel)}
.bar i{position:absolute;inset-block:0;width:3px;margin-left:-1.5px;background:var(--ink);border-radius:2px;box-shadow:0 0 0 1.5px var(--panel)}
.shares{font-size:0.9375rem;font-variant-numeric:tabular-nums}
.shares th,.shares td{padding-block:0.125rem}
.shares th + th,.shares td{text-align:end;padding-inline-start:0.75rem}
.swatch{display:inline-block;width:0.75em;height:0.75em;border-radius:3px;margin-inline-end:0.5em}
.share-0{background:var(--blue)}
.share-1{background:var(--rose)}
.share-2{background:var(--data)}
.share-3{background:var(--xds)}
.share-4{background:var(--trust)}

#checks h3{margin-block:1.5rem 0.5rem}
.checks{border:1px solid var(--edge);border-radius:8px;overflow:hidden}
.checks details + details{border-top:1px solid var(--edge)}
.checks summary{display:grid;grid-template-columns:0.5rem 7.5rem 1fr auto;gap:0.25rem 0.75rem;align-items:baseline;padding:0.5rem 1rem}
.checks summary::before{content:"";width:0.4rem;height:0.4rem;border:solid var(--muted);border-width:0 2px 2px 0;rotate:-45deg;align-self:center}
.checks details[open] > summary::before{rotate:45deg}
.checks dl,.checks details > p{padding:0 1rem 0.625rem 2.25rem;font-size:0.9375rem}
.checks dl{display:grid;gap:0.375rem}
.checks dt{font-weight:600}

footer{border-top:1px solid var(--edge);padding-block:1rem 2rem;color:var(--muted);font-size:0.875rem}

@media screen and (max-width:45rem){
.facts{gap:0.625rem 1.5rem}
.place > div,.checks dl > div{grid-template-columns:1fr}
.checks summary{grid-template-columns:0.5rem 1fr}
.checks summary > *{grid-column:2}
.checks summary::before{grid-row:1}
.scrollable > svg{max-width:none}
}
@media screen and (max-width:64rem){
.rows,.rows tbody,.rows tr,.rows th,.rows td{display:block}
.rows thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.rows tr{padding:0.75rem 1rem;border-top:1px solid var(--edge)}
.rows tbody tr:first-child{border-top:0}
.rows tbody tr > :is(th,td){border:0;padding:0.125rem 0;min-width:0}
.rows td:last-child{min-width:0}
.rows td{display:grid;grid-template-columns:8rem minmax(0,1fr)}
.rows td::before{content:attr(data-column);grid-row:1 / span 9;color:var(--muted)}
.rows td > *{grid-column:2}
}
@media print{
:root{color-scheme:light;${properties("light")}}
body{font-size:10pt}
*{print-color-adjust:exact}
nav{display:none}
details::details-content{display:block;content-visibility:visible;height:auto}
.scrollable{max-height:none;overflow:visible;border:0}
.scrollable > svg{max-width:100%;max-height:24cm}
.rows{font-size:8pt}
.rows th,.rows td{padding:0.25rem 0.375rem}
.rows .aside,.rows .mark{font-size:inherit}
.finding,.client,tr,.checks details{break-inside:avoid}
h2,h3,figcaption,thead{break-after:avoid}
tbody tr:first-child{break-before:avoid}
}
`;
