// What a journey needs to find: a browser, and a busy day on the real platform, made through its own API.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

export const BASE = process.env.ARCHWIRE_URL ?? `http://localhost:${process.env.ARCHWIRE_PORT ?? 8420}`;
export const PASSWORD = "archwire-demo-2026";

export async function openBrowser() {
  const known = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = known.find((path) => path && existsSync(path)) ?? chromium.executablePath();
  if (!existsSync(executablePath)) {
    console.error("There is no Chromium: install it (apt-get install chromium), or name one in CHROMIUM.");
    process.exit(2);
  }
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** A person at the API. */
export async function person(email) {
  const answer = await fetch(`${BASE}/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  if (answer.status !== 201) throw new Error(`${email} cannot sign in: ${await answer.text()}`);
  const { csrf_token } = await answer.json();
  const cookie = answer.headers
    .getSetCookie()
    .map((one) => one.split(";")[0])
    .join("; ");
  return async (method, path, body, version) => {
    const headers = { cookie, "x-csrf-token": csrf_token, "content-type": "application/json" };
    if (method !== "GET") headers["idempotency-key"] = crypto.randomUUID();
    if (version) headers["if-match"] = `"${version}"`;
    const reply = await fetch(`${BASE}${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await reply.text();
    return { status: reply.status, body: text ? JSON.parse(text) : {} };
  };
}

/** Today in a zone, or the day that many days later. */
export const dayIn = (zone, later = 0) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(Date.now() + later * 86_400_000);

/** The offset of a zone on a day, such as "-05:00". */
function offset(zone, day) {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  return (
    format
      .formatToParts(new Date(`${day}T17:00:00Z`))
      .find((part) => part.type === "timeZoneName")
      .value.slice(3) || "+00:00"
  );
}

/** A minute of a day in a zone, as the API takes a time. */
export const moment = (zone, day, minute) =>
  `${day}T${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}:00${offset(zone, day)}`;

/**
 * Opens the location today, whatever day of the week or holiday it is, with at least one doctor, and fills the morning
 * and the afternoon with visits. Chair 4 stays free from 1 p.m. on: the journeys move visits there.
 */
export async function busyDay() {
  const owner = await person("owner@beacon.example");
  const desk = await person("desk@beacon.example");
  const { locations } = (await owner("GET", "/v1/locations")).body;
  const here = locations.find((place) => place.name === "Beacon Back Bay");
  const day = dayIn(here.time_zone);
  const weekday = new Date(`${day}T12:00:00Z`).getUTCDay() || 7;
  const days = `first_day=${day}&last_day=${day}`;
  const { closures } = (await owner("GET", `/v1/locations/${here.id}/closures?${days}`)).body;
  for (const closure of closures) await owner("DELETE", `/v1/closures/${closure.id}`);
  const { location_schedule: office } = (await owner("GET", `/v1/locations/${here.id}/schedule`)).body;
  const hours = office.hours.filter((open) => open.weekday !== weekday);
  hours.push({ weekday, opens_minute: 480, closes_minute: 720 }, { weekday, opens_minute: 780, closes_minute: 1020 });
  const saved = await owner("PUT", `/v1/locations/${here.id}/schedule`, { hours, assistants: 0 }, office.version);
  if (saved.status !== 200) throw new Error(`hours: ${JSON.stringify(saved.body)}`);
  const { providers } = (await owner("GET", `/v1/locations/${here.id}/providers`)).body;
  for (const provider of providers) {
    // 409: on duty already, here or elsewhere
    await owner("POST", "/v1/shifts", {
      provider_id: provider.id,
      location_id: here.id,
      first_day: day,
      last_day: day,
      weekdays: [weekday],
      from_minute: 480,
      to_minute: 1020,
    });
  }
  const { shifts } = (await owner("GET", `/v1/shifts?location_id=${here.id}&${days}`)).body;
  if (!shifts.length) throw new Error("no doctor is here today");
  const { patients } = (await desk("GET", `/v1/patients?location_id=${here.id}&page_size=200`)).body;
  const { appointment_types: types } = (await desk("GET", "/v1/appointment-types")).body;
  const sheet = (await desk("GET", `/v1/locations/${here.id}/day-sheet?day=${day}`)).body;
  const at = (minute) => moment(here.time_zone, day, minute);
  const kinds = [
    "adjustment",
    "exam",
    "adjustment_long",
    "records",
    "retention",
    "repair",
    "debond",
    "adjustment",
    "delivery",
    "bonding_single",
    "retainer_delivery",
    "adjustment",
    "progress_records",
    "bonding",
  ];
  const type = new Map(types.map((one) => [one.code, one]));
  const visits = [];
  let who = 0;
  if (sheet.appointments.length < 10) {
    for (const [index, chair] of sheet.chairs.entries()) {
      let minute = 480 + index * 5;
      let kind = index * 3;
      while (minute < (index === 3 ? 720 : 1010)) {
        const wanted = type.get(kinds[kind++ % kinds.length]);
        const answer = await desk("POST", "/v1/appointments", {
          location_id: here.id,
          patient_id: patients[who].id,
          appointment_type_id: wanted.id,
          start_time: at(minute),
          chair_id: chair.id,
        });
        if (answer.status === 201) {
          visits.push(answer.body.appointment);
          who++;
          minute += wanted.duration_minutes;
        } else if (answer.body.reason === "PATIENT_TAKEN") who++;
        else minute += 5;
      }
    }
  }
  return { owner, desk, here, day, at, type, patients, visits, shifts, sheet };
}

export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-US", ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  page.on("pageerror", (error) => page.problems.push(String(error)));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`),
    );
  });
  return page;
}

/** Signs a person in at a screen, the schedule when none is named. */
export async function signIn(page, email, path = "/schedule") {
  await page.goto(`${BASE}${path}`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation").first().waitFor();
}
