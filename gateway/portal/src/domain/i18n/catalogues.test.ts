import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { es } from "./es";
import type { Language } from "./language";

/** Every sentence by its path, with something put in where it has a gap. */
type Sentences = Map<string, string>;
type Sentence = (...gaps: unknown[]) => unknown;

/** The catalogues of all screens, and the one that they share, as a browser of that language loads them. */
async function spoken(language: Language): Promise<Map<string, Sentences>> {
  vi.resetModules();
  vi.stubGlobal("localStorage", { getItem: () => language });
  const { t }: { t: Record<string, unknown> } = await import("./index");
  const files = import.meta.glob<Record<string, unknown>>([
    "../../**/words.ts",
    "../../**/words/*.ts",
    "!../../patient/**",
  ]);
  const shared = Object.keys(es).map((key) => [key, t[key]]);
  const found = new Map([["shared", sentences(Object.fromEntries(shared))]]);
  for (const [file, load] of Object.entries(files)) found.set(file, sentences(await load()));
  return found;
}

function sentences(value: unknown, path = "", found: Sentences = new Map()): Sentences {
  if (typeof value === "string") found.set(path, value);
  else if (typeof value === "function") found.set(path, said(value as Sentence));
  else if (value && typeof value === "object")
    for (const [key, one] of Object.entries(value)) sentences(one, path ? `${path}.${key}` : key, found);
  return found;
}

function said(sentence: Sentence): string {
  for (const gap of [7, "X", ["X", "X"], {}]) {
    try {
      return String(sentence(...Array(sentence.length).fill(gap)));
    } catch {} // this gap is of another type
  }
  throw new Error(`cannot be said: ${sentence}`);
}

/** The same in both languages: names, units, signs, and words that Spanish has too. */
const SAME =
  /^(Archwire|NPI|Doctor|Roles|Portal|Dr|No|Total|Original|Error|Plan|Panorámica|PIN|Ctrl.*|\d* ?(min|mm|m)( · \d*)?|[^A-Za-zÁÉÍÓÚÑáéíóúñ]*|.*[€$%].*|\W*[A-Z]?\W*\d*\W*)$/;
const ENGLISH =
  /(?<!\p{L})(the|and|of|is|are|was|with|your|you|not|for|this|that|to|from|on|at|by|it|has|have|will|please|new|day|visit|patient|chair|save|delete|cancel|done|today|tomorrow)(?!\p{L})/iu; // \b would part cancel|ó

describe("the catalogues", () => {
  let english: Map<string, Sentences>;
  let spanish: Map<string, Sentences>;
  beforeAll(async () => {
    english = await spoken("en");
    spanish = await spoken("es");
  });
  afterAll(() => void vi.unstubAllGlobals());

  it("have the same sentences in every language", () => {
    for (const [file, own] of english)
      expect([...(spanish.get(file) ?? []).keys()].sort(), file).toEqual([...own.keys()].sort());
    expect(english.get("shared")?.size).toBeGreaterThan(50);
  });

  it("have no English left in Spanish", () => {
    const left = [...spanish].flatMap(([file, own]) =>
      [...own]
        .filter(([path, text]) => ENGLISH.test(text) || (text === english.get(file)?.get(path) && !SAME.test(text)))
        .map(([path, text]) => `${file} ${path}: ${text}`),
    );
    expect(left).toEqual([]);
  });
});
