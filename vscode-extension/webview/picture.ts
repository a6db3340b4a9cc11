// The picture with its zoom, its selection and its keys.

import type { PictureView } from "../src/preview/view";
import { drawing } from "./drawing";
import { element } from "./elements";

const LEAST = 0.1;
const MOST = 4;
const STEP = 1.2;
/** The least scale at which the picture's text can be read. */
const READABLE = 0.6;
/** What is around the picture in its pane, in pixels. */
const MARGIN = 24;
/** The share of the page's height that a picture takes at most before somebody zooms. */
const MOST_HEIGHT = 0.6;

/** What happens with boxes. */
export interface Listener {
  open(at: number): void;
  point(at: number | undefined): void;
}

export class Picture {
  readonly pane = element("div", { class: "pane", id: "picture" });
  private readonly sheet = new CSSStyleSheet();
  private svg: SVGSVGElement | undefined;
  private boxes: SVGAElement[] = [];
  private edges: Element[] = [];
  private size = { width: 1, height: 1 };
  private revision = -1;
  private plan = "";
  private scale = 1;
  /** The picture fits the pane until somebody zooms. */
  private fitting = true;
  private selected: readonly number[] = [];

  constructor(private readonly listener: Listener) {
    document.adoptedStyleSheets.push(this.sheet);
    this.drag();
    this.pane.addEventListener("keydown", (event) => this.key(event));
    this.pane.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    window.addEventListener("resize", () => this.fitting && this.settle());
  }

  /** Draws a picture; where it is that of before, nothing moves. */
  draw(view: PictureView, plan: string): void {
    if (view.revision === this.revision) {
      return;
    }
    const svg = drawing(view.svg);
    if (svg === undefined) {
      return;
    }
    const focused = this.focused();
    this.revision = view.revision;
    this.sheet.replaceSync(view.style);
    this.svg = svg;
    this.size = sizeOf(svg);
    this.boxes = [...svg.querySelectorAll<SVGAElement>("a[data-at], a[href^='#s']")];
    this.edges = [...svg.querySelectorAll("[data-from][data-to]")];
    for (const box of this.boxes) {
      this.prepare(box, view);
    }
    this.pane.replaceChildren(svg);
    if (plan !== this.plan) {
      this.fitting = true;
      this.pane.scrollTo(0, 0);
    }
    this.plan = plan;
    if (this.fitting) {
      this.settle();
    } else {
      this.zoom(this.scale);
    }
    this.select(this.selected, false);
    this.boxes[focused]?.focus({ preventScroll: true });
  }

  /** Takes the picture away. */
  clear(): void {
    this.revision = -1;
    this.svg = undefined;
    this.boxes = [];
    this.pane.replaceChildren();
  }

  select(at: readonly number[], reveal = true): void {
    const same = at.length === this.selected.length && at.every((own, index) => own === this.selected[index]);
    this.selected = at;
    const near = new Set<number>(at);
    this.svg?.classList.toggle("pick", at.length > 0);
    for (const edge of this.edges) {
      const [from, to] = [Number(edge.getAttribute("data-from")), Number(edge.getAttribute("data-to"))];
      const own = at.includes(from) || at.includes(to);
      edge.classList.toggle("near", own);
      if (own) {
        near.add(from).add(to);
      }
    }
    for (const box of this.boxes) {
      const own = indexOf(box);
      box.classList.toggle("on", at.includes(own));
      box.classList.toggle("near", near.has(own));
      box.setAttribute("aria-current", String(at.includes(own)));
    }
    const first = this.boxes.find((box) => at.includes(indexOf(box)));
    if (reveal && !same) {
      first?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  larger(): void {
    this.fitting = false;
    this.zoom(this.scale * STEP);
  }

  smaller(): void {
    this.fitting = false;
    this.zoom(this.scale / STEP);
  }

  /** Shows the whole picture, however small it gets. */
  fit(): void {
    this.fitting = true;
    this.zoom(this.whole());
  }

  /** As `fit`, but what cannot be read then is scrolled instead. */
  private settle(): void {
    this.zoom(Math.max(READABLE, this.whole()));
  }

  /** The scale at which all of the picture is seen; never larger than it is. */
  private whole(): number {
    const width = Math.max(1, this.pane.clientWidth - MARGIN);
    const height = Math.max(MARGIN, window.innerHeight * MOST_HEIGHT);
    return Math.min(1, width / this.size.width, height / this.size.height);
  }

  private prepare(box: SVGAElement, view: PictureView): void {
    const at = indexOf(box);
    const known = view.boxes[at];
    box.setAttribute("tabindex", "0");
    if (known !== undefined) {
      const change = known.change === undefined ? [] : [known.change];
      const said = known.verdicts.map(({ code, text }) => `${code}: ${text}`);
      box.setAttribute("aria-label", [known.label, ...known.facts, ...change, ...said].join(", "));
      box.setAttribute("role", known.linked ? "link" : "img");
    }
    box.addEventListener("click", (event) => {
      event.preventDefault();
      this.listener.open(at);
    });
    box.addEventListener("focus", () => this.listener.point(at));
    box.addEventListener("blur", () => this.listener.point(undefined));
    box.addEventListener("pointerenter", () => this.listener.point(at));
    box.addEventListener("pointerleave", () => this.listener.point(undefined));
  }

  private focused(): number {
    return this.boxes.findIndex((box) => box.matches(":focus"));
  }

  private zoom(scale: number): void {
    if (this.svg === undefined) {
      return;
    }
    const pane = this.pane;
    const [x, y] = [pane.scrollLeft + pane.clientWidth / 2, pane.scrollTop + pane.clientHeight / 2];
    const to = Math.min(MOST, Math.max(LEAST, scale));
    const ratio = to / this.scale;
    this.scale = to;
    this.svg.setAttribute("width", String(Math.round(this.size.width * to)));
    this.svg.setAttribute("height", String(Math.round(this.size.height * to)));
    pane.scrollTo(x * ratio - pane.clientWidth / 2, y * ratio - pane.clientHeight / 2);
  }

  private wheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.fitting = false;
      this.zoom(this.scale * Math.exp(-event.deltaY / 300));
    }
  }

  private key(event: KeyboardEvent): void {
    const at = this.focused();
    const action = this.actions(at)[event.key];
    if (action !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      action();
    }
  }

  private actions(at: number): Record<string, (() => void) | undefined> {
    const last = this.boxes.length - 1;
    const focus = (to: number) => () => this.boxes[to]?.focus();
    return {
      "+": () => this.larger(),
      "=": () => this.larger(),
      "-": () => this.smaller(),
      "0": () => this.fit(),
      ArrowRight: focus(Math.min(last, at + 1)),
      ArrowDown: focus(Math.min(last, at + 1)),
      ArrowLeft: focus(Math.max(0, at - 1)),
      ArrowUp: focus(Math.max(0, at - 1)),
      Home: focus(0),
      End: focus(last),
      ...(at < 0 ? {} : { " ": () => this.listener.open(indexOf(this.boxes[at])) }),
    };
  }

  private drag(): void {
    let held: { x: number; y: number } | undefined;
    this.pane.addEventListener("pointerdown", (event) => {
      const onBox = event.target instanceof Element && event.target.closest("a") !== null;
      held =
        event.button === 0 && event.pointerType === "mouse" && !onBox
          ? { x: event.clientX, y: event.clientY }
          : undefined;
    });
    window.addEventListener("pointermove", (event) => {
      if (held !== undefined) {
        this.pane.classList.add("drag");
        this.pane.scrollBy(held.x - event.clientX, held.y - event.clientY);
        held = { x: event.clientX, y: event.clientY };
      }
    });
    window.addEventListener("pointerup", () => {
      held = undefined;
      this.pane.classList.remove("drag");
    });
  }
}

function indexOf(box: SVGAElement | undefined): number {
  const at = box?.getAttribute("data-at") ?? box?.getAttribute("href")?.slice(2);
  return at === undefined || at === null ? -1 : Number(at);
}

/** The picture's own size, in its own units. */
function sizeOf(svg: SVGSVGElement): { width: number; height: number } {
  const box = svg
    .getAttribute("viewBox")
    ?.split(/[\s,]+/)
    .map(Number);
  const width = box?.[2] ?? Number.parseFloat(svg.getAttribute("width") ?? "1");
  const height = box?.[3] ?? Number.parseFloat(svg.getAttribute("height") ?? "1");
  return { width: width > 0 ? width : 1, height: height > 0 ? height : 1 };
}
