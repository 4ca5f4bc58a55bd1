import type { Changes } from "./data";
import type { Names } from "./names";
import type { Step } from "./page";

/** What every step over the board is given. */
export interface StepProps {
  names: Names;
  changes: Changes;
  close: () => void;
  next: (step: Step) => void;
  openCard: (id: string) => void;
}
