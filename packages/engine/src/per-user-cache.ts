/** What an installer of another package needs to put files from a Python wheel into the per-user cache. */
export { ensureFolder } from "./cached-folder.ts";
export { download, type Fetching, unpack } from "./fetch-tensorflow.ts";
export { findPython } from "./install-native.ts";
