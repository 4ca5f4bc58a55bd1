import { useQuery } from "@tanstack/react-query";
import { api, data, type Patient } from "../../../../api/client";
import { formatFullDay } from "../../../../domain/i18n";
import { Card } from "../../card";
import css from "../money.module.css";
import { l } from "./words";

/** What belongs to a contract and was or is to be signed. */
export function Documents({ patient, contractId }: { patient: Patient; contractId: string }) {
  const documents = useQuery({
    queryKey: ["documents", patient.id, contractId],
    queryFn: () =>
      data(
        api.GET("/v1/patients/{patient_id}/documents", {
          params: { path: { patient_id: patient.id }, query: { page_size: 200 } },
        }),
      ).then((found) => found.documents.filter((one) => one.contract_id === contractId)),
    staleTime: 30_000,
  });
  return (
    <Card title={l.documents} count={documents.data?.length} query={documents} empty={l.noDocuments}>
      {(found) => (
        <ul className={css.payments}>
          {found.map((one) => {
            const body = (
              <>
                <span>
                  <strong>{one.title || one.kind}</strong>
                  <small>{formatFullDay((one.update_time ?? "").slice(0, 10))}</small>
                </span>
                <span className={css.badge} data-state={one.state}>
                  {l.documentStates[one.state ?? ""]}
                </span>
              </>
            );
            const readable = one.state === "ready" || one.state === "signed";
            return (
              <li key={one.id}>
                {readable ? (
                  <a href={`/v1/documents/${one.id}/content`} download>
                    {body}
                  </a>
                ) : (
                  <div>{body}</div>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </Card>
  );
}
