#!/bin/sh
# Installs what this checkout needs to run: Node modules (among them Node itself), nats-server, and with --with-browser a Chromium for
# the tests of pages. Called by the npm scripts; asks nothing, says what it installs, and does nothing when all is there.
#
#   sh deploy/setup.sh [--quiet] [--with-browser]
#
# Messages go to stderr: stdout belongs to the program that runs next.
set -u
cd "$(dirname "$0")/.." || exit 1

with_browser=no
quiet=no
for option in "$@"; do
  case "$option" in
    --quiet) quiet=yes ;;
    --with-browser) with_browser=yes ;;
    *) echo "setup: unknown option $option (there are --quiet and --with-browser)" >&2; exit 2 ;;
  esac
done

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
# Debian installs servers where an ordinary user's PATH does not look.
has() { PATH="$PATH:/usr/sbin:/usr/local/bin:/opt/homebrew/bin" command -v "$1" >/dev/null 2>&1; }
sum() { cat "$@" 2>/dev/null | cksum; }
marked() { [ -f "node_modules/.laytime-$1" ] && [ "$(cat "node_modules/.laytime-$1")" = "$2" ]; }
mark() { printf '%s\n' "$2" >"node_modules/.laytime-$1"; }

# The npm that runs this script, on the Node it runs on: the one in node_modules is about to be replaced.
run_npm() {
  if [ -n "${npm_execpath:-}" ] && [ -n "${npm_node_execpath:-}" ]; then
    "$npm_node_execpath" "$npm_execpath" "$@"
  else
    npm "$@"
  fi
}

install_modules() {
  lock=$(sum package-lock.json)
  marked modules "$lock" && [ -x node_modules/.bin/tsc ] && return
  # Somebody installed them by hand, after the lock file was written.
  if [ -f node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ]; then
    mark modules "$lock"
    return
  fi
  say 'installing Node modules, with Node 26 and the embedded ClickHouse (npm install; about 1 GB on disk) ...'
  # Not npm ci: it refuses a lock file without the optional packages of every other platform, which no one platform can write.
  # With --no-save the versions are the lock file's and no file of the repository changes.
  # Packages that ask for Node 26 get it from this very installation: the warnings of an older npm would mislead.
  # No package needs its install script: ssh2's would try to compile what it also has in JavaScript, and fetch headers for it.
  run_npm install --no-save --ignore-scripts --loglevel=error --no-audit --no-fund --include=dev --include=optional >&2 ||
    fail 'npm install failed (see above); nothing else was changed.'
  mark modules "$lock"
}

check_node() {
  node=node_modules/.bin/node
  [ -x "$node" ] || node=$(command -v node) || fail 'there is no Node 26 for this platform among the npm packages; install Node 26 yourself.'
  version=$("$node" --version 2>/dev/null) || fail "the Node of this installation ($node) does not start on this system; install Node 26 yourself."
  major=${version#v}
  major=${major%%.*}
  [ "$major" -ge 26 ] || fail "Node 26 is needed and $node is $version; this platform has no npm package of it: install Node 26 yourself."
}

build_tap() {
  plugins=$(sum .taprc package-lock.json)
  marked tap "$plugins" && return
  say 'preparing the test runner (tap build) ...'
  PATH="$PWD/node_modules/.bin:$PATH" tap build >.tap-build.log 2>&1 || {
    cat .tap-build.log >&2
    rm -f .tap-build.log
    fail 'tap build failed (see above).'
  }
  rm -f .tap-build.log
  mark tap "$plugins"
}

updated=no
# Installs a Debian package as root, else a Homebrew one; status 1 when neither is possible here.
install_package() {
  debian=$1 brew=$2
  if has apt-get && [ "$(id -u)" = 0 ]; then
    say "installing the Debian package $debian (apt-get) ..."
    if [ "$updated" = no ]; then
      apt-get update -qq >&2 || fail "apt-get update failed (see above); install $debian yourself."
      updated=yes
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$debian" >/dev/null ||
      fail "apt-get could not install $debian (see above)."
  elif [ -n "$brew" ] && has brew; then
    say "installing $brew (Homebrew) ..."
    # shellcheck disable=SC2086
    NONINTERACTIVE=1 brew install $brew >&2 || fail "Homebrew could not install $brew (see above)."
  else
    return 1
  fi
}

# The scripts that start a server of their own cannot go on without one; the others may be given an address.
need_nats() {
  case "${npm_lifecycle_event:-}" in
    predemo | pretest | preverify | prebench | '') return 0 ;;
    *) return 1 ;;
  esac
}

install_nats() {
  has nats-server && return
  need_nats || [ "$quiet" = no ] || return
  install_package nats-server nats-server && return
  if has apt-get; then command='sudo apt-get install nats-server'; else
    command='see https://github.com/nats-io/nats-server/releases for a binary to put on the PATH'
  fi
  if need_nats; then fail "nats-server is needed and cannot be installed from here; run: $command"; fi
  say "nats-server is not here, so \`nats: embedded\` will not work; to install it: $command"
}

has_browser() {
  has chromium || has chromium-browser || has google-chrome ||
    [ -x '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' ] ||
    [ -x /Applications/Chromium.app/Contents/MacOS/Chromium ]
}

install_browser() {
  [ "$with_browser" = yes ] || return
  has_browser && return
  install_package chromium '--cask chromium' && return
  fail 'Chromium is needed for the tests of pages and cannot be installed from here; run: sudo apt-get install chromium'
}

install_modules
check_node
build_tap
install_nats
install_browser
exit 0
