import fc from "fast-check";
import { expect, test } from "vitest";
import { choose, merge } from "./merge";

const FIELDS = ["first_name", "mobile", "email", "language"] as const;
type Person = Record<(typeof FIELDS)[number], string>;
const person: fc.Arbitrary<Person> = fc.record({
  first_name: fc.constantFrom("Ana", "Anna"),
  mobile: fc.constantFrom("", "+1", "+2"),
  email: fc.constantFrom("", "a@x", "b@x"),
  language: fc.constantFrom("en", "es"),
});

test("changes of different fields are both kept, and it says which were taken", () => {
  const base = { first_name: "Ana", mobile: "+1", email: "", language: "en" };
  const merged = merge(base, { ...base, mobile: "+2" }, { ...base, email: "a@x" });
  expect(merged).toEqual({ values: { ...base, mobile: "+2", email: "a@x" }, taken: ["email"], conflicts: [] });
});

test("the same field changed twice is a conflict until somebody chooses", () => {
  const base = { first_name: "Ana", mobile: "+1", email: "", language: "en" };
  const [mine, theirs] = [
    { ...base, mobile: "+2" },
    { ...base, mobile: "+3" },
  ];
  expect(merge(base, mine, theirs).conflicts).toEqual(["mobile"]);
  expect(choose(mine, theirs, { mobile: "theirs" }).mobile).toBe("+3");
  expect(choose(mine, theirs, { mobile: "mine" }).mobile).toBe("+2");
});

test("every field is mine, theirs or in conflict, and no change of anybody is lost without a word", () => {
  fc.assert(
    fc.property(person, person, person, (base, mine, theirs) => {
      const { values, taken, conflicts } = merge(base, mine, theirs);
      for (const field of FIELDS) {
        const [iChanged, theyChanged] = [mine[field] !== base[field], theirs[field] !== base[field]];
        if (iChanged && theyChanged && mine[field] !== theirs[field]) expect(conflicts).toContain(field);
        else expect(conflicts).not.toContain(field);
        expect(taken.includes(field)).toBe(theyChanged && !iChanged);
        expect(values[field]).toBe(theyChanged && !iChanged ? theirs[field] : mine[field]);
      }
    }),
  );
});

test("nobody else, nothing to merge; and it does not matter who of two came first when there is no conflict", () => {
  fc.assert(
    fc.property(person, person, (base, mine) => {
      expect(merge(base, mine, base)).toEqual({ values: mine, taken: [], conflicts: [] });
    }),
  );
  fc.assert(
    fc.property(person, person, person, (base, mine, theirs) => {
      const [one, other] = [merge(base, mine, theirs), merge(base, theirs, mine)];
      if (one.conflicts.length === 0) expect(one.values).toEqual(other.values);
    }),
  );
});
