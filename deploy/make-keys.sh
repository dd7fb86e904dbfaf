#!/bin/sh
# Makes the keys of an installation in a folder: sh deploy/make-keys.sh secrets
# What is there already is left alone. Keep a copy of the folder with your backups, in a place of
# its own: without token-keys the links in mails that were sent stop working, and without
# suppression-key who must never be mailed is not recognised any more. backup-key signs backups,
# and is the one that is in none of them.
set -eu
folder=${1:?Name a folder, e.g. sh deploy/make-keys.sh secrets}
umask 077
mkdir -p "$folder"

fresh() { head -c 48 /dev/urandom | base64 | tr -d '\n=' | tr '+/' '-_'; }

# keep NAME VALUE: writes a file whole or not at all, unless it is there.
keep() {
    [ -s "$folder/$1" ] && return
    printf '%s' "$2" >"$folder/$1.part"
    # The folder is for its owner alone. In a container another user reads the single file.
    chmod 644 "$folder/$1.part"
    mv "$folder/$1.part" "$folder/$1"
    echo "made $folder/$1"
}

for name in secret-key token-keys suppression-key backup-key; do keep "$name" "$(fresh)"; done
keep webhook-secret "intelbrief:$(fresh)"
keep postgres-password "$(fresh)"
keep database-url "postgres://intelbrief:$(cat "$folder/postgres-password")@postgres/intelbrief"
