import { escapeHtml } from "./html.ts";
import { renderSvg } from "./render-svg.ts";
import type { Picture, Section } from "./section.ts";
import { cellText, columnTitle, isNumeric } from "./table-cell.ts";

/** Returns a section as HTML; `index` makes the ids inside its figure the only ones on the page. */
export async function sectionHtml(section: Section, index: number): Promise<string> {
  const heading = section.title ? `<h2>${escapeHtml(section.title)}</h2>` : "";
  if (section.kind === "text") return `<section>${heading}${paragraphs(section.text)}</section>`;
  const caption = section.caption ? `<p class="caption">${escapeHtml(section.caption)}</p>` : "";
  if (section.kind === "plot") return `<section>${heading}${await plotFigure(section, index)}${caption}</section>`;
  if (section.kind === "pictures") return `<section>${heading}${pictureList(section.items)}${caption}</section>`;
  if (!section.folded) return `<section>${heading}${table(section)}${caption}</section>`;
  return `<details><summary>${escapeHtml(section.title)}</summary>${table(section)}${caption}</details>`;
}

async function plotFigure({ title, spec }: Extract<Section, { kind: "plot" }>, index: number): Promise<string> {
  const svg = withOwnIds(await renderSvg(spec, { page: "inherit" }), `plot${index}`);
  return `<figure class="plot scroll" role="img" aria-label="Plot: ${escapeHtml(title)}">${svg}</figure>`;
}

/** Every SVG counts its clip paths from 0; on one page the first figure's would serve all. */
function withOwnIds(svg: string, prefix: string): string {
  return svg.replaceAll(/\bid="([\w-]+)"/g, `id="${prefix}-$1"`).replaceAll(/url\(#([\w-]+)\)/g, `url(#${prefix}-$1)`);
}

function table({ title, columns, rows }: Extract<Section, { kind: "table" }>): string {
  const numeric = columns.map((_, index) => isNumeric(rows, index));
  const open = (tag: string, index: number, scope = "") => `<${tag}${scope}${numeric[index] ? ' class="number"' : ""}>`;
  const head = columns.map((column, index) => `${open("th", index, ' scope="col"')}${escapeHtml(columnTitle(column))}</th>`);
  const body = rows.map((row) => {
    const cells = columns.map((column, index) => {
      const tag = index === 0 ? "th" : "td";
      return `${open(tag, index, index === 0 ? ' scope="row"' : "")}${escapeHtml(cellText(row[index], column))}</${tag}>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  const frame = `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(title)}">`;
  return `${frame}<table><thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>`;
}

function pictureList(items: readonly Picture[]): string {
  const entries = items.map(({ src, caption, widthPx }) => {
    if (!/^data:image\/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/=]+$/.test(src)) {
      throw new Error(`writeReport(pictures): expected a data address of a PNG, JPEG, WebP or GIF, got ${src.slice(0, 40)}. Encode the file in base64.`);
    }
    const width = widthPx === undefined ? "" : ` width="${Number(widthPx)}" class="pixels"`;
    return `<li><figure><img src="${src}" alt="${escapeHtml(caption)}"${width}><figcaption>${escapeHtml(caption)}</figcaption></figure></li>`;
  });
  return `<ul class="pictures">${entries.join("")}</ul>`;
}

function paragraphs(text: string): string {
  return text.split(/\n\s*\n/).map((paragraph) => `<p>${escapeHtml(paragraph.trim())}</p>`).join("");
}
