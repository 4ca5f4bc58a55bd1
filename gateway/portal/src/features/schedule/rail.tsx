import { useMemo } from "react";
import { type Day, type Doctor, doctorLoad, type Span } from "../../domain/schedule";
import css from "./grid.module.css";
import { gaps, px } from "./measure";
import { useProposal } from "./proposal";
import { w } from "./words";

/** How busy a doctor is, always in sight, and how busy the move on its way would make the doctor. */
export function Rail({
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
  const told = w.schedule.doctorTaken(load.size) + (clashes ? `, ${w.schedule.doctorClash(clashes)}` : "");
  return (
    <div
      className={css.rail}
      role="img"
      aria-label={w.schedule.doctorRail(name, told)}
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
