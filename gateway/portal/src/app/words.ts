import { words } from "../domain/i18n";

/** The command menu. */
export const w = words({
  en: {
    open: "Search patients, phone, chart no., or jump to…",
    label: "Search and commands",
    placeholder: "Name, phone, chart number, or what you want to do",
    patients: "Patients",
    actions: "Go and do",
    searching: "Searching…",
    failed: "The search failed. Type again to retry.",
    toDay: (day: string) => `Schedule, ${day}`,
    newVisit: "New visit",
    goTo: (name: string) => `Go to ${name}`,
  },
  es: {
    open: "Buscar pacientes, teléfono, expediente, o ir a…",
    label: "Búsqueda y acciones",
    placeholder: "Nombre, teléfono, número de expediente o lo que quiere hacer",
    patients: "Pacientes",
    actions: "Ir y hacer",
    searching: "Buscando…",
    failed: "La búsqueda falló. Escriba de nuevo para repetirla.",
    toDay: (day: string) => `Agenda, ${day}`,
    newVisit: "Visita nueva",
    goTo: (name: string) => `Ir a ${name}`,
  },
});
