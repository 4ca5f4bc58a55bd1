import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDollars, writeDollars } from "./amounts";
import { type Entry, only, statement, toCsv } from "./statement";

describe("dollars as people write them", () => {
  it("come back as they were written, to the cent", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999_999_999 }), (cents) => {
        expect(parseDollars(writeDollars(cents))).toBe(cents);
        expect(parseDollars((cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" }))).toBe(cents);
      }),
    );
  });
  it.each([
    ["150", 15000],
    ["150.5", 15050],
    [" $1,234.56 ", 123456],
    [".75", 75],
    ["0.29", 29],
  ])("%s is %i cents", (text, cents) => {
    expect(parseDollars(text)).toBe(cents);
  });
  it.each(["", ".", "$", "-5", "1,23", "12,34.00", "1.234", "1e3", "12 34", "1.2.3", "abc", "٣"])(
    "%s is no amount",
    (text) => {
      expect(parseDollars(text)).toBeUndefined();
    },
  );
});

const entries = fc.array(
  fc.record({
    id: fc.uuid(),
    kind: fc.constantFrom("activation", "payment", "refund", "transfer"),
    partyId: fc.constantFrom("mother", "father"),
    postedOn: fc.constant("2026-11-01"),
    cents: fc.integer({ min: -500_000, max: 500_000 }),
    paymentId: fc.constant(""),
    method: fc.constant(""),
    reason: fc.string(),
    reverses: fc.boolean(),
  }) as fc.Arbitrary<Entry>,
);

describe("a statement", () => {
  it("adds up: each line from the one before, the last to the balance, and both parties to the whole", () => {
    fc.assert(
      fc.property(entries, (given) => {
        const all = statement(given);
        const plain = given.reduce((sum, entry) => sum + entry.cents, 0);
        expect(all.balance).toBe(plain);
        expect(all.lines.at(-1)?.balance ?? 0).toBe(plain);
        let before = 0;
        for (const line of all.lines) {
          expect(line.balance).toBe(before + line.charge - line.payment);
          expect(Math.min(line.charge, line.payment)).toBe(0);
          before = line.balance;
        }
        const parts = ["mother", "father"].map((party) => statement(given, party));
        expect(parts.reduce((sum, part) => sum + part.balance, 0)).toBe(plain);
        expect(parts.flatMap((part) => part.lines).every((line) => line.id !== "")).toBe(true);
        expect(parts.reduce((sum, part) => sum + part.lines.length, 0)).toBe(all.lines.length);
      }),
    );
  });

  it("keeps its balances when only some of it is shown", () => {
    fc.assert(
      fc.property(entries, fc.constantFrom("all" as const, "charges" as const, "payments" as const), (given, what) => {
        const { lines } = statement(given);
        for (const line of only(lines, what)) expect(lines).toContain(line);
      }),
    );
  });

  it("is a sheet in which no text is a formula", () => {
    fc.assert(
      fc.property(entries, (given) => {
        const { lines } = statement(given);
        const sheet = toCsv(["a", "b", "c", "d", "e", "f"], lines, (line) => ({
          what: line.reason,
          party: line.partyId,
        }));
        const quoted = sheet.match(/"(?:[^"]|"")*"/g) ?? [];
        const bare = sheet.replaceAll(/"(?:[^"]|"")*"/g, "").split("\r\n");
        expect(bare.slice(0, -1).every((row) => row.split(",").length === 6)).toBe(true);
        for (const text of [...quoted.map((one) => one.slice(1)), ...bare.map((row) => row.split(",")[1] ?? "")])
          expect(text).not.toMatch(/^[=+@-]/);
      }),
    );
  });
});
