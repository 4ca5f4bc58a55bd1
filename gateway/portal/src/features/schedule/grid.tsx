import { type KeyboardEvent, memo, type PointerEvent, type RefObject, useMemo } from "react";
import type { Appointment } from "../../api/client";
import { t } from "../../domain/i18n";
import {
  chairUse,
  type Day,
  type Doctor,
  demand,
  doctorLoad,
  end,
  minutes,
  movable,
  type Span,
  UNIT,
  type Visit,
} from "../../domain/schedule";
import { clock, minutesSince } from "../../domain/time";
import css from "./grid.module.css";
import { useMovingId, useProposal } from "./proposal";

export interface Card {
  visit: Visit;
  appointment: Appointment;
  name: string;
  type: string;
  age: string;
  dimmed: boolean;
}

interface Props {
  day: Day;
  cards: Card[];
  chairNames: Map<string, string>;
  doctorName: (id: string) => string;
  shortName: (id: string) => string;
  range: Span;
  unit: number;
  now: number | undefined;
  clockNow: number;
  selected: string | undefined;
  label: string;
  body: RefObject<HTMLDivElement | null>;
  select: (id: string | undefined) => void;
  grab: (event: PointerEvent, card: Card) => void;
  move: (card: Card) => void;
  say: (proposalVerdict: NonNullable<ReturnType<typeof useProposal>>) => string;
}

const px = (minute: number, range: Span, unit: number) => ((minute - range.from) / UNIT) * unit;

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

export function Grid(props: Props) {
  const { day, cards, range, unit, chairNames, selected, body } = props;
  const columns = useMemo(() => {
    const byChair = new Map<string, Card[]>(day.chairs.map((chair) => [chair.id, []]));
    for (const card of cards) byChair.get(card.visit.chairId)?.push(card);
    for (const list of byChair.values()) list.sort((a, b) => a.visit.start - b.visit.start);
    return byChair;
  }, [cards, day.chairs]);
  const entry = cards.some((card) => card.visit.id === selected) ? selected : cards[0]?.visit.id;
  const hours: number[] = [];
  for (let minute = range.from; minute < range.to; minute += 30) hours.push(minute);

  const onKey = (event: KeyboardEvent) => {
    const id = (event.target as HTMLElement).closest<HTMLElement>("[data-visit]")?.dataset.visit;
    const card = cards.find((one) => one.visit.id === id);
    if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.toLowerCase() === "m" && movable(card.visit)) {
      event.preventDefault();
      props.move(card);
      return;
    }
    const next = neighbour(event.key, card, day, columns);
    if (next) {
      event.preventDefault();
      body.current?.querySelector<HTMLElement>(`[data-visit="${next.visit.id}"]`)?.focus();
    }
  };

  const height = px(range.to, range, unit);
  const template = ["46px", ...day.doctors.map(() => "30px"), ...day.chairs.map(() => "minmax(112px, 1fr)")].join(" ");
  return (
    <>
      <div className={css.heads} style={{ gridTemplateColumns: template }}>
        <span />
        {day.doctors.map((doctor, index) => (
          <span
            key={doctor.id}
            className={css.railHead}
            data-doctor={(index % 3) + 1}
            title={props.doctorName(doctor.id)}
          >
            {props.shortName(doctor.id)}
          </span>
        ))}
        {day.chairs.map((chair) => {
          const use = chairUse(day, chair.id);
          return (
            <span key={chair.id} className={css.head}>
              <strong>{chairNames.get(chair.id)}</strong>
              <small>{t.schedule.use(Math.round(use * 100))}</small>
              <i className={css.use} style={{ width: `${use * 100}%` }} />
            </span>
          );
        })}
      </div>
      <div ref={body} className={css.body} style={{ gridTemplateColumns: template, height }} onKeyDown={onKey}>
        <div className={css.times} style={{ gridColumn: 1 }} aria-hidden="true">
          {hours.map((minute) => (
            <span key={minute} style={{ top: px(minute, range, unit) }} data-half={minute % 60 !== 0 || undefined}>
              {minute % 60 ? ":30" : clock(minute).replace(":00", "")}
            </span>
          ))}
        </div>
        {day.doctors.map((doctor, index) => (
          <Rail
            key={doctor.id}
            doctor={doctor}
            day={day}
            index={index}
            range={range}
            unit={unit}
            name={props.doctorName(doctor.id)}
          />
        ))}
        {day.chairs.map((chair, index) => (
          <Column
            key={chair.id}
            gridColumn={2 + day.doctors.length + index}
            chairId={chair.id}
            name={chairNames.get(chair.id) ?? ""}
            cards={columns.get(chair.id) ?? []}
            day={day}
            range={range}
            unit={unit}
            selected={selected}
            entry={entry}
            clockNow={props.clockNow}
            select={props.select}
            grab={props.grab}
          />
        ))}
        {props.now !== undefined && props.now >= range.from && props.now <= range.to && (
          <div className={css.now} style={{ top: px(props.now, range, unit) }} aria-hidden="true" />
        )}
        <Ghost day={day} range={range} unit={unit} say={props.say} doctorName={props.doctorName} />
      </div>
    </>
  );
}

function neighbour(key: string, card: Card, day: Day, columns: ReadonlyMap<string, Card[]>): Card | undefined {
  const column = columns.get(card.visit.chairId) ?? [];
  const at = column.indexOf(card);
  if (key === "ArrowDown") return column[at + 1];
  if (key === "ArrowUp") return column[at - 1];
  const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  if (!step) return undefined;
  let chair = day.chairs.findIndex((one) => one.id === card.visit.chairId) + step;
  for (; day.chairs[chair]; chair += step) {
    const others = columns.get(day.chairs[chair]?.id ?? "") ?? [];
    const away = (other: Card) => Math.abs(other.visit.start - card.visit.start);
    if (others.length) return others.reduce((best, other) => (away(other) < away(best) ? other : best));
  }
  return undefined;
}

interface ColumnProps {
  gridColumn: number;
  chairId: string;
  name: string;
  cards: Card[];
  day: Day;
  range: Span;
  unit: number;
  selected: string | undefined;
  entry: string | undefined;
  clockNow: number;
  select: (id: string | undefined) => void;
  grab: (event: PointerEvent, card: Card) => void;
}

const sameList = (a: Card[], b: Card[]) => a.length === b.length && a.every((card, i) => card === b[i]);
const inColumn = (props: ColumnProps, id: string | undefined) =>
  props.cards.some((card) => card.visit.id === id) ? id : undefined;

/** One chair. It draws itself again only when something in it has changed. */
const Column = memo(
  function Column(props: ColumnProps) {
    const { cards, day, range, unit, name, chairId } = props;
    const moving = useMovingId();
    const places = useMemo(() => lanes(cards.map((card) => card.visit)), [cards]);
    const closed = gaps(day.hours, range);
    return (
      <section
        className={css.column}
        aria-label={name}
        data-chair={chairId}
        style={{ gridColumn: props.gridColumn, backgroundSize: `100% ${unit * 2}px, 100% ${unit * 12}px` }}
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
              selected={props.selected === visit.id}
              entry={props.entry === visit.id}
              moving={moving === visit.id}
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
    inColumn(a, a.selected) === inColumn(b, b.selected) &&
    inColumn(a, a.entry) === inColumn(b, b.entry),
);

function gaps(hours: readonly Span[], range: Span): Span[] {
  const found: Span[] = [];
  let at = range.from;
  for (const span of [...hours].sort((a, b) => a.from - b.from)) {
    if (span.from > at) found.push({ from: at, to: span.from });
    at = Math.max(at, span.to);
  }
  if (at < range.to) found.push({ from: at, to: range.to });
  return found;
}

interface CardProps {
  card: Card;
  day: Day;
  chair: string;
  unit: number;
  top: number;
  height: number;
  lane: number;
  lanesOf: number;
  selected: boolean;
  entry: boolean;
  moving: boolean;
  clockNow: number;
  select: (id: string | undefined) => void;
  grab: (event: PointerEvent, card: Card) => void;
}

function VisitCard({
  card,
  day,
  chair,
  unit,
  top,
  height,
  lane,
  lanesOf,
  selected,
  entry,
  moving,
  clockNow,
  select,
  grab,
}: CardProps) {
  const { visit, appointment, name, type, age } = card;
  const waits =
    visit.state === "arrived" && appointment.arrive_time ? minutesSince(appointment.arrive_time, clockNow) : undefined;
  const called =
    visit.state === "doctor_ready" && appointment.call_time ? minutesSince(appointment.call_time, clockNow) : undefined;
  const pill =
    waits !== undefined
      ? t.schedule.minutes(waits)
      : called !== undefined
        ? `${t.schedule.short.doctor_ready} ${called}m`
        : t.schedule.short[visit.state];
  const state = t.schedule.states[visit.state];
  const time = `${clock(visit.start)} ${t.panel.minutes(minutes(visit))}`;
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
      <span className="hidden-text">{t.schedule.visit(time, chair, state)}</span>
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

/** How busy a doctor is, always in sight, and how busy the move on its way would make the doctor. */
function Rail({
  doctor,
  day,
  index,
  range,
  unit,
  name,
}: {
  doctor: Doctor;
  day: Day;
  index: number;
  range: Span;
  unit: number;
  name: string;
}) {
  const proposed = useProposal();
  const load = useMemo(() => {
    if (!proposed?.to) return doctorLoad(doctor, day.visits);
    const providerId = proposed.verdict?.doctorId ?? proposed.visit.providerId;
    const moved = { ...proposed.visit, ...proposed.to, providerId };
    return doctorLoad(doctor, [...day.visits.filter((visit) => visit.id !== moved.id), moved]);
  }, [doctor, day.visits, proposed]);
  const clashes = [...load.values()].filter((taken) => taken > doctor.capacity).length;
  const told = t.schedule.doctorTaken(load.size) + (clashes ? `, ${t.schedule.doctorClash(clashes)}` : "");
  return (
    <div
      className={css.rail}
      role="img"
      aria-label={t.schedule.doctorRail(name, told)}
      data-doctor={(index % 3) + 1}
      style={{ gridColumn: 2 + index }}
    >
      {gaps(doctor.present, range).map((span) => (
        <b
          key={span.from}
          className={css.away}
          style={{ top: px(span.from, range, unit), height: px(span.to, range, unit) - px(span.from, range, unit) }}
        />
      ))}
      {[...load].map(([minute, taken]) => (
        <i
          key={minute}
          data-clash={taken > doctor.capacity || undefined}
          style={{
            top: px(minute, range, unit) + 0.5,
            height: unit - 1,
            width: `${Math.min(1, taken / doctor.capacity) * 100}%`,
          }}
        />
      ))}
    </div>
  );
}

/** The visit on its way, and what that would mean. */
function Ghost({ day, range, unit, say }: Pick<Props, "day" | "range" | "unit" | "say" | "doctorName">) {
  const proposed = useProposal();
  if (!proposed?.to) return null;
  const { to, verdict, visit, name, visitClass } = proposed;
  const column = day.chairs.findIndex((chair) => chair.id === to.chairId);
  const tone = !verdict ? "same" : !verdict.fits ? "refused" : verdict.doctorChanges ? "warned" : "free";
  return (
    <div
      className={css.ghostColumn}
      style={{ gridColumn: 2 + day.doctors.length + column }}
      data-side={column >= Math.max(1, day.chairs.length - 2) ? "left" : "right"}
    >
      <div
        className={css.ghost}
        data-class={visitClass}
        data-tone={tone}
        style={{ transform: `translateY(${px(to.start, range, unit)}px)`, height: visit.pattern.length * unit - 1 }}
      >
        <span className={css.name}>{name}</span>
        <span className={css.tip} data-tone={tone} role="status" aria-live="polite">
          {say(proposed)}
        </span>
      </div>
    </div>
  );
}
