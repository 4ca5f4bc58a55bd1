import { ActionIcon, Button } from "@mantine/core";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import {
  clashes,
  insert,
  LETTERS,
  type Letter,
  MOST_SLICES,
  nextStart,
  paint,
  remove,
  resize,
  stretches,
  totals,
} from "../../domain/slices";
import { Plus } from "../../ui/icons";
import css from "./slices.module.css";
import { slices as slicesWords } from "./words/slices";

const ROW = 12; // an hour

/** The keys of the brushes, as people press them; Shift makes the doctor's check the whole doctor. */
const KEYS: Record<string, Letter> = { a: "A", d: "d", D: "D", t: "T", c: "C", " ": "C" };

const time = (slice: number) => `${Math.floor((slice * 5) / 60)}:${String((slice * 5) % 60).padStart(2, "0")}`;

/**
 * A visit painted in slices of five minutes. With the pointer: choose a brush and drag over slices; drag the handle at
 * the end to make the visit longer or shorter. With the keyboard: arrows go, Shift with arrows chooses several, a
 * letter paints, Enter puts one more in, Delete takes out.
 */
export function SliceEditor(props: { pattern: string; hue: string; onPattern: (pattern: string) => void }) {
  const { pattern, onPattern } = props;
  const [brush, setBrush] = useState<Letter>("A");
  const [at, setAt] = useState(0);
  const [anchor, setAnchor] = useState(0);
  const drag = useRef<{ from: number; pattern: string; resize: boolean } | undefined>(undefined);
  const grid = useRef<HTMLDivElement>(null);
  const keyed = useRef(false);
  const cursor = Math.min(at, pattern.length - 1);
  const from = Math.min(anchor, cursor);
  const to = Math.max(Math.min(anchor, pattern.length - 1), cursor);

  useEffect(() => {
    if (!keyed.current) return;
    keyed.current = false;
    grid.current?.querySelector<HTMLElement>(`[data-slice="${cursor}"]`)?.focus();
  });

  const go = (slice: number, several: boolean) => {
    const next = Math.max(0, Math.min(pattern.length - 1, slice));
    setAt(next);
    if (!several) setAnchor(next);
    keyed.current = true;
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -ROW, ArrowDown: ROW }[event.key];
    const letter = KEYS[event.key] ?? (event.shiftKey ? undefined : KEYS[event.key.toLowerCase()]);
    if (step) go(cursor + step, event.shiftKey);
    else if (event.key === "Home") go(0, event.shiftKey);
    else if (event.key === "End") go(pattern.length - 1, event.shiftKey);
    else if (letter) {
      setBrush(letter);
      onPattern(paint(pattern, from, to, letter));
      if (from === to) go(to + 1, false);
      keyed.current = true;
    } else if (event.key === "Enter" || event.key === "+") {
      onPattern(insert(pattern, cursor));
      go(cursor + 1, false);
      setAt(Math.min(MOST_SLICES - 1, cursor + 1));
      setAnchor(Math.min(MOST_SLICES - 1, cursor + 1));
    } else if (event.key === "Delete" || event.key === "Backspace" || event.key === "-") {
      onPattern(remove(pattern, from, to));
      go(Math.max(0, event.key === "Backspace" ? from - 1 : from), false);
    } else return;
    event.preventDefault();
  };

  /** The slice under the pointer; past the end of the row when it is there. */
  const under = (event: PointerEvent): number => {
    const box = grid.current?.getBoundingClientRect();
    if (!box) return 0;
    const rows = Math.max(1, Math.ceil(pattern.length / ROW));
    const cell = grid.current?.querySelector<HTMLElement>("[data-slice]")?.getBoundingClientRect();
    const width = cell?.width ?? 40;
    const height = box.height / Math.max(rows, Math.ceil((pattern.length + 1) / ROW));
    const row = Math.max(0, Math.min(MOST_SLICES / ROW - 1, Math.floor((event.clientY - box.top) / height)));
    const column = Math.max(0, Math.min(ROW - 1, Math.floor((event.clientX - box.left) / width)));
    return row * ROW + column;
  };
  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const handle = (event.target as HTMLElement).closest("[data-handle]") !== null;
    const slice = under(event);
    drag.current = { from: slice, pattern, resize: handle };
    grid.current?.setPointerCapture(event.pointerId);
    if (handle) return;
    setAt(Math.min(slice, pattern.length - 1));
    setAnchor(Math.min(slice, pattern.length - 1));
    onPattern(paint(pattern, slice, slice, brush));
  };
  const onMove = (event: PointerEvent) => {
    const held = drag.current;
    if (!held) return;
    const slice = under(event);
    if (held.resize) onPattern(resize(held.pattern, slice + 1));
    else {
      setAt(Math.min(slice, pattern.length - 1));
      setAnchor(Math.min(slice, pattern.length - 1));
      onPattern(paint(held.pattern, held.from, slice, brush));
    }
  };
  const onUp = () => {
    drag.current = undefined;
  };
  const rows = Math.ceil((pattern.length + 1) / ROW);
  return (
    <div className={css.editor} data-hue={props.hue}>
      <div className={css.brushes} role="radiogroup" aria-label={slicesWords.brush}>
        {LETTERS.map((letter) => (
          <button
            key={letter}
            type="button"
            role="radio"
            aria-checked={brush === letter}
            className={css.brush}
            onClick={() => setBrush(letter)}
          >
            <i data-letter={letter} aria-hidden="true" />
            {slicesWords.letters[letter]}
            <kbd>{slicesWords.keys[letter]}</kbd>
          </button>
        ))}
      </div>
      <div className={css.board}>
        <div className={css.hours} aria-hidden="true">
          {Array.from({ length: rows }, (_, row) => (
            <span key={row}>{time(row * ROW)}</span>
          ))}
        </div>
        <div
          ref={grid}
          role="grid"
          aria-label={slicesWords.grid(pattern.length * 5)}
          aria-multiselectable="true"
          className={css.grid}
          onKeyDown={onKey}
          onPointerDown={onDown}
          onPointerMove={onMove}
          onPointerUp={onUp}
          onPointerCancel={onUp}
        >
          {Array.from({ length: rows }, (_, row) => (
            // biome-ignore lint/a11y/useFocusableInteractive: one of the cells has the focus
            <div key={row} role="row" className={css.line}>
              {[...pattern.slice(row * ROW, (row + 1) * ROW)].map((letter, column) => {
                const slice = row * ROW + column;
                return (
                  <div
                    key={slice}
                    role="gridcell"
                    data-slice={slice}
                    data-letter={letter}
                    data-sign={slicesWords.signs[letter as Letter]}
                    tabIndex={slice === cursor ? 0 : -1}
                    aria-selected={slice >= from && slice <= to}
                    aria-label={slicesWords.slice(time(slice), slicesWords.letters[letter as Letter])}
                    onFocus={() => slice !== cursor && go(slice, false)}
                  ></div>
                );
              })}
              {pattern.length < MOST_SLICES && Math.floor(pattern.length / ROW) === row && (
                <div className={css.end} aria-hidden="true">
                  <span data-handle="" title={slicesWords.handle} />
                </div>
              )}
            </div>
          ))}
        </div>
        <div className={css.length} role="group" aria-label={slicesWords.length}>
          <ActionIcon
            variant="default"
            aria-label={slicesWords.shorter}
            disabled={pattern.length < 2}
            onClick={() => onPattern(resize(pattern, pattern.length - 1))}
          >
            −
          </ActionIcon>
          <output>{slicesWords.minutes(pattern.length * 5)}</output>
          <ActionIcon
            variant="default"
            aria-label={slicesWords.longer}
            disabled={pattern.length >= MOST_SLICES}
            onClick={() => onPattern(resize(pattern, pattern.length + 1))}
          >
            <Plus size={14} />
          </ActionIcon>
        </div>
      </div>
      <Totals pattern={pattern} />
      <p className={css.help}>{slicesWords.help}</p>
    </div>
  );
}

function Totals({ pattern }: { pattern: string }) {
  const sum = totals(pattern);
  const shown = ["chair", "assistant", "doctor", "longestDoctor"] as const;
  return (
    <dl className={css.totals} aria-live="polite">
      {shown.map((what) => (
        <div key={what}>
          <dt>{slicesWords.totals[what]}</dt>
          <dd>{slicesWords.minutes(sum[what])}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A pattern in one line, for lists. */
export function Strip({ pattern, hue }: { pattern: string; hue: string }) {
  return (
    <svg
      className={css.strip}
      data-hue={hue}
      viewBox={`0 0 ${Math.max(24, pattern.length)} 6`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {stretches(pattern).map(({ letter, from, length }) => (
        <rect key={from} x={from} width={length} y="0" height="6" data-letter={letter} />
      ))}
    </svg>
  );
}

/** Two such visits beside each other: from when on one doctor can see both. */
export function Neighbours({ pattern, hue, capacity = 2 }: { pattern: string; hue: string; capacity?: number }) {
  const [wanted, setOffset] = useState(0);
  const offset = Math.min(wanted, pattern.length);
  const bad = clashes(pattern, pattern, offset, capacity);
  const free = nextStart(pattern, pattern, capacity);
  const width = pattern.length * 2;
  const told = bad.length ? slicesWords.clash(bad.length * 5, time(bad[0] ?? 0)) : slicesWords.noClash;
  return (
    <div className={css.neighbours} data-hue={hue}>
      <svg viewBox={`0 0 ${width} 13`} preserveAspectRatio="none" role="img" aria-label={told}>
        {[0, offset].map((start, row) => (
          <g key={row}>
            {stretches(pattern).map(({ letter, from, length }) => (
              <rect key={from} x={start + from} width={length} y={row * 7} height="6" data-letter={letter} />
            ))}
          </g>
        ))}
        {bad.map((slice) => (
          <rect key={slice} className={css.clash} x={slice} width="1" y="0" height="13" />
        ))}
      </svg>
      <label className={css.slider}>
        <span>{slicesWords.offset(offset * 5)}</span>
        <input
          type="range"
          min={0}
          max={pattern.length}
          value={offset}
          aria-valuetext={slicesWords.offset(offset * 5)}
          onChange={(event) => setOffset(Number(event.currentTarget.value))}
        />
      </label>
      <p data-bad={bad.length ? "" : undefined} role="status">
        {told}
      </p>
      <Button size="compact-sm" variant="default" disabled={offset === free} onClick={() => setOffset(free)}>
        {slicesWords.next(free * 5)}
      </Button>
    </div>
  );
}
