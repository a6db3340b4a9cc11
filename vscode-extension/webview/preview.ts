// The page of the plan preview: draws what the extension sends, and tells it what people do.

import type { FromPage, ToPage, View } from "../src/preview/view";
import { element } from "./elements";
import { Picture } from "./picture";
import { banner, difference, facts, heading, parameters, tools, verdicts } from "./sections";

const api = acquireVsCodeApi();
const send = (message: FromPage) => api.postMessage(message);

let view: View | undefined;

const picture = new Picture({
  open: (at) => send({ type: "open", what: "box", at }),
  point: (at) => replace("facts", facts(at === undefined ? undefined : view?.picture?.boxes[at])),
});
const { bar, compare } = tools(picture, send);

/** The parts of the page that are made anew, by name. */
const parts = new Map<string, HTMLElement>();
for (const name of ["heading", "banner", "parameters", "facts", "verdicts", "difference"]) {
  parts.set(name, element("div", { hidden: true }));
}

document
  .getElementById("page")
  ?.replaceChildren(
    part("heading"),
    part("banner"),
    part("parameters"),
    bar,
    picture.pane,
    part("facts"),
    part("verdicts"),
    part("difference"),
  );

window.addEventListener("message", ({ data }: MessageEvent<ToPage>) => {
  switch (data.type) {
    case "draw":
      draw(data.view);
      api.setState(data.anchor);
      break;
    case "select":
      picture.select(data.at);
      break;
    case "busy":
      picture.pane.setAttribute("aria-busy", String(data.busy));
      break;
  }
});
send({ type: "ready" });

function draw(next: View): void {
  view = next;
  replace("heading", heading(next, send));
  replace("banner", banner(next, send));
  form(next);
  replace("verdicts", verdicts(next, send));
  replace("difference", difference(next));
  compare.value = next.compare;
  document.body.classList.toggle("stale", next.stale);
  bar.hidden = next.picture === undefined;
  picture.pane.hidden = next.picture === undefined;
  if (next.picture === undefined) {
    picture.clear();
    part("facts").hidden = true;
  } else {
    replace("facts", facts(undefined));
    picture.draw(next.picture, next.heading?.qualified ?? "");
    picture.select(next.selected);
  }
}

/** Draws the form, without taking the field away that somebody types in. */
function form(next: View): void {
  const active = document.activeElement;
  const typing = active instanceof HTMLInputElement && part("parameters").contains(active) ? active : undefined;
  const { name, selectionStart, selectionEnd, value } = typing ?? {};
  replace("parameters", parameters(next, send));
  const again =
    name === undefined ? null : part("parameters").querySelector<HTMLInputElement>(`[name="${CSS.escape(name)}"]`);
  if (again !== null && value !== undefined) {
    again.value = value;
    again.focus();
    again.setSelectionRange(selectionStart ?? null, selectionEnd ?? null);
  }
}

function part(name: string): HTMLElement {
  const found = parts.get(name);
  if (found === undefined) {
    throw new Error(`the page has no part ${name}`);
  }
  return found;
}

function replace(name: string, by: HTMLElement): void {
  part(name).replaceWith(by);
  parts.set(name, by);
}
