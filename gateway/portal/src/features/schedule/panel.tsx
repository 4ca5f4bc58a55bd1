import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Appointment, Patient } from "../../api/client";
import { formatShortDay } from "../../domain/i18n";
import { demand, minutes, movable, nextSteps, UNIT } from "../../domain/schedule";
import { clock, minutesSince, wall } from "../../domain/time";
import { Back, Check, Move, Wand } from "../../ui/icons";
import type { Action } from "./changes";
import type { Card } from "./column";
import { type Change, type Office, timeRange, useChangesOf } from "./data";
import css from "./panel.module.css";
import type { Rights } from "./rights";
import { w } from "./words";

interface Props {
  card: Card;
  patient: Patient | undefined;
  office: Office;
  chairName: string;
  zone: string;
  clockNow: number;
  future: boolean;
  may: Rights;
  busy: boolean;
  step: (step: Action) => void;
  takeBack: () => void;
  move: () => void;
  nextFree: () => void;
  askCancel: () => void;
}

/** Whether this person may take a change back: whoever may do it may. */
function mayUndo(change: Change, may: Rights): boolean {
  if (!may.takeBack) return false;
  switch (change.kind) {
    case "confirmed":
    case "moved":
      return may.book;
    case "canceled":
    case "no_show":
      return may.cancel;
    default:
      return may.run;
  }
}

const isToday = (time: string | null | undefined, zone: string, now: number) =>
  Boolean(time) && wall(time as string, zone).day === wall(new Date(now), zone).day;

const initials = (name: string) =>
  name
    .split(/\s+/)
    .map((word) => word[0])
    .slice(0, 2)
    .join("")
    .toUpperCase();

/** One visit: what it is, where it stands, and what to do next. */
export function VisitPanel(props: Props) {
  const { card, patient, office, chairName, zone, clockNow, may, busy } = props;
  const { visit, appointment, name, type } = card;
  const steps = may.run ? nextSteps(visit) : [];
  const waiting = visit.state === "arrived" && appointment.arrive_time;
  const doctorMinutes = [...visit.pattern].filter((letter) => demand(letter, 1)).length * UNIT;
  const open = visit.state === "booked" || visit.state === "confirmed";
  const changes = useChangesOf(appointment);
  const back = changes.data?.find((change) => !change.taken_back && change.kind !== "taken_back");
  const mayTakeBack = back && mayUndo(back, may) && isToday(back.change_time, zone, clockNow);
  const any = steps.length > 0 || (open && (may.book || may.cancel));
  return (
    <>
      <header className={css.who}>
        <span className={css.face} data-class={appointment.visit_class ?? "other"}>
          {initials(name)}
        </span>
        <div>
          <h2>
            {patient ? (
              <Link to="/p/$id/$tab" params={{ id: patient.id, tab: "summary" }}>
                {name}
              </Link>
            ) : (
              name
            )}
          </h2>
          {patient && <p>{w.panel.profile(patient.age_years, patient.chart_number)}</p>}
        </div>
        <span className={css.state} data-state={visit.state}>
          {w.schedule.states[visit.state]}
        </span>
      </header>
      <dl className={css.facts}>
        <dt>{w.panel.type}</dt>
        <dd>{type}</dd>
        <dt>{w.panel.time}</dt>
        <dd>
          {timeRange(visit.start, minutes(visit))} ({w.panel.minutes(minutes(visit))})
        </dd>
        <dt>{w.panel.chair}</dt>
        <dd>{chairName}</dd>
        <dt>{w.panel.doctor}</dt>
        <dd>
          {visit.providerId ? w.panel.doctorTime(office.doctorName(visit.providerId), doctorMinutes) : w.panel.noDoctor}
        </dd>
        {card.late !== undefined && (
          <>
            <dt>{w.panel.lateBy}</dt>
            <dd>
              <strong>{w.panel.minutes(card.late)}</strong>
            </dd>
          </>
        )}
        {waiting && (
          <>
            <dt>{w.panel.waiting}</dt>
            <dd>
              <strong>{w.panel.minutes(minutesSince(waiting, clockNow))}</strong>
            </dd>
          </>
        )}
        {appointment.note && (
          <>
            <dt>{w.panel.note}</dt>
            <dd>{appointment.note}</dd>
          </>
        )}
      </dl>
      <div className={css.pattern} aria-hidden="true">
        {[...visit.pattern].map((letter, index) => (
          <i key={index} data-letter={letter} />
        ))}
      </div>
      <History changes={changes.data} appointment={appointment} zone={zone} office={office} />
      <div className={css.actions}>
        {!any && <p className={css.quiet}>{nextSteps(visit).length ? w.panel.readOnly : w.panel.finished}</p>}
        {steps.map((step, index) =>
          step === "check-in" && props.future ? (
            <p key={step} className={css.quiet}>
              {w.panel.notToday}
            </p>
          ) : (
            <Button
              key={step}
              fullWidth
              variant={index ? "default" : "filled"}
              leftSection={index ? undefined : <Check />}
              loading={busy && index === 0}
              onClick={() => props.step(step)}
            >
              {w.panel.steps[step]}
            </Button>
          ),
        )}
        {back && mayTakeBack && (
          <Button variant="default" fullWidth leftSection={<Back />} disabled={busy} onClick={props.takeBack}>
            {w.panel.takeBack(w.panel.changes[back.kind ?? ""] ?? "")}
          </Button>
        )}
        {open && (
          <div className={css.pair}>
            {may.book && visit.state === "booked" && (
              <Button variant="default" onClick={() => props.step("confirm")}>
                {w.panel.confirm}
              </Button>
            )}
            {may.book && movable(visit) && (
              <Button variant="default" leftSection={<Move />} onClick={props.move}>
                {w.panel.move}
              </Button>
            )}
            {may.book && (
              <Button variant="default" leftSection={<Wand />} onClick={props.nextFree}>
                {w.panel.nextFree}
              </Button>
            )}
            {may.cancel && !props.future && (
              <Button variant="default" onClick={() => props.step("no-show")}>
                {w.panel.noShow}
              </Button>
            )}
            {may.cancel && (
              <Button variant="default" className={css.danger} onClick={props.askCancel}>
                {w.panel.cancel}
              </Button>
            )}
          </div>
        )}
      </div>
    </>
  );
}

/** What happened to the visit and who did it, the latest first. */
function History({
  changes,
  appointment,
  zone,
  office,
}: {
  changes: Change[] | undefined;
  appointment: Appointment;
  zone: string;
  office: Office;
}) {
  if (!changes?.length) return null;
  const when = (time: string | null | undefined) => {
    if (!time) return "";
    const at = wall(time, zone);
    return at.day === appointment.day ? clock(at.minute) : `${formatShortDay(at.day)}, ${clock(at.minute)}`;
  };
  return (
    <section aria-label={w.panel.history}>
      <ol className={css.history}>
        {changes.map((change) => (
          <li key={change.id} data-undone={change.taken_back || undefined}>
            <span>
              {change.kind === "moved"
                ? w.panel.movedFrom(when(change.from_start_time))
                : w.panel.changes[change.kind ?? ""]}
              <small>{change.staff_id ? office.staffName(change.staff_id) : w.panel.machine}</small>
            </span>
            <time dateTime={change.change_time ?? ""}>{when(change.change_time)}</time>
          </li>
        ))}
      </ol>
    </section>
  );
}
