// Basic phones in the browser. USSD goes straight to the service's webhook, as the gateway would post it;
// SMS goes by the simulator, which also says what arrived for each phone.
"use strict";

const { serviceCode, shortCode, hooks, phones: firstPhones } = document.body.dataset;
const BASE = "/simulator/";
const NETWORK = "99999";
const IDLE_S = 30, SESSION_S = 180, ANSWER_MS = 10000;
const POLL_MS = 1500, SOON_MS = 400, HIDDEN_MS = 6000;
const KEYS = [["1", ""], ["2", "abc"], ["3", "def"], ["4", "ghi"], ["5", "jkl"], ["6", "mno"],
  ["7", "pqrs"], ["8", "tuv"], ["9", "wxyz"], ["*", ""], ["0", "+"], ["#", ""]];
const BAD_CODE = "Problème de connexion ou code IHM non valide.";
const NO_LINE = `La ligne est fermée : il n’y a plus de question. Composez de nouveau le ${serviceCode}.`;
const TICKS = {
  sending: ["…", "en cours d’envoi"], taken: ["✓✓", "reçu par le service"], refused: ["✗", "non remis"],
  arrived: ["✓", "arrivé sur le téléphone"], reported: ["✓✓", "remis, rapport reçu"], failed: ["✗", "rapport d’échec"],
};

const $ = (selector, within = document) => within.querySelector(selector);
const hex = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
const pretty = (number) => number.replace(/^\+223(\d\d)(\d\d)(\d\d)(\d\d)$/, "+223 $1 $2 $3 $4");
// Where fingers type, a field that takes the focus by itself brings up a keyboard over the phone's own keys.
const fingers = matchMedia("(pointer: coarse)");
const clock = new Intl.DateTimeFormat("fr", { hour: "2-digit", minute: "2-digit" }).format;

// Parts of an SMS, as they are billed.
const GSM = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const WIDE = new Set("\f^{}\\[~]|€");
function measure(text) {
  const chars = [...text];
  if (chars.every((c) => GSM.has(c) || WIDE.has(c))) return room(chars.map((c) => (WIDE.has(c) ? 2 : 1)), 160, 153);
  return room(chars.map((c) => c.length), 70, 67);
}
function room(sizes, alone, joined) {
  const used = sizes.reduce((sum, size) => sum + size, 0);
  if (used <= alone) return { used, of: alone, parts: 1 };
  let parts = 1, filled = 0;
  for (const size of sizes) {
    if (filled + size > joined) { parts += 1; filled = 0; }
    filled += size;
  }
  return { used, of: parts * joined, parts };
}

const memory = {
  read() { try { return JSON.parse(localStorage.getItem("simulator")) ?? {}; } catch { return {}; } },
  write(value) { try { localStorage.setItem("simulator", JSON.stringify(value)); } catch { /* private window: forgotten */ } },
};

async function ask(path, options = {}) {
  const headers = options.json === undefined ? {} : { "Content-Type": "application/json" };
  const body = options.json === undefined ? undefined : JSON.stringify(options.json);
  const answer = await fetch(BASE + path, { method: options.method ?? (body ? "POST" : "GET"), headers, body });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error ?? answer.status);
  return found;
}

/** One USSD session, from dialling to its end; it shows itself through `phone.show…`. */
class Session {
  constructor(phone, inputs) {
    Object.assign(this, { phone, inputs, id: `ATUid_${hex()}`, began: Date.now(), hops: 0, last: "", open: true });
  }

  form(more) {
    const common = { phoneNumber: this.phone.number, serviceCode, sessionId: this.id, networkCode: NETWORK };
    return new URLSearchParams({ ...common, ...more });
  }

  async hop() {
    this.waiting = true;
    this.phone.showText("Exécution du code USSD…", "waiting");
    let answer = "";
    try {
      const body = this.form({ text: this.inputs.join("*") });
      const found = await fetch(`${hooks}/ussd`, { method: "POST", body, signal: AbortSignal.timeout(ANSWER_MS) });
      if (found.ok) answer = await found.text();
    } catch { /* no answer in time: the operator's own words follow */ }
    if (!this.open) return;
    Object.assign(this, { waiting: false, hops: this.hops + 1, last: answer, shown: Date.now() });
    if (answer.startsWith("CON ")) this.phone.showText(answer.slice(4), "asking");
    else if (answer.startsWith("END ")) this.close("Success", answer.slice(4));
    else this.close("Failed", BAD_CODE);
  }

  say(text) {
    if (!this.open || this.waiting) return;
    this.inputs.push(text);
    this.hop();
  }

  close(status, words) {
    this.open = false;
    const now = new Date();
    const body = this.form({
      date: now.toISOString().slice(0, 19).replace("T", " "), status, cost: "0.00", input: this.inputs.join("*"),
      durationInMillis: now - this.began, hopsCount: this.hops, hopsMetadata: "", lastAppResponse: this.last, errorMessage: "",
    });
    fetch(`${hooks}/ussd-end`, { method: "POST", body, keepalive: true }).catch(() => {});
    if (words === undefined) this.phone.hideDialog();
    else this.phone.showText(words, "ended");
    soon();
  }

  tick() {
    if (!this.open || this.waiting) return;
    const idle = IDLE_S - (Date.now() - this.shown) / 1000;
    const left = Math.min(idle, SESSION_S - (Date.now() - this.began) / 1000);
    if (left <= 0) this.close("Incomplete", "Session terminée : délai dépassé.");
    else this.phone.showLeft(left);
  }
}

class Phone {
  constructor(number, seen = 0) {
    Object.assign(this, { number, seen, cursor: "0", messages: new Map(), ticks: new Map(), session: null });
    this.box = $("#phone").content.cloneNode(true).firstElementChild;
    this.part = (selector) => $(selector, this.box);
    this.box.setAttribute("aria-label", `Téléphone ${pretty(number)}`);
    this.part(".number").textContent = pretty(number);
    this.part(".dialled").value = serviceCode;
    this.part(".messages").setAttribute("aria-label", `Messages avec le ${shortCode}`);
    this.part("textarea").setAttribute("aria-label", `SMS au ${shortCode}`);
    this.part(".ussd").setAttribute("aria-label", `Session ${serviceCode}`);
    for (const [key, letters] of KEYS) {
      const button = document.createElement("button");
      // Typed on the keyboard, so not one more stop of Tab.
      Object.assign(button, { type: "button", tabIndex: -1, value: key, textContent: key });
      if (letters) button.append(Object.assign(document.createElement("small"), { textContent: letters }));
      this.part(".keys").append(button);
    }
    this.listen();
    this.showMessages();
    this.showParts();
  }

  listen() {
    this.box.addEventListener("click", (event) => this.clicked(event.target.closest("button")));
    this.box.addEventListener("keydown", (event) => this.typed(event));
    this.part(".ussd form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.call();
    });
    this.part(".compose").addEventListener("submit", (event) => {
      event.preventDefault();
      this.text();
    });
    this.part("textarea").addEventListener("input", () => {
      this.showParts();
      if (this.atEnd()) this.scroll(); // the field may have grown over the last message
    });
  }

  clicked(button) {
    if (!button) return;
    if (button.closest(".keys")) this.press(button.value);
    else if (button.dataset.view) this.show(button.dataset.view, true);
    else if (button.matches(".notice")) this.show("thread", true);
    else if (button.matches(".call")) this.call();
    else if (button.matches(".hang, .cancel")) this.hang();
    else if (button.matches(".erase")) this.press("Backspace");
    else if (button.matches(".remove")) remove(this);
  }

  typed(event) {
    const inText = event.target.matches("input, textarea");
    if (event.key === "Escape") this.hang();
    else if (event.key === "Enter" && event.target.matches(".dialled")) this.call();
    else if (event.key === "Enter" && event.target.matches("textarea") && (event.ctrlKey || event.metaKey)) this.text();
    else if (event.key === "Enter" && event.target === this.box) this.call();
    else if (!inText && !event.ctrlKey && !event.altKey && !event.metaKey && /^([0-9*#+]|Backspace)$/.test(event.key)) {
      this.press(event.key);
      this.field()?.focus();
    } else return;
    event.preventDefault();
  }

  /** Where keys go: the session's answer, the message, or the number to dial. */
  field() {
    if (!this.part(".ussd").hidden) return this.part(".ussd form").hidden ? null : this.part(".reply");
    return this.part(this.part(".thread").hidden ? ".dialled" : "textarea");
  }

  press(key) {
    const field = this.field();
    if (!field || field.disabled) return;
    field.value = key === "Backspace" ? [...field.value].slice(0, -1).join("") : field.value + key;
    this.showParts();
  }

  call() {
    if (!this.part(".ussd").hidden) {
      if (this.session?.open) this.session.say(this.part(".reply").value);
      else this.hideDialog();
    } else if (!this.part(".thread").hidden) this.text();
    else this.dial(this.part(".dialled").value.trim());
  }

  dial(code) {
    if (!code) return;
    const root = serviceCode.replace(/#$/, "");
    const deeper = code.startsWith(`${root}*`) && code.endsWith("#");
    if (code !== serviceCode && !deeper) {
      // An answer that came too late, alone or behind the code that stood there.
      const late = !code.replace(serviceCode, "").includes("*");
      this.session = null;
      this.part(".dialled").value = serviceCode;
      this.showText(late ? NO_LINE : BAD_CODE, "ended");
      return;
    }
    this.session = new Session(this, deeper ? code.slice(root.length + 1, -1).split("*") : []);
    this.session.hop();
  }

  hang() {
    if (this.session?.open) this.session.close("Incomplete");
    else if (!this.part(".ussd").hidden) this.hideDialog();
    else if (!this.part(".thread").hidden) this.show("home", true);
    else this.part(".dialled").value = "";
  }

  async text() {
    const field = this.part("textarea"), text = field.value;
    if (!text.trim()) return;
    field.value = "";
    this.showParts();
    try {
      await ask(`phones/${encodeURIComponent(this.number)}/sms`, { json: { text } });
    } catch {
      if (!field.value) field.value = text;
      this.showParts();
      this.announce("Le SMS n’est pas parti.");
    }
    soon();
  }

  // What the screen shows

  show(view, focus = false) {
    for (const name of ["home", "thread"]) {
      this.part(`.${name}`).hidden = name !== view;
      this.part(`[data-view="${name}"]`).setAttribute("aria-pressed", name === view);
    }
    if (view === "thread") this.scroll();
    this.read();
    if (focus && !fingers.matches && this.part(".ussd").hidden) this.field()?.focus({ preventScroll: true });
  }

  showText(words, how) {
    const dialog = this.part(".ussd"), had = this.box.contains(document.activeElement);
    dialog.className = `ussd ${how}`;
    dialog.hidden = false;
    this.part(".ussd .text").textContent = words;
    this.part(".ussd .text").scrollTop = 0;
    const reply = this.part(".reply"), asking = how === "asking";
    reply.hidden = !asking;
    reply.value = "";
    this.part(".left").hidden = !asking;
    this.part(".cancel").hidden = how === "ended";
    this.part(".send").hidden = how === "waiting";
    this.part(".send").textContent = how === "ended" ? "OK" : "Envoyer";
    if (asking) this.showLeft(IDLE_S);
    if (how !== "waiting") this.announce(words);
    if (had && !fingers.matches) (asking ? reply : this.part(how === "ended" ? ".send" : ".cancel")).focus({ preventScroll: true });
  }

  showLeft(left) {
    const row = this.part(".left"), soonOver = left <= 10, told = `${Math.ceil(left)} s`;
    if (this.part(".seconds").textContent === told) return;  // nothing to draw
    if (soonOver && !row.classList.contains("soon")) this.announce("Plus que dix secondes.");
    row.classList.toggle("soon", soonOver);
    this.part(".left progress").value = left;
    this.part(".seconds").textContent = told;
  }

  hideDialog() {
    const had = this.part(".ussd").contains(document.activeElement);
    this.part(".ussd").hidden = true;
    if (had) this.box.focus({ preventScroll: true });
  }

  showParts() {
    const { used, of, parts } = measure(this.part("textarea").value);
    this.part(".parts").textContent = `${used}/${of} · ${parts} SMS`;
  }

  announce(words) { this.part(".live").textContent = words; }

  // Messages

  take({ cursor, events }) {
    this.cursor = cursor;
    if (!events.length) return;
    for (const event of events) {
      if (event.type === "tick") this.ticks.set(event.id, event.status);
      else this.messages.set(event.id, event);
    }
    const arrived = events.filter((event) => event.type === "mt" && event.at > this.seen);
    this.showMessages();
    this.read();
    if (arrived.length) this.announce(`Nouveau message : ${arrived.at(-1).text}`);
  }

  /** What is on the screen has been seen; the rest is unread. */
  read() {
    const all = [...this.messages.values()].filter((message) => message.type === "mt");
    const open = !this.part(".thread").hidden && this.part(".ussd").hidden && !document.hidden;
    if (open && all.length) this.seen = Math.max(this.seen, all.at(-1).at);
    const unread = all.filter((message) => message.at > this.seen);
    this.part(".unread").hidden = this.part(".notice").hidden = !unread.length;
    this.part(".hint").hidden = unread.length > 0;
    this.part(".unread").textContent = `✉ ${unread.length}`;
    this.part(".notice").textContent = unread.length ? `✉ ${unread.at(-1).text}` : "";
    const label = unread.length ? `Messages (${unread.length})` : "Messages";
    if (this.part('[data-view="thread"]').textContent !== label) this.part('[data-view="thread"]').textContent = label;
    this.unread = unread.length;
    remember();
  }

  showMessages() {
    const list = this.part(".messages"), below = this.atEnd();
    list.replaceChildren(...[...this.messages.values()].map((message) => this.bubble(message)));
    if (!this.messages.size) {
      const words = `Pas encore de message. Écrivez AIDE au ${shortCode}.`;
      list.append(Object.assign(document.createElement("li"), { className: "nothing", textContent: words }));
    }
    if (below) this.scroll();
  }

  bubble(message) {
    const status = this.ticks.get(message.id) ?? (message.type === "mo" ? "sending" : "arrived");
    const [sign, words] = TICKS[status] ?? TICKS.sending;
    const row = document.createElement("li"), text = document.createElement("p"), foot = document.createElement("small");
    const tick = Object.assign(document.createElement("span"), { className: "tick", textContent: sign, title: words, role: "img" });
    tick.setAttribute("aria-label", words);
    row.className = `${message.type} ${sign === "✗" ? "failed" : ""}`;
    text.textContent = message.text;
    const parts = measure(message.text).parts;
    const from = message.type === "mt" && ![shortCode, "AFRICASTKNG"].includes(message.from) ? `${message.from} · ` : "";
    foot.append(`${from}${clock(message.at * 1000)}${parts > 1 ? ` · ${parts} SMS` : ""} `, tick);
    row.append(text, foot);
    return row;
  }

  atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.part(".messages");
    return scrollHeight - scrollTop - clientHeight < 60;
  }

  scroll() { this.part(".messages").scrollTop = this.part(".messages").scrollHeight; }
}

// All phones

const phones = [];

function add(number, seen) {
  if (phones.some((phone) => phone.number === number)) return;
  const phone = new Phone(number, seen);
  phones.push(phone);
  $(".phones").append(phone.box);
  remember();
}

function remove(phone) {
  if (phone.session?.open) phone.session.close("Incomplete");
  phones.splice(phones.indexOf(phone), 1);
  phone.box.remove();
  remember();
  $("#new-number").focus();
}

function remember() {
  memory.write({ phones: phones.map(({ number, seen }) => ({ number, seen })) });
  const unread = phones.reduce((sum, phone) => sum + (phone.unread ?? 0), 0);
  document.title = `${unread ? `(${unread}) ` : ""}Téléphones d’essai`;
}

let timer = 0, hurryUntil = 0;

/** Something is about to arrive: look more often for a while. */
function soon() {
  hurryUntil = Date.now() + 8000;
  clearTimeout(timer);
  timer = setTimeout(poll, SOON_MS);
}

async function poll() {
  clearTimeout(timer);
  try {
    for (let i = 0; i < phones.length; i += 20) {
      const some = phones.slice(i, i + 20);
      const query = new URLSearchParams(some.map((phone) => ["phone", `${phone.number},${phone.cursor}`]));
      const found = (await ask(`events?${query}`)).phones;
      for (const phone of some) if (found[phone.number]) phone.take(found[phone.number]);
    }
    $(".trouble").hidden = true;
  } catch {
    $(".trouble").hidden = false;
  }
  clearTimeout(timer);
  timer = setTimeout(poll, document.hidden ? HIDDEN_MS : Date.now() < hurryUntil ? SOON_MS : POLL_MS);
}

async function open(number) {
  const problem = $(".add .problem");
  problem.textContent = "";
  try {
    const known = (await ask("phones", { json: { number } })).number;
    add(known);
    $("#new-number").value = "";
    phones.find((phone) => phone.number === known).box.focus();
    soon();
  } catch {
    problem.textContent = "Ce n’est pas un numéro. Exemple : 70 00 03 01.";
  }
}

$(".add").addEventListener("submit", (event) => {
  event.preventDefault();
  open($("#new-number").value);
});
for (const button of document.querySelectorAll(".offered button")) button.addEventListener("click", () => open(button.value));

// Faults

const faultRows = [...document.querySelectorAll(".fault")].map((row) => ({
  row, name: row.dataset.fault, on: $(".on input", row), times: $(".times input", row), value: $("[data-field]", row),
}));

function wishOf({ name, on, times, value }) {
  if (name === "blocked") return value.value.split(/[\s,;]+/).filter(Boolean).map((n) => n.replace(/^(?!\+)/, "+"));
  if (name === "reports") return { how: value.value };
  if (!on.checked) return null;
  const wish = { times: times?.value ? Number(times.value) : null };
  if (value) wish[value.dataset.field] = Number(value.value);
  return wish;
}

function showFaults(faults) {
  for (const { row, name, on, times, value } of faultRows) {
    const now = faults[name];
    if (row.contains(document.activeElement) && document.activeElement !== on) continue; // being filled in
    if (on) on.checked = Boolean(now);
    if (times && now) times.value = now.times ?? "";
    if (name === "reports") value.value = now?.value ?? "normal";
    else if (name === "blocked") value.value = (now?.value ?? []).join(" ");
    else if (value && now) value.value = now.value;
  }
  const count = Object.keys(faults).length;
  $(".faults .active").textContent = count ? `· ${count} en cours` : "";
}

let asking = Promise.resolve();

/** One after the other: a change may not overtake the one before it. */
function wish(json, method) { asking = asking.then(() => send(json, method)); }

async function send(json, method) {
  const problem = $(".faults .problem");
  problem.textContent = "";
  try {
    showFaults((await ask("faults", { json, method })).faults);
  } catch {
    problem.textContent = "Cette valeur ne va pas, ou le service ne répond pas.";
  }
}

$(".faults form").addEventListener("submit", (event) => event.preventDefault());
$(".faults form").addEventListener("change", (event) => {
  const fault = faultRows.find(({ row }) => row.contains(event.target));
  if (fault.on && event.target !== fault.on && !fault.on.checked) return;
  const asked = fault.name === "reports" && fault.value.value === "normal" ? null : wishOf(fault);
  wish({ [fault.name]: fault.name === "blocked" && asked.length ? { numbers: asked } : asked });
});
$(".faults .clear").addEventListener("click", () => wish(undefined, "DELETE"));
setInterval(() => { if ($(".faults").open && !document.hidden) wish(); }, 3000);

// Start

for (const { number, seen } of memory.read().phones ?? firstPhones.split(" ").map((number) => ({ number }))) add(number, seen);
setInterval(() => {
  const now = clock(Date.now());
  for (const phone of phones) {
    phone.session?.tick();
    if (phone.part(".clock").textContent === now) continue;  // else all is drawn four times a second
    phone.part(".clock").textContent = phone.part(".greeting").textContent = now;
  }
}, 250);
document.addEventListener("visibilitychange", () => { if (!document.hidden) { phones.forEach((phone) => phone.read()); poll(); } });
poll();
wish();
