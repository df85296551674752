/** Writes a result: as JSON for programs, as text for people. */
export function printResult(json: boolean | undefined, result: unknown, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(result, null, 2) : text()}\n`);
}

/** Writes a remark for people; kept off standard output, where results go. */
export function remark(message: string): void {
  process.stderr.write(`${message}\n`);
}

/** A share as a percentage with two digits. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
