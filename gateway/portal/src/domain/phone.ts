/** A number as people here write it: "+16175550100" as "(617) 555-0100", of other countries as it is. */
export function phone(e164: string): string {
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(e164);
  return parts ? `(${parts[1]}) ${parts[2]}-${parts[3]}` : e164;
}

/** What somebody typed as E.164, a number of ten digits as one of here; undefined when it is none. Empty stays empty. */
export function e164(typed: string): string | undefined {
  const text = typed.trim();
  if (!text) return "";
  const digits = text.replace(/\D/g, "");
  if (text.startsWith("+")) return /^[1-9]\d{7,14}$/.test(digits) ? `+${digits}` : undefined;
  if (/^1?[2-9]\d{9}$/.test(digits)) return `+1${digits.slice(-10)}`;
  return undefined;
}
