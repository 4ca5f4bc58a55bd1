import { words } from "../../domain/i18n";

/** What the sections are called, in the settings and in the command menu. */
export const sectionNames = words({
  en: {
    locations: "Locations",
    chairs: "Chairs",
    providers: "Doctors",
    types: "Visit types",
    templates: "Day templates",
    users: "People and roles",
    clients: "API clients",
    messages: "Messages",
    fees: "Fees",
    security: "Sign-in",
    audit: "Access log",
  },
  es: {
    locations: "Clínicas",
    chairs: "Sillones",
    providers: "Doctores",
    types: "Tipos de visita",
    templates: "Plantillas del día",
    users: "Personas y roles",
    clients: "Clientes de API",
    messages: "Mensajes",
    fees: "Honorarios",
    security: "Acceso",
    audit: "Registro de accesos",
  },
});
