import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, type Schemas } from "../../api/client";
import { usePlaces } from "../../app/places";
import { formatDollars } from "../../domain/i18n";
import { addDays, wall } from "../../domain/time";
import { ListCheck } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import css from "./conversion.module.css";
import { cents, type Source } from "./data";
import type { Names } from "./names";
import { w } from "./words";

type Row = Schemas["coordination.PipelineConversion"];
type By = "blocker" | "source" | "owner";
const RANGES = [30, 90, 180, 365] as const;

const percent = (row: Row) => `${(row.rate_basis_points / 100).toFixed(1)} %`;

/** How many of those who were recommended treatment have started: by what blocked them, whence they came, who cared. */
export default function Conversion({
  loc,
  owner,
  source,
  names,
}: {
  loc: string | undefined;
  owner: string | undefined;
  source: string | undefined;
  names: Names;
}) {
  const { here } = usePlaces();
  const [range, setRange] = useState<(typeof RANGES)[number]>(180);
  const today = wall(new Date(), here?.time_zone ?? "UTC").day;
  const report = useQuery({
    queryKey: ["pipeline", "conversion", range, today, loc, owner, source],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/pipeline/conversion", {
          params: {
            query: {
              recommended_from: addDays(today, 1 - range),
              recommended_to: today,
              ...(loc ? { location_id: loc } : {}),
              ...(owner ? { owner_id: owner } : {}),
              ...(source ? { source: source as Source } : {}),
            },
          },
          signal,
        }),
      ),
    placeholderData: (before) => before,
  });
  const found = report.data;
  const label = (by: By, row: Row): string => {
    if (by === "blocker") return row.blocker ? w.blockers[row.blocker] : w.report.never;
    if (by === "source") return row.source ? w.sources[row.source] : w.unknownSource;
    return names.ofStaff(row.owner_id);
  };
  const rows = (by: By): Row[] => (found ? found[`by_${by}`] : []);

  if (report.isError && !found) return <Failed error={report.error} again={() => void report.refetch()} />;
  return (
    <div className={css.report} aria-busy={report.isPending || report.isPlaceholderData}>
      <div className={css.bar}>
        <label>
          {w.report.period}{" "}
          <select value={range} onChange={(event) => setRange(Number(event.currentTarget.value) as typeof range)}>
            {RANGES.map((days) => (
              <option key={days} value={days}>
                {w.report.ranges[days]}
              </option>
            ))}
          </select>
        </label>
        {found?.total && (
          <ul className={css.tiles}>
            <Tile name={w.report.columns.recommended} told={String(found.total.recommended_count)} />
            <Tile name={w.report.columns.started} told={String(found.total.started_count)} />
            <Tile name={w.report.rate} told={percent(found.total)} strong />
            <Tile name={w.report.columns.open} told={String(found.total.open_count)} />
            <Tile name={w.report.columns.lost} told={String(found.total.lost_count)} />
            <Tile name={w.report.columns.startedValue} told={formatDollars(cents(found.total.started_value))} />
          </ul>
        )}
      </div>
      {found?.total?.recommended_count === 0 ? (
        <Empty icon={<ListCheck size={22} />} title={w.report.none} />
      ) : (
        (["blocker", "source", "owner"] as const).map((by) => (
          <section key={by} className={css.part} aria-label={w.report.by[by]}>
            <h2>{w.report.by[by]}</h2>
            <table>
              <thead>
                <tr>
                  <th scope="col">
                    <span className="hidden-text">{w.report.by[by]}</span>
                  </th>
                  <th scope="col" className={css.wide}>
                    {w.report.columns.rate}
                  </th>
                  <th scope="col">{w.report.columns.recommended}</th>
                  <th scope="col">{w.report.columns.started}</th>
                  <th scope="col">{w.report.columns.open}</th>
                  <th scope="col">{w.report.columns.lost}</th>
                  <th scope="col">{w.report.columns.value}</th>
                  <th scope="col">{w.report.columns.startedValue}</th>
                </tr>
              </thead>
              <tbody>
                {rows(by).map((row) => (
                  <tr key={label(by, row)}>
                    <th scope="row">{label(by, row)}</th>
                    <td className={css.wide}>
                      <Bar row={row} />
                    </td>
                    <td>{row.recommended_count}</td>
                    <td>{row.started_count}</td>
                    <td>{row.open_count}</td>
                    <td>{row.lost_count}</td>
                    <td>{formatDollars(cents(row.value))}</td>
                    <td>{formatDollars(cents(row.started_value))}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        ))
      )}
      <p className={css.note}>{w.report.note}</p>
    </div>
  );
}

function Tile({ name, told, strong }: { name: string; told: string; strong?: boolean }) {
  return (
    <li data-strong={strong || undefined}>
      <small>{name}</small>
      <b>{told}</b>
    </li>
  );
}

/** Started, open and lost as parts of the recommended ones; the figure stands beside it. */
function Bar({ row }: { row: Row }) {
  const all = Math.max(row.recommended_count, 1);
  const parts = [
    ["started", row.started_count],
    ["open", row.open_count],
    ["lost", row.lost_count],
  ] as const;
  let from = 0;
  return (
    <span className={css.bar2}>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        {parts.map(([part, count]) => {
          const x = (from / all) * 100;
          from += count;
          return <rect key={part} data-part={part} x={x} y={0} width={(count / all) * 100} height={10} />;
        })}
      </svg>
      <b>{percent(row)}</b>
    </span>
  );
}
