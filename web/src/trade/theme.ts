// The theme's colours for what draws on a canvas, and when they change.

export interface Colours {
  panel: string
  line: string
  grid: string
  label: string
  dim: string
  up: string
  down: string
  upWash: string
  downWash: string
}

const VARIABLES: Record<keyof Colours, string> = {
  panel: "--panel",
  line: "--line",
  grid: "--raised",
  label: "--dim",
  dim: "--dim",
  up: "--up",
  down: "--down",
  upWash: "--up-wash",
  downWash: "--down-wash",
}

/** As they are within `element`. A variable's own text is light-dark(...): a colour resolves it. */
export function coloursOf(element: HTMLElement): Colours {
  const probe = document.createElement("span")
  element.append(probe)
  const style = getComputedStyle(probe)
  const resolved = (variable: string): string => {
    probe.style.color = `var(${variable})`
    return style.color
  }
  const colours = Object.fromEntries(
    Object.entries(VARIABLES).map(([name, variable]) => [name, resolved(variable)]),
  )
  probe.remove()
  return colours as unknown as Colours
}

/** Calls back after each change between light and dark; returns how to stop. */
export function onTheme(changed: () => void): () => void {
  const dark = matchMedia("(prefers-color-scheme: dark)")
  dark.addEventListener("change", changed)
  const root = new MutationObserver(changed)
  root.observe(document.documentElement, { attributeFilter: ["data-theme", "class", "style"] })
  return () => {
    dark.removeEventListener("change", changed)
    root.disconnect()
  }
}
