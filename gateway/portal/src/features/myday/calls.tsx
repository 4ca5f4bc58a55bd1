import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { api, data, ifMatch, type Location, once } from "../../api/client";
import { usePeople } from "../../api/people";
import { refusal } from "../../api/refusal";
import { useSession } from "../../app/session";
import { formatDollars, formatShortDay, locale, t } from "../../domain/i18n";
import { phone } from "../../domain/phone";
import { addDays } from "../../domain/time";
import { Down, Phone } from "../../ui/icons";
import { tell } from "../../ui/undo";
import css from "./calls.module.css";
import { Card, Name, type Somebody, useNamed } from "./card";
import { MY_DAY, todayAt, useList, useLogged, useTypes, useVisits, weeksAgo } from "./data";
import { businessDays, type CallToMake, type Candidate, callsToMake, type Outcome } from "./phoning";
import { script } from "./scripts";
import { w } from "./words";

const MISSED_DAYS = 14;
const SHOWN = 12;
const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit", timeZone: "UTC" });
/** "Thu, Nov 26, 3:20 PM" of a visit, at its location. */
const when = (localStart: string) =>
  `${formatShortDay(localStart.slice(0, 10))}, ${clock.format(new Date(`${localStart.slice(0, 16)}:00Z`))}`;

/** Everybody who may have to be called, from the lists that this person may read. */
function useCandidates(places: readonly Location[], here: Location) {
  const { may } = useSession();
  const types = useTypes();
  const today = todayAt(here);
  const ids = places.map((place) => place.id);
  const coming = useVisits(
    places,
    "unconfirmed",
    (day) => ({ first: addDays(day, 1), last: businessDays(day, 2).at(-1) ?? day }),
    ["booked"],
    may("appointments.book"),
  );
  const missed = useVisits(
    places,
    "missed",
    (day) => ({ first: addDays(day, -MISSED_DAYS), last: day }),
    ["no_show"],
    may("appointments.book"),
  );
  const followUps = useList(
    "coordination",
    ["follow-ups", today, ...ids],
    () => {
      const one = ids.length === 1 ? { location_id: ids[0] } : {};
      const query = { state: "planned" as const, due_by: today, page_size: 200, ...one };
      return data(api.GET("/v1/follow-ups", { params: { query } })).then((found) => found.follow_ups);
    },
    may("follow_ups.log"),
  );
  const failed = useList(
    "contracts",
    ["failed"],
    () =>
      data(api.GET("/v1/payments", { params: { query: { state: "failed", page_size: 200 } } })).then(
        (found) => found.payments,
      ),
    may("payments.refund"), // those who take care of money, not everybody who sees a payment
  );
  const visit = (reason: Candidate["reason"]) => (one: (typeof coming.visits)[number]) => ({
    reason,
    subjectId: one.id,
    patientId: one.patient_id,
    locationId: one.location_id,
    at: one.local_start,
    about: `${when(one.local_start)} · ${types.get(one.appointment_type_id)?.name ?? ""}`,
    version: one.version,
    localStart: one.local_start,
  });
  const candidates: Candidate[] = [
    ...coming.visits.map(visit("confirm_visit")),
    ...missed.visits.map(visit("missed_visit")),
    ...(followUps.data ?? []).map((step) => ({
      reason: "follow_up" as const,
      subjectId: step.case_id,
      patientId: step.patient_id,
      locationId: step.location_id,
      at: step.due_on,
      about: step.title,
    })),
    ...(failed.data ?? [])
      .filter((payment) => ids.includes(payment.location_id))
      .map((payment) => ({
        reason: "failed_payment" as const,
        subjectId: payment.id,
        patientId: payment.patient_id,
        locationId: payment.location_id,
        at: payment.received_on,
        about: `${formatDollars(Number(payment.amount?.amount_cents ?? 0))} · ${formatShortDay(payment.received_on)}`,
        cents: Number(payment.amount?.amount_cents ?? 0),
      })),
  ];
  const one = new Map(candidates.map((candidate) => [`${candidate.reason} ${candidate.subjectId}`, candidate]));
  return {
    candidates: [...one.values()],
    pending: coming.pending || missed.pending || followUps.isLoading || failed.isLoading,
    error: coming.error ?? missed.error ?? (followUps.data ? undefined : followUps.error),
    again: () => {
      coming.again();
      missed.again();
      void followUps.refetch();
    },
  };
}

/** Whom to call today, what to say, and what came of it in one click. */
export function Calls({ places, here, all }: { places: readonly Location[]; here: Location; all: boolean }) {
  const { session } = useSession();
  const queries = useQueryClient();
  const named = useNamed();
  const [opened, setOpened] = useState("");
  const [long, setLong] = useState(false);
  const today = todayAt(here);
  const logged = useLogged(all ? undefined : here, weeksAgo(today), true);
  const { candidates, pending, error, again } = useCandidates(places, here);
  const list = callsToMake(candidates, logged.data ?? [], today);
  const { find } = usePeople(list.map((call) => call.patientId));
  const made = (logged.data ?? []).filter(
    (call) => call.called_on === today && call.staff_id === session.user_id,
  ).length;

  const log = async (call: CallToMake, outcome: Outcome, confirmed: boolean, note: string, again_on: string) => {
    const patient = find(call.patientId);
    const name = named(patient);
    const refresh = () => {
      void queries.invalidateQueries({ queryKey: [MY_DAY, "coordination"] });
      void queries.invalidateQueries({ queryKey: [MY_DAY, "scheduling"] });
    };
    try {
      let version = call.version ?? 0;
      const visit = () => ({ path: { appointment_id: call.subjectId }, header: ifMatch(version) });
      if (confirmed) {
        const answer = await data(api.POST("/v1/appointments/{appointment_id}/confirm", { params: visit(), body: {} }));
        version = answer.appointment?.version ?? version;
      }
      const body = {
        location_id: call.locationId,
        patient_id: call.patientId,
        reason: call.reason,
        subject_id: call.subjectId,
        outcome,
        note,
        call_again_on: again_on,
      };
      const kept = await data(api.POST("/v1/phone-calls", { params: { header: once() }, body }));
      const undo = async () => {
        if (confirmed)
          await data(api.POST("/v1/appointments/{appointment_id}/take-back", { params: visit(), body: {} }));
        const path = { phone_call_id: kept.phone_call?.id ?? "" };
        await data(
          api.POST("/v1/phone-calls/{phone_call_id}/take-back", { params: { path, header: once() }, body: {} }),
        );
      };
      const takeBack = async () => {
        await undo().then(
          () => tell({ text: w.calls.undone(name) }),
          (refused) => tell({ text: t.refused, detail: refusal(refused), tone: "bad" }),
        );
        refresh();
      };
      setOpened("");
      const text = w.calls.told(confirmed ? w.calls.confirmed : w.calls.outcomes[outcome], name);
      tell({ text, tone: "good", undo: () => void takeBack() });
    } catch (refused) {
      tell({ text: t.errors.safe, detail: refusal(refused), tone: "bad" });
    }
    refresh();
  };

  const shown = long ? list : list.slice(0, SHOWN);
  return (
    <Card
      id="calls"
      title={w.calls.title}
      count={list.length}
      note={made ? w.calls.made(made) : undefined}
      pending={pending || logged.isPending}
      error={error ?? (logged.data ? undefined : logged.error)}
      again={() => {
        again();
        void logged.refetch();
      }}
      empty={w.calls.none}
      emptyLead={w.calls.noneLead}
    >
      <ul aria-label={w.calls.title}>
        {shown.map((call) => {
          const key = `${call.reason} ${call.subjectId}`;
          return (
            <Row
              key={key}
              call={call}
              patient={find(call.patientId)}
              opened={opened === key}
              toggle={() => setOpened(opened === key ? "" : key)}
              today={today}
              log={(outcome, confirmed, note, on) => log(call, outcome, confirmed, note, on)}
            />
          );
        })}
      </ul>
      {list.length > shown.length && (
        <button type="button" className={css.more} onClick={() => setLong(true)}>
          {w.more(list.length - shown.length)}
        </button>
      )}
    </Card>
  );
}

interface RowProps {
  call: CallToMake;
  patient: Somebody;
  opened: boolean;
  toggle: () => void;
  today: string;
  log: (outcome: Outcome, confirmed: boolean, note: string, on: string) => Promise<void>;
}

function Row({ call, patient, opened, toggle, today, log }: RowProps) {
  const named = useNamed();
  const body = useId();
  const name = named(patient);
  const last =
    call.last && w.calls.last(w.calls.outcomes[call.last.outcome as Outcome], formatShortDay(call.last.called_on));
  return (
    <li className={css.call} data-reason={call.reason} data-opened={opened || undefined}>
      <button
        type="button"
        className={css.head}
        data-row
        aria-expanded={opened}
        aria-controls={opened ? body : undefined}
        onClick={toggle}
      >
        <span className={css.reason}>{w.calls.reasons[call.reason]}</span>
        <strong>{name}</strong>
        <span className={css.about}>{call.about}</span>
        {last && <span className={css.last}>{last}</span>}
        <Down size={14} />
      </button>
      {opened && (
        <div id={body} className={css.body}>
          <Conversation call={call} patient={patient} today={today} log={log} />
        </div>
      )}
    </li>
  );
}

function Conversation({ call, patient, today, log }: Omit<RowProps, "opened" | "toggle">) {
  const { session } = useSession();
  const [note, setNote] = useState("");
  const [back, setBack] = useState(false);
  const [busy, setBusy] = useState(false);
  const contact = useQuery({
    queryKey: ["contact", call.patientId],
    queryFn: () =>
      data(api.GET("/v1/contacts", { params: { query: { patient_id: call.patientId } } })).then(
        (found) => found.contact,
      ),
    gcTime: 60_000,
  });
  const who = contact.data;
  const language = who?.language === "es" ? "es" : "en";
  const lines = who
    ? script(call.reason, language, {
        contact: who.first_name,
        patient: patient?.preferred_name || patient?.first_name || who.patient_first_name,
        staff: session.display_name,
        location: who.location_name,
        phone: who.location_phone,
        localStart: call.localStart,
        cents: call.cents,
      })
    : [];
  const send = async (outcome: Outcome, confirmed = false, on = "") => {
    setBusy(true);
    await log(outcome, confirmed, note.trim(), on);
    setBusy(false);
  };
  const callBack = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void send("call_back", false, String(new FormData(event.currentTarget).get("day")));
  };
  const outcomes: Outcome[] = ["reached", "message_left", "no_answer", "wrong_number"];
  return (
    <>
      <p className={css.who}>
        {who ? (
          <>
            <span>
              {who.display_name}
              {patient && (
                <>
                  {" · "}
                  <Name patient={patient} />
                </>
              )}
            </span>
            {who.mobile ? (
              <a className={css.dial} href={`tel:${who.mobile}`} aria-label={w.calls.dial(phone(who.mobile))}>
                <Phone size={15} />
                {phone(who.mobile)}
              </a>
            ) : (
              <em>{w.calls.noNumber}</em>
            )}
          </>
        ) : contact.isError ? (
          <em role="alert">{w.calls.contactFailed}</em>
        ) : null}
      </p>
      {lines.length > 0 && (
        <figure className={css.script} lang={language}>
          <figcaption>
            {w.calls.script} <span lang={locale}>{w.calls.language[language]}</span>
          </figcaption>
          {lines.map((line) => (
            <p key={line}>{line}</p>
          ))}
        </figure>
      )}
      <input
        className={css.note}
        value={note}
        maxLength={2000}
        onChange={(event) => setNote(event.currentTarget.value)}
        aria-label={w.calls.note}
        placeholder={w.calls.notePlaceholder}
        autoComplete="off"
      />
      <div className={css.outcomes}>
        {call.reason === "confirm_visit" && (
          <Button size="compact-md" disabled={busy} onClick={() => void send("reached", true)}>
            {w.calls.confirmed}
          </Button>
        )}
        {outcomes.map((outcome) => (
          <Button key={outcome} size="compact-md" variant="default" disabled={busy} onClick={() => void send(outcome)}>
            {w.calls.outcomes[outcome]}
          </Button>
        ))}
        <Button size="compact-md" variant="default" aria-expanded={back} disabled={busy} onClick={() => setBack(!back)}>
          {w.calls.outcomes.call_back}…
        </Button>
      </div>
      {back && (
        <form className={css.back} onSubmit={callBack}>
          <label>
            <span>{w.calls.on}</span>
            <input
              name="day"
              type="date"
              required
              min={today}
              max={addDays(today, 365)}
              defaultValue={addDays(today, 1)}
            />
          </label>
          <Button type="submit" size="compact-md" disabled={busy}>
            {w.calls.save}
          </Button>
        </form>
      )}
    </>
  );
}
