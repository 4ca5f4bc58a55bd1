import { useQuery } from "@tanstack/react-query";
import { api, data, type Patient, type Schemas } from "../../../api/client";

export type Tie = Schemas["directory.Relationship"];
export type TieInput = Schemas["directory.RelationshipInputInput"];
export type PrivateLink = Schemas["directory.Link"];

/** What the server wants to be told again when one thing about a relationship changes. */
export const toInput = (tie: Tie): TieInput => ({
  kind: tie.kind ?? "other",
  may_consent: tie.may_consent,
  clinical_access: tie.clinical_access,
  financial: tie.financial,
  share_bp: tie.share_bp,
  own_share_only: tie.own_share_only,
  primary_contact: tie.primary_contact,
  court_order: tie.court_order,
});

export function useLinks(patient: Patient, enabled: boolean) {
  return useQuery({
    queryKey: ["links", patient.id],
    queryFn: () =>
      data(
        api.GET("/v1/patients/{patient_id}/links", {
          params: { path: { patient_id: patient.id }, query: { page_size: 100 } },
        }),
      ).then((found) => [...found.links].sort((a, b) => (b.create_time ?? "").localeCompare(a.create_time ?? ""))),
    enabled,
  });
}
