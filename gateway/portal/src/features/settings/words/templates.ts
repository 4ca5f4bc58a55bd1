import { words } from "../../../domain/i18n";

const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

const en = {
  title: "Day templates",
  lead: "Chairs kept for kinds of visits, so that starts and exams find their time.",
  add: "New template",
  none: "Choose a template.",
  blocks: (n: number) => `${n} ${n === 1 ? "block" : "blocks"}`,
  fields: {
    name: "Name",
    slots: "Blocks",
    class: "Kept for",
    length: "Minutes",
    release: "Released before the day",
  },
  brush: "Paint with",
  board: (name: string) => `Blocks of ${name}`,
  addAt: (chair: string) => `Add a block in ${chair}`,
  help: "Drag in a chair to keep a time. A block has the focus: arrows move it, Shift with arrows changes its length, Delete takes it out.",
  chosen: "This block",
  removeBlock: "Remove block",
  releaseHint: (days: number) =>
    days ? `Open for every kind of visit ${days} ${days === 1 ? "day" : "days"} before.` : "Kept until the day itself.",
  saved: (name: string) => `${name} is saved`,
  days: "Days that follow one",
  noDays: "No day of the next four weeks follows a template.",
  apply: "Apply to days",
  which: "Template",
  noTemplate: "None: these days are free again",
  applied: (n: number) => `${n} ${n === 1 ? "day follows" : "days follow"} it now`,
  preview: (n: number, first: string) =>
    n ? `${n} ${n === 1 ? "day" : "days"}: ${first}${n > 3 ? " …" : ""}` : "No day.",
};

const es: typeof en = {
  title: "Plantillas del día",
  lead: "Sillones guardados para clases de visitas, para que inicios y exámenes encuentren su hora.",
  add: "Nueva plantilla",
  none: "Elija una plantilla.",
  blocks: (n) => plural(n, "bloque", "bloques"),
  fields: {
    name: "Nombre",
    slots: "Bloques",
    class: "Guardado para",
    length: "Minutos",
    release: "Se libera antes del día",
  },
  brush: "Pintar con",
  board: (name) => `Bloques de ${name}`,
  addAt: (chair) => `Añadir un bloque en ${chair}`,
  help: "Arrastre en un sillón para guardar una hora. Con un bloque enfocado: las flechas lo mueven, Mayús con flechas cambia su duración, Supr lo quita.",
  chosen: "Este bloque",
  removeBlock: "Quitar bloque",
  releaseHint: (days) =>
    days ? `Abierto para toda clase de visita ${plural(days, "día", "días")} antes.` : "Guardado hasta el día mismo.",
  saved: (name) => `${name} está guardada`,
  days: "Días que siguen una",
  noDays: "Ningún día de las próximas cuatro semanas sigue una plantilla.",
  apply: "Aplicar a días",
  which: "Plantilla",
  noTemplate: "Ninguna: estos días quedan libres",
  applied: (n) => `${plural(n, "día la sigue", "días la siguen")} ahora`,
  preview: (n, first) => (n ? `${plural(n, "día", "días")}: ${first}${n > 3 ? " …" : ""}` : "Ningún día."),
};

export const templates = words({ en, es });
