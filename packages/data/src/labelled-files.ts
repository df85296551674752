import { dirname, resolve } from "node:path";
import { pictureFiles } from "./file-source.ts";
import { refuseSkipped, type FolderOptions, type FolderSource } from "./image-folder.ts";
import { readLabelTable, refuseLine, type LabelLine, type LabelTable } from "./label-table.ts";
import { checkPictures } from "./list-pictures.ts";
import { withTargets } from "./with-targets.ts";

export type LabelledOptions = FolderOptions & {
  /** Where relative names start; the folder of the file of labels by default. */
  folder?: string;
};

/** What the targets of a file of labels are: any number of classes per picture, or numbers to be estimated. */
export type LabelledSource = FolderSource & { readonly task: "multi-label" | "regression" };

/**
 * The pictures that a file of comma-separated labels names, in its order, with several classes or several numbers each.
 *
 *     file,classes
 *     a.jpg,cat|dog
 *     b.jpg,
 *
 * A column `classes` holds classes between bars, none or more; any other columns hold numbers. `options.classes` gives the
 * classes or columns and their order, as for a validation set; all classes, sorted, or all columns otherwise.
 * Files that are missing or damaged are left out and listed in `skipped` with their line.
 *
 * @throws with file and line where a class is unknown, a number is none, or a line has other fields than the first
 */
export async function labelledFiles(csv: string, options: LabelledOptions = {}): Promise<LabelledSource> {
  const { folder = dirname(csv), check = "header", strict = false, channels } = options;
  const table = await readLabelTable(csv);
  const task = table.columns.length === 1 && table.columns[0] === "classes" ? "multi-label" : "regression";
  const classes = options.classes ?? (task === "multi-label" ? classesIn(table) : table.columns);
  const targetOf = task === "multi-label" ? classTargets(csv, classes) : valueTargets(csv, table.columns, classes);
  const targets = new Map(table.lines.map((entry) => [resolve(folder, entry.file), { line: entry.line, target: targetOf(entry) }]));
  const { pictures, skipped: unusable } = await checkPictures([...targets.keys()], check);
  const skipped = unusable.map(({ file, reason }) => ({ file, reason: `line ${targets.get(file)?.line}: ${reason}` }));
  refuseSkipped("labelledFiles", csv, skipped, pictures.length, strict);
  const files = pictures.map(({ file }) => file);
  const source = pictureFiles({ files, channels, sizes: pictures.map(({ size }) => size) });
  const rows = new Float32Array(files.length * classes.length);
  for (const [row, file] of files.entries()) rows.set(targets.get(file)!.target, row * classes.length);
  return { ...withTargets(source, classes, rows), files, skipped, task };
}

const namesIn = ({ fields: [field] }: LabelLine): string[] => field.split("|").map((name) => name.trim()).filter((name) => name !== "");

const classesIn = ({ lines }: LabelTable): string[] => [...new Set(lines.flatMap(namesIn))].sort();

/** Four bytes a value: a file of a million lines and a thousand classes is more than a list of numbers can hold. */
type TargetOf = (entry: LabelLine) => Float32Array;

function classTargets(csv: string, classes: readonly string[]): TargetOf {
  return (entry) => {
    const names = namesIn(entry);
    const unknown = names.find((name) => !classes.includes(name));
    if (unknown !== undefined) refuseLine(csv, entry.line, `classes out of ${classes.join(", ")}`, `"${unknown}"`, "Correct the line or add the class");
    return Float32Array.from(classes, (name) => (names.includes(name) ? 1 : 0));
  };
}

function valueTargets(csv: string, columns: readonly string[], classes: readonly string[]): TargetOf {
  const places = classes.map((name) => columns.indexOf(name));
  const missing = places.indexOf(-1);
  if (missing >= 0) refuseLine(csv, 1, `a column "${classes[missing]}"`, columns.join(", "), "Add the column");
  return ({ line, fields }) =>
    Float32Array.from(places, (place) => {
      const value = fields[place] === "" ? NaN : Number(fields[place]);
      if (!Number.isFinite(value)) refuseLine(csv, line, `a number for "${columns[place]}"`, JSON.stringify(fields[place]), "Correct the line or remove it");
      return value;
    });
}
