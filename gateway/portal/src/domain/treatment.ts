/** Where a treatment stands: its month, and how many it was estimated to take. Days are "YYYY-MM-DD". */
export interface Progress {
  /** 1 in the first month. */
  month: number;
  /** Estimated months; 0 when nobody estimated. */
  of: number;
  /** Whole months past the estimate, 0 while in time. */
  over: number;
}

/** Whole months from a day to a later one; a day that a month lacks counts as its last. */
export function monthsBetween(from: string, to: string): number {
  const [fy, fm, fd] = from.split("-").map(Number) as [number, number, number];
  const [ty, tm, td] = to.split("-").map(Number) as [number, number, number];
  const last = new Date(Date.UTC(ty, tm, 0)).getUTCDate();
  return (ty - fy) * 12 + (tm - fm) - (td < Math.min(fd, last) ? 1 : 0);
}

/** The progress of a treatment that has started, or undefined before it has. */
export function progress(startedOn: string, estimatedEnd: string, today: string): Progress | undefined {
  if (!startedOn || today < startedOn) return undefined;
  const month = monthsBetween(startedOn, today) + 1;
  const of = estimatedEnd > startedOn ? Math.max(1, monthsBetween(startedOn, estimatedEnd)) : 0;
  return { month, of, over: of ? Math.max(0, month - of) : 0 };
}
