import { words } from "../../../domain/i18n";

const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

const en = {
  title: "Close a day",
  lead: "Holidays, weather, training. Nothing is booked on these days.",
  day: "Day",
  reason: "Why",
  example: "Thanksgiving",
  close: "Close this day",
  open: "Open again",
  openDay: (day: string) => `Open ${day} again`,
  none: "No closed days ahead",
  noneLead: "The opening hours hold on every day.",
  added: (day: string) => `Closed on ${day}`,
  removed: (day: string) => `Open again on ${day}`,
  notRemoved: "The day could not be opened",
  affected: (n: number) => (n === 1 ? "1 visit is booked on it: move it." : `${n} visits are booked on it: move them.`),
};

const es: typeof en = {
  title: "Cerrar un día",
  lead: "Feriados, mal tiempo, formación. Esos días no se reserva nada.",
  day: "Día",
  reason: "Motivo",
  example: "Acción de Gracias",
  close: "Cerrar este día",
  open: "Abrir de nuevo",
  openDay: (day) => `Abrir de nuevo el ${day}`,
  none: "No hay días cerrados por delante",
  noneLead: "El horario vale todos los días.",
  added: (day) => `Cerrado el ${day}`,
  removed: (day) => `Abierto de nuevo el ${day}`,
  notRemoved: "El día no se pudo abrir",
  affected: (n) => `${plural(n, "visita está reservada", "visitas están reservadas")}: hay que moverlas.`,
};

export const closures = words({ en, es });
