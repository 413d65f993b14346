import { svelte } from "@sveltejs/vite-plugin-svelte"
import { defineConfig } from "vite"

// During development the page comes from vite and the exchange answers beside it:
//   XYK_URL=http://127.0.0.1:8000 npm run dev
const exchange = process.env.XYK_URL ?? "http://127.0.0.1:8000"

export default defineConfig({
  plugins: [svelte()],
  // Everything with a digest in its name lies under assets/, which the exchange lets browsers keep.
  build: { target: "es2022", assetsInlineLimit: 0, reportCompressedSize: true },
  server: {
    proxy: {
      "/api": exchange,
      "/healthz": exchange,
      "/readyz": exchange,
      "/metrics": exchange,
      "/ws": { target: exchange, ws: true },
    },
  },
})
