#!/usr/bin/env bash
# Builds the image and publishes it under its version and as latest. The version is that of package.json.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

help() {
  cat <<'TEXT'
Usage: scripts/publish-image.sh [--dry-run] [--no-latest] REGISTRY/NAME

  REGISTRY/NAME  where to, without a tag: ghcr.io/acme/mdp
  --no-latest    the version only, as for a mend of an older one
  --dry-run      builds and scans where docker is there, and never pushes

Tags: VERSION and latest. A version that is published already is never written over. Where trivy or grype is installed the image is
scanned first, and not pushed with a weakness that is high or critical and has a remedy.
TEXT
}

say() { printf '%s\n' "$*" >&2; }
refuse() {
  say "$*"
  exit 2
}
fail() {
  say "$*"
  exit 1
}

dry_run='' latest=yes repository=''
for argument in "$@"; do
  case "$argument" in
    --help | -h) help && exit 0 ;;
    --dry-run) dry_run=yes ;;
    --no-latest) latest='' ;;
    -*) refuse "There is no option \"$argument\". scripts/publish-image.sh --help lists them." ;;
    *)
      [ -z "$repository" ] || refuse "One name is enough: \"$repository\" or \"$argument\"?"
      repository=$argument
      ;;
  esac
done
[ -n "$repository" ] || refuse "Where to? scripts/publish-image.sh ghcr.io/acme/mdp"
part='[a-z0-9]+([._-]+[a-z0-9]+)*'
[[ $repository =~ ^[a-z0-9.-]+(:[0-9]+)?(/$part)+$ ]] ||
  refuse "\"$repository\" is not like ghcr.io/acme/mdp: a registry and a name in small letters, without a tag."

version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || fail "package.json has no version such as 1.2.3, but \"$version\"."
# A version of what nobody can look up is worth nothing.
revision=$(git rev-parse HEAD)
[ -n "$dry_run" ] || [ -z "$(git status --porcelain)" ] || refuse "There are changes that are not committed; the image would be of no revision."

tags=("$repository:$version")
# What comes before a release is not the latest one.
if [ -n "$latest" ] && [[ $version != *-* ]]; then tags+=("$repository:latest"); fi
say "Builds $version of ${revision:0:12} as ${tags[*]}${dry_run:+, and pushes nothing}."

arguments=(--pull --label "org.opencontainers.image.version=$version" --label "org.opencontainers.image.revision=$revision")
for tag in "${tags[@]}"; do arguments+=(--tag "$tag"); done

if ! docker version >/dev/null 2>&1; then
  [ -n "$dry_run" ] || fail "No Docker engine answers: start it, and log in to the registry with docker login."
  say "No Docker engine answers; this would run: docker build ${arguments[*]} ."
  exit 0
fi

if [ -z "$dry_run" ] && docker manifest inspect "${tags[0]}" >/dev/null 2>&1; then
  refuse "${tags[0]} is published already. Raise the version in package.json: npm version --no-git-tag-version patch"
fi
docker build "${arguments[@]}" .

if command -v trivy >/dev/null; then
  trivy image --quiet --severity HIGH,CRITICAL --ignore-unfixed --exit-code 1 "${tags[0]}" || fail "Not published: see above."
elif command -v grype >/dev/null; then
  grype --quiet --only-fixed --fail-on high "${tags[0]}" || fail "Not published: see above."
else
  say "Neither trivy nor grype is installed: the image is not scanned."
fi

if [ -n "$dry_run" ]; then
  say "Nothing was pushed."
  exit 0
fi
for tag in "${tags[@]}"; do docker push "$tag"; done
say "Published. Now: scripts/set-image-tag.sh ${tags[0]}"
