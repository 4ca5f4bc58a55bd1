import { en, type Messages } from "./en";

/** The language in use. Spanish comes as another object of the type Messages. */
export const locale = "en-US";
export const t: Messages = en;

const longDay = new Intl.DateTimeFormat(locale, { weekday: "long", month: "short", day: "numeric", timeZone: "UTC" });
const shortDay = new Intl.DateTimeFormat(locale, { weekday: "short", month: "short", day: "numeric", timeZone: "UTC" });
const money = new Intl.NumberFormat(locale, { style: "currency", currency: "USD", maximumFractionDigits: 0 });

const noon = (day: string) => new Date(`${day}T12:00:00Z`);
export const formatDay = (day: string): string => longDay.format(noon(day));
export const formatShortDay = (day: string): string => shortDay.format(noon(day));
export const formatDollars = (cents: number): string => money.format(cents / 100);
