/** Days are "YYYY-MM-DD"; times inside a day are minutes since local midnight of the location. */

export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

export const isDay = (text: unknown): text is string =>
  typeof text === "string" && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T12:00:00Z`));

const formats = new Map<string, Intl.DateTimeFormat>();

function wallFormat(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
    format = new Intl.DateTimeFormat("en-CA", { ...options, hourCycle: "h23", timeZone: zone });
    formats.set(zone, format);
  }
  return format;
}

/** The local day and minute of a moment in a zone. */
export function wall(moment: Date | string, zone: string): { day: string; minute: number } {
  const parts: Record<string, string> = {};
  for (const part of wallFormat(zone).formatToParts(new Date(moment))) parts[part.type] = part.value;
  return { day: `${parts.year}-${parts.month}-${parts.day}`, minute: Number(parts.hour) * 60 + Number(parts.minute) };
}

/** The moment of a wall time. One that comes twice means the first; one that the clocks jump over, the time after. */
export function moment(day: string, minute: number, zone: string): Date {
  const wanted = Date.parse(`${day}T00:00:00Z`) + minute * 60_000;
  const asUtc = (at: number) => {
    const local = wall(new Date(at), zone);
    return Date.parse(`${local.day}T00:00:00Z`) + local.minute * 60_000;
  };
  const offsets = [wanted - 86_400_000, wanted + 86_400_000].map((at) => asUtc(at) - at);
  const found = offsets.map((offset) => wanted - offset).filter((at) => asUtc(at) === wanted);
  return new Date(found.length ? Math.min(...found) : wanted - Math.min(...offsets));
}

/** Minutes since midnight of an RFC 3339 text, in the zone it was written in. */
export const minuteOf = (local: string): number => Number(local.slice(11, 13)) * 60 + Number(local.slice(14, 16));

/** "1:20p", as a schedule writes it. */
export function clock(minute: number): string {
  const hour = Math.floor(minute / 60) % 24;
  return `${hour % 12 || 12}:${String(minute % 60).padStart(2, "0")}${hour < 12 ? "a" : "p"}`;
}

/** Whole minutes since a moment, never below 0. */
export const minutesSince = (then: string, now: number): number =>
  Math.max(0, Math.floor((now - Date.parse(then)) / 60_000));
