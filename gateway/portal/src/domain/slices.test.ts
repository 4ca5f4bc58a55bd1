import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clashes,
  insert,
  isPattern,
  LETTERS,
  type Letter,
  MOST_SLICES,
  nextStart,
  paint,
  remove,
  resize,
  stretches,
  totals,
} from "./slices";

const letter = fc.constantFrom<Letter>(...LETTERS);
const pattern = fc.array(letter, { minLength: 1, maxLength: MOST_SLICES }).map((letters) => letters.join(""));
const place = fc.integer({ min: -5, max: 120 });

describe("slices", () => {
  it("paint changes the slices between the two ends and nothing else, in either direction", () => {
    fc.assert(
      fc.property(pattern, place, place, letter, (before, from, to, brush) => {
        const after = paint(before, from, to, brush);
        expect(after).toHaveLength(before.length);
        expect(paint(before, to, from, brush)).toBe(after);
        for (let at = 0; at < before.length; at++) {
          const inside = at >= Math.min(from, to) && at <= Math.max(from, to);
          expect(after[at]).toBe(inside ? brush : before[at]);
        }
      }),
    );
  });

  it("whatever is done to a pattern leaves a pattern", () => {
    fc.assert(
      fc.property(pattern, place, place, (before, one, other) => {
        const at = Math.max(0, Math.min(before.length - 1, one));
        const end = Math.max(0, Math.min(before.length - 1, other));
        for (const after of [resize(before, one), insert(before, at), remove(before, at, end)]) {
          expect(isPattern(after)).toBe(true);
        }
      }),
    );
  });

  it("resize keeps what stays and goes on as the visit ended", () => {
    fc.assert(
      fc.property(pattern, fc.integer({ min: 1, max: MOST_SLICES }), (before, length) => {
        const after = resize(before, length);
        expect(after).toHaveLength(length);
        expect(after.startsWith(before.slice(0, length))).toBe(true);
        for (const added of after.slice(before.length)) expect(added).toBe(before.at(-1));
      }),
    );
  });

  it("totals and stretches count every slice once", () => {
    fc.assert(
      fc.property(pattern, (given) => {
        const found = stretches(given);
        expect(found.map((one) => one.letter.repeat(one.length)).join("")).toBe(given);
        for (const [index, one] of found.entries()) expect(found[index + 1]?.letter).not.toBe(one.letter);
        const sum = totals(given);
        expect(sum.chair).toBe(given.length * 5);
        expect(sum.checks).toBeLessThanOrEqual(sum.doctor);
        expect(sum.longestDoctor).toBeLessThanOrEqual(sum.doctor);
        expect(sum.longestDoctor > 0).toBe(sum.doctor > 0);
      }),
    );
    expect(totals("AdDDTCA")).toEqual({ chair: 35, assistant: 25, doctor: 20, checks: 5, longestDoctor: 20 });
  });

  it("two visits clash only where both need the doctor beyond what the doctor can do", () => {
    fc.assert(
      fc.property(
        pattern,
        pattern,
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 1, max: 4 }),
        (a, b, offset, k) => {
          for (const slice of clashes(a, b, offset, k)) {
            expect("dDT").toContain(a[slice]);
            expect("dDT").toContain(b[slice - offset]);
          }
          expect(clashes(a, b, a.length, k)).toEqual([]);
          const start = nextStart(a, b, k);
          expect(clashes(a, b, start, k)).toEqual([]);
          for (let earlier = 0; earlier < start; earlier++) expect(clashes(a, b, earlier, k).length).toBeGreaterThan(0);
        },
      ),
    );
    expect(clashes("AdA", "AdA", 0, 2)).toEqual([]); // two short checks fit into the same five minutes
    expect(clashes("AdA", "AdA", 0, 1)).toEqual([1]);
    expect(clashes("ADA", "AdA", 0, 2)).toEqual([1]);
  });
});
