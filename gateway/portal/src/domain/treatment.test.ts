import fc from "fast-check";
import { expect, test } from "vitest";
import { e164, phone } from "./phone";
import { addDays } from "./time";
import { monthsBetween, progress } from "./treatment";

test("a month of treatment begins on the day of the start, and on the last day of a month that lacks it", () => {
  expect(monthsBetween("2026-01-31", "2026-02-27")).toBe(0);
  expect(monthsBetween("2026-01-31", "2026-02-28")).toBe(1);
  expect(monthsBetween("2024-02-29", "2025-02-28")).toBe(12);
  expect(progress("2026-01-15", "2027-01-15", "2026-01-15")).toEqual({ month: 1, of: 12, over: 0 });
  expect(progress("2026-01-15", "2027-01-15", "2027-03-14")).toEqual({ month: 14, of: 12, over: 2 });
  expect(progress("2026-01-15", "", "2026-03-15")).toEqual({ month: 3, of: 0, over: 0 });
  expect(progress("", "", "2026-03-15")).toBeUndefined();
  expect(progress("2026-04-01", "", "2026-03-15")).toBeUndefined();
});

test("the month never goes back as days pass", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 0, max: 900 }), (start, days) => {
      const from = addDays("2020-01-01", start);
      const now = monthsBetween(from, addDays(from, days));
      const next = monthsBetween(from, addDays(from, days + 1));
      return next === now || next === now + 1;
    }),
  );
});

test("a phone number is read as it is shown", () => {
  const digits = fc.integer({ min: 200_000_0000, max: 999_999_9999 }).map((n) => `+1${n}`);
  fc.assert(fc.property(digits, (number) => e164(phone(number)) === number));
  expect(e164("617-555-0100")).toBe("+16175550100");
  expect(e164("+44 20 7946 0958")).toBe("+442079460958");
  expect(e164(" ")).toBe("");
  expect(e164("555-0100")).toBeUndefined();
});
