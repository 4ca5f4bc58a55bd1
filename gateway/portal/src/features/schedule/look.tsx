import { useState } from "react";
import css from "./page.module.css";
import { w } from "./words";

/** How the grid is drawn; kept in this browser. */
export interface Look {
  roomy: boolean;
  /** Minutes between two lines. */
  lines: 5 | 10;
}
const KEPT = { roomy: "archwire.roomy", lines: "archwire.lines" };
const keptLook = (): Look => ({
  roomy: localStorage.getItem(KEPT.roomy) === "yes",
  lines: localStorage.getItem(KEPT.lines) === "5" ? 5 : 10,
});
function keepLook(look: Look): void {
  localStorage.setItem(KEPT.roomy, look.roomy ? "yes" : "no");
  localStorage.setItem(KEPT.lines, String(look.lines));
}

/** The look of the grid and what changes it. */
export function useLook(): [Look, (look: Look) => void] {
  const [look, setLook] = useState(keptLook);
  return [
    look,
    (wanted) => {
      keepLook(wanted);
      setLook(wanted);
    },
  ];
}

export function Looks({ look, setLook }: { look: Look; setLook: (look: Look) => void }) {
  return (
    <>
      <Choice
        label={w.schedule.lines}
        options={([5, 10] as const).map((lines) => ({ key: lines, text: w.schedule.everyMinutes(lines) }))}
        chosen={look.lines}
        choose={(lines) => setLook({ ...look, lines })}
      />
      <Choice
        label={w.schedule.density}
        options={[
          { key: false, text: w.schedule.fit },
          { key: true, text: w.schedule.roomy },
        ]}
        chosen={look.roomy}
        choose={(roomy) => setLook({ ...look, roomy })}
      />
    </>
  );
}

/** One of few, side by side. */
export function Choice<Key extends string | number | boolean>({
  label,
  options,
  chosen,
  choose,
}: {
  label: string;
  options: readonly { key: Key; text: string }[];
  chosen: Key;
  choose: (key: Key) => void;
}) {
  return (
    <div className={css.choice} role="group" aria-label={label}>
      {options.map(({ key, text }) => (
        <button key={String(key)} type="button" aria-pressed={chosen === key} onClick={() => choose(key)}>
          {text}
        </button>
      ))}
    </div>
  );
}
