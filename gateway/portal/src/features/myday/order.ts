/** The parts of the day. A part is shown to those who may read it, in the order of their work. */
export type Part = "arrivals" | "chairs" | "calls" | "tasks" | "exams" | "notes" | "claims";

const DESK: readonly Part[] = ["arrivals", "calls", "tasks", "exams"];
const COORDINATOR: readonly Part[] = ["tasks", "calls", "exams"];
const CLINIC: readonly Part[] = ["chairs", "notes", "tasks"];
const MONEY: readonly Part[] = ["calls", "claims", "tasks"];

const BY_ROLE: Record<string, readonly Part[]> = {
  front_desk: DESK,
  treatment_coordinator: COORDINATOR,
  practice_manager: ["tasks", "calls", "exams", "arrivals"],
  regional_manager: ["tasks", "calls", "exams"],
  owner: ["tasks", "calls", "exams", "arrivals"],
  orthodontist: CLINIC,
  clinical_assistant: CLINIC,
  records_technician: ["chairs", "exams", "tasks"],
  financial_coordinator: MONEY,
  insurance_coordinator: ["claims", "tasks", "calls"],
};
const NEEDS: Record<Part, string> = {
  arrivals: "appointments.read",
  chairs: "appointments.read",
  calls: "phone_calls.log",
  tasks: "tasks.read",
  exams: "readiness.read",
  notes: "notes.read",
  claims: "claims.read",
};

/** The parts for somebody with these roles; the first role that is known sets the order, the others add to it. */
export function partsFor(roles: readonly string[], may: (permission: string) => boolean): Part[] {
  const all = roles.flatMap((role) => BY_ROLE[role] ?? []);
  return [...new Set<Part>([...all, "tasks"])].filter((part) => may(NEEDS[part]));
}
