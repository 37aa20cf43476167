#!/bin/sh
# Builds dist/: JavaScript, and beside it the data that the program reads at run time (maps, rule packs, migrations, pages). dist/ with
# package.json and the production modules is all that an installation needs.
#
#   sh deploy/build.sh [folder]      (npm run build; the folder is dist by default)
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

out=${1:-dist}
rm -rf "$out"
tsc -p tsconfig.build.json --outDir "$out"
# Whatever is not TypeScript in a folder of the program is data that it reads.
pages=
[ -d dashboards/ui ] && pages=dashboards/ui
# shellcheck disable=SC2086
find agent collectors rules $pages -type f ! -name '*.ts' ! -name '*.test.yaml' ! -name '*.md' | while IFS= read -r file; do
  mkdir -p "$out/$(dirname "$file")"
  cp "$file" "$out/$file"
done
chmod +x "$out/agent/main.js"
echo "built $out: node $out/agent/main.js help" >&2
