import { Link } from "@tanstack/react-router";
import type { Patient } from "../../../api/client";
import { formatShortDay } from "../../../domain/i18n";
import { clock, minuteOf } from "../../../domain/time";
import { Card } from "../card";
import { todayAt, useComing, useHome, useVisitTypes } from "../data";
import { w } from "../words";
import css from "./page.module.css";
import { s } from "./words";

/** The visits that are booked. */
export function Visits({ patient }: { patient: Patient }) {
  const home = useHome(patient);
  const coming = useComing(patient, todayAt(home.time_zone), home.id !== "");
  const types = useVisitTypes();
  return (
    <Card title={s.visits} query={coming} empty={s.noVisits}>
      {(visits) => (
        <ul className={css.rows}>
          {visits.map((visit) => (
            <li key={visit.id}>
              <Link to="/schedule" search={{ loc: visit.location_id, date: visit.day, visit: visit.id }}>
                <strong>
                  {formatShortDay(visit.day)}, {clock(minuteOf(visit.local_start))}
                </strong>
                <span>{types.get(visit.appointment_type_id)?.name}</span>
              </Link>
              <em>{w.visitStates[visit.state ?? ""]}</em>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
