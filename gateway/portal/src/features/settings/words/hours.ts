import { words } from "../../../domain/i18n";

const en = {
  title: "Opening hours",
  lead: "Several spans a day leave a break between them. Nothing is booked outside.",
  week: (hours: number) => `${Math.round(hours * 10) / 10} h a week`,
  closed: "Closed",
  opens: (day: string, n: number) => `${day}, span ${n}, opens`,
  closes: (day: string, n: number) => `${day}, span ${n}, closes`,
  add: (day: string) => `Add a span on ${day}`,
  remove: (day: string, n: number) => `Remove span ${n} of ${day}`,
  copy: "Same on all weekdays",
  faults: {
    empty: "It closes before it opens.",
    overlap: "Two spans overlap.",
    grid: "Times are multiples of 5 minutes.",
  },
  assistants: "Assistants",
  fields: { hours: "Opening hours", assistants: "Assistants at the same time" },
  assistantsHint: (n: number) => `Never more than ${n} visits that need an assistant at a time.`,
  assistantsNone: (chairs: number) => `0: one for each of the ${chairs} chairs.`,
  saved: (name: string) => `Hours of ${name} are saved`,
};

const es: typeof en = {
  title: "Horario",
  lead: "Varios tramos al día dejan una pausa entre ellos. Fuera no se reserva nada.",
  week: (hours) => `${Math.round(hours * 10) / 10} h por semana`,
  closed: "Cerrado",
  opens: (day, n) => `${day}, tramo ${n}, abre`,
  closes: (day, n) => `${day}, tramo ${n}, cierra`,
  add: (day) => `Añadir un tramo el ${day}`,
  remove: (day, n) => `Quitar el tramo ${n} del ${day}`,
  copy: "Igual de lunes a viernes",
  faults: {
    empty: "Cierra antes de abrir.",
    overlap: "Dos tramos se superponen.",
    grid: "Las horas son múltiplos de 5 minutos.",
  },
  assistants: "Asistentes",
  fields: { hours: "Horario", assistants: "Asistentes a la vez" },
  assistantsHint: (n) => `Nunca más de ${n} visitas con asistente a la vez.`,
  assistantsNone: (chairs) => `0: uno por cada uno de los ${chairs} sillones.`,
  saved: (name) => `El horario de ${name} está guardado`,
};

export const hours = words({ en, es });
