// What this browser keeps from visit to visit. Where it is told to keep nothing, or has no room, it
// is kept until the page is closed: the page works all the same.

const memory = new Map<string, string>()

export const stored = {
  get(place: string): string | null {
    try {
      return localStorage.getItem(place)
    } catch {
      return memory.get(place) ?? null
    }
  },

  set(place: string, text: string): void {
    memory.set(place, text)
    try {
      localStorage.setItem(place, text)
    } catch {
      // this visit only
    }
  },

  remove(place: string): void {
    memory.delete(place)
    try {
      localStorage.removeItem(place)
    } catch {
      // nothing was kept
    }
  },
}
