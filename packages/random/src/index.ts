export { random, type RandomStream } from "./stream.ts";
