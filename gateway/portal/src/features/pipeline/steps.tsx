import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useCallback, useState } from "react";
import { api, data, ifMatch, once, type Patient, type Slot } from "../../api/client";
import { usePatientName } from "../../api/people";
import { usePlaces } from "../../app/places";
import { formatShortDay, t } from "../../domain/i18n";
import { clock, minuteOf, wall } from "../../domain/time";
import { tell } from "../../ui/undo";
import { Booking } from "../schedule/booking";
import { book, useOffice } from "../schedule/data";
import { type Card, type Changes, idOf, refusal } from "./data";
import { NewLead, Register } from "./lead";
import type { Names } from "./names";
import { Outcome } from "./outcome";
import type { Step } from "./page";
import { Present } from "./present";
import css from "./steps.module.css";
import { w } from "./words";

export interface StepProps {
  names: Names;
  changes: Changes;
  close: () => void;
  next: (step: Step) => void;
  openCard: (id: string) => void;
}

/** The steps that bring a card further, one dialog at a time. */
export default function Steps({ step, ...props }: StepProps & { step: Step }) {
  switch (step.kind) {
    case "lead":
      return <NewLead {...props} />;
    case "register":
      return <Register {...props} leadId={step.leadId} />;
    case "book":
      return <Book {...props} card={step.card} known={step.patient} type={step.type} />;
    case "outcome":
      return <Outcome {...props} card={step.card} />;
    case "present":
      return <Present {...props} card={step.card} />;
    case "end":
      return <End {...props} card={step.card} />;
  }
}

/** A dialog of the pipeline. */
export function Dialog({
  title,
  close,
  size = 560,
  children,
}: {
  title: string;
  close: () => void;
  size?: number;
  children: ReactNode;
}) {
  return (
    <Modal
      opened
      onClose={close}
      title={title}
      size={size}
      yOffset="6vh"
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ "aria-label": t.app.close }}
    >
      {children}
    </Modal>
  );
}

interface BookProps extends StepProps {
  card: Card;
  known: Patient | undefined;
  type: "exam" | "bonding" | "retention";
}

/** Books the visit that a card needs, at the first free time. */
function Book({ card, known, type, names, changes, close }: BookProps) {
  const { places } = usePlaces();
  const here = places.find((place) => place.id === card.location_id) ?? places[0];
  const office = useOffice(here?.id ?? "");
  const called = usePatientName();
  const patient = useQuery({
    queryKey: ["patient", card.patient_id],
    queryFn: () =>
      data(api.GET("/v1/patients/{patient_id}", { params: { path: { patient_id: card.patient_id } } })).then(
        (found) => found.patient as Patient,
      ),
    initialData: known ?? names.people.get(card.patient_id),
  }).data;
  const typeId = office.list.find((one) => one.code === type)?.id;
  const today = here ? wall(new Date(), here.time_zone).day : "";

  const take = useCallback(
    async (slot: Slot, chosen: { patientId: string; typeId: string; note: string }) => {
      try {
        const visit = await book({
          location_id: slot.location_id,
          patient_id: chosen.patientId,
          appointment_type_id: chosen.typeId,
          start_time: slot.start_time as string,
          chair_id: slot.chair_id,
          case_id: card.case_id,
          ...(slot.provider_id ? { provider_id: slot.provider_id } : {}),
          ...(chosen.note ? { note: chosen.note } : {}),
        });
        const undo = () =>
          void data(
            api.POST("/v1/appointments/{appointment_id}/cancel", {
              params: { path: { appointment_id: visit.id }, header: ifMatch(visit.version) },
              body: { reason: "other", canceled_by: "practice" },
            }),
          ).then(
            () => tell({ text: w.back(patient ? called(patient) : w.somebody) }),
            (error) => tell({ text: w.notBack, detail: refusal(error), tone: "bad" }),
          );
        tell({
          text: `${patient ? called(patient) : w.somebody} → ${formatShortDay(visit.day)}, ${clock(minuteOf(visit.local_start))}`,
          tone: "good",
          undo,
        });
        // The board hears of the booking by itself; where nothing is heard, it looks a moment later.
        setTimeout(() => void changes.refresh(), 1_200);
        return true;
      } catch (error) {
        tell({ text: t.errors.safe, detail: refusal(error), tone: "bad" });
        return false;
      }
    },
    [card.case_id, changes, patient, called],
  );
  if (!here || !patient || !typeId) return null;
  return (
    <Booking
      wanted={{ patient, typeId, caseId: card.case_id }}
      close={close}
      here={here}
      places={places}
      day={today}
      today={today}
      office={office}
      nameOf={called}
      take={take}
    />
  );
}

const WHY_CASE = [
  "cost",
  "insurance",
  "partner",
  "second_opinion",
  "timing",
  "fear",
  "other_practice",
  "unreachable",
  "other",
] as const;
const WHY_LEAD = [
  "unreachable",
  "other_practice",
  "cost",
  "insurance",
  "distance",
  "timing",
  "duplicate",
  "spam",
  "other",
] as const;

/** Takes a card off the board, with the reason why nothing started. */
function End({ card, names, changes, close, openCard }: StepProps & { card: Card }) {
  const [why, setWhy] = useState<string>(card.reason_not_started ?? "");
  const [busy, setBusy] = useState(false);
  const name = names.of(card);
  const end = async () => {
    setBusy(true);
    try {
      let undo: (() => void) | undefined;
      if (card.case_id) {
        const path = { case_id: card.case_id };
        const { case: now } = await data(
          api.POST("/v1/cases/{case_id}/close", {
            params: { path, header: ifMatch(card.version) },
            body: { outcome: "inactive", reason_not_started: why as (typeof WHY_CASE)[number] },
          }),
        );
        undo = () =>
          void data(
            api.POST("/v1/cases/{case_id}/reactivate", {
              params: { path, header: ifMatch(Number(now?.version)) },
              body: { owner_id: card.owner_id },
            }),
          ).then(
            () => {
              tell({ text: w.ending.reopened(name) });
              void changes.refresh();
              openCard(idOf(card));
            },
            (error) => tell({ text: w.notBack, detail: refusal(error), tone: "bad" }),
          );
      } else {
        await data(
          api.POST("/v1/leads/{lead_id}/close", {
            params: { path: { lead_id: card.lead_id }, header: ifMatch(card.version) },
            body: { reason: why as (typeof WHY_LEAD)[number] },
          }),
        );
      }
      tell({ text: w.ending.closed(name), tone: "good", undo });
      void changes.refresh();
      close();
    } catch (error) {
      tell({ text: w.undone, detail: refusal(error), tone: "bad" });
      setBusy(false);
    }
  };
  return (
    <Dialog title={w.ending.title(name)} close={close} size={460}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (why) void end();
        }}
      >
        <p className={css.lead}>{w.ending.lead}</p>
        <fieldset className={css.choices}>
          <legend>{w.ending.why}</legend>
          {(card.case_id ? WHY_CASE : WHY_LEAD).map((reason) => (
            <label key={reason}>
              <input type="radio" name="why" checked={why === reason} onChange={() => setWhy(reason)} />
              {w.reasons[reason]}
            </label>
          ))}
        </fieldset>
        <div className={css.buttons}>
          <Button variant="default" onClick={close}>
            {w.cancel}
          </Button>
          <Button type="submit" color="red" disabled={!why} loading={busy}>
            {w.ending.close}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** A key for a request that may be repeated. */
export const key = () => ({ header: once() });
