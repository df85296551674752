import type { PlotSpec } from "./render-svg.ts";
import type { Cell, Column } from "./table-cell.ts";

/** A piece of a report, as plain data. */
export type Section =
  | { readonly kind: "plot"; readonly title: string; readonly caption?: string; readonly spec: PlotSpec }
  | {
      readonly kind: "table";
      readonly title: string;
      readonly caption?: string;
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly Cell[])[];
      /** Shown only on request. */
      readonly folded?: boolean;
    }
  | { readonly kind: "pictures"; readonly title: string; readonly caption?: string; readonly items: readonly Picture[] }
  | { readonly kind: "text"; readonly title?: string; /** Paragraphs, parted by empty lines. */ readonly text: string };

/** A picture inside a report. */
export type Picture = {
  /** A PNG, JPEG, WebP or GIF as a data address, `data:image/png;base64,...`. */
  readonly src: string;
  readonly caption: string;
  /** Width on the page in CSS pixels; small pictures are enlarged without smoothing. Default: its own width. */
  readonly widthPx?: number;
};
