// Light, dark, or as the system says. Kept for the next visit.

import { stored } from "./stored"

export type Theme = "system" | "light" | "dark"

export const THEMES: readonly Theme[] = ["system", "light", "dark"]

const PLACE = "xyk.theme"

class Chosen {
  theme = $state<Theme>("system")

  constructor() {
    this.#take(stored.get(PLACE))
    addEventListener("storage", ({ key, newValue }) => {
      if (key === PLACE) this.#take(newValue)
    })
  }

  choose(theme: Theme): void {
    stored.set(PLACE, theme)
    this.#take(theme)
  }

  #take(text: string | null): void {
    this.theme = THEMES.find((one) => one === text) ?? "system"
    const root = document.documentElement
    if (this.theme === "system") delete root.dataset.theme
    else root.dataset.theme = this.theme
  }
}

export const chosen = new Chosen()
