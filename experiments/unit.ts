/** How a figure is shown: shares in percent, others as they are, in metres, degrees or without a unit. */
export type Unit = "%" | "m" | "°" | "";

const formats: Record<Unit, { factor: number; digits: number }> = {
  "%": { factor: 100, digits: 1 },
  m: { factor: 1, digits: 3 },
  "°": { factor: 1, digits: 1 },
  "": { factor: 1, digits: 3 },
};

/** A value as it is shown, without its unit: 0.5 is 50 in percent. */
export function inUnit(value: number, unit: Unit): number {
  return formats[unit].factor * value;
}

/** The digits of a value that is in its unit already. */
export function digitsOf(value: number, unit: Unit): string {
  return value.toFixed(formats[unit].digits);
}

/** What is shown, with its unit where it has one: "RMSE (m)". */
export function titled(quantity: string, unit: Unit): string {
  return unit === "" ? quantity : `${quantity} (${unit})`;
}
