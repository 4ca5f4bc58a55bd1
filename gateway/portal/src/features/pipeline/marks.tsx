import type { Blocker } from "../../domain/pipeline";
import css from "./marks.module.css";
import { w } from "./words";

/** The shape of each blocker: it is told apart without its colour. */
const SHAPE: Record<Blocker, string> = {
  verification: "M8 1.500 14 4v4c0 3.500-2.500 5.500-6 6.500C4.500 13.500 2 11.500 2 8V4z",
  financing: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 5v6M6 9.500h3.500M10 6.500H6.500",
  family:
    "M5.500 7.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM1.500 14a4 4 0 0 1 8 0M11 7.500a2 2 0 1 0-.5-4M11 10a4 4 0 0 1 3.500 4",
  records: "M2 4.500h3l1-1.500h4l1 1.500h3V13H2zM8 11a2.300 2.300 0 1 0 0-4.600A2.300 2.300 0 0 0 8 11z",
  specialist: "M4 2c2 0 2.500 1 4 1s2-1 4-1c2 3 1 5 0 7s-1 5-2 5-1-4-2-4-1 4-2 4-1-3-2-5-2-4 0-7z",
  scheduling: "M2.500 3.500h11V14h-11zM2.500 6.500h11M5.500 2v3M10.500 2v3",
  predetermination: "M3.500 1.500h6l3 3V14.500h-9zM6 8h4M6 11h4",
  signature: "M2 13.500h12M3 11c3-8 5-9 5-6s-3 6-1 6 3-3 4-3 0 2 3 1.500",
  other: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v4M8 11.300v.1",
};

/** What a card waits for: an icon, its name, a colour. */
export function BlockerMark({ blocker }: { blocker: Blocker | "" }) {
  if (!blocker) return <span className={css.free}>{w.noBlocker}</span>;
  return (
    <span className={css.mark} data-blocker={blocker}>
      <svg
        width={12}
        height={12}
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        <path d={SHAPE[blocker]} />
      </svg>
      {w.blockers[blocker]}
    </span>
  );
}
