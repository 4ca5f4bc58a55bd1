import { words } from "../../../domain/i18n";

const en = {
  title: "Access log",
  lead: "Who saw and who changed what about people, roles and patients. It cannot be edited, and looking at it is recorded too.",
  when: "When",
  who: "Who",
  everybody: "Everybody",
  from: "From",
  until: "Until",
  what: "What",
  patients: "Patients",
  outcome: "Outcome",
  ok: "Done",
  none: "Nothing is recorded for this.",
  more: "Show more",
  kinds: { user: "Somebody who left", client: "API client", link: "A family's link", system: "Archwire" } as Record<
    string,
    string
  >,
};

const es: typeof en = {
  title: "Registro de accesos",
  lead: "Quién vio y quién cambió qué sobre personas, roles y pacientes. No se puede editar, y mirarlo también queda registrado.",
  when: "Cuándo",
  who: "Quién",
  everybody: "Todos",
  from: "Desde",
  until: "Hasta",
  what: "Qué",
  patients: "Pacientes",
  outcome: "Resultado",
  ok: "Hecho",
  none: "No hay nada registrado.",
  more: "Mostrar más",
  kinds: { user: "Alguien que se fue", client: "Cliente de API", link: "Enlace de una familia", system: "Archwire" },
};

export const audit = words({ en, es });
