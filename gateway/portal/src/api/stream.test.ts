import fc from "fast-check";
import { expect, test } from "vitest";
import { reader } from "./stream";

test("a stream says the same in whatever pieces it arrives", () => {
  const message = fc.record({ id: fc.uuid(), data: fc.json().filter((text) => !text.includes("\n")) });
  const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(message), pieces, (messages, sizes) => {
      const sent = messages.map(({ id, data }) => `: still here\n\nid: ${id}\ndata: ${data}\n\n`).join("");
      const read = reader();
      const found = [];
      for (let at = 0, n = 0; at < sent.length; n++) {
        const size = sizes[n % sizes.length] ?? 1;
        found.push(...read(sent.slice(at, at + size)));
        at += size;
      }
      expect(found).toEqual(messages);
    }),
  );
});
