/** The page's only style sheet. Colours keep a contrast of 4.5 : 1 and more in both schemes. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c1f23; --soft: #565d66; --line: #d9dde2; --paper: #fff; --tint: #f4f6f8;
  --good: #0b6b3a; --bad: #b3161b; --warn: #8a5300; --link: #0b57c2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaed; --soft: #a9b0b9; --line: #3a4048; --paper: #16181b;
  --tint: #1f2327; --good: #5fd08f; --bad: #ff8a8a; --warn: #f0b35a; --link: #8ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; color: var(--ink); background: var(--paper);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.25rem; margin: 0; } h2 { font-size: 1rem; margin: 1.75rem 0 .5rem; }
header { display: flex; gap: .5rem 1.5rem; align-items: baseline; flex-wrap: wrap; }
header p, .soft { color: var(--soft); margin: 0; }
a { color: var(--link); } a:focus-visible, button:focus-visible, input:focus-visible,
  select:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link);
  outline-offset: 2px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .35rem .75rem .35rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; } .number { text-align: right;
  font-variant-numeric: tabular-nums; } td.reason { min-width: 16rem; overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.filter { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; margin: .5rem 0; }
input, select { font: inherit; padding: .15rem .4rem; color: var(--ink); background: var(--paper);
  border: 1px solid var(--line); border-radius: .35rem; }
nav { margin: .75rem 0; }
progress { width: 8rem; } form { display: inline; }
button { font: inherit; padding: .15rem .6rem; border: 1px solid var(--line); border-radius: .35rem; color: var(--ink);
  background: var(--tint); cursor: pointer; }
.notice { padding: .5rem .75rem; background: var(--tint); border-left: 4px solid var(--warn); margin: 1rem 0; }
@media (max-width: 40rem) { .wide { display: none; } body { padding: .75rem; } }
`;
