import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Appointment, Location } from "../../api/client";
import { usePeople } from "../../api/people";
import { useSession } from "../../app/session";
import { formatShortDay, locale } from "../../domain/i18n";
import { minutesSince } from "../../domain/time";
import { Check } from "../../ui/icons";
import { Card, Name, useNamed } from "./card";
import { useReadiness, useTypes, useVisits } from "./data";
import css from "./visits.module.css";
import { w } from "./words";

const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit", timeZone: "UTC" });
const timeOf = (visit: Appointment) => clock.format(new Date(`${visit.local_start.slice(0, 16)}:00Z`));
const today = (day: string) => ({ first: day, last: day });
const COMING = ["booked", "confirmed"] as const;
const IN_HOUSE = ["arrived", "seated", "doctor_ready", "doctor_in"] as const;
const EXAMS: readonly unknown[] = ["exam", "consult"];

/** The time, once a minute: for how long somebody has been waiting. */
function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** A visit's time, as the way to its place on the schedule. */
function Time({ visit, name }: { visit: Appointment; name: string }) {
  const at = timeOf(visit);
  return (
    <Link
      to="/schedule"
      search={{ loc: visit.location_id, date: visit.day, visit: visit.id }}
      className={css.time}
      aria-label={w.exams.open(name, at)}
    >
      {at}
    </Link>
  );
}

function useRows(visits: readonly Appointment[]) {
  const { find } = usePeople(visits.map((visit) => visit.patient_id));
  const named = useNamed();
  const types = useTypes();
  return {
    of: (visit: Appointment) => find(visit.patient_id),
    name: (visit: Appointment) => named(find(visit.patient_id)),
    type: (visit: Appointment) => types.get(visit.appointment_type_id)?.name ?? "",
  };
}

/** Today's exams and what their charts still lack. */
export function Exams({ places }: { places: readonly Location[] }) {
  const { may } = useSession();
  const { visits, pending, error, again } = useVisits(places, "today", today, [...COMING, ...IN_HOUSE], true);
  const exams = visits.filter((visit) => EXAMS.includes(visit.visit_class));
  const rows = useRows(exams);
  const {
    ready,
    standing,
    known,
    error: unread,
  } = useReadiness(
    exams.map((visit) => visit.patient_id),
    { records: may("readiness.read"), insurance: may("coverages.read") },
  );
  return (
    <Card
      id="exams"
      title={w.exams.title}
      count={exams.length}
      pending={pending}
      error={error ?? unread ?? undefined}
      again={again}
      empty={w.exams.none}
    >
      <ul aria-label={w.exams.title}>
        {exams.map((visit) => {
          const chart = ready.get(visit.patient_id);
          const cover = standing.get(visit.patient_id);
          const facts: [string, boolean][] = [];
          if (chart) {
            const all = chart.views_present >= chart.views_needed;
            facts.push([all ? w.exams.recordsAll : w.exams.records(chart.views_present, chart.views_needed), all]);
            facts.push([
              chart.health_history_signed ? w.exams.history : w.exams.noHistory,
              chart.health_history_signed,
            ]);
            if (chart.documents_to_sign) facts.push([w.exams.toSign(chart.documents_to_sign), false]);
          }
          if (known.insurance) {
            if (!cover) facts.push([w.exams.noInsurance, false]);
            else if (cover.verified < cover.coverages) facts.push([w.exams.unverified, false]);
            else facts.push([w.exams.verified(formatShortDay(cover.answered_on)), true]);
          }
          const missing = facts.filter(([, there]) => !there).length;
          return (
            <li key={visit.id} className={css.row} data-row tabIndex={-1}>
              <Time visit={visit} name={rows.name(visit)} />
              <div className={css.who}>
                <strong>
                  <Name patient={rows.of(visit)} />
                </strong>
                <span>{rows.type(visit)}</span>
              </div>
              <ul className={css.facts}>
                {facts.map(([fact, there]) => (
                  <li key={fact} data-there={there || undefined}>
                    {there && <Check size={13} />}
                    {fact}
                  </li>
                ))}
              </ul>
              {facts.length > 0 && (
                <span className={css.missing} data-none={missing === 0 || undefined}>
                  {missing === 0 ? w.exams.complete : w.exams.missing(missing)}
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

/** For the desk: who waits, and who is to come. */
export function Arrivals({ places }: { places: readonly Location[] }) {
  const now = useNow();
  const { visits, pending, error, again } = useVisits(places, "today", today, [...COMING, ...IN_HOUSE], true);
  const waiting = visits.filter((visit) => visit.state === "arrived");
  const coming = visits.filter((visit) => visit.state === "booked" || visit.state === "confirmed");
  const list = [...waiting, ...coming.slice(0, 10)];
  const rows = useRows(list);
  const told = (visit: Appointment): [string, string] => {
    if (visit.state === "arrived") return [w.arrivals.waiting(minutesSince(visit.arrive_time ?? "", now)), "warn"];
    const late = minutesSince(visit.start_time ?? "", now);
    if (late >= 5) return [w.arrivals.late(late), "bad"];
    return visit.state === "booked" ? [w.arrivals.unconfirmed, "plain"] : [w.arrivals.toCome, "plain"];
  };
  return (
    <Card
      id="arrivals"
      title={w.arrivals.title}
      count={waiting.length + coming.length}
      note={waiting.length ? w.arrivals.here(waiting.length) : undefined}
      pending={pending}
      error={error}
      again={again}
      empty={w.arrivals.none}
    >
      <ul aria-label={w.arrivals.title}>
        {list.map((visit) => {
          const [text, tone] = told(visit);
          return (
            <li key={visit.id} className={css.row} data-row tabIndex={-1}>
              <Time visit={visit} name={rows.name(visit)} />
              <div className={css.who}>
                <strong>
                  <Name patient={rows.of(visit)} />
                </strong>
                <span>{rows.type(visit)}</span>
              </div>
              <span className={css.state} data-tone={tone}>
                {text}
              </span>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

/** For those at the chair: who is ready for the doctor, who is in a chair, who comes next. */
export function Chairs({ places }: { places: readonly Location[] }) {
  const { session } = useSession();
  const now = useNow();
  const { visits, pending, error, again } = useVisits(places, "today", today, [...COMING, ...IN_HOUSE], true);
  const doctor = session.roles.some(({ role }) => role === "orthodontist");
  const mine = doctor ? visits.filter((visit) => visit.provider_id === session.user_id) : visits;
  const order = ["doctor_ready", "doctor_in", "seated", "arrived", "confirmed", "booked"];
  const list = [...mine].sort((a, b) => order.indexOf(a.state ?? "") - order.indexOf(b.state ?? "")).slice(0, 14);
  const ready = mine.filter((visit) => visit.state === "doctor_ready").length;
  const rows = useRows(list);
  const tone = (visit: Appointment) =>
    visit.state === "doctor_ready"
      ? "doctor"
      : visit.state === "arrived"
        ? "warn"
        : visit.state === "seated"
          ? "now"
          : "plain";
  const since = (visit: Appointment) => {
    const at =
      visit.state === "doctor_ready" ? visit.call_time : visit.state === "arrived" ? visit.arrive_time : undefined;
    return at ? ` · ${w.arrivals.waiting(minutesSince(at, now))}` : "";
  };
  return (
    <Card
      id="chairs"
      title={w.chairs.title}
      count={mine.length}
      note={ready ? w.chairs.ready(ready) : undefined}
      pending={pending}
      error={error}
      again={again}
      empty={w.chairs.none}
    >
      <ul aria-label={w.chairs.title}>
        {list.map((visit) => (
          <li key={visit.id} className={css.row} data-row tabIndex={-1}>
            <Time visit={visit} name={rows.name(visit)} />
            <div className={css.who}>
              <strong>
                <Name patient={rows.of(visit)} />
              </strong>
              <span>{rows.type(visit)}</span>
            </div>
            <span className={css.state} data-tone={tone(visit)}>
              {(w.states[visit.state ?? ""] ?? "") + since(visit)}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
