import { useQuery } from "@tanstack/react-query";
import { api, data, type Patient } from "../../../api/client";
import type { Image, Stage, View } from "./timepoints";

export const imagesKey = (patientId: string) => ["images", patientId] as const;

/** Every image of the patient. */
export function useImages(patient: Patient) {
  return useQuery({
    queryKey: imagesKey(patient.id),
    queryFn: async () => {
      const all: Image[] = [];
      let page_token = "";
      do {
        const params = { path: { patient_id: patient.id }, query: { page_size: 200, page_token } };
        const found = await data(api.GET("/v1/patients/{patient_id}/images", { params }));
        all.push(...found.images);
        page_token = found.next_page_token ?? "";
      } while (page_token);
      return all;
    },
    staleTime: 30_000,
  });
}

/** What a stage needs, by the practice's rule. */
export function useNeeded(patient: Patient, stage: Stage | undefined) {
  return useQuery({
    queryKey: ["gate", patient.id, stage],
    queryFn: () =>
      data(
        api.GET("/v1/patients/{patient_id}/records-gate", {
          params: { path: { patient_id: patient.id }, query: { stage: stage as Stage } },
        }),
      ).then((found) => found.items.map((item) => item.view as View)),
    enabled: stage !== undefined,
    staleTime: 60_000,
  });
}
