import { useQuery } from "@tanstack/react-query";
import { ApiError, api, data, type Patient, type Schemas } from "../../../api/client";
import { formatFullDay } from "../../../domain/i18n";
import { refusal as general } from "../refusal";
import { w } from "./words";

export type Coverage = Schemas["insurance.Coverage"];
export type Verification = Schemas["insurance.Verification"];
export type Claim = Schemas["insurance.Claim"];
export type ClaimCase = Schemas["insurance.ClaimCase"];
export type Estimate = Schemas["insurance.Estimate"];
export type Expected = Schemas["insurance.ExpectedInstalment"];

export function useCoverages(patient: Patient) {
  return useQuery({
    queryKey: ["coverages", patient.id],
    queryFn: () =>
      data(api.GET("/v1/coverages", { params: { query: { patient_id: patient.id, page_size: 50 } } })).then((found) => {
        const order = ["primary", "secondary", "tertiary"];
        return [...found.coverages].sort((a, b) => order.indexOf(a.priority ?? "") - order.indexOf(b.priority ?? ""));
      }),
    staleTime: 30_000,
  });
}

export function useBenefits(coverageId: string) {
  return useQuery({
    queryKey: ["benefits", coverageId],
    queryFn: () =>
      data(api.GET("/v1/coverages/{coverage_id}/benefits", { params: { path: { coverage_id: coverageId } } })),
    staleTime: 30_000,
  });
}

export function useEstimates(patient: Patient) {
  return useQuery({
    queryKey: ["estimates", patient.id],
    queryFn: () =>
      data(api.GET("/v1/estimates", { params: { query: { patient_id: patient.id, page_size: 20 } } })).then(
        (found) => found.estimates,
      ),
    staleTime: 30_000,
  });
}

/** The claims of a patient, each with its case and what is expected. */
export function useClaims(patient: Patient) {
  return useQuery({
    queryKey: ["claims", patient.id],
    queryFn: async () => {
      const { claims } = await data(
        api.GET("/v1/claims", { params: { query: { patient_id: patient.id, page_size: 50 } } }),
      );
      return Promise.all(
        claims.map((one) => data(api.GET("/v1/claims/{claim_id}", { params: { path: { claim_id: one.id } } }))),
      );
    },
    staleTime: 15_000,
  });
}

/** Where a figure was read: the segments of a file, a call with somebody, a portal; and on which day. */
export function sourceOf(verification: Verification, field: string): string {
  const day = formatFullDay(verification.answered_on || (verification.create_time ?? "").slice(0, 10));
  if (verification.method === "phone") return w.sourcePhone(verification.answered_by || w.payerPerson, day);
  if (verification.method === "portal") return w.sourcePortal(day);
  const positions = verification.benefits?.provenance.find((one) => one.field === field)?.positions ?? [];
  return positions.length ? w.sourceSegments(day, positions.join(", ")) : w.sourceX12(day);
}

/** Words for a refusal about insurance, with what is missing where the service says it. */
export function refusal(error: unknown): string {
  if (!(error instanceof ApiError)) return general(error);
  const said = w.refusals[error.reason];
  if (!said) return general(error);
  const what = error.details.missing ?? error.details.rules ?? error.details.rule;
  const told = Array.isArray(what) ? what.join(", ") : typeof what === "string" ? what : "";
  return told ? `${said} ${told}` : said;
}
