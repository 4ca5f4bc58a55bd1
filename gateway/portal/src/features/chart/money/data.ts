import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { api, data, type Patient, type Schemas } from "../../../api/client";
import { usePrivacy } from "../../../app/places";
import { useMayHere, useParties } from "../data";
import { centsOf } from "./amounts";
import type { Entry } from "./statement";
import { w } from "./words";

export type Contract = Schemas["contracts.Contract"];
export type Payment = Schemas["contracts.Payment"];
export type Settlement = Schemas["contracts.Settlement"];
type Account = "patient_receivable" | "insurance_receivable";

/** How the parties of a patient are called; nobody is in privacy view, nor for roles that do not see them. */
export function usePartyName(patient: Patient): (partyId: string) => string {
  const { data: parties } = useParties(patient, useMayHere(patient)("parties.read"));
  const [privacy] = usePrivacy();
  const names = useMemo(
    () =>
      new Map(parties?.map(({ party }) => [party?.id ?? "", `${party?.first_name ?? ""} ${party?.last_name ?? ""}`])),
    [parties],
  );
  return useCallback((id) => (privacy || !id ? w.party : (names.get(id) ?? w.party)), [names, privacy]);
}

const entryOf = (one: Schemas["contracts.LedgerEntry"]): Entry => ({
  id: one.id,
  kind: one.kind ?? "",
  partyId: one.party_id,
  postedOn: one.posted_on,
  cents: centsOf(one.amount),
  paymentId: one.payment_id,
  method: one.payment_method ?? "",
  reason: one.reason,
  reverses: one.reversal_of !== "",
});

/** Every entry of one account, in the order of posting. */
export function useLedger(patient: Patient, account: Account, enabled: boolean) {
  return useQuery({
    queryKey: ["ledger", patient.id, account],
    queryFn: async () => {
      const all: Entry[] = [];
      let page_token = "";
      do {
        const params = { path: { patient_id: patient.id }, query: { page_size: 200, page_token, account } };
        const found = await data(api.GET("/v1/patients/{patient_id}/ledger", { params }));
        all.push(...found.entries.map(entryOf));
        page_token = found.next_page_token ?? "";
      } while (page_token);
      return all;
    },
    enabled,
    staleTime: 15_000,
  });
}

export function usePayments(patient: Patient, enabled: boolean) {
  return useQuery({
    queryKey: ["payments", patient.id],
    queryFn: () =>
      data(api.GET("/v1/payments", { params: { query: { patient_id: patient.id, page_size: 200 } } })).then(
        (found) => found.payments,
      ),
    enabled,
    staleTime: 15_000,
    refetchInterval: ({ state }) => (state.data?.some((one) => one.state === "pending") ? 1500 : false),
  });
}

export function usePayment(id: string | undefined) {
  return useQuery({
    queryKey: ["payment", id],
    queryFn: () =>
      data(api.GET("/v1/payments/{payment_id}", { params: { path: { payment_id: id as string } } })).then(
        (found) => found.payment as Payment,
      ),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (state.data?.state === "pending" ? 700 : false),
  });
}

/** The contracts of a patient in full, the newest first. */
export function useContracts(patient: Patient, enabled: boolean) {
  return useQuery({
    queryKey: ["contracts", patient.id],
    queryFn: async () => {
      const { contracts } = await data(
        api.GET("/v1/contracts", { params: { query: { patient_id: patient.id, page_size: 50 } } }),
      );
      const whole = contracts.map(({ id }) =>
        data(api.GET("/v1/contracts/{contract_id}", { params: { path: { contract_id: id } } })),
      );
      return (await Promise.all(whole)).map((found) => found.contract as Contract);
    },
    enabled,
    staleTime: 15_000,
  });
}

/** Reads again whatever money has moved: the statement, what is owed, the contracts, the header. */
export function useMoneyMoved(patient: Patient): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    const keys = ["ledger", "payments", "contracts", "balance", "timeline"];
    await Promise.all(keys.map((key) => queries.invalidateQueries({ queryKey: [key, patient.id] })));
    await queries.invalidateQueries({ queryKey: ["payment"] });
  };
}
