import { useMemo } from "react";
import { useSession } from "../../app/session";

/** What this person may do with the visits of a location. */
export interface Rights {
  book: boolean;
  cancel: boolean;
  run: boolean;
  takeBack: boolean;
  /** May book a doctor for two places at once. */
  overlap: boolean;
}

export function useRights(locationId: string): Rights {
  const { may } = useSession();
  return useMemo(
    () => ({
      book: may("appointments.book", locationId),
      cancel: may("appointments.cancel", locationId),
      run: may("appointments.run", locationId),
      takeBack: may("appointments.take_back", locationId),
      overlap: may("appointments.overlap_doctor", locationId),
    }),
    [may, locationId],
  );
}
