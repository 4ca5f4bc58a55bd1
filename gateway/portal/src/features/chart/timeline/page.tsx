import { Button } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useEffect, useMemo, useState } from "react";
import type { Patient } from "../../../api/client";
import { useKeys } from "../../../app/keys";
import { usePrivacy } from "../../../app/places";
import { formatDay, formatFullDay, t } from "../../../domain/i18n";
import { clock, wall } from "../../../domain/time";
import { byDay } from "../../../domain/timeline";
import { Calendar, Camera, Chat, Coin, Flag, Flask, Paper, Pencil, Plus, Search, Shield } from "../../../ui/icons";
import { todayAt, useHome, useMayHere } from "../data";
import { TABS, type TabProps } from "../tabs";
import { KINDS, type Kind, type Line, NEEDS } from "./lines";
import { NoteDialog, NoteTools, type Writing } from "./notes";
import css from "./page.module.css";
import { useTimeline } from "./sources";
import { l } from "./words";

const ICONS: Record<Kind, typeof Search> = {
  visit: Calendar,
  note: Pencil,
  message: Chat,
  payment: Coin,
  document: Paper,
  claim: Shield,
  image: Camera,
  lab: Flask,
  state: Flag,
};

/** Everything that happened, newest first, as far as the role may see it. */
export function TimelineTab({ patient }: TabProps) {
  const mayHere = useMayHere(patient);
  const search = useSearch({ strict: false }) as { kind?: string; q?: string };
  const navigate = useNavigate();
  const [text, setText] = useState(search.q ?? "");
  const [writing, setWriting] = useState<Writing>();
  const offered = KINDS.filter((kind) => mayHere(NEEDS[kind]));
  const chosen = useMemo(() => new Set((search.kind ?? "").split(",").filter(Boolean) as Kind[]), [search.kind]);
  const kinds = useMemo(() => (chosen.size ? chosen : new Set<Kind>(KINDS)), [chosen]);
  const timeline = useTimeline(patient, kinds);
  const { shown, more, loading, readOn } = timeline;

  useKeys(
    l.label,
    mayHere("notes.write") ? [{ keys: "n", label: l.note.write, run: () => setWriting({ what: "new" }) }] : [],
  );

  const words = useDeferredValue(text.trim().toLowerCase());
  const found = words
    ? shown.filter((line) => `${line.title} ${line.detail ?? ""}`.toLowerCase().includes(words))
    : shown;
  // A search looks at everything: what has not been read yet is read.
  useEffect(() => {
    if (words && more && !loading) readOn();
  }, [words, more, loading, readOn]);

  const toggle = (kind: Kind) => {
    const next = new Set(chosen);
    if (!next.delete(kind)) next.add(kind);
    void navigate({ to: ".", search: (was) => ({ ...was, kind: [...next].join(",") || undefined }), replace: true });
  };
  return (
    <div className={css.page}>
      <div className={css.tools}>
        <label className={css.search}>
          <Search size={15} />
          <input
            type="search"
            value={text}
            placeholder={l.search}
            aria-label={l.search}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <fieldset className={css.kinds}>
          <legend className="hidden-text">{l.filter}</legend>
          {offered.map((kind) => {
            const Icon = ICONS[kind];
            return (
              <button key={kind} type="button" aria-pressed={chosen.has(kind)} onClick={() => toggle(kind)}>
                <Icon size={14} />
                {l.kinds[kind]}
              </button>
            );
          })}
        </fieldset>
        {mayHere("notes.write") && (
          <Button leftSection={<Plus size={14} />} onClick={() => setWriting({ what: "new" })}>
            {l.note.write}
          </Button>
        )}
      </div>
      {timeline.failed.length > 0 && (
        <p className={css.missing} role="alert">
          {l.missing(timeline.failed.map(({ kind }) => l.kinds[kind]).join(", "))}{" "}
          <button
            type="button"
            onClick={() => {
              for (const { query } of timeline.failed) query.refetch();
            }}
          >
            {t.errors.again}
          </button>
        </p>
      )}
      <Days patient={patient} lines={found} write={setWriting} busy={loading} />
      <div className={css.end} role="status">
        {loading ? (
          l.loading
        ) : more ? (
          <Button variant="default" onClick={readOn}>
            {l.more}
          </Button>
        ) : found.length === 0 ? (
          words || chosen.size ? (
            l.noMatch
          ) : (
            l.nothing
          )
        ) : (
          l.begin
        )}
      </div>
      <NoteDialog patient={patient} writing={writing} close={() => setWriting(undefined)} />
    </div>
  );
}

function Days({
  patient,
  lines,
  write,
  busy,
}: {
  patient: Patient;
  lines: Line[];
  write: (writing: Writing) => void;
  busy: boolean;
}) {
  const zone = useHome(patient).time_zone;
  const today = todayAt(zone);
  const days = useMemo(() => byDay(lines, (at) => wall(at, zone).day), [lines, zone]);
  return (
    <ol className={css.days} aria-label={l.label} aria-busy={busy}>
      {days.map(([day, of]) => (
        <li key={day} data-coming={day > today || undefined}>
          <h2>
            {day === today ? l.today : day.slice(0, 4) === today.slice(0, 4) ? formatDay(day) : formatFullDay(day)}
          </h2>
          <ul>
            {of.map((line) => (
              <Row key={line.id} patient={patient} line={line} zone={zone} write={write} />
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}

const LONG = 220;

function Row({
  patient,
  line,
  zone,
  write,
}: {
  patient: Patient;
  line: Line;
  zone: string;
  write: (writing: Writing) => void;
}) {
  const [privacy] = usePrivacy();
  const [whole, setWhole] = useState(false);
  const Icon = ICONS[line.kind];
  const secret = privacy && (line.kind === "message" || line.kind === "note");
  const detail = secret ? "•••" : (line.detail ?? "");
  const long = detail.length > LONG || detail.split("\n").length > 4;
  const mayHere = useMayHere(patient);
  const leads = TABS.some(({ id, needs }) => id === line.tab && (needs.length === 0 || needs.some(mayHere)));
  const open = line.visit
    ? { to: "/schedule" as const, search: { loc: line.visit.location_id, date: line.visit.day, visit: line.visit.id } }
    : undefined;
  return (
    <li className={css.row} data-kind={line.kind}>
      <time dateTime={line.at}>{clock(wall(line.at, zone).minute)}</time>
      <span className={css.icon} data-tone={line.tone}>
        <Icon size={14} />
      </span>
      <div className={css.text}>
        <strong>
          {open ? (
            <Link {...open}>{secret ? l.kinds[line.kind] : line.title}</Link>
          ) : line.tab && leads ? (
            <Link to="/p/$id/$tab" params={{ id: patient.id, tab: line.tab }} search={{ item: line.item }}>
              {line.title}
            </Link>
          ) : (
            line.title
          )}
        </strong>
        {detail && (
          <p data-tone={line.tone} data-clamped={(long && !whole) || undefined}>
            {detail}
          </p>
        )}
        {long && !whole && (
          <button type="button" className={css.expand} onClick={() => setWhole(true)}>
            {l.expand}
          </button>
        )}
        {line.note && <NoteTools patient={patient} note={line.note} zone={zone} write={write} />}
      </div>
    </li>
  );
}
