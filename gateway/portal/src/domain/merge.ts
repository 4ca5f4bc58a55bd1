/**
 * Two people edit one thing: a three-way merge by field. `base` is what both had read, `mine` what one of them wants
 * now, `theirs` what is saved meanwhile. A field that only one of them touched takes that one's value.
 */
export interface Merged<T> {
  /** What to save. A field in conflict holds my value until somebody chooses. */
  values: T;
  /** Fields that somebody else changed and I did not: taken over. */
  taken: (keyof T)[];
  /** Fields that both changed, to different values. */
  conflicts: (keyof T)[];
}

/** True if two plain values (texts, numbers, lists, objects of the API) are the same. */
export const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

export function merge<T extends object>(base: T, mine: T, theirs: T): Merged<T> {
  const values = { ...mine };
  const taken: (keyof T)[] = [];
  const conflicts: (keyof T)[] = [];
  for (const field of Object.keys(base) as (keyof T)[]) {
    if (same(theirs[field], base[field]) || same(theirs[field], mine[field])) continue;
    if (same(mine[field], base[field])) {
      values[field] = theirs[field];
      taken.push(field);
    } else {
      conflicts.push(field);
    }
  }
  return { values, taken, conflicts };
}

/** The values after the person has chosen for some fields in conflict whose value counts. */
export function choose<T extends object>(mine: T, theirs: T, choices: Partial<Record<keyof T, "mine" | "theirs">>): T {
  const values = { ...mine };
  for (const field of Object.keys(choices) as (keyof T)[]) {
    if (choices[field] === "theirs") values[field] = theirs[field];
  }
  return values;
}
