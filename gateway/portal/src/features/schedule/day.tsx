import { Button } from "@mantine/core";
import { lazy, Suspense, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Location } from "../../api/client";
import { formatDay } from "../../domain/i18n";
import { shown, UNIT } from "../../domain/schedule";
import { wall } from "../../domain/time";
import { Calendar } from "../../ui/icons";
import { Empty } from "../../ui/states";
import type { Wanted } from "./booking";
import { type Filter, fits, type Names, useCards } from "./cards";
import type { Changes } from "./changes";
import type { Card } from "./column";
import { Counts } from "./counts";
import { capacities, type Office, type ScheduleDay, toDay, useNextOpen } from "./data";
import { Grid } from "./grid";
import { NeedVisits, NextUp } from "./lists";
import type { Look } from "./look";
import { useMoves } from "./moves";
import css from "./page.module.css";
import { VisitPanel } from "./panel";
import { DaySheet } from "./print";
import { useProposal } from "./proposal";
import type { Rights } from "./rights";
import { choose, selection, useSelection } from "./selection";
import { w } from "./words";

const AcceptOverlap = lazy(() => import("./ending").then((found) => ({ default: found.AcceptOverlap })));
const Canceling = lazy(() => import("./ending").then((found) => ({ default: found.Canceling })));

const HEADS_PX = 46;
const SMALLEST_ROW_PX = 5;
const ROOMY_ROW_PX = 13;

export interface DayProps {
  here: Location;
  date: string;
  today: string;
  now: number;
  data: ScheduleDay;
  office: Office;
  names: Names;
  rights: Rights;
  look: Look;
  changes: Changes;
  select: (id: string | undefined) => void;
  setDate: (day: string) => void;
  setWanted: (wanted: Wanted) => void;
}

/** A day: chairs as columns, doctors as rails, and beside them the chosen visit and who needs one. */
export function DayView(props: DayProps) {
  const { here, date, today, now, data, office, names, rights, look, changes, select } = props;
  const sheet = data.day_sheet;
  const [filter, setFilter] = useState<Filter>();
  const frame = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const height = useHeight(frame);

  const day = useMemo(() => toDay(sheet, capacities(data)), [sheet, data]);
  const chairNames = useMemo(() => new Map(sheet.chairs.map((chair) => [chair.id, chair.name])), [sheet.chairs]);
  const range = useMemo(() => shown(day), [day]);
  const unit = look.roomy
    ? ROOMY_ROW_PX
    : Math.max(SMALLEST_ROW_PX, (height - HEADS_PX) / ((range.to - range.from) / UNIT));
  const minuteNow = date === today ? wall(new Date(now), here.time_zone).minute : undefined;
  const cards = useCards(sheet.appointments, day, office, names, minuteNow, filter);
  const moves = useMoves({
    day,
    range,
    unit,
    lines: look.lines,
    minuteNow,
    body,
    chairNames,
    office,
    nameOf: names.nameOf,
    changes,
    rights,
  });

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (
        event.key === "Escape" &&
        selection() &&
        !event.defaultPrevented &&
        !document.querySelector('[role="dialog"]')
      )
        select(undefined);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [select]);

  if (day.hours.length === 0 && cards.length === 0)
    return <ClosedDay here={here} date={date} reason={sheet.closed_reason} setDate={props.setDate} />;
  return (
    <>
      <Counts cards={cards} day={day} now={now} filter={filter} setFilter={setFilter} />
      <MovingBar />
      <div className={css.work}>
        <div
          ref={frame}
          className={css.frame}
          role="region"
          aria-label={w.schedule.grid(formatDay(date))}
          tabIndex={-1}
        >
          <Grid
            day={day}
            cards={cards}
            chairNames={chairNames}
            doctorName={office.doctorName}
            shortName={office.shortName}
            range={range}
            unit={unit}
            now={minuteNow}
            clockNow={now}
            lines={look.lines}
            body={body}
            select={select}
            grab={moves.grab}
            move={moves.carry}
            say={moves.say}
            mayOverlap={rights.overlap}
          />
        </div>
        <aside className={css.panel} aria-label={w.panel.label}>
          <Chosen {...props} cards={cards} chairNames={chairNames} moves={moves} minuteNow={minuteNow} />
          <NeedVisits
            day={data}
            people={names.people}
            office={office}
            nameOf={names.nameOf}
            canBook={rights.book && date >= today}
            grab={moves.grabUnbooked}
            carry={moves.carryUnbooked}
            find={(who) =>
              props.setWanted({ patient: names.people.get(who.patientId), typeId: who.typeId, caseId: who.caseId })
            }
          />
        </aside>
      </div>
      {moves.overlap && (
        <Suspense>
          <AcceptOverlap overlap={moves.overlap} close={moves.noOverlap} />
        </Suspense>
      )}
      <DaySheet
        cards={cards}
        people={names.people}
        chairNames={chairNames}
        office={office}
        title={`${here.name}, ${formatDay(date)}`}
        zone={here.time_zone}
        now={now}
      />
    </>
  );
}

/** The panel's upper part. It alone listens to what is chosen. */
function Chosen({
  cards,
  chairNames,
  moves,
  minuteNow,
  ...props
}: DayProps & {
  cards: Card[];
  chairNames: Map<string, string>;
  moves: ReturnType<typeof useMoves>;
  minuteNow: number | undefined;
}) {
  const { here, now, office, names, rights, select } = props;
  const id = useSelection();
  const chosen = cards.find((card) => card.visit.id === id);
  const [canceling, setCanceling] = useState(false);
  if (!chosen) {
    const ahead = cards.filter(
      (card) =>
        fits(card, "waiting") ||
        fits(card, "ready") ||
        (fits(card, "toCome") && (minuteNow === undefined || card.visit.start >= minuteNow - 20)),
    );
    return <NextUp cards={ahead.slice(0, 5)} select={select} />;
  }
  const patient = names.people.get(chosen.visit.patientId);
  return (
    <>
      <VisitPanel
        card={chosen}
        patient={patient}
        office={office}
        chairName={chairNames.get(chosen.visit.chairId) ?? ""}
        zone={here.time_zone}
        clockNow={now}
        future={props.date > props.today}
        may={rights}
        busy={moves.busy}
        step={(which) => void moves.step(chosen, which)}
        takeBack={() => void moves.takeBack(chosen)}
        move={() => moves.carry(chosen)}
        nextFree={() =>
          props.setWanted({ patient, typeId: chosen.appointment.appointment_type_id, moving: chosen.appointment })
        }
        askCancel={() => setCanceling(true)}
      />
      {canceling && (
        <Suspense>
          <Canceling
            opened
            name={chosen.name}
            close={() => setCanceling(false)}
            cancel={(reason) => {
              setCanceling(false);
              choose(undefined);
              void moves.cancel(chosen, reason);
            }}
          />
        </Suspense>
      )}
    </>
  );
}

function useHeight(frame: React.RefObject<HTMLDivElement | null>): number {
  const [height, setHeight] = useState(700);
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    setHeight(element.clientHeight);
    return () => observer.disconnect();
  }, [frame]);
  return height;
}

function MovingBar() {
  const proposed = useProposal();
  if (proposed?.by !== "keys") return null;
  return (
    <p className={css.moving} role="status">
      {w.move.bar(proposed.name)}
    </p>
  );
}

function ClosedDay(props: { here: Location; date: string; reason: string; setDate: (day: string) => void }) {
  const { here, date, reason, setDate } = props;
  const next = useNextOpen(here.id, date);
  return (
    <Empty
      icon={<Calendar size={22} />}
      title={reason ? w.schedule.closedFor(reason) : w.schedule.closed(formatDay(date))}
      lead={w.schedule.closedLead}
    >
      {next && <Button onClick={() => setDate(next)}>{w.schedule.nextOpen(formatDay(next))}</Button>}
    </Empty>
  );
}
