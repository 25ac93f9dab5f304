// What pages do beyond links and forms: copy, focus by "/", drop a file on a form, upload with progress, follow a job.
"use strict";

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
  const before = button.textContent;
  button.textContent = words;
  setTimeout(() => { button.textContent = before; }, 1500);
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
  form.addEventListener("drop", (event) => {
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    if (!form.hasAttribute("data-upload")) button.textContent = "请稍候…";
  });
}

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
