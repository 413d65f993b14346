#!/bin/sh
# Builds web/dist, the page that the exchange serves at /, where its sources are newer. Exit 0: web/dist is
# up to date. Otherwise the last line says what is missing; an older web/dist, if there is one, stays.
set -u
cd "$(dirname "$0")" || exit 1

missing() {
    echo "no page was built: $1" >&2
    exit 1
}

built=dist/index.html
sources="build.sh index.html package.json package-lock.json svelte.config.js tsconfig.json vite.config.ts"
if [ -f $built ] && [ -z "$(find src public $sources -newer $built -print)" ]; then
    exit 0
fi

command -v node >/dev/null || missing "it needs node 20.19 or newer with npm; on Debian: sudo apt-get install -y nodejs npm"
command -v npm >/dev/null || missing "it needs npm beside node; on Debian: sudo apt-get install -y npm"
# What vite says that it needs.
node -e 'const [a, b] = process.versions.node.split(".").map(Number)
process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' ||
    missing "it needs node 20.19, 22.12 or newer; this is $(node --version)"

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
modules=node_modules/.package-lock.json # npm writes it last
if [ ! -f $modules ] || [ package-lock.json -nt $modules ]; then
    echo "fetching what the page is built with (a minute, once)"
    # No patience with a registry that does not answer: the exchange starts without a page as well.
    # Vite is a development dependency, whatever the settings of npm or NODE_ENV say.
    timeout --foreground "${NPM_PATIENCE_S:-300}" npm ci --include=dev --no-audit --no-fund --loglevel=error \
        --fetch-retries=0 --fetch-timeout=15000 >"$log" 2>&1 ||
        missing "npm ci failed ($(grep -m 1 -E '^npm error' "$log" || echo 'no answer')); is there a network?"
    touch $modules
fi
echo "building the page"
npm exec --offline -- vite build >"$log" 2>&1 || {
    cat "$log" >&2
    missing "vite build failed"
}
