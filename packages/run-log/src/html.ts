/** Returns text as it may stand in HTML, in quoted attributes too. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/** Returns a whole page that needs nothing from elsewhere; `body` is HTML. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${css}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
</body>
</html>
`;
}

const css = `
:root { color-scheme: light dark; --ink: #1f2328; --quiet: #59636e; --page: #ffffff; --rule: #d8dee4; --shade: #f6f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --quiet: #9aa4af; --page: #15181c; --rule: #343b43; --shade: #1d2126; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 0.75rem; overflow-wrap: anywhere; }
p { max-width: 45rem; margin: 0.5rem 0; }
.caption { color: var(--quiet); font-size: 0.9rem; }
figure { margin: 0; }
.scroll { overflow-x: auto; }
.plot svg { display: block; width: auto; max-width: 100%; min-width: 34rem; height: auto; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.35rem 1.25rem 0.35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); max-width: 40rem; overflow-wrap: break-word; }
thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; }
.number { text-align: right; white-space: nowrap; }
details { margin-top: 1.25rem; border: 1px solid var(--rule); border-radius: 6px; background: var(--shade); padding: 0.6rem 1rem; }
summary { cursor: pointer; font-weight: 600; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; margin: 0; list-style: none; }
.pictures img { display: block; max-width: 100%; border-radius: 4px; }
.pictures .pixels { image-rendering: pixelated; }
.pictures figcaption { margin-top: 0.35rem; font-size: 0.85rem; white-space: pre-line; overflow-wrap: anywhere; }
@media print { details { border: 0; } }
`;
