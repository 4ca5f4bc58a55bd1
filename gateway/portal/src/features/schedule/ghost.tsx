import type { Day, Span, Verdict } from "../../domain/schedule";
import css from "./grid.module.css";
import { px } from "./measure";
import { type Proposal, useProposal } from "./proposal";

/** A clash that may be accepted warns, like another doctor does; whatever else does not fit is refused. */
function toneOf(verdict: Verdict | undefined, mayOverlap: boolean) {
  if (!verdict) return "same";
  if (verdict.fits) return verdict.doctorChanges ? "warned" : "free";
  return mayOverlap && verdict.reason === "DOCTOR_TAKEN" && verdict.bearable ? "warned" : "refused";
}

/** The visit on its way, and what that would mean. */
export function Ghost({
  day,
  range,
  unit,
  say,
  mayOverlap,
}: {
  day: Day;
  range: Span;
  unit: number;
  say: (proposed: Proposal) => string;
  mayOverlap: boolean;
}) {
  const proposed = useProposal();
  if (!proposed?.to) return null;
  const { to, verdict, visit, name, visitClass } = proposed;
  const column = day.chairs.findIndex((chair) => chair.id === to.chairId);
  const tone = toneOf(verdict, mayOverlap);
  return (
    <div
      className={css.ghostColumn}
      style={{ gridColumn: 2 + day.doctors.length + column }}
      data-side={column >= Math.max(1, day.chairs.length - 2) ? "left" : "right"}
    >
      <div
        className={css.ghost}
        data-ghost
        data-class={visitClass}
        data-tone={tone}
        style={{ transform: `translateY(${px(to.start, range, unit)}px)`, height: visit.pattern.length * unit - 1 }}
      >
        <span className={css.name}>{name}</span>
        <span className={css.tip} data-tone={tone} role="status" aria-live="polite">
          {say(proposed)}
        </span>
      </div>
    </div>
  );
}
