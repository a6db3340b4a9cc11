"use strict";
(() => {
  const svg = document.querySelector("svg"), pane = document.querySelector(".picture");
  const boxes = [...svg.querySelectorAll("a")], edges = [...svg.querySelectorAll(".e")];
  const details = [...document.querySelectorAll(".steps details")];
  const wide = Number(svg.getAttribute("width")), high = Number(svg.getAttribute("height"));
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  let scale = 1;
  document.documentElement.classList.add("live");

  const zoom = (to) => {
    const middle = [(pane.scrollLeft + pane.clientWidth / 2) / scale, (pane.scrollTop + pane.clientHeight / 2) / scale];
    scale = Math.min(3, Math.max(0.05, to));
    svg.setAttribute("width", wide * scale);
    svg.setAttribute("height", high * scale);
    pane.scrollLeft = middle[0] * scale - pane.clientWidth / 2;
    pane.scrollTop = middle[1] * scale - pane.clientHeight / 2;
  };
  const fit = () => {
    const room = innerHeight - 120;
    zoom(Math.min(1, pane.clientWidth / wide, Math.max(pane.clientHeight, room) / high));
  };

  const pick = (at) => {
    svg.classList.toggle("pick", at !== null);
    const near = new Set();
    for (const edge of edges) {
      const [from, to] = [Number(edge.dataset.from), Number(edge.dataset.to)];
      const own = at !== null && (from === at || to === at);
      edge.classList.toggle("near", own);
      if (own) near.add(from).add(to);
    }
    boxes.forEach((box, own) => {
      box.classList.toggle("on", own === at);
      box.classList.toggle("near", near.has(own));
    });
    for (const each of details) each.classList.toggle("on", at !== null && Number(each.dataset.at) === at);
  };
  const show = (at) => {
    pick(at);
    for (const each of details) {
      each.open = Number(each.dataset.at) === at;
      if (each.open) each.scrollIntoView({ block: "nearest", behavior: calm });
    }
  };
  const center = (at) => {
    const box = boxes[at].querySelector(".k").getBoundingClientRect(), own = pane.getBoundingClientRect();
    pane.scrollBy({
      left: box.left + box.width / 2 - own.left - own.width / 2,
      top: box.top + box.height / 2 - own.top - own.height / 2,
      behavior: calm,
    });
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#s']");
    if (!link) return;
    event.preventDefault();
    const at = Number(link.getAttribute("href").slice(2));
    if (moved) return;
    show(at);
    if (!svg.contains(link)) center(at);
  });
  for (const each of details) {
    each.querySelector("summary").addEventListener("click", () => {
      const at = Number(each.dataset.at);
      pick(each.open ? null : at);
      if (!each.open) center(at);
    });
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") pick(null); });

  let held = null, moved = false;
  pane.addEventListener("pointerdown", (event) => {
    moved = false;
    if (event.button === 0 && event.pointerType === "mouse") held = [event.clientX, event.clientY];
  });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    const [x, y] = [event.clientX - held[0], event.clientY - held[1]];
    if (!moved && Math.abs(x) + Math.abs(y) < 5) return;
    moved = true;
    pane.classList.add("drag");
    pane.scrollLeft -= x;
    pane.scrollTop -= y;
    held = [event.clientX, event.clientY];
  });
  addEventListener("pointerup", () => { held = null; pane.classList.remove("drag"); });
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(scale * Math.exp(-event.deltaY / 300));
  }, { passive: false });

  document.getElementById("in").addEventListener("click", () => zoom(scale * 1.25));
  document.getElementById("out").addEventListener("click", () => zoom(scale / 1.25));
  document.getElementById("fit").addEventListener("click", fit);
  document.getElementById("find").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const each of details) {
      const text = each.textContent.toLowerCase();
      each.hidden = !words.every((word) => text.includes(word));
      boxes[Number(each.dataset.at)].classList.toggle("near", words.length > 0 && !each.hidden);
    }
    for (const stage of document.querySelectorAll(".stage")) {
      stage.hidden = !stage.querySelector("details:not([hidden])");
    }
    svg.classList.toggle("pick", words.length > 0);
  });
  if (wide * 0.6 < pane.clientWidth && wide > pane.clientWidth) zoom(pane.clientWidth / wide);
  if (boxes.length) {
    const first = boxes[0].querySelector(".k").getBBox();
    pane.scrollTop = (first.y + first.height / 2) * scale - pane.clientHeight / 2;
  }
})();
