// What the browser and the services must agree on. tests/test_vectors.py reads the same file.
import { describe, expect, it } from "vitest";
import { parseDollars } from "../features/chart/money/amounts";
import { formatMoney } from "./i18n";
import { minutes, needsDoctor } from "./schedule";
import { stretches } from "./slices";
import { addDays, moment, wall } from "./time";
import vectors from "./vectors.json";

describe("with the services, the browser agrees on", () => {
  it.each(vectors.times)("the moment of minute $minute of $day in $zone", ({ zone, day, minute, utc }) => {
    const found = moment(day, minute, zone);
    expect(found.toISOString().replace(".000Z", "Z")).toBe(utc);
    expect(moment(wall(found, zone).day, wall(found, zone).minute, zone)).toEqual(found);
  });

  it.each(vectors.days)("the day $days days from $day", ({ day, days, then }) => {
    expect(addDays(day, days)).toBe(then);
  });

  it.each(vectors.patterns)("what a visit $pattern needs", ({ pattern, minutes: long, doctor, stretches: runs }) => {
    expect(minutes({ pattern })).toBe(long);
    expect(needsDoctor(pattern)).toBe(doctor);
    expect(stretches(pattern).map((run) => [run.letter, run.from, run.length])).toEqual(runs);
  });

  it.each(vectors.money)("how $cents cents are written", ({ cents, text }) => {
    expect(formatMoney(cents)).toBe(text);
    expect(parseDollars(text)).toBe(cents);
  });
});
