import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { usePatientName } from "../../api/people";
import { ALL, usePlaces, usePrivacy } from "../../app/places";
import { toCsv } from "../../domain/csv";
import { formatFullDay, formatShortDay } from "../../domain/i18n";
import { phone } from "../../domain/phone";
import { Download, People, Search } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { tell } from "../../ui/undo";
import { refusal } from "../chart/dialog";
import { g } from "../chart/family/words";
import { w } from "../chart/words";
import { type Row, readAll, readPage, type Wanted } from "./list";
import css from "./page.module.css";
import { p } from "./words";

// A name that somebody looks for stays out of the address, and so out of histories and logs; it is there again on the
// way back from a chart.
let remembered = "";

/** Every patient that the role may see: found by words, by location, by the state of the case. */
export function PatientsPage() {
  const search = useSearch({ from: "/patients" });
  const navigate = useNavigate();
  const { places } = usePlaces();
  const [text, setText] = useState(search.q ?? remembered);
  const [q] = useDebouncedValue(text.trim(), 200);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const location = search.loc && search.loc !== ALL ? search.loc : "";
  const wanted: Wanted = { q, location, state: search.state ?? "" };
  const list = useInfiniteQuery({
    queryKey: ["patients", wanted.q, wanted.location, wanted.state],
    queryFn: ({ pageParam, signal }) => readPage(wanted, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: (before) => before,
  });
  const put = (more: Partial<typeof search>) =>
    void navigate({ to: "/patients", search: (was) => ({ ...was, ...more }), replace: true });
  useEffect(() => {
    remembered = q;
  }, [q]);
  useEffect(() => {
    field.current?.focus();
  }, []);

  const rows = list.data?.pages.flatMap((page) => page.rows) ?? [];
  const placeName = (id: string) => places.find((place) => place.id === id)?.name ?? "";
  const save = async () => {
    setBusy(true);
    try {
      const all = await readAll(wanted);
      const head = [
        p.chart,
        g.person.first_name,
        g.person.last_name,
        g.person.birth_date,
        p.home,
        p.state,
        p.next,
        p.due,
      ];
      const cells = all.map(({ patient, case: one }) => [
        Number(patient.chart_number),
        ...[patient.first_name, patient.last_name, patient.birth_date, placeName(patient.home_location_id)],
        ...[one ? (w.states[one.state ?? ""] ?? "") : "", one?.next_step ?? "", one?.next_step_due ?? ""],
      ]);
      const address = URL.createObjectURL(new Blob([toCsv([head, ...cells])], { type: "text/csv" }));
      Object.assign(document.createElement("a"), { href: address, download: p.file }).click();
      URL.revokeObjectURL(address);
      tell({ text: p.exported(all.length), tone: "good" });
    } catch (error) {
      tell({ text: p.notExported, detail: refusal(error), tone: "bad" });
    }
    setBusy(false);
  };
  return (
    <div className={css.page}>
      <header className={css.bar}>
        <h1>{p.title}</h1>
        <label className={css.search}>
          <Search size={16} />
          <input
            ref={field}
            type="search"
            value={text}
            placeholder={p.search}
            aria-label={p.search}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "ArrowDown" && event.key !== "Enter") return;
              event.preventDefault();
              document.querySelector<HTMLElement>("main [data-row]")?.focus();
            }}
          />
        </label>
        <select
          className={css.select}
          aria-label={p.location}
          value={location || ALL}
          onChange={(event) => put({ loc: event.currentTarget.value })}
        >
          <option value={ALL}>{p.all}</option>
          {places.map((place) => (
            <option key={place.id} value={place.id}>
              {place.name}
            </option>
          ))}
        </select>
        <select
          className={css.select}
          aria-label={p.state}
          title={q.length >= 2 ? p.stateWithSearch : undefined}
          disabled={q.length >= 2}
          value={search.state ?? ""}
          onChange={(event) => put({ state: event.currentTarget.value || undefined })}
        >
          <option value="">{p.any}</option>
          {Object.entries(w.states).map(([state, label]) => (
            <option key={state} value={state}>
              {label}
            </option>
          ))}
        </select>
        <Button
          variant="default"
          leftSection={<Download size={15} />}
          loading={busy}
          disabled={rows.length === 0}
          onClick={() => void save()}
        >
          {p.export}
        </Button>
      </header>
      {list.isError && !list.data ? (
        <Failed error={list.error} again={() => void list.refetch()} />
      ) : !list.isPending && rows.length === 0 ? (
        <Empty icon={<People size={22} />} title={p.none} lead={p.noneLead} />
      ) : (
        <>
          <Table rows={rows} cases={!q && search.state !== undefined} busy={list.isPending} placeName={placeName} />
          <footer className={css.end}>
            <span role="status">{list.isPending ? p.loading : p.shown(rows.length, list.hasNextPage)}</span>
            {list.hasNextPage && (
              <Button
                variant="default"
                size="xs"
                loading={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                {p.more}
              </Button>
            )}
            <small>{p.keys}</small>
          </footer>
        </>
      )}
    </div>
  );
}

function Table({
  rows,
  cases,
  busy,
  placeName,
}: {
  rows: Row[];
  cases: boolean;
  busy: boolean;
  placeName: (id: string) => string;
}) {
  const called = usePatientName();
  const [privacy] = usePrivacy();
  const navigate = useNavigate();
  return (
    <div className={css.card}>
      <table aria-label={p.title} aria-busy={busy}>
        <thead>
          <tr>
            <th scope="col">{p.name}</th>
            <th scope="col" className={css.number}>
              {p.age}
            </th>
            <th scope="col" className={css.number}>
              {p.chart}
            </th>
            <th scope="col">{p.home}</th>
            {cases ? (
              <>
                <th scope="col">{p.next}</th>
                <th scope="col">{p.due}</th>
              </>
            ) : (
              <>
                <th scope="col">{p.phone}</th>
                <th scope="col">{p.registered}</th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ patient, case: one }) => (
            <tr
              key={one?.id ?? patient.id}
              onClick={() => void navigate({ to: "/p/$id/$tab", params: { id: patient.id, tab: "summary" } })}
            >
              <th scope="row">
                <Link to="/p/$id/$tab" params={{ id: patient.id, tab: "summary" }} data-row>
                  {called(patient)}
                </Link>
              </th>
              <td className={css.number}>{patient.age_years}</td>
              <td className={css.number}>{Number(patient.chart_number)}</td>
              <td>{placeName(patient.home_location_id)}</td>
              {cases ? (
                <>
                  <td>{one?.next_step || "–"}</td>
                  <td>{one?.next_step_due ? formatShortDay(one.next_step_due) : "–"}</td>
                </>
              ) : (
                <>
                  <td>{privacy ? "•••" : phone(patient.mobile) || "–"}</td>
                  <td>{formatFullDay((patient.create_time ?? "").slice(0, 10))}</td>
                </>
              )}
            </tr>
          ))}
          {busy &&
            Array.from({ length: 12 }, (_, index) => (
              <tr key={index} className={css.wait}>
                <td colSpan={6}>
                  <i />
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}
