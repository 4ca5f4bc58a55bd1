import { words } from "../../../domain/i18n";

const plural = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

const en = {
  title: "Messages",
  lead: "What families read. A text can be seen by anybody: no diagnosis, no treatment.",
  channel: "Channel",
  channels: { sms: "Text message", email: "E-mail" },
  languages: { en: "English", es: "Spanish" },
  kinds: {
    appointment_confirmation: "Visit booked",
    appointment_reminder: "Reminder",
    appointment_changed: "Visit moved",
    appointment_canceled: "Visit canceled",
    presentation_shared: "Options to read",
    payment_receipt: "Receipt",
    documents_to_sign: "Documents to sign",
    please_call: "Asks to call back",
    book_visit: "Time to book",
    missed_visit: "Missed visit",
    forms_before_visit: "Forms before a visit",
    payment_reminder: "Payment reminder",
    after_visit: "After a visit",
  } as Record<string, string>,
  own: (n: number) => `${n} of your own`,
  yours: "Your own text",
  builtIn: "Comes with Archwire",
  useBuiltIn: "Start from the built-in text",
  fields: { subject: "Subject", body: "Text" },
  insert: "Put in",
  unknown: (names: string) => `This message does not have ${names}.`,
  preview: "As a family reads it",
  length: (characters: number, parts: number) =>
    `${characters} characters, ${parts} ${parts === 1 ? "message" : "messages"}.`,
  costly: (signs: string) => `These signs make it longer: ${signs}`,
  saved: "The text is saved",
};

const es: typeof en = {
  title: "Mensajes",
  lead: "Lo que leen las familias. Un texto lo puede ver cualquiera: sin diagnóstico, sin tratamiento.",
  channel: "Canal",
  channels: { sms: "Mensaje de texto", email: "Correo" },
  languages: { en: "Inglés", es: "Español" },
  kinds: {
    appointment_confirmation: "Visita reservada",
    appointment_reminder: "Recordatorio",
    appointment_changed: "Visita movida",
    appointment_canceled: "Visita cancelada",
    presentation_shared: "Opciones para leer",
    payment_receipt: "Recibo",
    documents_to_sign: "Documentos para firmar",
    please_call: "Pide que llamen",
    book_visit: "Hora de reservar",
    missed_visit: "Visita perdida",
    forms_before_visit: "Formularios antes de la visita",
    payment_reminder: "Recordatorio de pago",
    after_visit: "Después de la visita",
  },
  own: (n) => plural(n, "propio", "propios"),
  yours: "Su propio texto",
  builtIn: "Viene con Archwire",
  useBuiltIn: "Empezar con el texto incluido",
  fields: { subject: "Asunto", body: "Texto" },
  insert: "Insertar",
  unknown: (names) => `Este mensaje no tiene ${names}.`,
  preview: "Así lo lee una familia",
  length: (characters, parts) => `${characters} caracteres, ${plural(parts, "mensaje", "mensajes")}.`,
  costly: (signs) => `Estos signos lo alargan: ${signs}`,
  saved: "El texto está guardado",
};

export const messages = words({ en, es });
