import { Button, TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import type { Location } from "../../api/client";
import { toCsv } from "../../domain/csv";
import { formatDay } from "../../domain/i18n";
import { minutes } from "../../domain/schedule";
import { clock, wall } from "../../domain/time";
import { Empty } from "../../ui/states";
import { type Names, useCards } from "./cards";
import type { Card } from "./column";
import { capacities, type Office, type ScheduleDay, toDay } from "./data";
import css from "./list.module.css";
import { w } from "./words";

/** One visit as a row: what is read, and what it is sorted by. */
interface Row {
  card: Card;
  cells: Record<Column, string | number>;
  by: Record<Column, string | number>;
}
const COLUMNS = ["time", "minutes", "patient", "chart", "type", "chair", "doctor", "state"] as const;
type Column = (typeof COLUMNS)[number];
const NUMBERS: readonly Column[] = ["minutes", "chart"];

/** The day as a table: sorted, filtered, exported. */
export function ListView({
  here,
  date,
  today,
  now,
  data,
  office,
  names,
  open,
}: {
  here: Location;
  date: string;
  today: string;
  now: number;
  data: ScheduleDay;
  office: Office;
  names: Names;
  open: (id: string) => void;
}) {
  const sheet = data.day_sheet;
  const day = useMemo(() => toDay(sheet, capacities(data)), [sheet, data]);
  const minuteNow = date === today ? wall(new Date(now), here.time_zone).minute : undefined;
  const cards = useCards(sheet.appointments, day, office, names, minuteNow);
  const [sorting, setSorting] = useState<{ column: Column; down: boolean }>({ column: "time", down: false });
  const [only, setOnly] = useState({ text: "", state: "", doctor: "", chair: "" });

  const rows = useMemo(() => {
    const chairs = new Map(sheet.chairs.map((chair, n) => [chair.id, { name: chair.name, n }]));
    return cards.map((card): Row => {
      const { visit } = card;
      const chair = chairs.get(visit.chairId);
      const state = w.schedule.states[visit.state];
      const cells = {
        time: clock(visit.start),
        minutes: minutes(visit),
        patient: card.name,
        chart: names.people.get(visit.patientId)?.chart_number ?? "",
        type: card.type,
        chair: chair?.name ?? "",
        doctor: visit.providerId ? office.doctorName(visit.providerId) : "",
        state: card.late === undefined ? state : `${state} · ${w.schedule.late(card.late)}`,
      };
      return { card, cells, by: { ...cells, time: visit.start, chair: chair?.n ?? -1 } };
    });
  }, [cards, sheet.chairs, office, names.people]);

  const wanted = useMemo(() => {
    const text = only.text.trim().toLowerCase();
    const found = rows.filter(
      ({ card, cells }) =>
        (!only.state || card.visit.state === only.state) &&
        (!only.doctor || card.visit.providerId === only.doctor) &&
        (!only.chair || card.visit.chairId === only.chair) &&
        (!text || Object.values(cells).some((cell) => String(cell).toLowerCase().includes(text))),
    );
    const { column, down } = sorting;
    return found.sort(
      (a, b) => compare(a.by[column], b.by[column]) * (down ? -1 : 1) || a.card.visit.start - b.card.visit.start,
    );
  }, [rows, only, sorting]);

  const save = () => {
    const text = toCsv([
      COLUMNS.map((column) => w.sheet[column]),
      ...wanted.map(({ cells }) => COLUMNS.map((c) => cells[c])),
    ]);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    link.download = `${here.name} ${date}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
  };
  const states = [...new Set(cards.map((card) => card.visit.state))];
  return (
    <>
      <div className={css.tools}>
        <TextInput
          aria-label={w.list.find}
          placeholder={w.list.find}
          size="xs"
          value={only.text}
          onChange={(event) => setOnly({ ...only, text: event.currentTarget.value })}
        />
        <Select
          label={w.list.state}
          all={w.list.allStates}
          value={only.state}
          options={states.map((state) => [state, w.schedule.states[state]])}
          choose={(state) => setOnly({ ...only, state })}
        />
        <Select
          label={w.list.doctor}
          all={w.list.allDoctors}
          value={only.doctor}
          options={day.doctors.map(({ id }) => [id, office.doctorName(id)])}
          choose={(doctor) => setOnly({ ...only, doctor })}
        />
        <Select
          label={w.list.chair}
          all={w.list.allChairs}
          value={only.chair}
          options={sheet.chairs.map((chair) => [chair.id, chair.name])}
          choose={(chair) => setOnly({ ...only, chair })}
        />
        <span className={css.count} role="status">
          {w.list.count(wanted.length, rows.length)}
        </span>
        <Button size="xs" variant="default" onClick={save} disabled={wanted.length === 0}>
          {w.list.csv}
        </Button>
      </div>
      {wanted.length === 0 ? (
        <Empty title={rows.length ? w.list.none : w.schedule.closedLead}>
          {rows.length > 0 && (
            <Button variant="default" onClick={() => setOnly({ text: "", state: "", doctor: "", chair: "" })}>
              {w.list.clear}
            </Button>
          )}
        </Empty>
      ) : (
        <div className={css.frame} role="region" aria-label={w.list.label(formatDay(date))} tabIndex={-1}>
          <table className={css.table}>
            <thead>
              <tr>
                {COLUMNS.map((column) => (
                  <th
                    key={column}
                    scope="col"
                    data-number={NUMBERS.includes(column) || undefined}
                    aria-sort={sorting.column !== column ? undefined : sorting.down ? "descending" : "ascending"}
                  >
                    <button
                      type="button"
                      title={w.list.sort(w.sheet[column])}
                      onClick={() => setSorting({ column, down: sorting.column === column && !sorting.down })}
                    >
                      {w.sheet[column]}
                      <span aria-hidden="true">{sorting.column !== column ? "" : sorting.down ? " ↓" : " ↑"}</span>
                    </button>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {wanted.map(({ card, cells }) => (
                <tr key={card.visit.id} data-state={card.visit.state} data-late={card.late !== undefined || undefined}>
                  {COLUMNS.map((column) => (
                    <td key={column} data-number={NUMBERS.includes(column) || undefined} data-column={column}>
                      {column === "patient" ? (
                        <button type="button" data-row data-visit={card.visit.id} onClick={() => open(card.visit.id)}>
                          {cells.patient}
                        </button>
                      ) : (
                        cells[column]
                      )}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          <p className={css.hint}>{w.list.hint}</p>
        </div>
      )}
    </>
  );
}

const compare = (a: string | number, b: string | number) =>
  typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), undefined, { numeric: true });

function Select(props: {
  label: string;
  all: string;
  value: string;
  options: [string, string][];
  choose: (value: string) => void;
}) {
  return (
    <select
      className={css.select}
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.choose(event.currentTarget.value)}
    >
      <option value="">{props.all}</option>
      {props.options.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}
