import { type Span, UNIT } from "../../domain/schedule";

/** Where a minute of the day lies in a column, in pixels; `unit` is the height of 5 minutes. */
export const px = (minute: number, range: Span, unit: number) => ((minute - range.from) / UNIT) * unit;

/** What of the shown span lies outside other spans: closed hours, a doctor who is away. */
export function gaps(hours: readonly Span[], range: Span): Span[] {
  const found: Span[] = [];
  let at = range.from;
  for (const span of [...hours].sort((a, b) => a.from - b.from)) {
    if (span.from > at) found.push({ from: at, to: span.from });
    at = Math.max(at, span.to);
  }
  if (at < range.to) found.push({ from: at, to: range.to });
  return found;
}
