# shellcheck shell=sh
# In the installer, before it ends: the installed system gets an address on
# any network card, waits as long as it takes, lets us in, and uses the host's
# mirror.
. /files/settings
. /files/install-configure.sh
any_card
be_patient
let_in
echo "deb $MIRROR trixie main" >/target/etc/apt/sources.list
[ -z "$PROXY" ] || echo "Acquire::http::Proxy \"$PROXY\";" \
    >/target/etc/apt/apt.conf.d/proxy
printf '\nINSTALL DONE\n' >/dev/console
