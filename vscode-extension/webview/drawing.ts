// The picture from the server as elements: only what a picture is made of is taken over.

const NAMESPACE = "http://www.w3.org/2000/svg";

const ELEMENTS = new Set([
  "svg",
  "g",
  "a",
  "defs",
  "marker",
  "path",
  "rect",
  "line",
  "circle",
  "ellipse",
  "polygon",
  "polyline",
  "text",
  "tspan",
  "title",
  "desc",
]);

const ATTRIBUTES = new Set([
  ..."class id x y x1 y1 x2 y2 cx cy r rx ry dx dy d points width height transform fill stroke opacity".split(" "),
  ..."stroke-width stroke-dasharray text-anchor dominant-baseline marker-start marker-mid marker-end".split(" "),
  ..."role aria-label aria-hidden viewBox preserveAspectRatio refX refY markerWidth markerHeight orient".split(" "),
]);

/** The picture, or `undefined` where the text is none. */
export function drawing(text: string): SVGSVGElement | undefined {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const copy = parsed.namespaceURI === NAMESPACE && parsed.localName === "svg" ? copied(parsed) : undefined;
  return copy instanceof SVGSVGElement ? copy : undefined;
}

function copied(from: Element): SVGElement {
  const to = document.createElementNS(NAMESPACE, from.localName);
  for (const { name, value } of from.attributes) {
    if (isHarmless(name, value)) {
      to.setAttribute(name, value);
    }
  }
  for (const child of from.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      to.append(child.textContent ?? "");
    } else if (child instanceof Element && child.namespaceURI === NAMESPACE && ELEMENTS.has(child.localName)) {
      to.append(copied(child));
    }
  }
  return to;
}

function isHarmless(name: string, value: string): boolean {
  if (name === "href") {
    return value.startsWith("#");
  }
  if (/url\s*\(/i.test(value)) {
    return /^url\(#[\w-]+\)$/.test(value);
  }
  return ATTRIBUTES.has(name) || name.startsWith("data-");
}
