import { type PointerEvent, useCallback, useState } from "react";
import { ApiError, type Appointment } from "../../api/client";
import { t } from "../../domain/i18n";
import { type Day, findPlace, movable, type Place, type Span, type Verdict } from "../../domain/schedule";
import { clock, minuteOf } from "../../domain/time";
import { tell } from "../../ui/undo";
import { type Action, type Changes, explain, type Reason } from "./changes";
import type { Card } from "./column";
import type { Office } from "./data";
import { useMoving } from "./drag";
import type { Overlap } from "./ending";
import type { Proposal, Unbooked } from "./proposal";
import type { Rights } from "./rights";
import { w } from "./words";

interface Ground {
  day: Day;
  range: Span;
  unit: number;
  lines: number;
  minuteNow: number | undefined;
  body: React.RefObject<HTMLDivElement | null>;
  chairNames: Map<string, string>;
  office: Office;
  nameOf: (id: string) => string;
  changes: Changes;
  rights: Rights;
}

/** Everything that is done to the visits of a day on the screen, each with its way back. */
export function useMoves(ground: Ground) {
  const { day, range, chairNames, office, nameOf, changes, rights, minuteNow } = ground;
  const [overlap, setOverlap] = useState<Overlap>();
  const [busy, setBusy] = useState(false);

  const failed = useCallback(
    (text: string, error: unknown, visit: Appointment) =>
      void explain(error, visit, office.staffName).then((detail) => tell({ text, detail, tone: "bad" })),
    [office],
  );

  const why = useCallback(
    (verdict: Verdict): string => {
      if (verdict.fits)
        return verdict.doctorChanges ? w.move.withDoctor(office.doctorName(verdict.doctorId)) : w.move.fits;
      switch (verdict.reason) {
        case "DOCTOR_TAKEN":
          return w.move.DOCTOR_TAKEN(office.doctorName(verdict.doctorId), clock(verdict.minute));
        case "NO_DOCTOR":
          return w.move.NO_DOCTOR(clock(verdict.minute));
        case "CHAIR_TAKEN":
          return w.move.CHAIR_TAKEN(nameOf(verdict.visit.patientId));
        case "PATIENT_TAKEN":
          return w.move.PATIENT_TAKEN(clock(verdict.visit.start));
        default:
          return w.move[verdict.reason];
      }
    },
    [office, nameOf],
  );
  const say = useCallback(
    ({ to, verdict }: Proposal): string => {
      if (!to) return "";
      const at = w.move.at(clock(to.start), chairNames.get(to.chairId) ?? "");
      return verdict ? `${at} · ${why(verdict)}` : at;
    },
    [chairNames, why],
  );

  const carryOut = useCallback(
    async (done: Proposal, to: Place, doctorId: string, detail: string | undefined, accepted: boolean) => {
      const { name, source } = done;
      const chair = chairNames.get(to.chairId) ?? "";
      const tone = detail ? "warn" : "good";
      if (source.kind === "visit") {
        const was = source.appointment;
        const moved = await changes.move(was, to, doctorId, accepted);
        const undo = () =>
          void changes.takeBack(moved, was).then(
            () => tell({ text: w.move.undone(name) }),
            (error) => failed(t.errors.safe, error, moved),
          );
        return tell({ text: w.move.moved(name, chair, clock(to.start)), detail, tone, undo });
      }
      const visit = await changes.bookUnbooked(source.unbooked, to, doctorId, accepted);
      const undo = () =>
        void changes.unbook(visit, source.unbooked).then(
          () => tell({ text: w.move.bookingUndone(name) }),
          (error) => failed(t.errors.safe, error, visit),
        );
      tell({ text: w.move.booked(name, chair, clock(to.start)), detail, tone, undo: rights.cancel ? undo : undefined });
    },
    [changes, chairNames, failed, rights.cancel],
  );

  const drop = useCallback(
    async (done: Proposal) => {
      const { to, verdict, name, source } = done;
      if (!to || !verdict) return;
      const ask = (doctorId: string, minute: number) => {
        const doctor = office.doctorName(doctorId);
        const time = clock(minute);
        const go = () =>
          carryOut(done, to, doctorId, w.move.DOCTOR_TAKEN(doctor, time), true).catch((error) => refused(error));
        setOverlap({ name, doctor, time, go: () => void go() });
      };
      const refused = (error: unknown) => {
        const details = error instanceof ApiError && error.reason === "DOCTOR_TAKEN" ? error.details : {};
        if (rights.overlap && details.can_overlap === true)
          return ask(String(details.provider_id), minuteOf(String(details.local_time)));
        const visit = source.kind === "visit" ? source.appointment : undefined;
        if (visit) return failed(w.move.notMoved(name), error, visit);
        return failed(w.move.notMoved(name), error, { id: "", version: 0 } as Appointment);
      };
      if (!verdict.fits) {
        if (rights.overlap && verdict.reason === "DOCTOR_TAKEN" && verdict.bearable)
          return ask(verdict.doctorId, verdict.minute);
        return tell({ text: w.move.notMoved(name), detail: why(verdict), tone: "bad" });
      }
      const detail = verdict.doctorChanges ? why(verdict) : undefined;
      await carryOut(done, to, verdict.doctorId, detail, false).catch(refused);
    },
    [office, rights.overlap, why, carryOut, failed],
  );
  const moving = useMoving({ ...ground, drop: (done) => void drop(done) });

  const proposalOf = useCallback(
    (card: Card): Proposal => ({
      visit: card.visit,
      name: card.name,
      visitClass: card.appointment.visit_class ?? "other",
      chairKinds: office.types.get(card.appointment.appointment_type_id)?.chair_kinds ?? [],
      source: { kind: "visit", appointment: card.appointment },
      by: "drag",
      to: undefined,
      verdict: undefined,
    }),
    [office.types],
  );
  const proposalFor = (who: Unbooked): Proposal | undefined => {
    const type = office.types.get(who.typeId);
    if (!type) return undefined;
    const blank = { id: who.key, patientId: who.patientId, chairId: "", providerId: "", start: range.from };
    const visit = { ...blank, pattern: type.pattern, state: "booked" as const };
    const chairKinds: readonly string[] = type.chair_kinds;
    const free =
      findPlace(day, visit, minuteNow ?? range.from, chairKinds) ?? findPlace(day, visit, range.from, chairKinds);
    const place = free ?? { chairId: day.chairs[0]?.id ?? "", start: range.from };
    return {
      visit: { ...visit, ...place },
      name: nameOf(who.patientId),
      visitClass: type.visit_class ?? "other",
      chairKinds,
      source: { kind: "new", unbooked: who },
      by: "drag",
      to: undefined,
      verdict: undefined,
    };
  };

  return {
    overlap,
    noOverlap: useCallback(() => setOverlap(undefined), []),
    busy,
    say,
    grab: useCallback(
      (event: PointerEvent, card: Card) => {
        if (rights.book && movable(card.visit)) moving.grab(event, () => proposalOf(card));
      },
      [moving.grab, proposalOf, rights.book],
    ),
    carry: useCallback(
      (card: Card) => rights.book && movable(card.visit) && moving.carry(proposalOf(card)),
      [moving.carry, proposalOf, rights.book],
    ),
    grabUnbooked: (event: PointerEvent, who: Unbooked) => {
      const proposed = proposalFor(who);
      if (proposed && !(event.target as HTMLElement).closest("button")) moving.grab(event, () => proposed);
    },
    carryUnbooked: (who: Unbooked) => {
      const proposed = proposalFor(who);
      if (proposed) moving.carry(proposed);
    },
    step: async (card: Card, action: Action) => {
      setBusy(true);
      const was = card.appointment;
      try {
        const now = await changes.step(was, action);
        const text =
          action === "no-show"
            ? w.cancel.noShowDone(card.name)
            : w.panel.stepped(card.name, w.schedule.states[now.state ?? "booked"]);
        tell({ text, undo: rights.takeBack ? () => void undo(card.name, now, was) : undefined });
      } catch (error) {
        failed(t.errors.safe, error, was);
      }
      setBusy(false);
    },
    cancel: async (card: Card, reason: Reason) => {
      try {
        const now = await changes.cancel(card.appointment, reason);
        const back = rights.takeBack ? () => void undo(card.name, now, card.appointment) : undefined;
        tell({ text: w.cancel.done(card.name), undo: back });
      } catch (error) {
        failed(t.errors.safe, error, card.appointment);
      }
    },
    takeBack: (card: Card) => undo(card.name, card.appointment),
  };

  async function undo(name: string, now: Appointment, was?: Appointment) {
    try {
      await changes.takeBack(now, was);
      tell({ text: w.move.undone(name) });
    } catch (error) {
      failed(t.errors.safe, error, now);
    }
  }
}
