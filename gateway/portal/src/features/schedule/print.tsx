import type { Patient } from "../../api/client";
import { formatMoment } from "../../domain/i18n";
import { minutes } from "../../domain/schedule";
import { clock } from "../../domain/time";
import type { Card } from "./column";
import type { Office } from "./data";
import css from "./page.module.css";
import { w } from "./words";

/** The day on paper: what a practice works with when nothing else works. */
export function DaySheet({
  cards,
  people,
  chairNames,
  office,
  title,
  zone,
  now,
}: {
  cards: Card[];
  people: Map<string, Patient>;
  chairNames: Map<string, string>;
  office: Office;
  title: string;
  zone: string;
  now: number;
}) {
  const s = w.sheet;
  return (
    <table className={css.sheet}>
      <caption>
        {title} <small>{s.printed(formatMoment(new Date(now).toISOString(), zone))}</small>
      </caption>
      <thead>
        <tr>
          {[s.time, s.minutes, s.patient, s.chart, s.type, s.chair, s.doctor, s.state].map((head) => (
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
            <td>{minutes(card.visit)}</td>
            <td>
              {card.name} {card.age && `(${card.age})`}
            </td>
            <td>{people.get(card.visit.patientId)?.chart_number}</td>
            <td>{card.type}</td>
            <td>{chairNames.get(card.visit.chairId)}</td>
            <td>{card.visit.providerId && office.doctorName(card.visit.providerId)}</td>
            <td>{w.schedule.states[card.visit.state]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
