({
  // faint follows WCAG 2: 4.5 to 1 for text, 3 to 1 for large text and for what is drawn.
  faint() {
    const channels = (colour) => {
      const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
      return { r, g, b, a };
    };
    const luminance = ({ r, g, b }) => {
      const [R, G, B] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * R + 0.7152 * G + 0.0722 * B;
    };
    const contrast = (one, other) => {
      const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
      return (light + 0.05) / (dark + 0.05);
    };
    const ground = (element) => {
      for (let e = element; e; e = e.parentElement) {
        const colour = channels(getComputedStyle(e).backgroundColor);
        if (colour.a === 1) return colour;
      }
      return channels("rgb(255, 255, 255)");
    };
    const found = [];
    let looked = 0;
    const judge = (element, colour, behind, least, what) => {
      looked++;
      const ratio = contrast(channels(colour), behind);
      if (ratio < least) found.push(`${what} of ${element.textContent.trim().slice(0, 40) || element.outerHTML.slice(0, 80)}: ${ratio.toFixed(2)} of ${least}`);
    };
    for (const element of document.body.querySelectorAll("*")) {
      const style = getComputedStyle(element);
      const hasText = [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim() !== "");
      const drawn = element.ownerSVGElement;
      if (hasText && !["STYLE", "SCRIPT", "title"].includes(element.nodeName)) {
        const shape = drawn && element.closest("g")?.querySelector(":scope > .shape");
        const behind = shape ? channels(getComputedStyle(shape).fill) : ground(element);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        judge(element, drawn ? style.fill : style.color, behind, large ? 3 : 4.5, "text");
      }
      if (drawn && style.stroke !== "none" && channels(style.stroke).a === 1) judge(element, style.stroke, ground(drawn), 3, "line");
    }
    return { found, looked };
  },

  overflowing() {
    const scrolls = (element) => {
      for (let e = element.parentElement; e && e !== document.body; e = e.parentElement) {
        if (["auto", "scroll"].includes(getComputedStyle(e).overflowX)) return true;
      }
      return false;
    };
    const found = [];
    const width = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth > width) found.push(`the page is ${document.scrollingElement.scrollWidth} wide of ${width}`);
    for (const element of document.body.querySelectorAll("*")) {
      const { right, width: own } = element.getBoundingClientRect();
      if (own > 0 && right > width + 1 && !scrolls(element)) found.push(`${element.outerHTML.slice(0, 80)} reaches to ${right} of ${width}`);
    }
    return found;
  },

  focused() {
    const element = document.activeElement;
    const style = getComputedStyle(element);
    const shape = element.querySelector(".shape");
    const seen = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) || (shape !== null && parseFloat(getComputedStyle(shape).strokeWidth) >= 3);
    return element === document.body ? { what: "", seen: false } : { what: element.getAttribute("href") ?? element.textContent.trim(), seen };
  },
})
