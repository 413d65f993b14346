// Which of the wallet's dialogs is open. One place for the page, for there are many buttons.

export type Panel = "connect" | "account" | "agent"

class Open {
  panel = $state<Panel | null>(null)

  show(panel: Panel): void {
    this.panel = panel
  }

  /** Of a dialog that ended: another one may have taken its place meanwhile. */
  closed(panel: Panel): void {
    if (this.panel === panel) this.panel = null
  }
}

export const open = new Open()
