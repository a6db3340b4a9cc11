// The parts of the page around the picture, each made anew from the view.

import type { BoxView, Compare, FromPage, ParameterView, View } from "../src/preview/view";
import { element, link } from "./elements";

type Send = (message: FromPage) => void;

/** The plan's name and what it amounts to. */
export function heading(view: View, send: Send): HTMLElement {
  const { heading: of } = view;
  if (of === undefined) {
    return element("header");
  }
  const open = () => send({ type: "open", what: "plan" });
  const chips = view.chips.map(({ label, value, tone, title }) =>
    element("li", title === undefined ? {} : { title }, element("b", { class: tone }, value), ` ${label}`),
  );
  return element(
    "header",
    {},
    element("h1", {}, link(of.name, open, { title: `${of.qualified}: open its source` })),
    element("ul", { class: "chips", "aria-label": "What the plan amounts to" }, ...chips),
    ...said("Denied", view.denied, "bad"),
    ...said("Needs", view.requires, "warn"),
  );
}

function said(title: string, lines: readonly string[], tone: string): HTMLElement[] {
  return lines.length === 0
    ? []
    : [element("p", { class: `said ${tone}` }, element("b", {}, `${title}: `), lines.join(" · "))];
}

/** Why there is no picture or an old one, and what is wrong. */
export function banner(view: View, send: Send): HTMLElement {
  const problems = view.problems.map(({ message, severity, code, linked }, at) =>
    element(
      "li",
      { class: severity },
      link(message, linked ? () => send({ type: "open", what: "problem", at }) : undefined),
      code !== undefined && " ",
      code !== undefined &&
        link(code, () => send({ type: "explain", code }), { class: "code", title: `Explain ${code}` }),
    ),
  );
  const empty = view.notice === undefined && problems.length === 0;
  return element(
    "div",
    { class: "banner", role: "status", hidden: empty },
    view.notice !== undefined && element("p", {}, view.notice),
    problems.length > 0 && element("ul", {}, ...problems),
  );
}

/** The form for what the plan is given. */
export function parameters(view: View, send: Send): HTMLElement {
  const fields = view.parameters.map((parameter) => {
    const id = `parameter-${parameter.name}`;
    return element(
      "div",
      { class: parameter.missing ? "field missing" : "field" },
      element("label", { for: id }, element("b", {}, parameter.name), element("small", {}, ` ${parameter.type}`)),
      input(parameter, id, send),
    );
  });
  return element("form", { class: "parameters", "aria-label": "Parameters", hidden: fields.length === 0 }, ...fields);
}

function input(parameter: ParameterView, id: string, send: Send): HTMLElement {
  const { name, value, given, fallback, missing, choices } = parameter;
  const state = { id, name, "data-parameter": name, "aria-invalid": String(missing), "aria-required": String(missing) };
  const tell = (event: Event) => {
    const { value: text } = event.target as HTMLInputElement;
    send({ type: "argument", name, value: text });
  };
  if (choices.length === 0) {
    const placeholder = missing ? "needed" : fallback || "default";
    const clear = given ? "Empty it to go back to the default" : "";
    return element("input", {
      ...state,
      type: "text",
      value,
      placeholder,
      title: clear,
      spellcheck: "false",
      onchange: tell,
    });
  }
  const known = value === "" || choices.includes(value) ? choices : [value, ...choices];
  const options = known.map((choice) => element("option", { value: choice, selected: choice === value }, choice));
  const none = element(
    "option",
    { value: "", selected: value === "" },
    missing ? "choose…" : fallback || "the default",
  );
  return element("select", { ...state, onchange: tell }, none, ...options);
}

/** What policies say. */
export function verdicts(view: View, send: Send): HTMLElement {
  const rows = view.verdicts.map(({ code, outcome, tone, text, about, linked }, at) =>
    element(
      "li",
      { class: "verdict", "data-verdict": String(at) },
      link(code, linked ? () => send({ type: "open", what: "verdict", at }) : undefined, { class: "code" }),
      " ",
      element("b", { class: tone }, outcome),
      ` ${about} `,
      element("span", { class: "soft" }, text),
    ),
  );
  return element(
    "section",
    { class: "verdicts", hidden: rows.length === 0 },
    element("h2", {}, "Policies"),
    element("ul", {}, ...rows),
  );
}

/** What is different from the plan it is compared with. */
export function difference(view: View): HTMLElement {
  const { diff } = view;
  if (diff === undefined) {
    return element("section", { hidden: true });
  }
  const removed = diff.removed.map((address) => element("li", { class: "bad" }, `− ${address}`));
  return element(
    "section",
    { class: "diff" },
    element("h2", {}, `Against what is ${diff.against}: ${diff.counts}`),
    removed.length > 0 && element("ul", { "aria-label": "Removed" }, ...removed),
    diff.text !== "" &&
      element("details", {}, element("summary", {}, "In words"), element("pre", { tabindex: "0" }, diff.text)),
  );
}

/** What is known of one box. */
export function facts(box: BoxView | undefined): HTMLElement {
  if (box === undefined) {
    return element("p", { class: "facts soft" }, "A click on a box opens its source. Arrow keys go from box to box.");
  }
  const change = box.change === undefined ? [] : [element("b", { class: "warn" }, ` ${box.change}`)];
  const lines = box.verdicts.map(({ code, text, tone }) => element("div", { class: tone }, `${code} ${text}`));
  return element(
    "p",
    { class: "facts" },
    element("b", {}, box.label),
    element("span", { class: "soft" }, ` ${box.facts.join(" · ")}`),
    ...change,
    ...lines,
  );
}

/** Zoom, comparison and what the colours mean. */
export function tools(
  zoom: { smaller(): void; larger(): void; fit(): void },
  send: Send,
): { bar: HTMLElement; compare: HTMLSelectElement } {
  const button = (text: string, label: string, onclick: () => void) =>
    element("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick }, text);
  const choices: [Compare, string][] = [
    ["nothing", "compare with nothing"],
    ["saved", "compare with saved"],
    ["committed", "compare with committed"],
  ];
  const compare = element(
    "select",
    {
      "aria-label": "Compare the plan",
      id: "compare",
      onchange: (event) => send({ type: "compare", compare: (event.target as HTMLSelectElement).value as Compare }),
    },
    ...choices.map(([value, text]) => element("option", { value }, text)),
  );
  const legend = [
    ["read", "read"],
    ["write", "write"],
    ["destroy", "destroy"],
    ["asks", "asks for approval"],
    ["denied", "denied"],
  ].map(([effect = "", text = ""]) => element("li", {}, element("i", { class: effect, "aria-hidden": "true" }), text));
  const bar = element(
    "div",
    { class: "bar", role: "toolbar", "aria-label": "Picture" },
    element("ul", { class: "legend", "aria-label": "Colours" }, ...legend, element("li", {}, "dashed: order alone")),
    element("span", { class: "gap" }),
    compare,
    button("−", "Smaller (-)", () => zoom.smaller()),
    button("+", "Larger (+)", () => zoom.larger()),
    button("Fit", "Fit (0)", () => zoom.fit()),
    button("↻", "Draw again", () => send({ type: "refresh" })),
  );
  return { bar, compare };
}
