/** A leaf of a config that differs; undefined where it is absent. */
export type ConfigChange = { readonly key: string; readonly before: unknown; readonly now: unknown };

/** Returns the leaves of a nested config by dotted path, `{ a: { b: 1 } }` as `a.b` → 1; a list is one leaf. */
export function flattenConfig(config: unknown, path = ""): Map<string, unknown> {
  if (config === undefined) return new Map();
  const entries = config !== null && typeof config === "object" && !Array.isArray(config) ? Object.entries(config) : [];
  if (entries.length === 0) return new Map([[path, config]]);
  return new Map(entries.flatMap(([name, value]) => [...flattenConfig(value, path ? `${path}.${name}` : name)]));
}

/** Returns the leaves in which two configs differ; the order of keys plays no part. */
export function configChanges(before: unknown, now: unknown): ConfigChange[] {
  const old = flattenConfig(before);
  const fresh = flattenConfig(now);
  const keys = new Set([...old.keys(), ...fresh.keys()]);
  return [...keys]
    .filter((key) => showValue(old.get(key)) !== showValue(fresh.get(key)))
    .map((key) => ({ key, before: old.get(key), now: fresh.get(key) }));
}

/** Throws where configs differ in a key that is not, and lies not under, one of `allowed`. */
export function refuseChanges(changes: readonly ConfigChange[], allowed: readonly string[], folder: string): void {
  const refused = changes.filter(({ key }) => !allowed.some((path) => key === path || key.startsWith(`${path}.`)));
  if (refused.length === 0) return;
  const lines = refused.map(({ key, before, now }) => `\n  ${key}: ${showValue(before)} in the run, ${showValue(now)} now`);
  throw new Error(
    `openRun(config): expected the config of the run in ${folder}, got other values:${lines.join("")}\n` +
      "Resume with the run's own values, allow these keys to change, or start a new run in another folder.",
  );
}

function showValue(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}
