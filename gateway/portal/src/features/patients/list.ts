import { api, data, type Patient, type Schemas } from "../../api/client";

type Case = Schemas["coordination.Case"];
export type CaseState = NonNullable<Case["state"]>;

export interface Wanted {
  q: string;
  /** Empty for all locations of the person. */
  location: string;
  /** Empty for any. A search looks in every state: its matches are few. */
  state: string;
}
export interface Row {
  patient: Patient;
  case?: Case;
}
export interface Page {
  rows: Row[];
  next: string;
}

const SIZE = 50;

/** One page of the list: matches of a search, patients of a state, or patients in the order of registration. */
export async function readPage(wanted: Wanted, token: string, signal?: AbortSignal): Promise<Page> {
  const { q, location, state } = wanted;
  const where = location ? { location_id: location } : {};
  if (q.length >= 2) {
    const found = await data(api.POST("/v1/patients/search", { body: { query: q, page_size: 50, ...where }, signal }));
    return { rows: found.patients.map((patient) => ({ patient })), next: "" };
  }
  if (state) {
    const query = { states: [state as CaseState], page_size: SIZE, page_token: token, ...where };
    const found = await data(api.GET("/v1/cases", { params: { query }, signal }));
    const ids = [...new Set(found.cases.map((one) => one.patient_id))];
    const known = ids.length
      ? await data(api.POST("/v1/patients/batch", { body: { patient_ids: ids }, signal })).then((read) => read.patients)
      : [];
    const people = new Map(known.map((patient) => [patient.id, patient]));
    const rows = found.cases.flatMap((one) => {
      const patient = people.get(one.patient_id);
      return patient ? [{ patient, case: one }] : [];
    });
    return { rows, next: found.next_page_token };
  }
  const query = { page_size: SIZE, page_token: token, ...where };
  const found = await data(api.GET("/v1/patients", { params: { query }, signal }));
  return { rows: found.patients.map((patient) => ({ patient })), next: found.next_page_token };
}

/** Every page, for a file. */
export async function readAll(wanted: Wanted): Promise<Row[]> {
  const rows: Row[] = [];
  let token = "";
  do {
    const page = await readPage(wanted, token);
    rows.push(...page.rows);
    token = page.next;
  } while (token);
  return rows;
}
