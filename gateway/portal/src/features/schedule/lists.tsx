import { Button } from "@mantine/core";
import type { KeyboardEvent, PointerEvent } from "react";
import type { Patient } from "../../api/client";
import { formatShortDay } from "../../domain/i18n";
import { clock } from "../../domain/time";
import { Clock } from "../../ui/icons";
import type { Card } from "./column";
import type { Office, ScheduleDay, TreatmentCase } from "./data";
import css from "./panel.module.css";
import type { Unbooked } from "./proposal";
import { w } from "./words";

/** What is next when no visit is chosen. */
export function NextUp({ cards, select }: { cards: Card[]; select: (id: string) => void }) {
  return (
    <section className={css.section}>
      <h2 className={css.heading}>{w.panel.nextUp}</h2>
      {cards.length === 0 && <p className={css.quiet}>{w.panel.nobodyNext}</p>}
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
                {w.schedule.short[card.visit.state] ?? w.schedule.states[card.visit.state]}
              </em>
            </button>
          </li>
        ))}
      </ul>
      <p className={css.quiet}>{w.panel.hint}</p>
      <p className={css.keys}>
        <kbd>← ↑ ↓ →</kbd> {w.panel.keys.browse} <kbd>M</kbd> {w.panel.keys.move} <kbd>Enter</kbd> {w.panel.keys.place}{" "}
        <kbd>Esc</kbd> {w.panel.keys.cancel} <kbd>Ctrl Z</kbd> {w.panel.keys.undo}
      </p>
    </section>
  );
}

interface Ways {
  canBook: boolean;
  grab: (event: PointerEvent, who: Unbooked) => void;
  carry: (who: Unbooked) => void;
  find: (who: Unbooked) => void;
}

/** Who needs a visit: in treatment without a next one, and who would come sooner. Both go into the day. */
export function NeedVisits({
  day,
  people,
  office,
  nameOf,
  ...ways
}: {
  day: ScheduleDay;
  people: Map<string, Patient>;
  office: Office;
  nameOf: (id: string) => string;
} & Ways) {
  const cases = day.to_book?.cases ?? [];
  const entries = day.waitlist?.waitlist_entries ?? [];
  const shared = { office, ways };
  return (
    <>
      {day.to_book && (
        <section className={css.section} aria-label={w.lists.toBook}>
          <h2 className={css.heading}>
            {w.lists.toBook} <span>{day.to_book.next_page_token ? `${cases.length}+` : cases.length}</span>
          </h2>
          {cases.length === 0 && <p className={css.quiet}>{w.lists.toBookEmpty}</p>}
          <ul className={css.list}>
            {cases.map((one) => (
              <Need
                key={one.id}
                who={{ key: one.id, patientId: one.patient_id, typeId: office.usual?.id ?? "", caseId: one.id }}
                name={nameOf(one.patient_id)}
                why={why(one)}
                {...shared}
              />
            ))}
          </ul>
        </section>
      )}
      {day.waitlist && (
        <section className={css.section} aria-label={w.lists.sooner}>
          <h2 className={css.heading}>
            {w.lists.sooner} <span>{day.waitlist.next_page_token ? `${entries.length}+` : entries.length}</span>
          </h2>
          {entries.length === 0 && <p className={css.quiet}>{w.lists.soonerEmpty}</p>}
          <ul className={css.list}>
            {entries.map((entry) => (
              <Need
                key={entry.id}
                who={{
                  key: entry.id,
                  patientId: entry.patient_id,
                  typeId: entry.appointment_type_id,
                  caseId: entry.case_id,
                  entry,
                }}
                name={nameOf(entry.patient_id)}
                why={entry.note || (entry.due_day ? w.lists.due(formatShortDay(entry.due_day)) : "")}
                {...shared}
              />
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function why(one: TreatmentCase): string {
  const seen = one.last_seen_at ? w.lists.seen(formatShortDay(one.last_seen_at.slice(0, 10))) : w.lists.neverSeen;
  return one.misses_in_row > 0 ? `${seen} · ${w.lists.missed(one.misses_in_row)}` : seen;
}

/** One card: dragged into the day, placed by keys or clicks, or a time is found for it. */
function Need({
  who,
  name,
  why,
  office,
  ways,
}: {
  who: Unbooked;
  name: string;
  why: string;
  office: Office;
  ways: Ways;
}) {
  const type = office.types.get(who.typeId);
  const onKey = (event: KeyboardEvent) => {
    if (event.key.toLowerCase() !== "m" || event.ctrlKey || event.metaKey || event.altKey || !ways.canBook) return;
    event.preventDefault();
    ways.carry(who);
  };
  return (
    <li
      className={css.waiting}
      data-need={who.key}
      data-class={type?.visit_class ?? "other"}
      data-drag={ways.canBook || undefined}
      onPointerDown={(event) => ways.canBook && ways.grab(event, who)}
      onKeyDown={onKey}
    >
      <div>
        <strong>{name}</strong>
        <small>
          {type?.name} · {w.panel.minutes(type?.duration_minutes ?? 0)}
        </small>
        {why && (
          <span className={css.due}>
            <Clock size={12} />
            {why}
          </span>
        )}
      </div>
      {ways.canBook && (
        <div className={css.ways}>
          <Button
            size="compact-xs"
            variant="default"
            aria-label={w.lists.placeFor(name)}
            onClick={() => ways.carry(who)}
          >
            {w.lists.place}
          </Button>
          <Button size="compact-xs" variant="default" aria-label={w.lists.findFor(name)} onClick={() => ways.find(who)}>
            {w.lists.findTime}
          </Button>
        </div>
      )}
    </li>
  );
}
