import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { linePlot } from "./line-plot.ts";
import type { Row } from "./logger.ts";
import { openRun } from "./open-run.ts";
import { readRun, type Run } from "./read-run.ts";
import type { PlotSpec } from "./render-svg.ts";
import { writeReport, type ReportContent } from "./report.ts";
import { trainingPlots } from "./training-plots.ts";

const newFolder = () => mkdtempSync(join(tmpdir(), "report-"));

async function written(content: ReportContent): Promise<string> {
  const file = join(newFolder(), "report.html");
  await writeReport(file, content);
  return readFileSync(file, "utf8");
}

async function loggedRun(name: string, rows: readonly Row[], config: unknown = {}): Promise<Run> {
  const run = await openRun({ folder: join(newFolder(), "run"), name, config, report: false });
  for (const [index, row] of rows.entries()) run.log(row, index + 1);
  run.summary({ final: rows.length });
  await run.finish("finished");
  return readRun(run.folder);
}

const rows = Array.from({ length: 12 }, (_, index) => ({
  loss: 1 / (index + 1),
  learningRate: 1e-3,
  imagesPerSecond: 300,
  "accuracy/8": 0.5 + index / 100,
  "accuracy/16": 0.4 + index / 100,
  patchSize: "8",
}));

describe("the standard plots of a run", () => {
  it("are one per quantity, known ones first, families such as accuracy in one plot, texts left out", async () => {
    const run = await loggedRun("flexible", rows.map((row) => ({ odd: 1, ...row })));
    expect(trainingPlots([run]).map(({ title }) => title)).toEqual(["Loss", "Accuracy", "Learning rate", "Images per second", "Odd"]);
  });

  it("show accuracy in percent, one line per patch size in the order of the sizes", async () => {
    const [, accuracy] = trainingPlots([await loggedRun("flexible", rows)]);
    const { values } = (accuracy as unknown as { spec: { data: { values: { line: string; x: number; y: number }[] } } }).spec.data;
    expect([...new Set(values.map(({ line }) => line))]).toEqual(["8", "16"]);
    expect(values.find(({ line, x }) => line === "16" && x === 12)!.y).toBeCloseTo(51, 10);
  });

  it("of several runs have one line per run, also where two have one name", async () => {
    const runs = [await loggedRun("same", rows), await loggedRun("same", rows)];
    const [loss] = trainingPlots(runs);
    const { values } = (loss as unknown as { spec: { data: { values: { line: string }[] } } }).spec.data;
    expect(new Set(values.map(({ line }) => line))).toEqual(new Set(runs.map(({ id }) => `same (${id})`)));
  });
});

describe("a report", () => {
  it("holds the plots, the results, the config and the environment of a run", async () => {
    const html = await written({ title: "A run", runs: [await loggedRun("flexible", rows, { model: { depth: 3 } })] });
    expect(html.match(/<svg /g)).toHaveLength(4);
    for (const text of ["<h1>A run</h1>", "<h2>Loss</h2>", ">finished<", ">model.depth<", process.version]) expect(html).toContain(text);
  });

  it("lists the files of each run with step and hash; a run without any adds no row, and runs without any no table", async () => {
    const run = await openRun({ folder: join(newFolder(), "run"), name: "with files", config: {}, report: false });
    run.artifact({ kind: "checkpoint", path: "checkpoints/3", step: 3, sha256: "0b1c" });
    run.artifact({ kind: "model", path: "model" });
    await run.finish("finished");
    const plain = await loggedRun("plain", rows);
    const html = await written({ title: "Runs", runs: [plain, await readRun(run.folder)] });
    const cells = (text: string): string[] => [...text.matchAll(/<t[dh](?: [^>]*)?>(.*?)<\/t[dh]>/g)].map(([, cell]) => cell);
    const table = html.slice(html.indexOf("Files"));
    expect(cells(table).slice(0, 15)).toEqual(["run", "kind", "step", "path", "SHA-256", "with files", "checkpoint", "3", "checkpoints/3", "0b1c", "with files", "model", "–", "model", "–"]);
    expect(await written({ title: "Runs", runs: [plain] })).not.toContain("Files");
  });

  it("needs nothing from elsewhere", async () => {
    const html = await written({ title: "A run", runs: [await loggedRun("flexible", rows)] });
    const addresses = [...html.matchAll(/\b(?:(?:src|href)="|url\()([^")]+)/g)].map(([, address]) => address);
    expect(addresses.filter((address) => !address.startsWith("#") && !address.startsWith("data:"))).toEqual([]);
    expect(html).not.toMatch(/<(script|link|iframe|img)/);
    // The only addresses are the two names of the SVG vocabulary.
    const names = [...html.matchAll(/https?:[^"'\s<]+/g)].map(([name]) => name);
    expect(new Set(names)).toEqual(new Set(["http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"]));
  });

  it("escapes every text that comes from outside", async () => {
    const evil = `<script>alert("x")</script>'`;
    const run = await loggedRun(evil, rows.map((row) => ({ ...row, [evil]: 1 })), { [evil]: evil });
    const html = await written({
      title: evil,
      runs: [run, await loggedRun("other", rows)],
      sections: [
        { kind: "text", title: evil, text: evil },
        { kind: "table", title: evil, caption: evil, columns: [evil], rows: [[evil]] },
        { kind: "pictures", title: evil, items: [{ src: "data:image/png;base64,AAAA", caption: evil }] },
        { kind: "plot", title: evil, caption: evil, spec: linePlot({ lines: [{ name: evil, points: [{ x: 1, y: 1 }] }], xTitle: evil, yTitle: evil, legendTitle: evil }) },
      ],
    });
    expect(html).not.toContain("<script");
    expect(html).toContain("&lt;script&gt;");
    expect(html.match(/<img [^>]*>/)![0]).toBe('<img src="data:image/png;base64,AAAA" alt="&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;">');
  });

  it("gives every figure ids of its own", async () => {
    const data = { values: [{ a: 1 }] };
    const spec: PlotSpec = { data, mark: { type: "point", clip: true }, encoding: { x: { field: "a", type: "quantitative" } } };
    const plot = { kind: "plot" as const, title: "clipped", spec };
    const html = await written({ title: "ids", sections: [plot, plot] });
    const ids = [...html.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
    expect([...html.matchAll(/url\(#([^)]+)\)/g)].map(([, id]) => id)).toEqual(ids);
  });

  it("has header cells and right-aligned numbers in its tables", async () => {
    const html = await written({
      title: "t",
      sections: [{ kind: "table", title: "Accuracy", columns: ["model", { title: "8", digits: 1 }], rows: [["flexible", 91.25], ["fixed", null]] }],
    });
    expect(html).toContain('<tr><th scope="col">model</th><th scope="col" class="number">8</th></tr>');
    expect(html).toContain('<tr><th scope="row">flexible</th><td class="number">91.3</td></tr><tr><th scope="row">fixed</th><td class="number">–</td></tr>');
  });

  it("puts the rows in which runs differ first", async () => {
    const runs = [await loggedRun("a", rows, { seed: 5, rate: 1 }), await loggedRun("b", rows, { seed: 5, rate: 2 })];
    const html = await written({ title: "t", runs });
    expect(html.indexOf(">rate<")).toBeGreaterThan(0);
    expect(html.indexOf(">rate<")).toBeLessThan(html.indexOf(">seed<"));
  });

  it("refuses pictures that are not inside it", async () => {
    const sections = [{ kind: "pictures" as const, title: "p", items: [{ src: "cat.png", caption: "a cat" }] }];
    await expect(written({ title: "t", sections })).rejects.toThrow(
      new Error("writeReport(pictures): expected a data address of a PNG, JPEG, WebP or GIF, got cat.png. Encode the file in base64."),
    );
  });
});
