import { en, type Messages } from "./en";
import { es } from "./es";
import { language, locale } from "./language";

export { LANGUAGES, type Language, language, locale, SPOKEN, speak, words } from "./language";

/** The sentences that every screen shares. A screen's own stand beside it, in its words.ts. */
export const t: Messages = language === "es" ? es : en;

const longDay = new Intl.DateTimeFormat(locale, { weekday: "long", month: "short", day: "numeric", timeZone: "UTC" });
const shortDay = new Intl.DateTimeFormat(locale, { weekday: "short", month: "short", day: "numeric", timeZone: "UTC" });
const fullDay = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", year: "numeric", timeZone: "UTC" });
const dollars = new Intl.NumberFormat(locale, { style: "currency", currency: "USD", maximumFractionDigits: 0 });
const money = new Intl.NumberFormat(locale, { style: "currency", currency: "USD" });

const noon = (day: string) => new Date(`${day}T12:00:00Z`);
/** A day as "Wednesday, Nov 25". All take "YYYY-MM-DD". */
export const formatDay = (day: string): string => longDay.format(noon(day));
/** A day as "Wed, Nov 25". */
export const formatShortDay = (day: string): string => shortDay.format(noon(day));
/** A day as "Nov 25, 2026", for what may be long ago. */
export const formatFullDay = (day: string): string => fullDay.format(noon(day));
/** Cents as "$5,480": for what is read at a glance. */
export const formatDollars = (cents: number): string => dollars.format(cents / 100);
/** Cents as "$5,480.00": for what has to be exact. */
export const formatMoney = (cents: number): string => money.format(cents / 100);
/** A moment as "Nov 25, 2026, 3:05 PM" in a time zone: the location's. */
export const formatMoment = (time: string, zone: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short", timeZone: zone }).format(new Date(time));
