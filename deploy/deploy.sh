#!/usr/bin/env bash
# Puts mdp into a Kubernetes cluster: the schema first, then the pods, then it waits until they are at work. docs/deployment.md
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

help() {
  cat <<'TEXT'
Usage: deploy/deploy.sh [OPTIONS]

  --production           Kafka with TLS and a password, pods spread over nodes in earnest
  --monitoring           ServiceMonitor, alerts, dashboard        (needs the Prometheus operator)
  --autoscaling[=WHICH]  keda: by queue and lag (the default; needs KEDA); hpa: by the processor
  --security             network policies, restricted pod security
  --ingress              the API for those outside, with TLS      (needs ingress-nginx and cert-manager)
  --host NAME            the name that the Ingress answers to; goes with --ingress
  --namespace NAME       where to; mdp unless given
  --context NAME         the cluster, as kubectl knows it; the current one unless given
  --timeout SECONDS      how long the schema and the pods each may take; 900 unless given
  --dry-run              prints the manifests and touches nothing; needs kubectl or kustomize, and no cluster
  --help                 prints this
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

production='' monitoring='' autoscaling='' security='' ingress='' dry_run=''
host='' context='' namespace=mdp timeout_s=900

read_options() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --production) production=yes ;;
      --monitoring) monitoring=yes ;;
      --autoscaling | --autoscaling=keda) autoscaling=autoscaling ;;
      --autoscaling=hpa) autoscaling='autoscaling-hpa' ;;
      --autoscaling=*) refuse "--autoscaling takes keda or hpa, not \"${1#*=}\"." ;;
      --security) security=yes ;;
      --ingress) ingress=yes ;;
      --dry-run) dry_run=yes ;;
      --host | --namespace | --context | --timeout)
        [ $# -ge 2 ] || refuse "$1 needs a value."
        case "$1" in
          --host) host=$2 ;;
          --namespace) namespace=$2 ;;
          --context) context=$2 ;;
          --timeout) timeout_s=$2 ;;
        esac
        shift
        ;;
      --help | -h) help && exit 0 ;;
      *) refuse "There is no option \"$1\". deploy/deploy.sh --help lists them." ;;
    esac
    shift
  done
}

check_options() {
  local label='[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?'
  [[ $namespace =~ ^$label$ ]] ||
    refuse "--namespace \"$namespace\": small letters, digits and hyphens, 63 at most, and no hyphen at the ends."
  [[ $timeout_s =~ ^[1-9][0-9]{0,5}$ ]] || refuse "--timeout \"$timeout_s\": a whole number of seconds, 1 to 999999."
  [ -z "$host" ] || [ -n "$ingress" ] || refuse "--host goes with --ingress."
  [ -z "$host" ] || [[ $host =~ ^$label(\.$label)+$ ]] || refuse "--host \"$host\" is not a name like mdp.example.com."
  [ -n "$dry_run" ] || check_what_is_yours
}

# What the files of this folder cannot know, and nobody wants to find out from pods that do not start.
check_what_is_yours() {
  [ -z "$ingress" ] || [ -n "$host" ] || refuse "--ingress needs --host NAME: the files only say mdp.example.com."
  ! grep -q 'newName: registry.example.com/' "$here/components/program/kustomization.yaml" ||
    refuse "The image is still registry.example.com/mdp. Publish yours with scripts/publish-image.sh, then put it in with" \
      "scripts/set-image-tag.sh."
}

# Renders a folder to standard output.
choose_renderer() {
  if command -v kubectl >/dev/null; then
    render() { kubectl kustomize "$1"; }
  elif [ -n "$dry_run" ] && command -v kustomize >/dev/null; then
    render() { kustomize build "$1"; }
  elif [ -n "$dry_run" ]; then
    fail "Neither kubectl nor kustomize is installed: one of them renders the manifests."
  else
    fail "kubectl is missing. Install it (1.27 or newer) and give it the cluster; --dry-run also works with kustomize alone."
  fi
}

# The components in the order in which they build on each other.
components() {
  [ -z "$monitoring" ] || echo monitoring
  [ -z "$autoscaling" ] || echo "$autoscaling"
  [ -z "$security" ] || echo security
  [ -z "$ingress" ] || echo ingress
  [ -z "$production" ] || echo production
}

# A kustomization beside the others, because kustomize takes no absolute paths; its components come from standard input.
compose() {
  local folder=$1 resource=$2 component
  {
    printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: %s\n' "$namespace"
    printf 'resources: ["../../%s"]\ncomponents:\n' "$resource"
    while read -r component; do printf '  - ../../components/%s\n' "$component"; done
    if [ -n "$host" ] && [ "$resource" = base ]; then
      printf 'patches:\n  - target: { kind: Ingress, name: mdp }\n    patch: |\n'
      printf '      - { op: replace, path: /spec/rules/0/host, value: %s }\n' "$host"
      printf '      - { op: replace, path: /spec/tls/0/hosts, value: ["%s"] }\n' "$host"
    fi
  } >"$folder/kustomization.yaml"
}

announce() {
  local image
  image=$(sed -n 's/^ *newName: *//p; s/^ *newTag: */:/p' "$here/components/program/kustomization.yaml" | tr -d '\n"')
  say "mdp goes to the namespace $namespace${context:+ of $context} with $(components | paste -sd, - | sed 's/^$/no components/; s/,/, /g')."
  say "Image: $image"
}

cluster() { kubectl ${context:+--context "$context"} --namespace "$namespace" "$@"; }

# Fails where the cluster does not know a kind that was asked for.
require_kind() {
  # First all of the answer: a grep that has found its line does not listen to the rest, which kubectl would die of.
  local known
  known=$(cluster api-resources --api-group="$1" --output=name)
  grep -q "^$2\." <<<"$known" || fail "The cluster knows no $2 of $1: $3."
}

check_cluster() {
  cluster version >/dev/null || fail "The cluster does not answer: see kubectl's words above, and kubectl config get-contexts."
  [ -z "$monitoring" ] || require_kind monitoring.coreos.com servicemonitors "install the Prometheus operator, or leave --monitoring out"
  [ "$autoscaling" != autoscaling ] || require_kind keda.sh scaledobjects "install KEDA, or take --autoscaling=hpa"
  cluster get namespace "$namespace" >/dev/null 2>&1 || cluster create namespace "$namespace" >&2
  # Who may not look at Secrets may deploy all the same.
  local answer
  answer=$(cluster get secret mdp-secrets --output=name 2>&1) || case "$answer" in
    *NotFound*) fail "There is no Secret mdp-secrets in $namespace: deploy/examples/ shows three ways to make it." ;;
  esac
}

migrate() {
  say "The schema …"
  # A Job cannot be changed.
  cluster delete job mdp-migrate --ignore-not-found --wait >&2
  apply "$1"
  local state since=$SECONDS
  while :; do
    state=$(cluster get job mdp-migrate --output='jsonpath={.status.conditions[?(@.status=="True")].type}')
    case "$state" in
      *Failed*)
        cluster logs job/mdp-migrate --tail=20 >&2 || true
        fail "The schema could not be brought to this version; nothing else was changed. The Job's words are above."
        ;;
      *Complete*) return ;;
    esac
    [ $((SECONDS - since)) -lt "$timeout_s" ] ||
      fail "The Job mdp-migrate has not ended within $timeout_s s; nothing else was changed. kubectl -n $namespace describe job mdp-migrate"
    sleep 2
  done
}

# On the server's side: no copy of the dashboard has to fit into an annotation, and what others set stays theirs.
apply() { cluster apply --server-side --field-manager=mdp-deploy --filename="$1" >&2; }

deploy() {
  check_cluster
  migrate "$work/migration.yaml"
  say "The pods …"
  apply "$work/daemon.yaml"
  cluster rollout status deployment/mdp --timeout="${timeout_s}s" >&2 ||
    fail "The pods are not at work after $timeout_s s. kubectl -n $namespace get pods; kubectl -n $namespace logs deployment/mdp"
  say "mdp is at work."
}

read_options "$@"
check_options
choose_renderer
announce

work=$(mktemp -d "$here/.composed.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/migration" "$work/daemon"
compose "$work/migration" migration </dev/null
components | compose "$work/daemon" base
render "$work/migration" >"$work/migration.yaml"
render "$work/daemon" >"$work/daemon.yaml"

if [ -n "$dry_run" ]; then
  cat "$work/migration.yaml"
  echo ---
  cat "$work/daemon.yaml"
  say "Nothing was changed: these are the manifests."
else
  deploy
fi
