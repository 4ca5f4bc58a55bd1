// The ledger as a family reads it: what was charged, what was paid, and what is left after each line.

export interface Entry {
  id: string;
  kind: string;
  partyId: string;
  postedOn: string;
  /** More than zero is owed, less than zero is paid or given up. */
  cents: number;
  paymentId: string;
  method: string;
  reason: string;
  reverses: boolean;
}

export interface Line extends Entry {
  charge: number;
  payment: number;
  /** What is left after this line. */
  balance: number;
}

export interface Statement {
  lines: Line[];
  charged: number;
  paid: number;
  /** What is left: what was charged less what was paid; less than zero is a credit. */
  balance: number;
}

/** The statement of everybody (no `partyId`), or of one party only. Entries come in the order of posting. */
export function statement(entries: readonly Entry[], partyId = ""): Statement {
  const lines: Line[] = [];
  let [charged, paid] = [0, 0];
  for (const entry of entries) {
    if (partyId && entry.partyId !== partyId) continue;
    const charge = Math.max(entry.cents, 0);
    const payment = Math.max(-entry.cents, 0);
    charged += charge;
    paid += payment;
    lines.push({ ...entry, charge, payment, balance: charged - paid });
  }
  return { lines, charged, paid, balance: charged - paid };
}

/** The lines of a kind; each keeps its own balance. */
export function only(lines: readonly Line[], what: "all" | "charges" | "payments"): Line[] {
  return lines.filter((line) => what === "all" || (what === "charges" ? line.charge > 0 : line.payment > 0));
}

const cell = (value: string) => {
  // A sheet takes a text that begins like this for a formula.
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const amount = (cents: number) =>
  `${cents < 0 ? "-" : ""}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, "0")}`;

/** Comma-separated values (RFC 4180) for a sheet: texts are never formulas, amounts are plain dollars. */
export function toCsv(
  heads: readonly string[],
  lines: readonly Line[],
  say: (line: Line) => { what: string; party: string },
): string {
  const rows = lines.map((line) => {
    const { what, party } = say(line);
    const numbers = [line.charge ? amount(line.charge) : "", line.payment ? amount(line.payment) : ""];
    return [...[line.postedOn, what, party].map(cell), ...numbers, amount(line.balance)].join(",");
  });
  return [heads.map(cell).join(","), ...rows, ""].join("\r\n");
}
