import { cellText, columnTitle, isNumeric, type Cell, type Column } from "./table-cell.ts";

/** Returns a table as text for a terminal: columns of numbers aligned to the right, the others to the left. */
export function textTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => columns.map((column, index) => cellText(row[index], column)));
  const titles = columns.map(columnTitle);
  const widths = titles.map((title, index) => Math.max(...[title, ...texts.map((row) => row[index])].map((text) => [...text].length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((text, index) => {
        const space = " ".repeat(widths[index] - [...text].length);
        return isNumeric(rows, index) ? space + text : text + space;
      })
      .join("  ")
      .trimEnd();
  return [line(titles), line(widths.map((width) => "─".repeat(width))), ...texts.map(line)].join("\n");
}
