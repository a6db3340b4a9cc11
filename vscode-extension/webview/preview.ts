// The page of the plan preview: draws what the extension sends, and tells it what people do.

import type { FromPage, ToPage, View } from "../src/preview/view";
import { element } from "./elements";
import { Picture } from "./picture";
import { banner, difference, facts, heading, parameters, tools, verdicts } from "./sections";

const api = acquireVsCodeApi();
const send = (message: FromPage) => api.postMessage(message);

let view: View | undefined;
/** The boxes of the step under the editor's cursor. */
let selected: readonly number[] = [];

const picture = new Picture({
  open: (at) => send({ type: "open", what: "box", at }),
  point: (at) => tell(at ?? selected[0]),
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
      selected = data.at;
      picture.select(selected);
      tell(selected[0]);
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
    selected = next.selected;
    picture.draw(next.picture, next.heading?.qualified ?? "");
    picture.select(selected);
    tell(selected[0]);
  }
}

/** Tells what is known of a box. */
function tell(at: number | undefined): void {
  const shown = view?.picture;
  if (shown !== undefined) {
    replace("facts", facts(at === undefined ? undefined : shown.boxes[at]));
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
