import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useState } from "react";
import type { Patient } from "../../api/client";
import { useKeys } from "../../app/keys";
import { NEW_LEAD } from "../../app/patients";
import { usePlaces } from "../../app/places";
import type { PipelineSearch } from "../../app/router";
import { useSession } from "../../app/session";
import { BLOCKERS, STAGES, type Stage } from "../../domain/pipeline";
import { minutesSince } from "../../domain/time";
import { Close, Left, People, Plus, Search } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { type Acts, Board, CardOnBoard, useDrop } from "./board";
import boardCss from "./board.module.css";
import {
  asColumns,
  type Card,
  type Column,
  type Filters,
  idOf,
  useBoard,
  useChanges,
  useColumn,
  useSearch as useFound,
  useLiveBoard,
} from "./data";
import { Drawer } from "./drawer";
import { useNames } from "./names";
import css from "./page.module.css";
import { Steps } from "./steps";
import { w } from "./words";

const Conversion = lazy(() => import("./conversion"));

/** A step that is open over the board. */
export type Step =
  | { kind: "lead" }
  | { kind: "register"; leadId: string }
  | { kind: "book"; card: Card; patient?: Patient; type: "exam" | "bonding" | "retention" }
  | { kind: "outcome"; card: Card }
  | { kind: "present"; card: Card }
  | { kind: "end"; card: Card };

export function PipelinePage() {
  const { here } = usePlaces();
  return here ? <Pipeline /> : <div className={css.skeleton} aria-busy="true" role="status" aria-label={w.loading} />;
}

function Pipeline() {
  const search = useSearch({ from: "/pipeline" });
  const navigate = useNavigate({ from: "/pipeline" });
  const { here, all } = usePlaces();
  const { may } = useSession();
  const [text, setText] = useState("");
  const [query] = useDebouncedValue(text.trim(), 200);
  const [step, setStep] = useState<Step>();
  const loc = all ? undefined : here?.id;
  const only = STAGES.find((stage) => stage === search.stage);
  const filters: Filters = useMemo(
    () => ({ loc, owner: search.owner, source: search.source, blocker: search.blocker }),
    [loc, search.owner, search.source, search.blocker],
  );
  const report = search.view === "conversion" && may("pipeline_conversion.read");
  const board = useBoard(filters, !report);
  const one = useColumn(report ? undefined : only, filters);
  const found = useFound(query, loc);
  const changes = useChanges();
  useLiveBoard(may("events.stream") ? (loc ?? "*") : undefined);

  const searching = query.length >= 2;
  const columns = useMemo(() => {
    if (!board.data) return undefined;
    return searching && found.data ? asColumns(found.data, board.data) : board.data;
  }, [board.data, searching, found.data]);
  const list = useMemo(() => one.data?.pages.flatMap((page) => page.cards) ?? [], [one.data]);
  const cards = useMemo(() => [...(columns ?? []).flatMap((column) => column.cards), ...list], [columns, list]);
  const names = useNames(cards);
  const selected = cards.find((card) => idOf(card) === search.card);

  const set = useCallback(
    (change: PipelineSearch) => void navigate({ search: (was) => ({ ...was, ...change }), replace: true }),
    [navigate],
  );
  const mayNew = may("leads.create", loc);
  const openLead = useCallback(() => mayNew && setStep({ kind: "lead" }), [mayNew]);
  useKeys(w.title, [
    ...(mayNew ? [{ keys: "n", label: w.keys.newLead, run: openLead }] : []),
    { keys: "← ↑ → ↓", label: w.keys.arrows },
    { keys: "M", label: w.keys.move },
    { keys: "Enter", label: w.keys.open },
  ]);
  useEffect(() => {
    window.addEventListener(NEW_LEAD, openLead);
    return () => window.removeEventListener(NEW_LEAD, openLead);
  }, [openLead]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (
        event.key === "Escape" &&
        search.card &&
        !event.defaultPrevented &&
        !document.querySelector('[role="dialog"], [role="menu"]')
      ) {
        document.querySelector<HTMLElement>(`[data-card="${search.card}"] [data-row]`)?.focus();
        set({ card: undefined });
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [search.card, set]);

  const acts: Acts = useMemo(
    () => ({
      open: (card) => set({ card: idOf(card) }),
      only: (stage) => set({ stage, card: undefined }),
      way: (card, way) => {
        if (way === "register") setStep({ kind: "register", leadId: card.lead_id });
        else if (way === "outcome") setStep({ kind: "outcome", card });
        else if (way === "present") setStep({ kind: "present", card });
        else
          setStep({
            kind: "book",
            card,
            type: way === "book_start" ? "bonding" : card.stage === "observation" ? "retention" : "exam",
          });
      },
    }),
    [set],
  );
  const mayMove = useCallback((card: Card) => card.case_id !== "" && may("cases.update", card.location_id), [may]);
  const filtered = Boolean(search.owner || search.source || search.blocker);
  const total = columns?.reduce((sum, column) => sum + column.count, 0) ?? 0;

  return (
    <div className={css.page}>
      <header className={css.bar}>
        <h1>{w.title}</h1>
        {may("pipeline_conversion.read") && (
          <div className={css.views} role="group" aria-label={w.views}>
            <button type="button" aria-pressed={!report} onClick={() => set({ view: undefined })}>
              {w.board}
            </button>
            <button type="button" aria-pressed={report} onClick={() => set({ view: "conversion", card: undefined })}>
              {w.conversion}
            </button>
          </div>
        )}
        <FilterBar search={search} set={set} owners={names.owners(loc)} report={report} />
        {!report && (
          <label className={css.find}>
            <Search size={14} />
            <input
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              placeholder={w.searchHint}
              aria-label={w.search}
              autoComplete="off"
              spellCheck={false}
            />
            {text && (
              <button type="button" aria-label={w.clear} onClick={() => setText("")}>
                <Close size={12} />
              </button>
            )}
          </label>
        )}
        <span className={css.space} />
        {board.isError && board.data && (
          <span className={css.stale} role="status">
            {w.stale(minutesSince(new Date(board.dataUpdatedAt).toISOString(), Date.now()))}
          </span>
        )}
        {mayNew && (
          <Button leftSection={<Plus />} size="sm" onClick={openLead}>
            {w.newLead}
          </Button>
        )}
      </header>
      <span className="hidden-text" role="status">
        {searching ? (found.isFetching ? w.searching : w.found(total)) : ""}
      </span>
      {report ? (
        <Suspense
          fallback={<div className={css.skeleton} aria-busy="true" role="status" aria-label={w.report.loading} />}
        >
          <Conversion loc={loc} owner={search.owner} source={search.source} names={names} />
        </Suspense>
      ) : board.isError && !board.data ? (
        <Failed error={board.error} again={() => void board.refetch()} />
      ) : !columns ? (
        <Skeleton />
      ) : only ? (
        <OneStage
          stage={only}
          column={columns.find((column) => column.stage === only)}
          cards={searching ? (columns.find((column) => column.stage === only)?.cards ?? []) : list}
          more={!searching && one.hasNextPage ? () => void one.fetchNextPage() : undefined}
          back={() => set({ stage: undefined })}
          names={names}
          changes={changes}
          acts={acts}
          mayMove={mayMove}
          selected={search.card}
          loading={one.isPending}
        />
      ) : total === 0 && (filtered || searching) ? (
        <Empty icon={<Search size={22} />} title={w.noneFiltered} lead={w.noneLead}>
          <Button
            variant="default"
            onClick={() => {
              setText("");
              set({ owner: undefined, source: undefined, blocker: undefined });
            }}
          >
            {w.clear}
          </Button>
        </Empty>
      ) : total === 0 ? (
        <Empty icon={<People size={22} />} title={w.empty} lead={w.emptyLead}>
          {mayNew && <Button onClick={openLead}>{w.newLead}</Button>}
        </Empty>
      ) : (
        <Board columns={columns} names={names} changes={changes} acts={acts} mayMove={mayMove} selected={search.card} />
      )}
      {selected && !report && (
        <Drawer
          key={idOf(selected)}
          card={selected}
          names={names}
          changes={changes}
          close={() => set({ card: undefined })}
          step={setStep}
          openCard={(id) => set({ card: id })}
        />
      )}
      {step && (
        <Suspense>
          <Steps
            step={step}
            next={setStep}
            close={() => setStep(undefined)}
            names={names}
            changes={changes}
            openCard={(id) => set({ card: id, stage: undefined })}
          />
        </Suspense>
      )}
    </div>
  );
}

interface BarProps {
  search: PipelineSearch;
  set: (change: PipelineSearch) => void;
  owners: { id: string; first_name: string; last_name: string }[];
  report: boolean;
}

/** The filters; they stand in the address. */
function FilterBar({ search, set, owners, report }: BarProps) {
  const { session } = useSession();
  const others = owners.filter((person) => person.id !== session.user_id);
  const own = owners.length > others.length;
  return (
    <div className={css.filters} role="group" aria-label={w.filters}>
      <select
        aria-label={w.owner}
        value={search.owner ?? ""}
        data-set={search.owner ? "" : undefined}
        onChange={(event) => set({ owner: event.currentTarget.value || undefined })}
      >
        <option value="">{w.anyOwner}</option>
        {own && <option value={session.user_id}>{w.mine}</option>}
        {others.map((person) => (
          <option key={person.id} value={person.id}>
            {person.first_name} {person.last_name}
          </option>
        ))}
      </select>
      <select
        aria-label={w.source}
        value={search.source ?? ""}
        data-set={search.source ? "" : undefined}
        onChange={(event) => set({ source: event.currentTarget.value || undefined })}
      >
        <option value="">{w.anySource}</option>
        {Object.entries(w.sources).map(([source, name]) => (
          <option key={source} value={source}>
            {name}
          </option>
        ))}
      </select>
      {!report && (
        <select
          aria-label={w.blocker}
          value={search.blocker ?? ""}
          data-set={search.blocker ? "" : undefined}
          onChange={(event) => set({ blocker: event.currentTarget.value || undefined })}
        >
          <option value="">{w.anyBlocker}</option>
          <option value="none">{w.nothingBlocks}</option>
          {BLOCKERS.map((blocker) => (
            <option key={blocker} value={blocker}>
              {w.blockers[blocker]}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

interface OneProps {
  stage: Stage;
  column: Column | undefined;
  cards: readonly Card[];
  more: (() => void) | undefined;
  back: () => void;
  names: ReturnType<typeof useNames>;
  changes: ReturnType<typeof useChanges>;
  acts: Acts;
  mayMove: (card: Card) => boolean;
  selected: string | undefined;
  loading: boolean;
}

/** One column over the whole width, page by page. */
function OneStage({ stage, column, cards, more, back, names, changes, acts, mayMove, selected, loading }: OneProps) {
  const [menu, setMenu] = useState<{ id: string; opened: boolean }>();
  const drop = useDrop(changes, names, acts);
  const ignore = useCallback(() => undefined, []);
  return (
    <>
      <div className={css.stage}>
        <Button variant="default" size="xs" leftSection={<Left />} onClick={back}>
          {w.whole}
        </Button>
        <h2>{w.stages[stage]}</h2>
        <span>{column ? w.count(column.count) : ""}</span>
      </div>
      <div className={boardCss.list} data-stage={stage} aria-busy={loading}>
        <ul className={boardCss.cards} aria-label={w.stages[stage]}>
          {cards.map((card) => (
            <CardOnBoard
              key={idOf(card)}
              card={card}
              names={names}
              limit={column?.aged_after_days ?? 0}
              tab
              selected={selected === idOf(card)}
              menu={menu?.id === idOf(card) ? menu.opened : undefined}
              setMenu={setMenu}
              setActive={ignore}
              mayMove={mayMove(card)}
              onKey={ignore}
              acts={acts}
              drop={drop}
            />
          ))}
        </ul>
        {!loading && cards.length === 0 && <p className={boardCss.none}>{w.none}</p>}
        {more && (
          <button type="button" className={boardCss.more} onClick={more}>
            {w.more}
          </button>
        )}
      </div>
    </>
  );
}

function Skeleton() {
  return (
    <div className={css.bones} aria-busy="true" role="status" aria-label={w.loading}>
      {STAGES.slice(1).map((stage) => (
        <div key={stage}>
          <i />
          <i />
          <i />
        </div>
      ))}
    </div>
  );
}
