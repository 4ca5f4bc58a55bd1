import fc from "fast-check";
import { expect, test } from "vitest";
import { toCsv } from "./csv";

/** The cells of a CSV text, by the rules of RFC 4180. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  for (const line of text
    .slice(1)
    .matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)\r\n/g)) {
    const cells = [...(line[1] ?? "").matchAll(/(?:^|,)("(?:[^"]|"")*"|[^",]*)/g)].map(([, cell = ""]) =>
      cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
    );
    rows.push(cells);
  }
  return rows;
}

test("what is written is read again, and no cell is a formula", () => {
  const cells = fc.array(fc.array(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(cells, (rows) => {
      const read = parse(toCsv(rows));
      expect(read.map((row) => row.map((cell) => cell.replace(/^'(?=[=+\-@\t\r])/, "")))).toEqual(
        rows.map((row) => row.map((cell) => cell.replace(/^'(?=[=+\-@\t\r])/, ""))),
      );
      for (const cell of read.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
    }),
  );
  expect(toCsv([["=1+1", -5, 'a "b"']])).toBe('\uFEFF\'=1+1,-5,"a ""b"""\r\n');
});
