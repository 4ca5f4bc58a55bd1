import { ApiError } from "../../api/client";
import { merge } from "../../domain/merge";

/** What came of saving: saved (with the fields taken over from somebody else), or fields that somebody must choose. */
export type Outcome<T> =
  | { saved: true; taken: (keyof T)[] }
  | { saved: false; base: T; mine: T; theirs: T; version: number; conflicts: (keyof T)[] };

const TRIES = 4; // each time somebody else was faster again

/**
 * Saves what one person changed of what she had read. When somebody else was faster the newest is read and both are
 * merged by field; without a conflict the merge is saved and nobody has to do anything.
 */
export async function saveMerged<T extends object>(task: {
  base: T;
  mine: T;
  version: number;
  write: (values: T, version: number) => Promise<unknown>;
  latest: () => Promise<{ values: T; version: number }>;
}): Promise<Outcome<T>> {
  let { base, mine, version } = task;
  const taken = new Set<keyof T>();
  for (let tries = 0; ; tries++) {
    try {
      await task.write(mine, version);
      return { saved: true, taken: [...taken] };
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== "STALE_VERSION" || tries >= TRIES) throw error;
    }
    const now = await task.latest();
    const merged = merge(base, mine, now.values);
    if (merged.conflicts.length) {
      const { values, conflicts } = merged;
      return { saved: false, base: now.values, mine: values, theirs: now.values, version: now.version, conflicts };
    }
    for (const field of merged.taken) taken.add(field);
    base = now.values;
    mine = merged.values;
    version = now.version;
  }
}
