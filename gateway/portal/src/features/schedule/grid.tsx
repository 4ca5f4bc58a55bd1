import { type KeyboardEvent, type PointerEvent, type RefObject, useMemo, useRef } from "react";
import { chairUse, type Day, movable, type Span } from "../../domain/schedule";
import { clock } from "../../domain/time";
import { type Card, Column } from "./column";
import { Ghost } from "./ghost";
import css from "./grid.module.css";
import { px } from "./measure";
import type { Proposal } from "./proposal";
import { Rail } from "./rail";
import { selection } from "./selection";
import { w } from "./words";

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
  /** Minutes between two lines. */
  lines: number;
  body: RefObject<HTMLDivElement | null>;
  select: (id: string | undefined) => void;
  grab: (event: PointerEvent, card: Card) => void;
  move: (card: Card) => void;
  say: (proposed: Proposal) => string;
  mayOverlap: boolean;
}

export function Grid(props: Props) {
  const { day, cards, range, unit, chairNames, body } = props;
  const columns = useMemo(() => {
    const byChair = new Map<string, Card[]>(day.chairs.map((chair) => [chair.id, []]));
    for (const card of cards) byChair.get(card.visit.chairId)?.push(card);
    for (const list of byChair.values()) list.sort((a, b) => a.visit.start - b.visit.start);
    return byChair;
  }, [cards, day.chairs]);
  const first = useRef(selection()).current; // where Tab enters the grid
  const entry = cards.some((card) => card.visit.id === first) ? first : cards[0]?.visit.id;
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
              <small>{w.schedule.use(Math.round(use * 100))}</small>
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
            lines={props.lines}
            entry={entry}
            clockNow={props.clockNow}
            select={props.select}
            grab={props.grab}
          />
        ))}
        {props.now !== undefined && props.now >= range.from && props.now <= range.to && (
          <div className={css.now} style={{ top: px(props.now, range, unit) }} aria-hidden="true" />
        )}
        <Ghost day={day} range={range} unit={unit} say={props.say} mayOverlap={props.mayOverlap} />
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
