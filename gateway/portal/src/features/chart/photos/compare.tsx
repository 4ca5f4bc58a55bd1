import { type PointerEvent, useState } from "react";
import css from "./compare.module.css";
import { nameOf } from "./names";
import { FILMS, hasPicture, type Image, PHOTOGRAPHS, source, type Timepoint, type View } from "./timepoints";
import { w } from "./words";

const MODES = ["slide", "side", "overlay"] as const;
type Mode = (typeof MODES)[number];

/** One view at two timepoints: a line that is moved over them, both beside each other, or one through the other. */
export function Compare({
  points,
  a,
  b,
  choose,
}: {
  points: readonly Timepoint[];
  a: Timepoint;
  b: Timepoint;
  choose: (next: { a?: string; b?: string }) => void;
}) {
  const views = ([...PHOTOGRAPHS, ...FILMS] as View[]).filter((view) => a.views.has(view) || b.views.has(view));
  const [wanted, setWanted] = useState<View>("intraoral_frontal");
  const [mode, setMode] = useState<Mode>("slide");
  const [share, setShare] = useState(50);
  const view = views.includes(wanted) ? wanted : views[0];
  if (!view) return null;
  const [before, after] = [a.views.get(view), b.views.get(view)];
  const both = before !== undefined && after !== undefined;
  const shown: Mode = both ? mode : "side";
  const chooser = (label: string, value: Timepoint, set: (id: string) => void) => (
    <label>
      <span>{label}</span>
      <select value={value.id} onChange={(event) => set(event.currentTarget.value)}>
        {points.map((one) => (
          <option key={one.id} value={one.id}>
            {nameOf(one)}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <section className={css.compare} aria-label={w.compare}>
      <div className={css.tools}>
        {chooser(w.before, a, (id) => choose({ a: id }))}
        {chooser(w.after, b, (id) => choose({ b: id }))}
        <div className={css.modes} role="group" aria-label={w.mode}>
          {MODES.map((one) => (
            <button key={one} type="button" aria-pressed={shown === one} disabled={!both} onClick={() => setMode(one)}>
              {w[one]}
            </button>
          ))}
        </div>
      </div>
      {shown === "side" ? (
        <div className={css.pair}>
          <Shot image={before} view={view} point={a} />
          <Shot image={after} view={view} point={b} />
        </div>
      ) : (
        both && <Laid before={before} after={after} a={a} b={b} view={view} mode={shown} share={share} set={setShare} />
      )}
      <div className={css.views} role="group" aria-label={w.view}>
        {views.map((one) => {
          const image = b.views.get(one) ?? a.views.get(one);
          return (
            <button key={one} type="button" aria-pressed={one === view} onClick={() => setWanted(one)}>
              {image && hasPicture(image) && <img src={source(image, "thumbnail")} alt="" decoding="async" />}
              <span>{w.views[one]}</span>
            </button>
          );
        })}
      </div>
    </section>
  );
}

const alt = (view: View, point: Timepoint) => `${w.views[view]}, ${nameOf(point)}`;

function Shot({ image, view, point }: { image: Image | undefined; view: View; point: Timepoint }) {
  return (
    <figure className={css.stage} data-view={view}>
      {image && hasPicture(image) ? (
        <img src={source(image, "screen")} alt={alt(view, point)} draggable={false} />
      ) : (
        <p>{w.notAt(w.views[view] ?? view, w.stages[point.stage] ?? "")}</p>
      )}
      <figcaption>{nameOf(point)}</figcaption>
    </figure>
  );
}

/** Both images on one place. The pointer moves the line anywhere on it; the keyboard has the slider beneath. */
function Laid({
  before,
  after,
  a,
  b,
  view,
  mode,
  share,
  set,
}: {
  before: Image;
  after: Image;
  a: Timepoint;
  b: Timepoint;
  view: View;
  mode: "slide" | "overlay";
  share: number;
  set: (share: number) => void;
}) {
  const move = (event: PointerEvent<HTMLElement>) => {
    if (mode !== "slide" || (event.type === "pointermove" && event.buttons === 0)) return;
    const place = event.currentTarget.getBoundingClientRect();
    event.currentTarget.setPointerCapture(event.pointerId);
    set(Math.round(Math.min(100, Math.max(0, ((event.clientX - place.left) / place.width) * 100))));
  };
  const [from, to] = [w.stages[a.stage] ?? "", w.stages[b.stage] ?? ""];
  const upper = mode === "slide" ? { clipPath: `inset(0 0 0 ${share}%)` } : { opacity: share / 100 };
  return (
    <div className={css.laid} data-view={view}>
      <div className={css.stage} data-mode={mode} onPointerDown={move} onPointerMove={move}>
        <img src={source(before, "screen")} alt={alt(view, a)} draggable={false} />
        <img src={source(after, "screen")} alt={alt(view, b)} draggable={false} style={upper} />
        {mode === "slide" && (
          <i style={{ left: `${share}%` }}>
            <b>‹ ›</b>
          </i>
        )}
        <span>{nameOf(a)}</span>
        <span>{nameOf(b)}</span>
      </div>
      <input
        type="range"
        min={0}
        max={100}
        value={share}
        aria-label={mode === "slide" ? w.slider(from, to) : w.opacity(to)}
        onChange={(event) => set(Number(event.currentTarget.value))}
      />
    </div>
  );
}
