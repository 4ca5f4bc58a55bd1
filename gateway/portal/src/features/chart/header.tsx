import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Patient } from "../../api/client";
import { usePatientName } from "../../api/people";
import { askForVisit } from "../../app/patients";
import { usePrivacy } from "../../app/places";
import { formatDollars, formatShortDay, t } from "../../domain/i18n";
import { phone } from "../../domain/phone";
import { clock, minuteOf } from "../../domain/time";
import { progress } from "../../domain/treatment";
import { Chat, Clock, Phone } from "../../ui/icons";
import { todayAt, useBalance, useCases, useComing, useHome, useMayHere, useParties, useVisitTypes } from "./data";
import css from "./header.module.css";
import { w } from "./words";

const initials = (name: string) =>
  name
    .split(/\s+/)
    .map((word) => word[0])
    .slice(0, 2)
    .join("")
    .toUpperCase();

/** Who it is and where things stand; only what the role may see. */
export function Header({ patient }: { patient: Patient }) {
  const called = usePatientName()(patient);
  const [privacy] = usePrivacy();
  const mayHere = useMayHere(patient);
  const full = `${patient.first_name} ${patient.last_name}`;
  return (
    <header className={css.header}>
      <div className={css.who}>
        <span className={css.face} aria-hidden="true">
          {privacy ? "••" : initials(called)}
        </span>
        <div>
          <h1>{called}</h1>
          <p>
            {!privacy && called !== full && <span>{full}</span>}
            <span>{t.people.years(patient.age_years)}</span>
            <span>{t.people.chart(Number(patient.chart_number))}</span>
            {!patient.active && <strong>{w.header.archived}</strong>}
          </p>
        </div>
      </div>
      <dl className={css.facts}>
        {mayHere("cases.read") && <Treatment patient={patient} />}
        {mayHere("appointments.read") && <NextVisit patient={patient} />}
        {mayHere("balances.read") && <Balance patient={patient} />}
        {mayHere("parties.read") && <Contact patient={patient} />}
      </dl>
    </header>
  );
}

function Fact({ label, children, tone }: { label: string; children: ReactNode; tone?: "bad" }) {
  return (
    <div className={css.fact} data-tone={tone}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Treatment({ patient }: { patient: Patient }) {
  const home = useHome(patient);
  const { data: cases } = useCases(patient, true);
  const current = cases?.[0];
  if (!current) return cases ? null : <Fact label={w.header.treatment}>…</Fact>;
  const now = progress(current.started_on, current.first_estimated_end, todayAt(home.time_zone));
  const treated = ["active", "on_hold", "medically_paused", "maintenance_only"].includes(current.state ?? "");
  return (
    <Fact label={w.states[current.state ?? ""] ?? w.header.treatment} tone={now?.over && treated ? "bad" : undefined}>
      {now && treated ? (
        <>
          <strong>{now.of ? w.header.month(now.month, now.of) : w.header.monthOpen(now.month)}</strong>
          {now.of > 0 && <progress className={css.bar} max={now.of} value={Math.min(now.month, now.of)} aria-hidden />}
          {now.over > 0 && <small>{w.header.over(now.over)}</small>}
        </>
      ) : (
        <strong>{current.next_step || "–"}</strong>
      )}
    </Fact>
  );
}

function NextVisit({ patient }: { patient: Patient }) {
  const home = useHome(patient);
  const { data: coming } = useComing(patient, todayAt(home.time_zone), home.id !== "");
  const types = useVisitTypes();
  const mayHere = useMayHere(patient);
  const navigate = useNavigate();
  const next = coming?.[0];
  const book = async () => {
    await navigate({ to: "/schedule", search: { loc: patient.home_location_id } });
    setTimeout(() => askForVisit(patient), 50);
  };
  return (
    <Fact label={w.header.nextVisit}>
      {next ? (
        <Link to="/schedule" search={{ loc: next.location_id, date: next.day, visit: next.id }}>
          <strong>
            {formatShortDay(next.day)}, {clock(minuteOf(next.local_start))}
          </strong>
          <small>{types.get(next.appointment_type_id)?.name}</small>
        </Link>
      ) : (
        <>
          <strong>{coming ? w.header.noVisit : "…"}</strong>
          {coming && mayHere("appointments.book") && (
            <button type="button" className={css.call} onClick={() => void book()}>
              {w.header.book}
            </button>
          )}
        </>
      )}
    </Fact>
  );
}

function Balance({ patient }: { patient: Patient }) {
  const { data: balance } = useBalance(patient, true);
  const cents = Number(balance?.patient_balance?.amount_cents ?? 0);
  const late = Number(balance?.past_due?.amount_cents ?? 0);
  return (
    <Fact label={cents < 0 ? w.header.credit : w.header.balance} tone={late > 0 ? "bad" : undefined}>
      <strong>{balance ? formatDollars(Math.abs(cents)) : "…"}</strong>
      {late > 0 && (
        <small>
          <Clock size={12} />
          {w.header.pastDue(formatDollars(late))}
        </small>
      )}
    </Fact>
  );
}

function Contact({ patient }: { patient: Patient }) {
  const mayHere = useMayHere(patient);
  const [privacy] = usePrivacy();
  const { data: parties } = useParties(patient, true);
  const first = parties?.find(({ relationship }) => !relationship?.end_time);
  if (!first?.party) return null;
  const { party, relationship } = first;
  const self = relationship?.kind === "self";
  const name = self ? (w.relations.self ?? "") : `${party.first_name} ${party.last_name}`;
  const kind = self ? "" : w.relations[relationship?.kind ?? "other"];
  return (
    <Fact label={`${w.header.contact}${kind ? ` · ${kind}` : ""}`}>
      <strong>{privacy ? t.people.hidden(Number(patient.chart_number)) : name}</strong>
      <span className={css.reach}>
        {party.mobile && !privacy ? (
          <a
            className={css.call}
            href={`tel:${party.mobile}`}
            aria-label={`${phone(party.mobile)}, ${w.header.call(name)}`}
          >
            <Phone size={13} />
            {phone(party.mobile)}
          </a>
        ) : (
          <small>{party.mobile ? "•••" : w.header.noPhone}</small>
        )}
        {mayHere("messages.send") && (
          <Link
            className={css.call}
            to="/p/$id/$tab"
            params={{ id: patient.id, tab: "messages" }}
            aria-label={w.header.write}
            title={w.header.write}
          >
            <Chat size={14} />
          </Link>
        )}
      </span>
    </Fact>
  );
}
