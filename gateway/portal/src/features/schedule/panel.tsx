import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { PointerEvent } from "react";
import type { Appointment, Patient, WaitlistEntry } from "../../api/client";
import { formatShortDay, t } from "../../domain/i18n";
import { demand, minutes, movable, nextSteps, type Step, UNIT } from "../../domain/schedule";
import { clock, minutesSince, wall } from "../../domain/time";
import { Check, Clock, Move, Wand } from "../../ui/icons";
import type { Office } from "./data";
import { timeRange } from "./data";
import type { Card } from "./grid";
import css from "./panel.module.css";

interface Props {
  card: Card;
  patient: Patient | undefined;
  office: Office;
  chairName: string;
  zone: string;
  clockNow: number;
  future: boolean;
  may: { book: boolean; cancel: boolean; run: boolean };
  busy: boolean;
  step: (step: Step | "confirm") => void;
  move: () => void;
  nextFree: () => void;
  ask: (what: "cancel" | "no-show") => void;
}

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
          {patient && <p>{t.panel.profile(patient.age_years, patient.chart_number)}</p>}
        </div>
        <span className={css.state} data-state={visit.state}>
          {t.schedule.states[visit.state]}
        </span>
      </header>
      <dl className={css.facts}>
        <dt>{t.panel.type}</dt>
        <dd>{type}</dd>
        <dt>{t.panel.time}</dt>
        <dd>
          {timeRange(visit.start, minutes(visit))} ({t.panel.minutes(minutes(visit))})
        </dd>
        <dt>{t.panel.chair}</dt>
        <dd>{chairName}</dd>
        <dt>{t.panel.doctor}</dt>
        <dd>
          {visit.providerId ? t.panel.doctorTime(office.doctorName(visit.providerId), doctorMinutes) : t.panel.noDoctor}
        </dd>
        {waiting && (
          <>
            <dt>{t.panel.waiting}</dt>
            <dd>
              <strong>{t.panel.minutes(minutesSince(waiting, clockNow))}</strong>
            </dd>
          </>
        )}
        {appointment.note && (
          <>
            <dt>{t.panel.note}</dt>
            <dd>{appointment.note}</dd>
          </>
        )}
      </dl>
      <div className={css.pattern} aria-hidden="true">
        {[...visit.pattern].map((letter, index) => (
          <i key={index} data-letter={letter} />
        ))}
      </div>
      <Progress appointment={appointment} zone={zone} />
      <div className={css.actions}>
        {!any && <p className={css.quiet}>{nextSteps(visit).length ? t.panel.readOnly : t.panel.finished}</p>}
        {steps.map((step, index) =>
          step === "check-in" && props.future ? (
            <p key={step} className={css.quiet}>
              {t.panel.notToday}
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
              {t.panel.steps[step]}
            </Button>
          ),
        )}
        {open && (
          <div className={css.pair}>
            {may.book && visit.state === "booked" && (
              <Button variant="default" onClick={() => props.step("confirm")}>
                {t.panel.confirm}
              </Button>
            )}
            {may.book && movable(visit) && (
              <Button variant="default" leftSection={<Move />} onClick={props.move}>
                {t.panel.move}
              </Button>
            )}
            {may.book && (
              <Button variant="default" leftSection={<Wand />} onClick={props.nextFree}>
                {t.panel.nextFree}
              </Button>
            )}
            {may.cancel && !props.future && (
              <Button variant="default" onClick={() => props.ask("no-show")}>
                {t.panel.noShow}
              </Button>
            )}
            {may.cancel && (
              <Button variant="default" className={css.danger} onClick={() => props.ask("cancel")}>
                {t.panel.cancel}
              </Button>
            )}
          </div>
        )}
      </div>
    </>
  );
}

function Progress({ appointment: visit, zone }: { appointment: Appointment; zone: string }) {
  const h = t.panel.history;
  const all: [string, string | null | undefined][] = [
    [h.confirmed, visit.confirm_time],
    [h.arrived, visit.arrive_time],
    [h.seated, visit.seat_time],
    [h.called, visit.call_time],
    [h.doctor, visit.doctor_in_time],
    [h.done, visit.dismiss_time],
    [h.out, visit.check_out_time],
  ];
  const passed = all.filter(([, at]) => at);
  if (!passed.length) return null;
  return (
    <ol className={css.history}>
      {passed.map(([label, at]) => {
        const when = wall(at as string, zone);
        return (
          <li key={label}>
            <span>{label}</span>
            <time dateTime={at as string}>
              {when.day === visit.day ? clock(when.minute) : formatShortDay(when.day)}
            </time>
          </li>
        );
      })}
    </ol>
  );
}

/** What is next when no visit is chosen. */
export function NextUp({ cards, select }: { cards: Card[]; select: (id: string) => void }) {
  return (
    <section className={css.section}>
      <h2 className={css.heading}>{t.panel.nextUp}</h2>
      {cards.length === 0 && <p className={css.quiet}>{t.panel.nobodyNext}</p>}
      <ul className={css.list}>
        {cards.map((card) => (
          <li key={card.visit.id}>
            <button type="button" className={css.next} onClick={() => select(card.visit.id)}>
              <time>{clock(card.visit.start)}</time>
              <span>
                <strong>{card.name}</strong>
                <small>{card.type}</small>
              </span>
              <em data-state={card.visit.state}>
                {t.schedule.short[card.visit.state] ?? t.schedule.states[card.visit.state]}
              </em>
            </button>
          </li>
        ))}
      </ul>
      <p className={css.quiet}>{t.panel.hint}</p>
      <p className={css.keys}>
        <kbd>← ↑ ↓ →</kbd> {t.panel.keys.browse} <kbd>M</kbd> {t.panel.keys.move} <kbd>Enter</kbd> {t.panel.keys.place}{" "}
        <kbd>Esc</kbd> {t.panel.keys.cancel} <kbd>Ctrl Z</kbd> {t.panel.keys.undo}
      </p>
    </section>
  );
}

/** Who would come sooner; a card is dragged into the day, or its button finds a time. */
export function Waiting(props: {
  entries: WaitlistEntry[];
  people: Map<string, Patient>;
  office: Office;
  nameOf: (id: string) => string;
  grab: (event: PointerEvent, entry: WaitlistEntry) => void;
  find: (entry: WaitlistEntry) => void;
  canBook: boolean;
}) {
  return (
    <section className={css.section}>
      <h2 className={css.heading}>
        {t.panel.needsVisit} <span>{props.entries.length}</span>
      </h2>
      {props.entries.length === 0 && <p className={css.quiet}>{t.panel.needsVisitEmpty}</p>}
      <ul className={css.list}>
        {props.entries.map((entry) => {
          const type = props.office.types.get(entry.appointment_type_id);
          return (
            <li
              key={entry.id}
              className={css.waiting}
              data-class={type?.visit_class ?? "other"}
              data-drag={props.canBook || undefined}
              onPointerDown={(event) => props.grab(event, entry)}
            >
              <div>
                <strong>{props.nameOf(entry.patient_id)}</strong>
                <small>
                  {type?.name} · {t.panel.minutes(type?.duration_minutes ?? 0)}
                </small>
                {(entry.note || entry.due_day) && (
                  <span className={css.due}>
                    <Clock size={12} />
                    {entry.note || t.panel.due(formatShortDay(entry.due_day))}
                  </span>
                )}
              </div>
              {props.canBook && (
                <Button size="compact-xs" variant="default" onClick={() => props.find(entry)}>
                  {t.panel.findTime}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
