// Dollars as people write them, exactly: by digits, never by floating point.

const WRITTEN = /^\$?\s*(\d{1,3}(?:,\d{3})+|\d{1,9})?(?:\.(\d{1,2}))?$/;

/** The cents of "150", "150.5", "$1,234.56" or ".75"; undefined for anything else, also for less than nothing. */
export function parseDollars(text: string): number | undefined {
  const found = WRITTEN.exec(text.trim());
  if (!found || (found[1] === undefined && found[2] === undefined)) return undefined;
  return Number((found[1] ?? "0").replaceAll(",", "")) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
}

/** Cents as one types them: 123456 is "1234.56". */
export const writeDollars = (cents: number): string =>
  `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;

interface Money {
  amount_cents: number;
}

/** The cents of an amount of the API; 0 without one. */
export const centsOf = (money: Money | null | undefined): number => Number(money?.amount_cents ?? 0);
export const usd = (cents: number) => ({ amount_cents: cents, currency_code: "USD" });
