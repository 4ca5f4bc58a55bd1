import createClient, { type Middleware } from "openapi-fetch";
import { heard } from "./reach";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Session = Schemas["Session"];
export type Appointment = Schemas["scheduling.Appointment"];
export type AppointmentType = Schemas["scheduling.AppointmentType"];
export type DaySheet = Schemas["scheduling.GetDaySheetResponse"];
export type Patient = Schemas["directory.Patient"];
export type Slot = Schemas["scheduling.Slot"];
export type WaitlistEntry = Schemas["scheduling.WaitlistEntry"];
export type Task = Schemas["coordination.Task"];
export type Location = Schemas["directory.Location"];
export type Problem = Schemas["Problem"];

/** A refusal of the gateway, or no answer at all (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    detail: string,
    readonly traceId: string | null = null,
    readonly details: Record<string, unknown> = {},
    /** The input at fault, and every field whose rule is broken. */
    readonly field: string = "",
    readonly errors: { field?: string }[] = [],
  ) {
    super(detail);
  }
}

let csrf = "";
let onSignedOut: (() => void) | undefined;

/** What a session gives for the requests to come; nothing when it ends. */
export function keepCsrf(token: string): void {
  csrf = token;
}
/** True between signing in and the end of the session or the lock of the screen. */
export const signedIn = (): boolean => csrf !== "";
/** For what does not go through `api`: an upload that tells how far it is. */
export const csrfToken = (): string => csrf;
export function whenSignedOut(then: () => void): void {
  onSignedOut = then;
}
/** The server knows nobody: the session has ended. */
export function signedOut(): void {
  csrf = "";
  onSignedOut?.();
}

const guard: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && schemaPath !== "/v1/session") signedOut();
    return undefined;
  },
};

export const api = createClient<paths>({
  baseUrl: location.origin,
  querySerializer: { array: { style: "form", explode: true } },
});
api.use(guard);

/** The data of an answer, or an ApiError. */
export async function data<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let answer: { data?: T; error?: unknown; response: Response };
  try {
    answer = await call;
  } catch (error) {
    const gaveUp = error instanceof DOMException && error.name === "AbortError";
    if (!gaveUp) heard(false);
    throw new ApiError(0, "NO_CONNECTION", "the server did not answer");
  }
  heard(true);
  if (answer.response.ok) return answer.data as T;
  const problem = (answer.error ?? {}) as Partial<Problem>;
  throw new ApiError(
    answer.response.status,
    problem.reason ?? "INTERNAL",
    problem.detail ?? answer.response.statusText,
    problem.trace_id ?? null,
    (problem.details ?? {}) as Record<string, unknown>,
    problem.field ?? "",
    problem.errors ?? [],
  );
}

/** The header of a change: the same key again is the same change. */
export const once = () => ({ "Idempotency-Key": crypto.randomUUID() as string });

/** The headers of a change of something that was read: refused with STALE_VERSION when somebody was faster. */
export const ifMatch = (version: number | string) => ({ ...once(), "If-Match": `"${version}"` });
