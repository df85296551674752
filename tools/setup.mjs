// Gets a checkout ready: packages, build, native engine. `npm start` and `npm test` begin with it.
// Plain JavaScript without imports from npm: it runs on Node 20 before anything is installed.
// What is ready already costs a look, so a second start begins at once.
//   --no-build              leaves the build to the caller
//   FLEXIVIT_SKIP_NATIVE=1  leaves the native engine out: WebAssembly serves
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const inModules = (...path) => join(root, "node_modules", ...path);
const engineTimeoutMs = 15 * 60_000;

checkVersions();
installPackages();
const node = nodeForTypeScript();
if (!process.argv.includes("--no-build")) build(node);
installEngine(node);

function checkVersions() {
  if (olderThan(process.versions.node, [20, 0])) {
    stop(`Node 20 or newer is needed to begin with, this is ${process.versions.node}. Install one from https://nodejs.org`);
  }
  const npm = /npm\/(\S+)/.exec(process.env.npm_config_user_agent ?? "")?.[1];
  if (npm && olderThan(npm, [8, 0])) stop(`npm 8 or newer is needed, this is ${npm}. Update it: npm install --global npm`);
}

/** `npm ci`, only where node_modules differs from the lock file. */
function installPackages() {
  const missing = differences();
  if (missing.length === 0) return;
  const why = existsSync(inModules()) ? `differs in ${missing.length}, such as ${missing[0]}` : "first start";
  console.log(`install  npm ci (node_modules: ${why}) ...`);
  const begun = performance.now();
  const { status } = npm("ci", "--no-audit", "--no-fund", "--loglevel=error");
  if (status !== 0) stop("npm ci failed. Check the network and the npm registry, then start again; what is missing is fetched anew");
  const refused = differences();
  console.log(`install  done in ${seconds(begun)}`);
  if (refused.length > 0) console.log(`install  npm left out: ${refused.join(", ")}`);
}

/**
 * Packages of the lock file that node_modules lacks or holds in another version.
 *
 * npm writes node_modules/.package-lock.json when everything else is in place and `npm ci` begins by
 * removing it, so an interrupted installation shows as a difference here.
 */
function differences() {
  const wanted = packagesOf(join(root, "package-lock.json"));
  const present = existsSync(inModules(".package-lock.json")) ? packagesOf(inModules(".package-lock.json")) : {};
  return Object.keys(wanted).filter((path) => {
    if (!path.startsWith("node_modules/")) return false;
    if (!present[path]) return !wanted[path].optional || isForThisMachine(wanted[path]);
    const same = ["version", "integrity", "link"].every((key) => present[path][key] === wanted[path][key]);
    return !same || !existsSync(join(root, path));
  });
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, "utf8")).packages;
  } catch (error) {
    if (lockFile.includes("node_modules")) return {};
    return stop(`${lockFile} can't be read (${error.message}). Restore it from the repository`);
  }
}

/** Whether an optional package with binaries was made for this system. */
function isForThisMachine({ os, cpu, libc }) {
  const system = libc ? (process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl") : undefined;
  return Boolean(os && cpu) && os.includes(process.platform) && cpu.includes(process.arch) && (!libc || libc.includes(system));
}

/** The Node that runs TypeScript: the packaged one, else this machine's own where that is new enough. */
function nodeForTypeScript() {
  const packaged = inModules(".bin", process.platform === "win32" ? "node.cmd" : "node");
  if (existsSync(packaged)) {
    const answer = spawnSync(packaged, ["--version"], { shell: process.platform === "win32" });
    if (answer.status === 0) return packaged;
    for (const name of ["node", "node.cmd", "node.ps1"]) rmSync(inModules(".bin", name), { force: true });
    console.log(`node     the packaged Node does not run on this system; using Node ${process.versions.node}`);
  }
  const insidePackages = process.execPath.startsWith(inModules());
  const own = insidePackages ? process.env.npm_node_execpath : process.execPath;
  const version = insidePackages ? spawnSync(own, ["-p", "process.versions.node"]).stdout.toString() : process.versions.node;
  if (!olderThan(version, [22, 18])) return own;
  return stop(
    `npm has no packaged Node for ${process.platform} ${process.arch}, and this machine's ${version} does not run TypeScript. ` +
      "Install Node 22.18 or newer from https://nodejs.org and start again",
  );
}

function build(node) {
  const begun = performance.now();
  const { status } = run(node, [inModules("typescript", "bin", "tsc"), "-b"]);
  if (status !== 0) stop("the build failed, see above");
  if (performance.now() - begun > 1000) console.log(`build    tsc -b in ${seconds(begun)}`);
}

/** The native engine, or one line that says what serves instead. Never fails the start. */
function installEngine(node) {
  if (process.env.FLEXIVIT_SKIP_NATIVE === "1") return console.log("engine   native left out (FLEXIVIT_SKIP_NATIVE=1); WebAssembly serves");
  const { status, error } = run(node, ["--conditions=@flexivit/source", join(root, "tools", "install-engine.ts")], engineTimeoutMs);
  if (error) console.log(`engine   native not ready after ${engineTimeoutMs / 60_000} minutes; WebAssembly serves. Try: npx flexivit engine install`);
  else if (status !== 0) console.log("engine   the installer ended early; WebAssembly serves. Try: npx flexivit engine install");
}

function run(command, args, timeout) {
  const shell = command.endsWith(".cmd");
  return spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], timeout, shell });
}

/** npm on the Node that npm itself came with: `npm ci` replaces the packaged one. */
function npm(...args) {
  const { npm_execpath: script, npm_node_execpath: ownNode } = process.env;
  if (script && ownNode) return run(ownNode, [script, ...args]);
  return run(process.platform === "win32" ? "npm.cmd" : "npm", args);
}

function olderThan(version, [major, minor]) {
  const [ownMajor, ownMinor] = version.split(".").map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}

function seconds(begun) {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`;
}

function stop(message) {
  console.error(`setup: ${message}.`);
  process.exit(1);
}
