import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Appointment, Location, Patient, Slot } from "../../api/client";
import { useKeys } from "../../app/keys";
import { NEW_VISIT } from "../../app/patients";
import { useGoToPlace, usePlaces } from "../../app/places";
import { useSession } from "../../app/session";
import { formatDay, formatShortDay, t } from "../../domain/i18n";
import { weekOf } from "../../domain/scheduleUse";
import { addDays, clock, minutesSince, wall } from "../../domain/time";
import { Left, Plus, Printer, Right } from "../../ui/icons";
import { Failed } from "../../ui/states";
import { tell } from "../../ui/undo";
import type { Wanted } from "./booking";
import { useNames } from "./cards";
import { book, explain, reschedule, useChanges } from "./changes";
import { toVisit, useDay, useLiveDay, useOffice } from "./data";
import { DayView } from "./day";
import { Choice, Looks, useLook } from "./look";
import css from "./page.module.css";
import { useRights } from "./rights";
import { choose } from "./selection";
import { w } from "./words";

// The day comes first; the rest when it is asked for.
const Booking = lazy(() => import("./booking").then((found) => ({ default: found.Booking })));
const ListView = lazy(() => import("./list").then((found) => ({ default: found.ListView })));
const WeekView = lazy(() => import("./week").then((found) => ({ default: found.WeekView })));

const VIEWS = ["day", "week", "list"] as const;
type View = (typeof VIEWS)[number];
const ADDRESS_FOLLOWS_MS = 400;

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
    <Page key={here.id} here={here} />
  ) : (
    <div className={css.skeleton} aria-busy="true" aria-label={w.schedule.loading} />
  );
}

/** Chooses a visit at once, and writes it into the address when the screen is drawn. */
function useSelect() {
  const router = useRouter();
  const navigate = useNavigate({ from: "/schedule" });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useState(() => choose((router.latestLocation.search as { visit?: string }).visit));
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(
    (id: string | undefined) => {
      choose(id);
      clearTimeout(timer.current);
      timer.current = setTimeout(
        () => void navigate({ search: (was) => ({ ...was, visit: id }), replace: true }),
        ADDRESS_FOLLOWS_MS,
      );
    },
    [navigate],
  );
}

function Page({ here }: { here: Location }) {
  const { date: asked, view = "day" } = useSearch({
    from: "/schedule",
    select: ({ date, view }) => ({ date, view }),
    structuralSharing: true,
  });
  const navigate = useNavigate({ from: "/schedule" });
  const { may } = useSession();
  const { places } = usePlaces();
  const goToPlace = useGoToPlace();
  const select = useSelect();
  const now = useNow();
  const today = wall(new Date(now), here.time_zone).day;
  const date = asked ?? today;
  const day = useDay(here.id, date);
  const office = useOffice();
  const rights = useRights(here.id);
  const changes = useChanges(here.id, date, here.time_zone);
  const names = useNames([day.data]);
  useLiveDay(may("events.stream") ? here.id : undefined);
  const [wanted, setWanted] = useState<Wanted>();
  const [look, setLook] = useLook();

  const go = useCallback(
    (to: { date?: string; view?: View }) => {
      if (to.date) choose(undefined);
      void navigate({ search: (was) => ({ ...was, ...to, ...(to.date ? { visit: undefined } : {}) }), replace: true });
    },
    [navigate],
  );
  const setDate = useCallback((to: string) => go({ date: to }), [go]);
  const step = view === "week" ? 7 : 1;
  const week = useMemo(() => weekOf(date), [date]);
  useKeys(w.keys.title, [
    {
      keys: "[",
      label: view === "week" ? w.schedule.previousWeek : w.schedule.previousDay,
      run: () => setDate(addDays(date, -step)),
    },
    {
      keys: "]",
      label: view === "week" ? w.schedule.nextWeek : w.schedule.nextDay,
      run: () => setDate(addDays(date, step)),
    },
    { keys: "t", label: w.schedule.today, run: () => setDate(today) },
    ...VIEWS.map((one) => ({ keys: one[0] as string, label: w.schedule.views[one], run: () => go({ view: one }) })),
    ...(rights.book ? [{ keys: "n", label: w.schedule.newVisit, run: () => setWanted({}) }] : []),
    ...places.slice(0, 9).map((place, n) => ({
      keys: String(n + 1),
      label: w.schedule.place(place.name),
      run: () => place.id !== here.id && goToPlace(place.id),
    })),
    ...(view === "day"
      ? [{ keys: "← ↑ ↓ →", label: w.keys.browse }, ...(rights.book ? [{ keys: "m", label: w.keys.move }] : [])]
      : []),
  ]);
  useEffect(() => {
    const onAsk = (event: Event) =>
      rights.book && setWanted({ patient: (event as CustomEvent<Patient | undefined>).detail ?? undefined });
    window.addEventListener(NEW_VISIT, onAsk);
    return () => window.removeEventListener(NEW_VISIT, onAsk);
  }, [rights.book]);

  const take = useCallback(
    async (
      slot: Slot,
      chosen: { patientId: string; typeId: string; caseId?: string; note: string; moving?: Appointment },
    ) => {
      const was = chosen.moving;
      const to = {
        location_id: slot.location_id,
        start_time: slot.start_time as string,
        chair_id: slot.chair_id,
        provider_id: slot.provider_id,
      };
      const show = (visit: Appointment) => {
        choose(visit.id);
        return navigate({ search: { loc: visit.location_id, date: visit.day, visit: visit.id } });
      };
      const failed = (error: unknown, visit: Appointment) =>
        void explain(error, visit, office.staffName).then((detail) =>
          tell({ text: t.errors.safe, detail, tone: "bad" }),
        );
      try {
        const about = { patient_id: chosen.patientId, appointment_type_id: chosen.typeId };
        const visit = was
          ? await reschedule(was, to)
          : await book({ ...to, ...about, case_id: chosen.caseId, note: chosen.note });
        void changes.refresh();
        await show(visit);
        const name = names.nameOf(chosen.patientId);
        const undo = () => void changes.takeBack(visit, was).then(show, (error) => failed(error, visit));
        tell({
          text: w.move.to(name === "…" ? w.panel.visit : name, formatShortDay(visit.day), clock(toVisit(visit).start)),
          tone: "good",
          undo: was && rights.takeBack ? undo : undefined,
        });
        return true;
      } catch (error) {
        failed(error, was ?? ({ id: "", version: 0 } as Appointment));
        return false;
      }
    },
    [changes, navigate, names, office, rights.takeBack],
  );

  const stale = minutesSince(new Date(day.dataUpdatedAt).toISOString(), now);
  return (
    <div className={css.page}>
      <header className={css.bar}>
        <h1>
          {view === "week"
            ? w.week.title(formatShortDay(week[0] ?? date), formatShortDay(week[6] ?? date))
            : formatDay(date)}
        </h1>
        <Step
          label={view === "week" ? w.schedule.previousWeek : w.schedule.previousDay}
          hint="["
          go={() => setDate(addDays(date, -step))}
        >
          <Left />
        </Step>
        <Button
          variant="default"
          size="xs"
          onClick={() => setDate(today)}
          aria-current={date === today ? "date" : undefined}
        >
          {w.schedule.today}
        </Button>
        <Step
          label={view === "week" ? w.schedule.nextWeek : w.schedule.nextDay}
          hint="]"
          go={() => setDate(addDays(date, step))}
        >
          <Right />
        </Step>
        <input
          className={css.date}
          type="date"
          aria-label={w.schedule.pickDay}
          value={date}
          onChange={(event) => event.currentTarget.value && setDate(event.currentTarget.value)}
        />
        <span className={css.space} />
        {day.isError && day.data && (
          <span className={css.stale} role="status">
            {stale > 0 ? w.schedule.stale(stale) : w.schedule.staleNow}
          </span>
        )}
        <Choice
          label={w.schedule.view}
          options={VIEWS.map((key) => ({ key, text: w.schedule.views[key] }))}
          chosen={view}
          choose={(to) => go({ view: to })}
        />
        {view === "day" && <Looks look={look} setLook={setLook} />}
        {view === "day" && (
          <Tooltip label={w.schedule.print}>
            <ActionIcon variant="default" size="lg" aria-label={w.schedule.print} onClick={() => window.print()}>
              <Printer />
            </ActionIcon>
          </Tooltip>
        )}
        {rights.book && (
          <Button leftSection={<Plus />} size="sm" onClick={() => setWanted({})}>
            {w.schedule.newVisit}
          </Button>
        )}
      </header>
      {view === "week" ? (
        <Suspense>
          <WeekView
            here={here}
            days={week}
            today={today}
            office={office}
            open={(to) => go({ date: to, view: "day" })}
          />
        </Suspense>
      ) : day.data && view === "list" ? (
        <Suspense>
          <ListView
            here={here}
            date={date}
            today={today}
            now={now}
            data={day.data}
            office={office}
            names={names}
            open={(id) => {
              choose(id);
              void navigate({ search: (was) => ({ ...was, view: "day", visit: id }) });
            }}
          />
        </Suspense>
      ) : day.data ? (
        <DayView
          key={date}
          here={here}
          date={date}
          today={today}
          now={now}
          data={day.data}
          office={office}
          names={names}
          rights={rights}
          look={look}
          changes={changes}
          select={select}
          setDate={setDate}
          setWanted={setWanted}
        />
      ) : day.isError ? (
        <Failed error={day.error} again={() => void day.refetch()} />
      ) : (
        <div className={css.skeleton} aria-busy="true" aria-label={w.schedule.loading} role="status" />
      )}
      {wanted && (
        <Suspense>
          <Booking
            wanted={wanted}
            close={() => setWanted(undefined)}
            here={here}
            places={places}
            day={date}
            today={today}
            office={office}
            nameOf={names.nameOfPatient}
            take={take}
          />
        </Suspense>
      )}
    </div>
  );
}

function Step({ label, hint, go, children }: { label: string; hint: string; go: () => void; children: ReactNode }) {
  return (
    <Tooltip label={`${label}  ${hint}`}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={go}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
