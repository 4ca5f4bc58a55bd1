import { useQueryClient } from "@tanstack/react-query";
import { api, data, type Patient, type Schemas } from "../../api/client";
import { patientKey, type RelatedParty } from "./data";
import { Dialog } from "./dialog";
import { g } from "./family/words";
import { ofParty, ofPatient, writeParty, writePatient } from "./person";
import { PersonForm } from "./person-form";

interface Opened {
  opened: boolean;
  close: () => void;
}

export function EditPatient({ patient, opened, close }: Opened & { patient: Patient }) {
  const queries = useQueryClient();
  const latest = async () => {
    const { patient: saved } = await data(
      api.GET("/v1/patients/{patient_id}", { params: { path: { patient_id: patient.id } } }),
    );
    return { values: ofPatient(saved as Patient), version: Number((saved as Patient).version) };
  };
  const done = () => {
    void queries.invalidateQueries({ queryKey: patientKey(patient.id) });
    void queries.invalidateQueries({ queryKey: ["people"] });
  };
  return (
    <Dialog title={g.person.editPatient} opened={opened} close={close}>
      <PersonForm
        saved={ofPatient(patient)}
        version={Number(patient.version)}
        write={writePatient(patient.id)}
        latest={latest}
        done={done}
        close={close}
      />
    </Dialog>
  );
}

export function EditParty({
  patient,
  party,
  opened,
  close,
}: Opened & { patient: Patient; party: RelatedParty["party"] }) {
  const queries = useQueryClient();
  if (!party) return null;
  const key = ["parties", patient.id];
  const latest = async () => {
    const { parties } = await data(
      api.GET("/v1/patients/{patient_id}/parties", {
        params: { path: { patient_id: patient.id }, query: { include_ended: true } },
      }),
    );
    const saved = parties.find((one) => one.party?.id === party.id)?.party as Schemas["directory.ResponsibleParty"];
    return { values: ofParty(saved), version: Number(saved.version) };
  };
  return (
    <Dialog title={g.person.editParty} opened={opened} close={close}>
      <PersonForm
        saved={ofParty(party)}
        version={Number(party.version)}
        write={writeParty(party.id)}
        latest={latest}
        done={() => void queries.invalidateQueries({ queryKey: key })}
        close={close}
      />
    </Dialog>
  );
}
