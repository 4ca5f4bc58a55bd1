import { words } from "../../../domain/i18n";

const en = {
  title: "Sign-in",
  lead: (name: string) => `How ${name} signs in.`,
  second: "Second factor",
  secondLead: "A code from an app on your phone, beside your password. Your other sessions end when you set it up.",
  password: "Your password",
  setUp: "Set up",
  qr: "QR code for your authenticator app",
  scan: "Scan this with your authenticator app, then enter the code that it shows.",
  byHand: "Or type this key into the app:",
  code: "Code",
  confirm: "Confirm",
  nowOn: "The second factor is on",
  codes: "Recovery codes",
  codesLead:
    "Each works once when you do not have your phone. Keep them where others do not look; they are not shown again.",
  codesKept: "I have kept them",
  lost: "Lost your phone? Sign in with a recovery code, and ask your manager to reset the second factor.",
  passwordTitle: "Password",
  passwordLead: "12 or more characters. Your other sessions end.",
  current: "Password so far",
  next: "New password",
  change: "Change password",
  changed: "The password is changed.",
};

const es: typeof en = {
  title: "Acceso",
  lead: (name) => `Cómo entra ${name}.`,
  second: "Segundo factor",
  secondLead:
    "Un código de una aplicación de su teléfono, además de la contraseña. Sus otras sesiones terminan al activarlo.",
  password: "Su contraseña",
  setUp: "Activar",
  qr: "Código QR para su aplicación",
  scan: "Escanéelo con su aplicación de códigos e introduzca el código que muestra.",
  byHand: "O escriba esta clave en la aplicación:",
  code: "Código",
  confirm: "Confirmar",
  nowOn: "El segundo factor está activo",
  codes: "Códigos de recuperación",
  codesLead: "Cada uno vale una vez cuando no tiene su teléfono. Guárdelos donde nadie mire; no se muestran de nuevo.",
  codesKept: "Los he guardado",
  lost: "¿Perdió su teléfono? Entre con un código de recuperación y pida que restablezcan el segundo factor.",
  passwordTitle: "Contraseña",
  passwordLead: "12 o más caracteres. Sus otras sesiones terminan.",
  current: "Contraseña actual",
  next: "Contraseña nueva",
  change: "Cambiar contraseña",
  changed: "La contraseña está cambiada.",
};

export const security = words({ en, es });
