import type { Patient, Schemas } from "../../api/client";

export type Alert = Schemas["directory.Alert"];
export type Kind = NonNullable<Alert["kind"]>;
export const MEDICAL: readonly Kind[] = ["allergy", "condition", "medication", "premedication"];
export const OFFICE: readonly Kind[] = ["financial_hold", "contact_restriction", "custody", "other"];
export const isMedical = (kind: Kind | null) => MEDICAL.includes(kind as Kind);

export const alertsKey = (patient: Patient) => ["alerts", patient.id];
