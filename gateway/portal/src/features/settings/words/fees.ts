import { words } from "../../../domain/i18n";

const en = {
  title: "Fees",
  lead: "What treatments cost before discounts. A new fee applies from a day on; quotes keep the one they were made with.",
  add: "New fee",
  change: "Change fee",
  none: "No fees yet.",
  on: "On the day",
  what: "Treatment",
  where: "Where",
  fee: "Fee",
  since: "Since",
  from: "Applies from",
  fromHint: "The fee before holds until then.",
  group: "The whole group",
  noAmount: "An amount, such as 4,250",
  saved: (amount: string, day: string) => `${amount} from ${day}`,
  concepts: {
    "ortho.comprehensive.adolescent": "Comprehensive, adolescent",
    "ortho.comprehensive.adult": "Comprehensive, adult",
    "ortho.limited": "Limited treatment",
    "ortho.phase_1": "Phase I",
    "ortho.phase_2": "Phase II",
    "ortho.aligner": "Aligners",
    "ortho.retention": "Retention",
  } as Record<string, string>,
};

const es: typeof en = {
  title: "Honorarios",
  lead: "Lo que cuestan los tratamientos antes de descuentos. Un honorario nuevo vale desde un día; los presupuestos conservan el suyo.",
  add: "Nuevo honorario",
  change: "Cambiar honorario",
  none: "Aún no hay honorarios.",
  on: "En el día",
  what: "Tratamiento",
  where: "Dónde",
  fee: "Honorario",
  since: "Desde",
  from: "Vale desde",
  fromHint: "El anterior vale hasta entonces.",
  group: "Todo el grupo",
  noAmount: "Un importe, como 4,250",
  saved: (amount, day) => `${amount} desde el ${day}`,
  concepts: {
    "ortho.comprehensive.adolescent": "Completo, adolescente",
    "ortho.comprehensive.adult": "Completo, adulto",
    "ortho.limited": "Tratamiento limitado",
    "ortho.phase_1": "Fase I",
    "ortho.phase_2": "Fase II",
    "ortho.aligner": "Alineadores",
    "ortho.retention": "Retención",
  },
};

export const fees = words({ en, es });
