import { words } from "../../../domain/i18n";

const en = {
  title: "Doctors",
  lead: "Who works where and when. A doctor is in one place at a time.",
  here: (name: string) => `Doctors at ${name}`,
  add: "Add doctor",
  none: "No doctor works here yet",
  noneLead: "People who are marked as doctors can be added.",
  doctor: "Doctor",
  called: (name: string) => `Dr ${name}`.trim(),
  capacity: "Short checks at the same time",
  capacityHint: (n: number) =>
    n === 1 ? "One patient in every 5 minutes." : `Up to ${n} short checks in the same 5 minutes.`,
  places: "Locations",
  active: "Can be booked",
  activeHint: "Off: visits that are booked stay, new ones do not come.",
  saved: (name: string) => `${name} is saved`,
};

const es: typeof en = {
  title: "Doctores",
  lead: "Quién trabaja dónde y cuándo. Un doctor está en un solo lugar a la vez.",
  here: (name) => `Doctores en ${name}`,
  add: "Añadir doctor",
  none: "Aún no trabaja aquí ningún doctor",
  noneLead: "Se puede añadir a quien está marcado como doctor.",
  doctor: "Doctor",
  called: (name) => `Dr. ${name}`.trim(),
  capacity: "Revisiones breves a la vez",
  capacityHint: (n) =>
    n === 1 ? "Un paciente cada 5 minutos." : `Hasta ${n} revisiones breves en los mismos 5 minutos.`,
  places: "Clínicas",
  active: "Se puede reservar",
  activeHint: "Apagado: las visitas reservadas quedan, no vienen nuevas.",
  saved: (name) => `${name} está guardado`,
};

export const providers = words({ en, es });
