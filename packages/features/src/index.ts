export type { Backbone, BackboneOptions, Features, Grid, SizePx } from "./features.ts";
