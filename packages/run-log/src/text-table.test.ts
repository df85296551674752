import { expect, it } from "vitest";
import { textTable } from "./text-table.ts";

it("numbers stand right with equal digits, texts left, missing values as a dash", () => {
  const columns = ["model", { title: "8", digits: 1 }, { title: "16", digits: 1 }, "params"];
  const rows = [
    ["flexible", 91.25, 88, 1200],
    ["fixed at 8", 92, undefined, 5],
  ];
  expect(textTable(columns, rows)).toBe(
    [
      "model          8    16  params",
      "──────────  ────  ────  ──────",
      "flexible    91.3  88.0    1200",
      "fixed at 8  92.0     –       5",
    ].join("\n"),
  );
});

it("numbers without given digits keep four figures", () => {
  expect(textTable(["a"], [[0.123456], [1234567], [Number.NaN]]).split("\n").slice(2)).toEqual([" 0.1235", "1234567", "    NaN"]);
});

it("a table without rows is its head", () => {
  expect(textTable(["name", "value"], [])).toBe("name  value\n────  ─────");
});
