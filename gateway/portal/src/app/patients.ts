import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { api, data, type Patient } from "../api/client";

/** Asks for a new visit from anywhere; the schedule listens. */
export const NEW_VISIT = "archwire:new-visit";
export const askForVisit = (patient?: Patient): void => {
  window.dispatchEvent(new CustomEvent<Patient | undefined>(NEW_VISIT, { detail: patient }));
};

/** Asks for a new lead from anywhere; the pipeline listens. */
export const NEW_LEAD = "archwire:new-lead";
export const askForLead = (): void => void window.dispatchEvent(new CustomEvent(NEW_LEAD));

/** Patients by name, phone or chart number. */
export function usePatients(query: string, enabled: boolean) {
  const [text] = useDebouncedValue(query.trim(), 150);
  return useQuery({
    queryKey: ["search", text],
    queryFn: ({ signal }) =>
      data(api.POST("/v1/patients/search", { body: { query: text, page_size: 8 }, signal })).then(
        (found) => found.patients,
      ),
    enabled: enabled && text.length >= 2,
    placeholderData: (before) => (text.length >= 2 ? before : undefined),
    gcTime: 60_000,
  });
}
