import { expect, test } from "vitest"

import { announced } from "./announced"

const provider = { request: async () => null }
const info = { uuid: "u", name: "Fox", icon: "data:image/png;base64,AA", rdns: "org.fox" }

test("a wallet's announcement is taken as it is", () => {
  expect(announced({ info, provider })).toEqual({ info, provider })
})

test.each([
  null,
  undefined,
  "text",
  {},
  { info },
  { provider },
  { info, provider: {} },
  { info: { ...info, uuid: 7 }, provider },
  { info: { ...info, rdns: "" }, provider },
  { info: { ...info, name: undefined }, provider },
])("%o is none", (detail) => {
  expect(announced(detail)).toBeNull()
})

test.each([
  "https://fox.example/icon.png",
  "//fox.example/icon.png",
  "/icon.png",
  "javascript:alert(1)",
  "data:text/html,<script>1</script>",
  " data:image/png;base64,AA",
  `data:image/png;base64,${"A".repeat(300_000)}`,
  7,
  undefined,
])("the icon %s is not shown", (icon) => {
  expect(announced({ info: { ...info, icon }, provider })!.info.icon).toBe("")
})

test("a long name is cut, an empty one is the rdns", () => {
  expect(announced({ info: { ...info, name: "x".repeat(99) }, provider })!.info.name).toHaveLength(40)
  expect(announced({ info: { ...info, name: "  " }, provider })!.info.name).toBe("org.fox")
})
