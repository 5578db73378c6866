#!/bin/sh
# Runs as root after the deb or rpm is unpacked.
set -e

# dpkg sets it when it installs into another root.
root=${DPKG_ROOT:-}
app="$root/opt/${sanitizedProductName}"

# On the PATH is the command line; the desktop file opens the window.
mkdir -p "$root/usr/bin"
ln -sf '../../opt/${sanitizedProductName}/resources/bin/${executable}' "$root/usr/bin/${executable}"

# Chromium's sandbox uses user namespaces; where the kernel refuses them it needs this helper to belong to root.
if unshare --user true 2>/dev/null; then
  chmod 0755 "$app/chrome-sandbox"
else
  chmod 4755 "$app/chrome-sandbox"
fi

# What follows concerns the running system.
[ -z "$root" ] || exit 0

if command -v update-mime-database >/dev/null 2>&1; then
  update-mime-database /usr/share/mime || true
fi
if command -v update-desktop-database >/dev/null 2>&1; then
  update-desktop-database /usr/share/applications || true
fi
if command -v gtk-update-icon-cache >/dev/null 2>&1; then
  gtk-update-icon-cache -q -f /usr/share/icons/hicolor || true
fi

# Ubuntu 24.04 and later give user namespaces only to programs with a profile. Older releases do not know its syntax.
if command -v apparmor_status >/dev/null 2>&1 && apparmor_status --enabled 2>/dev/null; then
  if apparmor_parser --skip-kernel-load --debug "$app/resources/apparmor-profile" >/dev/null 2>&1; then
    cp -f "$app/resources/apparmor-profile" '/etc/apparmor.d/${executable}'
    if ! { [ -x /usr/bin/ischroot ] && /usr/bin/ischroot; }; then
      apparmor_parser --replace --write-cache --skip-read-cache '/etc/apparmor.d/${executable}' || true
    fi
  fi
fi
