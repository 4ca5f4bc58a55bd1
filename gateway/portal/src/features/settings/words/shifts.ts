import { words } from "../../../domain/i18n";

const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

const en = {
  title: "Shifts",
  lead: "Choose a day of a doctor to add or change shifts, also every other week.",
  before: "Two weeks before",
  after: "Two weeks after",
  uncovered: (days: string) => `Open without a doctor: ${days}.`,
  elsewhere: (place: string) => `at ${place}`,
  away: "elsewhere",
  off: "off",
  cell: (doctor: string, day: string, what: string) => `${doctor}, ${day}: ${what}`,
  edit: "Shifts",
  first: "First day",
  last: "Last day",
  from: "From",
  to: "Until",
  weekdays: "On",
  every: "How often",
  everyWeeks: (n: number) => (n === 1 ? "Every week" : n === 2 ? "Every other week" : `Every ${n} weeks`),
  remove: "Remove shifts",
  saved: (n: number, doctor: string) => `${n} ${n === 1 ? "day" : "days"} of ${doctor} saved`,
  removed: (doctor: string) => `Shifts of ${doctor} removed`,
  affected: (n: number) => (n === 1 ? "1 visit has no doctor now." : `${n} visits have no doctor now.`),
};

const es: typeof en = {
  title: "Turnos",
  lead: "Elija el día de un doctor para añadir o cambiar turnos, también cada dos semanas.",
  before: "Dos semanas antes",
  after: "Dos semanas después",
  uncovered: (days) => `Abierto sin doctor: ${days}.`,
  elsewhere: (place) => `en ${place}`,
  away: "en otro lugar",
  off: "libre",
  cell: (doctor, day, what) => `${doctor}, ${day}: ${what}`,
  edit: "Turnos",
  first: "Primer día",
  last: "Último día",
  from: "Desde",
  to: "Hasta",
  weekdays: "En",
  every: "Cada cuánto",
  everyWeeks: (n) => (n === 1 ? "Cada semana" : `Cada ${n} semanas`),
  remove: "Quitar turnos",
  saved: (n, doctor) => `${plural(n, "día", "días")} de ${doctor}: guardado`,
  removed: (doctor) => `Turnos de ${doctor} quitados`,
  affected: (n) => `${plural(n, "visita queda", "visitas quedan")} sin doctor.`,
};

export const shifts = words({ en, es });
