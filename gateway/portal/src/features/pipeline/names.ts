import { useMemo } from "react";
import { usePatientName, usePeople, useStaff } from "../../api/people";
import { usePrivacy } from "../../app/places";
import { useSession } from "../../app/session";
import type { Card } from "./data";
import { w } from "./words";

/** Who may take care of a card. */
const OWNERS = ["treatment_coordinator", "front_desk", "practice_manager", "owner"];

/** How everybody on the board is called: patients as everywhere, leads by who asks, nobody in privacy view. */
export function useNames(cards: readonly Card[]) {
  const ids = useMemo(() => cards.map((card) => card.patient_id).filter(Boolean), [cards]);
  const { people, known } = usePeople(ids);
  const called = usePatientName();
  const [privacy] = usePrivacy();
  const { may } = useSession();
  const { data: staff } = useStaff();
  return useMemo(() => {
    const byId = new Map((staff ?? []).map((person) => [person.id, person]));
    return {
      people,
      of: (card: Card): string => {
        if (!card.patient_id) {
          if (privacy) return `${w.hiddenLead} ${card.lead_id.slice(-4).toUpperCase()}`;
          return `${card.contact_patient_first_name || card.contact_first_name} ${card.contact_last_name}`.trim();
        }
        const patient = people.get(card.patient_id);
        return patient ? called(patient) : known ? w.somebody : "…";
      },
      ofStaff: (id: string): string => {
        const person = byId.get(id);
        return person ? `${person.first_name} ${person.last_name}` : w.noOwner;
      },
      initials: (id: string): string => {
        const person = byId.get(id);
        return person ? `${person.first_name[0] ?? ""}${person.last_name[0] ?? ""}`.toUpperCase() : "?";
      },
      /** Whoever may own a card at a location, by name. */
      owners: (loc: string | undefined) =>
        (staff ?? [])
          .filter(
            (person) =>
              person.active &&
              person.grants.some(
                (grant) =>
                  OWNERS.includes(grant.role) &&
                  (!loc || grant.all_locations || grant.region_id || grant.location_id === loc),
              ),
          )
          .sort((a, b) => a.first_name.localeCompare(b.first_name)),
      doctors: (staff ?? []).filter((person) => person.is_provider && person.active),
      mayRegister: may("leads.register"),
    };
  }, [people, known, called, privacy, staff, may]);
}
export type Names = ReturnType<typeof useNames>;
