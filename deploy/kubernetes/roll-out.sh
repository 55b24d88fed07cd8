#!/usr/bin/env bash
# Brings a release to the cluster that kubectl's context names, in the order of docs/operations/deployment.md: migrations and
# roles, then agents, then gateways, each awaited. It stops at the first that fails, and what ran before goes on running.
#
#   deploy/kubernetes/roll-out.sh registry.example/agora@sha256:…
set -euo pipefail
image=${1:?"say which image, by its digest: $0 registry.example/agora@sha256:…"}
case $image in *@sha256:*) ;; *) echo "$image has no digest: a tag may be another image tomorrow" >&2; exit 2 ;; esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$(dirname "$0")"/*.yaml "$work"
sed -i -e "s|newName: agora|newName: ${image%@*}|" -e "s|newTag: .*|digest: ${image#*@}|" "$work/kustomization.yaml"
kubectl kustomize "$work" > "$work/all"
sed -i "s|image: agora$|image: $image|" "$work/roles.yaml"

# Waits until a job has ended. Its own deadline bounds the wait.
job_ends() {
  local state=
  while true; do
    state=$(kubectl -n agora get job "$1" -o 'jsonpath={.status.conditions[?(@.status=="True")].type}')
    case $state in
      *Failed*) kubectl -n agora logs "job/$1" --tail=50 >&2 || true; echo "the job $1 has failed" >&2; return 1 ;;
      *Complete*) return 0 ;;
    esac
    sleep "${ROLL_OUT_PAUSE:-5}"
  done
}

part=app.kubernetes.io/component
kubectl -n agora delete job migrate roles --ignore-not-found --wait
kubectl apply -f "$work/all" -l "$part notin (agents, gateway, migrate)"
kubectl apply -f "$work/all" -l "$part=migrate"
job_ends migrate
kubectl apply -f "$work/roles.yaml"
job_ends roles
for group in agents gateway; do
  kubectl apply -f "$work/all" -l "$part=$group"
  kubectl -n agora rollout status deployment -l "$part=$group" --timeout=15m
done
