import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { api, data, ifMatch, type Patient, type Schemas } from "../../../api/client";
import { usePrivacy } from "../../../app/places";
import { formatMoment } from "../../../domain/i18n";
import { Plus } from "../../../ui/icons";
import { tell } from "../../../ui/undo";
import { Card } from "../card";
import { useHome, useMayHere, useParties } from "../data";
import { refusal } from "../dialog";
import type { TabProps } from "../tabs";
import { l } from "../timeline/words";
import { Prepare, SendLink } from "./actions";
import css from "./page.module.css";
import { Reader } from "./reader";
import { f } from "./words";

export type Paper = Schemas["records.Document"];
const SOON_MS = 1_500; // while a PDF is being made

export const papersKey = (patient: Patient) => ["documents", patient.id];

/** What there is to read and sign, where it stands, and the evidence of what was signed. */
export function FormsTab({ patient }: TabProps) {
  const mayHere = useMayHere(patient);
  const zone = useHome(patient).time_zone;
  const [privacy] = usePrivacy();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { item } = useSearch({ strict: false }) as { item?: string };
  const [asked, setAsked] = useState<"prepare" | "send">();
  const parties = useParties(patient, mayHere("parties.read"));
  const papers = useQuery({
    queryKey: papersKey(patient),
    queryFn: () =>
      data(
        api.GET("/v1/patients/{patient_id}/documents", {
          params: { path: { patient_id: patient.id }, query: { page_size: 200 } },
        }),
      ).then((found) => found.documents),
    refetchInterval: ({ state }) => (state.data?.some((one) => one.state === "preparing") ? SOON_MS : false),
  });
  const names = new Map(
    (parties.data ?? []).map(({ party }) => [party?.id, `${party?.first_name} ${party?.last_name}`]),
  );
  const nameOf = (party: string) => (privacy ? "•••" : (names.get(party) ?? ""));
  const open = (id: string | undefined) =>
    void navigate({ to: ".", search: (was) => ({ ...was, item: id }), replace: item !== undefined });
  const again = () => void queries.invalidateQueries({ queryKey: papersKey(patient) });

  const withdraw = async (paper: Paper) => {
    try {
      const params = { path: { document_id: paper.id }, header: ifMatch(paper.version) };
      await data(api.POST("/v1/documents/{document_id}/void", { params, body: {} }));
      tell({ text: f.withdrawn, tone: "good" });
    } catch (error) {
      tell({ text: f.notDone, detail: refusal(error), tone: "bad" });
    }
    again();
  };
  const titleOf = (paper: Paper) => paper.title || l.documentKinds[paper.kind ?? "other"] || "";
  return (
    <div className={css.page}>
      <Card
        title={f.papers}
        count={papers.data?.length}
        query={papers}
        empty={f.none}
        actions={
          <div className={css.actions}>
            {mayHere("documents.send") && (
              <Button size="xs" variant="default" onClick={() => setAsked("send")}>
                {f.send}
              </Button>
            )}
            {mayHere("documents.prepare") && (
              <Button size="xs" leftSection={<Plus size={13} />} onClick={() => setAsked("prepare")}>
                {f.prepare}
              </Button>
            )}
          </div>
        }
      >
        {(found) => (
          <ul className={css.papers}>
            {found.map((paper) => (
              <li key={paper.id} data-row tabIndex={-1}>
                <div>
                  <strong>{titleOf(paper)}</strong>
                  <span>
                    {[
                      nameOf(paper.party_id) && f.for(nameOf(paper.party_id)),
                      formatMoment(paper.create_time ?? "", zone),
                    ]
                      .filter(Boolean)
                      .join(" · ")}
                  </span>
                  {paper.block_reason && <span data-bad>{f.blocked[paper.block_reason] ?? paper.block_reason}</span>}
                </div>
                <em data-state={paper.state}>{l.documentStates[paper.state ?? ""]}</em>
                <div className={css.does}>
                  {paper.size_bytes > 0 && (
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={f.openOf(titleOf(paper), nameOf(paper.party_id))}
                      onClick={() => open(paper.id)}
                    >
                      {f.open}
                    </Button>
                  )}
                  {!paper.contract_id &&
                    ["ready", "blocked"].includes(paper.state ?? "") &&
                    mayHere("documents.prepare") && (
                      <Button size="compact-sm" variant="subtle" color="gray" onClick={() => void withdraw(paper)}>
                        {f.withdraw}
                      </Button>
                    )}
                </div>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <Reader
        patient={patient}
        paper={papers.data?.find((one) => one.id === item)}
        title={titleOf}
        nameOf={nameOf}
        close={() => open(undefined)}
      />
      <Prepare
        patient={patient}
        parties={parties.data ?? []}
        opened={asked === "prepare"}
        close={() => setAsked(undefined)}
      />
      <SendLink
        patient={patient}
        parties={parties.data ?? []}
        papers={papers.data ?? []}
        opened={asked === "send"}
        close={() => setAsked(undefined)}
      />
    </div>
  );
}
