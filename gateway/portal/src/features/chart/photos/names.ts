import { formatFullDay } from "../../../domain/i18n";
import type { Timepoint } from "./timepoints";
import { w } from "./words";

/** A timepoint as "Initial, Mar 27, 2023". */
export const nameOf = (point: Timepoint): string => `${w.stages[point.stage]}, ${formatFullDay(point.day)}`;
