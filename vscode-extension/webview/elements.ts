// Elements made of plain data: text never becomes markup.

type Content = Node | string | undefined | false;

interface Attributes {
  class?: string;
  [name: string]: string | boolean | ((event: Event) => void) | undefined;
}

/** An element with attributes, listeners (`onclick: …`) and content. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...content: Content[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      made.addEventListener(name.replace(/^on/, ""), value);
    } else if (value === true) {
      made.setAttribute(name, "");
    } else if (typeof value === "string") {
      made.setAttribute(name, value);
    }
  }
  made.append(...content.filter((each) => each !== undefined && each !== false));
  return made;
}

/** A button that looks like a link, or plain text where it leads nowhere. */
export function link(text: string, action: (() => void) | undefined, attributes: Attributes = {}): HTMLElement {
  return action === undefined
    ? element("span", attributes, text)
    : element(
        "button",
        { type: "button", ...attributes, class: `link ${attributes.class ?? ""}`, onclick: action },
        text,
      );
}
