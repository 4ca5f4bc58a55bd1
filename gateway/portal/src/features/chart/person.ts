import { api, data, ifMatch, type Patient, type Schemas } from "../../api/client";
import { e164, phone } from "../../domain/phone";

type Party = Schemas["directory.ResponsibleParty"];
type Address = Schemas["common.Address"];

/** What a person's form holds, all of it as text: what somebody types, and what two people's changes are merged by. */
export interface PersonValues {
  first_name: string;
  last_name: string;
  birth_date: string;
  language: string;
  email: string;
  mobile: string;
  line1: string;
  line2: string;
  city: string;
  state: string;
  postal_code: string;
}
export interface PatientValues extends PersonValues {
  preferred_name: string;
  sex: string;
  home_location_id: string;
  location_ids: string[];
  active: boolean;
}

/** A ZIP code as people write it: the longer one with its dash. */
export const zip = (code: string): string => (code.length === 9 ? `${code.slice(0, 5)}-${code.slice(5)}` : code);

function ofPerson(saved: Patient | Party): PersonValues {
  const address = saved.address;
  return {
    first_name: saved.first_name,
    last_name: saved.last_name,
    birth_date: saved.birth_date,
    language: saved.language || "en",
    email: saved.email,
    mobile: phone(saved.mobile),
    line1: address?.lines[0] ?? "",
    line2: address?.lines[1] ?? "",
    city: address?.city ?? "",
    state: address?.state ?? "",
    postal_code: zip(address?.postal_code ?? ""),
  };
}
export const ofPatient = (saved: Patient): PatientValues => ({
  ...ofPerson(saved),
  preferred_name: saved.preferred_name,
  sex: saved.sex ?? "",
  home_location_id: saved.home_location_id,
  location_ids: saved.location_ids,
  active: saved.active,
});
export const ofParty = (saved: Party): PersonValues => ofPerson(saved);

/** The same way of writing for what is the same: else a space typed more would be a change. */
export function tidy<T extends PersonValues>(typed: T): T {
  const values = { ...typed };
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === "string") Object.assign(values, { [name]: value.trim() });
  }
  const number = e164(values.mobile);
  return { ...values, state: values.state.toUpperCase(), mobile: number === undefined ? values.mobile : phone(number) };
}

/** The field that cannot be saved as typed, before the server is asked. */
export function unfit(values: PersonValues): "mobile" | "state" | "postal_code" | undefined {
  if (e164(values.mobile) === undefined) return "mobile";
  if (values.state && !/^[A-Z]{2}$/.test(values.state)) return "state";
  if (values.postal_code && !/^\d{5}(-?\d{4})?$/.test(values.postal_code)) return "postal_code";
  return undefined;
}

const toBody = (values: PersonValues) => ({
  first_name: values.first_name,
  last_name: values.last_name,
  birth_date: values.birth_date,
  language: values.language as "en" | "es",
  email: values.email,
  mobile: e164(values.mobile) ?? "",
  address: {
    lines: [values.line1, values.line2].filter(Boolean),
    city: values.city,
    state: values.state,
    postal_code: values.postal_code.replace("-", ""),
  } as Address,
});

export const writePatient = (id: string) => (values: PatientValues, version: number) =>
  data(
    api.PATCH("/v1/patients/{patient_id}", {
      params: { path: { patient_id: id }, header: ifMatch(version) },
      body: {
        ...toBody(values),
        preferred_name: values.preferred_name,
        ...(values.sex ? { sex: values.sex as "female" } : {}),
        home_location_id: values.home_location_id,
        location_ids: values.location_ids,
        active: values.active,
      },
    }),
  );

export const writeParty = (id: string) => (values: PersonValues, version: number) =>
  data(
    api.PATCH("/v1/parties/{party_id}", {
      params: { path: { party_id: id }, header: ifMatch(version) },
      body: toBody(values),
    }),
  );

/** For a new person beside a patient. */
export const newParty = toBody;
