import fc from "fast-check";
import { expect, test } from "vitest";
import { partsFor } from "./order";
import { businessDays, type Candidate, callsToMake, open, type PhoneCall } from "./phoning";

const call = (fields: Partial<PhoneCall>) => ({ called_on: "2026-11-24", call_again_on: "", ...fields }) as PhoneCall;
const TODAY = "2026-11-25";

test("business days leave the weekend out", () => {
  expect(businessDays("2026-11-20", 2)).toEqual(["2026-11-23", "2026-11-24"]);
  expect(businessDays("2026-11-24", 2)).toEqual(["2026-11-25", "2026-11-26"]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 20 }), (start, count) => {
      const day = new Date(Date.UTC(2024, 0, 1 + start)).toISOString().slice(0, 10);
      const found = businessDays(day, count);
      expect(found).toHaveLength(count);
      for (const one of found) expect([0, 6]).not.toContain(new Date(`${one}T12:00:00Z`).getUTCDay());
      expect([...found].sort()).toEqual(found);
      expect((found[0] ?? "") > day).toBe(true);
    }),
  );
});

test("a call comes back when it should", () => {
  expect(open("confirm_visit", undefined, TODAY)).toBe(true);
  expect(open("confirm_visit", call({ outcome: "no_answer", called_on: TODAY }), TODAY)).toBe(false);
  expect(open("confirm_visit", call({ outcome: "no_answer" }), TODAY)).toBe(true);
  expect(open("missed_visit", call({ outcome: "reached" }), TODAY)).toBe(false);
  expect(open("follow_up", call({ outcome: "call_back", call_again_on: "2026-11-26" }), TODAY)).toBe(false);
  expect(open("follow_up", call({ outcome: "call_back", call_again_on: TODAY, called_on: TODAY }), TODAY)).toBe(true);
});

test("the latest call about a thing decides, and visits to confirm come first and by time", () => {
  const one = (reason: Candidate["reason"], subjectId: string, at: string): Candidate => ({
    reason,
    subjectId,
    at,
    patientId: "p",
    locationId: "l",
    about: "",
  });
  const candidates = [
    one("missed_visit", "m", "2026-11-20"),
    one("confirm_visit", "late", "2026-11-26T15:00"),
    one("confirm_visit", "early", "2026-11-26T09:00"),
    one("follow_up", "f", "2026-11-01"),
  ];
  const logged = [
    call({ subject_id: "f", outcome: "no_answer", called_on: TODAY }),
    call({ subject_id: "f", outcome: "message_left" }),
    call({ subject_id: "m", outcome: "message_left" }),
  ];
  expect(callsToMake(candidates, logged, TODAY).map((found) => found.subjectId)).toEqual(["early", "late", "m"]);
});

test("each role sees its own day, and nothing it may not read", () => {
  const all = () => true;
  expect(partsFor(["front_desk"], all)[0]).toBe("arrivals");
  expect(partsFor(["treatment_coordinator"], all)[0]).toBe("tasks");
  expect(partsFor(["orthodontist"], all)[0]).toBe("chairs");
  expect(partsFor(["financial_coordinator"], all)[0]).toBe("calls");
  expect(partsFor(["orthodontist"], (permission) => permission === "tasks.read")).toEqual(["tasks"]);
  expect(partsFor(["it_admin"], () => false)).toEqual([]);
});
