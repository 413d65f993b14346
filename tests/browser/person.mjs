// What a person does with the page, by the names that the page gives to things.

import assert from "node:assert/strict"

import { until } from "./exchange.mjs"

/** Through the header's button and the dialog, unless the page is connected already. */
export async function connect(page, { info }) {
  const header = page.getByRole("banner")
  const mine = header.getByRole("button", { name: /^Wallet 0x/ })
  const button = header.getByRole("button", { name: "Connect wallet" })
  await mine.or(button).waitFor()
  if (await mine.isVisible()) return
  await button.click()
  await page.getByRole("dialog").getByRole("button", { name: info.name }).click()
  await mine.waitFor()
  await page.getByRole("dialog").waitFor({ state: "detached" })
}

/** Opens the wallet's panel. */
export async function panel(page) {
  const dialog = page.getByRole("dialog", { name: "Wallet" })
  if (!(await dialog.isVisible())) {
    await page.getByRole("banner").getByRole("button", { name: /^Wallet 0x/ }).click()
    await dialog.waitFor()
  }
  return dialog
}

export async function closePanel(page) {
  await page.keyboard.press("Escape")
  await page.getByRole("dialog").waitFor({ state: "detached" })
}

/** Until the header says that frames come. */
export async function live(page) {
  await page.getByRole("banner").getByText("Live", { exact: true }).waitFor()
}

/** "Swap", "Limit order", "Stop order". */
export const form = (page, name) => page.getByRole("form", { name })
export const swapForm = (page) => form(page, "Swap")

/** Fills the swap box, `want` for its lower side, and waits for its price. Gives the button to press. */
export async function readySwap(page, { sell, buy, amount, want }) {
  await page.getByRole("tab", { name: "Swap" }).click()
  const form = swapForm(page)
  await form.getByLabel("Sell: token").selectOption(sell)
  await form.getByLabel("Buy: token").selectOption(buy)
  await form.getByLabel(want ? "Buy" : "Sell", { exact: true }).fill(want ?? amount)
  const button = form.getByRole("button", { name: `Swap ${sell} for ${buy}` })
  await button.waitFor()
  return button
}

/** From the form to the notice that it is done; `term` reads what is shown before it is pressed. */
export async function swap(page, wish) {
  const button = await readySwap(page, wish)
  const least = await term(swapForm(page), "Least received")
  await button.click()
  await notice(page, /^Sold /)
  return least
}

/** Sets it in the swap box, by a button or as typed. */
export async function slippage(page, { preset, own }) {
  await page.getByRole("tab", { name: "Swap" }).click()
  const choice = swapForm(page).getByRole("group", { name: "Slippage allowed" })
  if (!(await choice.isVisible())) await swapForm(page).getByRole("button", { name: /^Slippage allowed/ }).click()
  if (preset) await choice.getByRole("button", { name: preset, exact: true }).click()
  else await choice.getByLabel("Own value in per cent").fill(own)
}

/** The text beside a term of a list of terms. */
export async function term(within, name) {
  return within.locator("dl > div").filter({ has: within.page().getByText(name, { exact: true }) }).locator("dd").innerText()
}

/** Fills the limit form; gives the button to press. `side`: Buy or Sell. */
export async function readyLimit(page, { side, price, amount, postOnly = false, inForce }) {
  await page.getByRole("tab", { name: "Limit" }).click()
  const form = page.getByRole("form", { name: /limit order/i })
  await form.getByRole("radio", { name: side, exact: true }).check({ force: true })
  await form.getByLabel("Limit price").fill(price)
  await form.getByLabel("Amount", { exact: true }).fill(amount)
  if (inForce) await form.getByLabel("Time in force").selectOption(inForce)
  if (postOnly) await form.getByLabel("Post-only").check()
  return form.getByRole("button", { name: new RegExp(`^${side} `) })
}

/** Fills the stop form; gives the button to press. */
export async function readyStop(page, { side, trigger, price, amount }) {
  await page.getByRole("tab", { name: "Stop" }).click()
  const stop = form(page, "Stop order")
  await stop.getByRole("radio", { name: side, exact: true }).check({ force: true })
  await stop.getByLabel("Trigger price").fill(trigger)
  await stop.getByLabel("Limit price").fill(price)
  await stop.getByLabel("Amount", { exact: true }).fill(amount)
  return stop.getByRole("button", { name: /^Place stop: / })
}

/** Waits until the edge of the page says it, and closes it: the next one is not taken for it. */
export async function notice(page, text) {
  const said = page.locator(".notice").filter({ hasText: text })
  await said.getByRole("button", { name: "Close" }).click()
  await said.waitFor({ state: "detached" })
}

/** Exactly so many pop-ups that asked for a signature were shown since `before`. */
export function askedFor(wallet, count, before = 0) {
  const kinds = wallet.signatures.slice(before).map(({ method, document }) => document.primaryType ?? method)
  assert.equal(kinds.length, count, `signatures asked for: ${kinds.join(", ") || "none"}`)
}

/** Until the wallet shows a pop-up for `kind`. */
export async function popup(wallet, kind) {
  const is = ({ method, document }) => document?.primaryType === kind || method === kind
  return until(`a pop-up for ${kind}`, () => wallet.popups.findLast(is))
}
