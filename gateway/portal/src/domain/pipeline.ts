/** The board as facts: where a card may go, and what moving it there would mean. The server decides; this answers at once. */

export const STAGES = [
  "new_lead",
  "exam_booked",
  "exam_kept",
  "presented",
  "pending",
  "start_booked",
  "started",
  "observation",
] as const;
export type Stage = (typeof STAGES)[number];

export const BLOCKERS = [
  "verification",
  "financing",
  "family",
  "records",
  "specialist",
  "scheduling",
  "predetermination",
  "signature",
  "other",
] as const;
export type Blocker = (typeof BLOCKERS)[number];

/** What is known of a card; `state` is empty while it is a lead. */
export interface Facts {
  stage: Stage;
  state: string;
  blocker: Blocker | "";
  lead: boolean;
  /** A visit is booked. */
  booked: boolean;
}

export const REASONS = [
  "STAGE_PASSED",
  "EXAM_NOT_BOOKED",
  "EXAM_NOT_KEPT",
  "OUTCOME_MISSING",
  "PRESENTATION_MISSING",
  "AGREEMENT_NOT_SIGNED",
  "START_NOT_BOOKED",
  "TREATMENT_NOT_STARTED",
  "DOCTOR_DECIDES",
  "CASE_CLOSED",
] as const;
export type Reason = (typeof REASONS)[number];

/** A step that makes the move true: the board opens it when the card is dropped. */
export type Way = "register" | "book_exam" | "outcome" | "present" | "book_start";

export type Verdict = { move: true } | { move: false; open: Way } | { move: false; refused: Reason };

const MOVE: Verdict = { move: true };
const open = (way: Way): Verdict => ({ move: false, open: way });
const refused = (reason: Reason): Verdict => ({ move: false, refused: reason });
const place = (stage: Stage) => STAGES.indexOf(stage);

/** What putting a card into another column means; undefined for its own. */
export function judge(card: Facts, to: Stage): Verdict | undefined {
  if (to === card.stage) return undefined;
  switch (card.stage) {
    case "new_lead":
      return to === "exam_booked" ? open(card.lead ? "register" : "book_exam") : refused("EXAM_NOT_BOOKED");
    case "exam_booked":
      return refused(to === "new_lead" ? "STAGE_PASSED" : "EXAM_NOT_KEPT");
    case "exam_kept":
      if (place(to) < place("exam_kept")) return refused("STAGE_PASSED");
      if (to === "observation") return open("outcome");
      if (card.state !== "recommended") return to === "presented" ? open("outcome") : refused("OUTCOME_MISSING");
      if (to === "presented") return open("present");
      return refused(to === "pending" ? "PRESENTATION_MISSING" : "AGREEMENT_NOT_SIGNED");
    case "observation":
      if (to === "exam_booked") return open("book_exam");
      return to === "exam_kept" || to === "presented" ? open("outcome") : refused("DOCTOR_DECIDES");
    case "started":
      return refused("STAGE_PASSED");
  }
  // presented, pending, start booked
  const signed = card.state === "accepted";
  if (to === "observation") return signed ? refused("STAGE_PASSED") : open("outcome");
  if (to === "started") return refused(signed ? "TREATMENT_NOT_STARTED" : "AGREEMENT_NOT_SIGNED");
  if (to === "pending") return MOVE;
  if (to === "start_booked") return !signed ? refused("AGREEMENT_NOT_SIGNED") : card.booked ? MOVE : open("book_start");
  if (signed || place(to) < place("exam_kept")) return refused("STAGE_PASSED");
  return MOVE;
}

/** What blocks a card after it was moved by hand, unless something else is said. */
export const blockerAfter = (card: Facts, to: Stage): Blocker | "" =>
  to === "pending" ? card.blocker || (card.state === "accepted" ? "other" : "family") : "";
