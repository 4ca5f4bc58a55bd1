import { type KeyboardEvent, useMemo } from "react";
import type { Location } from "../../api/client";
import { formatShortDay } from "../../domain/i18n";
import { shown } from "../../domain/schedule";
import { chairsUse, clashMinutes, density, doctorUse } from "../../domain/scheduleUse";
import { clock } from "../../domain/time";
import { capacities, type Office, type ScheduleDay, toDay, useDays } from "./data";
import css from "./week.module.css";
import { w } from "./words";

const NO_HOURS = { from: 480, to: 1020 };

/** Seven days at a glance: how full the chairs and the doctors are. Each one opens its day. */
export function WeekView({
  here,
  days,
  today,
  office,
  open,
}: {
  here: Location;
  days: readonly string[];
  today: string;
  office: Office;
  open: (day: string) => void;
}) {
  const found = useDays(here.id, days);
  const sideways = (event: KeyboardEvent<HTMLElement>) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-row]")];
    all[all.indexOf(document.activeElement as HTMLElement) + by]?.focus();
  };
  return (
    <section className={css.week} aria-label={w.week.label} onKeyDown={sideways}>
      {days.map((day, index) => {
        const query = found[index];
        return (
          <button
            key={day}
            type="button"
            className={css.day}
            data-row
            data-day={day}
            data-today={day === today || undefined}
            aria-busy={query?.isPending}
            onClick={() => open(day)}
          >
            <strong className={css.name}>{formatShortDay(day)}</strong>
            <span className={css.facts}>
              {query?.data ? (
                <DayFacts data={query.data} office={office} />
              ) : query?.isError ? (
                <em className={css.failed}>{w.week.failed}</em>
              ) : null}
            </span>
          </button>
        );
      })}
    </section>
  );
}

function DayFacts({ data, office }: { data: ScheduleDay; office: Office }) {
  const sheet = data.day_sheet;
  const day = useMemo(() => toDay(sheet, capacities(data)), [sheet, data]);
  const range = day.hours.length || day.visits.length ? shown(day) : NO_HOURS;
  const halves = density(day, range);
  const clash = clashMinutes(day);
  const coming = day.visits.filter((visit) => visit.state !== "no_show");
  const unconfirmed = coming.filter((visit) => visit.state === "booked").length;
  if (day.hours.length === 0 && coming.length === 0)
    return (
      <em className={css.closed}>{sheet.closed_reason ? w.schedule.closedFor(sheet.closed_reason) : w.week.closed}</em>
    );
  return (
    <>
      <span className={css.visits}>{w.week.visits(coming.length)}</span>
      <span className={css.quiet}>{unconfirmed > 0 ? w.week.unconfirmed(unconfirmed) : "\u00a0"}</span>
      <Bar label={w.week.chairs} share={chairsUse(day)} />
      {day.doctors.map((doctor, index) => (
        <Bar
          key={doctor.id}
          label={office.doctorName(doctor.id)}
          share={doctorUse(doctor, day.visits)}
          doctor={(index % 3) + 1}
        />
      ))}
      <span className={css.clash} data-none={clash === 0 || undefined}>
        {clash > 0 ? w.week.clash(clash) : "\u00a0"}
      </span>
      <span className={css.density} aria-hidden="true" title={w.week.byHour}>
        {halves.map((share, n) => {
          const minute = range.from + n * 30;
          const open = day.hours.some((span) => span.from <= minute && minute < span.to);
          return (
            <span key={minute} className={css.half} data-closed={!open || undefined}>
              <small>{minute % 60 ? "" : clock(minute).replace(":00", "")}</small>
              <i style={{ width: `${share * 100}%` }} data-full={share >= 0.9 || undefined} />
            </span>
          );
        })}
      </span>
    </>
  );
}

function Bar({ label, share, doctor }: { label: string; share: number; doctor?: number }) {
  return (
    <span className={css.bar} data-doctor={doctor}>
      <span>{label}</span>
      <b>{w.week.percent(Math.round(share * 100))}</b>
      <i>
        <i style={{ width: `${share * 100}%` }} />
      </i>
    </span>
  );
}
