import { words } from "../../../domain/i18n";

const en = {
  title: "Locations",
  lead: "Where your practice is, and when it is open. Schedules and messages follow.",
  add: "Add location",
  closed: "Closed for good",
  tabs: { about: "Details", hours: "Opening hours", closures: "Closures" },
  fields: {
    name: "Name",
    time_zone: "Time zone",
    line: "Street",
    line2: "Suite",
    city: "City",
    state: "State",
    postal_code: "ZIP code",
    phone: "Phone",
    email: "E-mail",
    npi: "NPI",
    active: "Open for patients",
  },
  zoneHint: "The location's day is counted in it.",
  stateHint: "Two letters",
  npiHint: "Ten digits; on claims",
  activeHint: "Off: nothing can be booked here any more. What was, stays.",
  savedAs: (name: string) => `${name} is saved`,
};

const es: typeof en = {
  title: "Clínicas",
  lead: "Dónde está su consultorio y cuándo abre. La agenda y los mensajes lo siguen.",
  add: "Añadir clínica",
  closed: "Cerrada definitivamente",
  tabs: { about: "Datos", hours: "Horario", closures: "Cierres" },
  fields: {
    name: "Nombre",
    time_zone: "Zona horaria",
    line: "Calle",
    line2: "Oficina",
    city: "Ciudad",
    state: "Estado",
    postal_code: "Código postal",
    phone: "Teléfono",
    email: "Correo",
    npi: "NPI",
    active: "Abierta para pacientes",
  },
  zoneHint: "En ella se cuenta el día de la clínica.",
  stateHint: "Dos letras",
  npiHint: "Diez dígitos; en reclamaciones",
  activeHint: "Apagado: ya no se puede reservar aquí. Lo que hubo, queda.",
  savedAs: (name) => `${name} está guardada`,
};

export const locations = words({ en, es });
