import { t } from "../domain/i18n";
import { ApiError } from "./client";

/** Words for a refusal, made for people; `own` are those that only one screen knows. */
export function refusal(error: unknown, own: Record<string, string> = {}): string {
  const reason = error instanceof ApiError ? error.reason : "";
  return own[reason] ?? t.refusals[reason] ?? t.refused;
}
