import { Menu } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, memo, type PointerEvent, useCallback, useMemo, useRef, useState } from "react";
import { formatDollars, locale } from "../../domain/i18n";
import { type Blocker, blockerAfter, judge, STAGES, type Stage, type Verdict } from "../../domain/pipeline";
import { Alert, Clock, Hourglass, More, Person } from "../../ui/icons";
import { tell } from "../../ui/undo";
import css from "./board.module.css";
import { type Card, type Changes, type Column, cents, facts, idOf, refusal } from "./data";
import { focusCard, useMoving } from "./drag";
import { BlockerMark } from "./marks";
import type { Names } from "./names";
import { w } from "./words";

const short = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", timeZone: "UTC" });
const monthDay = (day: string) => short.format(new Date(`${day}T12:00:00Z`));

export interface Acts {
  open: (card: Card) => void;
  /** Opens the step that makes a move true. */
  way: (card: Card, way: NonNullable<Extract<Verdict, { open: unknown }>>["open"]) => void;
  only: (stage: Stage) => void;
}

/** What moving there would mean, in a sentence. */
export function consequence(card: Card, to: Stage): { text: string; tone: "go" | "open" | "no" | "here" } {
  const verdict = judge(facts(card), to);
  if (!verdict) return { text: w.here, tone: "here" };
  if (verdict.move) {
    const waits = blockerAfter(facts(card), to);
    return { text: waits ? w.dropBlocked(w.blockers[waits]) : w.drop(w.stages[to]), tone: "go" };
  }
  if ("open" in verdict) return { text: w.ways[verdict.open], tone: "open" };
  return { text: w.refused[verdict.refused], tone: "no" };
}

/** Moves a card, with the way back; or opens what makes the move true; or says why it stays. */
export function useDrop(changes: Changes, names: Names, acts: Acts) {
  return useCallback(
    (card: Card, to: Stage) => {
      const verdict = judge(facts(card), to);
      if (!verdict) return;
      const name = names.of(card);
      const stays = (detail: string, tone: "warn" | "bad") =>
        tell({ text: w.stays(name, w.stages[card.stage as Stage]), detail, tone });
      if (!verdict.move) {
        if ("open" in verdict) acts.way(card, verdict.open);
        else stays(w.refused[verdict.refused], "warn");
        return;
      }
      focusCard(idOf(card));
      changes.move(card, to).then(
        (now) => {
          const undo = () =>
            void changes.move(now, card.stage as Stage, (card.blocker ?? "") as Blocker | "").then(
              () => tell({ text: w.back(name) }),
              (error) => tell({ text: w.notBack, detail: refusal(error), tone: "bad" }),
            );
          tell({
            text: w.moved(name, w.stages[(now.stage ?? to) as Stage]),
            detail: now.blocker ? w.blockers[now.blocker as Blocker] : undefined,
            tone: "good",
            undo,
          });
        },
        (error) => stays(refusal(error), "warn"),
      );
    },
    [changes, names, acts],
  );
}

interface BoardProps {
  columns: readonly Column[];
  names: Names;
  changes: Changes;
  acts: Acts;
  mayMove: (card: Card) => boolean;
  selected: string | undefined;
}

/** The board. Started and Observation, where a card comes to rest, share the last column. */
export function Board({ columns, names, changes, acts, mayMove, selected }: BoardProps) {
  const board = useRef<HTMLDivElement>(null);
  const ghost = useRef<HTMLDivElement>(null);
  const drop = useDrop(changes, names, acts);
  const { proposed, grab, carry } = useMoving(board, ghost, drop);
  const [menu, setMenu] = useState<{ id: string; opened: boolean }>();
  const [active, setActive] = useState<string>();
  const by = useMemo(() => new Map(columns.map((column) => [column.stage, column])), [columns]);
  const first = columns.flatMap((column) => column.cards)[0];
  const tab =
    active && columns.some((one) => one.cards.some((card) => idOf(card) === active)) ? active : first && idOf(first);

  const onKey = useCallback(
    (event: KeyboardEvent, card: Card) => {
      const side = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      const down = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (event.key.toLowerCase() === "m" && !event.ctrlKey && !event.metaKey) {
        if (mayMove(card) || !card.case_id) carry(card);
        else tell({ text: w.mayLook });
      } else if (side || down) {
        const rows = (stage: Stage) => [
          ...(board.current?.querySelectorAll<HTMLElement>(`[data-stage="${stage}"] [data-row]`) ?? []),
        ];
        const own = rows(card.stage as Stage);
        const at = own.indexOf(event.currentTarget as HTMLElement);
        if (down) own[at + down]?.focus();
        else {
          let stage = STAGES.indexOf(card.stage as Stage) + side;
          while (STAGES[stage] && rows(STAGES[stage] as Stage).length === 0) stage += side;
          const next = STAGES[stage] ? rows(STAGES[stage] as Stage) : [];
          next[Math.min(at, next.length - 1)]?.focus();
        }
      } else return;
      event.preventDefault();
      event.stopPropagation();
    },
    [carry, mayMove],
  );

  const lane = (stage: Stage) => {
    const column = by.get(stage);
    if (!column) return null;
    const told = proposed && consequence(proposed.card, stage);
    const target = proposed?.to === stage;
    return (
      <Lane
        key={stage}
        column={column}
        stage={stage}
        only={acts.only}
        verdict={told?.tone}
        target={target}
        told={target && proposed?.by === "keys" && proposed.card.stage !== stage ? told?.text : undefined}
      >
        {column.cards.map((card) => {
          const id = idOf(card);
          return (
            <CardOnBoard
              key={id}
              card={card}
              names={names}
              limit={column.aged_after_days}
              tab={tab === id}
              carried={proposed !== undefined && idOf(proposed.card) === id}
              selected={selected === id}
              menu={menu?.id === id ? menu.opened : undefined}
              setMenu={setMenu}
              setActive={setActive}
              mayMove={mayMove(card)}
              grab={grab}
              onKey={onKey}
              acts={acts}
              drop={drop}
            />
          );
        })}
      </Lane>
    );
  };

  return (
    <>
      <div className={css.board} ref={board} data-carrying={proposed ? "" : undefined}>
        {STAGES.slice(0, 6).map(lane)}
        <div className={css.rest}>{STAGES.slice(6).map(lane)}</div>
      </div>
      <div className={css.ghost} ref={ghost} aria-hidden="true">
        {proposed?.by === "pointer" && (
          <div className={css.held} data-ghost>
            <strong>{names.of(proposed.card)}</strong>
            <span data-tone={consequence(proposed.card, proposed.to).tone}>
              {consequence(proposed.card, proposed.to).text}
            </span>
          </div>
        )}
      </div>
      <div className={proposed?.by === "keys" ? css.told : "hidden-text"} role="status">
        {proposed &&
          (proposed.by === "keys" && proposed.to === proposed.card.stage
            ? w.moving(names.of(proposed.card))
            : `${w.stages[proposed.to]}: ${consequence(proposed.card, proposed.to).text}`)}
      </div>
    </>
  );
}

interface LaneProps {
  column: Column;
  stage: Stage;
  only: (stage: Stage) => void;
  verdict?: string;
  target?: boolean;
  told?: string;
  children: React.ReactNode;
}

function Lane({ column, stage, only, verdict, target, told, children }: LaneProps) {
  return (
    <section
      className={css.lane}
      data-stage={stage}
      data-verdict={verdict}
      data-target={target || undefined}
      aria-label={w.stages[stage]}
    >
      <header className={css.head}>
        <h2>
          <button type="button" onClick={() => only(stage)} title={w.openStage(w.stages[stage])}>
            {w.stages[stage]}
          </button>
          <span className={css.count} role="img" aria-label={w.count(column.count)}>
            {column.count}
          </span>
        </h2>
        <p>
          <b>{formatDollars(cents(column.value))}</b>
          {column.overdue_count > 0 && (
            <span className={css.late}>
              <Alert size={11} /> {w.overdue(column.overdue_count)}
            </span>
          )}
          {column.overdue_count === 0 && column.aged_count > 0 && (
            <span className={css.old}>
              <Hourglass size={11} /> {w.aged(column.aged_count)}
            </span>
          )}
        </p>
      </header>
      {told && <p className={css.landing}>{told}</p>}
      {column.count === 0 ? <p className={css.none}>{w.none}</p> : <ul className={css.cards}>{children}</ul>}
      {column.count > column.cards.length && (
        <button type="button" className={css.more} onClick={() => only(stage)}>
          {w.showAll(column.count)}
        </button>
      )}
    </section>
  );
}

export interface CardProps {
  card: Card;
  names: Names;
  limit: number;
  tab: boolean;
  carried?: boolean;
  selected: boolean;
  /** Whether its menu is open; undefined until it was opened once. */
  menu: boolean | undefined;
  setMenu: (menu: { id: string; opened: boolean }) => void;
  setActive: (id: string) => void;
  mayMove: boolean;
  grab?: (event: PointerEvent, card: Card) => void;
  onKey: (event: KeyboardEvent, card: Card) => void;
  acts: Acts;
  drop: (card: Card, to: Stage) => void;
}

export const CardOnBoard = memo(function CardOnBoard(props: CardProps) {
  const { card, names, limit, tab, carried, selected, menu, setMenu, setActive, mayMove, grab, onKey, acts, drop } =
    props;
  const id = idOf(card);
  const name = names.of(card);
  const value = cents(card.value);
  const mayDrag = mayMove || (!card.case_id && names.mayRegister);
  const button = (
    <button
      type="button"
      className={css.dots}
      aria-label={w.cardMenu(name)}
      aria-haspopup="menu"
      tabIndex={tab ? 0 : -1}
      onPointerDown={(event) => event.stopPropagation()}
      onClick={() => setMenu({ id, opened: true })}
    >
      <More size={15} />
    </button>
  );
  return (
    <li
      className={css.card}
      data-card={id}
      data-carried={carried || undefined}
      data-selected={selected || undefined}
      data-aged={card.aged || undefined}
      data-held={mayDrag || undefined}
      onPointerDown={mayDrag && grab ? (event) => grab(event, card) : undefined}
    >
      <div className={css.top}>
        <button
          type="button"
          data-row
          className={css.name}
          tabIndex={tab ? 0 : -1}
          aria-current={selected || undefined}
          onFocus={() => setActive(id)}
          onClick={() => acts.open(card)}
          onKeyDown={(event) => onKey(event, card)}
        >
          {name}
        </button>
        {menu === undefined ? (
          button
        ) : (
          <Menu
            opened={menu}
            onChange={(opened) => setMenu({ id, opened })}
            position="bottom-end"
            width={250}
            shadow="none"
            withInitialFocusPlaceholder={false}
          >
            <Menu.Target>{button}</Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => acts.open(card)}>{w.open}</Menu.Item>
              {card.patient_id && (
                <Menu.Item
                  component={Link}
                  {...({ to: "/p/$id/$tab", params: { id: card.patient_id, tab: "summary" } } as object)}
                >
                  {w.chart}
                </Menu.Item>
              )}
              {mayDrag && <Menu.Label className={css.label}>{w.moveTo}</Menu.Label>}
              {mayDrag &&
                STAGES.filter((stage) => stage !== card.stage).map((stage) => {
                  const { text, tone } = consequence(card, stage);
                  return (
                    <Menu.Item key={stage} disabled={tone === "no"} onClick={() => drop(card, stage)}>
                      <span className={css.choice}>
                        <span>{w.stages[stage]}</span>
                        <small>{text}</small>
                      </span>
                    </Menu.Item>
                  );
                })}
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
      <p className={css.line}>
        <b title={card.value_is_usual ? w.usual : undefined}>
          {value === 0 ? "" : card.value_is_usual ? w.about(formatDollars(value)) : formatDollars(value)}
        </b>
        {card.aged ? (
          <span className={css.old} title={w.agedLong(card.days_in_stage, limit)}>
            <Hourglass size={11} /> {w.agedMark(card.days_in_stage)}
          </span>
        ) : (
          <span title={w.daysLong(card.days_in_stage)}>
            <Clock size={11} /> {w.days(card.days_in_stage)}
          </span>
        )}
      </p>
      <BlockerMark blocker={(card.blocker ?? "") as Blocker | ""} />
      <p className={css.step}>{card.next_step}</p>
      <p className={css.line}>
        <span className={card.overdue ? css.late : undefined}>
          {card.overdue ? w.late(monthDay(card.next_step_due)) : w.due(monthDay(card.next_step_due))}
        </span>
        <span className={css.owner} title={`${w.owner}: ${names.ofStaff(card.owner_id)}`}>
          <Person size={11} /> {names.initials(card.owner_id)}
        </span>
      </p>
    </li>
  );
});
