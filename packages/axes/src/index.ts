export { axes, type AxisLengths, type AxisName } from "./axes.ts";
