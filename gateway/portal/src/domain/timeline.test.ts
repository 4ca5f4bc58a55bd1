import fc from "fast-check";
import { expect, test } from "vitest";
import { byDay, type Entry, type Source, weave } from "./timeline";

const moment = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString();
const lists = fc.array(
  fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 14 }).map((times) => times.sort((a, b) => b - a)),
  { minLength: 1, maxLength: 4 },
);

test("read page by page, what is shown only grows at its end, and ends with everything once", () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 4 }), (times, size) => {
      const whole: Entry[][] = times.map((list, kind) =>
        list.map((n, index) => ({ id: `${kind}-${index}`, kind: `${kind}`, at: moment(n) })),
      );
      const read = whole.map(() => 0);
      const sources = (): Source<Entry>[] =>
        whole.map((list, kind) => ({
          entries: list.slice(0, (read[kind] ?? 0) * size),
          done: (read[kind] ?? 0) * size >= list.length && (read[kind] ?? 0) > 0,
        }));
      let before: Entry[] = [];
      for (let rounds = 0; rounds < 200; rounds++) {
        const { shown, waiting } = weave(sources());
        expect(shown.slice(0, before.length)).toEqual(before);
        before = shown;
        if (waiting.length === 0) break;
        for (const kind of waiting) read[kind] = (read[kind] ?? 0) + 1;
      }
      expect(before.map((entry) => entry.id).sort()).toEqual(
        whole
          .flat()
          .map((entry) => entry.id)
          .sort(),
      );
      expect(before.map((entry) => entry.at)).toEqual([...before.map((entry) => entry.at)].sort().reverse());
    }),
  );
});

test("days are those of the place", () => {
  const entries = ["2026-03-02T04:30:00Z", "2026-03-02T03:30:00Z", "2026-03-01T12:00:00Z"].map((at, index) => ({
    id: `${index}`,
    kind: "visit",
    at,
  }));
  const utc = byDay(entries, (at) => at.slice(0, 10));
  expect(utc.map(([day, list]) => [day, list.length])).toEqual([
    ["2026-03-02", 2],
    ["2026-03-01", 1],
  ]);
});
