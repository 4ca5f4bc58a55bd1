import { words } from "../../../domain/i18n";

const en = {
  title: "Chairs",
  lead: "The columns of the schedule, from left to right. First free times take the first chair first.",
  order: "Chairs in order",
  orderLead: "Choose one to change it.",
  add: "Add chair",
  none: "This location has no chair yet.",
  position: "Order",
  fields: { name: "Name", kind: "Kind", active: "Can be booked" },
  kinds: {
    chair: "Clinic chair",
    consult_room: "Consult room",
    records_room: "Records room",
    virtual: "Video visit",
  },
  activeHint: "Off: visits that are booked stay, new ones do not come.",
  up: (name: string) => `Move ${name} up`,
  down: (name: string) => `Move ${name} down`,
  moved: (name: string, n: number) => `${name} is number ${n} now`,
  notMoved: (name: string) => `${name} was not moved`,
  saved: (name: string) => `${name} is saved`,
};

const es: typeof en = {
  title: "Sillones",
  lead: "Las columnas de la agenda, de izquierda a derecha. Los primeros huecos toman el primer sillón.",
  order: "Sillones en orden",
  orderLead: "Elija uno para cambiarlo.",
  add: "Añadir sillón",
  none: "Esta clínica aún no tiene sillones.",
  position: "Orden",
  fields: { name: "Nombre", kind: "Clase", active: "Se puede reservar" },
  kinds: {
    chair: "Sillón clínico",
    consult_room: "Sala de consulta",
    records_room: "Sala de registros",
    virtual: "Visita por video",
  },
  activeHint: "Apagado: las visitas reservadas quedan, no vienen nuevas.",
  up: (name) => `Subir ${name}`,
  down: (name) => `Bajar ${name}`,
  moved: (name, n) => `${name} es ahora el número ${n}`,
  notMoved: (name) => `${name} no se movió`,
  saved: (name) => `${name} está guardado`,
};

export const chairs = words({ en, es });
