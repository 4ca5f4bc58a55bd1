import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BLOCKERS, blockerAfter, type Facts, judge, STAGES } from "./pipeline";

const STATE: Record<string, string[]> = {
  new_lead: ["", "lead"],
  exam_booked: ["exam_scheduled"],
  exam_kept: ["exam_scheduled", "recommended"],
  presented: ["recommended"],
  pending: ["recommended", "accepted"],
  start_booked: ["accepted"],
  started: ["active"],
  observation: ["observation"],
};
const card: fc.Arbitrary<Facts> = fc
  .constantFrom(...STAGES)
  .chain((stage) =>
    fc.record({
      stage: fc.constant(stage),
      state: fc.constantFrom(...(STATE[stage] as string[])),
      blocker: fc.constantFrom("" as const, ...BLOCKERS),
      lead: fc.boolean(),
      booked: fc.boolean(),
    }),
  )
  .map((facts) => ({ ...facts, lead: facts.state === "" }));
const stage = fc.constantFrom(...STAGES);

describe("a card", () => {
  it("has an answer for every other column, and none for its own", () => {
    fc.assert(
      fc.property(card, stage, (facts, to) => {
        expect(judge(facts, to) === undefined).toBe(to === facts.stage);
      }),
    );
  });

  it("is never moved by hand to what only facts bring", () => {
    for (const to of ["new_lead", "exam_booked", "started", "observation"] as const)
      fc.assert(
        fc.property(card, (facts) => {
          expect(judge(facts, to)?.move ?? false).toBe(false);
        }),
      );
  });

  it("does not start before it is signed", () => {
    fc.assert(
      fc.property(card, (facts) => {
        if (facts.state === "accepted") return;
        expect(judge(facts, "start_booked")?.move ?? false).toBe(false);
      }),
    );
  });

  it("that is moved to pending waits for something", () => {
    fc.assert(
      fc.property(card, (facts) => {
        expect(blockerAfter(facts, "pending")).not.toBe("");
      }),
    );
  });

  it("of a lead is registered before anything else", () => {
    const lead: Facts = { stage: "new_lead", state: "", blocker: "", lead: true, booked: false };
    expect(judge(lead, "exam_booked")).toEqual({ move: false, open: "register" });
    expect(judge(lead, "presented")).toEqual({ move: false, refused: "EXAM_NOT_BOOKED" });
  });
});
