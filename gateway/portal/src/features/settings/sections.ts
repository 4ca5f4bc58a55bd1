/** The sections of the settings: who sees which. The shell and the command menu ask too, so nothing heavy stands here. */

const ALL = [
  { name: "locations", needs: "locations.update", group: "office" },
  { name: "chairs", needs: "schedules.manage", group: "office" },
  { name: "providers", needs: "shifts.manage", group: "office" },
  { name: "types", needs: "appointment_types.manage", group: "office" },
  { name: "templates", needs: "templates.manage", group: "office" },
  { name: "fees", needs: "fees.set", group: "office" },
  { name: "messages", needs: "templates.write", group: "office" },
  { name: "users", needs: "staff.create", group: "group" },
  { name: "clients", needs: "clients.read", group: "group" },
  { name: "audit", needs: "access_log.read", group: "group" },
  { name: "security", needs: "credentials.own", group: "own" },
] as const;

export type Section = (typeof ALL)[number];

/** The sections that somebody may open, the first one first. */
export const sections = (may: (permission: string) => boolean): Section[] => ALL.filter(({ needs }) => may(needs));

/** What somebody has to hold to open a section. */
export const needed = (name: string): string | undefined => ALL.find((one) => one.name === name)?.needs;

/** Whoever holds one of these manages something here; one's own sign-in alone makes no place of the navigation. */
export const SETTINGS: readonly string[] = ALL.filter(({ group }) => group !== "own").map(({ needs }) => needs);
