import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Day,
  demand,
  doctorLoad,
  end,
  findPlace,
  holds,
  judge,
  nextSteps,
  shown,
  UNIT,
  type Visit,
} from "./schedule";
import { addDays, clock, minuteOf, moment, wall } from "./time";

const STATES = ["booked", "confirmed", "arrived", "seated", "done", "no_show"] as const;
const chairs = ["c1", "c2", "c3"].map((id) => ({ id, kind: "chair" }));
const doctors = [
  { id: "d1", capacity: 2, present: [{ from: 480, to: 720 }] },
  { id: "d2", capacity: 1, present: [{ from: 540, to: 660 }] },
];
const visit = fc.record({
  patientId: fc.constantFrom("p1", "p2", "p3", "p4", "p5", "p6"),
  chairId: fc.constantFrom("c1", "c2", "c3"),
  providerId: fc.constantFrom("d1", "d2", ""),
  start: fc.integer({ min: 94, max: 146 }).map((n) => n * UNIT),
  pattern: fc.array(fc.constantFrom(..."AdDCT"), { minLength: 1, maxLength: 8 }).map((letters) => letters.join("")),
  state: fc.constantFrom(...STATES),
});
const day = fc.array(visit, { maxLength: 10 }).map(
  (visits): Day => ({
    hours: [{ from: 480, to: 720 }],
    chairs,
    doctors,
    visits: visits.map((v, i) => ({ ...v, id: `v${i}` })),
  }),
);
const place = fc.record({
  chairId: fc.constantFrom("c1", "c2", "c3"),
  start: fc.integer({ min: 90, max: 150 }).map((n) => n * UNIT),
});

/** The rules again, minute by minute and without any of the model's shortcuts. */
function plain(on: Day, moved: Visit): boolean {
  const others = on.visits.filter((v) => v.id !== moved.id && holds(v));
  const at = (v: Visit, minute: number) => v.pattern[Math.floor((minute - v.start) / UNIT)];
  for (let minute = moved.start; minute < end(moved); minute++) {
    if (!on.hours.some((h) => h.from <= minute && minute < h.to)) return false;
    for (const other of others) {
      if (!at(other, minute)) continue;
      if (other.chairId === moved.chairId || other.patientId === moved.patientId) return false;
    }
  }
  if (!/[dDT]/.test(moved.pattern)) return true;
  return on.doctors.some((doctor) => {
    for (let minute = moved.start; minute < end(moved); minute++) {
      const wanted = demand(at(moved, minute), doctor.capacity);
      if (!wanted) continue;
      if (!doctor.present.some((p) => p.from <= minute && minute < p.to)) return false;
      const taken = others
        .filter((v) => v.providerId === doctor.id)
        .reduce((sum, v) => sum + demand(at(v, minute), doctor.capacity), 0);
      if (taken + wanted > doctor.capacity) return false;
    }
    return true;
  });
}

const candidate = visit.map((v): Visit => ({ ...v, id: "moved", state: "booked" }));

describe("the schedule", () => {
  test("a move is judged as plain loops judge it", () => {
    fc.assert(
      fc.property(day, candidate, place, (on, v, to) => {
        expect(judge(on, v, to).fits).toBe(plain(on, { ...v, ...to }));
      }),
      { numRuns: 3000 },
    );
  });

  test("a move that fits adds no clash to any doctor", () => {
    fc.assert(
      fc.property(day, candidate, place, (on, v, to) => {
        const verdict = judge(on, v, to);
        fc.pre(verdict.fits && verdict.doctorId !== "");
        const moved = { ...v, ...to, providerId: verdict.doctorId };
        for (const doctor of on.doctors) {
          const before = doctorLoad(doctor, on.visits);
          for (const [minute, load] of doctorLoad(doctor, [...on.visits, moved])) {
            if (load > doctor.capacity) expect(before.get(minute)).toBe(load);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("the place found is the first that fits", () => {
    fc.assert(
      fc.property(day, candidate, (on, v) => {
        const found = findPlace(on, v, 470);
        for (let start = 470; start < (found?.start ?? 720); start += UNIT) {
          for (const chair of chairs) expect(plain(on, { ...v, chairId: chair.id, start })).toBe(false);
        }
        if (found) expect(plain(on, { ...v, ...found })).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("a refusal names the doctor, the minute and the other visit", () => {
    const base = { patientId: "p1", chairId: "c1", providerId: "d1", state: "booked" } as const;
    const other: Visit = { ...base, id: "v1", start: 500, pattern: "AADA" };
    const moved: Visit = { ...base, id: "v2", patientId: "p2", chairId: "c2", start: 600, pattern: "AADA" };
    const on: Day = { hours: [{ from: 480, to: 720 }], chairs, doctors: doctors.slice(0, 1), visits: [other, moved] };
    const to = { chairId: "c2", start: 500 };
    expect(judge(on, moved, to)).toMatchObject({
      fits: false,
      reason: "DOCTOR_TAKEN",
      doctorId: "d1",
      minute: 510,
      visit: { id: "v1" },
    });
    expect(judge(on, moved, { chairId: "c1", start: 505 })).toMatchObject({
      reason: "CHAIR_TAKEN",
      visit: { id: "v1" },
    });
    expect(judge(on, { ...moved, state: "seated" }, to)).toMatchObject({ reason: "STARTED" });
  });

  test("the whole day is shown, from the first visit or opening to the last", () => {
    fc.assert(
      fc.property(day, (on) => {
        const range = shown(on);
        expect(range.from).toBeLessThanOrEqual(480);
        expect(on.visits.every((v) => range.from <= v.start && end(v) <= range.to)).toBe(true);
      }),
    );
  });

  test("every visit can be brought to check-out", () => {
    const base: Visit = {
      id: "v",
      patientId: "p",
      chairId: "c1",
      providerId: "d1",
      start: 480,
      pattern: "AdA",
      state: "booked",
    };
    const walk = ["arrived", "seated", "doctor_ready", "doctor_in", "done"] as const;
    expect(nextSteps(base)).toEqual(["check-in"]);
    for (const state of walk) expect(nextSteps({ ...base, state })).not.toEqual([]);
    expect(nextSteps({ ...base, state: "checked_out" })).toEqual([]);
    expect(nextSteps({ ...base, state: "seated", pattern: "AA" })).toEqual(["dismiss"]);
  });
});

describe("time", () => {
  const zone = fc.constantFrom("America/New_York", "America/Chicago", "Europe/Vienna", "Asia/Kolkata");
  test("a wall time and back is the same, but for the hour that the clocks jump over", () => {
    fc.assert(
      fc.property(zone, fc.integer({ min: 0, max: 3650 }), fc.integer({ min: 0, max: 287 }), (z, n, unit) => {
        const on = addDays("2024-01-01", n);
        const back = wall(moment(on, unit * 5, z), z);
        expect(back.day).toBe(on);
        expect([unit * 5, unit * 5 + 60]).toContain(back.minute);
      }),
    );
  });

  test("the days of the change of clocks", () => {
    expect(moment("2026-03-08", 150, "America/New_York").toISOString()).toBe("2026-03-08T07:30:00.000Z");
    expect(moment("2026-11-01", 90, "America/New_York").toISOString()).toBe("2026-11-01T05:30:00.000Z");
    expect(moment("2026-11-25", 480, "America/New_York").toISOString()).toBe("2026-11-25T13:00:00.000Z");
  });

  test("clock and minutes", () => {
    expect([0, 545, 720, 800].map(clock)).toEqual(["12:00a", "9:05a", "12:00p", "1:20p"]);
    expect(minuteOf("2026-11-25T08:05:00-05:00")).toBe(485);
  });
});
