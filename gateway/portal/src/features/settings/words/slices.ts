import { words } from "../../../domain/i18n";

const en = {
  title: "Slices",
  lead: "What the visit needs in every 5 minutes. The doctor is scheduled, not only the chair.",
  brush: "What to paint",
  letters: { A: "Assistant", d: "Doctor's check", D: "Doctor", T: "Doctor alone", C: "Chair only" },
  signs: { A: "", d: "✓", D: "Dr", T: "Dr", C: "·" },
  keys: { A: "A", d: "D", D: "⇧D", T: "T", C: "Space" },
  grid: (minutes: number) => `Slices of a visit of ${minutes} minutes`,
  slice: (time: string, what: string) => `${time}, ${what}`,
  handle: "Drag to make the visit longer or shorter",
  length: "Length",
  shorter: "5 minutes shorter",
  longer: "5 minutes longer",
  minutes: (n: number) => `${n} min`,
  totals: { chair: "In the chair", assistant: "Assistant", doctor: "Doctor", longestDoctor: "Longest doctor block" },
  help: "Drag over slices to paint them. Keys: arrows go, Shift chooses several, A D Shift+D T Space paint, Enter adds a slice, Delete takes it out.",
  neighbours: "Two of these beside each other",
  neighboursLead: "With one doctor: from when on the second can start.",
  offset: (minutes: number) => (minutes ? `The second starts ${minutes} min later` : "Both start at the same time"),
  clash: (minutes: number, at: string) => `The doctor is needed in two places for ${minutes} min, first at ${at}`,
  noClash: "One doctor can see both.",
  next: (minutes: number) =>
    minutes ? `First start without a clash: ${minutes} min later` : "They can start together",
};

const es: typeof en = {
  title: "Franjas",
  lead: "Qué necesita la visita en cada 5 minutos. Se programa al doctor, no solo el sillón.",
  brush: "Qué pintar",
  letters: { A: "Asistente", d: "Revisión del doctor", D: "Doctor", T: "Doctor solo", C: "Solo sillón" },
  signs: { A: "", d: "✓", D: "Dr", T: "Dr", C: "·" },
  keys: { A: "A", d: "D", D: "⇧D", T: "T", C: "Espacio" },
  grid: (minutes) => `Franjas de una visita de ${minutes} minutos`,
  slice: (time, what) => `${time}, ${what}`,
  handle: "Arrastre para alargar o acortar la visita",
  length: "Duración",
  shorter: "5 minutos menos",
  longer: "5 minutos más",
  minutes: (n) => `${n} min`,
  totals: {
    chair: "En el sillón",
    assistant: "Asistente",
    doctor: "Doctor",
    longestDoctor: "Bloque más largo del doctor",
  },
  help: "Arrastre sobre las franjas para pintarlas. Teclas: las flechas mueven, Mayús elige varias, A D Mayús+D T Espacio pintan, Intro añade una franja, Supr la quita.",
  neighbours: "Dos de estas, una junto a otra",
  neighboursLead: "Con un solo doctor: desde cuándo puede empezar la segunda.",
  offset: (minutes) => (minutes ? `La segunda empieza ${minutes} min después` : "Las dos empiezan a la vez"),
  clash: (minutes, at) => `El doctor hace falta en dos lugares durante ${minutes} min, primero a ${at}`,
  noClash: "Un doctor puede ver a las dos.",
  next: (minutes) => (minutes ? `Primer comienzo sin choque: ${minutes} min después` : "Pueden empezar juntas"),
};

export const slices = words({ en, es });
