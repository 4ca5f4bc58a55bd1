import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { api, data, once, type Patient } from "../../../api/client";
import { formatMoment } from "../../../domain/i18n";
import { tell } from "../../../ui/undo";
import { Card } from "../card";
import { type RelatedParty, useHome, useMayHere } from "../data";
import { refusal } from "../dialog";
import { type PrivateLink, useLinks } from "./data";
import css from "./page.module.css";
import { g } from "./words";

/** Private links that were given to the family. A revoked one opens nothing from then on. */
export function Links({
  patient,
  parties,
  hide,
}: {
  patient: Patient;
  parties: RelatedParty[];
  hide: (text: string) => string;
}) {
  const mayHere = useMayHere(patient);
  const home = useHome(patient);
  const queries = useQueryClient();
  const links = useLinks(patient, true);
  const names = new Map(parties.map(({ party }) => [party?.id, hide(`${party?.first_name} ${party?.last_name}`)]));
  const when = (time: string | null | undefined) => (time ? formatMoment(time, home.time_zone) : "");
  const live = (link: PrivateLink) => !link.revoke_time && Date.parse(link.expire_time ?? "") > Date.now();

  const revoke = async (link: PrivateLink) => {
    try {
      const params = { path: { link_id: link.id }, header: once() };
      await data(api.POST("/v1/links/{link_id}/revoke", { params, body: {} }));
      tell({ text: g.family.revoked, tone: "good" });
    } catch (error) {
      tell({ text: g.family.notRevoked, detail: refusal(error), tone: "bad" });
    }
    void queries.invalidateQueries({ queryKey: ["links", patient.id] });
  };
  return (
    <Card title={g.family.links} query={links} empty={g.family.noLinks}>
      {(found) => (
        <ul className={css.links}>
          {found.map((link) => (
            <li key={link.id} data-live={live(link)}>
              <div>
                <strong>{g.family.purposes[link.purpose] ?? link.purpose}</strong>
                <span>
                  {g.family.given(names.get(link.subject?.party_id) ?? "–", when(link.create_time))}
                  {link.last_use_time && ` · ${g.family.used(when(link.last_use_time))}`}
                </span>
              </div>
              <em>
                {link.revoke_time
                  ? g.family.revokedOn(when(link.revoke_time))
                  : live(link)
                    ? g.family.until(when(link.expire_time))
                    : g.family.expired}
              </em>
              {live(link) && mayHere("links.revoke") && (
                <Button size="compact-sm" variant="default" onClick={() => void revoke(link)}>
                  {g.family.revoke}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
