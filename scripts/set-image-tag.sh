#!/usr/bin/env bash
# Puts a published image into the manifests of deploy/ and into docker-compose.prod.yml.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }
refuse() {
  say "$*"
  exit 2
}

case "${1:-}" in
  --help | -h | '')
    say "Usage: scripts/set-image-tag.sh REGISTRY/NAME:TAG      such as ghcr.io/acme/mdp:1.2.3"
    [ -n "${1:-}" ] && exit 0
    exit 2
    ;;
esac
[ $# -eq 1 ] || refuse "One image, and nothing else: scripts/set-image-tag.sh ghcr.io/acme/mdp:1.2.3"
part='[a-z0-9]+([._-]+[a-z0-9]+)*'
[[ $1 =~ ^[a-z0-9.-]+(:[0-9]+)?(/$part)+:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]] ||
  refuse "\"$1\" is not like ghcr.io/acme/mdp:1.2.3: a registry, a name in small letters, and a tag."
repository=${1%:*} tag=${1##*:}
# Nobody could say later what ran, and no pod would start anew.
[ "$tag" != latest ] || refuse "latest is another image every time. Name the version."

manifests=deploy/components/program/kustomization.yaml compose=docker-compose.prod.yml

# Refuses where the file `$1` does not have exactly one line like `$2`.
has_one() { [ "$(grep -c "$2" "$1")" = 1 ] || refuse "$1 does not have exactly one line with \"${2#^}\"; nothing was written."; }
has_one $manifests '^    newName: '
has_one $manifests '^    newTag: '
has_one $compose '# By scripts/set-image-tag.sh$'

# In place, and not by a new file: who reads it meanwhile, and its rights, stay.
change() {
  local changed
  changed=$(sed "$2" "$1")
  printf '%s\n' "$changed" >"$1"
  say "$1: $repository:$tag"
}
change $manifests "s|^    newName: .*|    newName: $repository|; s|^    newTag: .*|    newTag: \"$tag\"|"
change $compose "s|^    image: .* # By|    image: $repository:$tag # By|"
