// What pages do beyond links and forms: copy, focus by "/", drop a file on a form, upload with progress, follow a job,
// decide about a finding without leaving the place, keep searches in this browser. Every page works without it.
"use strict";

document.documentElement.classList.add("js");

const isNarrow = matchMedia("(max-width: 56rem)").matches;

async function showPart(place) {
  const answer = await fetch(place.dataset.part);
  if (answer.ok) place.innerHTML = await answer.text();
  place.removeAttribute("aria-busy");
  if (isNarrow) place.querySelector("details")?.removeAttribute("open");
}

for (const place of document.querySelectorAll("[data-part]")) showPart(place);
if (isNarrow) document.querySelector(".facets details")?.removeAttribute("open");

const token = document.querySelector('meta[name="csrf"]')?.content ?? "";

function say(button, words) {
  const [before, label] = [button.innerHTML, button.getAttribute("aria-label")];
  button.textContent = words;
  button.removeAttribute("aria-label");
  setTimeout(() => {
    button.innerHTML = before;
    if (label) button.setAttribute("aria-label", label);
  }, 1500);
}

async function copy(button) {
  try {
    const whole = document.getElementById(button.dataset.copyOf ?? "")?.querySelector(".prose")?.textContent ?? "";
    await navigator.clipboard.writeText(button.dataset.copy ?? whole + button.dataset.cite);
    say(button, "已复制");
  } catch {
    say(button, "未能复制");
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-of]");
  if (button) copy(button);
});

document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  const box = document.getElementById("q");
  if (event.key === "/" && box && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    box.focus();
    box.select();
  }
});

for (const form of document.querySelectorAll("[data-drop]")) {
  const input = form.querySelector('input[type="file"]');
  for (const name of ["dragover", "dragleave", "drop"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.toggle("over", name === "dragover");
    });
  }
  const name = form.querySelector(".drop-name");
  const showNames = () => {
    if (!name) return;
    const names = [...input.files].map((file) => file.name);
    name.textContent = names.length ? names.join("、") : name.dataset.empty;
    form.classList.toggle("filled", names.length > 0);
  };
  showNames();
  input.addEventListener("change", showNames);
  form.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    showNames();
  });
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    if (!form.hasAttribute("data-upload")) button.textContent = "请稍候…";
  });
}

for (const form of document.querySelectorAll(".decide")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const pressed = event.submitter;
    const body = new URLSearchParams(new FormData(form, pressed));
    // The answer sends back to this page, which is here already.
    const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
    if (answer.type !== "opaqueredirect") { location.reload(); return; }
    const finding = form.closest(".finding");
    const before = finding.dataset.chosen;
    finding.dataset.chosen = body.get("decision");
    for (const button of form.querySelectorAll("button")) {
      button.dataset.means ??= button.value || before;
      const chosen = button.dataset.means === finding.dataset.chosen;
      button.setAttribute("aria-pressed", String(chosen));
      button.value = chosen ? "" : button.dataset.means;
    }
    for (const count of document.querySelectorAll("#counts [data-count]")) {
      const change = (count.dataset.count === finding.dataset.chosen) - (count.dataset.count === before);
      count.textContent = String(Number(count.textContent) + change);
    }
  });
}

const SAVED = "perfsearch.saved";
function savedSearches() {
  try { return JSON.parse(localStorage.getItem(SAVED)) ?? []; } catch { return []; }
}

for (const button of document.querySelectorAll("[data-save]")) {
  button.addEventListener("click", () => {
    const address = location.pathname + location.search;
    const kept = savedSearches().filter((one) => one.address !== address);
    const words = [...new URLSearchParams(location.search)].filter(([name]) => name !== "page").map(([, value]) => value);
    localStorage.setItem(SAVED, JSON.stringify([{ address, words: words.filter(Boolean).join(" · ") }, ...kept].slice(0, 30)));
    say(button, "已保存在这个浏览器里");
  });
}

const saved = document.getElementById("saved");
function showSaved() {
  const kept = savedSearches();
  saved.hidden = kept.length === 0;
  saved.querySelector("ul").replaceChildren(...kept.map((one) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = one.address.startsWith("/") && !one.address.startsWith("//") ? one.address : "/";
    link.textContent = one.words;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "plain";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `删除保存的检索 ${one.words}`);
    remove.addEventListener("click", () => {
      localStorage.setItem(SAVED, JSON.stringify(savedSearches().filter((other) => other.address !== one.address)));
      showSaved();
    });
    item.append(link, remove);
    return item;
  }));
}
if (saved) showSaved();

function upload(file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", file);
    request.open("POST", "/api/v1/filings");
    request.setRequestHeader("Prefer", "respond-async");
    request.setRequestHeader("X-CSRF-Token", token);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener("load", () => {
      const answer = JSON.parse(request.responseText || "{}");
      if (request.status === 202) resolve(answer);
      else reject(new Error(answer.detail ?? String(request.status)));
    });
    request.addEventListener("error", () => reject(new Error("连接中断")));
    request.send(body);
  });
}

for (const form of document.querySelectorAll("[data-upload]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const files = [...form.querySelector('input[type="file"]').files];
    const bar = form.querySelector("progress");
    const button = form.querySelector("button");
    bar.hidden = false;
    button.disabled = true;
    try {
      let job = null;
      for (const [i, file] of files.entries()) {
        job = await upload(file, (share) => { bar.value = (100 * (i + share)) / files.length; });
      }
      location.href = files.length === 1 ? `/jobs/${job.id}` : "/add";
    } catch (error) {
      const words = document.createElement("p");
      words.className = "problem";
      words.setAttribute("role", "alert");
      words.textContent = error.message;
      form.after(words);
      button.disabled = false;
      bar.hidden = true;
    }
  });
}

const card = document.querySelector("[data-job]");
if (card && ["waiting", "running"].includes(card.dataset.state)) {
  const follow = async () => {
    const answer = await fetch(`/api/v1/jobs/${card.dataset.job}`);
    const job = await answer.json();
    if (!["waiting", "running"].includes(job.state)) {
      location.reload();
      return;
    }
    const total = job.total ? ` / ${job.total}` : "";
    card.querySelector(".number").textContent = `${job.done}${total} ${card.dataset.unit ?? "份"}`;
    const bar = card.querySelector("progress");
    if (job.total) {
      bar.max = job.total;
      bar.value = job.done;
    }
    setTimeout(follow, 700);
  };
  setTimeout(follow, 300);
}
