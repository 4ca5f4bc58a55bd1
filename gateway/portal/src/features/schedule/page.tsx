import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type PointerEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import {
  type Appointment,
  api,
  data,
  ifMatch,
  type Location,
  type Patient,
  type Slot,
  type WaitlistEntry,
} from "../../api/client";
import { usePatientName, usePeople } from "../../api/people";
import { NEW_VISIT } from "../../app/patients";
import { useGoToPlace, usePlaces } from "../../app/places";
import { useSession } from "../../app/session";
import { typing } from "../../app/shell";
import { formatDay, formatShortDay, t } from "../../domain/i18n";
import { type Day, doctorLoad, movable, type Step, shown, UNIT, type Verdict } from "../../domain/schedule";
import { addDays, clock, minutesSince, moment, wall } from "../../domain/time";
import { Calendar, Left, Plus, Printer, Right } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { tell } from "../../ui/undo";
import { Booking, type Wanted } from "./booking";
import {
  book,
  type Changes,
  refusal,
  reschedule,
  toDay,
  toVisit,
  typeName,
  useChanges,
  useDaySheet,
  useLiveDay,
  useNextOpen,
  useOffice,
  useWaitlist,
} from "./data";
import { useMoving } from "./drag";
import { Ending } from "./ending";
import { type Card, Grid } from "./grid";
import css from "./page.module.css";
import { NextUp, VisitPanel, Waiting } from "./panel";
import { type Proposal, useProposal } from "./proposal";

/** The time, every half minute: waits grow and the line of the day moves. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

export function SchedulePage() {
  const { here } = usePlaces();
  return here ? (
    <DayPage key={here.id} here={here} />
  ) : (
    <div className={css.skeleton} aria-busy="true" aria-label={t.schedule.loading} />
  );
}

const FILTERS = ["toCome", "unconfirmed", "waiting", "inChair", "ready", "done", "noShow"] as const;
type Filter = (typeof FILTERS)[number];
const IN: Record<Filter, readonly string[]> = {
  toCome: ["booked", "confirmed", "held"],
  unconfirmed: ["booked"],
  waiting: ["arrived"],
  inChair: ["seated", "doctor_ready", "doctor_in"],
  ready: ["doctor_ready"],
  done: ["done", "checked_out"],
  noShow: ["no_show"],
};

function DayPage({ here }: { here: Location }) {
  const search = useSearch({ from: "/schedule" });
  const navigate = useNavigate({ from: "/schedule" });
  const { may } = useSession();
  const { places } = usePlaces();
  const goToPlace = useGoToPlace();
  const now = useNow();
  const today = wall(new Date(now), here.time_zone).day;
  const date = search.date ?? today;
  const sheet = useDaySheet(here.id, date);
  const office = useOffice(here.id);
  const rights = useMemo(
    () => ({
      book: may("appointments.book", here.id),
      cancel: may("appointments.cancel", here.id),
      run: may("appointments.run", here.id),
    }),
    [may, here.id],
  );
  const waitlist = useWaitlist(here.id, may("waitlist_entries.read", here.id));
  const changes = useChanges(here.id, date, here.time_zone);
  useLiveDay(may("events.stream") ? here.id : undefined);
  const [wanted, setWanted] = useState<Wanted>();

  const setDate = useCallback(
    (day: string) => void navigate({ search: (was) => ({ ...was, date: day, visit: undefined }), replace: true }),
    [navigate],
  );

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (
        typing(event.target) ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        document.querySelector('[role="dialog"]')
      )
        return;
      const place = places[Number(event.key) - 1];
      if (event.key === "[") setDate(addDays(date, -1));
      else if (event.key === "]") setDate(addDays(date, 1));
      else if (event.key === "t") setDate(today);
      else if (event.key === "n" && rights.book) setWanted({});
      else if (place && place.id !== here.id) goToPlace(place.id);
      else return;
      event.preventDefault();
    };
    const onAsk = (event: Event) =>
      rights.book && setWanted({ patient: (event as CustomEvent<Patient | undefined>).detail ?? undefined });
    document.addEventListener("keydown", onKey);
    window.addEventListener(NEW_VISIT, onAsk);
    return () => {
      document.removeEventListener("keydown", onKey);
      window.removeEventListener(NEW_VISIT, onAsk);
    };
  }, [date, today, setDate, rights.book, places, here.id, goToPlace]);

  const day = useMemo(
    () => (sheet.data ? toDay(sheet.data, office.capacity) : undefined),
    [sheet.data, office.capacity],
  );
  const ids = useMemo(
    () => [
      ...(sheet.data?.appointments ?? []).map((visit) => visit.patient_id),
      ...(waitlist.data ?? []).map((entry) => entry.patient_id),
    ],
    [sheet.data, waitlist.data],
  );
  const { people, known } = usePeople(ids);
  const called = usePatientName();
  const nameOfPatient = useCallback(
    (patient: Patient | undefined) => (patient ? called(patient) : known ? t.schedule.somebody : "…"),
    [known, called],
  );
  const nameOf = useCallback((id: string) => nameOfPatient(people.get(id)), [people, nameOfPatient]);

  const take = useCallback(
    async (
      slot: Slot,
      chosen: { patientId: string; typeId: string; caseId?: string; note: string; moving?: Appointment },
    ) => {
      try {
        const visit = chosen.moving
          ? await reschedule(
              chosen.moving,
              slot.location_id,
              slot.start_time as string,
              slot.chair_id,
              slot.provider_id,
            )
          : await book({
              location_id: slot.location_id,
              patient_id: chosen.patientId,
              appointment_type_id: chosen.typeId,
              start_time: slot.start_time as string,
              chair_id: slot.chair_id,
              ...(slot.provider_id ? { provider_id: slot.provider_id } : {}),
              ...(chosen.caseId ? { case_id: chosen.caseId } : {}),
              ...(chosen.note ? { note: chosen.note } : {}),
            });
        void changes.refresh();
        await navigate({ search: { loc: visit.location_id, date: visit.day, visit: visit.id } });
        const name = nameOf(chosen.patientId) === t.schedule.somebody ? t.panel.visit : nameOf(chosen.patientId);
        const start = clock(toVisit(visit).start);
        const was = chosen.moving;
        tell({
          text: `${name} → ${formatShortDay(visit.day)}, ${start}`,
          tone: "good",
          undo:
            was &&
            (() =>
              void changes
                .moveBack(visit, was)
                .then(() => navigate({ search: { loc: was.location_id, date: was.day, visit: was.id } }), failed)),
        });
        return true;
      } catch (error) {
        failed(error);
        return false;
      }
    },
    [changes, navigate, nameOf],
  );

  return (
    <div className={css.page}>
      <header className={css.bar}>
        <h1>{formatDay(date)}</h1>
        <Tooltip label={`${t.schedule.previousDay}  [`}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t.schedule.previousDay}
            onClick={() => setDate(addDays(date, -1))}
          >
            <Left />
          </ActionIcon>
        </Tooltip>
        <Button
          variant="default"
          size="xs"
          onClick={() => setDate(today)}
          aria-current={date === today ? "date" : undefined}
        >
          {t.schedule.today}
        </Button>
        <Tooltip label={`${t.schedule.nextDay}  ]`}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={t.schedule.nextDay}
            onClick={() => setDate(addDays(date, 1))}
          >
            <Right />
          </ActionIcon>
        </Tooltip>
        <input
          className={css.date}
          type="date"
          aria-label={t.schedule.pickDay}
          value={date}
          onChange={(event) => event.currentTarget.value && setDate(event.currentTarget.value)}
        />
        <span className={css.space} />
        {sheet.isError && sheet.data && (
          <span className={css.stale} role="status">
            {minutesSince(new Date(sheet.dataUpdatedAt).toISOString(), now) > 0
              ? t.schedule.stale(minutesSince(new Date(sheet.dataUpdatedAt).toISOString(), now))
              : t.schedule.staleNow}
          </span>
        )}
        <Tooltip label={t.schedule.print}>
          <ActionIcon variant="default" size="lg" aria-label={t.schedule.print} onClick={() => window.print()}>
            <Printer />
          </ActionIcon>
        </Tooltip>
        {rights.book && (
          <Button leftSection={<Plus />} size="sm" onClick={() => setWanted({})}>
            {t.schedule.newVisit}
          </Button>
        )}
      </header>
      {day && sheet.data ? (
        <DayView
          key={date}
          here={here}
          date={date}
          today={today}
          now={now}
          day={day}
          appointments={sheet.data.appointments}
          chairNames={sheet.data.chairs}
          closedReason={sheet.data.closed_reason}
          office={office}
          people={people}
          nameOf={nameOf}
          waiting={waitlist.data ?? []}
          rights={rights}
          changes={changes}
          selected={search.visit}
          setDate={setDate}
          setWanted={setWanted}
        />
      ) : sheet.isError ? (
        <Failed error={sheet.error} again={() => void sheet.refetch()} />
      ) : (
        <div className={css.skeleton} aria-busy="true" aria-label={t.schedule.loading} role="status" />
      )}
      <Booking
        wanted={wanted}
        close={() => setWanted(undefined)}
        here={here}
        places={places}
        day={date}
        today={today}
        office={office}
        nameOf={nameOfPatient}
        take={take}
      />
    </div>
  );
}

const failed = (error: unknown) => tell({ text: t.errors.safe, detail: refusal(error), tone: "bad" });

interface ViewProps {
  here: Location;
  date: string;
  today: string;
  now: number;
  day: Day;
  appointments: Appointment[];
  chairNames: { id: string; name: string }[];
  closedReason: string;
  office: ReturnType<typeof useOffice>;
  people: Map<string, Patient>;
  nameOf: (id: string) => string;
  waiting: WaitlistEntry[];
  rights: { book: boolean; cancel: boolean; run: boolean };
  changes: Changes;
  selected: string | undefined;
  setDate: (day: string) => void;
  setWanted: (wanted: Wanted) => void;
}

function DayView(props: ViewProps) {
  const { here, date, today, now, day, office, people, nameOf, rights, changes, selected } = props;
  const navigate = useNavigate({ from: "/schedule" });
  const queries = useQueryClient();
  const [filter, setFilter] = useState<Filter>();
  const [roomy, setRoomy] = useState(() => localStorage.getItem("archwire.roomy") === "yes");
  const [busy, setBusy] = useState(false);
  const [ending, setEnding] = useState<"cancel" | "no-show">();
  const frame = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(700);
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    setHeight(element.clientHeight);
    return () => observer.disconnect();
  }, []);

  const chairNames = useMemo(
    () => new Map(props.chairNames.map((chair) => [chair.id, chair.name])),
    [props.chairNames],
  );
  const range = useMemo(() => shown(day), [day]);
  const units = (range.to - range.from) / UNIT;
  const unit = roomy ? 13 : Math.max(5, (height - 46) / units);
  const minuteNow = date === today ? wall(new Date(now), here.time_zone).minute : undefined;

  const kept = useRef(new Map<string, Card>());
  const cards = useMemo(() => {
    const next = new Map<string, Card>();
    for (const appointment of props.appointments) {
      if (appointment.state === "canceled") continue;
      const visit = toVisit(appointment);
      const type = typeName(office.types.get(appointment.appointment_type_id), appointment);
      const patient = people.get(visit.patientId);
      const card: Card = {
        visit,
        appointment,
        name: nameOf(visit.patientId),
        type,
        age: patient ? t.people.years(patient.age_years) : "",
        dimmed: filter !== undefined && !IN[filter].includes(visit.state),
      };
      const before = kept.current.get(visit.id);
      const same =
        before &&
        before.appointment === appointment &&
        before.name === card.name &&
        before.type === type &&
        before.dimmed === card.dimmed &&
        before.age === card.age;
      next.set(visit.id, same ? before : card);
    }
    kept.current = next;
    return [...next.values()].sort((a, b) => a.visit.start - b.visit.start);
  }, [props.appointments, office.types, people, nameOf, filter]);
  const chosen = cards.find((card) => card.visit.id === selected);

  const select = useCallback(
    (id: string | undefined) => void navigate({ search: (was) => ({ ...was, visit: id }), replace: true }),
    [navigate],
  );
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape" && selected && !event.defaultPrevented && !document.querySelector('[role="dialog"]'))
        select(undefined);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [selected, select]);

  const why = useCallback(
    (verdict: Verdict): string => {
      if (verdict.fits)
        return verdict.doctorChanges ? t.move.withDoctor(office.doctorName(verdict.doctorId)) : t.move.fits;
      switch (verdict.reason) {
        case "DOCTOR_TAKEN":
          return t.move.DOCTOR_TAKEN(office.doctorName(verdict.doctorId), clock(verdict.minute));
        case "NO_DOCTOR":
          return t.move.NO_DOCTOR(clock(verdict.minute));
        case "CHAIR_TAKEN":
          return t.move.CHAIR_TAKEN(nameOf(verdict.visit.patientId));
        case "PATIENT_TAKEN":
          return t.move.PATIENT_TAKEN(clock(verdict.visit.start));
        default:
          return t.move[verdict.reason];
      }
    },
    [office, nameOf],
  );
  const say = useCallback(
    ({ to, verdict }: Proposal): string => {
      if (!to) return "";
      const at = t.move.at(clock(to.start), chairNames.get(to.chairId) ?? "");
      return verdict ? `${at} · ${why(verdict)}` : at;
    },
    [chairNames, why],
  );

  const drop = useCallback(
    async (done: Proposal) => {
      const { to, verdict, name, source } = done;
      if (!to || !verdict) return;
      if (!verdict.fits) return tell({ text: t.move.notMoved(name), detail: why(verdict), tone: "bad" });
      const chair = chairNames.get(to.chairId) ?? "";
      try {
        if (source.kind === "visit") {
          const was = source.appointment;
          const moved = await changes.move(was, to, verdict.doctorId);
          tell({
            text: t.move.moved(name, chair, clock(to.start)),
            detail: verdict.doctorChanges ? why(verdict) : undefined,
            tone: verdict.doctorChanges ? "warn" : "good",
            undo: () => void changes.moveBack(moved, was).then(() => tell({ text: t.move.undone(name) }), failed),
          });
        } else {
          const { entry } = source;
          const visit = await book({
            location_id: here.id,
            patient_id: entry.patient_id,
            appointment_type_id: entry.appointment_type_id,
            start_time: moment(date, to.start, here.time_zone).toISOString(),
            chair_id: to.chairId,
            ...(verdict.doctorId ? { provider_id: verdict.doctorId } : {}),
            ...(entry.case_id ? { case_id: entry.case_id } : {}),
          });
          changes.seen(visit);
          const left = {
            params: { path: { waitlist_entry_id: entry.id }, header: ifMatch(entry.version) },
            body: { placed: true },
          };
          await data(api.POST("/v1/waitlist/{waitlist_entry_id}/leave", left)).catch(() => undefined);
          void queries.invalidateQueries({ queryKey: ["waitlist", here.id] });
          tell({ text: t.move.booked(name, chair, clock(to.start)), tone: "good" });
        }
      } catch (error) {
        tell({ text: t.move.notMoved(name), detail: refusal(error), tone: "bad" });
      }
    },
    [changes, chairNames, why, here, date, queries],
  );
  const moving = useMoving({ day, range, unit, body, drop });

  const proposalOf = useCallback(
    (card: Card): Proposal => ({
      visit: card.visit,
      name: card.name,
      visitClass: card.appointment.visit_class ?? "other",
      chairKinds: office.types.get(card.appointment.appointment_type_id)?.chair_kinds ?? [],
      source: { kind: "visit", appointment: card.appointment },
      by: "drag",
      to: undefined,
      verdict: undefined,
    }),
    [office.types],
  );
  const grab = useCallback(
    (event: PointerEvent, card: Card) => {
      if (rights.book && movable(card.visit)) moving.grab(event, () => proposalOf(card));
    },
    [moving.grab, proposalOf, rights.book],
  );
  const carry = useCallback(
    (card: Card) => rights.book && moving.carry(proposalOf(card)),
    [moving.carry, proposalOf, rights.book],
  );
  const grabWaiting = (event: PointerEvent, entry: WaitlistEntry) => {
    const type = office.types.get(entry.appointment_type_id);
    if (!rights.book || !type || (event.target as HTMLElement).closest("button")) return;
    const visit = {
      id: entry.id,
      patientId: entry.patient_id,
      chairId: "",
      providerId: "",
      start: 0,
      pattern: type.pattern,
      state: "booked" as const,
    };
    const kinds: readonly string[] = type.chair_kinds;
    moving.grab(event, () => ({
      visit,
      name: nameOf(entry.patient_id),
      visitClass: type.visit_class ?? "other",
      chairKinds: kinds,
      source: { kind: "waiting", entry },
      by: "drag",
      to: undefined,
      verdict: undefined,
    }));
  };

  const step = async (card: Card, which: Step | "confirm" | "no-show") => {
    setBusy(true);
    try {
      await changes.step(card.appointment, which);
      if (which === "no-show") tell({ text: t.cancel.noShowDone(card.name) });
    } catch (error) {
      failed(error);
    }
    setBusy(false);
  };

  if (day.hours.length === 0 && cards.length === 0) {
    return <ClosedDay here={here} date={date} reason={props.closedReason} setDate={props.setDate} />;
  }
  const future = date > today;
  const ahead = cards.filter(
    (card) =>
      IN.waiting.includes(card.visit.state) ||
      card.visit.state === "doctor_ready" ||
      (IN.toCome.includes(card.visit.state) && (minuteNow === undefined || card.visit.start >= minuteNow - 20)),
  );
  return (
    <>
      <Counts
        cards={cards}
        day={day}
        now={now}
        filter={filter}
        setFilter={setFilter}
        roomy={roomy}
        setRoomy={(on) => {
          localStorage.setItem("archwire.roomy", on ? "yes" : "no");
          setRoomy(on);
        }}
      />
      <MovingBar />
      <div className={css.work}>
        <div
          ref={frame}
          className={css.frame}
          role="region"
          aria-label={t.schedule.grid(formatDay(date))}
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
            selected={selected}
            label={formatDay(date)}
            body={body}
            select={select}
            grab={grab}
            move={carry}
            say={say}
          />
        </div>
        <aside className={css.panel} aria-label={t.panel.label}>
          {chosen ? (
            <VisitPanel
              card={chosen}
              patient={people.get(chosen.visit.patientId)}
              office={office}
              chairName={chairNames.get(chosen.visit.chairId) ?? ""}
              zone={here.time_zone}
              clockNow={now}
              future={future}
              may={rights}
              busy={busy}
              step={(which) => void step(chosen, which)}
              move={() => carry(chosen)}
              nextFree={() =>
                props.setWanted({
                  patient: people.get(chosen.visit.patientId),
                  typeId: chosen.appointment.appointment_type_id,
                  moving: chosen.appointment,
                })
              }
              ask={setEnding}
            />
          ) : (
            <NextUp cards={ahead.slice(0, 5)} select={select} />
          )}
          <Waiting
            entries={props.waiting}
            people={people}
            office={office}
            nameOf={nameOf}
            grab={grabWaiting}
            find={(entry) =>
              props.setWanted({
                patient: people.get(entry.patient_id),
                typeId: entry.appointment_type_id,
                caseId: entry.case_id,
              })
            }
            canBook={rights.book}
          />
        </aside>
      </div>
      <Ending
        what={chosen && ending}
        name={chosen?.name ?? ""}
        close={() => setEnding(undefined)}
        noShow={() => {
          setEnding(undefined);
          if (chosen) void step(chosen, "no-show");
        }}
        cancel={(reason) => {
          setEnding(undefined);
          if (!chosen) return;
          changes.cancel(chosen.appointment, reason).then(() => {
            select(undefined);
            tell({ text: t.cancel.done(chosen.name) });
          }, failed);
        }}
      />
      <DaySheetTable
        cards={cards}
        chairNames={chairNames}
        doctorName={office.doctorName}
        title={`${here.name}, ${formatDay(date)}`}
      />
    </>
  );
}

function MovingBar() {
  const proposed = useProposal();
  if (proposed?.by !== "keys") return null;
  return (
    <p className={css.moving} role="status">
      {t.move.bar(proposed.name)}
    </p>
  );
}

function ClosedDay({
  here,
  date,
  reason,
  setDate,
}: {
  here: Location;
  date: string;
  reason: string;
  setDate: (day: string) => void;
}) {
  const next = useNextOpen(here.id, date, true);
  return (
    <Empty
      icon={<Calendar size={22} />}
      title={reason ? t.schedule.closedFor(reason) : t.schedule.closed(formatDay(date))}
      lead={t.schedule.closedLead}
    >
      {next && <Button onClick={() => setDate(next)}>{t.schedule.nextOpen(formatDay(next))}</Button>}
    </Empty>
  );
}

interface CountsProps {
  cards: Card[];
  day: Day;
  now: number;
  filter: Filter | undefined;
  setFilter: (filter: Filter | undefined) => void;
  roomy: boolean;
  setRoomy: (on: boolean) => void;
}

/** How the day goes, in numbers. Each one shows its visits. */
function Counts({ cards, day, now, filter, setFilter, roomy, setRoomy }: CountsProps) {
  const longest = Math.max(
    0,
    ...cards
      .filter((card) => card.visit.state === "arrived")
      .map((card) => minutesSince(card.appointment.arrive_time ?? new Date(now).toISOString(), now)),
  );
  const clashes = day.doctors.reduce(
    (sum, doctor) =>
      sum + [...doctorLoad(doctor, day.visits).values()].filter((taken) => taken > doctor.capacity).length,
    0,
  );
  return (
    <div className={css.counts}>
      {FILTERS.map((key) => {
        const count = cards.filter((card) => IN[key].includes(card.visit.state)).length;
        const label = t.schedule.counts[key];
        return (
          <button
            key={key}
            type="button"
            className={css.count}
            data-kind={count ? key : undefined}
            aria-pressed={filter === key}
            title={t.schedule.filter(label)}
            onClick={() => setFilter(filter === key ? undefined : key)}
          >
            {label} <strong>{count}</strong>
            {key === "waiting" && count > 0 && <em>{t.schedule.counts.longest(longest)}</em>}
          </button>
        );
      })}
      {clashes > 0 && (
        <span className={css.count} data-kind="clash">
          {t.schedule.counts.clash} <strong>{t.schedule.counts.minutes(clashes * UNIT)}</strong>
        </span>
      )}
      <span className={css.space} />
      <div className={css.density} role="group" aria-label={t.schedule.density}>
        <button type="button" aria-pressed={!roomy} onClick={() => setRoomy(false)}>
          {t.schedule.fit}
        </button>
        <button type="button" aria-pressed={roomy} onClick={() => setRoomy(true)}>
          {t.schedule.roomy}
        </button>
      </div>
    </div>
  );
}

/** The day on paper. */
function DaySheetTable({
  cards,
  chairNames,
  doctorName,
  title,
}: {
  cards: Card[];
  chairNames: Map<string, string>;
  doctorName: (id: string) => string;
  title: string;
}) {
  return (
    <table className={css.sheet}>
      <caption>{title}</caption>
      <thead>
        <tr>
          {[t.sheet.time, t.sheet.patient, t.sheet.type, t.sheet.chair, t.sheet.doctor, t.sheet.state].map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {cards.map((card) => (
          <tr key={card.visit.id}>
            <td>{clock(card.visit.start)}</td>
            <td>
              {card.name} {card.age && `(${card.age})`}
            </td>
            <td>{card.type}</td>
            <td>{chairNames.get(card.visit.chairId)}</td>
            <td>{card.visit.providerId && doctorName(card.visit.providerId)}</td>
            <td>{t.schedule.states[card.visit.state]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
