/** A column of a table: its title, and with how many digits after the point its numbers are shown. */
export type Column = string | { readonly title: string; readonly digits?: number };

/** A cell of a table; undefined and null are shown as a dash. */
export type Cell = string | number | null | undefined;

export function columnTitle(column: Column): string {
  return typeof column === "string" ? column : column.title;
}

/** Returns what a table shows in a cell. */
export function cellText(cell: Cell, column: Column): string {
  if (cell === null || cell === undefined) return "–";
  if (typeof cell === "string") return cell;
  const digits = typeof column === "string" ? undefined : column.digits;
  if (digits !== undefined) return cell.toFixed(digits);
  return Number.isInteger(cell) ? String(cell) : String(Number(cell.toPrecision(4)));
}

/** Says whether a column holds numbers, so that it is aligned to the right. */
export function isNumeric(rows: readonly (readonly Cell[])[], index: number): boolean {
  const cells = rows.map((row) => row[index]).filter((cell) => cell !== null && cell !== undefined);
  return cells.length > 0 && cells.every((cell) => typeof cell === "number");
}
