/** One line of the timeline. */
export interface Entry {
  /** Of all kinds together unique. */
  id: string;
  kind: string;
  /** RFC 3339 with "Z", as the API writes moments. */
  at: string;
}

/** What has been read of one list, newest first; `done` when there is no more of it. */
export interface Source<E extends Entry> {
  entries: readonly E[];
  done: boolean;
}

const newest = (a: Entry, b: Entry) => Date.parse(b.at) - Date.parse(a.at) || (a.id < b.id ? 1 : -1);

/**
 * Several lists as one, newest first, without holes: of a list that goes on, nothing older than its last entry is
 * known, so entries of all lists are shown only while they are newer. `waiting` names the lists to read on from.
 */
export function weave<E extends Entry>(sources: readonly Source<E>[]): { shown: E[]; waiting: number[] } {
  let horizon = Number.NEGATIVE_INFINITY;
  const ends = sources.map((source) => {
    if (source.done) return Number.NEGATIVE_INFINITY;
    const last = source.entries.at(-1);
    return last ? Date.parse(last.at) : Number.POSITIVE_INFINITY;
  });
  for (const end of ends) horizon = Math.max(horizon, end);
  const shown = sources.flatMap((source) => source.entries.filter((entry) => Date.parse(entry.at) > horizon));
  const waiting = ends.flatMap((end, index) => (end === horizon && !sources[index]?.done ? [index] : []));
  return { shown: shown.sort(newest), waiting };
}

/** Entries in groups of one day each, in the order given. `dayOf` tells the day of a moment, in the location's zone. */
export function byDay<E extends Entry>(entries: readonly E[], dayOf: (at: string) => string): [string, E[]][] {
  const days: [string, E[]][] = [];
  for (const entry of entries) {
    const day = dayOf(entry.at);
    const last = days.at(-1);
    if (last?.[0] === day) last[1].push(entry);
    else days.push([day, [entry]]);
  }
  return days;
}
