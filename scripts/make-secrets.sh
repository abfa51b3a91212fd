#!/usr/bin/env bash
# Makes the secrets of docker-compose.yaml and docker-compose.prod.yml, each in a file of its own under secrets/. What is there
# already stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The folder is closed to other users; the files are readable because a container reads them under a number of its own.
mkdir -p secrets
chmod 700 secrets

# 192 random bits in hexadecimal: no character of it needs quoting in a URL.
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

keep_or_write() {
  local file="secrets/$1"
  if [ -s "$file" ]; then
    echo "$file is there and stays."
    return
  fi
  printf '%s' "$2" >"$file"
  chmod 444 "$file"
  echo "$file is new."
}

keep_or_write database_password "$(random)"
keep_or_write database_url "postgres://mdp:$(cat secrets/database_password)@timescaledb:5432/mdp"
keep_or_write api_key "$(random)"
keep_or_write grafana_password "$(random)"

# A certificate that nobody has signed, so that nginx starts; put your own in its place.
if [ -s secrets/tls_certificate ]; then
  echo "secrets/tls_certificate is there and stays."
elif command -v openssl >/dev/null; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj "/CN=localhost" \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -keyout secrets/tls_key -out secrets/tls_certificate 2>/dev/null
  chmod 444 secrets/tls_key secrets/tls_certificate
  echo "secrets/tls_certificate is new, for localhost, and signed by nobody."
else
  echo "secrets/tls_certificate is missing: openssl makes one, or put yours there. Only docker-compose.prod.yml needs it."
fi
