import { LANGUAGES } from "../../domain/i18n";
import type { Reason } from "./phoning";

/** What a script fills in. */
export interface Said {
  /** Who answers the telephone, the patient, and who calls. */
  contact: string;
  patient: string;
  staff: string;
  location: string;
  phone: string;
  /** RFC 3339 with offset: the visit's start at its location. */
  localStart?: string;
  cents?: number;
}

const ENGLISH: Record<Reason, (said: Said, when: string, amount: string) => string[]> = {
  confirm_visit: (said, when) => [
    `Hello, this is ${said.staff} from ${said.location}. May I speak with ${said.contact}?`,
    `I am calling to confirm ${said.patient}'s visit ${when}. Will you be able to make it?`,
    `If the time does not work any more, I can look for another one right now.`,
  ],
  missed_visit: (said, when) => [
    `Hello ${said.contact}, this is ${said.staff} from ${said.location}. We missed ${said.patient} ${when}. I hope everything is all right.`,
    `So that treatment stays on schedule, I would like to find you a new time. Do mornings or afternoons suit you better?`,
  ],
  follow_up: (said) => [
    `Hello ${said.contact}, this is ${said.staff} from ${said.location}. You met with the doctor about ${said.patient}'s treatment.`,
    `Which questions are still open for you: the treatment itself, the timing, the payments or the insurance?`,
    `Shall we set a day to start, or is there something you want to think about first?`,
  ],
  failed_payment: (said, _when, amount) => [
    `Hello ${said.contact}, this is ${said.staff} from ${said.location}. It is about a payment of ${amount} that did not go through.`,
    `That happens, for example with a new card. You can give us another way to pay, or I send you a private link.`,
  ],
};

const SPANISH: typeof ENGLISH = {
  confirm_visit: (said, when) => [
    `Hola, le habla ${said.staff} de ${said.location}. ¿Puedo hablar con ${said.contact}?`,
    `Llamo para confirmar la visita de ${said.patient} ${when}. ¿Podrán venir?`,
    `Si ya no le conviene la hora, puedo buscarle otra ahora mismo.`,
  ],
  missed_visit: (said, when) => [
    `Hola, ${said.contact}, le habla ${said.staff} de ${said.location}. Esperábamos a ${said.patient} ${when}. Espero que todo esté bien.`,
    `Para que el tratamiento siga a tiempo, quisiera buscarle otra cita. ¿Le conviene más por la mañana o por la tarde?`,
  ],
  follow_up: (said) => [
    `Hola, ${said.contact}, le habla ${said.staff} de ${said.location}. Usted habló con el doctor sobre el tratamiento de ${said.patient}.`,
    `¿Qué dudas le quedan: el tratamiento, las fechas, los pagos o el seguro?`,
    `¿Fijamos un día para empezar o hay algo que quiera pensar antes?`,
  ],
  failed_payment: (said, _when, amount) => [
    `Hola, ${said.contact}, le habla ${said.staff} de ${said.location}. Se trata de un pago de ${amount} que no se pudo cobrar.`,
    `Suele pasar, por ejemplo con una tarjeta nueva. Puede darnos otra forma de pago o le envío un enlace privado.`,
  ],
};

/** What to say, in the language of the family. */
export function script(reason: Reason, language: "en" | "es", said: Said): string[] {
  const locale = LANGUAGES[language];
  const wall = said.localStart ? new Date(`${said.localStart.slice(0, 16)}:00Z`) : undefined;
  const say = (options: Intl.DateTimeFormatOptions) =>
    wall ? new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(wall) : "";
  const day = say({ weekday: "long", month: "long", day: "numeric" });
  const time = say({ hour: "numeric", minute: "2-digit" });
  const when = !wall ? "" : language === "es" ? `el ${day} a las ${time}` : `on ${day} at ${time}`;
  const amount = new Intl.NumberFormat(locale, { style: "currency", currency: "USD" }).format((said.cents ?? 0) / 100);
  return (language === "es" ? SPANISH : ENGLISH)[reason](said, when, amount);
}
