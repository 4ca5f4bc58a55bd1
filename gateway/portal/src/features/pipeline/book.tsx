import { useQuery } from "@tanstack/react-query";
import { lazy, useCallback } from "react";
import { api, data, ifMatch, once, type Patient, type Slot } from "../../api/client";
import { usePatientName } from "../../api/people";
import { usePlaces } from "../../app/places";
import { formatShortDay, t } from "../../domain/i18n";
import { clock, minuteOf, wall } from "../../domain/time";
import { tell } from "../../ui/undo";
import { useOffice } from "../schedule/data";
import { type Card, refusal } from "./data";
import type { StepProps } from "./step";
import { w } from "./words";

const Booking = lazy(() => import("../schedule/booking").then((found) => ({ default: found.Booking })));

interface BookProps extends StepProps {
  card: Card;
  known: Patient | undefined;
  type: "exam" | "bonding" | "retention";
}

/** Books the visit that a card needs, at the first free time. */
export default function Book({ card, known, type, names, changes, close }: BookProps) {
  const { places } = usePlaces();
  const here = places.find((place) => place.id === card.location_id) ?? places[0];
  const office = useOffice();
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
        const { appointment: visit } = await data(
          api.POST("/v1/appointments", {
            params: { header: once() },
            body: {
              location_id: slot.location_id,
              patient_id: chosen.patientId,
              appointment_type_id: chosen.typeId,
              start_time: slot.start_time as string,
              chair_id: slot.chair_id,
              case_id: card.case_id,
              ...(slot.provider_id ? { provider_id: slot.provider_id } : {}),
              ...(chosen.note ? { note: chosen.note } : {}),
            },
          }),
        );
        if (!visit) return false;
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
