import type { Appointment, Patient, Schemas } from "../../../api/client";
import { formatMoney } from "../../../domain/i18n";
import { moment } from "../../../domain/time";
import type { Entry } from "../../../domain/timeline";
import type { useVisitTypes } from "../data";
import { w } from "../words";
import { l } from "./words";

export type Note = Schemas["records.Note"];
export type Message = Schemas["notifications.Message"];

export const KINDS = ["visit", "note", "message", "payment", "document", "claim", "image", "lab", "state"] as const;
export type Kind = (typeof KINDS)[number];
export const NEEDS: Record<Kind, string> = {
  visit: "appointments.read",
  note: "notes.read",
  message: "messages.read",
  payment: "payments.read",
  document: "documents.read",
  claim: "claims.read",
  image: "images.read",
  lab: "lab_orders.read",
  state: "cases.read",
};

export interface Line extends Entry {
  kind: Kind;
  title: string;
  detail?: string;
  tone?: "bad" | "warn" | "good";
  /** What the line leads to: another tab with an object open, or a day of the schedule. */
  tab?: string;
  item?: string;
  visit?: Appointment;
  note?: Note;
  message?: Message;
}

export type Names = (id: string) => string;

export function visitLine(visit: Appointment, types: ReturnType<typeof useVisitTypes>, who: Names): Line {
  const state = visit.state ?? "booked";
  const doctor = visit.provider_id && who(visit.provider_id);
  return {
    ...{ id: `visit-${visit.id}`, kind: "visit", at: visit.start_time ?? "", visit },
    title: types.get(visit.appointment_type_id)?.name ?? l.kinds.visit,
    detail: [w.visitStates[state], doctor && l.doctor(doctor), visit.note].filter(Boolean).join(" · "),
    tone: state === "no_show" ? "bad" : state === "canceled" ? "warn" : undefined,
  };
}

export function noteLine(note: Note, who: Names): Line {
  return {
    ...{ id: `note-${note.id}`, kind: "note", at: note.create_time ?? "", note },
    title: l.noteBy(note.addendum_to_id !== "", who(note.author_id)),
    detail: note.text,
    tone: note.sign_time ? undefined : "warn",
  };
}

export function messageLine(message: Message, who: Names, patient: Patient): Line {
  const other = who(message.party_id) || patient.preferred_name || patient.first_name;
  return {
    ...{ id: `message-${message.id}`, kind: "message", at: message.create_time ?? "", message },
    title: l.message(message.channel ?? "", message.inbound, other),
    detail: message.body || l.templates[message.template_kind] || message.subject,
    tone: message.state === "failed" ? "bad" : undefined,
    tab: "messages",
  };
}

export function paymentLine(payment: Schemas["contracts.Payment"], zone: string): Line {
  const state = payment.state ?? "pending";
  const written = payment.create_time ?? "";
  // A payment counts on the day it was received, which may be before somebody wrote it down.
  const at =
    payment.received_on && !written.startsWith(payment.received_on)
      ? moment(payment.received_on, 720, zone).toISOString()
      : written;
  return {
    ...{ id: `payment-${payment.id}`, kind: "payment", at, tab: "ledger" },
    title: l.payment(formatMoney(Number(payment.amount?.amount_cents ?? 0)), l.methods[payment.method ?? ""] ?? ""),
    detail: [l.paymentKinds[payment.kind ?? ""], l.paymentStates[state]].filter(Boolean).join(" · "),
    tone: state === "failed" || state === "reversed" ? "bad" : undefined,
  };
}

export function documentLine(document: Schemas["records.Document"]): Line {
  const state = document.state ?? "preparing";
  return {
    ...{
      id: `document-${document.id}`,
      kind: "document",
      at: document.create_time ?? "",
      tab: "forms",
      item: document.id,
    },
    title: document.title || l.documentKinds[document.kind ?? "other"] || l.kinds.document,
    detail: l.documentStates[state],
    tone: state === "blocked" ? "bad" : state === "signed" ? "good" : undefined,
  };
}

export function claimLine(claim: Schemas["insurance.Claim"]): Line {
  const state = claim.state ?? "draft";
  return {
    ...{ id: `claim-${claim.id}`, kind: "claim", at: claim.create_time ?? "", tab: "insurance", item: claim.id },
    title: l.claim(
      l.claimKinds[claim.kind ?? ""] ?? l.kinds.claim,
      formatMoney(Number(claim.charge?.amount_cents ?? 0)),
    ),
    detail: [l.claimStates[state], claim.number].filter(Boolean).join(" · "),
    tone: state === "denied" || state === "rejected" ? "bad" : undefined,
  };
}

/** Pictures of one stage taken on one day are one line: a series. */
export function imageLines(images: Schemas["records.Image"][]): Line[] {
  const series = new Map<string, Schemas["records.Image"][]>();
  for (const image of images) {
    const key = `${image.stage}-${(image.take_time ?? image.create_time ?? "").slice(0, 10)}`;
    series.set(key, [...(series.get(key) ?? []), image]);
  }
  return [...series].map(([key, taken]) => ({
    ...{
      id: `image-${key}`,
      kind: "image" as const,
      at: taken[0]?.take_time ?? taken[0]?.create_time ?? "",
      tab: "photos",
    },
    title: l.images(l.stages[taken[0]?.stage ?? ""] ?? "", taken.length),
    detail: "",
  }));
}

export function labLine(order: Schemas["supply.LabOrder"]): Line {
  const state = order.state ?? "drafted";
  return {
    ...{ id: `lab-${order.id}`, kind: "lab", at: order.sent_at ?? order.create_time ?? "" },
    title: l.lab(l.appliances[order.kind ?? "other"] ?? ""),
    detail: l.labStates[state],
    tone: state === "discrepancy" || order.late ? "bad" : undefined,
  };
}

export function stateLine(move: Schemas["coordination.CaseTransition"] & { key: string }, who: Names): Line {
  return {
    ...{ id: `state-${move.key}`, kind: "state", at: move.event_time ?? "" },
    title: l.became(w.states[move.to_state ?? ""] ?? ""),
    detail: [move.from_state && l.before(w.states[move.from_state] ?? ""), move.staff_id && who(move.staff_id)]
      .filter(Boolean)
      .join(" · "),
  };
}
