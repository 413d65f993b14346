// Where the person is: the part of the address behind #. Links are plain <a href="#/...">.

export type View = "trade" | "pools" | "pool" | "analytics" | "operator"

export interface Route {
  view: View
  /** Of trade and pool. */
  market: string
}

class Router {
  route = $state<Route>(parsed(location.hash))

  constructor() {
    addEventListener("hashchange", () => {
      this.route = parsed(location.hash)
    })
  }
}

export function parsed(hash: string): Route {
  const [view = "", market = ""] = hash.replace(/^#\/?/, "").split("/")
  switch (view) {
    case "pools":
      return market ? { view: "pool", market } : { view: "pools", market: "" }
    case "analytics":
    case "operator":
      return { view, market: "" }
    default:
      return { view: "trade", market: view === "trade" ? market : "" }
  }
}

export const router = new Router()
