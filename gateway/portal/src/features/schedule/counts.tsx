import type { Day } from "../../domain/schedule";
import { clashMinutes } from "../../domain/scheduleUse";
import { minutesSince } from "../../domain/time";
import { FILTERS, type Filter, fits } from "./cards";
import type { Card } from "./column";
import css from "./page.module.css";
import { w } from "./words";

/** How the day goes, in numbers. Each one shows its visits. */
export function Counts({
  cards,
  day,
  now,
  filter,
  setFilter,
}: {
  cards: Card[];
  day: Day;
  now: number;
  filter: Filter | undefined;
  setFilter: (filter: Filter | undefined) => void;
}) {
  const waits = cards
    .filter((card) => card.visit.state === "arrived")
    .map((card) => minutesSince(card.appointment.arrive_time ?? new Date(now).toISOString(), now));
  const clash = clashMinutes(day);
  return (
    <div className={css.counts}>
      {FILTERS.map((key) => {
        const count = cards.filter((card) => fits(card, key)).length;
        if (key === "late" && count === 0 && filter !== "late") return null;
        const label = w.schedule.counts[key];
        return (
          <button
            key={key}
            type="button"
            className={css.count}
            data-kind={count ? key : undefined}
            aria-pressed={filter === key}
            title={w.schedule.filter(label)}
            onClick={() => setFilter(filter === key ? undefined : key)}
          >
            {label} <strong>{count}</strong>
            {key === "waiting" && count > 0 && <em>{w.schedule.counts.longest(Math.max(...waits))}</em>}
          </button>
        );
      })}
      {clash > 0 && (
        <span className={css.count} data-kind="clash">
          {w.schedule.counts.clash} <strong>{w.schedule.counts.minutes(clash)}</strong>
        </span>
      )}
    </div>
  );
}
