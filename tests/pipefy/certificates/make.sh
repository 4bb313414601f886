#!/bin/sh
# A certificate authority and a server's certificate for tests, good for a hundred years. Nothing else trusts them.
set -eu
cd "$(dirname "$0")"
days=36500
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days $days -keyout authority.key -out authority.pem \
  -subj "/CN=A test's authority" -addext "keyUsage=critical,keyCertSign,cRLSign"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj "/CN=A test's server"
printf '%s\n' "subjectAltName=DNS:localhost,DNS:pipefy.example.com,IP:127.0.0.1" "extendedKeyUsage=serverAuth" > server.ext
openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -days $days -extfile server.ext \
  -out server.crt
cat server.key server.crt > server.pem
rm -f authority.key authority.srl server.key server.csr server.ext server.crt
