import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clashing, type Day, doctorLoad, judge, late, type Visit } from "./schedule";
import { chairsUse, clashMinutes, density, doctorUse, weekOf } from "./scheduleUse";

const visit = (id: string, start: number, pattern: string, more: Partial<Visit> = {}): Visit => ({
  id,
  patientId: id,
  chairId: "c1",
  providerId: "d1",
  start,
  pattern,
  state: "booked",
  ...more,
});
const day = (...visits: Visit[]): Day => ({
  hours: [{ from: 480, to: 720 }],
  chairs: ["c1", "c2"].map((id) => ({ id, kind: "chair" })),
  doctors: [{ id: "d1", capacity: 2, present: [{ from: 480, to: 720 }] }],
  visits,
});

describe("how full a day is", () => {
  test("a visit of an hour in one of two chairs for four hours is an eighth", () => {
    expect(chairsUse(day(visit("a", 480, "A".repeat(12))))).toBe(60 / 480);
    expect(chairsUse(day(visit("a", 480, "A".repeat(12), { state: "no_show" })))).toBe(0);
  });

  test("two short checks take as much of a doctor as one long one", () => {
    const [doctor] = day().doctors;
    if (!doctor) throw new Error("no doctor");
    const long = doctorUse(doctor, [visit("a", 480, "D")]);
    expect(doctorUse(doctor, [visit("a", 480, "d"), visit("b", 480, "d")])).toBe(long);
    expect(long).toBe(5 / 240);
  });

  test("the half hours add up to the whole day", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ start: fc.integer({ min: 96, max: 130 }), units: fc.integer({ min: 1, max: 14 }) }), {
          maxLength: 6,
        }),
        (given) => {
          const visits = given.map(({ start, units }, n) =>
            visit(`v${n}`, start * 5, "A".repeat(units), { chairId: `c${n}` }),
          );
          const on = { ...day(...visits), chairs: visits.map((one) => ({ id: one.chairId, kind: "chair" })) };
          const minutes = density(on, { from: 480, to: 720 }).reduce(
            (sum, share) => sum + share * 30 * on.chairs.length,
            0,
          );
          expect(minutes).toBeCloseTo(visits.reduce((sum, one) => sum + one.pattern.length * 5, 0));
        },
      ),
    );
  });
});

describe("a doctor in two places", () => {
  const both = day(
    visit("a", 480, "AD"),
    visit("b", 480, "AD", { chairId: "c2" }),
    visit("c", 480, "AAD", { chairId: "c2" }),
  );

  test("is said of the visits that meet, and of no others", () => {
    expect([...clashing(both)].sort()).toEqual(["a", "b"]);
    expect(clashMinutes(both)).toBe(5);
  });

  test("can be borne once, not twice", () => {
    const third = visit("x", 600, "AD", { chairId: "c3" });
    const on = { ...both, chairs: [...both.chairs, { id: "c3", kind: "chair" }] };
    const once = judge({ ...on, visits: [...on.visits.slice(0, 1), third] }, third, { chairId: "c3", start: 480 });
    const twice = judge({ ...on, visits: [...on.visits, third] }, third, { chairId: "c3", start: 480 });
    expect([once, twice]).toMatchObject([
      { fits: false, reason: "DOCTOR_TAKEN", minute: 485, bearable: true },
      { fits: false, reason: "DOCTOR_TAKEN", minute: 485, bearable: false },
    ]);
  });

  test("there is a clash exactly where somebody's load is above the capacity", () => {
    const visits = fc.array(
      fc.record({ start: fc.integer({ min: 96, max: 110 }), pattern: fc.stringMatching(/^[AdDCT]{1,6}$/) }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(visits, (given) => {
        const on = day(...given.map(({ start, pattern }, n) => visit(`v${n}`, start * 5, pattern)));
        const [doctor] = on.doctors;
        if (!doctor) throw new Error("no doctor");
        const above = [...doctorLoad(doctor, on.visits).values()].some((taken) => taken > doctor.capacity);
        expect(clashing(on).size > 0).toBe(above);
      }),
    );
  });
});

test("somebody is late from five minutes on, until arrived or the day is over", () => {
  const { hours } = day();
  expect(late(visit("a", 600, "A"), 604, hours)).toBeUndefined();
  expect(late(visit("a", 600, "A"), 612, hours)).toBe(12);
  expect(late(visit("a", 600, "A", { state: "arrived" }), 612, hours)).toBeUndefined();
  expect(late(visit("a", 600, "A"), undefined, hours)).toBeUndefined();
  expect(late(visit("a", 600, "A"), 720, hours)).toBeUndefined();
});

test("a week begins on Monday, also across a year and for a Sunday", () => {
  expect(weekOf("2027-01-03")).toEqual([
    "2026-12-28",
    "2026-12-29",
    "2026-12-30",
    "2026-12-31",
    "2027-01-01",
    "2027-01-02",
    "2027-01-03",
  ]);
  expect(weekOf("2026-11-23")[0]).toBe("2026-11-23");
});
