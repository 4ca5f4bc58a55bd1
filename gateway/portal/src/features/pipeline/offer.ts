import { w } from "./words";

/** What a family reads of a procedure concept; one that is not known here is shown by its last part. */
export function conceptName(concept: string): string {
  const known: Record<string, string> = w.concepts;
  const found = Object.keys(known).find((prefix) => concept === prefix || concept.startsWith(`${prefix}.`));
  if (found) return known[found] as string;
  const last = concept.split(".").at(-1) ?? concept;
  return last.charAt(0).toUpperCase() + last.slice(1).replaceAll("_", " ");
}

/** Which informed consent a treatment needs. */
export function consentOf(concept: string): string {
  if (concept.startsWith("ortho.aligner")) return "aligner";
  return concept.startsWith("ortho.limited") ? "limited" : "comprehensive";
}

/** Months of treatment that an offer begins with. */
export function monthsOf(concept: string, phase: string | null | undefined): number {
  if (concept.startsWith("ortho.aligner")) return 18;
  if (concept.startsWith("ortho.limited")) return phase === "phase_1" ? 12 : 10;
  return concept.endsWith(".adult") ? 20 : 22;
}
