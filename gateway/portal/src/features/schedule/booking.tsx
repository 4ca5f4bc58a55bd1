import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Appointment, api, data, type Location, type Patient, type Slot } from "../../api/client";
import { usePatients } from "../../app/patients";
import { formatShortDay, t } from "../../domain/i18n";
import { clock, minuteOf } from "../../domain/time";
import { Dialog } from "../../ui/dialog";
import { Failed } from "../../ui/states";
import css from "./booking.module.css";
import type { Office } from "./data";
import { w } from "./words";

export interface Wanted {
  patient?: Patient;
  typeId?: string;
  /** The visit that is to move; none books a new one. */
  moving?: Appointment;
  caseId?: string;
}

interface Props {
  wanted: Wanted | undefined;
  close: () => void;
  here: Location;
  places: Location[];
  day: string;
  today: string;
  office: Office;
  nameOf: (patient: Patient) => string;
  take: (
    slot: Slot,
    wanted: { patientId: string; typeId: string; caseId?: string; note: string; moving?: Appointment },
  ) => Promise<boolean>;
}

/** A new visit, or another time for one: the first free times, found by the server. */
export function Booking(props: Props) {
  const { wanted, close } = props;
  const title = wanted?.moving && wanted.patient ? w.book.moveTitle(props.nameOf(wanted.patient)) : w.book.title;
  if (!wanted) return null;
  return (
    <Dialog title={title} close={close}>
      <Form {...props} wanted={wanted} />
    </Dialog>
  );
}

function Form({ wanted, here, places, day, today, office, nameOf, take, close }: Props & { wanted: Wanted }) {
  const [patient, setPatient] = useState(wanted.patient);
  const [query, setQuery] = useState("");
  const [typeId, setTypeId] = useState(
    wanted.typeId ?? office.list.find((type) => type.code === "adjustment")?.id ?? office.list[0]?.id ?? "",
  );
  const [everywhere, setEverywhere] = useState(false);
  const [from, setFrom] = useState(day < today ? today : day);
  const [note, setNote] = useState("");
  const [taking, setTaking] = useState("");
  const patients = usePatients(query, !patient);
  const slots = useQuery({
    queryKey: ["slots", typeId, patient?.id, from, everywhere, here.id],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/slots", {
          params: {
            query: {
              appointment_type_id: typeId,
              location_ids: everywhere ? places.map((place) => place.id) : [here.id],
              first_day: from,
              patient_id: patient?.id,
              limit: 12,
              step_minutes: 10,
            },
          },
          signal,
        }),
      ).then((found) => found.slots),
    enabled: patient !== undefined && typeId !== "",
    staleTime: 0,
    gcTime: 0,
  });

  const choose = async (slot: Slot) => {
    if (!patient) return;
    setTaking(slotKey(slot));
    const done = await take(slot, {
      patientId: patient.id,
      typeId,
      caseId: wanted.caseId,
      note,
      moving: wanted.moving,
    });
    setTaking("");
    if (done) close();
    else void slots.refetch();
  };

  return (
    <div className={css.form}>
      {patient ? (
        <div className={css.chosen}>
          <div>
            <strong>{nameOf(patient)}</strong>
            <small>{w.panel.profile(patient.age_years, patient.chart_number)}</small>
          </div>
          {!wanted.moving && (
            <Button size="xs" variant="default" onClick={() => setPatient(undefined)}>
              {w.book.change}
            </Button>
          )}
        </div>
      ) : (
        <div>
          <TextInput
            data-autofocus
            label={w.book.patient}
            placeholder={w.book.patientPlaceholder}
            value={query}
            onChange={(event) => setQuery(event.currentTarget.value)}
            autoComplete="off"
          />
          {query.trim().length >= 2 && (
            <ul className={css.found} aria-label={w.book.patient}>
              {(patients.data ?? []).map((one) => (
                <li key={one.id}>
                  <button type="button" onClick={() => setPatient(one)}>
                    <strong>{nameOf(one)}</strong>
                    <small>{w.panel.profile(one.age_years, one.chart_number)}</small>
                  </button>
                </li>
              ))}
              {patients.data?.length === 0 && <li className={css.quiet}>{t.people.none}</li>}
            </ul>
          )}
        </div>
      )}
      {!wanted.moving && (
        <label className={css.field}>
          <span>{w.book.type}</span>
          <select value={typeId} onChange={(event) => setTypeId(event.currentTarget.value)}>
            {office.list.map((type) => (
              <option key={type.id} value={type.id}>
                {type.name} · {w.book.minutes(type.duration_minutes)}
              </option>
            ))}
          </select>
        </label>
      )}
      <div className={css.two}>
        <label className={css.field}>
          <span>{w.book.from}</span>
          <input
            type="date"
            value={from}
            min={today}
            onChange={(event) => event.currentTarget.value && setFrom(event.currentTarget.value)}
          />
        </label>
        {places.length > 1 && (
          <label className={css.field}>
            <span>{w.book.where}</span>
            <select
              value={everywhere ? "all" : "here"}
              onChange={(event) => setEverywhere(event.currentTarget.value === "all")}
            >
              <option value="here">{w.book.here}</option>
              <option value="all">{w.book.everywhere}</option>
            </select>
          </label>
        )}
      </div>
      {!wanted.moving && (
        <TextInput
          label={w.book.note}
          value={note}
          maxLength={1000}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
      )}
      <section aria-label={w.book.times} aria-busy={slots.isFetching}>
        <h3 className={css.heading}>{w.book.times}</h3>
        {!patient ? (
          <p className={css.quiet}>{w.book.choosePatient}</p>
        ) : slots.isError ? (
          <Failed error={slots.error} again={() => void slots.refetch()} />
        ) : slots.isPending ? (
          <p className={css.quiet}>{w.book.searching}</p>
        ) : slots.data.length === 0 ? (
          <p className={css.quiet}>
            {w.book.none} {w.book.noneLead}
          </p>
        ) : (
          <ul className={css.slots}>
            {slots.data.map((slot) => (
              <li key={slotKey(slot)}>
                <button
                  type="button"
                  disabled={taking !== ""}
                  data-busy={taking === slotKey(slot) || undefined}
                  onClick={() => void choose(slot)}
                >
                  <strong>{formatShortDay(slot.local_start.slice(0, 10))}</strong>
                  <span>{clock(minuteOf(slot.local_start))}</span>
                  <small>
                    {everywhere
                      ? places.find((place) => place.id === slot.location_id)?.name
                      : slot.provider_id
                        ? office.doctorName(slot.provider_id)
                        : ""}
                  </small>
                </button>
              </li>
            ))}
          </ul>
        )}
      </section>
    </div>
  );
}

const slotKey = (slot: Slot) => `${slot.location_id}${slot.local_start}${slot.chair_id}`;
