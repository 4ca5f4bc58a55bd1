import type { Schemas } from "../../api/client";

export type PhoneCall = Schemas["coordination.PhoneCall"];
export type Reason = "confirm_visit" | "missed_visit" | "follow_up" | "failed_payment";
export type Outcome = "reached" | "message_left" | "no_answer" | "wrong_number" | "call_back";

/** Somebody who may have to be called. */
export interface Candidate {
  reason: Reason;
  /** The appointment, the case or the payment. */
  subjectId: string;
  patientId: string;
  locationId: string;
  /** The earlier, the sooner: a moment or a day. */
  at: string;
  /** What it is about, as the list says it. */
  about: string;
  cents?: number;
  /** An appointment's, to confirm it. */
  version?: number;
  /** An appointment's, as the script says it. */
  localStart?: string;
}
export interface CallToMake extends Candidate {
  /** The latest call about it. */
  last?: PhoneCall;
}

const REASONS: readonly Reason[] = ["confirm_visit", "failed_payment", "follow_up", "missed_visit"];

/** Mondays to Fridays after a day, the next ones first; "2026-11-20" (a Friday) and 2 give Monday and Tuesday. */
export function businessDays(day: string, count: number): string[] {
  const found: string[] = [];
  const date = new Date(`${day}T12:00:00Z`);
  while (found.length < count) {
    date.setUTCDate(date.getUTCDate() + 1);
    if (date.getUTCDay() % 6 !== 0) found.push(date.toISOString().slice(0, 10));
  }
  return found;
}

/**
 * Whether a call still has to be made after the latest one about the same thing. A day that was agreed decides. Somebody
 * who was reached about a missed visit or a payment is not called again; in every other case tomorrow is another day.
 */
export function open(reason: Reason, last: PhoneCall | undefined, today: string): boolean {
  if (!last) return true;
  if (last.call_again_on) return last.call_again_on <= today;
  if (last.outcome === "reached" && (reason === "missed_visit" || reason === "failed_payment")) return false;
  return last.called_on < today;
}

/** The calls of the day in the order to make them; `logged` has the latest first. */
export function callsToMake(
  candidates: readonly Candidate[],
  logged: readonly PhoneCall[],
  today: string,
): CallToMake[] {
  const latest = new Map<string, PhoneCall>();
  for (const call of logged) if (!latest.has(call.subject_id)) latest.set(call.subject_id, call);
  return candidates
    .map((candidate) => ({ ...candidate, last: latest.get(candidate.subjectId) }))
    .filter((call) => open(call.reason, call.last, today))
    .sort((a, b) => REASONS.indexOf(a.reason) - REASONS.indexOf(b.reason) || (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
