import type { NameTable, WeightFormat } from "./name-table.ts";
import { countKnown, storedNames, type StoredNames } from "./stored-names.ts";
import { nameTables, weightFormats } from "./weight-formats.ts";

/** The origin whose names fit the most entries; none where no entry has a known name. */
export function recogniseFormat(names: readonly string[]): { format: WeightFormat; table: NameTable; stored: StoredNames } | undefined {
  const fits = weightFormats.map((format) => {
    const table = nameTables[format];
    const stored = storedNames(names, table);
    return { format, table, stored, known: countKnown(stored, table) };
  });
  const best = fits.reduce((most, fit) => (fit.known > most.known ? fit : most));
  return best.known > 0 ? best : undefined;
}
