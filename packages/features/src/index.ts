export type { Backbone, BackboneOptions, Features, Grid, MixedFeatures, SizePx } from "./features.ts";
