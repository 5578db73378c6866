#!/bin/sh
# Runs as root after the files of the deb or rpm are gone.
set -e

# An upgrade runs this after the new version has been installed, for an rpm with 1, for a deb with "upgrade".
case "${1:-}" in
  1 | upgrade | failed-upgrade | abort-upgrade | abort-install) exit 0 ;;
esac

root=${DPKG_ROOT:-}
link="$root/usr/bin/${executable}"
if [ -L "$link" ] && [ ! -e "$link" ]; then
  rm -f "$link"
fi
[ -z "$root" ] || exit 0

profile='/etc/apparmor.d/${executable}'
if [ -f "$profile" ]; then
  if command -v apparmor_parser >/dev/null 2>&1; then
    apparmor_parser --remove "$profile" || true
  fi
  rm -f "$profile"
fi
