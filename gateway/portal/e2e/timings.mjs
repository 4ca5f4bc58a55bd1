// How fast the portal is, in a real browser against a real platform: first load as on a clinic's PC, and a day of 200
// visits being worked. The budgets are of portal's README. Machines differ and are shared: the median of five counts, one
// more try is allowed, and only half as much again fails. An argument runs only the rows whose name contains it.
import { BASE, dayIn, moment, open, openBrowser, person, signIn } from "./world.mjs";

const TOLERANCE = 1.5;
const CLINIC_PC = { cpu: 4, mbps: 10, latency: 40 };
const PHONE = { cpu: 4, mbps: 1.6, latency: 150 };
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const percentile = (numbers, n) => [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) * n)];

/** A location of its own with 200 visits on one day: more than any real one. */
async function crowdedDay() {
  const owner = await person("owner@beacon.example");
  const done = async (method, path, body, version) => {
    let answer = await owner(method, path, body, version);
    // a new location is known to scheduling a moment after the directory has it
    for (let n = 0; n < 20 && answer.body.reason === "LOCATION_NOT_FOUND"; n++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await owner(method, path, body, version);
    }
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const all = (await done("GET", "/v1/locations?page_size=200")).locations;
  let here = all.find((place) => place.name === "Beacon Full House");
  here ??= (await done("POST", "/v1/locations", { name: "Beacon Full House", time_zone: "America/New_York" })).location;
  const office = `/v1/locations/${here.id}`;
  for (let n = (await done("GET", `${office}/chairs`)).chairs.length + 1; n <= 16; n++)
    await done("POST", `${office}/chairs`, { name: `Chair ${n}`, position: n });
  const { location_schedule: schedule } = await done("GET", `${office}/schedule`);
  const hours = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, opens_minute: 480, closes_minute: 1080 }));
  await done("PUT", `${office}/schedule`, { hours, assistants: 0 }, schedule.version);
  const day = dayIn("America/New_York", 9);
  const { chairs } = await done("GET", `${office}/chairs`);
  const sheet = await done("GET", `${office}/day-sheet?day=${day}`);
  const { appointment_types: types } = await done("GET", "/v1/appointment-types");
  const kind = types.find((type) => type.active && !/[dDT]/.test(type.pattern) && type.duration_minutes <= 40);
  const { patients } = await done("GET", "/v1/patients?page_size=200");
  const apart = Math.max(kind.duration_minutes, Math.ceil(600 / 13 / 5) * 5 - 5);
  for (let n = sheet.appointments.length; n < 200; n++) {
    await owner("POST", "/v1/appointments", {
      location_id: here.id,
      patient_id: patients[n % patients.length].id,
      appointment_type_id: kind.id,
      start_time: moment(here.time_zone, day, 480 + Math.floor(n / chairs.length) * apart),
      chair_id: chairs[n % chairs.length].id,
    });
  }
  const visits = (await done("GET", `${office}/day-sheet?day=${day}`)).appointments.length;
  if (visits < 180) throw new Error(`only ${visits} visits could be booked`);
  return { here, day, visits };
}

const WATCH = () => {
  window.lcp = 0;
  window.shifts = 0;
  window.slowest = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.lcp = entry.startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (entry.interactionId) window.slowest = Math.max(window.slowest, entry.duration);
  }).observe({ type: "event", durationThreshold: 16 });
};

async function slow(page, { cpu, mbps, latency } = { cpu: 1 }) {
  const control = await page.context().newCDPSession(page);
  await control.send("Network.enable");
  await control.send("Network.setCacheDisabled", { cacheDisabled: true });
  await control.send("Emulation.setCPUThrottlingRate", { rate: cpu });
  if (mbps) {
    const throughput = (mbps * 1e6) / 8;
    const network = { offline: false, latency, downloadThroughput: throughput, uploadThroughput: throughput };
    await control.send("Network.emulateNetworkConditions", network);
  }
}

const browser = await openBrowser();
const full = await crowdedDay();

/** Seconds to the largest paint and the layout's shifts, with nothing in the cache. */
async function firstLoad(email, path, ready, profile, options) {
  const page = await open(browser, options);
  await signIn(page, email, path);
  const fresh = await page.context().newPage();
  await fresh.addInitScript(WATCH);
  await slow(fresh, profile);
  await fresh.goto(`${BASE}${path}`);
  await fresh.locator(ready).first().waitFor();
  await fresh.waitForTimeout(400);
  const found = await fresh.evaluate(() => ({ lcp: window.lcp / 1000, cls: window.shifts }));
  await page.context().close();
  return found;
}

/** A visit dragged over a full day: the 95th percentile of the frames, and the slowest answer to anything done. */
async function work(cpu) {
  const page = await open(browser);
  await page.addInitScript(WATCH);
  await signIn(page, "owner@beacon.example", `/schedule?loc=${full.here.id}&date=${full.day}`);
  const visits = page.locator("[data-visit]");
  await visits.nth(full.visits - 1).waitFor();
  await page.waitForTimeout(500);
  await slow(page, { cpu });
  await page.evaluate(() => {
    window.slowest = 0;
    window.frames = [];
    let before = performance.now();
    const step = (now) => {
      window.frames.push(now - before);
      before = now;
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  const box = await visits.nth(40).boundingBox();
  await page.mouse.move(box.x + 20, box.y + 4);
  await page.mouse.down();
  await page.evaluate(() => {
    window.frames.length = 0;
  });
  for (let n = 0; n < 60; n++) await page.mouse.move(200 + n * 18, 260 + ((n * 37) % 420));
  const frames = await page.evaluate(() => window.frames.slice());
  await page.keyboard.press("Escape");
  await page.mouse.up();
  for (let n = 0; n < 10; n++) {
    await visits.nth(n * 17).click({ position: { x: 10, y: 4 }, force: true });
    await page.waitForTimeout(60);
  }
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("mar", { delay: 40 });
  await page.keyboard.press("Escape");
  await page.waitForTimeout(300);
  const slowest = await page.evaluate(() => window.slowest);
  await page.context().close();
  return { frame: percentile(frames.slice(2), 0.95), slowest };
}

async function five(measure) {
  const found = [];
  for (let n = 0; n < 5; n++) found.push(await measure());
  return Object.fromEntries(Object.keys(found[0]).map((key) => [key, median(found.map((one) => one[key]))]));
}

const FULL = `/schedule?loc=${full.here.id}&date=${full.day}`;
const ON_PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const rows = [
  {
    name: "first load of the schedule, clinic PC",
    measure: () => firstLoad("owner@beacon.example", FULL, "[data-visit]", CLINIC_PC),
    limits: { lcp: [1.5, "s to the largest paint"], cls: [0.05, "layout shift"] },
  },
  {
    name: "first load of my day, phone on slow 4G",
    measure: () => firstLoad("tc@beacon.example", "/my-day", "main h1", PHONE, ON_PHONE),
    limits: { lcp: [2.0, "s to the largest paint"], cls: [0.05, "layout shift"] },
  },
  {
    name: `a day of ${full.visits} visits`,
    measure: () => work(1),
    limits: { frame: [25, "ms, 95 % of the frames of a drag"], slowest: [100, "ms, slowest answer"] },
  },
  {
    name: `a day of ${full.visits} visits, processor four times slower`,
    measure: () => work(4),
    limits: { frame: [50, "ms, 95 % of the frames of a drag"], slowest: [200, "ms, slowest answer"] },
  },
];

let over = false;
for (const { name, measure, limits } of rows) {
  if (process.argv[2] && !name.includes(process.argv[2])) continue;
  const within = (found) => Object.entries(limits).every(([key, [limit]]) => found[key] <= limit * TOLERANCE);
  let found = await five(measure);
  if (!within(found)) found = await five(measure);
  over ||= !within(found);
  for (const [key, [limit, unit]] of Object.entries(limits)) {
    const mark = found[key] > limit * TOLERANCE ? "OVER" : found[key] > limit ? "near" : "ok  ";
    console.log(`${mark} ${name}: ${found[key].toFixed(key === "cls" || key === "lcp" ? 2 : 0)} of ${limit} ${unit}`);
  }
}
await browser.close();
process.exit(over ? 1 : 0);
