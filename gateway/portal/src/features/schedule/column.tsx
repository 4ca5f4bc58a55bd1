import { memo, type PointerEvent, useMemo } from "react";
import type { Appointment } from "../../api/client";
import { type Day, demand, end, minutes, movable, type Span, UNIT, type Visit } from "../../domain/schedule";
import { clock, minutesSince } from "../../domain/time";
import css from "./grid.module.css";
import { gaps, px } from "./measure";
import { useIsMoving } from "./proposal";
import { useIsSelected } from "./selection";
import { w } from "./words";

/** One visit as the schedule shows it. */
export interface Card {
  visit: Visit;
  appointment: Appointment;
  name: string;
  type: string;
  age: string;
  dimmed: boolean;
  /** Minutes that the patient is late; undefined when not. */
  late: number | undefined;
  /** The doctor is needed elsewhere at some time of it. */
  clash: boolean;
}

/** The lanes of a column: visits side by side where one that is over shares its time with another. */
export function lanes(visits: readonly Visit[]): Map<string, { lane: number; of: number }> {
  const found = new Map<string, { lane: number; of: number }>();
  let group: Visit[] = [];
  let until = -1;
  const close = () => {
    const ends: number[] = [];
    for (const visit of group) {
      const free = ends.findIndex((at) => at <= visit.start);
      const lane = free < 0 ? ends.length : free;
      ends[lane] = end(visit);
      found.set(visit.id, { lane, of: 0 });
    }
    for (const visit of group) (found.get(visit.id) as { of: number }).of = ends.length;
  };
  for (const visit of [...visits].sort((a, b) => a.start - b.start || end(b) - end(a))) {
    if (visit.start >= until) {
      close();
      group = [];
    }
    group.push(visit);
    until = Math.max(until, end(visit));
  }
  close();
  return found;
}

interface ColumnProps {
  gridColumn: number;
  chairId: string;
  name: string;
  cards: Card[];
  day: Day;
  range: Span;
  unit: number;
  lines: number;
  entry: string | undefined;
  clockNow: number;
  select: (id: string | undefined) => void;
  grab: (event: PointerEvent, card: Card) => void;
}

const sameList = (a: Card[], b: Card[]) => a.length === b.length && a.every((card, i) => card === b[i]);
const inColumn = (props: ColumnProps, id: string | undefined) =>
  props.cards.some((card) => card.visit.id === id) ? id : undefined;

/** One chair, with a line every `lines` minutes. It draws itself again only when something in it has changed. */
export const Column = memo(
  function Column(props: ColumnProps) {
    const { cards, day, range, unit, name, chairId } = props;
    const places = useMemo(() => lanes(cards.map((card) => card.visit)), [cards]);
    const closed = gaps(day.hours, range);
    return (
      <section
        className={css.column}
        aria-label={name}
        data-chair={chairId}
        style={{
          gridColumn: props.gridColumn,
          backgroundSize: `100% ${(unit * props.lines) / UNIT}px, 100% ${unit * 12}px`,
        }}
      >
        {closed.map((span) => (
          <div
            key={span.from}
            className={css.closed}
            style={{ top: px(span.from, range, unit), height: px(span.to, range, unit) - px(span.from, range, unit) }}
          />
        ))}
        {cards.map((card) => {
          const { visit } = card;
          const place = places.get(visit.id) ?? { lane: 0, of: 1 };
          const height = visit.pattern.length * unit - 1.5;
          return (
            <VisitCard
              key={visit.id}
              card={card}
              day={day}
              chair={name}
              unit={unit}
              top={px(visit.start, range, unit) + 0.5}
              height={height}
              lane={place.lane}
              lanesOf={place.of}
              entry={props.entry === visit.id}
              clockNow={props.clockNow}
              select={props.select}
              grab={props.grab}
            />
          );
        })}
      </section>
    );
  },
  (a, b) =>
    sameList(a.cards, b.cards) &&
    a.range.from === b.range.from &&
    a.range.to === b.range.to &&
    a.unit === b.unit &&
    a.gridColumn === b.gridColumn &&
    a.name === b.name &&
    a.day.hours.length === b.day.hours.length &&
    a.day.doctors.length === b.day.doctors.length &&
    a.clockNow === b.clockNow &&
    a.lines === b.lines &&
    inColumn(a, a.entry) === inColumn(b, b.entry),
);

interface CardProps {
  card: Card;
  day: Day;
  chair: string;
  unit: number;
  top: number;
  height: number;
  lane: number;
  lanesOf: number;
  entry: boolean;
  clockNow: number;
  select: (id: string | undefined) => void;
  grab: (event: PointerEvent, card: Card) => void;
}

function VisitCard({ card, day, chair, unit, top, height, lane, lanesOf, entry, clockNow, select, grab }: CardProps) {
  const { visit, appointment, name, type, age } = card;
  const selected = useIsSelected(visit.id);
  const moving = useIsMoving(visit.id);
  const waits =
    visit.state === "arrived" && appointment.arrive_time ? minutesSince(appointment.arrive_time, clockNow) : undefined;
  const called =
    visit.state === "doctor_ready" && appointment.call_time ? minutesSince(appointment.call_time, clockNow) : undefined;
  const pill =
    card.late !== undefined
      ? w.schedule.late(card.late)
      : waits !== undefined
        ? w.schedule.minutes(waits)
        : called !== undefined
          ? `${w.schedule.short.doctor_ready} ${w.schedule.minutes(called)}`
          : w.schedule.short[visit.state];
  const state = [
    w.schedule.states[visit.state],
    ...(card.late === undefined ? [] : [w.schedule.late(card.late)]),
    ...(card.clash ? [w.schedule.doctorClashed] : []),
  ].join(", ");
  const time = `${clock(visit.start)} ${w.panel.minutes(minutes(visit))}`;
  const doctor = day.doctors.findIndex((one) => one.id === visit.providerId);
  const style = { top, height, left: `calc(${(lane / lanesOf) * 100}% + 2px)`, width: `calc(${100 / lanesOf}% - 5px)` };
  return (
    <button
      type="button"
      className={css.card}
      style={style}
      data-visit={visit.id}
      data-class={appointment.visit_class ?? "other"}
      data-state={visit.state}
      data-size={height < 24.5 ? "line" : height < 32 ? "small" : "full"}
      data-selected={selected || undefined}
      data-moving={moving || undefined}
      data-dimmed={card.dimmed || undefined}
      data-late={card.late !== undefined || undefined}
      data-clash={card.clash || undefined}
      data-movable={movable(visit) || undefined}
      data-long={waits !== undefined && waits >= 15 ? true : undefined}
      tabIndex={entry ? 0 : -1}
      aria-pressed={selected}
      onClick={() => select(selected ? undefined : visit.id)}
      onPointerDown={(event) => grab(event, card)}
    >
      <span className={css.name}>{name}</span>
      <span className={css.what}>
        {type}
        {age && ` · ${age}`}
      </span>
      {pill && <span className={css.pill}>{pill}</span>}
      <span className="hidden-text">{w.schedule.visit(time, chair, state)}</span>
      {[...visit.pattern].map((letter, index) => {
        const taken = demand(letter, 2);
        return taken && doctor >= 0 ? (
          <i
            key={index}
            className={css.tick}
            data-doctor={(doctor % 3) + 1}
            style={{ top: index * unit, height: unit - 1, width: taken > 1 ? 7 : 4 }}
          />
        ) : null;
      })}
    </button>
  );
}
