/**
 * A type of visit as a row of 5-minute slices, one letter each: A assistant, d the doctor's short check, D the doctor
 * wholly, T the doctor without an assistant, C the chair only. Pure: what the slice editor paints and says.
 */
import { demand, UNIT } from "./schedule";

export const LETTERS = ["A", "d", "D", "T", "C"] as const;
export type Letter = (typeof LETTERS)[number];

/** Eight hours: the longest visit that the scheduling service takes. */
export const MOST_SLICES = 96;

export const isPattern = (text: string): boolean => /^[AdDTC]{1,96}$/.test(text);

/** Paints the slices from one to the other, both included, whichever comes first; outside the visit nothing happens. */
export function paint(pattern: string, from: number, to: number, letter: Letter): string {
  const first = Math.max(0, Math.min(from, to));
  const last = Math.min(pattern.length - 1, Math.max(from, to));
  if (last < first) return pattern;
  return pattern.slice(0, first) + letter.repeat(last - first + 1) + pattern.slice(last + 1);
}

/** Makes the visit `slices` long: cuts the end off, or goes on as it ends. At least one slice, at most 8 hours. */
export function resize(pattern: string, slices: number): string {
  const length = Math.max(1, Math.min(MOST_SLICES, Math.round(slices)));
  return pattern.slice(0, length).padEnd(length, pattern.at(-1) ?? "A");
}

/** Puts a slice like the one at `at` behind it. */
export function insert(pattern: string, at: number): string {
  if (pattern.length >= MOST_SLICES) return pattern;
  return pattern.slice(0, at + 1) + (pattern[at] ?? "A") + pattern.slice(at + 1);
}

/** Takes the slices from one to the other out, but never the last that is left. */
export function remove(pattern: string, from: number, to: number): string {
  const first = Math.min(from, to);
  const left = pattern.slice(0, first) + pattern.slice(Math.max(from, to) + 1);
  return left || pattern.slice(first, first + 1) || pattern;
}

export interface Totals {
  chair: number;
  assistant: number;
  /** Minutes in which the doctor is at the chair, for a short check or wholly. */
  doctor: number;
  /** Minutes of short checks, of which the doctor can do several at the same time. */
  checks: number;
  longestDoctor: number;
}

/** What a visit takes, in minutes. */
export function totals(pattern: string): Totals {
  const count = (letters: RegExp) => (pattern.match(letters)?.length ?? 0) * UNIT;
  return {
    chair: pattern.length * UNIT,
    assistant: count(/[AdD]/g),
    doctor: count(/[dDT]/g),
    checks: count(/d/g),
    longestDoctor: Math.max(0, ...(pattern.match(/[dDT]+/g) ?? []).map((block) => block.length)) * UNIT,
  };
}

export interface Stretch {
  letter: Letter;
  from: number;
  length: number;
}

/** The pattern in stretches of one letter, in order. */
export function stretches(pattern: string): Stretch[] {
  const found: Stretch[] = [];
  for (const [from, letter] of [...pattern].entries()) {
    const last = found.at(-1);
    if (last?.letter === letter) last.length++;
    else found.push({ letter: letter as Letter, from, length: 1 });
  }
  return found;
}

/** The slices, counted from the first visit's start, in which one doctor is asked for too much by both. */
export function clashes(first: string, second: string, offset: number, capacity: number): number[] {
  const found: number[] = [];
  for (let slice = Math.max(0, offset); slice < Math.min(first.length, offset + second.length); slice++) {
    const one = demand(first[slice], capacity);
    const other = demand(second[slice - offset], capacity);
    if (one && other && one + other > capacity) found.push(slice);
  }
  return found;
}

/** How many slices later a second visit can start so that one doctor can see both. */
export function nextStart(first: string, second: string, capacity: number): number {
  let offset = 0;
  while (clashes(first, second, offset, capacity).length) offset++;
  return offset;
}
